"""What `__all__` lists."""

from __future__ import annotations

import ast

from .define import dotted


def listed(value: ast.expr) -> tuple[list[str], list[str]]:
    """The literal names in an expression that makes up `__all__`, and the modules (dotted, as written) whose own it takes over."""
    names: list[str] = []
    modules: list[str] = []
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, (ast.List, ast.Tuple, ast.Set)):
            todo.extend(reversed(part.elts))
        elif isinstance(part, ast.BinOp):
            todo += [part.right, part.left]
        elif isinstance(part, ast.Starred):
            todo.append(part.value)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            names.append(part.value)
        elif isinstance(part, ast.Attribute) and part.attr == "__all__":
            modules.append(dotted(part.value))
        elif isinstance(part, ast.Call) and len(part.args) == 1:
            todo.append(part.args[0])
    return names, modules
