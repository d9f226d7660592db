"""The values of parameters: receivers, annotations, defaults, and the arguments of calls that can be found."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ....types import Call, Parameter, Symbol
from ..aliases import may_alias, singledispatch
from ..classes import composed, decorating, hierarchy, metaclasses, mro, owners
from ..classes.abstract import is_abstract
from ..containers import filling
from ..flow import folding
from ..local.tables import SymbolTable
from ..names import annotations as types_of
from ..names.arguments import argument_for_parameter
from ..results.values import (
    EMPTY,
    MANY,
    Value,
    Values,
    class_of,
    instance,
    unbound,
    union,
    union_of_alternatives,
    workspace_values,
)
from . import callbacks, calling, fixtures, operand_arguments
from .decorated import decorated_by

if TYPE_CHECKING:
    from ..inference import Context, Inference

_CLASS_RECEIVERS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_CONTAINERS = ("list", "dict", "tuple")  # kinds of `typed` values that are containers
_CALLABLE = frozenset({"function", "lambda", "partial"})
_CHECKED_KINDS = _CALLABLE | {"instance", "class"}


def parameter_values(inference: Inference, path: str, index: int, name: str) -> Values:
    """The values of a parameter: the receiver, its annotated type, else its default and the arguments of calls."""
    return inference.memoize(
        ("parameter", path, index, name), lambda: _compute_parameter_values(inference, path, index, name)
    )


def _compute_parameter_values(inference: Inference, path: str, index: int, name: str) -> Values:
    table = inference.table(path)
    if table is None:
        return EMPTY
    symbols = table.facts.symbols
    symbol = symbols[index]
    parameter = next(p for p in symbol.parameters if p.name == name)
    if parameter.kind in ("var_positional", "var_keyword"):
        return frozenset({Value("starred", path, index, name)})
    in_class = symbol.parent > 0 and symbols[symbol.parent].kind == "class"
    is_method = in_class and "static" not in symbol.traits
    if is_method and parameter is symbol.parameters[0] and not decorating.runs_in_body(table, index):
        cls = Value("class", path, symbol.parent)
        takes_class = (
            "class" in symbol.traits or symbol.name in _CLASS_RECEIVERS or metaclasses.is_metaclass(inference, cls)
        )
        if takes_class and "class" not in symbol.traits and symbol.name not in _CLASS_RECEIVERS:
            return frozenset(hierarchy.classes_of_metaclass(inference, cls)) or frozenset(
                {cls}
            )  # the `self` of a metaclass
        if symbol.name == "__init_subclass__":
            return frozenset(hierarchy.all_subclasses(inference, cls)) or frozenset({cls})
        receivers = hierarchy.receivers(inference, Value("function", path, index))
        objects = EMPTY if takes_class else composed.composed_instances(inference, cls)
        return objects.union(c if takes_class else instance(c) for c in receivers)
    outer = max(symbol.parent, 0)
    annotated = EMPTY
    registered_for = singledispatch.registered_type(symbol, parameter) if not parameter.annotation else ""
    if parameter.annotation or registered_for:
        annotated = inference.infer_annotation(path, outer, parameter.annotation or registered_for, symbol.start)
        # For built-in types, arguments say more.
        annotated = workspace_values(annotated) if registered_for else annotated
        if types_of.is_informative(annotated):
            return _with_fitting_arguments(inference, annotated, lambda: argument_values(inference, path, index, name))
    from_fixture = fixtures.fixture_values(inference, path, index, name) if fixtures.takes_fixtures(symbol) else EMPTY
    if from_fixture:
        return from_fixture
    values = _compute_argument_values(inference, path, index, parameter) | annotated
    if in_class and not workspace_values(values):
        cls, position = Value("class", path, symbol.parent), symbol.parameters.index(parameter)
        values |= owners.descriptor_arguments(inference, cls, symbol.name, position) | operand_arguments.operand_values(
            inference, cls, symbol.name, position
        )
        values |= owners.class_body_arguments(inference, cls, symbol.name, position)
    if in_class and not parameter.annotation and not workspace_values(values):
        return _inherited_annotation(inference, path, index, parameter) or values
    return values


def argument_values(inference: Inference, path: str, index: int, name: str) -> Values:
    """The values of a parameter from its default and from calls, regardless of its annotation; empty where there is no such parameter."""
    table = inference.table(path)
    parameters = table.facts.symbols[index].parameters if table is not None else ()
    parameter = next(
        (p for p in parameters if p.name == name and p.kind not in ("var_positional", "var_keyword")), None
    )
    if parameter is None:
        return EMPTY
    return inference.memoize(
        ("handed", path, index, name), lambda: _compute_argument_values(inference, path, index, parameter)
    )


def _inherited_annotation(inference: Inference, path: str, index: int, parameter: Parameter) -> Values:
    """The annotated type of a parameter in the nearest overridden method."""
    position = inference.table(path).facts.symbols[index].parameters.index(parameter)  # type: ignore[union-attr]
    for base in hierarchy.overridden(inference, Value("function", path, index)):
        table = inference.table(base.path)
        symbol = table.facts.symbols[base.index] if table else None
        if symbol is None:
            continue
        matching = [p for p in symbol.parameters if p.name == parameter.name] or list(
            symbol.parameters[position : position + 1]
        )
        if matching and matching[0].annotation and matching[0].kind == parameter.kind:
            return inference.infer_annotation(base.path, max(symbol.parent, 0), matching[0].annotation, symbol.start)
    return EMPTY


def _with_fitting_arguments(inference: Inference, annotated: Values, compute_arguments: Callable[[], Values]) -> Values:
    """The annotated type, together with the arguments of calls that derive from it or fit a protocol: instances for `x: Base`, classes
    for `x: type[Base]`, and containers for `x: list[Base]`."""
    classes = [class_of(v) if v.kind == "instance" else v for v in annotated if v.kind in ("instance", "class")]
    element_classes = [
        class_of(v)
        for c in annotated
        if c.kind == "typed" and c.path in _CONTAINERS
        for v in c.extra
        if v.kind == "instance"
    ]
    protocols = [c for c in classes if _is_built_on(inference, c, "Protocol")]
    has_typed_dict = any(_is_built_on(inference, c, "TypedDict") for c in classes)
    is_open = protocols or has_typed_dict or any(hierarchy.subclasses(inference, c) for c in classes)
    is_open = is_open or any(
        _is_built_on(inference, c, "Protocol") or hierarchy.subclasses(inference, c) for c in element_classes
    )
    if not is_open:
        return annotated
    arguments = compute_arguments()
    kinds = {a.kind for a in annotated}
    if any(inference.member(instance(c), "__call__") for c in protocols):
        kinds |= _CALLABLE
    candidates = [v for v in arguments if v.kind in kinds and v.kind in _CHECKED_KINDS]
    orders = [mro.lookup_order(inference, class_of(v) if v.kind == "instance" else v) for v in candidates]
    containers = (
        frozenset(v for v in arguments if v.kind in ("display", "starred"))
        if element_classes or has_typed_dict
        else EMPTY
    )
    if protocols:
        # Arguments need not derive from the protocol. Where none does, the protocol only describes them.
        if orders and not any(c in order for c in protocols for order in orders):
            annotated = frozenset(v for v in annotated if v.kind != "instance" or class_of(v) not in protocols)
        return annotated.union(candidates, containers)
    fitting = [v for v, order in zip(candidates, orders, strict=True) if any(c in order for c in classes)]
    if kinds == {"class"} and fitting and len(fitting) == len(arguments):
        return frozenset(fitting)  # `kind: type[Base]`: all calls say which
    return annotated.union(fitting, containers)


def _is_built_on(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class is directly derived from an external class of this name."""
    return any(c.kind == "external" and c.path.rpartition(".")[2] == name for c in mro.bases(inference, cls))


