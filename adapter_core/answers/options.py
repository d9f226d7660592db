"""The options of one answer. Each default is defined here only (those of search and packing in `evidence/options.py`, of generation in
`models/backend.py`); `flag_table.py` gives each its keyword and its flag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..evidence.options import ContextOptions, SelectionOptions
from ..models.backend import GenerationOptions

if TYPE_CHECKING:
    from ..adapters.adapter import Adapter

OF_SOURCES = ("question", "zoom")
PACK_MODES = ("passages", "heads", "windows")
LAYER_SCHEDULES = ("flat", "linear", "hump", "cosine", "top")


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to select modules and files. `of_sources` "question": those whose definitions match the question; "zoom": those at most
    `SelectionOptions.zoom_radius` links from the zoom symbol, and evidence from other files is left out. `rerank`: score files a second
    time by signatures, docstrings and visibility, and sort files and passages by both scores."""

    of_sources: str = "question"
    rerank: bool = False


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """What is mixed into the model while it writes. `reads`: the adapter is on while the model votes on sentences, too; None: if its build
    measured that the model ranks better with it, on questions made from docstrings (on questions by people that did not hold).

    `adapter`: "auto" (what was built for the repository), "none", or a file or folder. `memory`: mix the repository's memory in; None:
    where there is one. `alpha`: deltas are scaled by alpha / rank. None: by their own scale, and only a fitted adapter that was kept is
    used; with a number, the generated null adapter is mixed in too where there is no other; 0 isolates the model: no adapter, and a
    memory only where it is asked for. `rank`: keep so many components of each delta. `beta` scales biases.

    `gsub`: share of the subgraph's adapter, which is `sub` (a file, or an adapter that a caller made), or the mixture of the `mixture_m`
    nearest in `adapters_bank` (a built folder; None: the repository's own), or, with neither, the null adapter of the selected files.
    0: none; None: a half where `sub` or `mixture_m` is given, and else none.

    `target_weights` multiply deltas by target ("q_proj"); `q_aware_weights` also by the kind of the question; `layer_schedule` by layer.
    `per_target_rank_schedule` keeps so many components by target; `layer_rank_tiers` by group or target in the (top, middle, low) third
    of the layers; `rank_budget` so many over all. `alpha_warmup`: half on the first attempt, three quarters on the first structured one.
    """

    adapter: str = "auto"
    memory: bool | None = None
    reads: bool | None = False
    alpha: float | None = None
    rank: int | None = None
    gsub: float | None = None
    sub: str | Adapter | None = None
    mixture_m: int = 0
    adapters_bank: str | None = None
    beta: float = 1.0
    target_weights: Mapping[str, float] = field(default_factory=dict)
    q_aware_weights: bool = False
    layer_schedule: str = "flat"
    per_target_rank_schedule: Mapping[str, int] = field(default_factory=dict)
    layer_rank_tiers: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    rank_budget: int | None = None
    ablate_attn: bool = False
    ablate_mlp: bool = False
    alpha_warmup: bool = False


@dataclass(frozen=True, slots=True)
class EntropyOptions:
    """`entropy_aware`: the entropy of the repository, the selected files and the question, in the mean that `entropy_weights` give,
    chooses `rank` between `rank_min` and `rank_max`, and `gsub`, where there is a subgraph's adapter, between `gsub_max` and `gsub_min`."""

    entropy_aware: bool = False
    rank_min: int = 4
    rank_max: int = 16
    gsub_min: float = 0.3
    gsub_max: float = 0.7
    entropy_weights: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class RoundingOptions:
    """`round_lora`: factors are rounded to what a 16-bit float holds before they are mixed, and those of less than `round_threshold` times
    the largest of their matrix become 0."""

    round_lora: bool = False
    round_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class PackingOptions:
    """The context of the model when it writes. `pack_context` off: nothing but the question. `pack_mode` "passages": the evidence as found;
    "windows": the signature, docstring and relevant statements of each symbol; "heads": the heads of the selected files.

    `function_first`: before the passages come windows of `ff_window_lines` on functions of the selected files. Of at most
    `ff_max_candidates`, those are taken whose share of the best one's score, less `ff_noise_penalty` times the share of their lines that
    hold nothing of the question, is at least `ff_threshold`. `model_prob_yes`: the model's probability that a window helps orders the
    first of them, within `prob_yes_tokens`.
    """

    pack_context: bool = True
    pack_mode: str = "passages"
    function_first: bool = False
    ff_max_candidates: int = 60
    ff_window_lines: int = 24
    ff_threshold: float = 0.4
    ff_noise_penalty: float = 0.3
    model_prob_yes: bool = False
    prob_yes_tokens: int = 600


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """`max_sentences`: of the answer; `max_candidates`: sentences that are compiled and compared. `link_seconds`: the time for all look-ups
    of callers, tests, uses and the like, which take long while calls are not linked yet (None: no limit)."""

    max_sentences: int = 6
    max_candidates: int = 60
    link_seconds: float | None = 3.0


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """The model's vote on the order of the sentences: `weight` times the standardised log P(question | sentence).

    0: the model is not used. Sentences beyond `max_tokens` in all keep their lexical score. The default weight is the one at which most
    chosen sentences cite lines that reference answers cite (docs/evaluation.md).
    """

    weight: float = 0.5
    max_tokens: int = 600
    max_sentences: int = 16
    max_question_chars: int = 400


