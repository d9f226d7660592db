"""Packs the evidence for the model's prompt: passages, windows or heads, within its token budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...code_graph import CodeGraph
from ...evidence.context import (
    Window,
    collect_function_windows,
    model_prob_yes,
    pack_context,
    pack_context_heads,
    pack_context_windows,
)
from ...evidence.modules import prompt_token_set
from ...evidence.selection import Found
from ...evidence.yes_no import PROMPT
from ...graph import terms
from ...graph.storage.postings import in_function
from ...models.backend import Backend
from ...types import CancelToken, Evidence, EvidencePack, SymbolRef
from ..options import AskOptions, PackingOptions
from ..selecting import Selected

# A scoring backend reads the first 512 tokens of a prompt, and the question comes at its end.
_MAX_PROMPT_TOKENS = 500


@dataclass(frozen=True, slots=True)
class ModelReader:
    """The model as a reader: counts tokens and scores prompts."""

    backend: Backend
    cancel: CancelToken | None

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.backend.count_tokens(texts)

    def yes_no_scores(self, prompts: Sequence[str]) -> list[tuple[float, float]]:
        scores = [self.backend.score(prompts, word, self.cancel) for word in ("yes", "no")]
        return list(zip(*scores, strict=True))


def pack_for_model(
    graph: CodeGraph,
    question: str,
    found: Found,
    selected: Callable[[], Selected],
    options: AskOptions,
    reader: ModelReader,
) -> EvidencePack:
    """The pack by `options.packing`. Without `pack_context` its text is empty, but it has the evidence, against which the model's sentences
    are still verified. `selected` is called only where heads or functions are packed. Raises `ModelError`, `Cancelled`."""
    packing, context = options.packing, options.context
    if not packing.pack_context:
        return EvidencePack("", found.passages, 0)
    if packing.pack_mode == "heads":
        return pack_context_heads(graph, selected().paths, context.tokens, reader.count)
    if packing.function_first:
        functions = [
            w.symbol for w in ranked_function_windows(graph, question, found, selected(), packing, reader) if w.symbol
        ]
        others = [p for p in found.passages if not any(_is_inside(p, ref) for ref in functions)]
        context = replace(context, max_lines=packing.ff_window_lines)
        return pack_context_windows(graph, [*functions, *others], None, reader.count, question, context)
    if packing.pack_mode == "windows":
        return pack_context_windows(graph, found.passages, None, reader.count, question, context)
    return pack_context(found.passages, context, reader.count)


def ranked_function_windows(
    graph: CodeGraph, question: str, found: Found, selected: Selected, packing: PackingOptions, reader: ModelReader
) -> list[Window]:
    """The windows on functions that score at least `ff_threshold`, best first; see `PackingOptions`."""
    windows = collect_function_windows(
        graph,
        _candidate_functions(graph, found, selected, packing.ff_max_candidates),
        question,
        packing.ff_window_lines,
    )
    best = max((window.score for window in windows), default=0.0)
    if best <= 0:
        return []
    question_terms = prompt_token_set(question)
    scored = [(w.score / best - packing.ff_noise_penalty * _noise_share(w, question_terms), w) for w in windows]
    kept = [w for value, w in sorted(scored, key=lambda v: -v[0]) if value >= packing.ff_threshold]
    return _reorder_by_model(question, kept, packing, reader) if packing.model_prob_yes else kept


def _candidate_functions(graph: CodeGraph, found: Found, selected: Selected, limit: int) -> list[SymbolRef]:
    """At most `limit` functions and methods of the selected files: first those with evidence, then file by file."""
    functions: list[SymbolRef] = []
    for path in selected.paths:
        facts = graph.facts(path)
        if facts is not None:
            functions += [
                graph.ref(facts, i) for i, s in enumerate(facts.symbols) if s.is_callable and not in_function(facts, s)
            ]
    spans = [item.span for item in found.definitions]

    def holds_evidence(ref: SymbolRef) -> bool:
        return any(s.path == ref.path and s.start <= ref.symbol.end and ref.symbol.start <= s.end for s in spans)

    return sorted(functions, key=lambda ref: not holds_evidence(ref))[:limit]


def _is_inside(passage: Evidence, ref: SymbolRef) -> bool:
    span = passage.span
    return span.path == ref.path and ref.symbol.start <= span.start and span.end <= ref.symbol.end


def _noise_share(window: Window, question_terms: frozenset[str]) -> float:
    """The share of a window's non-blank lines without any term of the question."""
    lines = [line for part in window.parts for line in part.text.split("\n") if line.strip()]
    return sum(question_terms.isdisjoint(terms.terms_of(line)) for line in lines) / len(lines) if lines else 1.0


def _reorder_by_model(
    question: str, windows: Sequence[Window], packing: PackingOptions, reader: ModelReader
) -> list[Window]:
    """The first windows, as many as fit into the model's reading budget, reordered by its probability of yes; then the others."""
    token_counts = reader.count([PROMPT.format(text=w.text, question=question.strip()) for w in windows])
    scored_count, total = 0, 0
    for tokens in token_counts:
        if tokens > _MAX_PROMPT_TOKENS or total + tokens > packing.prob_yes_tokens:
            break
        scored_count, total = scored_count + 1, total + tokens
    scored = windows[:scored_count]
    probabilities = model_prob_yes(reader.yes_no_scores, question, [w.text for w in scored], cancel=reader.cancel)
    ordered = sorted(zip(probabilities, scored, strict=True), key=lambda pair: -pair[0])
    return [*(window for _, window in ordered), *windows[scored_count:]]
