"""Which act a statement does, by its syntax and by the name of what it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ....graph import terms
from ..statements.actions import callee_name
from ..statements.quotes import is_logging
from .asked_act import AskedAct

_NAMED_SO, _SO_BY_SYNTAX, _OF_THE_KIND = 1.0, 1.0, 0.8
_LIKELY, _CHECKED, _KEPT, _MADE = 0.7, 0.6, 0.7, 0.5
_FURTHER_LETTERS = 4


def strength(statement: ast.stmt, act: AskedAct) -> float:
    """How surely a statement does the act, from 0 to 1."""
    if is_logging(statement):
        return 0.0
    return max(_by_syntax(statement, act), *(_by_name(call, act) for call in _calls_in(statement)), 0.0)


def _by_syntax(node: ast.stmt, act: AskedAct) -> float:
    found = 0.0
    if isinstance(node, ast.AugAssign) and act.names & {"count", "set"}:
        found = _SO_BY_SYNTAX if "count" in act.names else _OF_THE_KIND
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and "set" in act.names:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        is_kept = any(isinstance(t, (ast.Attribute, ast.Subscript)) for t in targets)
        found = (
            (_SO_BY_SYNTAX if act.is_assigned else _KEPT) if is_kept else _MADE if _is_construction(node.value) else 0.0
        )
    elif (isinstance(node, ast.Delete) and "remove" in act.names) or (
        isinstance(node, ast.Raise) and "raise" in act.names
    ):
        found = _SO_BY_SYNTAX
    elif isinstance(node, (ast.Continue, ast.Break)) and "skip" in act.names:
        found = _OF_THE_KIND
    elif isinstance(node, (ast.If, ast.Assert)) and "check" in act.names:
        found = _CHECKED
    return found


def _is_construction(value: ast.expr) -> bool:
    if isinstance(value, ast.Await):
        value = value.value
    name = callee_name(value).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    return name[:1].isupper() and not name.isupper()


def _by_name(call: ast.Call, act: AskedAct) -> float:
    name = callee_name(call).rpartition(".")[2]
    if name == "setattr":
        return _SO_BY_SYNTAX if act.names & {"set", "add"} else 0.0
    if name == "delattr":
        return _SO_BY_SYNTAX if "remove" in act.names else 0.0
    if name[:1].isupper() and not name.isupper():
        return _OF_THE_KIND if "create" in act.names else 0.0
    parts = terms.parts(name)
    if act.verbs & parts:
        return _NAMED_SO
    if parts & act.words:
        return _OF_THE_KIND
    # `psetex`, `popleft`, `sendall`: the names of libraries run words together.
    if any(len(w) > 2 and w in part and len(part) <= len(w) + _FURTHER_LETTERS for w in act.words for part in parts):
        return _LIKELY
    if name == "set" and isinstance(call.func, ast.Attribute) and not call.args:  # of an event: `self.terminate.set()`
        return _LIKELY if terms.parts(callee_name(call).split(".")[-2]) & act.words else 0.0
    return 0.0


def _calls_in(statement: ast.stmt) -> Iterator[ast.Call]:
    """The calls of a statement, or of the header of a block."""
    nodes: list[ast.AST] = [
        child
        for name, value in ast.iter_fields(statement)
        if name not in ("body", "orelse", "finalbody", "handlers", "cases")
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST)
    ]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.Lambda):
            nodes += ast.iter_child_nodes(node)
