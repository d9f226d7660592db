"""The values of a lambda's parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....types import Flow
from ..aliases import may_alias
from ..containers import contents
from ..local.tables import SymbolTable
from ..results.values import EMPTY, Value, Values, instance, union
from . import callbacks

if TYPE_CHECKING:
    from ..inference import Context, Inference


def parameter_values(inference: Inference, path: str, flow: Flow) -> Values:
    """The values of a parameter of a lambda: arguments where the lambda is called by name, or by code that it is passed to."""

    def compute() -> Values:
        value = Value("lambda", path, flow.scope, (flow.start, flow.end))
        if flow.path == "*":
            return _variadic_values(inference, value, flow)
        position = int(flow.path)
        table = inference.table(path)
        if position == 0 and table is not None and table.facts.symbols[flow.scope].kind == "class":
            cls = Value("class", path, flow.scope)
            of_class = inference.workspace.text(path).endswith("classmethod(", 0, flow.start)
            return frozenset({cls if of_class else instance(cls)})
        if position == 0 and table is not None and (receivers := _receivers(inference, table, flow)):
            return receivers
        parts: list[Values] = [_default(inference, value, flow)]
        for node, context in _calls_of(inference, value):
            if position < len(node.args):
                parts.append(inference.infer(node.args[position], context))
            parts += [inference.infer(k.value, context) for k in node.keywords if k.arg == flow.target]
        for _, _, _, callback in callbacks.callback_calls_of(inference, value):
            parts += callback.arguments[position : position + 1]
        return union(parts)

    return inference.memoize(("lambda", path, flow.start, flow.path), compute)


def _calls_of(inference: Inference, value: Value) -> Iterator[tuple[ast.Call, Context]]:
    for path, call in may_alias.call_sites_of(inference, value):
        context = inference.context(path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if call.form == "decorator" or context is None or not isinstance(node, ast.Call):
            continue
        if value in inference.callees(path, call):
            yield node, context


def _variadic_values(inference: Inference, value: Value, flow: Flow) -> Values:
    """The values of `*args` or `**kwargs` of a lambda."""
    lambda_context = inference.context(value.path, value.index, value.extra[0], value.extra[1], flow.line)
    if lambda_context is None or not isinstance(lambda_context.source.tree, ast.Lambda):
        return EMPTY
    arguments = lambda_context.source.tree.args
    listed = arguments.vararg is not None and arguments.vararg.arg == flow.target
    positional_count = len(arguments.posonlyargs) + len(arguments.args)
    parts: list[Values] = []
    for node, context in _calls_of(inference, value):
        if listed:
            parts += [contents.element(inference, argument, context) for argument in node.args[positional_count:]]
        else:
            parts += [inference.infer(k.value, context) for k in node.keywords if k.arg]
    return frozenset({Value("typed", "list" if listed else "dict", 0, union(parts))})


def _receivers(inference: Inference, table: SymbolTable, flow: Flow) -> Values:
    """The instances of a class whose method is a lambda: `Model.title = lambda self: self.name`."""
    path = table.facts.path
    found: list[Values] = []
    for stored in table.flows_around(flow.start):
        head = stored.target.rpartition(".")[0]
        if head and stored.kind == "assign" and (stored.start, stored.end) == (flow.start, flow.end):
            heads = inference.infer_text(path, stored.scope, head, stored.line)
            found.append(frozenset(instance(v) for v in heads if v.kind == "class"))
    return union(found)


def _default(inference: Inference, value: Value, flow: Flow) -> Values:
    """The default of a lambda's parameter: `lambda handler=f: handler()`."""
    lambda_context = inference.context(value.path, value.index, value.extra[0], value.extra[1], flow.line)
    if lambda_context is None or not isinstance(lambda_context.source.tree, ast.Lambda):
        return EMPTY
    arguments = lambda_context.source.tree.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
             *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
    found = [d for a, d in pairs if a.arg == flow.target and d is not None]
    return inference.infer(found[0], lambda_context) if found else EMPTY
