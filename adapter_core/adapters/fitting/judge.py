"""Whether a fitted adapter is kept, and at which scale: by development files that were chosen before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...types import CancelToken
from ..adapter import Adapter
from ..memory import Memory
from .lora import beside
from .options import JudgeOptions
from .scoring import TokenScores, bits_per_byte, score_windows
from .windows import Window, encode, function_windows, windows


@dataclass(frozen=True, slots=True)
class Trial:
    """What the adapter does at `scale`, in bits per byte: `text` and `bodies`, without memory and, where there is one, with it; `general`:
    prose that has nothing to do with the repository."""

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
        """From development files, as tokens and as text (by path)."""
        options = options or JudgeOptions()
        return cls(
            tuple(windows(tokenizer, files, options.windows, options.length)),
            tuple(function_windows(tokenizer, texts, options.functions)),
            tuple(general_windows(tokenizer, options)),
        )


def general_windows(tokenizer: Any, options: JudgeOptions) -> list[Window]:
    """Prose that comes with Python itself: the help on the language. None where a distribution leaves it out."""
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
    """Try the adapter at each scale. Where there is a memory, the adapter has to improve on it. Without function bodies to ask for, text
    alone decides; without text, nothing is kept. A scale at which general prose suffers is none. `progress` is told how many scales are
    done, of how many. Raises `Cancelled`."""
    options = options or JudgeOptions()
    trials = []
    for number, scale in enumerate((0.0, *options.scales)):
        if progress is not None:
            progress(number, 1 + len(options.scales))
        with beside(model, adapter, scale):
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
    return Verdict(_best(trials, options), tuple(trials))


def kept(adapter: Adapter, verdict: Verdict) -> Adapter | None:
    """The adapter at the scale of the verdict; None where it is not kept."""
    return replace(adapter, alpha=adapter.alpha * verdict.scale) if verdict.scale else None


def _best(trials: Sequence[Trial], options: JudgeOptions) -> float:
    none, *others = trials
    best, scale, least = 0.0, 0.0, options.least
    for trial in others:
        if none.general and trial.general and trial.general > none.general * (1 + options.most_harm):
            continue
        text, bodies = (_gain(a, b) for a, b in zip(_figures(none), _figures(trial), strict=True))
        if text is not None and text > least and (bodies is None or bodies > least) and text + (bodies or 0) > best:
            best, scale = text + (bodies or 0), trial.scale
    return scale


def _figures(trial: Trial) -> tuple[float, float]:
    if trial.text_with_memory is None or trial.bodies_with_memory is None:
        return trial.text, trial.bodies
    return trial.text_with_memory, trial.bodies_with_memory


def _gain(before: float, after: float) -> float | None:
    """None where there was nothing to score."""
    return 1 - after / before if before else None


def _bits(windows: Sequence[Window], scores: Sequence[TokenScores]) -> float:
    return bits_per_byte(windows, [s.chosen for s in scores]) if windows else 0.0


def _bits_with_memory(windows: Sequence[Window], scores: Sequence[TokenScores]) -> float:
    return bits_per_byte(windows, [s.with_memory() for s in scores]) if windows else 0.0
