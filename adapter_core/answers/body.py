"""What the statements of one function do, as far as its syntax shows: returns, raises, sets, yields; with lines and conditions.

What syntax alone would tell wrongly is left out: an exception that a handler around it may catch, a result that a `finally`
replaces, what stands behind a `return`, values that a generator returns.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..graph.outline import outline_of
from ..types import Symbol

_MAX_TEXT = 90
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_ENDINGS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Condition:
    """The nearest branch around a statement. `text` is its test as written, "" where it is not put into words; `depth` counts the
    branches in all."""

    text: str
    negated: bool
    line: int
    depth: int
    caught: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: return | raise | raise_result | set | update | yield | yield_from. `subject` is what is raised, set or called;
    `value` the expression, "" where it is too long to quote."""

    kind: str
    subject: str
    value: str
    start: int
    end: int
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds around a statement."""

    condition: Condition | None = None
    catches: bool = False  # a handler may catch what is raised here
    replaced: bool = False  # a `finally` that returns replaces what is returned here

    @property
    def depth(self) -> int:
        return self.condition.depth if self.condition else 0

    def under(self, text: str, line: int, negated: bool = False, caught: bool = False) -> _Around:
        return replace(self, condition=Condition(text, negated, line, self.depth + 1, caught))


def actions_of(symbol: Symbol, lines: list[str]) -> list[Action]:
    """The actions of a function in order; empty where the file does not parse or is nested beyond reason."""
    node = outline_of("\n".join(lines) + "\n").definitions.get((symbol.name, symbol.name_line))
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return []
    generator = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in _own_nodes(node))
    try:
        found = list(_walk(node.body, lines, _Around()))
    except RecursionError:
        return []
    return [a for a in found if not (generator and a.kind == "return")]


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A function's nodes without those of the functions in it."""
    stack = list(ast.iter_child_nodes(node))
    while stack:
        child = stack.pop()
        if isinstance(child, _DEFINITIONS):
            continue
        yield child
        stack.extend(ast.iter_child_nodes(child))


def _walk(body: list[ast.stmt], lines: list[str], around: _Around) -> Iterator[Action]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _branches(node, lines, around)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            yield from _walk(node.body, lines, around)
            yield from _walk(node.orelse, lines, around.under("", node.lineno))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            # A context manager may swallow exceptions (`suppress`, `pytest.raises`); nothing in the text says which do.
            yield from _walk(node.body, lines, replace(around, catches=True))
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            yield from _try(node, lines, around)  # type: ignore[arg-type]
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from _walk(case.body, lines, around.under("", node.lineno))
        else:
            yield from _simple(node, lines, around)
        if isinstance(node, _ENDINGS):
            return  # what follows is never reached


def _branches(node: ast.If, lines: list[str], around: _Around) -> Iterator[Action]:
    """An if with its elifs; a chain may be long, so it is no recursion."""
    first = node
    while True:
        test = quote(node.test, lines)
        if not (isinstance(node.test, ast.Constant) and not node.test.value):
            # Behind an earlier test, a test alone is not the whole condition.
            inner = around if node is first else around.under("", first.lineno)
            yield from _walk(node.body, lines, inner.under(test, node.lineno))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        inner = around if node is first else around.under("", first.lineno)
        yield from _walk(node.orelse, lines, inner.under(test, node.lineno, negated=True))
        return


def _try(node: ast.Try, lines: list[str], around: _Around) -> Iterator[Action]:
    replaced = around.replaced or any(isinstance(n, ast.Return) for s in node.finalbody for n in ast.walk(s))
    inner = replace(around, catches=around.catches or bool(node.handlers), replaced=replaced)
    yield from _walk(node.body, lines, inner)
    outer = replace(around, replaced=replaced)
    for handler in node.handlers:
        caught = quote(handler.type, lines) if handler.type is not None else ""
        yield from _walk(handler.body, lines, outer.under(caught, handler.lineno, caught=True))
    yield from _walk(node.orelse, lines, outer.under("", node.lineno))
    yield from _walk(node.finalbody, lines, around)


def _simple(node: ast.stmt, lines: list[str], around: _Around) -> Iterator[Action]:
    start, end = node.lineno, node.end_lineno or node.lineno

    def action(kind: str, subject: str, value: str) -> Action:
        return Action(kind, subject, value, start, end, around.condition)

    if isinstance(node, ast.Return):
        if node.value is not None and not around.replaced:
            yield action("return", _callee(node.value), quote(node.value, lines))
    elif isinstance(node, ast.Raise):
        if node.exc is not None and not around.catches:
            yield from _raise(node.exc, lines, action)
    elif isinstance(node, ast.AugAssign):
        target, operator = quote(node.target, lines), _OPERATORS.get(type(node.op), "")
        if _visible(target) and operator:
            value = quote(node.value, lines)
            yield action("update", target, f"{operator}= {value}" if value else "")
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        shown = [text for t in targets if _visible(text := quote(t, lines))]
        if shown and node.value is not None:
            yield action("set", shown[0], quote(node.value, lines))
    elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom)):
        yielded = node.value.value
        if yielded is not None:
            kind = "yield" if isinstance(node.value, ast.Yield) else "yield_from"
            yield action(kind, _callee(yielded), quote(yielded, lines))


_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip


def _raise(node: ast.expr, lines: list[str], action) -> Iterator[Action]:  # type: ignore[no-untyped-def]
    name = _callee(node)
    if not name:
        return
    last = name.rpartition(".")[2].lstrip("_")
    if last[:1].isupper():
        yield action("raise", name, _message(node, lines))
    elif isinstance(node, ast.Call) and last != "with_traceback":
        # A function that makes the exception. A bare lower-case name is a variable: what it holds is unknown.
        yield action("raise_result", name, "")


def _visible(target: str) -> bool:
    """Local names matter to nobody outside; attributes and items do."""
    return "." in target or "[" in target


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
    if isinstance(node, ast.Call) and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return quote(first, lines)
    return ""
