"""What a package offers its users, for questions how one does something that no documentation tells: the exported function or class, or a
public method of such a class, whose name and docstring have most of the question."""

from __future__ import annotations

from collections.abc import Iterator

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..types import ModuleFacts, Symbol
from .candidates import Candidates, lift
from .documented import avoided_terms
from .everyday import everyday_table
from .extending import WHY_NAMED_SO
from .project_overview import top_packages
from .question import Question
from .ranking import Ranked
from .search_index import SearchIndex
from .vocabulary import synonyms

_MAX_PACKAGES, _MAX_NAMES, _MAX_DEFINITIONS = 3, 200, 4
_BY_ALTERNATIVE, _IN_DOCSTRING, _OF_METHOD = 0.5, 0.6, 0.9
# How it is to be done, which no name says.
_SAY_LITTLE = frozenset(
    map(terms.stem, "python program programmatically script code instead rather own myself directly".split())
)
_LEAST_SHARE = 0.3  # of the question's words, by weight
_BOOST = 1.5


def lift_exported(
    graph: CodeGraph, index: SearchIndex, question: Question, ranked: Ranked, candidates: Candidates
) -> None:
    """Lift what the package offers for it, if there is something that is named so."""
    left_out = {*avoided_terms(question.text), *index.own_names, *_SAY_LITTLE}
    weights = {t: w * ranked.idf.get(t, 0.0) for t, w in question.terms.items() if t not in left_out}
    mass = sum(weights.values())
    best: tuple[float, ModuleFacts, int] | None = None
    for facts, number in _offered(graph, index) if mass else ():
        share = _share(facts.symbols[number], weights) / mass
        share *= _OF_METHOD if "." in facts.symbols[number].qualname else 1.0
        if share >= _LEAST_SHARE and (best is None or share > best[0]):
            best = share, facts, number
    if best is not None:
        lift(graph, graph.ref(best[1], best[2]), _BOOST, WHY_NAMED_SO, candidates)


def _offered(graph: CodeGraph, index: SearchIndex) -> Iterator[tuple[ModuleFacts, int]]:
    """The exported functions and classes, and the public methods of these classes."""
    for path in top_packages(index)[:_MAX_PACKAGES]:
        package = graph.facts(path)
        names = (package.exports or ()) if package is not None else ()
        for name in list(names)[:_MAX_NAMES]:
            for ref in graph.find_symbol(name, at_most=_MAX_DEFINITIONS):
                facts = graph.facts(ref.path) if not is_test_path(ref.path) else None
                if (
                    facts is None
                    or "." in ref.symbol.qualname
                    or not (ref.symbol.is_callable or ref.symbol.kind == "class")
                ):
                    continue
                number = next((n for n, s in enumerate(facts.symbols) if s is ref.symbol or s == ref.symbol), 0)
                yield facts, number
                for inner, symbol in enumerate(facts.symbols):
                    if symbol.parent == number and number and symbol.is_callable and not symbol.name.startswith("_"):
                        yield facts, inner


def _share(symbol: Symbol, weights: dict[str, float]) -> float:
    """The weight of the question's words in the name and the first sentence of the docstring; 0 if none is in the name."""
    name = set(terms.split(symbol.name))
    said = terms.distinct(symbol.docstring.partition("\n\n")[0])
    alike, everyday = synonyms(), everyday_table().words
    total = in_name = 0.0
    for term, weight in weights.items():
        others = {*alike.get(term, ()), *everyday.get(term, ())}
        by_name = 1.0 if term in name else _BY_ALTERNATIVE * bool(others & name)
        by_docstring = _IN_DOCSTRING * (1.0 if term in said else _BY_ALTERNATIVE * bool(others & said))
        in_name += by_name
        total += weight * max(by_name, by_docstring)
    return total if in_name else 0.0
