"""Constants, fields and variables by their names: `DEFAULT_TIMEOUT_CONFIG` answers "Where is the default timeout?".

What is assigned is no document of its own, so the words of its name count little among those of the module or class that it stands in. Of a
short question one name may hold nearly all, and then it is what is asked about.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.source import is_python
from ..graph.storage.columns import column
from .candidates import ASSIGNED, Candidates, lift
from .options import RankingOptions
from .question import Question
from .ranking import Ranked
from .search_index import SearchIndex
from .vocabulary import synonyms

_LEAST_TERMS = 2  # of a question that a name must hold; one word is in many names
_LEAST_SHARE = 0.75  # of the question's information
_ALL = 0.8  # a name holds all of it, and little else
_MAX_TERMS = 8  # of a question
_MAX_DOCUMENTS = 60
_LIFTED = 3
# What is said of anything that is assigned, and is seldom in its name.
_OF_ANY = frozenset(
    terms.stem(w)
    for w in "value values set constant constants variable number setting stored specified configured".split()
)


def lift_assigned(
    graph: CodeGraph, index: SearchIndex, question: Question, ranked: Ranked, options: RankingOptions, candidates: Candidates
) -> None:  # fmt: skip
    """Lift what is assigned under a name that holds most of a short question, the names first that hold little else."""
    weights = _told_by_names({t: w * ranked.idf.get(t, 0.0) for t, w in question.terms.items()})
    if question.is_report or not options.assigned_boost or not _LEAST_TERMS <= len(weights) <= _MAX_TERMS:
        return
    matched = np.flatnonzero(ranked.covered >= _LEAST_SHARE * sum(weights.values()))
    matched = matched[np.argsort(-ranked.scores[matched], kind="stable")]
    # What modules assign stands in their own documents, what classes do in those of the classes.
    best = (*matched[index.symbol_of[matched] == 0][:_MAX_DOCUMENTS], *matched[:_MAX_DOCUMENTS])
    meanings = _meanings(weights)
    found = []
    for path in dict.fromkeys(index.paths[index.file_of[d]] for d in best if index.file_of[d] >= 0):
        facts = graph.facts(path) if is_python(path) and not is_test_path(path) else None
        if facts is None:
            continue
        # These two tell enough of most symbols: rows are not made of them.
        kinds, names = column(facts.symbols, "kind"), column(facts.symbols, "name")
        for number in [n for n, kind in enumerate(kinds) if kind in ASSIGNED and _own(terms.parts(names[n]), meanings)]:
            if share := _share(facts.symbols[number].qualname, path, weights, meanings):
                found.append((-share, path, number, graph.ref(facts, number)))
    for place, (share, _, _, ref) in enumerate(sorted(found, key=lambda f: f[:3])[:_LIFTED]):
        lift(graph, ref, -share * options.assigned_boost / (1 + 0.5 * place), "named so", candidates)


def is_named(kind: str, qualname: str, path: str, weights: Mapping[str, float]) -> bool:
    """Whether a question, by the information of its terms, is about nothing but what is assigned under a name."""
    told = _told_by_names(weights)
    return kind in ASSIGNED and 0 < len(told) <= _MAX_TERMS and _share(qualname, path, told, _meanings(told)) >= _ALL


def _told_by_names(weights: Mapping[str, float]) -> dict[str, float]:
    return {term: weight for term, weight in weights.items() if term not in _OF_ANY}


def _meanings(weights: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """Each term with those that mean much the same. Asked once for a question: the user's own table is looked for on the disk."""
    alike = synonyms()
    return {term: frozenset((term, *alike.get(term, ()))) for term in weights}


def _share(qualname: str, path: str, weights: Mapping[str, float], meanings: Mapping[str, frozenset[str]]) -> float:
    """How much of a question a name holds, with those of its class and its file, less for what else it holds; 0 where it is too
    little, or most of it is something else."""
    around, _, name = qualname.rpartition(".")
    parts = terms.parts(name)
    own = _own(parts, meanings)
    if not own:
        return 0.0
    near = parts | terms.parts(around.rpartition(".")[2]) | terms.parts(posixpath.basename(path).partition(".")[0])
    held = [t for t in weights if not near.isdisjoint(meanings[t])]
    share = sum(weights[t] for t in held) / (sum(weights.values()) or 1.0)
    if len(held) < _LEAST_TERMS or share < _LEAST_SHARE:
        return 0.0
    return share * (0.5 + 0.5 * min(1.0, len(own) / len(parts)))


def _own(parts: set[str], meanings: Mapping[str, frozenset[str]]) -> list[str]:
    """The terms of a question that a name itself holds; none where most of the name is something else."""
    own = [term for term, alike in meanings.items() if not parts.isdisjoint(alike)]
    return own if 2 * len(own) >= len(parts) else []
