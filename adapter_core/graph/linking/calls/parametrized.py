"""Parameter values from pytest: `parametrize` of tests, and `params` of fixtures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....types import Call
from ...parsing.fields import spelled
from ..local.tables import SymbolTable
from ..results.values import Values, union

if TYPE_CHECKING:
    from ..inference import Context, Inference


def parametrized_values(inference: Inference, path: str, index: int, name: str) -> Values | None:
    """The values of one parameter from `@pytest.mark.parametrize` on a test or its class; None where it is not named there."""
    table = inference.table(path)
    current = index
    while table is not None and current > 0:
        for node, context in _decorators(inference, table, current, "parametrize"):
            names = _names(node)
            if name in names and len(node.args) > 1:
                return _listed_values(inference, node.args[1], context, names.index(name) if len(names) > 1 else None)
        current = table.facts.symbols[current].parent
    return None


def request_param_values(inference: Inference, path: str, index: int) -> Values:
    """The values of `request.param` in a fixture."""
    table = inference.table(path)
    found = []
    for node, context in _decorators(inference, table, index, "fixture") if table else ():
        found += [_listed_values(inference, k.value, context, None) for k in node.keywords if k.arg == "params"]
    return union(found)


def _decorators(inference: Inference, table: SymbolTable, index: int, name: str) -> Iterator[tuple[ast.Call, Context]]:
    symbol = table.facts.symbols[index]
    if not any(name in text for text in symbol.decorators):
        return
    calls: list[Call] = [c for c in table.facts.calls if c.form == "decorator" and c.owner == symbol.parent]
    for call in calls:
        if symbol.start <= call.line < symbol.name_line:
            context = inference.context(table.facts.path, call.owner, call.start, call.end, call.line)
            tree = context.source.tree if context is not None else None
            if context is not None and isinstance(tree, ast.Call) and getattr(tree.func, "attr", "") == name:
                yield tree, context


def _names(node: ast.Call) -> list[str]:
    first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "argnames"), None)
    if isinstance(first, (ast.List, ast.Tuple)):
        return [spelled(e).strip("'\"") for e in first.elts]
    return [n.strip() for n in spelled(first).strip("'\"").split(",")] if first is not None else []


def _listed_values(inference: Inference, node: ast.expr, context: Context, position: int | None) -> Values:
    """The values of a list, or those at one position of its tuples."""
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        values = inference.elements(inference.infer(node, context))
        return values if position is None else inference.unpacked(values, str(position))
    parts = []
    for element in node.elts:
        if isinstance(element, ast.Call) and getattr(element.func, "attr", getattr(element.func, "id", "")) == "param":
            # `pytest.param(value, value, id=…)`
            parts += [inference.infer(a, context) for a in element.args[position or 0 : (position or 0) + 1]]
            continue
        values = inference.infer(element, context)
        if isinstance(element, ast.Starred):
            values = inference.elements(values)
        parts.append(values if position is None else inference.unpacked(values, str(position)))
    return union(parts)