def _compute_argument_values(inference: Inference, path: str, index: int, parameter: Parameter) -> Values:
    """The values of a parameter from its default, from the calls that can be found, and from decorated definitions."""
    table = inference.table(path)
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[index]
    name = parameter.name
    parts = [v for v in (_default(inference, table, index, parameter),) if v is not None]
    function = Value("function", path, index)
    is_known = [True for _ in parts]
    for node, context, bound, receiver in _calls_of(inference, function):
        if bound and name == symbol.parameters[0].name:
            parts.append(frozenset({receiver}) if receiver is not None else EMPTY)
        else:
            parts.append(argument_for_parameter(inference, symbol.parameters, bound, node, context, parameter))
        argument = _argument_node(symbol, bound, node, parameter) if not parts[-1] else None
        is_known.append(argument is None or isinstance(argument, ast.Constant))
    parts = [union_of_alternatives(parts, is_known)]
    if not _call_sites(inference, function)[1]:
        parts.append(frozenset({MANY}))
    positional = [p for p in symbol.parameters if p.kind in ("positional", "positional_only")]
    if parameter in positional:
        for _, _, value, callback in callbacks.callback_calls_of(inference, function):
            position = positional.index(parameter) - (1 if value.extra is not None else 0)
            parts += callback.arguments[position : position + 1] if position >= 0 else [frozenset({value.extra})]
    for owner_path, owner, decorator_parameter, order in decorated_by(inference, function):
        # A decorator is called with the definition, as the decorators below have changed it.
        if decorator_parameter == parameter.name:
            kind = "function" if _is_callable(inference, owner_path, owner) else "class"
            parts.append(calling.apply_decorators(inference, owner_path, owner, Value(kind, owner_path, owner), order))
    return union(parts)


