"""Python source to facts, with `ast`. Source that `ast` cannot read goes to `recover.py`.

Pure: takes text, returns facts; never raises for what the text contains.
"""

from __future__ import annotations

import ast
import warnings

from ..types import ModuleFacts
from .parsing.extract import Extractor
from .parsing.newer import older_spelling

FILENAME = "<pathline>"
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # what `ast.parse` raises for what a text contains
# The compiler reports invalid escapes and the like through warnings; they are the author's, not our user's.
warnings.filterwarnings("ignore", module=FILENAME)


def parse_tree(text: str) -> ast.Module | None:
    """The syntax tree, newer syntax respelled where need be; None where this Python cannot parse the text."""
    tree = _tree(text)
    if tree is None and (older := older_spelling(text)) is not None:
        tree = _tree(older.text)
    return tree


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text, FILENAME)
    except UNPARSED:
        return None


def parse_python(path: str, text: str, module: str) -> ModuleFacts:
    """The facts of one Python file, imported as `module`. A file that does not parse yields what error recovery finds, with a problem."""
    try:
        tree = ast.parse(text, FILENAME)
    except SyntaxError as error:
        problem = f"line {error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"cannot be parsed: {error}" if str(error) else "cannot be parsed: too deeply nested"
    else:
        return Extractor(path, text, module).run(tree)
    older = older_spelling(text)
    if older is not None and (rewritten := _tree(older.text)) is not None:
        return Extractor(path, text, module, older).run(rewritten)
    from .parsing.recover import recover_python

    return recover_python(path, text, module, problem, older)
