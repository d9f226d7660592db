"""Which statements never let the next one run: returns, raises, continues, breaks, and blocks that always end with one."""

from __future__ import annotations

import ast
from collections.abc import Sequence

EXITS = (ast.Return, ast.Raise)
ENDINGS = (*EXITS, ast.Continue, ast.Break)


def always_exits(body: Sequence[ast.stmt]) -> bool:
    """Whether every path through a suite ends with a return, raise, continue or break, so that the code after it is not reached. A `with`
    does not count, since it may swallow exceptions."""
    return bool(body) and _exits(body[-1])


def _exits(node: ast.stmt) -> bool:
    while (
        isinstance(node, ast.If) and node.orelse and always_exits(node.body)
    ):  # a chain may be long: no recursion along it
        node = node.orelse[-1]
    if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        handlers: list[ast.ExceptHandler] = node.handlers  # type: ignore[attr-defined]
        body_exits = always_exits(node.orelse) or always_exits(node.body)  # type: ignore[attr-defined]
        return always_exits(node.finalbody) or (body_exits and all(always_exits(h.body) for h in handlers))  # type: ignore[attr-defined]
    return isinstance(node, ENDINGS) or _is_endless_loop(node)


def _is_endless_loop(node: ast.stmt) -> bool:
    """Whether it is `while True:` without a `break` of its own."""
    if not isinstance(node, ast.While) or not isinstance(node.test, ast.Constant) or not node.test.value:
        return False
    pending: list[ast.AST] = [*node.body]
    while pending:
        child = pending.pop()
        if isinstance(child, ast.Break):
            return False
        if isinstance(child, (ast.For, ast.AsyncFor, ast.While)):
            pending += child.orelse  # a `break` in its body is of that loop
        elif not isinstance(child, (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            pending += ast.iter_child_nodes(child)
    return True


def failed_tests_after(node: ast.stmt) -> list[ast.If]:
    """The `if` and `elif` nodes whose tests all failed if the code after `node` runs, since each of their branches exits; empty if a branch
    does not."""
    found: list[ast.If] = []
    while isinstance(node, ast.If) and always_exits(node.body):
        found.append(node)
        if not node.orelse:
            return found
        if len(node.orelse) > 1:
            return []
        node = node.orelse[0]
    return []
