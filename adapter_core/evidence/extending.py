"""Extension points: what a user builds on or calls to add something of his own, for questions that ask how."""

from __future__ import annotations

import re
from collections.abc import Set

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..types import SymbolRef
from .candidates import Candidates, lift
from .question import EXTENDING, Question, extending_terms

# The reasons (`why`) of classes and functions in the results of such a question.
WHY_BASE_CLASS, WHY_REGISTERS, WHY_NAMED_SO = (
    "others are built on it",
    "named for adding it",
    "named like what is to be done",
)
_REGISTERING = frozenset({"add", "install", "plug", "register"})
_ACTS, _MAKING = frozenset({"add", "define"}), frozenset({"build", "create", "introduce", "make"})
_OWN = re.compile(r"\b(?:my|our|your|own|custom)\b", re.I)
_MAX_WORDS = 3  # of what is to be added
_NAMED_BOOST = 1.5  # of a function that has the name of what is to be done
_END = re.compile(r"[?.,;:]|\b(?:to|for|in|into|with|of|from|on|that|which|and|or|by|so|myself)\b", re.I)
_MAX_FUNCTIONS, _MAX_NAMESAKES = 3, 12


def lift_bases(graph: CodeGraph, question: Question, boost: float, candidates: Candidates) -> None:
    """Where a question asks how to add something of one's own: lift the candidates whose names hold what is to be added, if they are base
    classes in the workspace or functions that are named for registering it, and the functions that are named for doing that. As in
    `spread_scores`, bases are matched by name."""
    wanted_terms = question.terms.keys() - extending_terms(question.text)
    for (path, index), candidate in (
        sorted(candidates.items()) if boost and len(wanted_terms) < len(question.terms) else ()
    ):
        facts = graph.facts(path)
        symbol = facts.symbols[index] if facts is not None and index < len(facts.symbols) else None
        if symbol is None or is_test_path(path) or not wanted_terms & set(terms.split(symbol.name)):
            continue
        if symbol.is_callable and _is_registering_name(symbol.name, wanted_terms):
            candidate.score += boost
            candidate.lifted = True
            candidate.why.append(WHY_REGISTERS)
        elif symbol.kind == "class" and any(not is_test_path(p) for p in graph.view.paths_using(symbol.name, "base")):
            candidate.score += boost
            candidate.lifted = True
            candidate.why.append(WHY_BASE_CLASS)
    for ref in _functions_named_so(graph, question.text) if boost else ():
        lift(graph, ref, _NAMED_BOOST, WHY_NAMED_SO, candidates)


def _functions_named_so(graph: CodeGraph, text: str) -> list[SymbolRef]:
    """The product's public functions with the name of what is to be done: `add_view_predicate` to "add a view predicate", or `define` to
    "define a unit" if its docstring speaks of units."""
    match = EXTENDING.search(text)
    if match is None:
        return []
    verb = match["verb"].lower()
    if verb not in (_ACTS if _OWN.search(match["new"]) else _ACTS | _MAKING):
        return []  # to write a codec of one's own is not to call `write_codec`
    nouns = [word.lower() for word in terms.words(_END.split(text[match.end() :], maxsplit=1)[0])][:_MAX_WORDS]
    for count in range(len(nouns), 0, -1):
        refs = _public_functions(graph, "_".join((verb, *nouns[:count])))
        if refs:
            return refs
    wanted = {terms.stem(noun) for noun in nouns}
    return [
        ref
        for ref in _public_functions(graph, verb, _MAX_NAMESAKES)
        if wanted & set(terms.terms_of(ref.symbol.docstring.partition(".")[0]))
    ][:_MAX_FUNCTIONS]


def _public_functions(graph: CodeGraph, name: str, at_most: int = _MAX_FUNCTIONS) -> list[SymbolRef]:
    """The product's functions of that name; none if they are many."""
    refs = graph.find_symbol(name, at_most=_MAX_NAMESAKES + 1)
    found = [r for r in refs if r.symbol.is_callable and not is_test_path(r.path)]
    return found if len(refs) <= _MAX_NAMESAKES and len(found) <= at_most else []


def _is_registering_name(name: str, wanted_terms: Set[str]) -> bool:
    """Whether a name is a verb of registering and wanted terms, and nothing else: `register_hook`, `add_pdu`."""
    words = [terms.stem(word) for word in re.split(r"_+", name.strip("_")) if word]
    return len(words) > 1 and words[0] in _REGISTERING and set(words[1:]) <= wanted_terms
