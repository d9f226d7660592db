"""The syntax tree of a text."""

from __future__ import annotations

import ast
import warnings

from .newer import older_spelling

FILENAME = "<pathline>"
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # what `ast.parse` raises because of a text
# The compiler reports invalid escapes and the like through warnings; they are the author's, not our user's.
warnings.filterwarnings("ignore", module=FILENAME)


def parse_tree(text: str) -> ast.Module | None:
    """The syntax tree, with newer syntax respelled if necessary; None where this Python cannot parse the text."""
    tree = tree_as_written(text)
    if tree is None and (older := older_spelling(text)) is not None:
        tree = tree_as_written(older.text)
    return tree


def tree_as_written(text: str) -> ast.Module | None:
    try:
        return ast.parse(text, FILENAME)
    except UNPARSED:
        return None
