"""The content of `__all__`."""

from __future__ import annotations

import ast

from .define import dotted

# Listed among the modules where the content of `__all__` is only partly known.
UNKNOWN_NAMES = "*"
_COLLECTIONS = frozenset({"list", "tuple", "set", "frozenset", "sorted"})


def exported_names(value: ast.expr) -> tuple[list[str], list[str]]:
    """The literal names in an expression for `__all__`, and the modules (dotted, as written) whose own `__all__` it includes, with
    `UNKNOWN_NAMES` among them where there is more."""
    names: list[str] = []
    modules: list[str] = []
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, (ast.List, ast.Tuple, ast.Set)):
            todo.extend(reversed(part.elts))
        elif isinstance(part, ast.BinOp):
            todo += [part.right, part.left]
        elif isinstance(part, ast.IfExp):
            todo += [part.orelse, part.body]
        elif isinstance(part, ast.Starred):
            todo.append(part.value)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            names.append(part.value)
        elif isinstance(part, ast.Attribute) and part.attr == "__all__":
            modules.append(dotted(part.value))
        elif isinstance(part, ast.Call) and dotted(part.func) in _COLLECTIONS and len(part.args) < 2:
            todo += part.args
        elif isinstance(part, ast.Call) and (words := _split(part)) is not None:
            names += words
        elif UNKNOWN_NAMES not in modules:
            modules.append(UNKNOWN_NAMES)
    return names, modules


def _split(call: ast.Call) -> list[str] | None:
    """The words of `"one two".split()`; None for any other call."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "split" and not (call.args or call.keywords):
        text = call.func.value
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            return text.value.split()
    return None
