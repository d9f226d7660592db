"""What the model reads when it writes: passages, windows or heads, within its budget of tokens."""

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

# A scoring backend reads 512 tokens of a context, from its beginning; the question stands at the end of the prompt.
_MAX_PROMPT_TOKENS = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """The model as the one who reads: how it counts, and what it makes of prompts."""

    backend: Backend
    cancel: CancelToken | None

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.backend.count_tokens(texts)

    def yes_and_no(self, prompts: Sequence[str]) -> list[tuple[float, float]]:
        scores = [self.backend.score(prompts, word, self.cancel) for word in ("yes", "no")]
        return list(zip(*scores, strict=True))


def pack_for_model(
    graph: CodeGraph, question: str, found: Found, selected: Callable[[], Selected], options: AskOptions, reader: Reader
) -> EvidencePack:
    """The pack of `options.packing`. Without `pack_context` its text is empty, and its evidence is what was found, for what the model then
    writes is still held against it. `selected` is asked only where heads or functions are packed. Raises `ModelError`, `Cancelled`."""
    packing, context = options.packing, options.context
    if not packing.pack_context:
        return EvidencePack("", found.passages, 0)
    if packing.pack_mode == "heads":
        return pack_context_heads(graph, selected().paths, context.tokens, reader.count)
    if packing.function_first:
        functions = [w.symbol for w in functions_first(graph, question, found, selected(), packing, reader) if w.symbol]
        others = [p for p in found.passages if not any(_within(p, ref) for ref in functions)]
        context = replace(context, max_lines=packing.ff_window_lines)
        return pack_context_windows(graph, [*functions, *others], None, reader.count, question, context)
    if packing.pack_mode == "windows":
        return pack_context_windows(graph, found.passages, None, reader.count, question, context)
    return pack_context(found.passages, context, reader.count)


def functions_first(
    graph: CodeGraph, question: str, found: Found, selected: Selected, packing: PackingOptions, reader: Reader
) -> list[Window]:
    """The windows on functions that are worth reading, best first; see `PackingOptions`."""
    windows = collect_function_windows(
        graph, _functions(graph, found, selected, packing.ff_max_candidates), question, packing.ff_window_lines
    )
    best = max((window.score for window in windows), default=0.0)
    if best <= 0:
        return []
    asked = prompt_token_set(question)
    valued = [(w.score / best - packing.ff_noise_penalty * _noise(w, asked), w) for w in windows]
    worth = [w for value, w in sorted(valued, key=lambda v: -v[0]) if value >= packing.ff_threshold]
    return _by_the_models_yes(question, worth, packing, reader) if packing.model_prob_yes else worth


def _functions(graph: CodeGraph, found: Found, selected: Selected, limit: int) -> list[SymbolRef]:
    """Functions and methods of the selected files: first those where evidence lies, then file by file."""
    everywhere: list[SymbolRef] = []
    for path in selected.paths:
        facts = graph.facts(path)
        if facts is not None:
            everywhere += [
                graph.ref(facts, i) for i, s in enumerate(facts.symbols) if s.is_callable and not in_function(facts, s)
            ]
    spans = [item.span for item in found.definitions]

    def holds_evidence(ref: SymbolRef) -> bool:
        return any(s.path == ref.path and s.start <= ref.symbol.end and ref.symbol.start <= s.end for s in spans)

    return sorted(everywhere, key=lambda ref: not holds_evidence(ref))[:limit]


def _within(passage: Evidence, ref: SymbolRef) -> bool:
    span = passage.span
    return span.path == ref.path and ref.symbol.start <= span.start and span.end <= ref.symbol.end


def _noise(window: Window, asked: frozenset[str]) -> float:
    """The share of a window's lines that hold nothing of the question; blank ones do not count."""
    lines = [line for part in window.parts for line in part.text.split("\n") if line.strip()]
    return sum(asked.isdisjoint(terms.terms_of(line)) for line in lines) / len(lines) if lines else 1.0


def _by_the_models_yes(
    question: str, windows: Sequence[Window], packing: PackingOptions, reader: Reader
) -> list[Window]:
    """The first windows, as many as the model may read, in the order of its probability of yes; the others behind them."""
    prompts = reader.count([PROMPT.format(text=w.text, question=question.strip()) for w in windows])
    asked, total = 0, 0
    for tokens in prompts:
        if tokens > _MAX_PROMPT_TOKENS or total + tokens > packing.prob_yes_tokens:
            break
        asked, total = asked + 1, total + tokens
    first = windows[:asked]
    chances = model_prob_yes(reader.yes_and_no, question, [w.text for w in first], cancel=reader.cancel)
    ordered = sorted(zip(chances, first, strict=True), key=lambda pair: -pair[0])
    return [*(window for _, window in ordered), *windows[asked:]]
