"""Families of classes: those that extend one class, and those whose names end alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.source import is_python
from ....graph.storage.postings import NAME
from ....types import SymbolRef
from .asked_collection import AskedCollection, is_short_for

_MIN_MEMBERS = 2
_MAX_BASES = 12  # that are looked at
_MAX_MEMBERS = 200
_MAX_DEPTH = 6
_MIN_SHARE = 0.55  # of the wanted terms that the name of a class has, with what is around it
_IN_PLACE, _IN_DOCSTRING = 0.7, 0.6  # what a term counts in the path of a class and in what it says of itself first
_BASES = frozenset("base abstract interfac protocol mixin generic core i abc common default".split())
# How a class is called beside what it is about.
_CLASS_WORDS = frozenset("class object impl implementat".split())
_AS_CALLED = 1.05
_NOT_LAST = 0.75  # of the score of a class that is called otherwise: `AgentType` is no agent
_OF_FAMILY = 0.6  # of the classes whose names end alike, so many extend the one class, so that it stands for them


@dataclass(frozen=True, slots=True)
class Family:
    """`base`: what the members extend, itself not among them; None for classes whose names end in `ending`."""

    members: tuple[SymbolRef, ...]
    base: SymbolRef | None
    ending: str
    score: float


def families(graph: CodeGraph, asked: AskedCollection) -> Iterator[Family]:
    """The families of the product that are what is asked for, the best first."""
    named = _named_so(graph, asked)
    scored = [(_score(asked, ref), ref) for ref in named]
    scored = [(score * _precision(asked, ref.symbol.name), ref) for score, ref in scored if score >= _MIN_SHARE]
    scored.sort(key=lambda pair: (-pair[0], len(pair[1].symbol.name), pair[1].path, pair[1].symbol.start))
    found: list[Family] = []
    for score, ref in scored[:_MAX_BASES]:
        members = subclasses(graph, ref)
        if len(members) >= _MIN_MEMBERS:
            found.append(Family(members, ref, "", score))
    found += _by_ending(graph, asked, named, found)
    yield from sorted(found, key=lambda family: (-round(family.score, 2), -len(family.members)))


def _named_so(graph: CodeGraph, asked: AskedCollection) -> list[SymbolRef]:
    """The classes of the product whose name has a wanted term."""
    places: dict[tuple[str, int], None] = {}
    with graph.store.snapshot():
        index = SearchIndex(graph)
        for term in asked.all_terms:
            hit = index.hits(term)
            for number in hit.documents[hit.fields == NAME].tolist():
                if index.alive[number]:
                    places.setdefault((index.paths[index.file_of[number]], int(index.symbol_of[number])))
    refs: list[SymbolRef] = []
    for path, number in places:
        facts = graph.facts(path) if of_product(path) else None
        if facts is not None and number < len(facts.symbols) and facts.symbols[number].kind == "class":
            refs.append(graph.ref(facts, number))
    return refs


def of_product(path: str) -> bool:
    return is_python(path) and not path.endswith(".pyi") and not is_test_path(path) and not is_aside(path)


def _score(asked: AskedCollection, ref: SymbolRef) -> float:
    own = terms.parts(ref.symbol.name)
    present = dict.fromkeys(terms.distinct(ref.path.removesuffix(".py").replace("/", " ")), _IN_PLACE)
    present |= dict.fromkeys(terms.distinct(ref.symbol.docstring.partition("\n\n")[0]), _IN_DOCSTRING)
    present |= dict.fromkeys(own, 1.0)
    return asked.share(present) if not asked.head or asked.counts(asked.head, present) > _IN_DOCSTRING else 0.0


def _precision(asked: AskedCollection, name: str) -> float:
    """How much of a name is what is asked for."""
    words = [terms.stem(word) for word in terms.words_of_name(name)]
    own = [word for word in words if word not in _BASES | _CLASS_WORDS]
    if not own:
        return 1.0
    is_last = not asked.head or bool(asked.counts(asked.head, {own[-1]: 1.0}))
    if own[-1] == terms.stem(asked.noun) != asked.head and len(own) > 1:
        return _AS_CALLED  # `ParamType` where parameter types are asked for
    direct = not asked.head or any(word == asked.head or is_short_for(word, asked.head) for word in words)
    is_last = is_last and (direct or asked.sort == "exceptions")
    return (0.75 + 0.25 * len(asked.all_terms.intersection(own)) / len(own)) * (1.0 if is_last else _NOT_LAST)


def subclasses(graph: CodeGraph, base: SymbolRef) -> tuple[SymbolRef, ...]:
    """All classes of the product that extend a class, directly or through another one, in the order of their files and lines."""
    found: dict[tuple[str, int], SymbolRef] = {}
    pending = [base]
    for _ in range(_MAX_DEPTH):
        pending = [r for ref in pending for r in graph.subclasses_of(ref)]
        pending = [r for r in pending if of_product(r.path) and (r.path, r.symbol.start) not in found]
        found.update(((r.path, r.symbol.start), r) for r in pending)
        if not pending or len(found) > _MAX_MEMBERS:
            break
    found.pop((base.path, base.symbol.start), None)
    return _in_order([ref for ref in found.values() if not _is_local(graph, ref)], base.path)


def _is_local(graph: CodeGraph, ref: SymbolRef) -> bool:
    """Whether a class is defined within a function."""
    facts = graph.facts(ref.path)
    parent = ref.symbol.parent
    while facts is not None and parent > 0:
        if facts.symbols[parent].is_callable:
            return True
        parent = facts.symbols[parent].parent
    return False


def _in_order(refs: Iterable[SymbolRef], first_path: str) -> tuple[SymbolRef, ...]:
    """Public classes before private ones, those of the first file before others; without those inside functions."""
    return tuple(
        sorted(refs, key=lambda r: (r.symbol.name.startswith("_"), r.path != first_path, r.path, r.symbol.start))
    )


def _by_ending(graph: CodeGraph, asked: AskedCollection, named: list[SymbolRef], found: list[Family]) -> list[Family]:
    """The classes whose names end in the noun that is asked for, unless most of them extend one class."""
    if not asked.head:
        return []
    endings: dict[str, list[SymbolRef]] = {}
    for ref in named:
        words = terms.words_of_name(ref.symbol.name)
        if words and terms.stem(words[-1]) == asked.head and asked.share(_around(ref)) >= _MIN_SHARE:
            endings.setdefault(ref.symbol.name[-len(words[-1]) :], []).append(ref)
    families: list[Family] = []
    for ending, refs in endings.items():
        members = with_ending(graph, ending)
        known = [{(r.path, r.symbol.start) for r in (*f.members, f.base) if r is not None} for f in found]
        own = {(r.path, r.symbol.start) for r in members}
        if (
            len(members) > _MIN_MEMBERS
            and len(refs) == len(members)
            and not any(len(own & one) >= _OF_FAMILY * len(own) for one in known)
        ):
            families.append(Family(members, None, ending, sum(asked.share(_around(r)) for r in refs) / len(refs) * 0.9))
    return families


def _around(ref: SymbolRef) -> dict[str, float]:
    present = dict.fromkeys(terms.distinct(ref.path.removesuffix(".py").replace("/", " ")), _IN_PLACE)
    return present | dict.fromkeys(terms.parts(ref.symbol.name), 1.0)


def with_ending(graph: CodeGraph, ending: str) -> tuple[SymbolRef, ...]:
    """The classes of the product whose names end in a word."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        hit = index.hits(terms.stem(ending.lower()))
        numbers = [n for n in hit.documents[hit.fields == NAME].tolist() if index.alive[n]]
        places = dict.fromkeys((index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in numbers)
    refs: dict[tuple[str, str], SymbolRef] = {}
    for path, number in places:
        facts = graph.facts(path) if of_product(path) else None
        symbol = facts.symbols[number] if facts is not None and number < len(facts.symbols) else None
        if facts is not None and symbol is not None and symbol.kind == "class" and symbol.name.endswith(ending):
            refs[path, symbol.qualname] = graph.ref(facts, number)
    return _in_order(refs.values(), "")
