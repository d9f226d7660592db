"""Reranks modules and files by their best definitions and by the links between these.

The first ranking scores each document by itself. Here a file's score also depends on whether one of its signatures or docstrings or the
names of its tests match the question, whether its best definition is public, and whether that calls, or is called by, the best
definitions of other candidates. Each feature has its weight in `RerankOptions`; those that need links are off by default.
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

# From a question to paraphrases in words that the code may use (by a model or a synonym table).
SelfQueries = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file with its facts and its best definition by the first ranking (None: none matches)."""

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
    """The same modules and files in a better order, with new scores; the gain by each feature is in `why`.

    Only the first `options.depth` are rescored; the others follow in their order. `self_queries` may propose further questions: files that
    rank well for these gain. A file that is in both lists is rescored once.
    """
    options = options or RerankOptions()
    files_by_path = {f.path: f for f in (*modules, *files)}
    if not files_by_path:
        return [], []
    with graph.store.snapshot():
        index = SearchIndex(graph)
        query = analyse(question, index.own_names)
        ranked = rank(index, query)
    weights = {term: weight * ranked.idf.get(term, 0.0) for term, weight in query.terms.items()}
    best_symbols = _best_symbols(graph, index, ranked, set(files_by_path))
    top_files = sorted(files_by_path.values(), key=lambda f: (-f.score, f.path))[: options.depth]
    candidates = [_Candidate(f, graph.facts(f.path), best_symbols.get(f.path)) for f in top_files]
    gains: dict[str, dict[str, float]] = {f.path: {} for f in top_files}
    for candidate in candidates:
        gains[candidate.file.path] = _file_gains(graph, candidate, weights, options)
    if options.neighbours:
        _add_neighbour_gains(graph, candidates, options, gains)
    if self_queries is not None and options.self_query:
        _add_self_query_gains(index, [analyse(q, index.own_names) for q in self_queries(question)], options, gains)
    rescored = {f.path: _rescored(f, gains[f.path]) for f in top_files}

    def ordered(ranking: Sequence[RankedFile]) -> list[RankedFile]:
        first = [rescored[f.path] for f in ranking if f.path in rescored]
        return sorted(first, key=lambda f: (-f.score, f.path)) + [f for f in ranking if f.path not in rescored]

    return modules_of(ordered(modules)), ordered(files)


def _best_symbols(graph: CodeGraph, index: SearchIndex, ranked: Ranked, paths: set[str]) -> dict[str, SymbolRef]:
    """The definition that ranks best in each file."""
    best_symbols: dict[str, SymbolRef] = {}
    for document in np.argsort(-ranked.scores, kind="stable"):
        if ranked.scores[document] <= 0 or len(best_symbols) == len(paths):
            break
        path, symbol = index.paths[index.file_of[document]], int(index.symbol_of[document])
        if path in paths and path not in best_symbols and symbol:
            facts = graph.facts(path)
            if facts is not None and symbol < len(facts.symbols):
                best_symbols[path] = graph.ref(facts, symbol)
    return best_symbols


def _file_gains(
    graph: CodeGraph, candidate: _Candidate, weights: Mapping[str, float], options: RerankOptions
) -> dict[str, float]:
    """The gains of a file by its own text and tests, by feature."""
    facts, best = candidate.facts, candidate.best
    if facts is None:
        return {}
    symbols = facts.symbols
    gains = {
        "signature": options.signature
        * max(_information_share(f"{s.qualname} {s.signature}", weights) for s in symbols),
        "docstring": options.docstring * max(_information_share(s.docstring, weights) for s in symbols),
    }
    if best is not None and best.symbol.visibility == "private":
        gains["private"] = -options.visibility
    if best is not None and options.tests and (best.symbol.is_callable or best.symbol.kind == "class"):
        names = [link.node_id for link in graph.tests_for_symbol(best, 1).items[: options.max_links]]
        gains["tests"] = options.tests * max((_information_share(name, weights) for name in names), default=0.0)
    return gains


def _add_neighbour_gains(
    graph: CodeGraph, candidates: Sequence[_Candidate], options: RerankOptions, gains: Mapping[str, dict[str, float]]
) -> None:
    """Add to a file's gains by the best other candidate whose best definition calls its own, or is called by it."""
    scores = {c.file.path: c.file.score for c in candidates}
    highest = max(scores.values())
    linked_paths: dict[str, set[str]] = {path: set() for path in scores}
    for candidate in candidates:
        if candidate.best is not None and candidate.best.symbol.kind != "section":
            for ref in graph.callees_of(candidate.best):
                if ref.path in scores and ref.path != candidate.file.path:
                    linked_paths[candidate.file.path].add(ref.path)
                    linked_paths[ref.path].add(candidate.file.path)
    for path, others in linked_paths.items():
        if others and highest > 0:
            gains[path]["neighbours"] = options.neighbours * max(scores[o] for o in others) / highest


def _add_self_query_gains(
    index: SearchIndex, questions: Sequence[Question], options: RerankOptions, gains: Mapping[str, dict[str, float]]
) -> None:
    """Add to a file's gains by its mean score for the further questions, as a share of the best file's."""
    for query in questions:
        best_scores = np.zeros(len(index.paths))
        np.maximum.at(best_scores, np.maximum(index.file_of, 0), rank(index, query).scores)
        top = float(best_scores.max()) if len(best_scores) else 0.0
        for path, share in zip(index.paths, best_scores, strict=True):
            if path in gains and top > 0 and share > 0:
                gain = options.self_query * float(share) / top / len(questions)
                gains[path]["self-queries"] = gains[path].get("self-queries", 0.0) + gain


def _rescored(file: RankedFile, gains: Mapping[str, float]) -> RankedFile:
    reasons = tuple(f"{name} {gain:+.2f}" for name, gain in gains.items() if abs(gain) >= 0.005)
    return replace(file, score=round(file.score + sum(gains.values()), 4), why=(*file.why, *reasons))


def _information_share(text: str, weights: Mapping[str, float]) -> float:
    """The share of the question's information in a text, from 0 to 1."""
    total = sum(weights.values())
    present = terms.distinct(text) if total else set()
    return sum(weight for term, weight in weights.items() if term in present) / total if present else 0.0
