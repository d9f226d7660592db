"""What the memory makes of the model's prediction: which of the tokens that followed here it raises, and how much it is believed.

The model's distribution is the one that is backed off to. From the shortest known context to the longest, what followed it in the
repository is mixed in: p ← (1 − w)·p + w·q, as in interpolated n-gram models (Jelinek and Mercer 1980) with the language model in the
place of the unigrams. q is zero for what never followed; else it goes by the model and by the counts,
q ∝ (the model's probability)^`MODEL` · count^(1 − `MODEL`): among many tokens that may follow, the model knows better which. w is
what a small network makes of a few `features`, as adaptive retrieval does in kNN language models (He, Neubig and Berg-Kirkpatrick 2021).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from .counts import LENGTHS

MODEL = 0.35
# How many numbers the gate looks at.
FEATURES = len(LENGTHS) + 6
_FILE = Path(__file__).with_name("gate.json")
# Log probabilities below this are as good as it.
_FAINTEST = -16.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the memory and the model know of each of n positions. By length of context (`LENGTHS`), (n, 6) each: `totals`: how often the
    context occurred with something after it, int64; `kinds`: how many different tokens that was, int64; `peaks`: the share of the token
    that followed most; `masses`: the log probability that the model gives to all that followed together; `shares`: q of the token that
    stands here. Of the model alone, (n,) each: `tops`, the log probability of the token that it thinks likeliest, and `entropies`, in
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


def joined(parts: Sequence[Known]) -> Known:
    return Known(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Known)))


@dataclass(frozen=True, slots=True)
class Gate:
    """A network of one hidden layer over F features and a constant 1: the log-odds of w are tanh(x · `hidden` (F + 1, H)) · `out` (H,) +
    x · `direct` (F + 1,)."""

    hidden: np.ndarray
    out: np.ndarray
    direct: np.ndarray

    @classmethod
    def fitted(cls) -> Gate:
        """The one that comes with the package, from development files of repositories in `benchmarks/adapter_packages.txt` and from
        general prose beside them, never from held-out files (`./x bench adapters --gate`)."""
        return _fitted()

    def of(self, known: Known) -> np.ndarray:
        """w of each context: (n, 6) float64, 0 where it is unknown."""
        seen = known.totals > 0
        weights = np.zeros(seen.shape)
        weights[seen] = 1 / (1 + np.exp(-self._odds(features(known)[seen])))
        return weights

    def _odds(self, given: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.tanh(given @ self.hidden) @ self.out + given @ self.direct
        return found

    def mix(self, known: Known, chosen: np.ndarray) -> np.ndarray:
        """Log probabilities (n,) of the tokens that stand there under model and memory; `chosen` (n,) are those of the model alone."""
        weights = self.of(known)
        found = np.exp(np.asarray(chosen, np.float64))
        for k in range(len(LENGTHS)):
            found = (1 - weights[:, k]) * found + weights[:, k] * known.shares[:, k]
        return np.log(np.maximum(found, 1e-300))


def features(known: Known) -> np.ndarray:
    """What the gate looks at, (n, 6, F + 1): which length of context it is, how often and by how many different tokens it was followed,
    the share of the commonest, how likely the model thinks these, how sure the model is, and 1. Each is brought to about −1 to 1."""
    shape = known.totals.shape
    found = np.empty((*shape, FEATURES + 1))
    found[..., : shape[1]] = np.eye(shape[1])
    alone = (known.entropies / 2 - 1, 2 * np.exp(known.tops) - 1, np.ones(len(known)))
    for place, value in enumerate(
        (
            np.log1p(known.totals) / 3,
            np.log1p(known.kinds) / 3,
            2 * known.peaks - 1,
            np.maximum(known.masses, _FAINTEST) / 6 + 1,
            *(v[:, None] for v in alone),
        ),
        shape[1],
    ):
        found[..., place] = value
    return found


def log_raised(model: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The logarithm of q, but for its sum: `model` (m,) log probabilities, `numbers` (m,) counts."""
    found: np.ndarray = MODEL * model + (1 - MODEL) * np.log(numbers)
    return found


@cache
def _fitted() -> Gate:
    told = json.loads(_FILE.read_text("utf-8"))
    return Gate(*(np.array(told[field.name]) for field in fields(Gate)))
