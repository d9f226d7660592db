"""Definitions that may answer a question, with what speaks for each: the best by words, and exact definitions of what it names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..code_graph import CodeGraph, index_of, is_test_path
from ..types import SymbolRef
from .options import RankingOptions
from .question import Question
from .ranking import Ranked
from .search_index import SearchIndex

ASSIGNED = frozenset({"variable", "constant", "type_alias", "field", "enum_member"})
_DEFINED = frozenset({"class", "function", "method", "property"})
# A name with more definitions tells nothing; of fewer, only the first are lifted.
_MAX_DEFINITIONS = 12
_LIFTED = 4
_FRONT_PAGE = re.compile(r"docs?/(?:source/)?(?:index|readme)\.(?:rst|md)")
_TITLE_WITHIN = 5  # lines
# A line of badges, pictures and other mark-up, as stand above the title of a README.
_MARKUP_LINE = re.compile(r"\s*(?:$|\.\. |:[\w-]+:|\[!\[|!\[|\[[^\]]*\]:|</?[a-z!]|\|)", re.I)
# The same for a word that may be no name at all.
_MAX_MENTIONED = 3


@dataclass
class Candidate:
    """The symbol `index` of a file. `region`: the lines that are one result with it, if they are more than its own, and `others` the
    candidates in them. `whole`: the region is to be read as a whole, and not part by part. `members`: of a
    class, what it defines, the best first. `lifted`: not its words alone speak for it."""

    path: str
    index: int
    score: float
    why: list[str] = field(default_factory=list)
    region: tuple[int, int] | None = None
    others: list[Candidate] = field(default_factory=list)
    whole: bool = False
    members: list[Candidate] = field(default_factory=list)
    lifted: bool = False


Candidates = dict[tuple[str, int], Candidate]
SymbolKey = tuple[str, str, int]


def symbol_key(ref: SymbolRef) -> SymbolKey:
    """What tells a symbol from all others: its path, qualified name and first line."""
    return ref.path, ref.symbol.qualname, ref.symbol.start


def lexical(index: SearchIndex, ranked: Ranked, limit: int, wanted: Callable[[str], bool] | None) -> Candidates:
    """The best documents by words, of the files that are `wanted`; the best has score 1."""
    scores = ranked.scores
    if wanted is not None:
        allowed = np.array([wanted(path) for path in index.paths], dtype=bool)
        scores = np.where(allowed[np.maximum(index.file_of, 0)], scores, 0.0)
    matched = np.flatnonzero(scores > 0)
    if limit < 1 or not len(matched):
        return {}
    if len(matched) > limit:
        matched = matched[scores[matched] >= np.partition(scores[matched], -limit)[-limit]]
    # Equal ones by place: documents are numbered in the order in which their files were written to the index.
    order = np.lexsort((index.symbol_of[matched], index.file_of[matched], -scores[matched]))
    top = matched[order[:limit]]
    best = float(scores[top[0]])
    found: Candidates = {}
    for document in top:
        path, symbol = index.paths[index.file_of[document]], int(index.symbol_of[document])
        found[(path, symbol)] = Candidate(path, symbol, float(scores[document]) / best)
    return found


def lift(graph: CodeGraph, ref: SymbolRef, boost: float, why: str, candidates: Candidates) -> None:
    """Add to the score of a symbol, which becomes a candidate if it is none."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts else None
    if facts is None or index is None:
        return
    key = (ref.path, index)
    if key not in candidates:
        # An assignment is no document of its own; it starts from the score of the one that it stands in.
        around = candidates.get((ref.path, max(facts.symbols[index].parent, 0)))
        start = around.score if around is not None and ref.symbol.kind in ASSIGNED else 0.0
        candidates[key] = Candidate(ref.path, index, start)
    candidate = candidates[key]
    candidate.score += boost
    candidate.lifted = True
    candidate.why.append(why)


def lift_definitions(graph: CodeGraph, question: Question, options: RankingOptions, candidates: Candidates) -> bool:
    """Lift the definitions of names that the question writes as code, and less those of words that may be names. Returns whether there
    are any of the former."""
    found = False
    boost = options.report_definition_boost if question.is_report else options.definition_boost
    for name in question.identifiers:
        refs = graph.find_symbol(name, at_most=_MAX_DEFINITIONS)
        if not refs or len(refs) > _MAX_DEFINITIONS:
            continue
        found = True
        exact = "." in name and len(refs) == 1 and not question.is_report
        for position, ref in enumerate(refs[:_LIFTED]):
            own = options.qualified_boost if exact else boost
            lift(graph, ref, own / (1 + 0.5 * position), f"defines {name}", candidates)
    for name in question.mentions:
        refs = [r for r in graph.find_symbol(name) if r.symbol.kind in _DEFINED and not is_test_path(r.path)]
        for ref in refs if len(refs) <= _MAX_MENTIONED else ():
            lift(graph, ref, options.mention_boost / len(refs), f"defines {name}", candidates)
    return found


def _begins_with_title(graph: CodeGraph, path: str, first_heading: int) -> bool:
    """Whether nothing but mark-up stands before the first heading of a text, or next to nothing."""
    document = graph.document(path)
    above = document.lines[: first_heading - 1] if document is not None else []
    return first_heading <= _TITLE_WITHIN or all(map(_MARKUP_LINE.match, above))


def lift_overview(graph: CodeGraph, index: SearchIndex, candidates: Candidates) -> bool:
    """What a project says of itself: the head of its README, and the docstrings of its outermost packages."""
    readmes = [p for p in index.paths if "/" not in p and p.lower().startswith("readme")]
    readmes = readmes or [p for p in index.paths if _FRONT_PAGE.fullmatch(p.lower())]
    packages = [p for p in index.paths if p.endswith("/__init__.py") and p.removeprefix("src/").count("/") == 1]
    for place, path in enumerate([*readmes[:1], *(p for p in packages if not is_test_path(p))][:4]):
        facts = graph.facts(path)
        if facts is not None:
            # Of a text with a title its first section; of one without, what stands before all sections.
            titled = (
                path in readmes and len(facts.symbols) > 1 and _begins_with_title(graph, path, facts.symbols[1].start)
            )
            first = 1 if titled else 0
            lift(graph, graph.ref(facts, first), 1.0 / (1 + place), "about the project", candidates)
    return bool(candidates)
