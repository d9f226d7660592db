"""The conditions under which each call in a function runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from ....types import Symbol
from .control_flow import Test, expression_text, function_node, own_nodes, placed_statements
from .rebinding import Rebinding


def tests_by_call(symbol: Symbol, lines: list[str]) -> dict[tuple[str, int], tuple[Test, ...] | None]:
    """The tests under which each call runs, by callee and line; None for two calls of one name on a line under different tests, and for the
    construction of a raised exception, which the sentence about the `raise` covers."""
    node = function_node(symbol, lines)
    found: dict[tuple[str, int], tuple[Test, ...] | None] = {}
    if node is None:
        return found
    rebinding = Rebinding(node.args, own_nodes(node))
    for placed in placed_statements(node, lines):
        for expression in _header_expressions(placed.node):
            for call, tests in _calls_in(expression, placed.tests, lines, rebinding):
                name = _dotted_callee(call.func)
                is_raised = isinstance(placed.node, ast.Raise) and call is placed.node.exc and _is_class_name(name)
                for line in {call.lineno, call.func.end_lineno or call.lineno}:
                    found[name, line] = tests if found.get((name, line), tests) == tests and not is_raised else None
    return found


def _is_class_name(name: str) -> bool:
    return name.rpartition(".")[2].lstrip("_")[:1].isupper()


def _dotted_callee(node: ast.expr) -> str:
    """The dotted name of a callee, as in `types.Call.callee`; "" if it has other parts than names and `super()`."""
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


def _header_expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement; for one with a body, those of its header."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _calls_in(
    node: ast.expr, tests: tuple[Test, ...], lines: list[str], rebinding: Rebinding
) -> Iterator[tuple[ast.Call, tuple[Test, ...]]]:
    """The calls in an expression with their tests, including those of conditional expressions, `and`/`or` and comprehensions."""

    def condition(test: ast.expr, holds: bool) -> Test:
        return replace(_test(test, holds, lines), is_rebound=rebinding.tests_rebound_name(test))

    stack: list[tuple[ast.AST, tuple[Test, ...]]] = [(node, tests)]
    while stack:
        current, current_tests = stack.pop()
        if isinstance(current, ast.Lambda):
            continue
        if isinstance(current, ast.Call):
            yield current, current_tests
        if isinstance(current, ast.IfExp):
            stack.append((current.test, current_tests))
            stack.append((current.body, (*current_tests, condition(current.test, True))))
            stack.append((current.orelse, (*current_tests, condition(current.test, False))))
        elif isinstance(current, ast.BoolOp):
            for value in current.values:
                stack.append((value, current_tests))
                current_tests = (*current_tests, condition(value, isinstance(current.op, ast.And)))
        elif isinstance(current, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            for loop in current.generators:
                stack.append((loop.iter, current_tests))
                each = f"{expression_text(loop.target, lines)} in {expression_text(loop.iter, lines)}"
                current_tests = (
                    *current_tests,
                    Test("for", each, True, loop.target.lineno, loop.iter.end_lineno or current.lineno),
                )
                for test in loop.ifs:
                    stack.append((test, current_tests))
                    current_tests = (*current_tests, condition(test, True))
            parts = [current.key, current.value] if isinstance(current, ast.DictComp) else [current.elt]
            stack += [(part, current_tests) for part in parts]
        else:
            stack += [(child, current_tests) for child in ast.iter_child_nodes(current)]


def _test(node: ast.expr, holds: bool, lines: list[str]) -> Test:
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, holds = node.operand, not holds
    return Test("if", expression_text(node, lines), holds, node.lineno, node.end_lineno or node.lineno)
