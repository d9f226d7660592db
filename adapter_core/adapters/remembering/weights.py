"""How much the memory is believed: a weight for each length of context, by how often and how uniformly it was followed.

The model's distribution is the one that is backed off to. From the shortest known context to the longest, what followed it in the
repository is mixed in: p ← (1 − w)·p + w·(count of the token / count of all), as in interpolated n-gram models (Jelinek and Mercer
1980), with the language model in the place of the unigrams. The log-odds of w are a sum of four numbers: for the length of the context,
for how often it was followed by anything, for how uniformly (by one token only, by few, by many), and for how sure the model itself is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .counts import MAX_CONTEXT

# Lower borders of the classes of how often a context was followed, and upper ones (as probabilities) of how sure the model is.
TOTALS = (1, 2, 3, 5, 9, 33)
CERTAINTIES = (0.3, 0.7, 0.95)

_SHAPE = (MAX_CONTEXT, len(TOTALS), 3, len(CERTAINTIES) + 1)
_LOG_CERTAINTIES = np.log(np.array(CERTAINTIES))
_ROUNDS = 30
_RIDGE = 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """What the memory knows of each of n positions, by length of context: int64 (n, 5) each. `totals`: how often the context occurred
    with something after it, `kinds`: how many different tokens followed, `hits`: how often the one that stands here did."""

    totals: np.ndarray
    kinds: np.ndarray
    hits: np.ndarray

    def __len__(self) -> int:
        return len(self.totals)


def joined(parts: Sequence[Known]) -> Known:
    return Known(
        np.concatenate([p.totals for p in parts]),
        np.concatenate([p.kinds for p in parts]),
        np.concatenate([p.hits for p in parts]),
    )


@dataclass(frozen=True, slots=True)
class MemoryWeights:
    """Log-odds, summed. `length`: contexts of one to five tokens; `total`: by `TOTALS`; `spread`: one kind of token followed, at most
    half as many kinds as occurrences, more; `certainty`: by `CERTAINTIES`. The defaults were fitted on development files of repositories in
    `benchmarks/adapter_packages.txt`, never on held-out ones, and on general prose beside them (`./x bench adapters --weights`)."""

    length: tuple[float, ...] = (-4.22, -2.89, -2.6, -2.21, -0.64)
    total: tuple[float, ...] = (0.0, 1.12, 1.93, 2.56, 2.97, 2.95)
    spread: tuple[float, ...] = (0.0, -2.33, -3.57)
    certainty: tuple[float, ...] = (0.0, -0.72, -1.67, -3.08)

    def of(self, totals: np.ndarray, kinds: np.ndarray, top: np.ndarray | float) -> np.ndarray:
        """The weight of each context: (n, 5) float64, 0 where it is unknown. `totals` and `kinds` (n, 5) as in `Known`, `top` (n,) the
        log probability of the token that the model thinks likeliest."""
        total, spread, certainty = _classes(totals, kinds, np.broadcast_to(top, len(totals)))
        odds = (
            np.array(self.length)
            + np.array(self.total)[total]
            + np.array(self.spread)[spread]
            + np.array(self.certainty)[certainty][:, None]
        )
        return np.where(totals > 0, 1 / (1 + np.exp(-odds)), 0.0)

    def mix(self, known: Known, chosen: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Log probabilities (n,) of the tokens that stand there under model and memory; `chosen` (n,) are those of the model alone."""
        weights = self.of(known.totals, known.kinds, top)
        found = np.exp(np.asarray(chosen, np.float64))
        for length in range(MAX_CONTEXT):
            share = known.hits[:, length] / np.maximum(known.totals[:, length], 1)
            found = (1 - weights[:, length]) * found + weights[:, length] * share
        return np.log(np.maximum(found, 1e-300))


def fit_weights(known: Known, chosen: np.ndarray, top: np.ndarray) -> MemoryWeights:
    """The weights under which given text is likeliest, but for a weak pull to even odds. Deterministic.

    Expectation: how likely each context was the source of the token. Maximisation: a logistic regression on these, over the few
    hundred classes of contexts. `chosen` and `top` (n,) as in `MemoryWeights.mix`.
    """
    total, spread, certainty = _classes(known.totals, known.kinds, top)
    cells = np.stack(
        [
            np.ravel_multi_index((np.full(len(known), k), total[:, k], spread[:, k], certainty), _SHAPE)
            for k in range(5)
        ],
        axis=1,
    )
    shares = known.hits / np.maximum(known.totals, 1)
    design = _design()
    values = np.zeros(design.shape[1])
    values[:MAX_CONTEXT] = -1.0
    for _ in range(_ROUNDS):
        believed = 1 / (1 + np.exp(-(design @ values)))
        taken, reached = _expect(
            known.totals > 0, believed[cells], shares, np.exp(np.asarray(chosen, np.float64)), cells
        )
        for _ in range(3):  # Newton
            mean = 1 / (1 + np.exp(-(design @ values)))
            slope = design.T @ (taken - reached * mean) - _RIDGE * values
            curve = (design * (reached * mean * (1 - mean))[:, None]).T @ design + _RIDGE * np.eye(len(values))
            values = values + np.linalg.solve(curve, slope)
    rest = iter(round(float(v), 2) for v in values)
    length = tuple(next(rest) for _ in range(MAX_CONTEXT))
    others = [(0.0, *(next(rest) for _ in range(size - 1))) for size in _SHAPE[1:]]
    return MemoryWeights(length, *others)


def _expect(
    seen: np.ndarray, believed: np.ndarray, shares: np.ndarray, model: np.ndarray, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each class of contexts: how many tokens came from it, and how many could have (no longer context was their source)."""
    size = int(np.prod(_SHAPE))
    weights = np.where(seen, believed, 0.0)
    mixed = [model]
    for k in range(MAX_CONTEXT):
        mixed.append((1 - weights[:, k]) * mixed[-1] + weights[:, k] * shares[:, k])
    taken, reached, left = np.zeros(size), np.zeros(size), np.ones(len(model))
    for k in reversed(range(MAX_CONTEXT)):
        here = seen[:, k]
        source = weights[:, k] * shares[:, k] / np.maximum(mixed[k + 1], 1e-300)
        taken += np.bincount(cells[here, k], (left * source)[here], size)
        reached += np.bincount(cells[here, k], left[here], size)
        left = left * (1 - source)
    return taken, reached


def _classes(totals: np.ndarray, kinds: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class numbers (n, 5), (n, 5) and (n,)."""
    total = np.maximum(np.searchsorted(TOTALS, totals, side="right") - 1, 0)
    spread = np.where(kinds <= 1, 0, np.where(2 * kinds <= totals, 1, 2))
    return total, spread, np.searchsorted(_LOG_CERTAINTIES, top)


def _design() -> np.ndarray:
    """One row for each class of contexts, one column for each free number; the first class of all but `length` stays at 0."""
    where = np.indices(_SHAPE).reshape(len(_SHAPE), -1)
    columns = [where[0] == k for k in range(MAX_CONTEXT)]
    for axis in range(1, len(_SHAPE)):
        columns += [where[axis] == value for value in range(1, _SHAPE[axis])]
    return np.stack(columns, axis=1).astype(np.float64)
