"""The gate: how the memory is mixed into the model's prediction, and with which weight.

The model's distribution is the one that is backed off to. From the shortest known context to the longest, what followed it in the
repository is mixed in: p ← (1 − w)·p + w·q, as in interpolated n-gram models (Jelinek and Mercer 1980) with the language model in the
place of the unigrams. q is zero for what never followed; else it goes by the model and by the counts,
q ∝ (the model's probability)^`MODEL_EXPONENT` · count^(1 − `MODEL_EXPONENT`): among many tokens that may follow, the model knows better
which. w is what a small network makes of a few `features`, as adaptive retrieval does in kNN language models (He, Neubig and
Berg-Kirkpatrick 2021).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from .counts import LENGTHS

MODEL_EXPONENT = 0.35
# The number of input features, without the constant.
FEATURES = len(LENGTHS) + 6
_FILE = Path(__file__).with_name("gate.json")
# Lower log probabilities are clipped to this.
_MIN_LOG_PROB = -16.0


@dataclass(frozen=True, slots=True)
class ContextStats:
    """Statistics of n positions, from memory and model. By length of context (`LENGTHS`), (n, 6) each: `totals`: how often the
    context occurred with something after it, int64; `kinds`: how many different tokens that was, int64; `peaks`: the share of the token
    that followed most; `masses`: the log of the model's probability of all followers together; `shares`: q of the token that
    is at this position. Of the model alone, (n,) each: `tops`, the log probability of its likeliest token, and `entropies`, in
    nats."""

    totals: np.ndarray
    kinds: np.ndarray
    peaks: np.ndarray
    masses: np.ndarray
    shares: np.ndarray
    tops: np.ndarray
    entropies: np.ndarray

    def __len__(self) -> int:
        return len(self.totals)


def concatenate_stats(parts: Sequence[ContextStats]) -> ContextStats:
    return ContextStats(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(ContextStats))
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """A network of one hidden layer over F features and a constant 1: the log-odds of w are tanh(x · `hidden` (F + 1, H)) · `out` (H,) +
    x · `direct` (F + 1,)."""

    hidden: np.ndarray
    out: np.ndarray
    direct: np.ndarray

    @classmethod
    def fitted(cls) -> Gate:
        """The gate that comes with the package, fitted on development files of repositories in `benchmarks/adapter_packages.txt` and on
        general prose beside them, never from held-out files (`./x bench adapters --gate`)."""
        return _fitted()

    def of(self, known: ContextStats) -> np.ndarray:
        """The weight w of each context: (n, 6) float64, 0 for unknown contexts."""
        seen = known.totals > 0
        weights = np.zeros(seen.shape)
        weights[seen] = 1 / (1 + np.exp(-self._odds(features(known)[seen])))
        return weights

    def _odds(self, inputs: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.tanh(inputs @ self.hidden) @ self.out + inputs @ self.direct
        return found

    def mix(self, known: ContextStats, chosen: np.ndarray) -> np.ndarray:
        """Log probabilities (n,) of the tokens at the positions under model and memory; `chosen` (n,) are those of the model alone."""
        weights = self.of(known)
        found = np.exp(np.asarray(chosen, np.float64))
        for k in range(len(LENGTHS)):
            found = (1 - weights[:, k]) * found + weights[:, k] * known.shares[:, k]
        return np.log(np.maximum(found, 1e-300))


def features(known: ContextStats) -> np.ndarray:
    """The gate's input, (n, 6, F + 1): which length of context it is, how often and by how many different tokens it was followed,
    the share of the commonest, the model's probability of these, how certain the model is, and 1. Each is scaled to about −1 to 1."""
    shape = known.totals.shape
    found = np.empty((*shape, FEATURES + 1))
    found[..., : shape[1]] = np.eye(shape[1])
    model_features = (known.entropies / 2 - 1, 2 * np.exp(known.tops) - 1, np.ones(len(known)))
    for place, value in enumerate(
        (
            np.log1p(known.totals) / 3,
            np.log1p(known.kinds) / 3,
            2 * known.peaks - 1,
            np.maximum(known.masses, _MIN_LOG_PROB) / 6 + 1,
            *(v[:, None] for v in model_features),
        ),
        shape[1],
    ):
        found[..., place] = value
    return found


def log_raised(model: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The logarithm of q before normalisation: `model` (m,) log probabilities, `numbers` (m,) counts."""
    found: np.ndarray = MODEL_EXPONENT * model + (1 - MODEL_EXPONENT) * np.log(numbers)
    return found


@cache
def _fitted() -> Gate:
    weights = json.loads(_FILE.read_text("utf-8"))
    return Gate(*(np.array(weights[field.name]) for field in fields(Gate)))
