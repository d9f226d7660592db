"""Calls: their results, and the environment of the callee."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from ....types import Call, Parameter, Symbol
from ..classes import decorating, metaclasses
from ..classes.members import member_functions
from ..classes.mro import lookup_order
from ..flow.none_checks import Nullness, is_none_argument, is_unreachable
from ..library import container_methods, externals
from ..local.tables import SymbolTable
from ..results.values import (
    EMPTY,
    Value,
    Values,
    class_of,
    external,
    instance,
    union,
    union_of_alternatives,
    workspace_values,
)

if TYPE_CHECKING:
    from ..inference import Context, Environment, Inference

_WORD = re.compile(r"[^\W\d]\w*")


# -- what a call gives -------------------------------------------------------------------------------------------------


def call_result(inference: Inference, callee: Value, node: ast.Call, context: Context) -> Values:
    """The result of calling `callee` as written."""
    if callee.kind == "class":
        return instantiate(inference, callee)
    if callee.kind == "function":
        return _function_result(inference, callee, node, context)
    if callee.kind == "lambda":
        return _lambda_result(inference, callee, node, context)
    if callee.kind == "instance":
        called = inference.member(callee, "__call__")
        return union([call_result(inference, c, node, context) for c in called if c.kind != "instance"])
    if callee.kind == "external":
        return externals.result(inference, callee, node, context)
    if callee.kind == "method":
        return container_methods.result(inference, callee, node, context)
    if callee.kind == "partial":
        return call_results(inference, frozenset({callee.extra[0]}))
    if callee.kind == "unbound":
        return call_result(inference, callee.extra[0], node, context)
    if callee.kind == "typed" and callee.path == "callable":
        return callee.extra
    if callee.kind in ("composed", "object"):
        return call_results(inference, frozenset({callee}))
    return EMPTY


def call_results(inference: Inference, callees: Values) -> Values:
    """The results of calling any of the values, whatever the arguments."""
    parts: list[Values] = []
    for callee in callees:
        if callee.kind == "function":
            parts.append(_function_results(inference, callee, _own_environment(inference, callee)))
        elif callee.kind == "class":
            parts.append(instantiate(inference, callee))
        elif callee.kind == "lambda":
            parts.append(_lambda_body(inference, callee, ()))
        elif callee.kind == "instance":
            parts.append(call_results(inference, inference.member(callee, "__call__")))
        elif callee.kind == "external":
            parts.append(frozenset({external(f"{callee.path}()")}))
        elif callee.kind in ("partial", "unbound"):
            parts.append(call_results(inference, frozenset({callee.extra[0]})))
        elif callee.kind == "typed" and callee.path == "callable":
            parts.append(callee.extra)
        elif callee.kind == "composed":
            parts.append(frozenset({callee._replace(kind="object")}))
        elif callee.kind == "object":
            parts.append(call_results(inference, inference.attribute(frozenset({callee}), "__call__")))
    return union(parts)


def instantiate(inference: Inference, cls: Value) -> Values:
    """The result of calling a class: an instance of it, and what its own `__new__` returns instead."""
    instances = frozenset({instance(cls)})
    new_methods = member_functions(inference, cls, "__new__") if cls.extra is None else EMPTY
    if not new_methods:
        return instances

    def compute() -> Values:
        results = call_results(inference, frozenset(f._replace(extra=cls) for f in new_methods))
        return instances.union(v for v in results if v.kind == "instance")

    return inference.memoize(("made", cls), compute)


def call_result_with(inference: Inference, function: Value, environment: Environment) -> Values:
    """The result of a function where some of its parameters are known."""
    known = (*_own_environment(inference, function), *environment)
    return _function_results(inference, function, tuple(sorted(known, key=lambda e: e[0])))


def _function_result(inference: Inference, callee: Value, node: ast.Call, context: Context) -> Values:
    environment = dict(_own_environment(inference, callee))
    result_parameters = _result_parameters(inference, callee)
    for parameter in result_parameters.in_result:
        if parameter.name not in environment:
            values = inference.argument_value(callee, node, context, parameter)
            if values is not None:
                environment[parameter.name] = values
    bound_count = 1 if callee.extra is not None else 0
    none_facts = tuple(
        Nullness(p.name, True)
        for p, position in result_parameters.optional
        if is_none_argument(p, position - bound_count, node)
    )
    return _function_results(inference, callee, tuple(sorted(environment.items(), key=lambda e: e[0])), none_facts)


class _ResultParameters(NamedTuple):
    """The name of a function's first parameter, the parameters that its result depends on, and, where it has several `return`s, the
    parameters that default to None, with their positions."""

    first: str = ""
    in_result: tuple[Parameter, ...] = ()
    optional: tuple[tuple[Parameter, int], ...] = ()


def _result_parameters(inference: Inference, function: Value) -> _ResultParameters:
    return inference.memoize_data(
        ("taken", function.path, function.index), lambda: _find_result_parameters(inference, function)
    )


def _find_result_parameters(inference: Inference, function: Value) -> _ResultParameters:
    table = inference.table(function.path)
    parameters = table.facts.symbols[function.index].parameters if table is not None else ()
    if table is None or not parameters:
        return _ResultParameters()
    named = _names_in_result(inference, table, function.index)
    plain = (p for p in parameters if p.kind not in ("var_positional", "var_keyword"))
    in_result = tuple(p for p in plain if p.name in named)
    positional = [p for p in parameters if p.kind in ("positional", "positional_only")]
    optional = [p for p in parameters if p.default == "None"] if len(table.returns.get(function.index, ())) > 1 else []
    numbered = tuple((p, positional.index(p) if p in positional else -1_000) for p in optional)
    return _ResultParameters(parameters[0].name, in_result, numbered)


def _names_in_result(inference: Inference, table: SymbolTable, function: int) -> set[str]:
    """The names that a function's result depends on, directly or through local names. Only for these do the arguments of a call matter."""
    text = inference.workspace.text(table.facts.path)
    names: set[str] = set()
    todo = list(table.returns.get(function, ()))
    while todo:
        flow = todo.pop()
        for word in _WORD.findall(text, flow.start, flow.end):
            if word not in names:
                names.add(word)
                todo += table.flows.get((function, word), ())
    return names


