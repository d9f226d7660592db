"""Scores of ranked places against gold places, means over repositories, and intervals by a bootstrap over repositories."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from _retrieval_data import LINE_SETS, OWN_SET, Place, Row, all_gold_lines, gold_lines
from _retrieval_packing import BUDGETS

MAX_SPAN_LINES = 60
RESAMPLES = 10_000
SEED = 17


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a system for one row: `places`, best first, and for each budget the lines in its pack."""

    places: tuple[Place, ...]
    packs: Mapping[int, Sequence[Place]]


def score(row: Row, found: Found) -> dict[str, float]:
    """The scores that the row's gold allows, by name."""
    scores: dict[str, float] = {}
    if row.set in (*LINE_SETS, OWN_SET) and row.places:
        for budget in BUDGETS:
            packed_lines = {(p.path, n) for p in found.packs[budget] for n in range(p.start, p.end + 1)}
            for name, gold in (("lines", gold_lines(row)), ("all lines", all_gold_lines(row))):
                scores[f"{name}@{budget}"] = len(gold & packed_lines) / len(gold)
    for name, gold_places in (("function", row.functions), ("symbol", row.definitions)):
        for k in (5, 10) if gold_places else ():
            small = [p for p in found.places[:k] if p.length <= MAX_SPAN_LINES]
            scores[f"{name}@{k}"] = float(any(p.overlaps(g) for p in small for g in gold_places))
    files = list(dict.fromkeys(p.path for p in found.places))
    gold_files = set(row.files)
    for k in (1, 5):
        scores[f"file@{k}"] = float(any(f in gold_files for f in files[:k]))
    gain = sum(1 / math.log2(i + 2) for i, f in enumerate(files[:10]) if f in gold_files)
    scores["ndcg@10"] = gain / sum(1 / math.log2(i + 2) for i in range(min(10, len(gold_files))))
    return scores


def by_repository(rows: Sequence[Row], scores: Sequence[Mapping[str, float]], name: str) -> dict[str, float]:
    """Mean of one score for each repository that has it."""
    values: dict[str, list[float]] = defaultdict(list)
    for row, own in zip(rows, scores, strict=True):
        if name in own:
            values[row.repo].append(own[name])
    return {repo: sum(v) / len(v) for repo, v in sorted(values.items())}


def mean_of(scores: Iterable[Mapping[str, float]], name: str) -> float | None:
    values = [own[name] for own in scores if name in own]
    return sum(values) / len(values) if values else None


def interval(values: Mapping[str, float]) -> tuple[float, float, float]:
    """The mean over repositories with its 95 % bootstrap interval, repositories drawn with replacement."""
    array = np.array([values[repo] for repo in sorted(values)])
    means = array[_draws(len(array))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(array.mean()), float(low), float(high)


def ratio_interval(ours: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, float, float]:
    """Ratio of two means over the same repositories, drawn together, with its 95 % interval."""
    repos = sorted(ours)
    if repos != sorted(other):
        raise ValueError("a ratio needs both systems on the same repositories")
    a, b = (np.array([values[repo] for repo in repos]) for values in (ours, other))
    draws = _draws(len(repos))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = a[draws].mean(axis=1) / b[draws].mean(axis=1)
        low, high = np.percentile(ratios, (2.5, 97.5))
        return float(a.mean() / b.mean()), float(low), float(high)


def _draws(count: int) -> np.ndarray:
    """Indices (resamples, count), the same for every system."""
    return np.random.default_rng(SEED).integers(0, count, size=(RESAMPLES, count))
