"""The actions of a function that its syntax shows: returns, raises, assignments, yields; with lines and conditions.

Left out is what syntax alone would get wrong: exceptions that an enclosing handler may catch, results that a returning `finally` replaces,
code after a `return`, values that a generator returns, and the parts of unpacked values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ....graph.parsing.fields import dotted_name
from ....types import Symbol
from .control_flow import PlacedStatement, Test, expression_text, function_node, is_generator, placed_statements


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: return | raise | raise_result | set | update | yield | yield_from. `subject`: what is raised, set or called; `value`: the
    expression, "" if it is too long to quote; `tests`: the conditions."""

    kind: str
    subject: str
    value: str
    start: int
    end: int
    tests: tuple[Test, ...]


def function_actions(symbol: Symbol, lines: list[str]) -> list[Action]:
    """The actions of a function in order; empty if the file does not parse or is nested too deep."""
    node = function_node(symbol, lines)
    if node is None:
        return []
    found = [a for placed in placed_statements(node, lines) for a in statement_actions(placed, lines)]
    generator = is_generator(node)
    return [a for a in found if not (generator and a.kind == "return")]


def statement_actions(placed: PlacedStatement, lines: list[str]) -> Iterator[Action]:
    """The actions of one statement."""
    node = placed.node
    start, end = node.lineno, node.end_lineno or node.lineno

    def action(kind: str, subject: str, value: str) -> Action:
        return Action(kind, subject, value, start, end, placed.tests)

    if isinstance(node, ast.Return):
        if node.value is not None and not placed.is_return_replaced:
            yield action("return", callee_name(node.value), expression_text(node.value, lines))
    elif isinstance(node, ast.Raise):
        if node.exc is not None and not placed.may_be_caught and not placed.is_return_replaced:
            yield from _raise_actions(node.exc, lines, action)
    elif isinstance(node, ast.AugAssign):
        target, operator = expression_text(node.target, lines), _OPERATORS.get(type(node.op), "")
        if _is_visible(target) and operator:
            value = expression_text(node.value, lines)
            yield action("update", target, f"{operator}= {value}" if value else "")
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        for target_node, value_node in _target_values(node):
            target_text = expression_text(target_node, lines)
            if _is_visible(target_text):
                yield action("set", target_text, expression_text(value_node, lines))
                break
    elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom)):
        yielded = node.value.value
        if yielded is not None:
            kind = "yield" if isinstance(node.value, ast.Yield) else "yield_from"
            yield action(kind, callee_name(yielded), expression_text(yielded, lines))


def _target_values(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The (target, value) pairs of an assignment; none for unpacked targets, whose parts are not the value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if node.value is not None and not isinstance(target, (ast.Tuple, ast.List, ast.Starred)):
            yield target, node.value


_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip


def _raise_actions(node: ast.expr, lines: list[str], action: Callable[[str, str, str], Action]) -> Iterator[Action]:
    name = callee_name(node)
    if not name:
        return
    last = name.rpartition(".")[2].lstrip("_")
    if last[:1].isupper():
        yield action("raise", name, _message_text(node, lines))
    elif isinstance(node, ast.Call) and last != "with_traceback":
        # A function that makes the exception. A bare lower-case name is a variable: what it holds is unknown.
        yield action("raise_result", name, "")


def _is_visible(target: str) -> bool:
    """Whether code outside the function can see the target: attributes and items, but no local names."""
    return "." in target or "[" in target


def callee_name(node: ast.expr) -> str:
    """The dotted name of a call or name: `a.b` of `await a.b(...)`; "" if it is not dotted names."""
    while isinstance(node, ast.Await):
        node = node.value
    return dotted_name(node.func if isinstance(node, ast.Call) else node)


def _message_text(node: ast.expr, lines: list[str]) -> str:
    """The message of an exception as written, if it is a string literal; else ""."""
    if isinstance(node, ast.Call) and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return expression_text(first, lines)
    return ""