def _own_environment(inference: Inference, callee: Value) -> Environment:
    """What is known within a function before a call: its receiver; for a wrapper, the decorated function."""
    return (*_receiver_environment(inference, callee), *_wrapped_environment(inference, callee))


def _receiver_environment(inference: Inference, callee: Value) -> Environment:
    if callee.extra is None:
        return ()
    first = _result_parameters(inference, callee).first
    return ((first, frozenset({callee.extra})),) if first else ()


def _wrapped_environment(inference: Inference, callee: Value) -> Environment:
    table = inference.table(callee.path) if callee.by else None
    if table is None or callee.by is None:
        return ()
    symbols = table.facts.symbols
    outer = symbols[callee.index].parent
    if outer <= 0 or not symbols[outer].is_callable:
        return ()
    positional = [p for p in symbols[outer].parameters if p.kind in ("positional", "positional_only")]
    is_method = symbols[outer].parent > 0 and symbols[symbols[outer].parent].kind == "class"
    parameters = positional[1:] if is_method and "static" not in symbols[outer].traits else positional
    wrapped = _wrapped_value(inference, callee.path, callee.index, callee.by) if parameters else EMPTY
    return ((parameters[0].name, wrapped),) if wrapped else ()


def _wrapped_value(inference: Inference, path: str, index: int, by: tuple[str, int]) -> Values:
    """The function that a wrapper was created for: the decorated one, or what the decorators below made of it."""
    table = inference.table(by[0])
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[by[1]]
    original = Value("function" if symbol.is_callable else "class", *by)
    below: Values = frozenset({original})
    for count in range(1, len(symbol.decorators) + 1):
        decorated = apply_decorators(inference, *by, original, count)
        if any((v.path, v.index) == (path, index) for v in decorated):
            return below
        below = decorated
    return EMPTY


def _function_results(
    inference: Inference, callee: Value, environment: Environment, none_facts: tuple[Nullness, ...] = ()
) -> Values:
    """The results of a function; `none_facts`: parameters of which is known whether they are None."""
    key = ("returns", callee.path, callee.index, environment, none_facts)
    cached = inference.cached(key)
    if cached is not None:
        inference.note_read(callee.path)
        return cached
    table = inference.table(callee.path)
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[callee.index]
    if symbol.is_generator:
        return frozenset({Value("generator", callee.path, callee.index)})

    def compute() -> Values:
        flows = table.returns.get(callee.index, ())
        facts = [fact for fact in none_facts if fact.name not in symbol.local_names] if len(flows) > 1 else []
        if facts:
            path, first = callee.path, symbol.name_line
            flows = [f for f in flows if not any(is_unreachable(inference, path, f, first, fact) for fact in facts)]
        # A name that is bound again in the function is no longer just the parameter.
        relevant = tuple(e for e in environment if e[0] not in symbol.local_names)
        found = union_of_alternatives(
            [inference.infer_flow(callee.path, f, relevant) for f in flows],
            [inference.is_constant_flow(callee.path, f) for f in flows],
        )
        workspace_results = frozenset(v for v in found if v.kind != "external") if workspace_values(found) else EMPTY
        if len(relevant) < len(environment) and not any(v.kind == "function" for v in workspace_results):
            workspace_results = _passed_through(inference, callee, symbol, environment) or workspace_results
        return workspace_results or _annotated_result(inference, callee, symbol) or found

    return inference.evaluate(key, compute)