def _default(inference: Inference, table: SymbolTable, index: int, parameter: Parameter) -> Values | None:
    """The default of a parameter, also a text, which may be a name. None: unknown."""
    flow = table.defaults.get((index, parameter.name))
    if flow is not None:
        return inference.infer_flow(table.facts.path, flow)
    if not parameter.default or parameter.default[0] not in "'\"":
        return None
    symbol = table.facts.symbols[index]
    return inference.infer_text(table.facts.path, max(symbol.parent, 0), parameter.default, symbol.start)


def _is_callable(inference: Inference, path: str, index: int) -> bool:
    table = inference.table(path)
    return table is not None and table.facts.symbols[index].is_callable


def _call_sites(inference: Inference, function: Value) -> tuple[list[tuple[str, Call]], bool]:
    """The calls that may pass arguments to a function, and whether the list is complete: for very common names it is not."""
    return inference.memoize_data(("sites", function), lambda: may_alias.argument_sites(inference, function))


def _calls_of(inference: Inference, function: Value) -> Iterator[tuple[ast.Call, Context, bool, Value | None]]:
    """The calls that enter a function: the call, its context, whether the first parameter is bound already, and to what."""
    wrappers = _wrappers(inference, function)
    # A call of an abstract method enters its overrides.
    hooks = [f for f in hierarchy.overridden(inference, function) if is_abstract(inference, f)]
    for path, call in _call_sites(inference, function)[0]:
        if (path, call.owner) in wrappers or call.form == "decorator":
            continue  # a wrapper passes on its own arguments, which come from the wrapper's calls
        for value, environment in folding.callees_by_iteration(inference, path, call):
            bound_receiver = _bound_receiver(inference, value, function, wrappers, hooks)
            is_partial = value.kind == "partial" and unbound(value.extra[0]) == function
            # Most calls of a name enter another function; they need not be parsed.
            extent = (
                (call.start, call.end, call.line, environment) if bound_receiver is not None or is_partial else None
            )
            context = inference.context(path, call.owner, *extent) if extent is not None else None
            node = context.source.tree if context is not None else None
            if context is None or not isinstance(node, ast.Call):
                continue
            if bound_receiver is not None:
                yield node, context, *bound_receiver
                continue
            wrapped: Value = value.extra[0]
            for partial_context in folding.partial_contexts(inference, value):
                partial_call: ast.Call = partial_context.source.tree  # type: ignore[assignment]
                # The arguments of `partial`, then those of this call, which follow them.
                first_arguments = ast.Call(
                    func=partial_call.func, args=partial_call.args[1:], keywords=partial_call.keywords
                )
                yield first_arguments, partial_context, wrapped.extra is not None, wrapped.extra
                empty: list[ast.expr] = [ast.Constant(None) for _ in partial_call.args[1:]]
                further_arguments = ast.Call(func=node.func, args=[*empty, *node.args], keywords=node.keywords)
                yield further_arguments, context, wrapped.extra is not None, wrapped.extra


def _bound_receiver(
    inference: Inference, value: Value, function: Value, wrappers: set[tuple[str, int]], hooks: list[Value]
) -> tuple[bool, Value | None] | None:
    """Whether a call of a value binds the function's first parameter, and to what; None where it does not enter the function."""
    if value.kind == "function":
        return (value.extra is not None, value.extra) if _leads_to(value, function, wrappers, hooks) else None
    if value.kind == "class":
        return (True, instance(value)) if function in inference.constructors(value) else None
    if value.kind == "instance" and any(unbound(v) == function for v in inference.member(value, "__call__")):
        return True, value
    return None


def _leads_to(value: Value, function: Value, wrappers: set[tuple[str, int]], hooks: list[Value]) -> bool:
    undecorated = unbound(value)
    if value.by is None or undecorated == function:
        return undecorated == function or undecorated in hooks
    decorated = Value("function", *value.by)
    return (decorated == function and (value.path, value.index) in wrappers) or decorated in hooks


