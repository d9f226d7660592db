"""What the `__init__` of a record stores, which a decorator or a base class writes: `@dataclass`, `NamedTuple`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....types import Parameter
from ..local.snippets import snippet
from ..local.tables import SymbolTable
from ..names.arguments import argument_for_parameter
from ..results.values import EMPTY, TUPLE_FACTORY, Value, Values, class_of, external, union
from . import hierarchy, mro
from .members import member_functions

if TYPE_CHECKING:
    from ..inference import Context, Inference

_MAX_SITES = 80
_TUPLES = ("NamedTuple", "collections.namedtuple()")


def is_field(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class itself declares a field of that name."""
    table = inference.table(cls.path)
    if table is None:
        return False
    declared = any(table.facts.symbols[i].kind == "field" for i in table.children.get((cls.index, name), ()))
    return declared or name in _fields_of_base(table.facts.symbols[cls.index].bases)


def _fields_of_base(bases: Sequence[str]) -> list[str]:
    """The fields of `class Pair(namedtuple("Pair", "left right"))`."""
    for text in bases:
        source = snippet(text) if text.partition("(")[0].rpartition(".")[2] == "namedtuple" else None
        call = source.tree if source is not None else None
        if isinstance(call, ast.Call):
            return _field_names(call)
    return []


def _field_names(call: ast.Call) -> list[str]:
    """The fields that `namedtuple("Pair", "left right")` or `NamedTuple("Pair", [("left", int)])` names."""
    names = call.args[1] if len(call.args) > 1 else None
    if isinstance(names, ast.Constant) and isinstance(names.value, str):
        return names.value.replace(",", " ").split()
    return _constant_texts(names)


def _constant_texts(node: ast.expr | None) -> list[str]:
    """The constant texts of a list or tuple, or those with which its pairs begin."""
    first = [e.elts[0] if isinstance(e, ast.Tuple) and e.elts else e for e in getattr(node, "elts", ())]
    return [e.value for e in first if isinstance(e, ast.Constant) and isinstance(e.value, str)]


def has_default(table: SymbolTable, cls: Value, name: str) -> bool:
    """Whether a class says what a field is where no call says it."""
    return any(f.kind == "assign" for f in table.flows.get((cls.index, name), ()))


def field_arguments(inference: Inference, cls: Value, name: str) -> Values:
    """What the calls that make instances of a record hand over for a field."""
    return inference.memoize(("field", cls, name), lambda: _compute_field_arguments(inference, cls, name))


def field_of_argument(inference: Inference, cls: Value, position: int | str) -> list[str]:
    """The field that an argument at a place, or by a keyword, goes to; none where it has a constructor of its own, or is no record."""
    names = [p.name for p in _init_parameters(inference, cls)]
    if isinstance(position, str):
        return [position] if position in names else []
    return names[position : position + 1]


def pattern_values(inference: Inference, values: Values, position: int) -> Values:
    """What a class pattern binds at a place: the attribute that `__match_args__` names, or the field of a record."""
    parts = []
    for value in values:
        cls = class_of(value) if value.kind == "instance" else None
        names = (
            (_match_args(inference, cls) or [p.name for p in _init_parameters(inference, cls)])
            if cls is not None
            else []
        )
        parts += [inference.attribute(frozenset({value}), name) for name in names[position : position + 1]]
    return union(parts)


def _match_args(inference: Inference, cls: Value) -> list[str]:
    for current in mro.lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        for flow in table.flows.get((current.index, "__match_args__"), ()) if table is not None else ():
            source = snippet(inference.workspace.text(current.path)[flow.start : flow.end])
            return _constant_texts(source.tree) if source is not None else []
    return []


def tuple_item(inference: Inference, value: Value, step: str | None) -> Values:
    """What an instance of a named tuple holds at a place, or at any."""
    cls = class_of(value)
    if not any(c.kind == "external" and c.path.endswith(_TUPLES) for c in mro.lookup_order(inference, cls)):
        return EMPTY
    names = [p.name for p in _init_parameters(inference, cls)]
    if step is not None:
        position = int(step)
        names = names[position : position + 1 or None] if -len(names) <= position < len(names) else []
    return union([inference.attribute(frozenset({value}), name) for name in names])


def named_tuple(node: ast.Call) -> Values:
    """What `namedtuple("Pair", "left right")` gives: something outside that knows its fields."""
    fields = _field_names(node)
    return frozenset({Value("external", TUPLE_FACTORY, 0, " ".join(fields) if fields else None)})


def tuple_instance(inference: Inference, cls: Value, node: ast.Call, context: Context) -> Values:
    """What calling such a named tuple gives."""
    if not cls.extra:
        return frozenset({external(f"{TUPLE_FACTORY}()")})
    parameters = [Parameter(name, "positional", None, None) for name in cls.extra.split()]
    fields = tuple(
        (parameter.name, argument_for_parameter(inference, parameters, False, node, context, parameter))
        for parameter in parameters
    )
    return frozenset({Value("attributes", "tuple", 0, fields)})


def _compute_field_arguments(inference: Inference, cls: Value, name: str) -> Values:
    classes = [cls, *(hierarchy.all_subclasses(inference, cls) if not hierarchy.is_hub(inference, cls) else [])]
    parts: list[Values] = []
    for subclass in classes:
        if inference.is_common(subclass):
            continue
        parameters = _init_parameters(inference, subclass)
        parameter = next((p for p in parameters if p.name == name), None)
        sites = inference.call_sites_of(subclass) if parameter is not None else []
        if parameter is None or len(sites) > _MAX_SITES:
            continue
        for path, call in sites:
            context = inference.context(path, call.owner, call.start, call.end, call.line)
            node = context.source.tree if context is not None else None
            if context is None or call.form == "decorator" or not isinstance(node, ast.Call):
                continue
            if subclass in inference.callees(path, call):
                parts.append(argument_for_parameter(inference, parameters, False, node, context, parameter))
    return union(parts) if parts else EMPTY


def _init_parameters(inference: Inference, cls: Value) -> list[Parameter]:
    """The parameters of the `__init__` that is written for a record: its fields, those of its bases first; none where it has one of
    its own."""
    if any(member_functions(inference, cls, method) for method in ("__init__", "__new__")):
        return []
    found: dict[str, Parameter] = {}
    for current in reversed(mro.lookup_order(inference, cls)):
        table = inference.table(current.path) if current.kind == "class" else None
        bases = table.facts.symbols[current.index].bases if table else ()
        found.update({name: Parameter(name, "positional", None, None) for name in _fields_of_base(bases)})
        for index in table.members.get(current.index, ()) if table else ():
            symbol = table.facts.symbols[index]  # type: ignore[union-attr]
            if symbol.kind == "field":
                found[symbol.name] = Parameter(symbol.name, "positional", None, None)
    return list(found.values())


__all__ = [
    "field_arguments",
    "field_of_argument",
    "has_default",
    "is_field",
    "named_tuple",
    "pattern_values",
    "tuple_instance",
    "tuple_item",
]
