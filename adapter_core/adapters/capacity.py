"""The capacity of an adapter: its rank and its share in a mixture, from the entropy of the code it is for.

A repository whose code is spread over many modules says more than one of a few; a question whose evidence is spread over many files is
less about one subgraph. Whether rank should follow that is open: off by default (`CapacityOptions.enabled`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..code_graph import CodeGraph, is_test_path
from ..evidence.modules import question_aware_modules_and_files
from .options import CapacityOptions

# Symbols that are spread evenly over 4,096 modules count as 1; evidence, over 16 files.
_MODULE_BITS, _QUESTION_BITS = 12.0, 4.0
_DEFAULTS = CapacityOptions()


@dataclass(frozen=True, slots=True)
class Capacity:
    """`score` from 0 to 1, and the rank and share derived from it."""

    score: float
    rank: int
    g_sub: float


def entropy_score(graph: CodeGraph, files: Collection[str] | None = None, question: str | None = None) -> float:
    """From 0 (all in one place) to 1, of a repository, of the part that `files` are, or of a `question`.

    The Shannon entropy of symbols over modules, or, for a question, of its evidence over files, as a share of a fixed number of bits.
    """
    if question is not None:
        _, ranked = question_aware_modules_and_files(graph, question, 2 ** int(_QUESTION_BITS))
        return min(entropy_bits(file.score for file in ranked) / _QUESTION_BITS, 1.0)
    rows = (row for row in graph.store.files() if row.kind == "python" and not is_test_path(row.path))
    counts = [row.symbols for row in rows if files is None or row.path in files]
    return min(entropy_bits(counts) / _MODULE_BITS, 1.0)


def entropy_bits(counts: Iterable[float]) -> float:
    """The Shannon entropy of a distribution, given by counts that need not add up to 1; 0 for none. Not less than 0."""
    positive = [c for c in counts if c > 0]
    total = math.fsum(positive)
    shares = [share for c in positive if (share := c / total) > 0]
    return max(-math.fsum(share * math.log2(share) for share in shares), 0.0)


def scale_capacity(score: float, options: CapacityOptions = _DEFAULTS) -> Capacity:
    """Linearly from the smallest to the largest rank, and from the largest to the smallest `g_sub`: what is spread widely is less of a
    subgraph's matter. Raises `ValueError` for a score out of range."""
    if not 0 <= score <= 1:
        raise ValueError("a score is from 0 to 1")
    rank = options.rank_min + math.floor(score * (options.rank_max - options.rank_min) + 0.5)
    return Capacity(score, rank, options.g_max - score * (options.g_max - options.g_min))
