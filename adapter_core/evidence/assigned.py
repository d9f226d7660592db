"""Constants, fields and variables by their names: `DEFAULT_TIMEOUT_CONFIG` answers "Where is the default timeout?".

An assignment is not a document of its own, so the words of its name count little among those of its module or class. But where one name
holds nearly all words of a short question, that assignment is what the question is about.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.source import is_python
from ..graph.storage.columns import column
from .candidates import ASSIGNED_KINDS, Candidates, lift
from .options import RankingOptions
from .question import WHAT_HAPPENS, Question
from .ranking import Ranked
from .search_index import SearchIndex
from .vocabulary import synonyms

_MIN_TERMS = 2  # terms of the question in a name; a single one is in many names
_MIN_SHARE = 0.75  # of the question's information in a name
_EXACT_SCORE = 0.8  # from here on a name holds the whole question, and little else
_MAX_TERMS = 8  # in a question: a longer one is about more than a name
_MAX_DOCUMENTS = 60
_MAX_LIFTED = 3
# Words that fit any assignment and are seldom part of its name.
_GENERIC_TERMS = frozenset(
    terms.stem(w)
    for w in "value values set constant constants variable number setting stored specified configured".split()
)


def lift_assigned(
    graph: CodeGraph, index: SearchIndex, question: Question, ranked: Ranked, options: RankingOptions, candidates: Candidates
) -> None:  # fmt: skip
    """Lift the assignments whose names hold most of a short question; names that hold little else come first."""
    weights = _without_generic_terms({t: w * ranked.idf.get(t, 0.0) for t, w in question.terms.items()})
    if WHAT_HAPPENS.search(question.text) or question.is_report or not options.assigned_boost:
        return
    if not _MIN_TERMS <= len(weights) <= _MAX_TERMS:
        return
    matched = np.flatnonzero(ranked.covered >= _MIN_SHARE * sum(weights.values()))
    matched = matched[np.argsort(-ranked.scores[matched], kind="stable")]
    # A module's assignments are part of its own document, a class's of the class's document.
    documents = (*matched[index.symbol_of[matched] == 0][:_MAX_DOCUMENTS], *matched[:_MAX_DOCUMENTS])
    variants = _term_variants(weights)
    matches = []
    for path in dict.fromkeys(index.paths[index.file_of[d]] for d in documents if index.file_of[d] >= 0):
        facts = graph.facts(path) if is_python(path) and not is_test_path(path) else None
        if facts is None:
            continue
        # These two columns rule out most symbols, so no `Symbol` is built for those.
        kinds, names = column(facts.symbols, "kind"), column(facts.symbols, "name")
        for symbol_index in [
            n
            for n, kind in enumerate(kinds)
            if kind in ASSIGNED_KINDS and _terms_in_name(terms.parts(names[n]), variants)
        ]:
            if share := _name_score(facts.symbols[symbol_index].qualname, path, weights, variants):
                matches.append((-share, path, symbol_index, graph.ref(facts, symbol_index)))
    for position, (share, _, _, ref) in enumerate(sorted(matches, key=lambda f: f[:3])[:_MAX_LIFTED]):
        lift(graph, ref, -share * options.assigned_boost / (1 + 0.5 * position), "named so", candidates)


def is_named(kind: str, qualname: str, path: str, weights: Mapping[str, float]) -> bool:
    """Whether a question is about nothing but one assignment. `weights`: the question's terms with their information."""
    specific = _without_generic_terms(weights)
    return (
        kind in ASSIGNED_KINDS
        and 0 < len(specific) <= _MAX_TERMS
        and _name_score(qualname, path, specific, _term_variants(specific)) >= _EXACT_SCORE
    )


def _without_generic_terms(weights: Mapping[str, float]) -> dict[str, float]:
    return {term: weight for term, weight in weights.items() if term not in _GENERIC_TERMS}


def _term_variants(weights: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """Each term with itself and its synonyms. Call it once for a question: it looks for the user's own table on the disk."""
    synonyms_of = synonyms()
    return {term: frozenset((term, *synonyms_of.get(term, ()))) for term in weights}


def _name_score(
    qualname: str, path: str, weights: Mapping[str, float], variants: Mapping[str, frozenset[str]]
) -> float:
    """The share of the question's information in a name, its class's and its file's name, from 0 to 1, reduced for the words of the name
    that are not in the question. 0 where the share is too small, or most of the name is something else."""
    owner, _, name = qualname.rpartition(".")
    parts = terms.parts(name)
    in_name = _terms_in_name(parts, variants)
    if not in_name:
        return 0.0
    context = parts | terms.parts(owner.rpartition(".")[2]) | terms.parts(posixpath.basename(path).partition(".")[0])
    present = [t for t in weights if not context.isdisjoint(variants[t])]
    share = sum(weights[t] for t in present) / (sum(weights.values()) or 1.0)
    if len(present) < _MIN_TERMS or share < _MIN_SHARE:
        return 0.0
    return share * (0.5 + 0.5 * min(1.0, len(in_name) / len(parts)))


def _terms_in_name(parts: set[str], variants: Mapping[str, frozenset[str]]) -> list[str]:
    """The question's terms that are in the name itself; none where most of the name is something else."""
    present = [term for term, term_variants in variants.items() if not parts.isdisjoint(term_variants)]
    return present if 2 * len(present) >= len(parts) else []
