"""Binding of class attributes to a receiver: methods are bound, properties evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values, class_of
from .members import any_defines
from .mro import lookup_order

if TYPE_CHECKING:
    from ..inference import Inference


def bind(inference: Inference, value: Value, receiver: Value) -> Values:
    """A function of a class, as an attribute of a receiver: bound, or called where it is a property."""
    if value.kind == "property" and receiver.kind == "instance":
        read: Value = value.extra
        return inference.call_results(bind(inference, read, receiver) if read.kind == "function" else frozenset({read}))
    if value.kind == "unbound":
        inner, takes_class = value.extra
        if takes_class and inner.kind == "function" and inner.extra is None:
            return frozenset({inner._replace(extra=class_of(receiver) if receiver.kind == "instance" else receiver)})
        return frozenset({inner})
    if value.kind not in ("function", "lambda"):
        if value.kind == "instance" and value.path:
            getter = inference.member(value, "__get__") if _has_get(inference, value) else EMPTY
            if getter:
                return inference.call_results(getter)
        return frozenset({value})
    if value.kind == "lambda" or value.extra is not None:
        return frozenset({value})
    table = inference.table(value.path)
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[value.index]
    traits = symbol.traits
    if symbol.kind == "property":
        if receiver.kind == "instance":
            return inference.call_results(frozenset({value._replace(extra=receiver)}))
        return frozenset({value})
    if "static" in traits:
        return frozenset({value})
    if "class" in traits or symbol.name in ("__init_subclass__", "__class_getitem__"):
        return frozenset({value._replace(extra=class_of(receiver) if receiver.kind == "instance" else receiver)})
    if receiver.kind == "instance":
        return frozenset({value._replace(extra=receiver)})
    return frozenset({value})


def _has_get(inference: Inference, value: Value) -> bool:
    return any_defines(inference, lookup_order(inference, class_of(value)), "__get__")
