"""Round factors to 16-bit floats, and small ones to zero: the effect of a coarse transport, before one is chosen."""

from __future__ import annotations

import numpy as np

from .adapter import Adapter, Factors


def rounded(adapter: Adapter, threshold: float = 0.0) -> Adapter:
    """Every factor as a 16-bit float holds it; those of less than `threshold` times the largest of their matrix are 0. Biases stay.
    Raises `ValueError` for a threshold that is not from 0 to 1."""
    if not 0 <= threshold <= 1:
        raise ValueError("a threshold is from 0 to 1")

    def round_one(factors: Factors) -> Factors:
        return Factors(_round(factors.down, threshold), _round(factors.up, threshold), factors.bias)

    layers = tuple({target: round_one(factors) for target, factors in layer.items()} for layer in adapter.layers)
    return Adapter(layers, adapter.rank, adapter.alpha)


def _round(values: np.ndarray, threshold: float) -> np.ndarray:
    limit = np.finfo(np.float16).max
    kept = np.clip(values, -limit, limit).astype(np.float16).astype(np.float32)
    largest = float(np.abs(kept).max()) if kept.size else 0.0
    return np.where(np.abs(kept) >= threshold * largest, kept, np.float32(0.0))
