"""Fitting and measuring when to refuse: a logistic model, cross-fitted by repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from _tuning import Scored, folds

SIGNALS = ("best", "names", "unknown", "defined", "short")
_DEFINED, _UNKNOWN = SIGNALS.index("defined"), SIGNALS.index("unknown")
FALSE_REFUSALS = 0.035  # aimed at where the threshold is fitted; 0.05 is allowed where it is measured
FOLDS = 5
# Docstrings' own words match so well, with the function and without, that they would drown what people's questions show.
FITTED_ON = ("answerable", "foreign", "recombined")
_RIDGE = 1e-2
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the repository it was asked about, its kind ("answerable", "foreign", "recombined"; "removed": about a function that
    was removed, "present": the same question before that) and its signals."""

    repo: str
    set: str
    kind: str
    signals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    bias: float
    weights: tuple[float, ...]
    threshold: float

    def values(self, questions: Sequence[Asked]) -> np.ndarray:
        """(n,) from 0 to 1."""
        x = np.array([a.signals for a in questions])
        return 1 / (1 + np.exp(-(x @ np.array(self.weights) + self.bias)))


def fit(questions: Sequence[Asked]) -> Fitted:
    """Ridge logistic regression by Newton's method on the kinds of `FITTED_ON`; each repository weighs the same, and so do answerable and
    absent ones."""
    questions = [a for a in questions if a.kind in FITTED_ON]
    x = np.array([[*a.signals, 1.0] for a in questions])
    y = np.array([a.kind == "answerable" for a in questions], dtype=float)
    weight = _weights(questions)
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (weight * (y - p)) - _RIDGE * beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    fitted = Fitted(float(beta[-1]), tuple(map(float, beta[:-1])), 0.0)
    values = fitted.values([a for a in questions if a.kind == "answerable"])
    return Fitted(fitted.bias, fitted.weights, float(np.quantile(values, FALSE_REFUSALS)))


def _weights(questions: Sequence[Asked]) -> np.ndarray:
    counts: dict[tuple[str, bool], int] = {}
    for a in questions:
        key = (a.repo, a.kind == "answerable")
        counts[key] = counts.get(key, 0) + 1
    raw = np.array([1 / counts[(a.repo, a.kind == "answerable")] for a in questions])
    return raw * len(questions) / raw.sum()


def cross_fitted(questions: Sequence[Asked], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(values, refused) of every question, by models that saw nothing of its repository."""
    parts = folds([Scored(a.set, a.repo, {}) for a in questions], FOLDS, seed)
    values, refused = np.zeros(len(questions)), np.zeros(len(questions), dtype=bool)
    for part in parts:
        model = fit([a for a in questions if a.repo not in part])
        inside = [i for i, a in enumerate(questions) if a.repo in part]
        own = model.values([questions[i] for i in inside])
        values[inside] = own
        # As in `answers.refusal.is_answerable`: what the question writes as code is defined here, and nothing in it is unknown.
        named = np.array([questions[i].signals[_DEFINED] > 0 and questions[i].signals[_UNKNOWN] == 0 for i in inside])
        refused[inside] = (own < model.threshold) & ~named
    return values, refused


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """The probability that a question with an answer scores above one without; ties count half."""
    order = np.concatenate((positive, negative))
    ranks = np.empty(len(order))
    _, inverse, counts = np.unique(order, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    total = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(total / (len(positive) * len(negative)))
