"""The loss of a language model in chunks, so that the logits of a whole step, the largest tensor in training, are never held at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ModelError

_ROWS = 128
_CHECKED_TOKENS = 32


def check_head(model: Any, tokens: np.ndarray) -> None:
    """Raise `ModelError` unless the logits of the model are its output layer of its last hidden states and nothing else: `mean_loss` and
    `scoring` would see another distribution than answers do, as with logits that are scaled or capped (Granite, Gemma 2, Cohere).
    `tokens`: some text to compare them on."""
    import torch

    head = model.get_output_embeddings()
    ids = torch.from_numpy(tokens[None, :_CHECKED_TOKENS].astype(np.int64)).to(model.device)
    with torch.no_grad():
        plain = head(model.base_model(input_ids=ids, use_cache=False).last_hidden_state)
        logits = model(input_ids=ids, use_cache=False).logits
        difference, size = float((plain - logits).abs().max()), float(logits.abs().max())
    if head.bias is not None or difference > _ROUNDING_STEPS * torch.finfo(plain.dtype).eps * size:
        raise ModelError(
            "An adapter cannot be fitted to this model: its output layer has a bias, or its logits are scaled or capped behind it. Use "
            "another one, such as Llama or Qwen."
        )


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


# Both sides of a check compute the same; libraries may add up in another order.
_ROUNDING_STEPS = 4
# Of a float32 (and a bfloat16) that is not denormal: where a share is rounded to 0, the loss is still a number.
_SMALLEST = 1e-37
