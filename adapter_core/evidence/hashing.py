"""Signed feature hashing in integers: counted features to a vector of fixed length, the same on every platform.

Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009: each feature has a place and a sign, both from its
hash, so that features which meet at one place cancel on average and inner products stay unbiased. Everything up to the last division
is integer arithmetic; so neither the order of files, nor the processor, nor a library's way of adding floats can change a bit.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

# Counts and weights are fixed-point numbers with 12 fractional bits.
POINT = 12
ONE = 1 << POINT


@dataclass(frozen=True, slots=True)
class Counts:
    """Features by their hashes: `hashes` uint64 (n,), distinct and in order; `counts` int64 (n,), in units of 1 / 4096."""

    hashes: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class Density:
    """How full a hashed vector is. `features`: distinct ones; `occurrences`: all of them; `non_zeros` of the vector's places.

    `collisions`: features that share their place with another one.
    """

    features: int
    occurrences: float
    non_zeros: int
    collisions: int


@functools.lru_cache(maxsize=1_000_000)
def feature_hash(feature: str) -> int:
    """64 bits of BLAKE2b of the feature's UTF-8 bytes."""
    data = feature.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, person=b"pathline").digest(), "little")


def count(features: Mapping[str, float]) -> Counts:
    """Features with their number of occurrences as `Counts`; fractions are rounded to 1 / 4096."""
    hashes = np.fromiter(map(feature_hash, features), dtype=np.uint64, count=len(features))
    counts = np.fromiter((math.floor(n * ONE + 0.5) for n in features.values()), dtype=np.int64, count=len(features))
    return _sum_by_hash(hashes, counts)


def add(parts: Iterable[Counts]) -> Counts:
    """The sum of several counts."""
    counts = list(parts)
    if not counts:
        return Counts(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    return _sum_by_hash(np.concatenate([p.hashes for p in counts]), np.concatenate([p.counts for p in counts]))


def _sum_by_hash(hashes: np.ndarray, counts: np.ndarray) -> Counts:
    distinct, positions = np.unique(hashes, return_inverse=True)
    sums = np.zeros(len(distinct), np.int64)
    np.add.at(sums, positions, counts)
    return Counts(distinct, sums)


def log_weights(counts: np.ndarray) -> np.ndarray:
    """log2(1 + count), straight between powers of two, for counts and weights in units of 1 / 4096 (int64).

    The logarithms of mathematical libraries differ in their last bit; this one is exact in integers, and at most .087 too small.
    """
    shifted = counts + ONE
    exponent = np.frexp(shifted.astype(np.float64))[1].astype(np.int64) - 1  # of the highest bit; exact below 2 ** 53
    fraction = ((shifted - (np.int64(1) << exponent)) << POINT) >> exponent
    return ((exponent - POINT) << POINT) + fraction


def hashed(counted: Counts, dim: int) -> tuple[np.ndarray, Density]:
    """The hashed vector of log-weighted features, int64 (dim,), and its density."""
    places = (counted.hashes >> np.uint64(1)) % np.uint64(dim)
    signs = 1 - 2 * (counted.hashes & np.uint64(1)).astype(np.int64)
    sums = np.zeros(dim, np.int64)
    np.add.at(sums, places.astype(np.int64), signs * log_weights(counted.counts))
    features_at = np.bincount(places.astype(np.int64), minlength=dim)
    density = Density(
        len(counted),
        int(counted.counts.sum()) / ONE,
        int(np.count_nonzero(sums)),
        int(features_at[features_at > 1].sum()),
    )
    return sums, density


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1, as float64; one of zeros stays as it is.

    The sum of squares is exact (integers) or correctly rounded (floats), and so are its root and the divisions.
    """
    values = vector.tolist()
    square = sum(v * v for v in values) if vector.dtype.kind == "i" else math.fsum(v * v for v in values)
    return vector.astype(np.float64) / math.sqrt(square) if square else np.zeros(len(vector))
