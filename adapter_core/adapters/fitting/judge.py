"""Decide on development files, chosen before the first step, whether a fitted adapter is kept, and at which scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...types import CancelToken
from ..adapter import Adapter
from ..memory import Memory
from .lora import adapter_attached
from .options import JudgeOptions
from .scoring import TokenScores, bits_per_byte, score_windows
from .windows import Window, encode, function_windows, windows


@dataclass(frozen=True, slots=True)
class Trial:
    """Bits per byte with the adapter at `scale`: of `text` and `bodies`, without memory and, if there is one, with it; `general`: of prose
    that has nothing to do with the repository."""

    scale: float
    text: float
    bodies: float
    text_with_memory: float | None = None
    bodies_with_memory: float | None = None
    general: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`scale` 0: not kept. `trials` holds the model alone (scale 0) first."""

    scale: float
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class DevelopmentText:
    """Windows of text and function bodies of files that nothing is built from, and of general prose."""

    text: tuple[Window, ...]
    bodies: tuple[Window, ...]
    general: tuple[Window, ...] = ()

    @classmethod
    def of(
        cls,
        tokenizer: Any,
        files: Mapping[str, np.ndarray],
        texts: Mapping[str, str],
        options: JudgeOptions | None = None,
    ) -> DevelopmentText:
        """Draw windows from development files: `files` are their tokens, `texts` their text, by path."""
        options = options or JudgeOptions()
        return cls(
            tuple(windows(tokenizer, files, options.windows, options.length)),
            tuple(function_windows(tokenizer, texts, options.functions)),
            tuple(general_windows(tokenizer, options)),
        )


def general_windows(tokenizer: Any, options: JudgeOptions) -> list[Window]:
    """Windows of prose that comes with Python: the help on the language. Empty if a distribution leaves that out."""
    if not options.general:
        return []
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return []
    tokens = dict(zip(topics, encode(tokenizer, list(topics.values())), strict=True))
    return windows(tokenizer, tokens, options.general, options.length, per_file=1)


def judge(
    model: Any,
    adapter: Adapter,
    development: DevelopmentText,
    options: JudgeOptions | None = None,
    memory: Memory | None = None,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Score the adapter at each scale. If there is a memory, the adapter has to improve on it. Without function bodies, text alone decides;
    without text, nothing is kept. A scale that harms general prose is rejected. `progress` is called with the number of scales done and
    their total. Raises `Cancelled`."""
    options = options or JudgeOptions()
    trials = []
    for number, scale in enumerate((0.0, *options.scales)):
        if progress is not None:
            progress(number, 1 + len(options.scales))
        with adapter_attached(model, adapter, scale):
            text = score_windows(model, development.text, cancel, memory)
            bodies = score_windows(model, development.bodies, cancel, memory)
            general = score_windows(model, development.general, cancel)
        trial = Trial(scale, _bits(development.text, text), _bits(development.bodies, bodies))
        if general:
            trial = replace(trial, general=_bits(development.general, general))
        if memory is not None:
            trial = replace(
                trial,
                text_with_memory=_bits_with_memory(development.text, text),
                bodies_with_memory=_bits_with_memory(development.bodies, bodies),
            )
        trials.append(trial)
    return Verdict(_best_scale(trials, options), tuple(trials))


def kept_adapter(adapter: Adapter, verdict: Verdict) -> Adapter | None:
    """The adapter at the scale of the verdict; None if it is not kept."""
    return replace(adapter, alpha=adapter.alpha * verdict.scale) if verdict.scale else None


def _best_scale(trials: Sequence[Trial], options: JudgeOptions) -> float:
    baseline, *scaled_trials = trials
    best_gain, scale, min_gain = 0.0, 0.0, options.least
    for trial in scaled_trials:
        if baseline.general and trial.general and trial.general > baseline.general * (1 + options.most_harm):
            continue
        text, bodies = (_gain(a, b) for a, b in zip(_deciding_scores(baseline), _deciding_scores(trial), strict=True))
        if (
            text is not None
            and text > min_gain
            and (bodies is None or bodies > min_gain)
            and text + (bodies or 0) > best_gain
        ):
            best_gain, scale = text + (bodies or 0), trial.scale
    return scale


def _deciding_scores(trial: Trial) -> tuple[float, float]:
    if trial.text_with_memory is None or trial.bodies_with_memory is None:
        return trial.text, trial.bodies
    return trial.text_with_memory, trial.bodies_with_memory


def _gain(before: float, after: float) -> float | None:
    """The relative improvement of bits per byte; None if there was nothing to score."""
    return 1 - after / before if before else None


def _bits(windows: Sequence[Window], scores: Sequence[TokenScores]) -> float:
    return bits_per_byte(windows, [s.chosen for s in scores]) if windows else 0.0


def _bits_with_memory(windows: Sequence[Window], scores: Sequence[TokenScores]) -> float:
    return bits_per_byte(windows, [s.with_memory() for s in scores]) if windows else 0.0
