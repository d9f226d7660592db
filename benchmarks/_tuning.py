"""Search over the numeric fields of an options dataclass: coordinate by coordinate, folds by repository, every trial remembered."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

# What counts, of those that the gold of a row allows; the mean over them is the score of a set.
COMPONENTS = ("lines@900", "lines@2000", "function@5", "file@1", "MRR@10")
STEPS = (0.6, 1.6)
# Gains below this are noise of single questions.
MIN_GAIN = 0.0005
RESAMPLES = 2_000

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one question by name, its set, and the repository by which it is folded."""

    set: str
    repo: str
    scores: Mapping[str, float]


Evaluate = Callable[[Options], Sequence[Scored]]


def objective(rows: Iterable[Scored]) -> float:
    """Mean over sets of the mean over components; a component is the mean over the rows of the set that have it."""
    sets = set_scores(rows)
    return sum(sets.values()) / len(sets) if sets else 0.0


def set_scores(rows: Iterable[Scored]) -> dict[str, float]:
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for name in COMPONENTS:
            if name in row.scores:
                values[row.set][name].append(row.scores[name])
    return {
        name: sum(sum(v) / len(v) for v in parts.values()) / len(parts)
        for name, parts in sorted(values.items())
        if parts
    }


def folds(rows: Sequence[Scored], count: int, seed: int) -> list[frozenset[str]]:
    """Repositories in `count` folds with about as many rows each: the largest first, into the emptiest; ties by seed."""
    sizes: dict[str, int] = defaultdict(int)
    for row in rows:
        sizes[row.repo] += 1
    names = sorted(sizes)
    random.Random(seed).shuffle(names)
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    for name in sorted(names, key=lambda n: -sizes[n]):
        emptiest = loads.index(min(loads))
        parts[emptiest].append(name)
        loads[emptiest] += sizes[name]
    return [frozenset(part) for part in parts]


def numeric_fields(options: Any, only: Sequence[str] = ()) -> list[str]:
    """The float fields of an options dataclass; `only` these. Raises `ValueError` for a name that is none."""
    known = [f.name for f in fields(options) if isinstance(getattr(options, f.name), float)]
    if unknown := set(only) - set(known):
        raise ValueError(f"no numeric options: {', '.join(sorted(unknown))}")
    return [name for name in known if not only or name in only]


def candidates(options: Options, name: str) -> list[Options]:
    """The options with one field a step down and a step up. A length normalisation (`*_b`) stays within 0 and 1."""
    value = getattr(options, name)
    found = []
    for step in STEPS:
        changed = round(value * step, 4) if value else (0.0 if step < 1 else 0.1)
        if name.endswith("_b"):
            changed = min(changed, 1.0)
        if changed != value:
            found.append(replace(options, **{name: changed}))  # type: ignore[type-var]
    return found


def search(
    start: Options,
    names: Sequence[str],
    evaluate: Evaluate[Options],
    keep: Callable[[Scored], bool],
    passes: int,
    seed: int,
) -> Options:
    """Coordinate search on the rows that `keep` lets through: each field in turn is moved as long as that gains; `passes` rounds."""
    best, value = start, objective(filter(keep, evaluate(start)))
    for number in range(passes):
        order = list(names)
        random.Random(f"{seed} {number}").shuffle(order)
        before = value
        for name in order:
            moved = True
            while moved:
                moved = False
                for trial in candidates(best, name):
                    gained = objective(filter(keep, evaluate(trial)))
                    if gained > value + MIN_GAIN:
                        best, value, moved = trial, gained, True
                        break
        if value == before:
            break
    return best


def gain_interval(base: Sequence[Scored], tuned: Sequence[Scored], seed: int) -> tuple[float, float, float]:
    """Gain of the objective with its 95 % interval, repositories drawn with replacement; rows are paired by position."""
    positions: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(base):
        positions[row.repo].append(i)
    names = sorted(positions)
    generator = np.random.default_rng(seed)
    gains = []
    for _ in range(RESAMPLES):
        rows = [i for n in generator.integers(0, len(names), len(names)) for i in positions[names[n]]]
        gains.append(objective(tuned[i] for i in rows) - objective(base[i] for i in rows))
    low, high = np.percentile(gains, (2.5, 97.5))
    return objective(tuned) - objective(base), float(low), float(high)
