"""Results of the protocols behind statements: `with`, iteration, subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..classes import generated, hierarchy, namespaces
from ..classes.constructed import is_constructed
from ..results.values import EMPTY, MANY, Value, Values, class_of, external, instance, union
from . import contents, subclassed

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_RAISED = 12
_TYPED_DICTS = ("typing.TypedDict.", "typing_extensions.TypedDict.")


def enter_result(inference: Inference, value: Value) -> Values:
    """What `with value as x` binds."""
    if value.kind == "generator":
        return element_values(inference, value)
    if value.kind == "instance":
        for name in ("__enter__", "__aenter__"):
            found = inference.member(value, name)
            if found:
                return inference.call_results(found)
        return EMPTY
    if value.kind == "typed" and value.path == "entered":
        return value.extra
    if value.kind == "external":
        return frozenset({external(f"{value.path}.__enter__()")})
    return EMPTY


def element_values(inference: Inference, value: Value) -> Values:
    """What iterating over a value yields."""
    if value.kind == "generator":
        return inference.yielded_values(value)
    if value.kind == "display":
        return contents.display_elements(inference, value)
    if value.kind == "typed" and value.path in ("entered", "future"):
        return EMPTY
    if value.kind == "typed":
        return union(list(value.extra)) if value.path == "places" else value.extra
    if value.kind == "starred":
        return contents.starred_elements(inference, value)
    if value.kind == "instance":
        list_elements = subclassed.elements(inference, value)
        if list_elements:
            return list_elements
        for name in ("__iter__", "__aiter__"):
            iterators = inference.call_results(inference.member(value, name))
            if iterators:
                parts = [
                    inference.call_results(inference.member(v, "__anext__" if "a" in name[2:4] else "__next__"))
                    if v.kind == "instance" else element_values(inference, v)
                    for v in iterators
                ]  # fmt: skip
                return union(parts)
        return generated.tuple_item(inference, value, None) or inference.call_results(
            inference.member(value, "__getitem__")
        )
    if value.kind == "attributes" and value.path == "tuple":
        return union([values for _, values in value.extra])
    if value.kind == "class":
        table = inference.table(value.path)
        if table and any(table.facts.symbols[i].kind == "enum_member" for i in table.members.get(value.index, ())):
            return frozenset({instance(value)})
    if value.kind == "namespace":
        return namespaces.NAMES
    if value.kind == "external":
        return frozenset({external(f"{value.path}[]")})
    return frozenset({value}) if value == MANY else EMPTY


def item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """What `value[key]` may be; `step` is the key where it is a number."""
    if value.kind == "display":
        return contents.display_item(inference, value, key, step)
    if value.kind == "starred":
        return contents.starred_item(inference, value, key, step)
    if value.kind == "typed" and value.path == "places":
        position_values: tuple[Values, ...] = value.extra
        return (
            position_values[int(step)]
            if step is not None and -len(position_values) <= int(step) < len(position_values)
            else union(list(position_values))
        )
    if value.kind == "typed":
        return value.extra
    if value.kind == "namespace":
        name = key.strip("'\"") if key else ""
        if value.extra is not None:
            return inference.attribute(frozenset({value.extra}), name) if name else EMPTY
        table = inference.table(value.path)
        if not name:
            return namespaces.values_with_prefix(inference, value)
        return (inference.infer_binding(table, value.index, name) or EMPTY) if table else EMPTY
    if value.kind == "instance":
        found = inference.member(value, "__getitem__")
        if any(v.path.startswith(_TYPED_DICTS) for v in found):
            return inference.member(value, key.strip("'\"")) if key else EMPTY
        getitem_result = generated.tuple_item(inference, value, step) or inference.call_results(found)
        missing = (
            inference.member(value, "__missing__") if subclassed.is_container(inference, class_of(value)) else EMPTY
        )
        return (
            getitem_result
            | inference.call_results(missing)
            | subclassed.stored_values(inference, value, key if key is not None else step)
        )
    if value.kind == "attributes" and value.path == "tuple":
        field_values = [values for _, values in value.extra]
        return (
            field_values[int(step)]
            if step is not None and -len(field_values) <= int(step) < len(field_values)
            else union(field_values)
        )
    if value.kind == "class":
        return frozenset({value})  # a generic class with its arguments
    if value.kind == "generator":
        return element_values(inference, value)
    if value.path == "sys.modules" and key:
        return inference.module(key.strip("'\""))
    if value.kind == "external":
        return frozenset({external(f"{value.path}[]")})
    return frozenset({value}) if value == MANY else EMPTY


def caught_exception(inference: Inference, value: Value) -> Values:
    """What `except` binds for a class, or for each class of a tuple."""
    if value.kind == "class":
        raised = inference.memoize(("caught", value), lambda: frozenset(_raised_classes(inference, value)))
        return frozenset(map(instance, raised))
    if value.kind == "display":
        return union(
            [caught_exception(inference, v) for v in inference.elements(frozenset({value})) if v.kind != "display"]
        )
    return frozenset({value}) if value.kind == "external" else EMPTY


def _raised_classes(inference: Inference, cls: Value) -> list[Value]:
    """The classes of an exception that is caught as `cls`: where the class itself is never instantiated, its subclasses that are."""
    if is_constructed(inference, cls):
        return [cls]
    below = [c for c in hierarchy.all_subclasses(inference, cls) if is_constructed(inference, c)]
    return below if 0 < len(below) <= _MAX_RAISED else [cls]
