"""The table of `adapters.py`: conditions against each other, over repositories and within each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from _adapter_data import DEVELOPMENT, HELD_OUT, Repository, new_lines, pieces
from _adapter_runs import Fit, Runs
from _common import timed
from _memory_gate import fit_gate
from _retrieval_scores import interval

from adapter_core.adapters.fitting.scoring import TokenScores
from adapter_core.adapters.fitting.split import BUILD
from adapter_core.adapters.fitting.windows import Window
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.remembering.gate import ContextStats, Gate, concatenate_stats

TEXT, BODIES, GENERAL, NEW = "M1 text", "M2 bodies", "general", "M1 on new lines"
# Where the scores of a condition stand for the adapters of M1 and M2.
MEASURES = {TEXT: f"{HELD_OUT} text", BODIES: f"{HELD_OUT} bodies", GENERAL: "general"}
# What the memory's gate is fitted on: without prose, they would make it worse by 1 %.
FITTED_ON = [f"{DEVELOPMENT} {kind}" for kind in ("text", "bodies", "general")]
RESAMPLES = 2000


class Subject:
    """A repository with its memory, its windows, and what was scored on them."""

    def __init__(self, repository: Repository, tokenizer: Any, windows: int, general: dict[str, list[Window]]) -> None:
        self.repository = repository
        self.counting, self.memory = timed(lambda: Memory.build(repository.of(BUILD), ""))
        self.windows = pieces(repository, tokenizer, windows) | general
        self.new = new_lines(repository, tokenizer, self.windows[MEASURES[TEXT]])
        self.scores: dict[tuple[str, str], list[TokenScores]] = {}
        self.fit: Fit | None = None
        self.borrowed: dict[str, list[TokenScores]] = {}  # with the memory of another repository

    @property
    def name(self) -> str:
        return self.repository.name

    def development(self) -> tuple[ContextStats, np.ndarray]:
        """What the memory's gate is fitted on."""
        scores = [s for part in FITTED_ON for s in self.scores["none", part]]
        known = [s.known for s in scores if s.known is not None]
        return concatenate_stats(known), np.concatenate([s.chosen for s in scores])


def borrow(runs: Runs, subjects: Sequence[Subject]) -> dict[str, str]:
    """For each repository, its scores with the memory of another one: the one that helps most on its development text. A control: how
    much of what a memory gives is only that it is one of Python code."""
    chosen = {}
    for subject in subjects:
        gains = {}
        for other in subjects:
            scores = _with_memory_of(runs, subject, other, f"{DEVELOPMENT} text") if other is not subject else None
            if scores is not None:
                gains[other.name] = sum(s.with_memory().sum() for s in scores)
        if gains:
            chosen[subject.name] = max(gains, key=lambda name: gains[name])
            other = next(s for s in subjects if s.name == chosen[subject.name])
            found = {p: _with_memory_of(runs, subject, other, p) for p in MEASURES.values()}
            subject.borrowed = {p: scores for p, scores in found.items() if scores is not None}
    return chosen


def _with_memory_of(runs: Runs, subject: Subject, other: Subject, part: str) -> list[TokenScores] | None:
    key = f"{subject.name}-memory-of-{other.name}-{part.replace(' ', '-')}"
    return runs.scores(key, subject.windows[part], memory=other.memory)


