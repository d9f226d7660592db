"""What the statements of one function do, as far as its syntax shows: returns, raises, sets, yields; with lines and conditions."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from ..graph.parse import parse_tree
from ..types import Symbol

_MAX_TEXT = 90


@dataclass(frozen=True, slots=True)
class Condition:
    """The nearest branch around a statement. `text` is its test as written; `depth` counts the branches in all."""

    text: str
    negated: bool
    line: int
    depth: int
    caught: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: return | raise | set | yield. `subject` is what is set or raised; `value` the expression, "" where it is
    too long to quote."""

    kind: str
    subject: str
    value: str
    start: int
    end: int
    condition: Condition | None


def actions_of(symbol: Symbol, lines: list[str]) -> list[Action]:
    """The actions of a function in order; empty where the file does not parse."""
    node = _function_at("\n".join(lines) + "\n", symbol.name, symbol.name_line)
    return list(_walk(node.body, lines, None, 0)) if node is not None else []


@functools.lru_cache(maxsize=64)
def _functions(text: str) -> dict[tuple[str, int], ast.FunctionDef]:
    tree = parse_tree(text)
    if tree is None:
        return {}
    return {(n.name, n.lineno): n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}  # type: ignore[misc]


def _function_at(text: str, name: str, line: int) -> ast.FunctionDef | None:
    return _functions(text).get((name, line))


def _walk(body: list[ast.stmt], lines: list[str], condition: Condition | None, depth: int) -> Iterator[Action]:
    for node in body:
        start, end = node.lineno, node.end_lineno or node.lineno
        if isinstance(node, ast.Return):
            value = "" if node.value is None else quote(node.value, lines)
            if node.value is not None:
                yield Action("return", _callee(node.value), value, start, end, condition)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            subject = _callee(node.exc) or (
                quote(node.exc, lines) if isinstance(node.exc, (ast.Name, ast.Attribute)) else ""
            )
            if subject:
                yield Action("raise", subject, _message(node.exc, lines), start, end, condition)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            yield from _assignments(node, lines, condition)
        elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            yielded = node.value.value
            if yielded is not None:
                yield Action("yield", _callee(yielded), quote(yielded, lines), start, end, condition)
        elif isinstance(node, ast.If):
            test = quote(node.test, lines)
            yield from _walk(node.body, lines, Condition(test, False, start, depth + 1), depth + 1)
            yield from _walk(node.orelse, lines, Condition(test, True, start, depth + 1), depth + 1)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            yield from _walk(node.body, lines, condition, depth)
            yield from _walk(node.orelse, lines, condition, depth)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _walk(node.body, lines, condition, depth)
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            yield from _walk(node.body, lines, condition, depth)  # type: ignore[attr-defined]
            for handler in node.handlers:  # type: ignore[attr-defined]
                caught = quote(handler.type, lines) if handler.type is not None else ""
                inner = Condition(caught, False, handler.lineno, depth + 1, caught=True)
                yield from _walk(handler.body, lines, inner, depth + 1)
            yield from _walk(node.orelse, lines, condition, depth)  # type: ignore[attr-defined]
            yield from _walk(node.finalbody, lines, condition, depth)  # type: ignore[attr-defined]
        elif isinstance(node, ast.Match):
            for case in node.cases:
                # A pattern is a condition that this module does not put into words.
                inner = Condition("", False, start, depth + 2)
                yield from _walk(case.body, lines, inner, depth + 2)


def _assignments(
    node: ast.Assign | ast.AnnAssign | ast.AugAssign, lines: list[str], condition: Condition | None
) -> Iterator[Action]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    shown = [quote(t, lines) for t in targets if isinstance(t, (ast.Attribute, ast.Subscript, ast.Tuple))]
    # Local names matter to nobody outside; attributes and items do.
    visible = [t for t in shown if "." in t or "[" in t]
    if visible and node.value is not None:
        yield Action(
            "set", visible[0], quote(node.value, lines), node.lineno, node.end_lineno or node.lineno, condition
        )


def quote(node: ast.expr, lines: list[str]) -> str:
    """The expression as written, if it is short and on one line; else ""."""
    if node.lineno != node.end_lineno:
        return ""
    line = lines[node.lineno - 1]
    if line.isascii():
        text = line[node.col_offset : node.end_col_offset]
    else:
        raw = line.encode("utf-8", "surrogatepass")[node.col_offset : node.end_col_offset]
        text = raw.decode("utf-8", "replace")
    return text if len(text) <= _MAX_TEXT else ""


def _callee(node: ast.expr) -> str:
    """`a.b` of `await a.b(...)`, or of a bare name."""
    while isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        node = node.func
    elif not isinstance(node, (ast.Name, ast.Attribute)):
        return ""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join(reversed([*parts, node.id]))


def _message(node: ast.expr, lines: list[str]) -> str:
    """The literal message of an exception, as written."""
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        return quote(node.args[0], lines)
    return ""
