"""From a question to ranked spans: rank the documents, add what the graph knows, cut to lines, and select a diverse list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from ..code_graph import CodeGraph, is_test_path
from ..types import Evidence, SymbolRef
from .assigned import lift_assigned
from .candidates import Candidate, Candidates, lexical_candidates, lift_definitions
from .cutting import Cutter
from .exported import best_offered, guides_beside, lift_offered
from .extending import WHY_BASE_CLASS, WHY_NAMED_SO, WHY_REGISTERS, lift_bases
from .guides import WHY_GUIDE, asks_for_checks, asks_how_to, guide_lines, guides_for
from .linked import lift_called, lift_module, lift_zoom, module_files, spread_scores
from .options import SelectionOptions
from .phrases import is_phrase, prefer_named
from .project_overview import lift_overview
from .question import Question, analyse, asks_for_own
from .ranking import rank
from .regions import joined_candidates
from .search_index import SearchIndex
from .traces import lift_trace, read_trace

# Questions about how things fit together have several answers, which are linked to each other. So most often has one for where something
# is done: one function begins it and another ends it.
_KINDS_ABOUT_SEVERAL = frozenset({"how", "why", "what", "where", "callers"})
_CANDIDATES_PER_RESULT = 6
_MANY_CANDIDATES = 400
_WHY_EXTENDED = frozenset({WHY_BASE_CLASS, WHY_NAMED_SO, WHY_REGISTERS})


@dataclass(frozen=True, slots=True)
class Found:
    """The evidence for a question, as three lists, each with the best first.

    `evidence`: results for a person to go through; adjacent matches are joined into one. `passages`: for a reader with few tokens, by
    deciding lines: further ones of a long definition come later. `definitions`: single definitions, for answers that are composed from
    facts. `supported`: whether the best evidence holds enough of the question for an answer; `coverage`: the share that it holds.
    """

    question: Question
    evidence: tuple[Evidence, ...]
    passages: tuple[Evidence, ...]
    definitions: tuple[Evidence, ...]
    supported: bool
    coverage: float
    weights: dict[str, float]  # term of the question to its weight times idf
    alternatives: dict[str, tuple[str, ...]]  # term or phrase of the question to the terms that code may use instead
    zoom: SymbolRef | None = None
    line: tuple[str, int] | None = None  # path and line that the user points at, if any
    guides: tuple[
        Evidence, ...
    ] = ()  # documentation that tells how something is done, or why, where the question asks that


def search(
    graph: CodeGraph, question: str, options: SelectionOptions | None = None, zoom: SymbolRef | None = None
) -> Found:
    """The spans of the workspace that answer a question, best first."""
    with graph.store.snapshot():
        return _search(graph, question, options or SelectionOptions(), zoom)


def _search(graph: CodeGraph, question: str, options: SelectionOptions, zoom: SymbolRef | None) -> Found:
    index = SearchIndex(graph)
    query = analyse(question, index.own_names, options.ranking)
    if options.kind:
        query = replace(query, kind=options.kind)
    ranked = rank(index, query, options.ranking)
    path_filter = _path_filter(options)
    candidates = lexical_candidates(index, ranked, options.top * _CANDIDATES_PER_RESULT, path_filter)
    if is_phrase(query):
        prefer_named(graph, query, options.ranking, candidates)
    if query.kind in _KINDS_ABOUT_SEVERAL:
        spread_scores(graph, candidates, options.ranking)
    has_exact_match = lift_definitions(graph, query, options.ranking, candidates)
    lift_assigned(graph, index, query, ranked, options.ranking, candidates)
    more = partial(lexical_candidates, index, ranked, _MANY_CANDIDATES, path_filter)
    lift_bases(graph, query, options.ranking.base_boost, candidates, more)
    lift_called(graph, query, options.ranking.called_boost, candidates)
    has_exact_match = (
        lift_trace(graph, index, read_trace(query.text), candidates, options.ranking.trace_boost) or has_exact_match
    )
    if zoom is not None and zoom.symbol.kind == "module":
        pattern = module_files(zoom)
        module_candidates = lexical_candidates(
            index, ranked, options.top * _CANDIDATES_PER_RESULT, lambda path: fnmatchcase(path, pattern)
        )
        lift_module(graph, zoom, module_candidates, candidates)
    if zoom is not None:
        with graph.within(options.zoom_seconds):
            lift_zoom(graph, zoom, options.zoom_radius, candidates)
    elif query.kind == "overview":
        has_exact_match = lift_overview(graph, index, query.text, candidates) or has_exact_match
    is_in_code = any(not _WHY_EXTENDED.isdisjoint(c.why) for c in candidates.values())
    guides = guides_for(graph, index, query, ranked, options.ranking, is_in_code) if zoom is None else []
    is_use = asks_how_to(query.text) and not (is_in_code or query.is_report or asks_for_own(query.text))
    if zoom is None and is_use and not asks_for_checks(query.text):
        offered = best_offered(graph, index, query, ranked, options.ranking, more)
        beside = guides_beside(graph, offered, guides) if offered is not None else None
        if offered is not None and (beside is not None or not guides):
            guides = beside or []
            lift_offered(graph, offered, candidates)
    if guides and query.kind != "why":
        _lift_guides(guides, candidates)
        has_exact_match = True
    if path_filter is not None:
        # Lifted candidates may be in other files.
        candidates = {key: c for key, c in candidates.items() if path_filter(c.path)}
        guides = [c for c in guides if path_filter(c.path)]
    weights = {term: query.terms[term] * idf for term, idf in ranked.idf.items()}
    places = joined_candidates(graph, candidates.values(), options.ranking)
    cutter = Cutter(graph, weights, options.max_lines, query.phrases)
    evidence, passages, definitions = _select_diverse(places, cutter, options)
    coverage = _coverage([*passages, *definitions], cutter, weights)
    required_coverage = options.min_coverage + options.short_margin / max(1, len(weights))
    supported = bool(evidence) and (zoom is not None or has_exact_match or coverage >= required_coverage)
    return Found(
        query,
        tuple(evidence),
        tuple(passages),
        tuple(definitions),
        supported,
        coverage,
        weights,
        cutter.alternatives,
        zoom,
        guides=tuple(
            e for c in guides if (e := cutter.evidence_at(c, *guide_lines(graph, c, query, ranked))) is not None
        ),
    )


def _lift_guides(guides: Sequence[Candidate], candidates: Candidates) -> None:
    """Put the guides before everything else."""
    best = max((c.score for c in candidates.values()), default=0.0)
    for guide in guides:
        candidate = candidates.setdefault((guide.path, guide.index), Candidate(guide.path, guide.index, 0.0))
        candidate.score = best + guide.score
        candidate.lifted = True
        candidate.why.append(WHY_GUIDE)


def _path_filter(options: SelectionOptions) -> Callable[[str], bool] | None:
    """A predicate on paths by `path_glob` and `kind` ("tests": test files only); None for all files."""
    glob, only_tests = options.path_glob, options.kind == "tests"
    if not (glob or only_tests):
        return None
    return lambda path: (not glob or fnmatchcase(path, glob)) and (not only_tests or is_test_path(path))


@dataclass
class _QueueItem:
    """What may be selected next: a candidate, or (`span`) further deciding lines of a selected one, or (`takes_rest`) its remaining lines.
    `is_place`: a candidate of its own, and not a member of a region."""

    candidate: Candidate
    score: float
    span: Evidence | None = None
    is_place: bool = False
    takes_rest: bool = False


def _select_diverse(
    places: Iterable[Candidate], cutter: Cutter, options: SelectionOptions
) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """(results, passages, definitions), see `Found`; no two of a list overlap. Each further candidate of a file counts a little less."""
    ranking = options.ranking
    queue = [_QueueItem(c, c.score, is_place=True) for c in sorted(places, key=lambda c: (-c.score, c.path, c.index))]
    results: list[Evidence] = []
    passages: list[Evidence] = []
    definitions: list[Evidence] = []
    picked_by_path: dict[str, int] = {}
    factor_of: dict[str, float] = {}
    while queue and len(results) < options.top:
        best_index = max(
            range(len(queue)),
            key=lambda i: queue[i].score * factor_of.get(queue[i].candidate.path, 1.0),
        )
        item = queue.pop(best_index)
        candidate = item.candidate
        if item.takes_rest:
            passages += _without_overlaps(cutter.remaining_evidence(candidate, passages), passages)
            continue
        spans = [item.span] if item.span else cutter.deciding_evidence(candidate)
        spans = _without_overlaps(spans, passages)
        if not spans:
            continue
        picked_by_path[candidate.path] = picked_by_path.get(candidate.path, 0) + 1
        factor_of[candidate.path] = ranking.file_repeat ** picked_by_path[candidate.path]
        region = cutter.evidence_at(candidate, *candidate.region) if item.is_place and candidate.region else None
        if item.is_place:
            results += _without_overlaps(
                [_best_unlisted_member(candidate, cutter, results) or region or spans[0]], results
            )
        if region and candidate.as_whole:
            passages += _without_overlaps([region], passages)
            parts = [cutter.deciding_evidence(c)[:1] for c in candidate.merged]
            definitions += _without_overlaps([spans[0], *(part for found in parts for part in found)], definitions)
            continue
        passages.append(spans[0])
        definitions.append(spans[0])
        further = candidate.score * ranking.further_span
        queue += [_QueueItem(candidate, further, span) for span in spans[1:]]
        if not item.span:
            queue.append(_QueueItem(candidate, further, takes_rest=True))
        queue += [_QueueItem(other, other.score) for other in candidate.merged if item.is_place]
    return results, passages, definitions


def _best_unlisted_member(candidate: Candidate, cutter: Cutter, results: Sequence[Evidence]) -> Evidence | None:
    """The evidence of a class's best member that is not in the results yet, to be shown instead of the class: the answer is in its members,
    and its own lines say little. None for a class that was lifted, which is itself the answer."""
    if candidate.lifted:
        return None
    members = (cutter.best_evidence(member) for member in candidate.members)
    return next(
        (evidence for evidence in members if evidence is not None and _without_overlaps([evidence], results)), None
    )


def _without_overlaps(evidence: Iterable[Evidence], earlier: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that overlaps neither an earlier one nor what comes before it in the list."""
    kept: list[Evidence] = []
    for item in evidence:
        if not any(item.span.overlaps(other.span) for other in (*earlier, *kept)):
            kept.append(item)
    return kept


def _coverage(evidence: list[Evidence], cutter: Cutter, weights: dict[str, float]) -> float:
    """The largest share of the question's information in one evidence, with its path and symbol's name; from 0 to 1."""
    mass = sum(weights.values())
    if not mass:
        return 0.0
    best = 0.0
    for item in {id(item): item for item in evidence}.values():  # most of the definitions are passages, too
        parts = [cutter.terms_in(part) for part in (item.symbol, item.span.path, item.text)]
        present = sum(w for t, w in weights.items() if any(t in part for part in parts))
        best = max(best, present / mass)
    return best
