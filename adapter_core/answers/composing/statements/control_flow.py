"""Where the statements of one function stand: in which branch, loop or handler, and behind which early exits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....types import Symbol
from ...inert import code
from .endings import EXITS, always_exits, failed_tests_after
from .one_line import one_line
from .rebinding import Rebinding

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAME = re.compile(r"[^\W\d]\w*")
AGAIN, FINALLY, ANYTHING = "again and again", "in `finally`", "when it catches anything"
_MAX_TEST = 120
_MAX_QUOTED = 90


@dataclass(frozen=True, slots=True)
class Test:
    """What has to be for a statement to run. `kind`: if | while | for | except | other | changed (an early exit that asks about what is
    bound anew behind it); or what asks nothing and stands around it all the same, within (a `with`, `try` or endless loop). `text`: as
    written, without a `not` in front, "" where it is not put into words;
    `holds`: whether it has to hold. `word`: what is said of a `with`, a `finally`, an endless loop or a bare
    `except` where a whole function is told. `start`..`end`: the lines that say so; `beside`: that of the `else`
    where it is in one, 0 otherwise. `guard`: it is what an earlier branch asks that ends with a return, a raise, a continue or a break; of
    kind "other", an earlier statement with such an end somewhere in it. `anew`: it asks about what was bound anew before it."""

    kind: str
    text: str
    holds: bool
    start: int
    end: int
    guard: bool = False
    beside: int = 0
    word: str = ""
    anew: bool = False

    @property
    def untold(self) -> bool:
        """Whether it is an early exit of which nothing can be told."""
        return self.guard and self.kind in ("other", "changed")

    @property
    def branch(self) -> bool:
        """Whether what it is about stands in a branch, loop or handler."""
        return not self.guard and self.kind != "within"


@dataclass(frozen=True, slots=True)
class PlacedStatement:
    """A statement and what has to be for it to run, from outside in. `suite` numbers the bodies of statements. `caught`: a handler may
    catch what is raised here. `replaced`: a `finally` that returns replaces what is returned here."""

    node: ast.stmt
    tests: tuple[Test, ...]
    suite: int
    caught: bool = False
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class _Around:
    tests: tuple[Test, ...] = ()
    caught: bool = False
    replaced: bool = False

    def under(self, *tests: Test) -> _Around:
        return replace(self, tests=(*self.tests, *tests))


def function_node(symbol: Symbol, lines: list[str]) -> Function | None:
    """The syntax of a function; None where the file does not parse."""
    node = outline_of("\n".join(lines) + "\n").definitions.get((symbol.name, symbol.name_line))
    return node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def placed_statements(node: Function, lines: list[str]) -> list[PlacedStatement]:
    """The statements of a function in the order of the text, those with bodies before what is in them; without what is never reached
    and without the functions in it. Empty where the nesting is beyond reason."""
    return list(_statements(node, _Lines(lines)))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Those of the file that a function stands in: they are the same where it is, as it was made of them."""

    lines: list[str] = field(compare=False)


@request_cache(64)
def _statements(node: Function, text: _Lines) -> tuple[PlacedStatement, ...]:
    # One answer tells and checks much of the same functions.
    try:
        return tuple(_Walk(text.lines, Rebinding(node.args, own_nodes(node))).suite(node.body, _Around()))
    except RecursionError:
        return ()


