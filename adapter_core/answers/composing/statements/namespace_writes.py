"""Writes of attributes through the dictionary of an object: `x.__dict__["a"] = 1`, `vars(x).update(a=1)`, also where that has a name of its
own (`attrs = x.__dict__; attrs["a"] = 1`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....graph.parsing.fields import dotted_name
from ...unparsing import unparse
from .control_flow import own_nodes

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BY_KEY = frozenset({"setdefault", "pop", "__setitem__", "__delitem__"})


class NamespaceWrite(NamedTuple):
    """A write of `name`, an attribute of `receiver` (a dotted name, or None); of any attribute if `name` is "". `target`, `form`, `line`,
    `start`, `end`: as in `writes.Write`."""

    receiver: str | None
    name: str
    target: str
    form: str
    line: int
    start: int
    end: int


def may_write_namespace(text: str) -> bool:
    return "__dict__" in text or "vars(" in text


@request_cache(64)
def namespace_writes(text: str) -> tuple[NamespaceWrite, ...]:
    """All such writes of a file, in the order of the text; none where it does not parse."""
    tree = outline_of(text).tree if may_write_namespace(text) else None
    scopes = [tree, *(node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))] if tree is not None else []
    found = [write for scope in scopes for write in _in_scope(scope)]
    return tuple(sorted(set(found), key=lambda write: (write.line, write.start, write.name)))


def _in_scope(scope: ast.AST) -> Iterator[NamespaceWrite]:
    statements = [node for node in own_nodes(scope) if isinstance(node, ast.stmt)]
    aliases = _aliases(statements)
    for node in statements:
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
            targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
            for target in targets:
                form = "delete" if isinstance(node, ast.Delete) else "assign"
                yield from _item_write(target, form, node, aliases)
        if isinstance(node, (ast.Expr, ast.Assign, ast.Return)) and node.value is not None:
            for call in ast.walk(node.value):
                if isinstance(call, ast.Call):
                    yield from _call_writes(call, node, aliases)


def _aliases(statements: list[ast.stmt]) -> dict[str, str | None]:
    """The names that a scope binds once, to the dictionary of an object, each with that object."""
    bound: dict[str, list[ast.expr]] = {}
    for node in statements:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                bound.setdefault(target.id, []).append(node.value)
    found: dict[str, str | None] = {}
    for name, values in bound.items():
        owner = _owner_of(values[0], {}) if len(values) == 1 else None
        if owner is not None:
            found[name] = owner[0]
    return found


def _owner_of(node: ast.expr, aliases: Mapping[str, str | None]) -> tuple[str | None] | None:
    """(dotted name of the object,) of an expression for its dictionary; None of anything else."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return (dotted_name(node.value) or None,)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "vars" and len(node.args) == 1:
        return (dotted_name(node.args[0]) or None,)
    if isinstance(node, ast.Name) and node.id in aliases:
        return (aliases[node.id],)
    return None


def _item_write(
    target: ast.expr, form: str, node: ast.stmt, aliases: Mapping[str, str | None]
) -> Iterator[NamespaceWrite]:
    if not isinstance(target, ast.Subscript) or (owner := _owner_of(target.value, aliases)) is None:
        return
    name = _text(target.slice)
    last = node.end_lineno or node.lineno
    yield NamespaceWrite(owner[0], name, unparse(target), form, target.lineno, node.lineno, last)


def _call_writes(call: ast.Call, node: ast.stmt, aliases: Mapping[str, str | None]) -> Iterator[NamespaceWrite]:
    function = call.func
    owner = _owner_of(function.value, aliases) if isinstance(function, ast.Attribute) else None
    if owner is None or not isinstance(function, ast.Attribute):
        return
    names: list[str] = []
    if function.attr in _BY_KEY and call.args:
        names = [_text(call.args[0])]
    elif function.attr == "update":
        names = [keyword.arg or "" for keyword in call.keywords]
        for argument in call.args:
            keys = argument.keys if isinstance(argument, ast.Dict) else [None]
            names += ["" if key is None else _text(key) for key in keys]
    line, last = function.end_lineno or call.lineno, node.end_lineno or node.lineno
    for name in names:
        yield NamespaceWrite(owner[0], name, unparse(function) + "()", "call", line, node.lineno, last)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
