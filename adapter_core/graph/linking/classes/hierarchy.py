"""Subclasses of a class, and overrides of its methods (bases: `mro.py`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..local.overloads import implementation
from ..local.tables import SymbolTable, instance_class
from ..results.values import Value, Values
from .constructed import class_names, is_called_under_alias, is_constructed, is_method_referenced
from .metaclasses import metaclass
from .mro import bases, built_on, lookup_order

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_CLASSES = 200
_MAX_RECEIVERS = 12
_HUB_FILES = 24
_TEST_CLASS = re.compile(r"^Test|Tests?$|TestCase$")


def subclasses(inference: Inference, cls: Value) -> list[Value]:
    """The direct subclasses of a class, by any name under which it is imported."""
    table = inference.table(cls.path)
    if table is None:
        return []

    def compute() -> Values:
        found: list[Value] = []
        for name in class_names(inference, table, cls):
            for path in inference.workspace.paths_using(name, "base"):
                for candidate in built_on(inference, path, name) if inference.spend() else ():
                    if cls in bases(inference, candidate):
                        found.append(candidate)
        return frozenset(found)

    return sorted(inference.memoize(("subclasses", cls), compute), key=lambda v: v[:3])


def is_hub(inference: Inference, cls: Value) -> bool:
    """Whether so many files derive classes from something of this name that their common behaviour says nothing."""
    table = inference.table(cls.path)
    return (
        table is not None
        and len(inference.workspace.paths_using(table.facts.symbols[cls.index].name, "base")) > _HUB_FILES
    )


def all_subclasses(inference: Inference, cls: Value) -> list[Value]:
    """The direct and indirect subclasses of a class, by their places; their number is limited, and reaching the limit is recorded."""

    def compute() -> Values:
        found: dict[Value, None] = {}
        todo = [cls]
        while todo and len(found) < _MAX_CLASSES:
            for below in subclasses(inference, todo.pop(0)):
                if below not in found and below != cls:
                    found[below] = None
                    todo.append(below)
        if todo:
            inference.incomplete = True
        return frozenset(found)

    key = ("all subclasses", cls)
    return inference.memoize_data(key, lambda: sorted(inference.memoize(key, compute), key=lambda v: v[:3]))


def classes_of_metaclass(inference: Inference, meta: Value) -> list[Value]:
    """The classes whose metaclass is `meta` or a subclass of it."""

    def compute() -> Values:
        found: dict[Value, None] = {}
        table = inference.table(meta.path)
        for name in inference.aliases_of_name(table.facts.symbols[meta.index].name) if table else ():
            for path in inference.workspace.paths_using(name):
                other = inference.table(path) if inference.spend() else None
                for index in other.classes if other else ():
                    cls = Value("class", path, index)
                    signature = other.facts.symbols[index].signature  # type: ignore[union-attr]
                    if "metaclass=" in signature and metaclass(inference, cls) == meta:
                        found.update(dict.fromkeys([cls, *all_subclasses(inference, cls)]))
        return frozenset(found)

    return sorted(inference.memoize(("made by", meta), compute), key=lambda v: v[:3])


def is_mangled(name: str) -> bool:
    """Whether a name is private to the class whose body contains it: `__name` becomes `_Class__name`, which no subclass overrides."""
    return name.startswith("__") and not name.endswith("__")


def overrides(inference: Inference, function: Value) -> list[Value]:
    """The methods of subclasses that override a method, without mere overload declarations of them."""
    return inference.memoize_data(("overrides", function), lambda: _overrides(inference, function))


def _overrides(inference: Inference, function: Value) -> list[Value]:
    table = inference.table(function.path)
    if table is None:
        return []
    symbol = table.facts.symbols[function.index]
    if symbol.parent <= 0 or table.facts.symbols[symbol.parent].kind != "class" or is_mangled(symbol.name):
        return []
    found = []
    other, path = None, ""
    for below in all_subclasses(inference, Value("class", function.path, symbol.parent)):
        if below.path != path:  # they come file by file
            other, path = inference.table(below.path), below.path
        for index in other.children.get((below.index, symbol.name), ()) if other else ():
            if other is not None and _is_method(other, index):
                found.append(Value("function", below.path, index))
    return found


def overridden(inference: Inference, method: Value) -> list[Value]:
    """The methods of base classes that a method overrides, nearest first."""
    return inference.memoize_data(("overridden", method), lambda: _overridden(inference, method))


def _overridden(inference: Inference, method: Value) -> list[Value]:
    table = inference.table(method.path)
    symbol = table.facts.symbols[method.index] if table is not None else None
    if symbol is None or symbol.parent <= 0 or is_mangled(symbol.name):
        return []
    found = []
    for cls in lookup_order(inference, Value("class", method.path, symbol.parent))[1:]:
        other = inference.table(cls.path) if cls.kind == "class" else None
        for index in other.children.get((cls.index, symbol.name), ()) if other else ():
            if other is not None and _is_method(other, index):
                found.append(Value("function", cls.path, index))
    return found


def _is_method(table: SymbolTable, index: int) -> bool:
    return table.facts.symbols[index].is_callable and implementation(table.facts, index) == index


def receivers(inference: Inference, method: Value) -> list[Value]:
    """The classes of `self` in a method: its own and the subclasses that inherit it, or call it through `super()`, if they are
    instantiated; its own class where none is, or where there are too many."""
    table = inference.table(method.path)
    if table is None:
        return []
    symbol = table.facts.symbols[method.index]
    defining = Value("class", method.path, symbol.parent)

    def compute() -> Values:
        subclass_list = all_subclasses(inference, defining) if not is_hub(inference, defining) else []
        if len(subclass_list) > _MAX_RECEIVERS:
            return frozenset({defining})
        takes_class = "class" in symbol.traits
        reached = [
            c
            for c in subclass_list
            if (
                _is_test_class(inference, c)
                or is_constructed(inference, c, takes_class)
                or _has_factory_method(inference, c)
            )
            and _reaches(inference, c, method, symbol.name)
        ]
        if reached:  # else, instances created from a table of classes are represented by the class itself
            other_classes = [c for c in subclass_list if c not in reached and is_called_under_alias(inference, c)]
            reached += [c for c in other_classes if _reaches(inference, c, method, symbol.name)]
        if (
            is_constructed(inference, defining, takes_class)
            or not reached
            or _has_factory_method(inference, defining)
            or (takes_class and is_method_referenced(inference, defining, symbol.name))
        ):
            reached.append(defining)
        return frozenset(reached)

    return sorted(
        inference.memoize(("receivers", method.path, method.index), compute), key=lambda v: (v != defining, v[:3])
    )


def _has_factory_method(inference: Inference, cls: Value) -> bool:
    """Whether a method that is called on the class by name may instantiate it: it calls `cls(…)`."""
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        for call in table.calls.get("cls", ()) if table is not None else ():
            if call.callee == "cls" and instance_class(table.facts, call.owner, "cls") == current.index:  # type: ignore[union-attr]
                return is_constructed(inference, cls, True)
    return False


def _is_test_class(inference: Inference, cls: Value) -> bool:
    """Whether a class is named like those that pytest and unittest instantiate to run their tests."""
    table = inference.table(cls.path)
    return table is not None and _TEST_CLASS.search(table.facts.symbols[cls.index].name) is not None


def _reaches(inference: Inference, cls: Value, method: Value, name: str) -> bool:
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        for index in table.children.get((current.index, name), ()) if table else ():
            if (current.path, index) == (method.path, method.index):
                return True
            if table is not None and not any(
                c.callee == f"super().{name}" and c.owner == index for c in table.calls.get(name, ())
            ):
                return False
    return False
