"""Calls of a file that pass a callable to external code, found from the stored calls: reading the whole syntax tree costs ten times as
much.

Gives the same operations as `local/implicit_sites.py` finds in the tree, for callables with one of some names.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING

from ....types import Call
from ...parsing.define import dotted
from ..local.builtin_calls import BUILT_IN_CALLERS
from ..local.implicit_sites import Operation, callback_arguments
from ..local.snippets import snippet

if TYPE_CHECKING:
    from ..inference import Inference
    from ..local.tables import SymbolTable


def callback_operations(inference: Inference, path: str, names: Collection[str]) -> list[Operation] | None:
    """The operations in the order of the text; None where the stored calls are not sufficient."""
    table = inference.table(path)
    if table is None or table.facts.recovered or table.facts.problems:
        return None
    text = inference.workspace.text(path)
    found: dict[Operation, None] = {}
    for call in table.callback_calls:
        if not any(text.find(name, call.start, call.end) >= 0 for name in names):
            continue
        operations = _callbacks_in_call(table, text, call)
        if operations is None:
            return None
        found.update(dict.fromkeys(operation for operation in operations if operation.name in names))
    return sorted(found, key=lambda operation: (operation.start, operation.end))


def _callbacks_in_call(table: SymbolTable, text: str, call: Call) -> list[Operation] | None:
    """The operations of one call; None where the stored text is not that of the call."""
    source = snippet(text[call.start : call.end])
    node = source.tree if source is not None else None
    if source is None or not isinstance(node, ast.Call) or dotted(node.func) != call.callee:
        return None
    if "." in call.callee and (call.name in BUILT_IN_CALLERS or _is_of_a_constant(node)):
        return []
    last = call.line + text.count("\n", call.start, call.end)
    found = []
    for argument, name in callback_arguments(node, call.name):
        start, end = source.span(argument)
        extent = call.start + start, call.start + end
        details = call.owner, call.line, last, *extent, dotted(argument), name, (call.start, call.end), dotted(node)
        found.append(Operation("callback", "callback", *details, call.deferred))
    return found


def _is_of_a_constant(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)


__all__ = ["callback_operations"]
