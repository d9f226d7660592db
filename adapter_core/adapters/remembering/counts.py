"""Counts of what follows a context of one to eight tokens, as sorted keys that can be added and subtracted.

A key holds the hash of the context (44 bits, the higher ones) and the token that follows (20 bits), so that everything that followed
one context is one run of the sorted keys. Two of three million contexts share a hash with a probability of a quarter; a context
that never occurred is taken for one of them with one of 2e-7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TOKEN_BITS = 20
MAX_TOKEN = (1 << TOKEN_BITS) - 1
# Context lengths in tokens. Without five and seven a prediction is hardly worse and the file a quarter smaller.
LENGTHS = (1, 2, 3, 4, 6, 8)
LONGEST = LENGTHS[-1]

_SEED = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Counts:
    """`keys` (n,) uint64, sorted and without repetition; `numbers` (n,) int64, of any sign but never 0."""

    keys: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)


EMPTY = Counts(np.empty(0, np.uint64), np.empty(0, np.int64))


def count(files: Sequence[np.ndarray]) -> Counts:
    """The counts of some files, each an array of token ids; no context crosses the border of a file."""
    files = [f for f in files if len(f) > 1]
    if not files:
        return EMPTY
    tokens = np.concatenate(files).astype(np.uint64)
    # How many tokens of its own file stand before each one.
    before = np.concatenate([np.arange(len(f)) for f in files])
    keys = []
    for length, hashes in zip(LENGTHS, context_hashes(tokens), strict=True):
        whole = before[length:] >= length
        keys.append(_keys(hashes[: len(tokens) - length], tokens[length:])[whole])
    return sorted_counts(np.concatenate(keys))


def context_hashes(tokens: np.ndarray) -> list[np.ndarray]:
    """For each of `LENGTHS`, the hash of the context that begins at each position: element i of the array for k is that of
    `tokens[i : i + k]`, and the array ends where such a context would reach beyond the end."""
    spread = (tokens.astype(np.uint64) + np.uint64(1)) * np.uint64(_SEED)
    hashes = np.full(len(tokens) + 1, _SEED, np.uint64)
    found = []
    for length in range(1, LONGEST + 1):
        size = max(len(tokens) - length + 1, 0)
        hashes = _mix(hashes[:size] + spread[length - 1 : length - 1 + size])
        if length in LENGTHS:
            found.append(hashes)
    return found


def context_keys(context: Sequence[int]) -> list[int]:
    """The smallest key of each context at the end of `context`, for those of `LENGTHS` that it has. The same hash as `context_hashes`,
    for one position, in plain integers."""
    keys = []
    for length in LENGTHS:
        if length > len(context):
            break
        value = _SEED
        for token in context[-length:]:
            value = (value + (int(token) + 1) * _SEED) & _MASK
            value = ((value ^ (value >> 30)) * _FIRST) & _MASK
            value = ((value ^ (value >> 27)) * _SECOND) & _MASK
            value ^= value >> 31
        keys.append(value >> TOKEN_BITS << TOKEN_BITS)
    return keys


def add(first: Counts, second: Counts, sign: int = 1) -> Counts:
    """`first` plus `sign` times `second`; zero counts are dropped, so equal contents are equal arrays."""
    if not len(second):
        return first
    # A few keys among many: those that are there already are changed in a copy, the others put in between.
    at = np.searchsorted(first.keys, second.keys)
    there = np.zeros(len(second), bool)
    inside = at < len(first)
    there[inside] = first.keys[at[inside]] == second.keys[inside]
    numbers = np.array(first.numbers, np.int64)
    numbers[at[there]] += sign * second.numbers[there]
    keys, kept = first.keys, numbers != 0
    if not kept.all():
        at -= np.concatenate([[0], np.cumsum(~kept)])[at]
        keys, numbers = keys[kept], numbers[kept]
    return Counts(
        np.insert(keys, at[~there], second.keys[~there]), np.insert(numbers, at[~there], sign * second.numbers[~there])
    )


def sorted_counts(keys: np.ndarray) -> Counts:
    """How often each key occurs. Sorts `keys` in place."""
    keys.sort()
    starts = _starts(keys)
    return Counts(keys[starts], np.diff(starts, append=len(keys)))


def _keys(hashes: np.ndarray, following: np.ndarray) -> np.ndarray:
    return (hashes >> np.uint64(TOKEN_BITS) << np.uint64(TOKEN_BITS)) | following


def _mix(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014), in place."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(_FIRST)
    values ^= values >> np.uint64(27)
    values *= np.uint64(_SECOND)
    values ^= values >> np.uint64(31)
    return values


def _starts(keys: np.ndarray) -> np.ndarray:
    """Where each run of equal elements of a sorted array begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