def _annotated_result(inference: Inference, callee: Value, symbol: Symbol) -> Values:
    if not symbol.returns:
        return EMPTY
    annotation = symbol.returns.strip("\"'").rpartition(".")[2]
    first = symbol.parameters[0].annotation if symbol.parameters else None
    if callee.extra is not None and (annotation == "Self" or (first and first == symbol.returns)):
        receiver: Value = callee.extra
        return frozenset({instance(receiver) if receiver.kind == "class" else receiver})
    return inference.infer_annotation(callee.path, max(symbol.parent, 0), symbol.returns, symbol.start)


def _passed_through(inference: Inference, callee: Value, symbol: Symbol, environment: Environment) -> Values:
    """`def f(x: T) -> T`: what was passed, if T is a type variable."""
    passed = [p.name for p in symbol.parameters if p.annotation and p.annotation == symbol.returns]
    values = union([values for name, values in environment if name in passed])
    if not values or symbol.returns is None:
        return EMPTY
    named = inference.infer_text(callee.path, max(symbol.parent, 0), symbol.returns, symbol.start)
    is_variable = any(v.kind == "external" and v.path.rpartition(".")[2].startswith("TypeVar(") for v in named)
    return values if is_variable else EMPTY


def yielded_values(inference: Inference, generator: Value) -> Values:
    """What iterating over the generator of a function yields."""
    table = inference.table(generator.path)
    if table is None:
        return EMPTY

    def compute() -> Values:
        found = union([inference.infer_flow(generator.path, f) for f in table.yields.get(generator.index, ())])
        if found:
            return found
        annotated = _annotated_result(inference, generator, table.facts.symbols[generator.index])
        return union([v.extra for v in annotated if v.kind == "typed" and v.path in ("list", "entered")])

    return inference.memoize(("yielded", generator), compute)


def generator_results(inference: Inference, values: Values) -> Values:
    """What generators return at their end."""
    parts = []
    for value in values:
        table = inference.table(value.path) if value.kind == "generator" else None
        parts += [inference.infer_flow(value.path, f) for f in (table.returns.get(value.index, ()) if table else ())]
    return union(parts)


def sent_values(inference: Inference, generator: Value) -> Values:
    """What is sent into a generator, in its own file."""

    def compute() -> Values:
        table = inference.table(generator.path)
        parts = []
        for name in ("send", "asend"):
            for call in table.calls.get(name, ()) if table else ():
                context = inference.context(generator.path, call.owner, call.start, call.end, call.line)
                node = context.source.tree if context is not None else None
                if (
                    context is None
                    or not isinstance(node, ast.Call)
                    or not isinstance(node.func, ast.Attribute)
                    or not node.args
                ):
                    continue
                if generator in inference.infer(node.func.value, context):
                    parts.append(inference.infer(node.args[0], context))
        return union(parts)

    return inference.memoize(("sent", generator), compute)


def _lambda_result(inference: Inference, callee: Value, node: ast.Call, context: Context) -> Values:
    lambda_context = inference.context(callee.path, callee.index, callee.extra[0], callee.extra[1], 0)
    if lambda_context is None or not isinstance(lambda_context.source.tree, ast.Lambda):
        return EMPTY
    arguments = lambda_context.source.tree.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    environment = {}
    for name, argument in zip(names, node.args, strict=False):
        environment[name] = inference.infer(argument, context)
    for keyword in node.keywords:
        if keyword.arg:
            environment[keyword.arg] = inference.infer(keyword.value, context)
    return _lambda_body(inference, callee, tuple(sorted(environment.items(), key=lambda e: e[0])))


def _lambda_body(inference: Inference, callee: Value, environment: Environment) -> Values:
    lambda_context = inference.context(callee.path, callee.index, callee.extra[0], callee.extra[1], 0, environment)
    if lambda_context is None or not isinstance(lambda_context.source.tree, ast.Lambda):
        return EMPTY
    body = lambda_context.source.tree.body
    return inference.memoize(("body", callee, environment), lambda: inference.infer(body, lambda_context))


# -- decorators --------------------------------------------------------------------------------------------------------


