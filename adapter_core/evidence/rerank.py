"""A second look at ranked modules and files: what their best definitions say, and how they hang together.

The first ranking sees each document by itself. Here a file is also asked whether a signature or docstring of it holds what the question
is about, whether tests say so of it, whether its best definition is public, and whether that calls, or is called by, those of the other
candidates. Each has its weight in `RerankOptions`; what needs links to be worked out is off unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..code_graph import CodeGraph
from ..graph import terms
from ..types import ModuleFacts, SymbolRef
from .modules import RankedFile, Ranking, modules_of
from .options import RerankOptions
from .question import Question, analyse
from .ranking import Ranked, rank
from .search_index import SearchIndex

# From a question to further ones that may say the same in the words of the code (a model's, a synonym table's).
SelfQueries = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file with its facts and, by the first ranking, its best definition (None: it has none that matches)."""

    file: RankedFile
    facts: ModuleFacts | None
    best: SymbolRef | None


def rerank_modules_and_files(
    graph: CodeGraph,
    question: str,
    modules: Sequence[RankedFile],
    files: Sequence[RankedFile],
    options: RerankOptions | None = None,
    self_queries: SelfQueries | None = None,
) -> Ranking:
    """The same modules and files in a better order, with their new scores; what a feature added stands in `why`.

    Only the first `options.depth` are looked at; the others follow, in their order. `self_queries` may propose further questions: what
    ranks well for these, too, gains. A module or file that is in both lists is judged once.
    """
    options = options or RerankOptions()
    given = {f.path: f for f in (*modules, *files)}
    if not given:
        return [], []
    with graph.store.snapshot():
        index = SearchIndex(graph)
        asked = analyse(question, index.own_names)
        ranked = rank(index, asked)
    weights = {term: weight * ranked.idf.get(term, 0.0) for term, weight in asked.terms.items()}
    best = _best_symbols(graph, index, ranked, set(given))
    top = sorted(given.values(), key=lambda f: (-f.score, f.path))[: options.depth]
    candidates = [_Candidate(f, graph.facts(f.path), best.get(f.path)) for f in top]
    gains: dict[str, dict[str, float]] = {f.path: {} for f in top}
    for candidate in candidates:
        gains[candidate.file.path] = _own_features(graph, candidate, weights, options)
    if options.neighbours:
        _add_neighbours(graph, candidates, options, gains)
    if self_queries is not None and options.self_query:
        _add_self_queries(index, [analyse(q, index.own_names) for q in self_queries(question)], options, gains)
    judged = {f.path: _judged(f, gains[f.path]) for f in top}

    def ordered(ranking: Sequence[RankedFile]) -> list[RankedFile]:
        first = [judged[f.path] for f in ranking if f.path in judged]
        return sorted(first, key=lambda f: (-f.score, f.path)) + [f for f in ranking if f.path not in judged]

    return modules_of(ordered(modules)), ordered(files)


def _best_symbols(graph: CodeGraph, index: SearchIndex, ranked: Ranked, paths: set[str]) -> dict[str, SymbolRef]:
    """Of each file the definition that ranks best."""
    found: dict[str, SymbolRef] = {}
    for document in np.argsort(-ranked.scores, kind="stable"):
        if ranked.scores[document] <= 0 or len(found) == len(paths):
            break
        path, symbol = index.paths[index.file_of[document]], int(index.symbol_of[document])
        if path in paths and path not in found and symbol:
            facts = graph.facts(path)
            if facts is not None and symbol < len(facts.symbols):
                found[path] = graph.ref(facts, symbol)
    return found


def _own_features(
    graph: CodeGraph, candidate: _Candidate, weights: Mapping[str, float], options: RerankOptions
) -> dict[str, float]:
    """What a file's own text and tests add."""
    facts, best = candidate.facts, candidate.best
    if facts is None:
        return {}
    symbols = facts.symbols
    found = {
        "signature": options.signature * max(_share(f"{s.qualname} {s.signature}", weights) for s in symbols),
        "docstring": options.docstring * max(_share(s.docstring, weights) for s in symbols),
    }
    if best is not None and best.symbol.visibility == "private":
        found["private"] = -options.visibility
    if best is not None and options.tests and (best.symbol.is_callable or best.symbol.kind == "class"):
        names = [link.node_id for link in graph.tests_for_symbol(best, 1).items[: options.max_links]]
        found["tests"] = options.tests * max((_share(name, weights) for name in names), default=0.0)
    return found


def _add_neighbours(
    graph: CodeGraph, candidates: Sequence[_Candidate], options: RerankOptions, gains: Mapping[str, dict[str, float]]
) -> None:
    """A file gains from the best other candidate whose best definition calls its own, or is called by it."""
    scores = {c.file.path: c.file.score for c in candidates}
    highest = max(scores.values())
    linked: dict[str, set[str]] = {path: set() for path in scores}
    for candidate in candidates:
        if candidate.best is not None and candidate.best.symbol.kind != "section":
            for ref in graph.callees_of(candidate.best):
                if ref.path in scores and ref.path != candidate.file.path:
                    linked[candidate.file.path].add(ref.path)
                    linked[ref.path].add(candidate.file.path)
    for path, others in linked.items():
        if others and highest > 0:
            gains[path]["neighbours"] = options.neighbours * max(scores[o] for o in others) / highest


def _add_self_queries(
    index: SearchIndex, questions: Sequence[Question], options: RerankOptions, gains: Mapping[str, dict[str, float]]
) -> None:
    """A file gains by its mean rank for the further questions: the share of the best file's score that it has."""
    for asked in questions:
        best = np.zeros(len(index.paths))
        np.maximum.at(best, np.maximum(index.file_of, 0), rank(index, asked).scores)
        top = float(best.max()) if len(best) else 0.0
        for path, share in zip(index.paths, best, strict=True):
            if path in gains and top > 0 and share > 0:
                gain = options.self_query * float(share) / top / len(questions)
                gains[path]["self-queries"] = gains[path].get("self-queries", 0.0) + gain


def _judged(file: RankedFile, gains: Mapping[str, float]) -> RankedFile:
    told = tuple(f"{name} {gain:+.2f}" for name, gain in gains.items() if abs(gain) >= 0.005)
    return replace(file, score=round(file.score + sum(gains.values()), 4), why=(*file.why, *told))


def _share(text: str, weights: Mapping[str, float]) -> float:
    """The share of the question's information that a text holds."""
    mass = sum(weights.values())
    present = terms.distinct(text) if mass else set()
    return sum(weight for term, weight in weights.items() if term in present) / mass if present else 0.0
