"""Which statements let nothing run behind them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

EXITS = (ast.Return, ast.Raise)
ENDINGS = (*EXITS, ast.Continue, ast.Break)


def ends(body: Sequence[ast.stmt]) -> bool:
    """Whether what stands behind a suite is never reached from it: each way through it ends with a return, a raise, a continue or a break.
    A `with` is none, since it may swallow what is raised in it."""
    return bool(body) and _ends(body[-1])


def _ends(node: ast.stmt) -> bool:
    while isinstance(node, ast.If) and node.orelse and ends(node.body):  # a chain may be long: no recursion along it
        node = node.orelse[-1]
    if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        handlers: list[ast.ExceptHandler] = node.handlers  # type: ignore[attr-defined]
        through = ends(node.orelse) or ends(node.body)  # type: ignore[attr-defined]
        return ends(node.finalbody) or (through and all(ends(h.body) for h in handlers))  # type: ignore[attr-defined]
    return isinstance(node, ENDINGS) or _goes_on_for_ever(node)


def _goes_on_for_ever(node: ast.stmt) -> bool:
    """Whether it is `while True:` without a `break` of its own."""
    if not isinstance(node, ast.While) or not isinstance(node.test, ast.Constant) or not node.test.value:
        return False
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Break):
            return False
        if isinstance(one, (ast.For, ast.AsyncFor, ast.While)):
            waiting += one.orelse  # a `break` in its body is of that loop
        elif not isinstance(one, (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += ast.iter_child_nodes(one)
    return True


def passed_by(node: ast.stmt) -> list[ast.If]:
    """The tests that all failed where what stands behind a statement runs: an `if`, with its elifs, each branch of which ends. Empty where
    a branch goes on."""
    found: list[ast.If] = []
    while isinstance(node, ast.If) and ends(node.body):
        found.append(node)
        if not node.orelse:
            return found
        if len(node.orelse) > 1:
            return []
        node = node.orelse[0]
    return []
