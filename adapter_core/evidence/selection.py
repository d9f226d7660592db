"""From a question to ranked spans: rank the documents, join what the graph knows, cut to lines, and keep them diverse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..graph import terms
from ..graph.source import hash_lines, slice_lines
from ..types import Evidence, Span, SymbolRef
from .candidates import Candidate, lexical, lift_definitions, lift_overview
from .linked import lift_zoom, spread
from .options import SelectionOptions
from .question import Question, analyse
from .ranking import rank
from .regions import regions
from .search_index import SearchIndex
from .spans import deciding_lines
from .traces import lift_trace, read_trace
from .vocabulary import synonyms

# Questions about how things fit together; one of these is about several places, and they know each other.
_ABOUT_SEVERAL = frozenset({"how", "why", "what", "callers"})
_POOL = 6  # candidates for each result
_REASONS = 6  # words in one


@dataclass(frozen=True, slots=True)
class Found:
    """`evidence`: the results, best first, for a person to go through; what matches and stands together is one result.

    `passages`: the same for a reader with few tokens, the best lines first: of a long definition its further deciding lines come later.
    `definitions`: the same for one who speaks about definitions, each by itself. `supported`: whether the best of it holds enough of the
    question to answer from.
    """

    question: Question
    evidence: tuple[Evidence, ...]
    passages: tuple[Evidence, ...]
    definitions: tuple[Evidence, ...]
    supported: bool
    coverage: float
    weights: dict[str, float]  # term of the question to its weight times idf
    zoom: SymbolRef | None = None


def search(
    graph: CodeGraph, question: str, options: SelectionOptions | None = None, zoom: SymbolRef | None = None
) -> Found:
    """The spans of the workspace that answer a question, best first."""
    with graph.store.snapshot():
        return _search(graph, question, options or SelectionOptions(), zoom)


def _search(graph: CodeGraph, question: str, options: SelectionOptions, zoom: SymbolRef | None) -> Found:
    index = SearchIndex(graph)
    asked = analyse(question, index.own_names, options.ranking)
    if options.kind:
        asked = replace(asked, kind=options.kind)
    ranked = rank(index, asked, options.ranking)
    candidates = lexical(index, ranked, options.top * _POOL, options.path_glob)
    if asked.kind in _ABOUT_SEVERAL:
        spread(graph, candidates, options.ranking)
    defined = lift_definitions(graph, asked, options.ranking, candidates)
    defined = lift_trace(graph, index, read_trace(asked.text), candidates, options.ranking.trace_boost) or defined
    if zoom is not None:
        lift_zoom(graph, zoom, options.zoom_radius, candidates)
    elif asked.kind == "overview":
        defined = lift_overview(graph, index, candidates) or defined
    weights = {term: asked.terms[term] * idf for term, idf in ranked.idf.items()}
    evidence, passages, definitions = _diverse(graph, candidates.values(), weights, options)
    coverage = _coverage([*passages, *definitions], weights)
    needed = options.min_coverage + options.short_margin / max(1, len(weights))
    supported = bool(evidence) and (zoom is not None or defined or coverage >= needed)
    return Found(asked, tuple(evidence), tuple(passages), tuple(definitions), supported, coverage, weights, zoom)


@dataclass
class _Waiting:
    """What may be taken next: a candidate, or (`span`) further deciding lines of one that was."""

    candidate: Candidate
    score: float
    span: Evidence | None = None
    listed: bool = False


def _diverse(
    graph: CodeGraph, candidates: Iterable[Candidate], weights: dict[str, float], options: SelectionOptions
) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """Results, passages and definitions (see `Found`), none of which overlaps another of its list; each further one of a file counts a
    little less."""
    ranking = options.ranking
    places = regions(graph, candidates, ranking, options.max_lines)
    waiting = [_Waiting(c, c.score, listed=True) for c in sorted(places, key=lambda c: (-c.score, c.path, c.index))]
    results: list[Evidence] = []
    passages: list[Evidence] = []
    definitions: list[Evidence] = []
    taken: dict[str, int] = {}
    while waiting and len(results) < options.top:
        best = max(
            range(len(waiting)),
            key=lambda i: waiting[i].score * ranking.file_repeat ** taken.get(waiting[i].candidate.path, 0),
        )
        chosen = waiting.pop(best)
        candidate = chosen.candidate
        spans = [chosen.span] if chosen.span else _evidence(graph, candidate, weights, options.max_lines)
        spans = _fresh(spans, passages)
        if not spans:
            continue
        taken[candidate.path] = taken.get(candidate.path, 0) + 1
        region = _cut(graph, candidate, weights, *candidate.region) if chosen.listed and candidate.region else None
        if chosen.listed:
            results += _fresh([region or spans[0]], results)
        if region and candidate.whole:
            passages += _fresh([region], passages)
            parts = [_evidence(graph, c, weights, options.max_lines)[:1] for c in candidate.others]
            definitions += _fresh([spans[0], *(part for found in parts for part in found)], definitions)
            continue
        passages.append(spans[0])
        definitions.append(spans[0])
        waiting += [_Waiting(candidate, candidate.score * ranking.further_span, span) for span in spans[1:]]
        waiting += [_Waiting(other, other.score) for other in candidate.others if chosen.listed]
    return results, passages, definitions


def _fresh(spans: Iterable[Evidence], known: Sequence[Evidence]) -> list[Evidence]:
    """What overlaps nothing that is known, nor what comes before it."""
    found: list[Evidence] = []
    for item in spans:
        if not any(item.span.overlaps(other.span) for other in (*known, *found)):
            found.append(item)
    return found


def _evidence(graph: CodeGraph, candidate: Candidate, weights: dict[str, float], max_lines: int) -> list[Evidence]:
    """The deciding lines of a candidate, best first; its head comes last, where it stands apart."""
    facts, document = graph.facts(candidate.path), graph.document(candidate.path)
    if facts is None or document is None or candidate.index >= len(facts.symbols) or not document.lines:
        return []
    spans = deciding_lines(facts, candidate.index, document.lines, weights, max_lines)[::-1]
    return [e for span in spans if (e := _cut(graph, candidate, weights, *span)) is not None]


def _cut(graph: CodeGraph, candidate: Candidate, weights: dict[str, float], start: int, end: int) -> Evidence | None:
    facts, document = graph.facts(candidate.path), graph.document(candidate.path)
    if facts is None or document is None:
        return None
    symbol = facts.symbols[candidate.index]
    end = min(end, len(document.lines))
    text = slice_lines(document.lines, start, end)
    said = [*candidate.why, *(reason for other in candidate.others for reason in other.why)]
    why = dict.fromkeys([*said, *_reasons(symbol.name, candidate.path, text, weights)])
    name = symbol.qualname if symbol.kind != "module" else facts.module
    span = Span(graph.name, candidate.path, start, end)
    sha = hash_lines(document.lines, start, end)
    return Evidence(span, text, sha, name, symbol.kind, round(candidate.score, 4), tuple(why))


def _reasons(name: str, path: str, text: str, weights: dict[str, float]) -> list[str]:
    """Which of the question's terms stand where, the most telling first; and which of them only by a word that means much the same."""
    reasons = []
    alike = synonyms()
    missing = {term: weight for term, weight in weights.items() if weight > 0}
    everything: set[str] = set()
    for label, where in (("name", name), ("path", path), ("text", text)):
        present = set(terms.terms_of(where))
        everything |= present
        hit = sorted((t for t in weights if t in present and weights[t] > 0), key=lambda t: -weights[t])
        if hit:
            reasons.append(f"{label}: {' '.join(hit[:_REASONS])}")
        for term in hit:
            missing.pop(term, None)
    near = [f"{t} by {other}" for t in missing if (other := next((o for o in alike.get(t, ()) if o in everything), ""))]
    return [*reasons, f"like: {', '.join(near[:_REASONS])}"] if near else reasons


def _coverage(evidence: list[Evidence], weights: dict[str, float]) -> float:
    """The largest share of the question's information that one span, with its path and name, holds."""
    mass = sum(weights.values())
    if not mass:
        return 0.0
    best = 0.0
    for item in evidence:
        present = set(terms.terms_of(f"{item.symbol} {item.span.path}\n{item.text}"))
        best = max(best, sum(w for t, w in weights.items() if t in present) / mass)
    return best
