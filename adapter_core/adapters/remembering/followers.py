"""What followed the contexts of given positions, beside what the model thinks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .counts import LENGTHS, LONGEST, MAX_TOKEN, TOKEN_BITS, Counts, context_hashes, context_keys
from .gate import Known, log_raised

_LAST = np.uint64(MAX_TOKEN)
# What more tokens have followed tells next to nothing, and takes milliseconds to look through.
_MOST = 2000
_IMPOSSIBLE = -1e9  # a log probability; all that a sum of it gives is finite


class Model(NamedTuple):
    """What a model says of one position: `logs` gives the log probabilities (m,) of tokens (m,); `top` is that of the likeliest one, and
    `entropy` is in nats."""

    logs: Callable[[np.ndarray], np.ndarray]
    top: float
    entropy: float


class Followers(NamedTuple):
    """Of one context: the tokens that followed, (m,) int64, sorted, and q of each, (m,) float64, which sum to 1."""

    tokens: np.ndarray
    shares: np.ndarray


def after(counts: Counts, context: Sequence[int], model: Model) -> tuple[Known, list[Followers]]:
    """What is known of the position behind `context`: `Known` of that one position, but for `shares`, and what followed each context that
    occurred, by length; nothing for the others, and for those that almost anything follows."""
    borders = np.array(context_keys(context[-LONGEST:]), np.uint64)
    low = np.searchsorted(counts.keys, borders).tolist()
    high = np.searchsorted(counts.keys, borders | _LAST, side="right").tolist()
    known = _nothing(np.array([model.top]), np.array([model.entropy]))
    found = [Followers(np.empty(0, np.int64), np.empty(0))] * len(LENGTHS)
    for k, (a, b) in enumerate(zip(low, high, strict=True)):
        if not 0 < b - a <= _MOST:
            continue
        numbers, tokens = counts.numbers[a:b], (counts.keys[a:b] & _LAST).astype(np.int64)
        logs = np.maximum(np.asarray(model.logs(tokens), np.float64), _IMPOSSIBLE)
        raised = log_raised(logs, numbers)
        raised = np.exp(raised - raised.max())
        found[k] = Followers(tokens, raised / raised.sum())
        total = numbers.sum()
        known.totals[0, k], known.kinds[0, k], known.peaks[0, k] = total, b - a, numbers.max() / total
        known.masses[0, k] = _log_sum(logs)
    return known, found


def known_of(counts: Counts, sums: np.ndarray, tokens: np.ndarray, first: int, logs: np.ndarray) -> Known:
    """What is known of the positions `first` (at least 1) to `first + n` of a text, of which `logs` (n, vocabulary) holds what the model
    says there. `sums` (len(counts) + 1,): the sum of all counts before each."""
    n = len(logs)
    known = _nothing(logs.max(axis=1), _entropies(logs))
    wide = tokens[: first + n].astype(np.uint64)
    for k, (length, hashes) in enumerate(zip(LENGTHS, context_hashes(wide), strict=True)):
        at = np.arange(max(first, length), first + n)
        if not len(at) or not len(counts):
            continue
        border = hashes[at - length] >> np.uint64(TOKEN_BITS) << np.uint64(TOKEN_BITS)
        low = np.searchsorted(counts.keys, border)
        high = np.searchsorted(counts.keys, border | _LAST, side="right")
        there = (low < high) & (high - low <= _MOST)
        at, low, high, border = at[there], low[there], high[there], border[there]
        if not len(at):
            continue
        row, wanted = at - first, border | wide[at]
        place = np.minimum(np.searchsorted(counts.keys, wanted), len(counts) - 1)
        hit = counts.keys[place] == wanted
        # All followers of all positions, one behind the other.
        sizes = high - low
        starts = np.cumsum(sizes) - sizes
        every = np.repeat(low - starts, sizes) + np.arange(int(sizes.sum()))
        numbers = counts.numbers[every]
        model = _of(logs, np.repeat(row, sizes), (counts.keys[every] & _LAST).astype(np.int64))
        raised = log_raised(model, numbers)
        raised = np.exp(raised - np.repeat(np.maximum.reduceat(raised, starts), sizes))
        own = np.where(hit, raised[np.minimum(starts + place - low, len(raised) - 1)], 0.0)
        totals = sums[high] - sums[low]
        known.totals[row, k], known.kinds[row, k] = totals, sizes
        known.peaks[row, k] = np.maximum.reduceat(numbers, starts) / totals
        highest = np.maximum.reduceat(model, starts)
        known.masses[row, k] = highest + np.log(np.add.reduceat(np.exp(model - np.repeat(highest, sizes)), starts))
        known.shares[row, k] = own / np.add.reduceat(raised, starts)
    return known


def _nothing(tops: np.ndarray, entropies: np.ndarray) -> Known:
    shape = len(tops), len(LENGTHS)
    totals, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    return Known(totals, kinds, np.zeros(shape), np.full(shape, _IMPOSSIBLE), np.zeros(shape), tops, entropies)


def _entropies(logs: np.ndarray) -> np.ndarray:
    probabilities = np.exp(logs)
    return -np.multiply(probabilities, logs, out=np.zeros_like(logs), where=probabilities > 0).sum(axis=1)


def _of(logs: np.ndarray, rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Elements of `logs`; a token that the model's vocabulary has not is impossible."""
    inside = tokens < logs.shape[1]
    found = logs[rows, np.where(inside, tokens, 0)].astype(np.float64)
    return np.maximum(np.where(inside, found, _IMPOSSIBLE), _IMPOSSIBLE)


def _log_sum(logs: np.ndarray) -> float:
    highest = logs.max()
    return float(highest + np.log(np.exp(logs - highest).sum()))