def _wrappers(inference: Inference, function: Value) -> set[tuple[str, int]]:
    """(path, symbol) of wrappers that decorators return for a function and that accept any arguments."""
    table = inference.table(function.path)
    if table is None or not table.facts.symbols[function.index].decorators:
        return set()
    found = set()
    for value in calling.apply_decorators(inference, function.path, function.index, function):
        other = inference.table(value.path) if value.kind == "function" and value.by else None
        if other is not None and any(
            p.kind in ("var_positional", "var_keyword") for p in other.facts.symbols[value.index].parameters
        ):
            found.add((value.path, value.index))
    return found


def argument_value(
    inference: Inference, callee: Value, node: ast.Call, context: Context, parameter: Parameter
) -> Values | None:
    """The value of one parameter in a call: its argument, or its default. None: unknown, so that it may be any call's argument; the
    empty set: None, or a constant."""
    table = inference.table(callee.path)
    if table is None:
        return None
    values = argument_for_parameter(
        inference, table.facts.symbols[callee.index].parameters, callee.extra is not None, node, context, parameter
    )
    if values:
        return values
    argument = _argument_node(table.facts.symbols[callee.index], callee.extra is not None, node, parameter)
    if argument is None:
        return _default(inference, table, callee.index, parameter) or EMPTY
    if isinstance(argument, ast.Constant) or (
        isinstance(argument, ast.Name) and (argument.id, EMPTY) in context.environment
    ):
        return EMPTY
    return None


def _argument_node(symbol: Symbol, bound: bool, node: ast.Call, parameter: Parameter) -> ast.expr | None:
    """The argument of a call for a parameter, or the starred one that covers it; None where there is none."""
    for keyword in node.keywords:
        if keyword.arg in (parameter.name, None):
            return keyword.value
    positional = [p for p in symbol.parameters if p.kind in ("positional", "positional_only")][1 if bound else 0 :]
    if parameter not in positional:
        return None
    position = positional.index(parameter)
    for number, argument in enumerate(node.args[: position + 1]):
        if number == position or isinstance(argument, ast.Starred):
            return argument
    return None


def variadic_values(inference: Inference, value: Value, key: str | None) -> Values:
    """The values of `*args` (key: an index, None for any) or `**kwargs` (key: as `repr` spells it) of a function."""

    def compute() -> Values:
        table = inference.table(value.path)
        if table is None:
            return EMPTY
        symbol = table.facts.symbols[value.index]
        parameter = next((p for p in symbol.parameters if p.name == value.extra), None)
        if parameter is None:
            return EMPTY
        if parameter.annotation:
            annotated = inference.infer_annotation(
                value.path, max(symbol.parent, 0), parameter.annotation, symbol.start
            )
            if workspace_values(annotated) and types_of.is_informative(annotated):
                return _with_fitting_arguments(
                    inference, annotated, lambda: _compute_variadic_values(inference, value, symbol, parameter, key)
                )
        return _compute_variadic_values(inference, value, symbol, parameter, key)

    return inference.memoize(("gathered", value, key), compute)


def _compute_variadic_values(
    inference: Inference, value: Value, symbol: Symbol, parameter: Parameter, key: str | None
) -> Values:
    """The arguments of calls for `*args` or `**kwargs`."""
    parts: list[Values] = []
    if parameter.kind == "var_keyword":
        parts.append(filling.stored_values(inference, value.path, value.index, parameter.name, key))
    names = {p.name for p in symbol.parameters}
    positional_total = sum(p.kind in ("positional", "positional_only") for p in symbol.parameters)
    for node, context, bound, _ in _calls_of(inference, Value("function", value.path, value.index)):
        if parameter.kind == "var_keyword":
            for keyword in node.keywords:
                if keyword.arg is None:
                    parts += [inference.item(v, key, None) for v in inference.infer(keyword.value, context)]
                elif keyword.arg not in names and key in (None, repr(keyword.arg)):
                    parts.append(inference.infer(keyword.value, context))
            continue
        positional_count = positional_total - (1 if bound else 0)
        if key and key.startswith("-") and not any(isinstance(a, ast.Starred) for a in node.args):
            parts += [inference.infer(a, context) for a in node.args[positional_count:][int(key) :][:1]]
            continue
        for number, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                # The first unpacked elements go to the positional parameters.
                index = int(key) + positional_count - number if key and key.isdecimal() else -1
                position = str(index) if index >= 0 else None
                parts += [inference.item(v, None, position) if position else inference.element_values(v)
                          for v in inference.infer(argument.value, context)]  # fmt: skip
            elif number >= positional_count and (key is None or key == str(number - positional_count)):
                parts.append(inference.infer(argument, context))
    return union(parts)
