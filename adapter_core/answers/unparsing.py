"""The code of a syntax tree, also where it is nested more deeply than `ast.unparse` can follow."""

from __future__ import annotations

import ast

TOO_DEEP = "…"
_COLUMNS_PER_CHARACTER = 4  # code may be written with that much more space than `ast.unparse` does
_LINES_PER_VALUE = 12


def unparse(node: ast.AST) -> str:
    """As `ast.unparse`; `TOO_DEEP` where that exceeds Python's recursion limit."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return TOO_DEEP


def short_code(node: ast.expr, limit: int) -> str:
    """The code of an expression; "" if it has more than `limit` characters. What is longer is not looked through."""
    lines = (node.end_lineno or node.lineno) - node.lineno
    columns = (node.end_col_offset or node.col_offset) - node.col_offset if not lines else 0
    if lines > _LINES_PER_VALUE or columns > _COLUMNS_PER_CHARACTER * limit:
        return ""
    text = unparse(node)
    return text if len(text) <= limit and text != TOO_DEEP else ""
