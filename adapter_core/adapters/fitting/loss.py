"""The loss of a language model in chunks, so that the logits of a whole step, the largest tensor in training, are never held at once."""

from __future__ import annotations

from typing import Any

_ROWS = 128


def mean_loss(hidden: Any, head: Any, targets: Any) -> Any:
    """The mean cross entropy (nats) of `targets` (n,) under `head` (a frozen linear layer without bias) of `hidden` (n, width).
    Only `hidden` gets a gradient, which is computed in the same pass."""
    return _loss_function().apply(hidden, head.weight, targets)


def _loss_function() -> Any:
    global _function
    if _function is None:
        _function = _make()
    return _function


_function: Any = None


def _make() -> Any:
    import torch

    class MeanLoss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, hidden: Any, weight: Any, targets: Any) -> Any:
            total = torch.zeros((), device=hidden.device)
            slope = torch.empty_like(hidden)
            for at in range(0, len(hidden), _ROWS):
                rows = targets[at : at + _ROWS, None]
                # The sum within a softmax is taken in float32 whatever the format: a copy of all logits in float32 is not needed.
                shares = torch.softmax(hidden[at : at + _ROWS] @ weight.T, dim=-1)
                chosen = shares.gather(1, rows)
                total -= chosen.float().clamp_min(_SMALLEST).log().sum()
                shares.scatter_(1, rows, chosen - 1)
                torch.mm(shares, weight, out=slope[at : at + _ROWS])
            ctx.save_for_backward(slope)
            return total / len(hidden)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (slope,) = ctx.saved_tensors
            return slope * (gradients[0] / len(slope)), None, None

    return MeanLoss


# Of a float32 (and a bfloat16) that is not denormal: where a share is rounded to 0, the loss is still a number.
_SMALLEST = 1e-37
