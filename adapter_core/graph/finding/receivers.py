"""Whose attribute `x.name` is: the classes and modules that a receiver may stand for, and how classes are related."""

from __future__ import annotations

from ...types import ModuleFacts
from ..linking.aliases.references import named_symbols
from ..linking.classes import mro
from ..linking.inference import Inference
from ..linking.results.values import Value
from .lookup import Place, scope_at, values_at

_WITH_ATTRIBUTES = ("instance", "class", "super")
_UNKNOWN = ("many", "other")


def receiver_places(inference: Inference, facts: ModuleFacts, line: int, receiver: str) -> set[Place] | None:
    """The classes (of an instance, its class) and modules (as entry 0 of their file) that a dotted name on a line may stand for; None if
    that is not known."""
    own_class = class_of_self(facts, line, receiver)
    if own_class is not None:
        return {own_class}
    values = values_at(inference, facts, line, receiver, None)
    if not values or any(value.kind in _UNKNOWN for value in values):
        return None
    found = {(value.path, value.index) for value in values if value.kind in _WITH_ATTRIBUTES}
    for value in values:
        if value.kind == "module":
            found.update((module.path, 0) for module in inference.workspace.facts_of_module(value.path))
    return found


def class_of_self(facts: ModuleFacts, line: int, name: str) -> Place | None:
    """The class of the method around a line whose first parameter has this name, also within functions nested in it; None if there is
    none. This takes no inference."""
    index = scope_at(facts, line)
    while index > 0:
        symbol = facts.symbols[index]
        if symbol.is_callable and any(parameter.name == name for parameter in symbol.parameters):
            is_method = symbol.parent > 0 and facts.symbols[symbol.parent].kind == "class"
            is_first = symbol.parameters[0].name == name and "staticmethod" not in symbol.decorators
            return (facts.path, symbol.parent) if is_method and is_first else None
        if name in symbol.local_names:
            return None
        index = symbol.parent
    return None


def named_places(inference: Inference, facts: ModuleFacts, line: int, name: str) -> set[Place]:
    """The symbols that a bare name on a line refers to."""
    table = inference.table(facts.path)
    return named_symbols(inference, table, scope_at(facts, line), name) if table is not None else set()


def are_related(inference: Inference, first: Place, second: Place) -> bool:
    """Whether two classes are the same, or one is a base class of the other, directly or not."""
    return first == second or is_base(inference, first, second) or is_base(inference, second, first)


def is_base(inference: Inference, base: Place, derived: Place) -> bool:
    order = mro.lookup_order(inference, Value("class", *derived))
    return any((value.path, value.index) == base for value in order[1:] if value.kind == "class")
