"""Whether a dictionary, list or set has more or fewer entries than where it is written, since something changes it later on."""

from __future__ import annotations

import ast
import re

from ....code_graph import CodeGraph, is_test_path
from ....graph.outline import outline_of

_CHANGING = (
    "add append clear difference_update discard extend extendleft appendleft insert intersection_update pop popitem popleft remove "
    "setdefault symmetric_difference_update update"
).split()
_MAY_CHANGE = rf"\s*(?:\[|\.(?:{'|'.join(_CHANGING)})\(|[-+|&^]=|=[^=])"
_MAX_FILES = 40  # with the name that are looked through


def is_changed(graph: CodeGraph, path: str, name: str) -> bool:
    """Whether code of the product changes the collection that is bound to a name in a file, there or elsewhere; True where too much code
    has that name to look."""
    name = name.rpartition(".")[2]
    paths = dict.fromkeys([path, *(p for p in graph.view.paths_using(name) if not is_test_path(p))])
    if len(paths) > _MAX_FILES:
        return True
    may_change = re.compile(
        rf"\b{re.escape(name)}{_MAY_CHANGE}|\bdel\b[^\n]*\b{re.escape(name)}\b|\bglobal\b[^\n]*\b{re.escape(name)}\b"
    )
    for other in paths:
        document = graph.document(other)
        if document is not None and may_change.search(document.text):
            tree = outline_of(document.text).tree
            if tree is None or _changes(tree, name) > (other == path):  # once it is written
                return True
    return False


def _changes(tree: ast.AST, name: str) -> int:
    """How often a name is bound, or its entries are changed."""

    def is_it(node: ast.AST) -> bool:
        return (isinstance(node, ast.Name) and node.id == name) or (
            isinstance(node, ast.Attribute) and node.attr == name
        )

    count = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            method = node.func
            count += isinstance(method, ast.Attribute) and method.attr in _CHANGING and is_it(method.value)
        elif isinstance(node, ast.Subscript):
            count += isinstance(node.ctx, (ast.Store, ast.Del)) and is_it(node.value)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            count += is_it(node) and isinstance(node.ctx, (ast.Store, ast.Del))
    return count
