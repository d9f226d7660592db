"""The syntax of one file, parsed once and cached for a request: definitions by position, docstrings, lines inside strings."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .memory.request_cache import request_cache
from .parsing.tree import parse_tree

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Outline:
    """`definitions`: (name, line of the name) to node. `string_lines`: lines that begin inside a string. `tree` is None, and all
    else empty, where the file does not parse."""

    tree: ast.Module | None = None
    definitions: dict[tuple[str, int], Definition] = field(default_factory=dict)
    string_lines: frozenset[int] = frozenset()


# A request reads a handful of files, several times each; a syntax tree is some seventy times the size of its text.
# So small files are kept by the dozen, and of large ones those that an answer goes to and fro between.
_MAX_CHARACTERS, _MIN_ENTRIES = 100_000, 3


@request_cache(_MAX_CHARACTERS, weight=len, min_entries=_MIN_ENTRIES)
def outline_of(text: str) -> Outline:
    tree = parse_tree(text)
    if tree is None:
        return Outline()
    definitions: dict[tuple[str, int], Definition] = {}
    string_lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            definitions[(node.name, node.lineno)] = node
        elif isinstance(node, (ast.Constant, ast.JoinedStr)) and (node.end_lineno or 0) > node.lineno:
            string_lines.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return Outline(tree, definitions, frozenset(string_lines))


def docstring_span(node: ast.Module | Definition) -> tuple[int, int] | None:
    """The lines of a docstring, with its quotes."""
    if not node.body:
        return None
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.lineno, first.end_lineno or first.lineno
    return None