class _Walk:
    def __init__(self, lines: list[str], rebinding: Rebinding) -> None:
        self._lines = lines
        self._rebinding = rebinding
        self._suites = 0

    def suite(self, body: list[ast.stmt], around: _Around) -> Iterator[PlacedStatement]:
        self._suites += 1
        number = self._suites
        for node in body:
            if not isinstance(node, _DEFINITIONS):
                yield PlacedStatement(node, around.tests, number, around.caught, around.replaced)
            yield from self._inside(node, around)
            if always_exits([node]):
                return  # what follows is never reached
            around = _without_changed(around, node)
            if passed := failed_tests_after(node):
                exits = [replace(self._test(n, False), guard=True, end=_end(n.body[-1])) for n in passed]
                around = around.under(*exits)
            elif _may_leave(node):
                around = around.under(replace(_untold(node), guard=True))

    def _inside(self, node: ast.stmt, around: _Around) -> Iterator[PlacedStatement]:
        if isinstance(node, ast.If):
            yield from self._branches(node, around)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            each = f"{expression_text(node.target, self._lines)} in {expression_text(node.iter, self._lines)}"
            whole = expression_text(node.target, self._lines) and expression_text(node.iter, self._lines)
            last = node.iter.end_lineno or node.lineno
            each_one = Test("for", each if whole and len(each) <= _MAX_TEST else "", True, node.lineno, last)
            yield from self.suite(node.body, around.under(each_one))
            yield from self.suite(node.orelse, around.under(_untold(node)))
        elif isinstance(node, ast.While):
            test = replace(self._test(node, True), kind="while")
            always = isinstance(node.test, ast.Constant)
            if not always or node.test.value:  # type: ignore[attr-defined]
                yield from self.suite(node.body, around.under(_within(node, AGAIN) if always else test))
            yield from self.suite(node.orelse, around.under(_untold(node)))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            # A context manager may swallow exceptions (`suppress`, `pytest.raises`); nothing in the text says which do.
            items = ", ".join(expression_text(i.context_expr, self._lines) for i in node.items)
            told = f"in {code('with ' + items)}" if items and "`" not in items else "in a `with`"
            yield from self.suite(node.body, replace(around.under(_within(node, told)), caught=True))
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            yield from self._try(node, around)  # type: ignore[arg-type]
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from self.suite(case.body, around.under(_untold(node)))

    def _branches(self, node: ast.If, around: _Around) -> Iterator[PlacedStatement]:
        """An if with its elifs; a chain may be long, so it is no recursion, and only its first four tests are told."""
        number = 0
        while True:
            if not (isinstance(node.test, ast.Constant) and not node.test.value):
                yield from self.suite(node.body, around.under(self._test(node, True)))
            number += 1
            failed = self._test(node, False)
            around = around.under(failed) if number <= 4 else around.under(_untold(node)) if number == 5 else around
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                yield PlacedStatement(node, around.tests, 0, around.caught, around.replaced)
                continue
            if node.orelse:
                around = replace(around, tests=(*around.tests[:-1], replace(around.tests[-1], beside=self._else(node))))
            yield from self.suite(node.orelse, around)
            return

    def _try(self, node: ast.Try, around: _Around) -> Iterator[PlacedStatement]:
        replaced = around.replaced or any(isinstance(n, ast.Return) for s in node.finalbody for n in ast.walk(s))
        caught = around.caught or bool(node.handlers)
        yield from self.suite(node.body, replace(around.under(_within(node)), caught=caught, replaced=replaced))
        outer = replace(around, replaced=replaced)
        for handler in node.handlers:
            kind = expression_text(handler.type, self._lines) if handler.type is not None else ""
            word = "" if handler.type is not None else ANYTHING
            caught_one = Test("except", kind, True, handler.lineno, _last(handler), word=word)
            yield from self.suite(handler.body, outer.under(caught_one))
        yield from self.suite(node.orelse, outer.under(_untold(node)))
        if node.finalbody:
            first = node.finalbody[0].lineno
            line = self._line_of("finally", first, node.lineno) or first
            yield from self.suite(node.finalbody, around.under(replace(_within(node, FINALLY), start=line, end=line)))

    def _test(self, node: ast.If | ast.While, holds: bool) -> Test:
        test, start, end = node.test, node.lineno, node.test.end_lineno or node.lineno
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, holds = test.operand, not holds
        return Test(
            "if",
            expression_text(test, self._lines, _MAX_TEST),
            holds,
            start,
            end,
            anew=self._rebinding.tests_rebound_name(test),
        )

    def _else(self, node: ast.If) -> int:
        """The line of the `else` of a branch."""
        return self._line_of("else", node.orelse[0].lineno, node.body[-1].end_lineno or node.lineno)

    def _line_of(self, word: str, before: int, after: int) -> int:
        """The last line up to `before`, and behind `after`, that begins with a word; 0 where there is none."""
        return next((n for n in range(before, after, -1) if re.match(rf"\s*{word}\s*:", self._lines[n - 1])), 0)


def _may_leave(node: ast.stmt) -> bool:
    """Whether an exit stands in the body of a statement, so that it may keep what follows from running: in a loop, a `try`, a `with`, one
    branch of several. That cannot be put into a few words, and what else is asked is not all of it."""
    stack: list[tuple[ast.AST, bool]] = [(node, False)]
    while stack:
        one, looping = stack.pop()
        if isinstance(one, EXITS) or (isinstance(one, (ast.Break, ast.Continue)) and not looping):
            return one is not node
        inner = looping or isinstance(one, (ast.For, ast.AsyncFor, ast.While))
        for child in ast.iter_child_nodes(one):
            if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(child, _DEFINITIONS):
                # What a loop ends with its `else` is another loop's.
                stack.append((child, looping if child in getattr(one, "orelse", ()) else inner))
    return False


def _without_changed(around: _Around, node: ast.stmt) -> _Around:
    """An early exit says nothing any more of names that are bound anew behind it."""
    if not any(t.guard for t in around.tests):
        return around
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return replace(
        around,
        tests=tuple(
            replace(t, kind="changed", text="") if t.guard and bound & set(_NAME.findall(t.text)) else t
            for t in around.tests
        ),
    )


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _untold(node: ast.stmt) -> Test:
    return Test("other", "", True, node.lineno, node.lineno)


def _within(node: ast.stmt, word: str = "") -> Test:
    """What asks nothing; a header that goes over many lines is known by its first."""
    return Test("within", "", True, node.lineno, node.lineno, word=word)


def _last(handler: ast.ExceptHandler) -> int:
    return handler.type.end_lineno or handler.lineno if handler.type is not None else handler.lineno


def header_lines(node: ast.stmt | ast.ExceptHandler) -> tuple[int, int]:
    """The lines of a statement; of one with a body of its own, of its header."""
    body: list[ast.stmt] = getattr(node, "body", [])
    return node.lineno, max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    stack = list(ast.iter_child_nodes(node))
    while stack:
        child = stack.pop()
        if isinstance(child, (*_DEFINITIONS, ast.Lambda)):
            continue
        yield child
        stack.extend(ast.iter_child_nodes(child))


def is_generator(node: Function) -> bool:
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_nodes(node))


def expression_text(node: ast.expr, lines: list[str], limit: int = _MAX_QUOTED) -> str:
    """An expression as written, its lines joined; "" where it is longer than `limit` or a comment stands in it."""
    last = node.end_lineno or node.lineno
    if last - node.lineno > 11:
        return ""
    parts = [line.encode("utf-8", "surrogatepass") for line in lines[node.lineno - 1 : last]]
    if len(parts) > 1 and any(b"#" in part for part in parts):
        return ""
    parts[-1] = parts[-1][: node.end_col_offset]
    parts[0] = parts[0][node.col_offset :]
    text = one_line([part.decode("utf-8", "replace") for part in parts])
    return text if len(text) <= limit else ""
