"""The syntax tree of a text with the positions of its nodes, also of a text that had to be repaired."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from .extract import Extractor
from .tree import parse_tree

_MAX_CHARS = 400_000  # of a text that is repaired


class Syntax(NamedTuple):
    """`tree` is that of the text, or of the repaired one, line by line."""

    tree: ast.Module
    places: Extractor

    def offset(self, line: int, column: int) -> int:
        """The offset in the text for a position in the tree."""
        return self.places.offset(line, column)

    def extent(self, node: Any) -> tuple[int, int]:
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def column(self, line: int, column: int) -> int:
        """The column in code points for a position in the tree."""
        return self.offset(line, column) - self.places.starts[line - 1]


def syntax_of(path: str, text: str, module: str) -> Syntax | None:
    """None where the text does not parse, and could not be repaired."""
    tree = parse_tree(text)
    if tree is not None:
        return Syntax(tree, Extractor(path, text, module))
    from .newer import older_spelling
    from .repair import repaired

    older = older_spelling(text)
    found = repaired(older.text if older else text) if len(text) <= _MAX_CHARS else None
    return None if found is None else Syntax(found.tree, Extractor(path, text, module, older, found))
