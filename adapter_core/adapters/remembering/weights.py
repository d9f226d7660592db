"""What the memory makes of the model's prediction: which of the tokens that followed here it raises, and how much it is believed.

The model's distribution is the one that is backed off to. From the shortest known context to the longest, what followed it in the
repository is mixed in: p ← (1 − w)·p + w·q, as in interpolated n-gram models (Jelinek and Mercer 1980) with the language model in the
place of the unigrams. q is zero for what never followed; else it goes by the model and by the counts,
q ∝ (the model's probability)^`MODEL` · count^(1 − `MODEL`): among many tokens that may follow, the model knows better which. The
log-odds of w are a sum of five numbers: for the length of the context, for how often it was followed by anything, for how often by
the commonest of these, for how sure the model is, and for how likely the model thinks it that any of these comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .counts import LENGTHS

MODEL = 0.35
# Lower borders of the classes: how often a context was followed; the share of what followed most; how sure the model is, and the log
# probability that it gives to all that followed.
TOTALS = (1, 2, 3, 5, 9, 33)
PEAKS = (0.3, 0.5, 0.7, 0.85, 0.95, 0.999)
CERTAINTIES = (0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.97, 0.99)
MASSES = (-14.0, -10.0, -7.0, -5.0, -3.5, -2.3, -1.2, -0.5, -0.1)

_LOG_CERTAINTIES = np.log(np.array(CERTAINTIES))


@dataclass(frozen=True, slots=True)
class Known:
    """What the memory and the model know of each of n positions, by length of context (`LENGTHS`), (n, 6) each. `totals`: how often the
    context occurred with something after it, int64; `peaks`: the share of the token that followed most; `masses`: the log probability
    that the model gives to all that followed; `shares`: q of the token that stands here."""

    totals: np.ndarray
    peaks: np.ndarray
    masses: np.ndarray
    shares: np.ndarray

    def __len__(self) -> int:
        return len(self.totals)


def joined(parts: Sequence[Known]) -> Known:
    return Known(
        np.concatenate([p.totals for p in parts]),
        np.concatenate([p.peaks for p in parts]),
        np.concatenate([p.masses for p in parts]),
        np.concatenate([p.shares for p in parts]),
    )


@dataclass(frozen=True, slots=True)
class MemoryWeights:
    """Log-odds, summed. `length`: by `LENGTHS`; `total`, `peak`, `certainty`, `mass`: by the class below the first border, then by
    those above each (`total` has no class below). The defaults were fitted on development files of repositories in
    `benchmarks/adapter_packages.txt`, never on held-out ones, and on general prose beside them (`./x bench adapters --weights`)."""

    length: tuple[float, ...] = (-1.96, -1.18, -1.13, -0.68, -0.17, 0.6)
    total: tuple[float, ...] = (-2.2, -1.29, -0.85, -0.52, -0.02, 0.34)
    peak: tuple[float, ...] = (-2.12, -1.59, -1.04, -0.71, -0.31, 0.36, 0.87)
    certainty: tuple[float, ...] = (0.99, 0.61, 0.34, 0.14, -0.15, -0.41, -0.59, -0.72, -1.01, -1.42, -2.32)
    mass: tuple[float, ...] = (-2.3, -1.72, -1.22, -0.71, -0.27, 0.04, 0.37, 0.47, 0.86, -0.06)

    def of(self, known: Known, top: np.ndarray) -> np.ndarray:
        """The weight of each context: (n, 6) float64, 0 where it is unknown. `top` (n,): the log probability of the token that the model
        thinks likeliest."""
        parts = zip((self.length, self.total, self.peak, self.certainty, self.mass), classes(known, top), strict=True)
        odds = sum(np.array(values)[numbers] for values, numbers in parts)
        return np.where(known.totals > 0, 1 / (1 + np.exp(-odds)), 0.0)

    def mix(self, known: Known, chosen: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Log probabilities (n,) of the tokens that stand there under model and memory; `chosen` (n,) are those of the model alone."""
        weights = self.of(known, top)
        found = np.exp(np.asarray(chosen, np.float64))
        for k in range(len(LENGTHS)):
            found = (1 - weights[:, k]) * found + weights[:, k] * known.shares[:, k]
        return np.log(np.maximum(found, 1e-300))


def classes(known: Known, top: np.ndarray) -> tuple[np.ndarray, ...]:
    """Numbers into each field of `MemoryWeights`, (n, 6) each."""
    shape = known.totals.shape
    return (
        np.broadcast_to(np.arange(len(LENGTHS)), shape),
        np.maximum(np.searchsorted(TOTALS, known.totals, side="right") - 1, 0),
        np.searchsorted(PEAKS, known.peaks),
        np.broadcast_to(np.searchsorted(_LOG_CERTAINTIES, top)[:, None], shape),
        np.searchsorted(MASSES, known.masses),
    )


def log_raised(model: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The logarithm of q, but for its sum: `model` (m,) log probabilities, `numbers` (m,) counts."""
    found: np.ndarray = MODEL * model + (1 - MODEL) * np.log(numbers)
    return found