@dataclass(frozen=True, slots=True)
class CitationOptions:
    """`max_lines`: a longer span cited by a sentence is shortened to its first lines.

    Every shown sentence is cited and checked whatever is set here. `require_citations`: ask the model again if none of its sentences passes
    (`retrying.py`); with `citations_per_paragraph`, also if none of a paragraph does. `word_share`: the share of the words of a model's
    sentence that must occur around its citation, in the same order (`wording.py`; 0: words are not checked). `draft_word_share`: the same
    for drafts, which are stricter since one of several is chosen, and the choice would find what the checks miss."""

    max_lines: int = 12
    word_share: float = 0.67
    draft_word_share: float = 1.0
    require_citations: bool = True
    citations_per_paragraph: bool = False


@dataclass(frozen=True, slots=True)
class AttemptOptions:
    """`deadline`: seconds from the question after which the model is stopped; sentences that passed by then are kept (None: no limit). An
    answer cut by it may differ from run to run. `adapter_aware_decoding`: if citations are required, the prompt begins with the lines that
    can be cited, and sampling is gentler.

    `by_sentence`: the model, if it can, writes one sentence about each of the first `draft_places` definitions, `places_at_once` at a time,
    with `drafts` of each, of at most `draft_tokens`, of which the best that passes is shown (`drafting.py`). Off: it writes one text over
    all of the evidence."""

    deadline: float | None = 60.0
    adapter_aware_decoding: bool = False
    by_sentence: bool = True
    draft_places: int = 6
    places_at_once: int = 3
    drafts: int = 4
    draft_tokens: int = 48


@dataclass(frozen=True, slots=True)
class RefusalOptions:
    """The logistic model for whether the workspace answers a question; its features are those of `answers.refusal.signals`.
    A question is refused if the value, from 0 to 1, is below `threshold` (0: never). The constants are those that
    `./x bench answers --part refusal` printed, fitted on 674 questions with an answer and 1,348 without.
    """

    bias: float = -3.503
    best_weight: float = 16.742
    names_weight: float = 6.606
    unknown_weight: float = -9.477
    defined_weight: float = 1.402
    short_weight: float = -26.692
    threshold: float = 0.405


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is opened for an answer (`models.open.open_backend`): on which device and with which number format.
    `insecure`: questions and code may go to a server on another machine over plain http."""

    device: str = "auto"
    dtype: str = "auto"
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class TelemetryOptions:
    """`telemetry_out`: a file to which one JSON line is appended for each answer (`answers.telemetry`); the question's text is in it only
    `with_question`."""

    telemetry_out: Path | None = None
    with_question: bool = False


def _no_symbol() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The cursor in an editor: its line as `path:line` and the identifier at it. `find_symbol` returns the symbol that this names, in a
    form that `CodeGraph.find_symbol` takes; it is called only for a question that refers to it, since it may wait for type inference."""

    line: str
    word: str = ""
    find_symbol: Callable[[], str | None] = _no_symbol


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How to answer one question. `zoom`: a symbol to start from, in any form that `CodeGraph.find_symbol` takes. `cursor`: what "this" or
    "here" refers to; ignored unless the question says so or names the symbol there. `phrase`: the model writes, with the context that
    `packing` and `context` give it. `commit_footer`: the text ends with the commit and tree that it is about. `verbose`: emit events
    ("detail", text) about what is selected, reranked and scaled."""

    zoom: str | None = None
    cursor: Cursor | None = None
    phrase: bool = False
    commit_footer: bool = False
    verbose: bool = False
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    sources: SourceOptions = field(default_factory=SourceOptions)
    adapter: AdapterOptions = field(default_factory=AdapterOptions)
    entropy: EntropyOptions = field(default_factory=EntropyOptions)
    rounding: RoundingOptions = field(default_factory=RoundingOptions)
    packing: PackingOptions = field(default_factory=PackingOptions)
    context: ContextOptions = field(default_factory=ContextOptions)
    compose: ComposeOptions = field(default_factory=ComposeOptions)
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    citations: CitationOptions = field(default_factory=CitationOptions)
    attempts: AttemptOptions = field(default_factory=AttemptOptions)
    refusal: RefusalOptions = field(default_factory=RefusalOptions)
    telemetry: TelemetryOptions = field(default_factory=TelemetryOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    generation: GenerationOptions = field(default_factory=lambda: GenerationOptions(max_new_tokens=160))
