"""What reaches the parameters of a lambda."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...types import Flow
from . import callbacks, carriers
from .tables import Tables
from .values import EMPTY, Value, Values, instance, union

if TYPE_CHECKING:
    from .evaluate import Inference


def parameter(inference: Inference, path: str, flow: Flow) -> Values:
    """What the parameter of a lambda may be: its arguments where the lambda is called by a name, or by what it is handed to."""

    def compute() -> Values:
        if flow.path == "*":
            return EMPTY
        place = int(flow.path)
        table = inference.table(path)
        if place == 0 and table is not None and table.facts.symbols[flow.scope].kind == "class":
            return frozenset({Value("instance", path, flow.scope)})
        me = Value("lambda", path, flow.scope, (flow.start, flow.end))
        if place == 0 and table is not None and (receivers := _receivers(inference, table, flow)):
            return receivers
        parts: list[Values] = [_default(inference, me, flow)]
        for site_path, call in carriers.sites_of(inference, me):
            here = inference.here(site_path, call.owner, call.start, call.end, call.line)
            node = here.source.tree if here is not None else None
            if call.form == "decorator" or here is None or not isinstance(node, ast.Call):
                continue
            if me in inference.callees(site_path, call):
                if place < len(node.args):
                    parts.append(inference.expression(node.args[place], here))
                parts += [inference.expression(k.value, here) for k in node.keywords if k.arg == flow.target]
        for _, _, _, given in callbacks.callers_of(inference, me):
            parts += given.arguments[place : place + 1]
        return union(parts)

    return inference.once(("lambda", path, flow.start, flow.path), compute)


def _receivers(inference: Inference, table: Tables, flow: Flow) -> Values:
    """The instances of the class that is given a lambda as a method: `Model.title = lambda self: self.name`."""
    path = table.facts.path
    found: list[Values] = []
    for stored in table.flows_around(flow.start):
        head = stored.target.rpartition(".")[0]
        if head and stored.kind == "assign" and (stored.start, stored.end) == (flow.start, flow.end):
            heads = inference.text(path, stored.scope, head, stored.line)
            found.append(frozenset(instance(v) for v in heads if v.kind == "class"))
    return union(found)


def _default(inference: Inference, value: Value, flow: Flow) -> Values:
    """The default of a lambda's parameter: `lambda handler=f: handler()`."""
    at = inference.here(value.path, value.index, value.extra[0], value.extra[1], flow.line)
    if at is None or not isinstance(at.source.tree, ast.Lambda):
        return EMPTY
    arguments = at.source.tree.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
             *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
    found = [d for a, d in pairs if a.arg == flow.target and d is not None]
    return inference.expression(found[0], at) if found else EMPTY
