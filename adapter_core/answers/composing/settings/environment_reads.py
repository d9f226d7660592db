"""Where code reads environment variables: the expressions that name them."""

from __future__ import annotations

import ast
import re
from collections.abc import Set

_KEYWORDS = frozenset({"env", "envvar", "env_var"})
_LOOKUPS = frozenset({"get", "pop", "setdefault"})
_OF_KEYWORD = re.compile(r"[A-Z][A-Z0-9_]+")


def imported_from_os(tree: ast.Module) -> set[str]:
    """The names that a module imports from `os`: a bare `environ` may as well be a WSGI server's."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "os")
    return {alias.asname or alias.name for node in imports for alias in node.names}


def read_keys(node: ast.AST, from_os: Set[str]) -> list[ast.expr]:
    """The expressions by which a node reads variables: `os.environ["A"]`, `os.environ.get(A)`, `getenv("A")`, `"A" in os.environ`,
    `option(envvar="A")`. `from_os`: the names that the file imports from `os`."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value, from_os):
        found = [node.slice]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        found = [node.left] if _is_environ(node.comparators[0], from_os) else []
    elif isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        looks_up = isinstance(function, ast.Attribute) and name in _LOOKUPS and _is_environ(function.value, from_os)
        if looks_up or _is_getenv(function, from_os):
            found = node.args[:1]
        for keyword in node.keywords:
            if keyword.arg in _KEYWORDS:
                value = keyword.value
                values = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
                found += [v for v in values if isinstance(v, ast.Constant) and _OF_KEYWORD.fullmatch(str(v.value))]
    return found


def _is_environ(node: ast.expr, from_os: Set[str]) -> bool:
    return _is_of_os(node, "environ", from_os)


def _is_getenv(node: ast.expr, from_os: Set[str]) -> bool:
    """Whether it is `os.getenv`; a `getenv` of something else may read anything."""
    return _is_of_os(node, "getenv", from_os)


def _is_of_os(node: ast.expr, name: str, from_os: Set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.Name) and node.id == name and name in from_os
