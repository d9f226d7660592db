"""What has to be for each call that is written in a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from ....types import Symbol
from .control_flow import Test, function_at, own_nodes, source, statements
from .rebinding import Rebinding


def tests_of_calls(symbol: Symbol, lines: list[str]) -> dict[tuple[str, int], tuple[Test, ...] | None]:
    """What has to be for each written call, by its name and line; None where two of the same name on a line run under different tests, and
    for what makes the exception of a `raise`, which is told by that."""
    node = function_at(symbol, lines)
    found: dict[tuple[str, int], tuple[Test, ...] | None] = {}
    if node is None:
        return found
    rebinding = Rebinding(node.args, own_nodes(node))
    for placed in statements(node, lines):
        for expression in _heads(placed.node):
            for call, tests in _calls_in(expression, placed.tests, lines, rebinding):
                name = _written(call.func)
                made = isinstance(placed.node, ast.Raise) and call is placed.node.exc and _is_class(name)
                for line in {call.lineno, call.func.end_lineno or call.lineno}:
                    found[name, line] = tests if found.get((name, line), tests) == tests and not made else None
    return found


def _is_class(name: str) -> bool:
    return name.rpartition(".")[2].lstrip("_")[:1].isupper()


def _written(node: ast.expr) -> str:
    """The dotted name of what is called, as in `types.Call.callee` where it has names alone; `super()` is one."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        parts.append("super()")
    else:
        return ""
    return ".".join(reversed(parts))


def _heads(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, of one with a body those of its header."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _calls_in(
    node: ast.expr, tests: tuple[Test, ...], lines: list[str], rebinding: Rebinding
) -> Iterator[tuple[ast.Call, tuple[Test, ...]]]:
    """The calls in an expression; what stands in one branch of it, or is made for each item, under what that asks."""

    def asked(test: ast.expr, holds: bool) -> Test:
        return replace(_test(test, holds, lines), anew=rebinding.asks_anew(test))

    stack: list[tuple[ast.AST, tuple[Test, ...]]] = [(node, tests)]
    while stack:
        one, held = stack.pop()
        if isinstance(one, ast.Lambda):
            continue
        if isinstance(one, ast.Call):
            yield one, held
        if isinstance(one, ast.IfExp):
            stack.append((one.test, held))
            stack.append((one.body, (*held, asked(one.test, True))))
            stack.append((one.orelse, (*held, asked(one.test, False))))
        elif isinstance(one, ast.BoolOp):
            for value in one.values:
                stack.append((value, held))
                held = (*held, asked(value, isinstance(one.op, ast.And)))
        elif isinstance(one, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            for loop in one.generators:
                stack.append((loop.iter, held))
                each = f"{source(loop.target, lines)} in {source(loop.iter, lines)}"
                held = (*held, Test("for", each, True, loop.target.lineno, loop.iter.end_lineno or one.lineno))
                for test in loop.ifs:
                    stack.append((test, held))
                    held = (*held, asked(test, True))
            parts = [one.key, one.value] if isinstance(one, ast.DictComp) else [one.elt]
            stack += [(part, held) for part in parts]
        else:
            stack += [(child, held) for child in ast.iter_child_nodes(one)]


def _test(node: ast.expr, holds: bool, lines: list[str]) -> Test:
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, holds = node.operand, not holds
    return Test("if", source(node, lines), holds, node.lineno, node.end_lineno or node.lineno)
