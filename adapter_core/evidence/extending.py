"""Extension points: what a user builds on or calls to add something of his own, for questions that ask how."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from itertools import pairwise

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
_MIN_AGENT = 6  # letters of a word that says by what something is done
_MAX_DOCSTRING = 300
_MAX_WORDS = 3  # of what is to be added
_NAMED_BOOST = 1.5  # of a function that has the name of what is to be done, or says that it does it
_END = re.compile(r"[?.,;:]|\b(?:to|for|in|into|with|of|from|on|that|which|and|or|by|so|myself)\b", re.I)
_MAX_FUNCTIONS, _MAX_NAMESAKES = 3, 12


def lift_bases(
    graph: CodeGraph, question: Question, boost: float, candidates: Candidates, more: Callable[[], Candidates]
) -> None:
    """Where a question asks how to add something of one's own: lift the candidates whose names hold what is to be added, if they are base
    classes in the workspace or functions that are named for registering it, and the functions that are named for doing that, or say of
    themselves that they do it, which are looked for among `more` candidates, too. As in `spread_scores`, bases are matched by name."""
    wanted_terms = question.terms.keys() - extending_terms(question.text)
    registers = False
    acted_terms = wanted_terms | {act for term in wanted_terms if (act := _act_of(term))}
    for (path, index), candidate in (
        sorted(candidates.items()) if boost and len(wanted_terms) < len(question.terms) else ()
    ):
        facts = graph.facts(path)
        symbol = facts.symbols[index] if facts is not None and index < len(facts.symbols) else None
        if symbol is None or is_test_path(path):
            continue
        name_terms = _name_terms(symbol.name)
        if symbol.is_callable and _is_registering_name(symbol.name, acted_terms):
            why, registers = WHY_REGISTERS, True
        elif symbol.kind == "class" and wanted_terms & name_terms and _is_base(graph, symbol.name):
            why = WHY_BASE_CLASS
        else:
            continue
        candidate.score += boost
        candidate.lifted = True
        candidate.why.append(why)
    if (
        boost
        and wanted_terms != question.terms.keys()
        and not any(WHY_BASE_CLASS in c.why for c in candidates.values())
    ):
        for ref in _bases_called_so(graph, question.text):
            lift(graph, ref, boost, WHY_BASE_CLASS, candidates)
    named_so = _functions_named_so(graph, question.text) if boost else []
    for ref in named_so:
        lift(graph, ref, _NAMED_BOOST, WHY_NAMED_SO, candidates)
    for ref in _functions_saying_so(graph, question.text, more)[:1] if boost and not (named_so or registers) else ():
        lift(graph, ref, _NAMED_BOOST, WHY_REGISTERS, candidates)


def _name_terms(name: str) -> set[str]:
    """The terms of a name, and of two of its words as one: `FileSystem` to "filesystem"."""
    return {*terms.split(name), *(terms.stem(a + b) for a, b in pairwise(terms.words_of_name(name)))}


def _act_of(term: str) -> str:
    """What is done by something, of a term that is named for it: `format` of "formatter"; "" for other terms."""
    if len(term) < _MIN_AGENT or not term.endswith(("er", "or")):
        return ""
    act = term[:-2]
    return terms.stem(act[:-1] if act[-1] == act[-2] else act)


def _is_base(graph: CodeGraph, name: str) -> bool:
    return any(not is_test_path(path) for path in graph.view.paths_using(name, "base"))


def _bases_called_so(graph: CodeGraph, text: str) -> list[SymbolRef]:
    """The base classes of the product that are called like what is to be written: `Plugin` of "write a plugin for a new site"."""
    match = EXTENDING.search(text)
    nouns = _nouns(text[match.end() :]) if match is not None else []
    for count in range(len(nouns), 0, -1):
        name = "".join(noun.capitalize() for noun in nouns[:count])
        refs = [r for r in graph.find_symbol(name, at_most=_MAX_NAMESAKES) if r.symbol.kind == "class"]
        bases = [r for r in refs if not is_test_path(r.path) and _is_base(graph, r.symbol.name)]
        if bases:
            return bases[:1]
    return []


def _functions_saying_so(graph: CodeGraph, text: str, more: Callable[[], Candidates]) -> list[SymbolRef]:
    """The product's public functions whose first sentence says that they do what a question wants to do, the best first: "Add a NumPy
    function to the list" to "add a new numpy function"."""
    match = EXTENDING.search(text)
    verb = match["verb"].lower() if match is not None else ""
    nouns = _nouns(text[match.end() :]) if match is not None and verb in _ACTS else []
    wanted = [{terms.stem(noun), _act_of(terms.stem(noun))} for noun in nouns]
    acts = {terms.stem(word) for word in {verb, *_REGISTERING}}
    found: list[tuple[float, SymbolRef]] = []
    for (path, index), candidate in more().items() if wanted else ():
        facts = graph.facts(path) if not is_test_path(path) else None
        symbol = facts.symbols[index] if facts is not None and index < len(facts.symbols) else None
        if facts is None or symbol is None or not symbol.is_callable:
            continue
        sentence = symbol.docstring[:_MAX_DOCSTRING].partition("\n\n")[0].partition(". ")[0]
        said = terms.terms_of(_END.split(sentence, maxsplit=1)[0])  # what is added, and not what it is added to
        is_public = not any(part.startswith("_") for part in symbol.qualname.split("."))
        if is_public and said and said[0] in acts and all(words & set(said[1:]) for words in wanted):
            found.append((candidate.score, SymbolRef(graph.name, path, facts.module, symbol)))
    found.sort(key=lambda pair: (-pair[0], pair[1].path, pair[1].symbol.start))
    return [ref for _, ref in found]


