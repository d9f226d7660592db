"""From a question to ranked spans: rank the documents, join exact definitions and the zoom symbol's neighbours, cut to lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from ..code_graph import CodeGraph, index_of, is_test_path
from ..graph import terms
from ..graph.linking.modules import absolute
from ..graph.source import hash_lines, slice_lines
from ..types import Evidence, Span, SymbolRef
from .options import SelectionOptions
from .question import Question, analyse
from .ranking import Ranked, rank
from .search_index import SearchIndex
from .spans import deciding_lines

_MAX_NEIGHBOURS = 40
_ASSIGNED = frozenset({"variable", "constant", "type_alias", "field", "enum_member"})


@dataclass(frozen=True, slots=True)
class Found:
    """`evidence`, best first. `supported`: whether the best of it holds enough of the question to answer from."""

    question: Question
    evidence: tuple[Evidence, ...]
    supported: bool
    coverage: float
    weights: dict[str, float]  # term of the question to its weight times idf
    zoom: SymbolRef | None = None


@dataclass
class _Candidate:
    path: str
    index: int
    score: float
    why: list[str]


def search(
    graph: CodeGraph, question: str, options: SelectionOptions | None = None, zoom: SymbolRef | None = None
) -> Found:
    """The spans of the workspace that answer a question, best first."""
    with graph.store.snapshot():
        return _search(graph, question, options or SelectionOptions(), zoom)


def _search(graph: CodeGraph, question: str, options: SelectionOptions, zoom: SymbolRef | None) -> Found:
    asked = analyse(question)
    index = SearchIndex(graph)
    ranked = rank(index, asked, options.ranking)
    candidates = _lexical(graph, index, ranked, asked, options.top * 6, options.path_glob)
    defined = _definitions(graph, asked, options.ranking.definition_boost, candidates)
    if zoom is not None:
        _zoom(graph, zoom, options.zoom_radius, candidates)
    elif asked.kind == "overview":
        defined = _overview(graph, index, candidates) or defined
    ordered = sorted(candidates.values(), key=lambda c: (-c.score, c.path, c.index))
    weights = {term: asked.terms[term] * ranked.idf.get(term, 0.0) for term in asked.terms}
    evidence = _diverse(graph, ordered, weights, options)
    coverage = _coverage(evidence, weights)
    needed = options.min_coverage + options.short_margin / max(1, len(weights))
    supported = bool(evidence) and (zoom is not None or defined or coverage >= needed)
    return Found(asked, tuple(evidence), supported, coverage, weights, zoom)


def _lexical(
    graph: CodeGraph, index: SearchIndex, ranked: Ranked, question: Question, limit: int, glob: str | None
) -> dict[tuple[str, int], _Candidate]:
    scores = ranked.scores
    if glob:
        allowed = np.array([fnmatchcase(path, glob) for path in index.paths], dtype=bool)
        scores = np.where(allowed[np.maximum(index.file_of, 0)], scores, 0.0)
    count = min(limit, int((scores > 0).sum()))
    if not count:
        return {}
    top = np.argpartition(-scores, count - 1)[:count]
    top = top[np.argsort(-scores[top], kind="stable")]
    best = float(scores[top[0]])
    found: dict[tuple[str, int], _Candidate] = {}
    for document in top:
        path, symbol = index.paths[index.file_of[document]], int(index.symbol_of[document])
        found[(path, symbol)] = _Candidate(path, symbol, float(scores[document]) / best, [])
    return found


def _definitions(
    graph: CodeGraph, question: Question, boost: float, candidates: dict[tuple[str, int], _Candidate]
) -> bool:
    """Lift the definitions of names that the question writes as code. Returns whether there are any."""
    found = False
    for name in question.identifiers:
        refs = graph.find_symbol(name)
        if not refs or len(refs) > 12:
            continue
        found = True
        for position, ref in enumerate(refs[:4]):
            _lift(graph, ref, boost / (1 + 0.5 * position), f"defines {name}", candidates)
    return found


def _overview(graph: CodeGraph, index: SearchIndex, candidates: dict[tuple[str, int], _Candidate]) -> bool:
    """What a project says of itself: the head of its README, and the docstrings of its outermost packages."""
    readmes = [p for p in index.paths if "/" not in p and p.lower().startswith("readme")]
    packages = [p for p in index.paths if p.endswith("/__init__.py") and p.removeprefix("src/").count("/") == 1]
    for place, path in enumerate([*readmes[:1], *(p for p in packages if not is_test_path(p))][:4]):
        facts = graph.facts(path)
        if facts is not None:
            first = 1 if path in readmes and len(facts.symbols) > 1 else 0
            _lift(graph, graph.ref(facts, first), 1.0 / (1 + place), "about the project", candidates)
    return bool(candidates)


def _zoom(graph: CodeGraph, zoom: SymbolRef, radius: int, candidates: dict[tuple[str, int], _Candidate]) -> None:
    """The symbol itself, then its neighbours in the call and import graph, falling with the distance."""
    _lift(graph, zoom, 3.0, "zoom symbol", candidates)
    around = [zoom]
    for distance in range(1, radius + 1):
        following = [pair for ref in around for pair in _neighbours(graph, ref)][:_MAX_NEIGHBOURS]
        for ref, why in following:
            _lift(graph, ref, 0.8 / distance, why, candidates)
        around = [ref for ref, _ in following[:12]]


def _neighbours(graph: CodeGraph, ref: SymbolRef) -> list[tuple[SymbolRef, str]]:
    """What a symbol calls and what calls it; for a class its bases, for a module what it imports and what imports it."""
    name = ref.symbol.name
    found = [(r, f"called by {name}") for r in graph.callees_of(ref)]
    sites = [s for s in graph.who_calls(ref, implicit=False).items if s.resolved and s.caller is not None][:20]
    found.extend((s.caller, f"calls {name}") for s in sites if s.caller)
    facts = graph.facts(ref.path)
    if ref.symbol.kind == "class" and facts is not None:
        found.extend((base, f"base of {name}") for base in graph.bases_of(ref))
    elif ref.symbol.kind == "module" and facts is not None:
        modules = {absolute(facts, item) for item in facts.imports if item.owner == 0}
        found.extend(
            (graph.ref(f, 0), f"imported by {name}") for m in sorted(modules) for f in graph.facts_of_module(m)
        )
        importers = [f for path in graph.importers_of(ref.module) if (f := graph.facts(path)) is not None]
        found.extend((graph.ref(f, 0), f"imports {name}") for f in importers)
    return found


def _lift(
    graph: CodeGraph, ref: SymbolRef, boost: float, why: str, candidates: dict[tuple[str, int], _Candidate]
) -> None:
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts else None
    if facts is None or index is None:
        return
    key = (ref.path, index)
    if key not in candidates:
        # An assignment is no document of its own; it starts from the score of the one that it stands in.
        around = candidates.get((ref.path, max(facts.symbols[index].parent, 0)))
        start = around.score if around is not None and ref.symbol.kind in _ASSIGNED else 0.0
        candidates[key] = _Candidate(ref.path, index, start, [])
    candidate = candidates[key]
    candidate.score += boost
    candidate.why.append(why)


def _diverse(
    graph: CodeGraph, ordered: Iterable[_Candidate], weights: dict[str, float], options: SelectionOptions
) -> list[Evidence]:
    """The best spans without overlap; each further span of one file counts a little less."""
    pool = list(ordered)
    chosen: list[Evidence] = []
    taken: dict[str, int] = {}
    while pool and len(chosen) < options.top:
        best = max(
            range(len(pool)), key=lambda i: pool[i].score * options.ranking.file_repeat ** taken.get(pool[i].path, 0)
        )
        candidate = pool.pop(best)
        spans = _evidence(graph, candidate, weights, options.max_lines)
        fresh = [e for e in spans if not any(e.span.overlaps(c.span) for c in chosen)]
        if fresh:
            taken[candidate.path] = taken.get(candidate.path, 0) + 1
        chosen.extend(fresh)
    return chosen[: options.top]


def _evidence(graph: CodeGraph, candidate: _Candidate, weights: dict[str, float], max_lines: int) -> list[Evidence]:
    facts, document = graph.facts(candidate.path), graph.document(candidate.path)
    if facts is None or document is None or candidate.index >= len(facts.symbols) or not document.lines:
        return []
    symbol = facts.symbols[candidate.index]
    found = []
    for start, end in deciding_lines(facts, candidate.index, document.lines, weights, max_lines):
        end = min(end, len(document.lines))
        text = slice_lines(document.lines, start, end)
        why = [*candidate.why, *_reasons(symbol.name, candidate.path, text, weights)]
        name = symbol.qualname if symbol.kind != "module" else facts.module
        span = Span(graph.name, candidate.path, start, end)
        sha = hash_lines(document.lines, start, end)
        found.append(Evidence(span, text, sha, name, symbol.kind, round(candidate.score, 4), tuple(why)))
    return found


def _reasons(name: str, path: str, text: str, weights: dict[str, float]) -> list[str]:
    reasons = []
    for label, where in (("name", name), ("path", path), ("text", text)):
        present = set(terms.terms_of(where))
        hit = sorted((t for t in weights if t in present and weights[t] > 0), key=lambda t: -weights[t])[:6]
        if hit:
            reasons.append(f"{label}: {' '.join(hit)}")
    return reasons


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
