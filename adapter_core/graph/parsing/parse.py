"""One file to facts: Python with `ast`, other texts by their headings. Python that `ast` cannot read goes to `recover.py`.

Pure: takes text, returns facts; never raises for what the text contains.
"""

from __future__ import annotations

import ast

from ...types import ModuleFacts
from ..source import is_python
from .extract import Extractor
from .newer import older_spelling
from .textfacts import parse_text
from .tree import FILENAME, tree_as_written


def parse_file(path: str, kind: str, text: str, module: str) -> ModuleFacts:
    """The facts of one file of either kind (`file_kind`)."""
    return parse_python(path, text, module) if kind == "python" else parse_text(path, text)


def file_kind(path: str) -> str:
    return "python" if is_python(path) else "text"


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
    if older is not None and (rewritten := tree_as_written(older.text)) is not None:
        return Extractor(path, text, module, older).run(rewritten)
    from .recover import recover_python

    return recover_python(path, text, module, problem, older)
