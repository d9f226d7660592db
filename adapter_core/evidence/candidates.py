"""Definitions that may answer a question, with the reasons: the best by their words, and those of the names that the question contains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..code_graph import CodeGraph, index_of, is_test_path
from ..graph.finding.lookup import has_more_scopes
from ..types import SymbolRef
from .options import RankingOptions
from .question import Question
from .ranking import Ranked
from .search_index import SearchIndex

ASSIGNED_KINDS = frozenset({"variable", "constant", "type_alias", "field", "enum_member"})
_DEFINITION_KINDS = frozenset({"class", "function", "method", "property"})
# A name with more definitions is too ambiguous to count; of fewer, only the first are lifted.
_MAX_DEFINITIONS = 12
_MAX_LIFTED = 4
# The same for a word that may be no name at all.
_MAX_MENTIONED = 3
_SAMPLED = 8  # one document of so many is in the sample that bounds the score of the best ones


@dataclass
class Candidate:
    """The symbol `index` of a file. `region`: (first, last) line of the result that it is shown as, where that is more than its own
    lines; `merged`: the other candidates in the region; `as_whole`: the region is read as a whole, and not part by part. `members`:
    candidates that a class defines, the best first. `lifted`: its score is not from its words alone."""

    path: str
    index: int
    score: float
    why: list[str] = field(default_factory=list)
    region: tuple[int, int] | None = None
    merged: list[Candidate] = field(default_factory=list)
    as_whole: bool = False
    members: list[Candidate] = field(default_factory=list)
    lifted: bool = False


Candidates = dict[tuple[str, int], Candidate]
SymbolKey = tuple[str, str, int]


def symbol_key(ref: SymbolRef) -> SymbolKey:
    """The identity of a symbol: its path, qualified name and first line."""
    return ref.path, ref.symbol.qualname, ref.symbol.start


def lexical_candidates(
    index: SearchIndex, ranked: Ranked, limit: int, path_filter: Callable[[str], bool] | None
) -> Candidates:
    """The `limit` best documents by their words, of the paths that pass `path_filter`; the best has score 1."""
    scores = ranked.scores
    if path_filter is not None:
        allowed = np.array([path_filter(path) for path in index.paths], dtype=bool)
        scores = np.where(allowed[np.maximum(index.file_of, 0)], scores, 0.0)
    # So many of a sample are at least as good as this, and so are as many of all.
    sample = scores[::_SAMPLED]
    least = np.partition(sample, -limit)[-limit] if 0 < limit <= len(sample) else 0.0
    matched = np.flatnonzero((scores > 0) & (scores >= least))
    if limit < 1 or not len(matched):
        return {}
    if len(matched) > limit:
        matched = matched[scores[matched] >= np.partition(scores[matched], -limit)[-limit]]
    # Ties by path and symbol: documents are numbered in the order in which their files were written to the index.
    order = np.lexsort((index.symbol_of[matched], index.file_of[matched], -scores[matched]))
    top = matched[order[:limit]]
    best = float(scores[top[0]])
    candidates: Candidates = {}
    columns = (index.file_of[top].tolist(), index.symbol_of[top].tolist(), scores[top].tolist())
    for file, symbol, score in zip(*columns, strict=True):
        path = index.paths[file]
        candidates[(path, symbol)] = Candidate(path, symbol, score / best)
    return candidates


def lift(graph: CodeGraph, ref: SymbolRef, boost: float, why: str, candidates: Candidates) -> None:
    """Add `boost` to the score of a symbol, and `why` to its reasons; it becomes a candidate if it is none yet."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts else None
    if facts is None or index is None:
        return
    key = (ref.path, index)
    if key not in candidates:
        # An assignment is not a document of its own; it starts from the score of the one that contains it.
        enclosing = candidates.get((ref.path, max(facts.symbols[index].parent, 0)))
        start = enclosing.score if enclosing is not None and ref.symbol.kind in ASSIGNED_KINDS else 0.0
        candidates[key] = Candidate(ref.path, index, start)
    candidate = candidates[key]
    candidate.score += boost
    candidate.lifted = True
    candidate.why.append(why)


def lift_definitions(graph: CodeGraph, question: Question, options: RankingOptions, candidates: Candidates) -> bool:
    """Lift the definitions of names that the question writes as code, and (less) those of words that may be names. Returns whether a name
    that is written as code has a definition."""
    has_definition = False
    boost = options.report_definition_boost if question.is_report else options.definition_boost
    for name in question.identifiers:
        refs = graph.find_symbol(name, at_most=_MAX_DEFINITIONS)
        if not refs or len(refs) > _MAX_DEFINITIONS:
            continue
        has_definition = True
        is_only_definition = "." in name and len(refs) == 1 and not question.is_report
        for position, ref in enumerate(refs[:_MAX_LIFTED]):
            first_boost = options.qualified_boost if is_only_definition else boost
            lift(graph, ref, first_boost / (1 + 0.5 * position), f"defines {name}", candidates)
    for name in question.mentions:
        if has_more_scopes(graph.view, name, _DEFINITION_KINDS, _MAX_MENTIONED):
            continue
        refs = [r for r in graph.find_symbol(name) if r.symbol.kind in _DEFINITION_KINDS and not is_test_path(r.path)]
        for ref in refs if len(refs) <= _MAX_MENTIONED else ():
            lift(graph, ref, options.mention_boost / len(refs), f"defines {name}", candidates)
    return has_definition
