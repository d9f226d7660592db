"""The control flow around each statement of a function: its branches, loops and handlers, and the early exits before it."""

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
ENDLESS_LOOP, IN_FINALLY, BARE_EXCEPT = "again and again", "in `finally`", "when it catches anything"
WITHOUT_BREAK, NOTHING_RAISED = "when the loop ends without `break`", "when nothing is raised"
_MAX_TEST = 120
_MAX_QUOTED = 90


@dataclass(frozen=True, slots=True)
class Test:
    """One condition under which a statement runs. `kind`: if | while | for | except | other | changed (an early exit whose names are
    rebound after it) | within (a `with`, `try` or endless loop, which surrounds the statement but tests nothing). `text`: as written,
    without a leading `not`, "" if it is not put into words; `holds`: whether it has to hold. `phrase`: the words for a `with`, a `finally`,
    an endless loop or a bare `except` in the course of a function. `start`..`end`: the lines that show it; `else_line`: the line of the
    `else` that the statement is in, else 0. `is_guard`: it is the test of an earlier branch that ends with a return, raise, continue or
    break; of kind "other", an earlier statement that contains such an exit. `is_rebound`: it tests a name that was rebound before."""

    kind: str
    text: str
    holds: bool
    start: int
    end: int
    is_guard: bool = False
    else_line: int = 0
    phrase: str = ""
    is_rebound: bool = False

    @property
    def is_unclear_exit(self) -> bool:
        """Whether it is an early exit that cannot be put into words."""
        return self.is_guard and self.kind in ("other", "changed")

    @property
    def is_branch(self) -> bool:
        """Whether the statement is inside this branch, loop or handler."""
        return not self.is_guard and self.kind != "within"


@dataclass(frozen=True, slots=True)
class PlacedStatement:
    """A statement and its conditions, outermost first. `suite`: the number of the body that it is in (0: of none). `may_be_caught`: a
    handler may catch what is raised here. `is_return_replaced`: a `finally` that returns replaces what is returned here. `is_header`: it is
    quoted for its header, and the statements in it follow."""

    node: ast.stmt
    tests: tuple[Test, ...]
    suite: int
    may_be_caught: bool = False
    is_return_replaced: bool = False
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class _Context:
    tests: tuple[Test, ...] = ()
    may_be_caught: bool = False
    is_return_replaced: bool = False

    def under(self, *tests: Test) -> _Context:
        return replace(self, tests=(*self.tests, *tests))


def function_node(symbol: Symbol, lines: list[str]) -> Function | None:
    """The syntax node of a function; None if the file does not parse."""
    node = outline_of("\n".join(lines) + "\n").definitions.get((symbol.name, symbol.name_line))
    return node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def placed_statements(node: Function, lines: list[str]) -> list[PlacedStatement]:
    """The statements of a function in the order of the text, each block before its body; without unreachable statements and nested
    definitions. Empty if the nesting is too deep."""
    return list(_cached_statements(node, _FileLines(lines)))


@dataclass(frozen=True, slots=True)
class _FileLines:
    """The lines of a file as part of a cache key; they are not compared, since the function's node was made from them."""

    lines: list[str] = field(compare=False)


@request_cache(64)
def _cached_statements(node: Function, text: _FileLines) -> tuple[PlacedStatement, ...]:
    # One answer composes and checks many sentences about the same functions.
    try:
        return tuple(_Walker(text.lines, Rebinding(node.args, own_nodes(node))).suite(node.body, _Context()))
    except RecursionError:
        return ()


