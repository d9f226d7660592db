"""What class decorators set on the class: `cls.save = audited`, `setattr(cls, name, wrap(method))`. In the decorator itself the class is
still as its body defines it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ....types import Symbol
from ..local.tables import SymbolTable
from ..results.values import EMPTY, Value, Values, union
from . import mro

if TYPE_CHECKING:
    from ..inference import Context, Inference

_MAX_CALLS = 12  # of `setattr` in one decorator


def set_by_decorators(inference: Inference, table: SymbolTable, cls: Value, name: str) -> tuple[Values, bool]:
    """The values that the decorators of a class set for a name, and whether they certainly replace what the body defines."""
    symbol = table.facts.symbols[cls.index]
    if not symbol.decorators or not (functions := _decorators(inference, cls, symbol)):
        return EMPTY, False
    certain: list[bool] = []

    def compute() -> Values:
        return union(
            [values for decorator in functions for values, _ in _set_by(inference, decorator, table, cls, name)]
        )

    found = inference.memoize(("put by decorators", cls, name), compute)
    if found:
        certain = [
            is_certain for decorator in functions for _, is_certain in _set_by(inference, decorator, table, cls, name)
        ]
    return found, any(certain)


def undecorated_attribute(inference: Inference, values: Values, name: str, context: Context) -> Values | None:
    """An attribute of a class as its body defines it, where it is read in a decorator of the class; None elsewhere."""
    parts: list[Values] = []
    for value in values:
        table = inference.table(value.path) if value.kind == "class" else None
        symbol = table.facts.symbols[value.index] if table is not None else None
        if symbol is None or not symbol.decorators:
            return None
        if not any((f.path, f.index) == (context.path, context.scope) for f in _decorators(inference, value, symbol)):
            return None
        own = inference.infer_binding(table, value.index, name)  # type: ignore[arg-type]
        parts.append(_inherited(inference, value, name) if own is None else own)
    return union(parts) if parts else None


def runs_in_body(table: SymbolTable, index: int) -> bool:
    """Whether a function in a class is called by the class body itself, as a decorator of its methods is, so that its first parameter is
    not a receiver."""
    symbol = table.facts.symbols[index]
    calls = table.calls.get(symbol.name, ())
    return any(c.owner == symbol.parent and c.callee.partition("(")[0] == symbol.name for c in calls)


def _inherited(inference: Inference, cls: Value, name: str) -> Values:
    for base in mro.lookup_order(inference, cls)[1:]:
        found = inference.member(base, name) if base.kind == "class" else EMPTY
        if found:
            return found
    return EMPTY


def _decorators(inference: Inference, cls: Value, symbol: Symbol) -> list[Value]:
    """The workspace functions that decorate a class."""

    def compute() -> list[Value]:
        texts = [
            inference.infer_text(cls.path, max(symbol.parent, 0), text, symbol.start) for text in symbol.decorators
        ]
        return [value for values in texts for value in sorted(values, key=lambda v: v[:3]) if value.kind == "function"]

    return inference.memoize_data(("decorators of", cls), compute)


def _set_by(
    inference: Inference, function: Value, class_table: SymbolTable, cls: Value, name: str
) -> list[tuple[Values, bool]]:
    """What one decorator sets for a name, statement by statement, and whether it certainly does."""
    table = inference.table(function.path)
    if table is None:
        return []
    parameters = table.facts.symbols[function.index].parameters[1 if function.extra is not None else 0 :]
    if not parameters:
        return []
    flows = table.flows.get((function.index, f"{parameters[0].name}.{name}"), ())
    found = [(inference.infer_flow(function.path, f), not f.conditional) for f in flows if f.kind == "assign"]
    calls = [c for c in table.calls.get("setattr", ()) if c.owner == function.index and c.callee == "setattr"]
    for call in calls[:_MAX_CALLS]:
        context = inference.context(function.path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if context is None or not isinstance(node, ast.Call) or len(node.args) != 3:
            continue
        if not isinstance(node.args[0], ast.Name) or node.args[0].id != parameters[0].name:
            continue
        if (spread := _spread(inference, table, node, context, name)) is not None:
            found.append((spread, True))
            continue
        name_values = inference.infer(node.args[1], context)
        names = [v.extra for v in name_values if v.path == "builtins.str()" and v.extra]
        if name in names or (not names and _is_method(class_table, cls, name)):
            found.append((inference.infer(node.args[2], context), True))
    return found


def _spread(inference: Inference, table: SymbolTable, node: ast.Call, context: Context, name: str) -> Values | None:
    """What `for key, value in members.items(): setattr(cls, key, value)` sets for a name; None where it is not such a loop."""
    key, value = node.args[1:3]
    if not isinstance(key, ast.Name) or not isinstance(value, ast.Name):
        return None
    keys = [f for f in table.flows.get((context.scope, key.id), ()) if f.kind == "for" and f.path == "0"]
    pairs = [f for f in table.flows.get((context.scope, value.id), ()) if f.kind == "for" and f.path == "1"]
    for flow in pairs:
        source = inference.context(context.path, flow.scope, flow.start, flow.end, flow.line)
        items = source.source.tree if source is not None else None
        if source is None or not isinstance(items, ast.Call) or not isinstance(items.func, ast.Attribute):
            continue
        if items.func.attr == "items" and any((f.start, f.end) == (flow.start, flow.end) for f in keys):
            holders = inference.infer(items.func.value, source)
            return union([inference.item(holder, repr(name), None) for holder in holders])
    return None


def _is_method(table: SymbolTable, cls: Value, name: str) -> bool:
    """Whether a class defines a method of that name that is not special: what is done to all members is done to it."""
    indexes = table.children.get((cls.index, name), ())
    return not name.startswith("__") and any(table.facts.symbols[index].is_callable for index in indexes)


__all__ = ["set_by_decorators", "undecorated_attribute"]
