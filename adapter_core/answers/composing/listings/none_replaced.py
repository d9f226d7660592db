"""The statement that puts a real default in the place of None: `self.x = x or DEFAULT`, `if x is None: x = DEFAULT`."""

from __future__ import annotations

import ast

from ....code_graph import CodeGraph
from ....graph.outline import outline_of
from ....types import SymbolRef
from ..candidate import Candidate
from ..statements.quotes import sentence_at_line


def none_replaced_sentence(graph: CodeGraph, ref: SymbolRef, name: str) -> Candidate | None:
    """The sentence that quotes the first such statement about the parameter `name` of a function; None if it has none."""
    document = graph.document(ref.path)
    outline = outline_of("\n".join(document.lines) + "\n") if document is not None else None
    function = outline.definitions.get((ref.symbol.name, ref.symbol.name_line)) if outline is not None else None
    lines = [line for node in ast.walk(function) if (line := _line_of(node, name))] if function is not None else []
    return sentence_at_line(graph, (ref.path, min(lines))) if lines else None


def _line_of(node: ast.AST, name: str) -> int:
    """The line of the statement if it is one, or of the assignment in it; else 0."""
    if isinstance(node, ast.If) and _is_if_none(node.test, name):
        return next((s.lineno for s in node.body if isinstance(s, ast.Assign) and _is_name(s.targets[0], name)), 0)
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or) and _is_name(value.values[0], name):
        return value.lineno
    if isinstance(value, ast.IfExp) and (_is_name(value.test, name) or _compares_with_none(value.test, name)):
        return value.lineno
    return 0


def _is_if_none(test: ast.expr, name: str) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_name(test.operand, name)
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and _compares_with_none(test, name)


def _compares_with_none(test: ast.expr, name: str) -> bool:
    return (
        isinstance(test, ast.Compare)
        and _is_name(test.left, name)
        and isinstance(test.ops[0], (ast.Is, ast.IsNot))
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value is None
    )


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