def _nouns(text: str) -> list[str]:
    """The words for what is to be added, at the beginning of a text."""
    return [word.lower() for word in terms.words(_END.split(text, maxsplit=1)[0])][:_MAX_WORDS]


def _functions_named_so(graph: CodeGraph, text: str) -> list[SymbolRef]:
    """The product's public functions with the name of what is to be done: `add_view_predicate` to "add a view predicate", or `define` to
    "define a unit" if its docstring speaks of units."""
    match = EXTENDING.search(text)
    if match is None:
        return []
    verb = match["verb"].lower()
    if verb not in (_ACTS if _OWN.search(match["new"]) else _ACTS | _MAKING):
        return []  # to write a codec of one's own is not to call `write_codec`
    nouns = _nouns(text[match.end() :])
    for count in range(len(nouns), 0, -1):
        refs = _product_functions(graph, "_".join((verb, *nouns[:count])))
        if refs:
            return refs
    wanted = {terms.stem(noun) for noun in nouns}
    return [
        ref
        for ref in _product_functions(graph, verb, _MAX_NAMESAKES)
        if wanted & set(terms.terms_of(ref.symbol.docstring.partition(".")[0]))
    ][:_MAX_FUNCTIONS]


def _product_functions(graph: CodeGraph, name: str, at_most: int = _MAX_FUNCTIONS) -> list[SymbolRef]:
    """The product's functions of that name; none if they are many."""
    refs = graph.find_symbol(name, at_most=_MAX_NAMESAKES + 1)
    found = [r for r in refs if r.symbol.is_callable and not is_test_path(r.path)]
    return found if len(refs) <= _MAX_NAMESAKES and len(found) <= at_most else []


def _is_registering_name(name: str, wanted_terms: Set[str]) -> bool:
    """Whether a name is a verb of registering and wanted terms, and nothing else: `register_hook`, `add_pdu`."""
    words = [terms.stem(word) for word in re.split(r"_+", name.strip("_")) if word]
    return len(words) > 1 and words[0] in _REGISTERING and set(words[1:]) <= wanted_terms
