"""Abstract methods, which are to be overridden."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from ...parsing.tree import parse_tree
from ..results.values import Value

if TYPE_CHECKING:
    from ..inference import Inference


def is_abstract(inference: Inference, function: Value) -> bool:
    """Whether a method is abstract: marked so, or with nothing but a docstring, `pass` or `...` in it, or ending in `raise
    NotImplementedError`."""
    return inference.memoize_data(
        ("abstract", function.path, function.index), lambda: _is_abstract(inference, function)
    )


def is_placeholder(inference: Inference, function: Value) -> bool:
    """The same without methods that only `pass`: these may well be meant to run where they are not overridden."""
    return is_abstract(inference, function) and not inference.memoize_data(
        ("passes", function.path, function.index), lambda: _passes(inference, function)
    )


def _passes(inference: Inference, function: Value) -> bool:
    table = inference.table(function.path)
    if table is None:
        return False
    symbol = table.facts.symbols[function.index]
    last = next((text for n in range(symbol.end, symbol.name_line - 1, -1)
                 if (text := inference.lines(function.path)[n - 1].partition("#")[0].strip())), "")  # fmt: skip
    return "abstract" not in symbol.traits and last.rpartition(":")[2].strip() == "pass"


def _is_abstract(inference: Inference, function: Value) -> bool:
    table = inference.table(function.path)
    if table is None:
        return False
    symbol = table.facts.symbols[function.index]
    if "abstract" in symbol.traits:
        return True
    text = "\n".join(inference.lines(function.path)[symbol.name_line - 1 : symbol.end])
    if (symbol.local_names or function.index in table.returns) and "NotImplementedError" not in text:
        return False
    return _does_nothing(text)


@functools.lru_cache(maxsize=2_000)
def _does_nothing(text: str) -> bool:
    # In a class it is indented, but for lines within a string.
    tree = parse_tree(f"class _:\n{text}")
    wrapper = tree.body[0] if tree is not None else None
    node = wrapper.body[0] if isinstance(wrapper, ast.ClassDef) else None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    return _raises(node.body[-1]) or all(
        isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in node.body
    )


def _raises(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