def table(subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    """A line for each measure and condition: the change against the condition named in `against`, in percent."""
    scored = [s for s in subjects if all(("none", part) in s.scores for part in MEASURES.values())]
    cross = cross_fitted(scored)
    rows = []
    for measure in (TEXT, NEW, BODIES, GENERAL):
        bits = {s.name: rate(measure, s, logs(measure, s, "none")) for s in scored}
        rows.append({"measure": measure, "condition": "none", "bits per byte": _mean(list(bits.values())), **bits})
        for condition, against in CONDITIONS:
            changes = {}
            for subject in scored:
                now, before = (logs(measure, subject, c, cross.get(subject.name)) for c in (condition, against))
                if now is not None and before is not None:
                    changes[subject.name] = change(measure, subject, now, before)
            if not changes:
                continue
            mean, low, high = interval({name: value[0] for name, value in changes.items()})
            rows.append(
                {
                    "measure": measure,
                    "condition": condition,
                    "against": against,
                    "repositories": len(changes),
                    "change": mean,
                    "95 %": f"{low:+.1f} to {high:+.1f}",
                    **{name: f"{v:+.1f} ({a:+.1f} to {b:+.1f})" for name, (v, a, b) in changes.items()},
                }
            )
    return rows


CONDITIONS = (
    ("memory", "none"),
    ("memory, cross-fitted", "none"),
    ("memory of another", "none"),
    ("fitted", "none"),
    ("fitted as kept", "none"),
    ("fitted + memory", "none"),
    ("fitted + memory", "memory"),
    ("fitted as kept + memory", "memory"),
    ("wrong", "none"),
    ("fitted", "wrong"),
    ("mean", "none"),
    ("fitted", "mean"),
    ("shared", "none"),
    ("fitted", "shared"),
    ("wrong + memory", "memory"),
    ("shared + memory", "memory"),
    ("fitted + memory", "shared + memory"),
    ("context", "none"),
    ("context + memory", "none"),
)


def cross_fitted(subjects: Sequence[Subject]) -> dict[str, Gate]:
    """For each repository, a gate from the development files of all others."""
    found = {}
    for subject in subjects:
        others = [s.development() for s in subjects if s is not subject]
        if others:
            known, chosen = zip(*others, strict=True)
            found[subject.name] = fit_gate(concatenate_stats(known), np.concatenate(chosen))
    return found


def logs(measure: str, subject: Subject, condition: str, cross: Gate | None = None) -> list[np.ndarray] | None:
    """Log probabilities of the tokens of each window; None where they are not known."""
    adapter, _, more = condition.partition(" + ")
    gate: Gate | None = Gate.fitted() if more else None
    if adapter == "memory of another":
        part = MEASURES[TEXT] if measure == NEW else MEASURES[measure]
        borrowed = subject.borrowed.get(part)
        return [s.with_memory() for s in borrowed] if borrowed else None
    if adapter.startswith("memory"):
        adapter, gate = "none", cross if adapter.endswith("cross-fitted") else Gate.fitted()
        if gate is None:
            return None
    if adapter == "fitted as kept":
        if subject.fit is None:
            return None
        adapter = "fitted" if subject.fit.verdict.scale else "none"
    part = MEASURES[TEXT] if measure == NEW else MEASURES[measure]
    scores = subject.scores.get((adapter, part))
    if scores is None or (measure == GENERAL and adapter == "context"):
        return None
    if gate is None:
        return [s.chosen.astype(np.float64) for s in scores]
    return [s.with_memory(gate) for s in scores]


def totals(measure: str, subject: Subject, found: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Bits and bytes of each window."""
    if measure == NEW:
        bits = [-own[mask].sum() for own, (mask, _) in zip(found, subject.new, strict=True)]
        sizes = [size for _, size in subject.new]
    else:
        bits = [-own.sum() for own in found]
        sizes = [w.size for w in subject.windows[MEASURES[measure]]]
    return np.array(bits) / np.log(2), np.array(sizes, float)


def rate(measure: str, subject: Subject, found: Sequence[np.ndarray] | None) -> float:
    bits, sizes = totals(measure, subject, found or [])
    return float(bits.sum() / sizes.sum())


def change(
    measure: str, subject: Subject, now: Sequence[np.ndarray], before: Sequence[np.ndarray]
) -> tuple[float, float, float]:
    """Percent, with the 95 % interval of a bootstrap over the windows, both conditions drawn together."""
    a, b = (totals(measure, subject, found)[0] for found in (now, before))
    draws = np.random.default_rng(17).integers(0, len(a), size=(RESAMPLES, len(a)))
    ratios = 100 * (a[draws].sum(axis=1) / b[draws].sum(axis=1) - 1)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(100 * (a.sum() / b.sum() - 1)), float(low), float(high)


def _mean(values: Sequence[float]) -> float | None:
    return statistics.mean(values) if values else None