class _Walker:
    def __init__(self, lines: list[str], rebinding: Rebinding) -> None:
        self._lines = lines
        self._rebinding = rebinding
        self._suites = 0

    def suite(self, body: list[ast.stmt], context: _Context) -> Iterator[PlacedStatement]:
        self._suites += 1
        number = self._suites
        for node in body:
            if not isinstance(node, _DEFINITIONS):
                yield PlacedStatement(node, context.tests, number, context.may_be_caught, context.is_return_replaced)
            yield from self._nested(node, context)
            if always_exits([node]):
                return  # what follows is never reached
            context = _drop_rebound_exits(context, node)
            if failed_tests := failed_tests_after(node):
                exits = [replace(self._test(n, False), is_guard=True, end=_last_line(n.body[-1])) for n in failed_tests]
                context = context.under(*exits)
            elif _may_exit(node):
                context = context.under(replace(_unclear_test(node), is_guard=True))

    def _nested(self, node: ast.stmt, context: _Context) -> Iterator[PlacedStatement]:
        if isinstance(node, ast.If):
            yield from self._branches(node, context)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            loop_text = f"{expression_text(node.target, self._lines)} in {expression_text(node.iter, self._lines)}"
            is_complete = expression_text(node.target, self._lines) and expression_text(node.iter, self._lines)
            last = node.iter.end_lineno or node.lineno
            loop_test = Test(
                "for", loop_text if is_complete and len(loop_text) <= _MAX_TEST else "", True, node.lineno, last
            )
            yield from self.suite(node.body, context.under(loop_test))
            yield from self.suite(node.orelse, context.under(self._else_test(node, WITHOUT_BREAK)))
        elif isinstance(node, ast.While):
            test = replace(self._test(node, True), kind="while")
            is_constant = isinstance(node.test, ast.Constant)
            if not is_constant or node.test.value:  # type: ignore[attr-defined]
                yield from self.suite(
                    node.body, context.under(_block_test(node, ENDLESS_LOOP) if is_constant else test)
                )
            yield from self.suite(node.orelse, context.under(self._else_test(node, WITHOUT_BREAK)))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            # A context manager may swallow exceptions (`suppress`, `pytest.raises`); nothing in the text says which do.
            items = ", ".join(expression_text(i.context_expr, self._lines) for i in node.items)
            phrase = f"in {code('with ' + items)}" if items and "`" not in items else "in a `with`"
            yield from self.suite(node.body, replace(context.under(_block_test(node, phrase)), may_be_caught=True))
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            yield from self._try(node, context)  # type: ignore[arg-type]
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from self.suite(case.body, context.under(_unclear_test(node)))

    def _branches(self, node: ast.If, context: _Context) -> Iterator[PlacedStatement]:
        """The statements of an `if` with its `elif`s. A chain may be long, so this does not recurse, and only four failed tests are
        kept."""
        count = 0
        while True:
            if not (isinstance(node.test, ast.Constant) and not node.test.value):
                yield from self.suite(node.body, context.under(self._test(node, True)))
            count += 1
            failed_test = self._test(node, False)
            context = (
                context.under(failed_test)
                if count <= 4
                else context.under(_unclear_test(node))
                if count == 5
                else context
            )
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                yield PlacedStatement(node, context.tests, 0, context.may_be_caught, context.is_return_replaced)
                continue
            if node.orelse:
                context = replace(
                    context, tests=(*context.tests[:-1], replace(context.tests[-1], else_line=self._else_line(node)))
                )
            yield from self.suite(node.orelse, context)
            return

    def _try(self, node: ast.Try, context: _Context) -> Iterator[PlacedStatement]:
        is_replaced = context.is_return_replaced or any(
            isinstance(n, ast.Return) for s in node.finalbody for n in ast.walk(s)
        )
        may_catch = context.may_be_caught or bool(node.handlers)
        yield from self.suite(
            node.body,
            replace(context.under(_block_test(node)), may_be_caught=may_catch, is_return_replaced=is_replaced),
        )
        handler_context = replace(context, is_return_replaced=is_replaced)
        for handler in node.handlers:
            exception = expression_text(handler.type, self._lines) if handler.type is not None else ""
            phrase = "" if handler.type is not None else BARE_EXCEPT
            handler_test = Test("except", exception, True, handler.lineno, _handler_header_end(handler), phrase=phrase)
            yield from self.suite(handler.body, handler_context.under(handler_test))
        yield from self.suite(node.orelse, handler_context.under(self._else_test(node, NOTHING_RAISED)))
        if node.finalbody:
            first = node.finalbody[0].lineno
            line = self._keyword_line("finally", first, node.lineno) or first
            yield from self.suite(
                node.finalbody, context.under(replace(_block_test(node, IN_FINALLY), start=line, end=line))
            )

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
            is_rebound=self._rebinding.tests_rebound_name(test),
        )

    def _else_test(self, node: ast.For | ast.AsyncFor | ast.While | ast.Try, phrase: str) -> Test:
        """The condition of the `else` of a loop or a `try`, which only the course of a function puts into words."""
        if not node.orelse:
            return _unclear_test(node)
        before = node.handlers[-1] if isinstance(node, ast.Try) and node.handlers else node.body[-1]
        line = self._keyword_line("else", node.orelse[0].lineno, before.end_lineno or node.lineno)
        return replace(_unclear_test(node), start=line, end=line, phrase=phrase) if line else _unclear_test(node)

    def _else_line(self, node: ast.If) -> int:
        """The line of the `else` of a branch."""
        return self._keyword_line("else", node.orelse[0].lineno, node.body[-1].end_lineno or node.lineno)

    def _keyword_line(self, word: str, before: int, after: int) -> int:
        """The last line in `after + 1..before` that is `word:`; 0 if there is none."""
        return next((n for n in range(before, after, -1) if re.match(rf"\s*{word}\s*:", self._lines[n - 1])), 0)


