"""Look up which tokens followed the contexts of given positions, with the model's probabilities of these tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .counts import LENGTHS, LONGEST, MAX_TOKEN, TOKEN_BITS, Counts, context_hashes, context_keys
from .gate import ContextStats, log_raised

_LAST_TOKEN = np.uint64(MAX_TOKEN)
# A context with more followers tells next to nothing, and takes milliseconds to evaluate.
_MAX_FOLLOWERS = 2000
_IMPOSSIBLE = -1e9  # a log probability; all that a sum of it gives is finite


class ModelView(NamedTuple):
    """A model's prediction at one position: `logs` maps tokens (m,) to log probabilities (m,); `top` is that of the likeliest token, and
    `entropy` is in nats."""

    logs: Callable[[np.ndarray], np.ndarray]
    top: float
    entropy: float


class Followers(NamedTuple):
    """The followers of one context: `tokens` (m,) int64, sorted, and `shares`, q of each, (m,) float64, which sum to 1."""

    tokens: np.ndarray
    shares: np.ndarray


def stats_after(counts: Counts, context: Sequence[int], model: ModelView) -> tuple[ContextStats, list[Followers]]:
    """The statistics of the position after `context` (a single one, `shares` not filled), and the followers of each context, by length:
    empty for contexts that never occurred or have more than `_MAX_FOLLOWERS`."""
    borders = np.array(context_keys(context[-LONGEST:]), np.uint64)
    low = np.searchsorted(counts.keys, borders).tolist()
    high = np.searchsorted(counts.keys, borders | _LAST_TOKEN, side="right").tolist()
    stats = _empty_stats(np.array([model.top]), np.array([model.entropy]))
    followers = [Followers(np.empty(0, np.int64), np.empty(0))] * len(LENGTHS)
    for k, (a, b) in enumerate(zip(low, high, strict=True)):
        if not 0 < b - a <= _MAX_FOLLOWERS:
            continue
        numbers, tokens = counts.numbers[a:b], (counts.keys[a:b] & _LAST_TOKEN).astype(np.int64)
        logs = np.maximum(np.asarray(model.logs(tokens), np.float64), _IMPOSSIBLE)
        raised = log_raised(logs, numbers)
        raised = np.exp(raised - raised.max())
        followers[k] = Followers(tokens, raised / raised.sum())
        total = numbers.sum()
        stats.totals[0, k], stats.kinds[0, k], stats.peaks[0, k] = total, b - a, numbers.max() / total
        stats.masses[0, k] = _log_sum(logs)
    return stats, followers


def stats_of_text(counts: Counts, sums: np.ndarray, tokens: np.ndarray, first: int, logs: np.ndarray) -> ContextStats:
    """The statistics of the positions `first` (at least 1) to `first + n` of a text; `logs` (n, vocabulary): the model's log probabilities
    there. `sums` (len(counts) + 1,): the cumulative counts."""
    n = len(logs)
    stats = _empty_stats(logs.max(axis=1), _entropies(logs))
    wide = tokens[: first + n].astype(np.uint64)
    for k, (length, hashes) in enumerate(zip(LENGTHS, context_hashes(wide), strict=True)):
        at = np.arange(max(first, length), first + n)
        if not len(at) or not len(counts):
            continue
        border = hashes[at - length] >> np.uint64(TOKEN_BITS) << np.uint64(TOKEN_BITS)
        low = np.searchsorted(counts.keys, border)
        high = np.searchsorted(counts.keys, border | _LAST_TOKEN, side="right")
        usable = (low < high) & (high - low <= _MAX_FOLLOWERS)
        at, low, high, border = at[usable], low[usable], high[usable], border[usable]
        if not len(at):
            continue
        row, token_keys = at - first, border | wide[at]
        place = np.minimum(np.searchsorted(counts.keys, token_keys), len(counts) - 1)
        hit = counts.keys[place] == token_keys
        # All followers of all positions, one behind the other.
        sizes = high - low
        starts = np.cumsum(sizes) - sizes
        follower_at = np.repeat(low - starts, sizes) + np.arange(int(sizes.sum()))
        numbers = counts.numbers[follower_at]
        model = _gather_logs(logs, np.repeat(row, sizes), (counts.keys[follower_at] & _LAST_TOKEN).astype(np.int64))
        raised = log_raised(model, numbers)
        raised = np.exp(raised - np.repeat(np.maximum.reduceat(raised, starts), sizes))
        raised_here = np.where(hit, raised[np.minimum(starts + place - low, len(raised) - 1)], 0.0)
        totals = sums[high] - sums[low]
        stats.totals[row, k], stats.kinds[row, k] = totals, sizes
        stats.peaks[row, k] = np.maximum.reduceat(numbers, starts) / totals
        highest = np.maximum.reduceat(model, starts)
        stats.masses[row, k] = highest + np.log(np.add.reduceat(np.exp(model - np.repeat(highest, sizes)), starts))
        stats.shares[row, k] = raised_here / np.add.reduceat(raised, starts)
    return stats


def _empty_stats(tops: np.ndarray, entropies: np.ndarray) -> ContextStats:
    shape = len(tops), len(LENGTHS)
    totals, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    return ContextStats(totals, kinds, np.zeros(shape), np.full(shape, _IMPOSSIBLE), np.zeros(shape), tops, entropies)


def _entropies(logs: np.ndarray) -> np.ndarray:
    probabilities = np.exp(logs)
    return -np.multiply(probabilities, logs, out=np.zeros_like(logs), where=probabilities > 0).sum(axis=1)


def _gather_logs(logs: np.ndarray, rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """`logs[rows, tokens]`; `_IMPOSSIBLE` for a token that is not in the model's vocabulary."""
    inside = tokens < logs.shape[1]
    found = logs[rows, np.where(inside, tokens, 0)].astype(np.float64)
    return np.maximum(np.where(inside, found, _IMPOSSIBLE), _IMPOSSIBLE)


def _log_sum(logs: np.ndarray) -> float:
    highest = logs.max()
    return float(highest + np.log(np.exp(logs - highest).sum()))
