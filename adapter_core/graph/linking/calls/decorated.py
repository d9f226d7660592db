"""The definitions that a function decorates: what its first parameter gets from them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....types import Call
from ...storage.columns import column
from ..aliases import import_aliases, may_alias
from ..local.tables import SymbolTable
from ..results.values import Value, unbound

if TYPE_CHECKING:
    from ..inference import Inference


def decorated_by(inference: Inference, function: Value) -> list[tuple[str, int, str, int]]:
    """(path, symbol, parameter, number of decorators below) of the definitions that a function decorates."""
    found = inference.memoize(("decorated by", function), lambda: frozenset(_applications(inference, function)))
    return [(v.path, v.index, *v.extra) for v in sorted(found, key=lambda v: (v.path, v.index))]


def _applications(inference: Inference, function: Value) -> Iterator[Value]:
    table = inference.table(function.path)
    if table is None:
        return
    symbol = table.facts.symbols[function.index]
    for path, call in import_aliases.decorators_of(inference, function) or may_alias.decorator_uses(
        inference, function
    ):
        other = inference.table(path)
        target = _decorated_symbol(other, call) if other else None
        if target is None or other is None:
            continue
        decorated = other.facts.symbols[target]
        columns = (column(other.facts.calls, field) for field in ("form", "owner", "line", "start"))
        order = sum(
            form == "decorator"
            and owner == call.owner
            and decorated.start <= line < decorated.name_line
            and start > call.start
            for form, owner, line, start in zip(*columns, strict=True)
        )
        for value in inference.callees(path, call):
            bound_count = None
            if unbound(value) == function:
                bound_count = 1 if value.extra is not None else 0
            elif value.kind == "instance":
                if any(unbound(v) == function for v in inference.member(value, "__call__")):
                    bound_count = 1
            elif value.kind == "class" and function in inference.constructors(value):
                bound_count = 1
            elif value.kind == "partial" and unbound(value.extra[0]) == function:
                bound_count = _bound_count(inference, value)
            if bound_count is not None and len(symbol.parameters) > bound_count:
                yield Value("applied", path, target, (symbol.parameters[bound_count].name, order))


def _bound_count(inference: Inference, value: Value) -> int:
    """How many parameters of its function a partial has bound, including the receiver."""
    context = inference.context(value.path, value.index, value.extra[1], value.extra[2], 0)
    partial_call = context.source.tree if context is not None else None
    bound = 1 if value.extra[0].extra is not None else 0
    return bound + (len(partial_call.args) - 1 if isinstance(partial_call, ast.Call) else 0)


def _decorated_symbol(table: SymbolTable, decorator: Call) -> int | None:
    """The symbol below a decorator."""
    for index in table.members.get(decorator.owner, ()):
        symbol = table.facts.symbols[index]
        if symbol.start <= decorator.line < symbol.name_line and symbol.decorators:
            return index
    return None


__all__ = ["decorated_by"]
