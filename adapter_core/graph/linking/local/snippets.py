"""Expressions, parsed individually out of the text of a file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import accumulate

from ...memory.request_cache import request_cache

_SHORT = 500  # characters of an expression


@dataclass(frozen=True, slots=True)
class Snippet:
    """A parsed expression. `starts` are the offsets of its lines in the text `(…)` that was parsed."""

    tree: ast.expr
    text: str
    starts: tuple[int, ...]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The position of a node in the expression's text: offsets in code points."""
        # A tuple without parentheses of its own takes those around the text for its own.
        return (
            max(self._offset(node.lineno, node.col_offset), 0),  # type: ignore[attr-defined]
            min(self._offset(node.end_lineno, node.end_col_offset), len(self.text) - 3),  # type: ignore[attr-defined]
        )

    def start(self, node: ast.expr) -> int:
        """The start of a node."""
        return max(self._offset(node.lineno, node.col_offset), 0)

    def _offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        if not self.text.isascii():
            column = len(self.text[start:].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
        return start + column - 1


def snippet(text: str) -> Snippet | None:
    """None where the text is not an expression by itself."""
    return _short_snippet(text) if len(text) <= _SHORT else _long_snippet(text)


def _parsed(text: str) -> Snippet | None:
    # In parentheses an expression may go over several lines; the line end closes a comment.
    wrapped = f"({text}\n)"
    try:
        tree = ast.parse(wrapped, "<pathline>", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Snippet(tree, wrapped, tuple(accumulate((len(line) + 1 for line in wrapped.split("\n")), initial=0)))


_short_snippet = request_cache(1_000)(_parsed)
# Trees take a hundred times the room of their text, and those of a sum of thousands stand in each other.
_long_snippet = request_cache(12)(_parsed)
