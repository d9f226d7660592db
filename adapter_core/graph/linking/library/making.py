"""Functions that create classes, instances and records, or return the class of something."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ....types import Symbol
from ..classes import composed, generated
from ..local.tables import instance_class
from ..results.values import EMPTY, TUPLE_FACTORY, Value, Values, class_of, instance, union
from .call import Handlers, LibraryCall
from .iterating import CONTAINERS

HANDLERS = Handlers()
_FACTORIES = ("default_factory", "factory")


@HANDLERS.of("builtins.type")
def _type(call: LibraryCall) -> Values | None:
    if call.positional_count == 1:
        return frozenset(class_of(v) for v in call.argument(0) if v.kind == "instance")
    return composed.composed_class(call.inference, call.node, call.context) if call.positional_count == 3 else None


@HANDLERS.of("builtins.object.__new__ builtins.BaseException.__new__")
def _new(call: LibraryCall) -> Values | None:
    return frozenset(instance(v) for v in call.argument(0) if v.kind == "class") if call.positional_count else None


@HANDLERS.of("collections.namedtuple typing.NamedTuple")
def _named_tuple(call: LibraryCall) -> Values:
    return generated.named_tuple(call.node)


@HANDLERS.of(TUPLE_FACTORY)
def _made_tuple(call: LibraryCall) -> Values:
    return generated.tuple_instance(call.inference, call.value, call.node, call.context)


@HANDLERS.of("*NamedTuple._replace *collections.namedtuple()._replace")
def _replaced(call: LibraryCall) -> Values | None:
    func = call.node.func
    return call.values(func.value) if isinstance(func, ast.Attribute) else None


@HANDLERS.of("*NamedTuple._make *collections.namedtuple()._make")
def _make_classmethod(call: LibraryCall) -> Values | None:
    func = call.node.func
    if not isinstance(func, ast.Attribute):
        return None
    return frozenset(instance(v) for v in call.values(func.value) if v.kind in ("class", "instance"))


@HANDLERS.of("dataclasses.field attr.ib attrs.field attr.field")
def _field(call: LibraryCall) -> Values:
    contents = [_made_by(call, factory) for factory in call.named(*_FACTORIES)]
    return union([*contents, *map(call.values, call.named("default"))])


def _made_by(call: LibraryCall, factory: ast.expr) -> Values:
    """The result of a factory: `list` gives a container that is filled later."""
    values = call.values(factory)
    if call.context.base >= 0 and any(v.path in CONTAINERS for v in values):
        return call.display(factory)
    return call.inference.call_results(values)


@HANDLERS.of("types.SimpleNamespace")
def _simple_namespace(call: LibraryCall) -> Values:
    fields = tuple((k.arg, _stored(call, k.arg, k.value)) for k in call.node.keywords if k.arg)
    return frozenset({Value("attributes", "", 0, fields)})


def _stored(call: LibraryCall, name: str, first: ast.expr) -> Values:
    """A field of a `SimpleNamespace`: its initial value, or what the file assigns to it later."""
    table = call.inference.table(call.context.path)
    later = table.attribute_flows(name) if table is not None else ()
    stored = [call.inference.infer_flow(call.context.path, f) for f in later if f.kind == "assign"]
    return union([call.values(first), *stored])


@HANDLERS.of("builtins.super")
def _super(call: LibraryCall) -> Values:
    inference, context = call.inference, call.context
    table = inference.table(context.path)
    if table is None:
        return EMPTY
    cls = instance_class(table.facts, context.scope, "super()")
    if cls is None:
        return EMPTY
    start = Value("class", context.path, cls)
    if call.positional_count:
        named = [v for v in call.argument(0) if v.kind == "class"]
        start = named[0] if named else start
    return frozenset(Value("super", start.path, start.index, r) for r in _receivers(call, table.facts.symbols, cls))


def _receivers(call: LibraryCall, symbols: Sequence[Symbol], cls: int) -> list[Value]:
    """The objects on which the method that calls `super()` was called, where they are known; else an instance of the class itself."""
    inference, context = call.inference, call.context
    method = context.scope
    while method > 0 and symbols[method].parent != cls:
        method = symbols[method].parent
    first = symbols[method].parameters[0].name if symbols[method].parameters else ""
    receivers = [v for name, values in context.environment if name == first for v in values]
    if not receivers and first:
        receivers = list(inference.infer_name(first, context.path, method, -1, 0))
    receivers = [r for r in receivers if r.kind in ("class", "instance")]
    is_class = "class" in symbols[method].traits or symbols[method].name in ("__new__", "__init_subclass__")
    return receivers or [Value("class" if is_class else "instance", context.path, cls)]
