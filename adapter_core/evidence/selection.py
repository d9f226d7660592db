"""From a question to ranked spans: rank the documents, join what the graph knows, cut to lines, and keep them diverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..types import Evidence, SymbolRef
from .assigned import lift_assigned
from .candidates import Candidate, lexical, lift_definitions, lift_overview
from .cutting import Cutter
from .linked import lift_bases, lift_called, lift_module, lift_zoom, module_files, spread
from .options import SelectionOptions
from .phrases import is_phrase, prefer_named
from .question import Question, analyse
from .ranking import rank
from .regions import regions
from .search_index import SearchIndex
from .traces import lift_trace, read_trace

# Questions about how things fit together; one of these is about several places, and they know each other. So is most often one where
# something is done, which one function begins and another ends.
_ABOUT_SEVERAL = frozenset({"how", "why", "what", "where", "callers"})
_POOL = 6  # candidates for each result


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
    instead: dict[str, tuple[str, ...]]  # term or phrase of the question to what code may have in its place
    zoom: SymbolRef | None = None
    line: tuple[str, int] | None = None  # path and line that the user points at, if he does


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
    wanted = _wanted(options)
    candidates = lexical(index, ranked, options.top * _POOL, wanted)
    if is_phrase(asked):
        prefer_named(graph, asked, options.ranking, candidates)
    if asked.kind in _ABOUT_SEVERAL:
        spread(graph, candidates, options.ranking)
    defined = lift_definitions(graph, asked, options.ranking, candidates)
    lift_assigned(graph, index, asked, ranked, options.ranking, candidates)
    lift_bases(graph, asked, options.ranking.base_boost, candidates)
    lift_called(graph, asked, options.ranking.called_boost, candidates)
    defined = lift_trace(graph, index, read_trace(asked.text), candidates, options.ranking.trace_boost) or defined
    if zoom is not None and zoom.symbol.kind == "module":
        pattern = module_files(zoom)
        within = lexical(index, ranked, options.top * _POOL, lambda path: fnmatchcase(path, pattern))
        lift_module(graph, zoom, within, candidates)
    if zoom is not None:
        with graph.within(options.zoom_seconds):
            lift_zoom(graph, zoom, options.zoom_radius, candidates)
    elif asked.kind == "overview":
        defined = lift_overview(graph, index, candidates) or defined
    if wanted is not None:
        # What was lifted need not be of the files that are asked for.
        candidates = {key: c for key, c in candidates.items() if wanted(c.path)}
    weights = {term: asked.terms[term] * idf for term, idf in ranked.idf.items()}
    places = regions(graph, candidates.values(), options.ranking)
    cutter = Cutter(graph, weights, options.max_lines, asked.said)
    evidence, passages, definitions = _diverse(places, cutter, options)
    coverage = _coverage([*passages, *definitions], weights)
    needed = options.min_coverage + options.short_margin / max(1, len(weights))
    supported = bool(evidence) and (zoom is not None or defined or coverage >= needed)
    return Found(
        asked,
        tuple(evidence),
        tuple(passages),
        tuple(definitions),
        supported,
        coverage,
        weights,
        cutter.instead,
        zoom,
    )


def _wanted(options: SelectionOptions) -> Callable[[str], bool] | None:
    """Which files are asked for; None: all. Who says that tests are wanted wants nothing else."""
    glob, only_tests = options.path_glob, options.kind == "tests"
    if not (glob or only_tests):
        return None
    return lambda path: (not glob or fnmatchcase(path, glob)) and (not only_tests or is_test_path(path))


@dataclass
class _Waiting:
    """What may be taken next: a candidate, or (`span`) further deciding lines of one that was, or (`left`) all that these leave of it."""

    candidate: Candidate
    score: float
    span: Evidence | None = None
    listed: bool = False
    left: bool = False


def _diverse(
    places: Iterable[Candidate], cutter: Cutter, options: SelectionOptions
) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """Results, passages and definitions (see `Found`), none of which overlaps another of its list; each further one of a file counts a
    little less."""
    ranking = options.ranking
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
        if chosen.left:
            passages += _fresh(cutter.left(candidate, passages), passages)
            continue
        spans = [chosen.span] if chosen.span else cutter.deciding(candidate)
        spans = _fresh(spans, passages)
        if not spans:
            continue
        taken[candidate.path] = taken.get(candidate.path, 0) + 1
        region = cutter.cut(candidate, *candidate.region) if chosen.listed and candidate.region else None
        if chosen.listed:
            results += _fresh([_in_its_place(candidate, cutter, results) or region or spans[0]], results)
        if region and candidate.whole:
            passages += _fresh([region], passages)
            parts = [cutter.deciding(c)[:1] for c in candidate.others]
            definitions += _fresh([spans[0], *(part for found in parts for part in found)], definitions)
            continue
        passages.append(spans[0])
        definitions.append(spans[0])
        further = candidate.score * ranking.further_span
        waiting += [_Waiting(candidate, further, span) for span in spans[1:]]
        if not chosen.span:
            waiting.append(_Waiting(candidate, further, left=True))
        waiting += [_Waiting(other, other.score) for other in candidate.others if chosen.listed]
    return results, passages, definitions


def _in_its_place(candidate: Candidate, cutter: Cutter, results: Sequence[Evidence]) -> Evidence | None:
    """Instead of a class for which its words alone speak the best of its members that is not listed yet: what
    answers is in these, and its own lines say little more than what it is called."""
    if candidate.lifted:
        return None
    found = (cutter.result(member) for member in candidate.members)
    return next((item for item in found if item is not None and _fresh([item], results)), None)


def _fresh(spans: Iterable[Evidence], known: Sequence[Evidence]) -> list[Evidence]:
    """What overlaps nothing that is known, nor what comes before it."""
    found: list[Evidence] = []
    for item in spans:
        if not any(item.span.overlaps(other.span) for other in (*known, *found)):
            found.append(item)
    return found


def _coverage(evidence: list[Evidence], weights: dict[str, float]) -> float:
    """The largest share of the question's information that one span, with its path and name, holds."""
    mass = sum(weights.values())
    if not mass:
        return 0.0
    best = 0.0
    for item in {id(item): item for item in evidence}.values():  # most of the definitions are passages, too
        present = terms.distinct(f"{item.symbol} {item.span.path}\n{item.text}")
        best = max(best, sum(w for t, w in weights.items() if t in present) / mass)
    return best