def apply_decorators(inference: Inference, path: str, index: int, value: Value, count: int | None = None) -> Values:
    """The value of a name after its decorators, or after the last `count` of them: what they return, or the definition itself where that
    is unknown."""
    table = inference.table(path)
    if table is None or not table.facts.symbols[index].decorators:
        return frozenset({value})
    symbol = table.facts.symbols[index]

    def compute() -> Values:
        values = frozenset({value})
        for text in tuple(reversed(symbol.decorators))[:count]:
            values = _apply_decorator(inference, path, symbol, text, values) or values
        return frozenset(v if v == value else v._replace(by=(path, index)) for v in values)

    return inference.memoize(("decorated", path, index, count), compute)


def _apply_decorator(inference: Inference, path: str, symbol: Symbol, text: str, values: Values) -> Values:
    parts: list[Values] = []
    for decorator in inference.infer_text(path, max(symbol.parent, 0), text, symbol.start):
        if decorator.kind == "class":
            parts.append(frozenset({instance(decorator)}))
        elif decorator.kind == "instance":
            called = inference.member(decorator, "__call__")
            parts += [_call_with_argument(inference, c, values) for c in called if c.kind == "function"]
        elif decorator.kind == "function":
            parts.append(_call_with_argument(inference, decorator, values))
        elif decorator.kind == "partial" and decorator.extra[0].kind == "function":
            start, end = decorator.extra[1:3]
            partial_context = inference.context(decorator.path, decorator.index, start, end, 0)
            bound_count = (
                len(partial_context.source.tree.args) - 1
                if partial_context and isinstance(partial_context.source.tree, ast.Call)
                else 0
            )
            parts.append(_call_with_argument(inference, decorator.extra[0], values, bound_count))
        elif decorator.kind == "lambda":
            parts.append(_lambda_body(inference, decorator, _bind_lambda_parameter(inference, decorator, values)))
    return workspace_values(union(parts))


def _call_with_argument(inference: Inference, function: Value, values: Values, bound_count: int = 0) -> Values:
    """The result of a function for one positional argument, behind `bound_count` ones that are bound already."""
    table = inference.table(function.path)
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[function.index]
    own_environment = _own_environment(inference, function)
    bound = 1 if function.extra is not None else 0
    free = [p for p in symbol.parameters if p.kind in ("positional", "positional_only")][bound + bound_count :]
    environment = (*own_environment, (free[0].name, values)) if free else own_environment
    none_facts = (Nullness(free[0].name, False),) if free and values else ()
    return _function_results(inference, function, tuple(sorted(environment, key=lambda e: e[0])), none_facts)


def _bind_lambda_parameter(inference: Inference, value: Value, argument: Values) -> Environment:
    lambda_context = inference.context(value.path, value.index, value.extra[0], value.extra[1], 0)
    if lambda_context is None or not isinstance(lambda_context.source.tree, ast.Lambda):
        return ()
    names = [a.arg for a in (*lambda_context.source.tree.args.posonlyargs, *lambda_context.source.tree.args.args)]
    return ((names[0], argument),) if names else ()


def constructors(inference: Inference, cls: Value) -> Values:
    """The functions that run when a class is called: its `__init__` and `__new__`, its metaclass's `__call__`."""
    return inference.memoize_data(("constructors", cls), lambda: _constructors(inference, cls))


def _constructors(inference: Inference, cls: Value) -> Values:
    if cls.extra is None and (meta := metaclasses.metaclass(inference, cls)) is not None:
        called = member_functions(inference, meta, "__call__")
        if called:
            return called
    table = inference.table(cls.path)
    replaced = decorating.set_by_decorators(inference, table, cls, "__init__")[0] if table is not None else EMPTY
    found = [member_functions(inference, cls, name) for name in ("__init__", "__new__")]
    found[0] = frozenset(v for v in replaced if v.kind == "function") or found[0]
    if found[1]:
        # What `__new__` returns instead is initialised by its own class, if that is a subclass.
        classes = [class_of(v) for v in instantiate(inference, cls) if v != instance(cls)]
        below = [c for c in classes if cls in lookup_order(inference, c)]
        found += [member_functions(inference, c, "__init__") for c in below]
    return union(found)


def callees(inference: Inference, path: str, call: Call) -> Values:
    """The possible callees of a call."""
    if call.form == "decorator":
        return inference.infer_at(path, call.owner, call.start, call.end, call.line)
    key = ("callee", path, call.start, call.end)
    known = inference.cached(key)
    if known is not None:
        inference.note_read(path)
        return known
    context = inference.context(path, call.owner, call.start, call.end, call.line)
    tree = context.source.tree if context is not None else None
    if context is None or not isinstance(tree, ast.Call):
        return EMPTY
    return inference.evaluate(key, lambda: inference.infer(tree.func, context))