def _may_exit(node: ast.stmt) -> bool:
    """Whether the body of a statement (a loop, a `try`, a `with`, one branch of several) contains an exit, so that the code after it may
    not run. That cannot be put into a few words, so the other conditions are not the whole condition."""
    stack: list[tuple[ast.AST, bool]] = [(node, False)]
    while stack:
        current, in_loop = stack.pop()
        if isinstance(current, EXITS) or (isinstance(current, (ast.Break, ast.Continue)) and not in_loop):
            return current is not node
        child_in_loop = in_loop or isinstance(current, (ast.For, ast.AsyncFor, ast.While))
        for child in ast.iter_child_nodes(current):
            if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(child, _DEFINITIONS):
                # A `break` in the `else` of a loop belongs to the loop around it.
                stack.append((child, in_loop if child in getattr(current, "orelse", ()) else child_in_loop))
    return False


def _drop_rebound_exits(context: _Context, node: ast.stmt) -> _Context:
    """The context in which early exits whose names `node` rebinds are marked as changed: they say nothing about the new values."""
    if not any(t.is_guard for t in context.tests):
        return context
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return replace(
        context,
        tests=tuple(
            replace(t, kind="changed", text="") if t.is_guard and bound & set(_NAME.findall(t.text)) else t
            for t in context.tests
        ),
    )


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _unclear_test(node: ast.stmt) -> Test:
    return Test("other", "", True, node.lineno, node.lineno)


def _block_test(node: ast.stmt, phrase: str = "") -> Test:
    """A block that tests nothing; a header of many lines is represented by its first."""
    return Test("within", "", True, node.lineno, node.lineno, phrase=phrase)


def _handler_header_end(handler: ast.ExceptHandler) -> int:
    return handler.type.end_lineno or handler.lineno if handler.type is not None else handler.lineno


def header_lines(node: ast.stmt | ast.ExceptHandler) -> tuple[int, int]:
    """First and last line of a statement; for one with a body, of its header."""
    body: list[ast.stmt] = getattr(node, "body", [])
    return node.lineno, max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of nested definitions and lambdas."""
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
    """An expression as written, on one line; "" if it is longer than `limit` characters or contains a comment."""
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
