"""Functions that one decorator makes what is asked for: the fixtures of `@fixture`, the filters of `@register.filter`."""

from __future__ import annotations

from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....types import SymbolRef
from .asked_collection import AskedCollection
from .class_families import of_product

_MIN_MEMBERS, _MAX_MEMBERS, _MAX_FILES = 2, 200, 60


@dataclass(frozen=True, slots=True)
class Decorated:
    """The functions that are decorated with a `decorator` of this last name."""

    decorator: str
    members: tuple[SymbolRef, ...]


def decorated_so(graph: CodeGraph, asked: AskedCollection) -> Decorated | None:
    """The functions of the product that a decorator called like the noun makes what is asked for; None if there are few."""
    if not asked.noun.isidentifier() or asked.sort:
        return None
    for name in (asked.noun, f"{asked.noun}spec"):  # `@hookspec` declares the hooks that plugins implement
        members = with_decorator(graph, name)
        if _MIN_MEMBERS <= len(members) <= _MAX_MEMBERS:
            return Decorated(name, members)
    return None


def with_decorator(graph: CodeGraph, name: str) -> tuple[SymbolRef, ...]:
    """The functions of the product with a decorator of this last name, file by file."""
    found: list[SymbolRef] = []
    for path in [path for path in graph.view.paths_using(name, "decorated") if of_product(path)][:_MAX_FILES]:
        facts = graph.facts(path)
        for number, symbol in enumerate(facts.symbols if facts is not None else ()):
            is_so = symbol.is_callable and any(
                d.partition("(")[0].rpartition(".")[2] == name for d in symbol.decorators
            )
            if facts is not None and is_so:
                found.append(graph.ref(facts, number))
    return tuple(found)
