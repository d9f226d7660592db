"""Special methods, which are looked up in the class of a value, and attributes that run code: properties, descriptors, hooks."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...parsing.fields import dotted_name
from ..calls import calling
from ..classes import metaclasses
from ..classes.mro import lookup_order
from ..local.snippets import snippet
from ..local.tables import SymbolTable
from ..results.values import EMPTY, Value, Values, class_of, instance, union

if TYPE_CHECKING:
    from ..inference import Inference

Runs = dict[str, Values]  # the functions that run, by the name of the method
_PLAIN = frozenset({"builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing.NamedTuple"})
_GENERATED = frozenset({"__eq__", "__repr__", "__init__"})
_DATACLASSES = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
_HOOKS = {"get": "__getattribute__", "set": "__setattr__", "delete": "__delattr__"}
_DESCRIPTORS = {"get": "__get__", "set": "__set__", "delete": "__delete__"}
_ENDINGS = {"set": ".setter", "delete": ".deleter"}
_PLACES = {"get": 0, "set": 1, "delete": 2}  # positions of the arguments of `property(…)`


class MethodLookup(NamedTuple):
    """`values` are the functions found. `conclusive`: nothing else can run, so that no fallback method is tried."""

    values: Values
    conclusive: bool


NOT_FOUND = MethodLookup(EMPTY, False)


def special(inference: Inference, value: Value, name: str) -> MethodLookup:
    """The method that an instance gets from its class, or a class from its metaclass."""
    if value.kind == "instance":
        return method_in_order(inference, lookup_order(inference, class_of(value)), value, name)
    if value.kind == "class" and (meta := metaclasses.metaclass(inference, value)) is not None:
        return method_in_order(inference, lookup_order(inference, meta), value, name)
    return NOT_FOUND


def method_in_order(inference: Inference, order: list[Value], receiver: Value, name: str) -> MethodLookup:
    """The first method of a name in an order of classes. Of external classes only built-in ones are known."""
    unknown = False
    for cls in order:
        if cls.kind != "class":
            if _is_built_in_method(cls.path, name):
                return MethodLookup(EMPTY, True)
            unknown = unknown or (not cls.path.startswith("builtins.") and cls.path not in _PLAIN)
            continue
        table = inference.table(cls.path)
        if table is None:
            continue
        found = inference.infer_binding(table, cls.index, name)
        if found is not None:
            return MethodLookup(_bound(found, receiver), True)
        if name in _GENERATED and is_dataclass(table, cls):
            return MethodLookup(EMPTY, True)
    return MethodLookup(EMPTY, unknown)


def is_dataclass(table: SymbolTable, cls: Value) -> bool:
    decorators = table.facts.symbols[cls.index].decorators
    return any(d.partition("(")[0].rpartition(".")[2] in _DATACLASSES for d in decorators)


def _is_built_in_method(path: str, name: str) -> bool:
    module, _, last = path.rpartition(".")
    cls = getattr(builtins, last, object) if module == "builtins" else object
    return getattr(cls, name, None) is not getattr(object, name, None)


def _bound(values: Values, receiver: Value) -> Values:
    return frozenset(v._replace(extra=receiver) if v.kind == "function" and v.extra is None else v for v in values)


# -- attributes --------------------------------------------------------------------------------------------------------


def accessor_functions(inference: Inference, value: Value, name: str, access: str) -> Runs:
    """The functions that reading ("get"), writing ("set") or deleting ("delete") an attribute calls."""
    if value.kind == "module":
        return _of_module(inference, value, name) if access == "get" else {}
    if value.kind == "instance":
        order = lookup_order(inference, class_of(value))
        functions = _accessor_in_order(inference, order, value, name, access)
        hook = method_in_order(inference, order, value, _HOOKS[access]).values
        return {**functions, _HOOKS[access]: hook} if hook else functions
    if value.kind == "super":
        receiver: Value = value.extra
        order = lookup_order(inference, class_of(receiver))
        start = Value("class", value.path, value.index)
        order = order[order.index(start) + 1 :] if start in order else lookup_order(inference, start)[1:]
        return _accessor_in_order(inference, order, receiver, name, access)
    if value.kind == "class":
        meta = metaclasses.metaclass(inference, value)
        functions = accessor_functions(inference, instance(meta), name, access) if meta is not None else {}
        return functions or (_of_class(inference, value, name) if access == "get" else {})
    return {}


def _accessor_in_order(inference: Inference, order: list[Value], receiver: Value, name: str, access: str) -> Runs:
    unknown = assigned = False
    for cls in order:
        if cls.kind != "class":
            unknown = unknown or cls.path not in _PLAIN
            continue
        table = inference.table(cls.path)
        if table is None:
            continue
        assigned = assigned or bool(table.attributes(cls.index, name))
        own = table.children.get((cls.index, name), ())
        if any(table.facts.symbols[i].kind == "property" for i in own):
            functions = _property(inference, table, own, receiver, access)
            return {name: functions} if functions else {}
        found = inference.infer_binding(table, cls.index, name)
        if found is not None:
            from_call = _property_call(inference, table, cls, name, access)
            if from_call:
                return {name: _bound(from_call, receiver)}
            return _descriptor_functions(inference, found, access)
    if access == "get" and not unknown and not assigned:
        dynamic = method_in_order(inference, order, receiver, "__getattr__").values
        return {"__getattr__": dynamic} if dynamic else {}
    return {}


def _property(inference: Inference, table: SymbolTable, indexes: Sequence[int], receiver: Value, access: str) -> Values:
    """The getter, setter or deleter of a property."""
    found: Values = EMPTY
    for index in indexes:
        symbol = table.facts.symbols[index]
        ending = next((e for e in (".setter", ".deleter") if any(d.endswith(e) for d in symbol.decorators)), "")
        if symbol.is_callable and ending == _ENDINGS.get(access, ""):
            function = Value("function", table.facts.path, index)
            found = _bound(calling.apply_decorators(inference, table.facts.path, index, function), receiver)
    return found


def _property_call(inference: Inference, table: SymbolTable, cls: Value, name: str, access: str) -> Values:
    """The same for `name = property(read, write, delete)`."""
    parts: list[Values] = []
    text = inference.workspace.text(cls.path)
    for flow in table.flows.get((cls.index, name), ()):
        source = snippet(text[flow.start : flow.end]) if text.startswith("property", flow.start) else None
        if source is None or not isinstance(source.tree, ast.Call) or dotted_name(source.tree.func) != "property":
            continue
        position = _PLACES[access]
        named = [k.value for k in source.tree.keywords if k.arg == ("fget", "fset", "fdel")[position]]
        for node in [*source.tree.args[position : position + 1], *named]:
            start, end = source.span(node)
            parts.append(inference.infer_at(cls.path, cls.index, flow.start + start, flow.start + end, flow.line))
    return union(parts)


def _descriptor_functions(inference: Inference, values: Values, access: str) -> Runs:
    """The functions that an attribute of a class calls that is an instance of a descriptor class (`__get__` and the like)."""
    method = _DESCRIPTORS[access]
    functions = union([special(inference, v, method).values for v in values if v.kind == "instance"])
    return {method: functions} if functions else {}


def _of_class(inference: Inference, cls: Value, name: str) -> Runs:
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        found = inference.infer_binding(table, current.index, name) if table else None
        if found is not None:
            return _descriptor_functions(inference, found, "get")
    return {}


def _of_module(inference: Inference, module: Value, name: str) -> Runs:
    """A module's own `__getattr__`, for names that it does not define."""
    if name.startswith("__"):
        return {}
    for facts in inference.workspace.facts_of_module(module.path):
        table = inference.table(facts.path)
        if table is None or (0, "__getattr__") not in table.children or table.stars:
            continue
        known = inference.infer_binding(table, 0, name) is not None or inference.workspace.facts_of_module(
            f"{module.path}.{name}"
        )
        if not known:
            return {"__getattr__": inference.infer_binding(table, 0, "__getattr__") or EMPTY}
    return {}


__all__ = ["MethodLookup", "Runs", "accessor_functions", "is_dataclass", "method_in_order", "special"]
