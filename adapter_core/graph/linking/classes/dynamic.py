"""Attributes that no class defines: set on functions, computed by `__getattr__`, parsed from a command line."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values, external, unbound, union, workspace_values

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_FILES = 12
_MAX_PARSERS = 40
_PARSED = (".parse_args()", ".parse_known_args()[]", "argparse.Namespace()")


def function_attribute(inference: Inference, function: Value, name: str) -> Values:
    """What is assigned to an attribute of a function: `render.style = plain`."""
    undecorated = unbound(function)
    if name == "__get__":
        return frozenset({Value("method", name, 0, undecorated)})
    if name == "__call__":
        return frozenset({function})
    if name == "__name__":
        path, index = function.by or (
            undecorated.path,
            undecorated.index,
        )  # a wrapper has the name of the decorated function
        table = inference.table(path)
        return frozenset(
            {external("builtins.str()")._replace(extra=table.facts.symbols[index].name if table else None)}
        )
    if name == "__wrapped__":
        # The decorated function, as `wraps` and `update_wrapper` record it.
        return frozenset({function if function.by is None else Value("function", *function.by)})

    def compute() -> Values:
        parts: list[Values] = []
        users = inference.workspace.paths_using(name)
        for path in users if len(users) <= _MAX_FILES else [function.path]:
            table = inference.table(path) if inference.spend(1) else None
            for flow in table.attribute_flows(name) if table else ():
                head = flow.target.rpartition(".")[0]
                if flow.kind == "assign" and undecorated in map(
                    unbound, inference.infer_text(path, flow.scope, head, flow.line)
                ):
                    parts.append(inference.infer_flow(path, flow))
        return union(parts)

    return inference.memoize(("attribute of a function", undecorated, name), compute)


def container_attribute(value: Value, name: str) -> Values:
    """A method of a container or generator; the value of a field of `SimpleNamespace(name=value)`."""
    if value.kind == "attributes":
        if name == "_replace":
            return frozenset({Value("typed", "callable", 0, frozenset({value}))})
        return union([values for field, values in value.extra if field == name])
    return frozenset({Value("method", name, 0, value)})


def parsed_argument(inference: Inference, value: Value, name: str) -> Values:
    """What `parser.set_defaults(name=value)` sets for an attribute of parsed command-line arguments."""
    if not value.path.endswith(_PARSED):
        return EMPTY

    def compute() -> Values:
        parts: list[Values] = []
        users = inference.workspace.paths_using("set_defaults", "called")
        for path in users if len(users) <= _MAX_PARSERS else ():
            table = inference.table(path) if inference.spend(1) else None
            for call in table.calls.get("set_defaults", ()) if table else ():
                context = inference.context(path, call.owner, call.start, call.end, call.line)
                node = context.source.tree if context is not None else None
                if context is not None and isinstance(node, ast.Call):
                    parts += [inference.infer(k.value, context) for k in node.keywords if k.arg == name]
        return workspace_values(union(parts))

    return inference.memoize(("parsed", name), compute)


def getattr_result(inference: Inference, functions: Values, name: str) -> Values:
    """What `__getattr__` of a class or module returns for a name."""
    parts = []
    for function in functions:
        table = inference.table(function.path) if function.kind == "function" else None
        if table is None:
            continue
        parameters = table.facts.symbols[function.index].parameters[1 if function.extra is not None else 0 :]
        name_values = (
            ((parameters[0].name, frozenset({external("builtins.str()")._replace(extra=name)})),) if parameters else ()
        )
        parts.append(inference.call_result_with(function, name_values))
    return union(parts) if parts else EMPTY
