"""Weights of the memory under which given text is likeliest."""

from __future__ import annotations

import numpy as np
import torch

from adapter_core.adapters.remembering.weights import Known, MemoryWeights, classes

_RIDGE = 0.25
_ROUNDS = 100


def fit_weights(known: Known, chosen: np.ndarray, top: np.ndarray) -> MemoryWeights:
    """The weights by gradient descent (L-BFGS) on the likelihood, with a weak pull to even odds. `chosen` and `top` (n,) as in
    `MemoryWeights.mix`."""
    default = MemoryWeights()
    numbers = [torch.from_numpy(np.ascontiguousarray(part)) for part in classes(known, top)]
    fields = ("length", "total", "peak", "certainty", "mass")
    values = [torch.zeros(len(getattr(default, name)), dtype=torch.float64) for name in fields]
    values[0] -= 1.0
    for value in values:
        value.requires_grad_()
    seen, shares = torch.from_numpy(known.totals > 0), torch.from_numpy(known.shares)
    alone = torch.from_numpy(np.exp(np.asarray(chosen, np.float64)))
    descent = torch.optim.LBFGS(values, max_iter=_ROUNDS, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        descent.zero_grad()
        odds = sum(value[where] for value, where in zip(values, numbers, strict=True))
        weights = torch.where(seen, torch.sigmoid(odds), 0.0)
        mixed = alone
        for k in range(weights.shape[1]):
            mixed = (1 - weights[:, k]) * mixed + weights[:, k] * shares[:, k]
        total = -torch.log(mixed.clamp_min(1e-300)).sum() + _RIDGE * sum((value**2).sum() for value in values)
        total.backward()
        return total

    descent.step(loss)
    return MemoryWeights(*(tuple(round(float(v), 2) for v in value.detach()) for value in values))
