"""The options of one answer. Each default stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..evidence.options import ContextOptions, SelectionOptions
from ..models.backend import GenerationOptions


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """`max_sentences` of the answer; at most `max_candidates` are compiled and compared."""

    max_sentences: int = 6
    max_candidates: int = 60


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """The model's say in the order of the sentences: `weight` times the standardised log P(question | sentence).

    0: the model is not asked. Over `max_tokens` of sentences in all, the rest keeps its lexical place. The default weight is the
    one at which most chosen sentences stand on lines that reference answers cite (docs/evaluation.md).
    """

    weight: float = 0.5
    max_tokens: int = 600
    max_sentences: int = 16
    max_question_chars: int = 400


@dataclass(frozen=True, slots=True)
class CitationOptions:
    """`max_lines`: a longer span cited by a sentence is shortened to its first lines."""

    max_lines: int = 12


@dataclass(frozen=True, slots=True)
class RefusalOptions:
    """The logistic model that tells whether the workspace answers a question: see `answers.refusal.signals` for what the weights are of.
    An answer is refused where its value, from 0 to 1, is below `threshold` (0: never). The constants are those that
    `./x bench answers --part refusal` printed, fitted on 482 questions with an answer and 964 without.
    """

    bias: float = -2.144
    best_weight: float = 23.463
    together_weight: float = -3.093
    names_weight: float = 3.377
    rarest_weight: float = 0.122
    missing_weight: float = 3.122
    unknown_weight: float = -8.959
    defined_weight: float = 1.600
    short_weight: float = -26.305
    threshold: float = 0.435


@dataclass(frozen=True, slots=True)
class TelemetryOptions:
    """`telemetry_out`: a file to which one JSON line is appended for each answer (`answers.telemetry`); the question's text is in it only
    `with_question`."""

    telemetry_out: Path | None = None
    with_question: bool = False


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How to answer one question. `zoom` names a symbol to start from, in any form that `CodeGraph.find_symbol` takes.
    `commit_footer`: the text ends with the commit and tree that it speaks of."""

    zoom: str | None = None
    phrase: bool = False
    commit_footer: bool = False
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    context: ContextOptions = field(default_factory=ContextOptions)
    compose: ComposeOptions = field(default_factory=ComposeOptions)
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    citations: CitationOptions = field(default_factory=CitationOptions)
    refusal: RefusalOptions = field(default_factory=RefusalOptions)
    telemetry: TelemetryOptions = field(default_factory=TelemetryOptions)
    generation: GenerationOptions = field(default_factory=lambda: GenerationOptions(max_new_tokens=160))
