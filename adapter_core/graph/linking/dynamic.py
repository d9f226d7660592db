"""Attributes that no class defines: set on functions, answered by `__getattr__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import calling
from .values import EMPTY, Value, Values, external, unbound, union

if TYPE_CHECKING:
    from .evaluate import Inference

_MAX_FILES = 12


def of_function(inference: Inference, function: Value, name: str) -> Values:
    """What was stored under a name on a function: `render.style = plain`."""
    plain = unbound(function)

    def compute() -> Values:
        parts: list[Values] = []
        users = inference.workspace.paths_using(name)
        for path in users if len(users) <= _MAX_FILES else [function.path]:
            table = inference.table(path) if inference.spend(1) else None
            for flow in table.attribute_flows(name) if table else ():
                head = flow.target.rpartition(".")[0]
                if flow.kind == "assign" and plain in map(unbound, inference.text(path, flow.scope, head, flow.line)):
                    parts.append(inference.flow(path, flow))
        return union(parts)

    return inference.once(("attribute of a function", plain, name), compute)


def answered(inference: Inference, functions: Values, name: str) -> Values:
    """What `__getattr__` of a class or module gives for a name."""
    parts = []
    for function in functions:
        table = inference.table(function.path) if function.kind == "function" else None
        if table is None:
            continue
        parameters = table.facts.symbols[function.index].parameters[1 if function.extra is not None else 0 :]
        asked = (
            ((parameters[0].name, frozenset({external("builtins.str()")._replace(extra=name)})),) if parameters else ()
        )
        parts.append(calling.returned_with(inference, function, asked))
    return union(parts) if parts else EMPTY
