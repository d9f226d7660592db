"""The acts on given lines by their syntax: calls, returns, raises, assignments, handlers; each with its owner and the tests around it.

`composing/statements/actions.py` selects what is worth saying of one function; this module lists everything, for checking sentences.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from ..composing.statements.endings import failed_tests_after
from ..unparsing import unparse

Owner = tuple[tuple[str, bool], ...]  # (name, whether it is a class), outermost first
Test = tuple[str, bool]  # an expression in canonical form, and whether it holds

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPPOSITE = {ast.IsNot: ast.Is, ast.NotEq: ast.Eq, ast.NotIn: ast.In}


@dataclass(frozen=True, slots=True)
class Act:
    """`kind`: call | return | yield | yield_from | raise | set | catch. `text` is the callee, the value, the exception, the target or
    the caught type in canonical form; `value` the assigned value, the message of an exception, the callee of a returned call, or the
    arguments of a call, one a line. `start..line` are the lines up to the name of a callee, for other acts those of the statement.
    `tests`: what holds when it runs."""

    kind: str
    owner: Owner
    start: int
    line: int
    text: str
    value: str = ""
    tests: tuple[Test, ...] = ()


@functools.lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """An expression in canonical spelling: quotes, white space and redundant brackets are normalised; white space alone where it does not
    parse."""
    try:
        return unparse(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split())


@functools.lru_cache(maxsize=4096)
def as_test(text: str) -> Test:
    """A condition without its negations, and whether it must hold: `not x` is (x, False), `a is not b` is (a is b, False)."""
    try:
        node = ast.parse(f"({text.strip()})", mode="eval").body  # `x := f()` has no brackets in an `if`
        return next(_tests_of(node, True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split()), True


def acts_on(tree: ast.Module, first: int, last: int) -> list[Act]:
    """The acts on lines `first..last`, in the order of the text. Empty where the nesting exceeds Python's recursion limit."""
    try:
        return list(_acts_in_body(tree.body, first, last, (), ()))
    except RecursionError:
        return []


def _acts_in_body(body: list[ast.stmt], first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    for node in body:
        end = node.end_lineno or node.lineno
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if start > last:
            return
        overlaps = end >= first
        if isinstance(node, ast.If):
            if overlaps:
                yield from _acts_in_if(node, first, last, owner, tests)
            tests = (*tests, *(t for passed in failed_tests_after(node) for t in _tests_of(passed.test, False)))
        elif not overlaps:
            continue
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield from _acts_in_definition(node, first, last, owner, tests)
        else:
            yield from _acts_in_statement(node, first, last, owner, tests)


def _acts_in_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, first: int, last: int, owner: Owner, tests: tuple[Test, ...]
) -> Iterator[Act]:  # fmt: skip
    header_expressions: list[ast.expr] = list(node.decorator_list)
    if isinstance(node, ast.ClassDef):
        header_expressions += [*node.bases, *(k.value for k in node.keywords)]
    else:
        header_expressions += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    for expression in header_expressions:
        yield from _acts_in_expression(expression, first, last, owner, tests)
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) and _overlap(decorator.lineno, decorator.lineno, first, last):
            name = unparse(decorator)
            yield Act("call", owner, decorator.lineno, decorator.lineno, name, node.name, tests)
    # The tests around a definition need not hold when it runs.
    yield from _acts_in_body(node.body, first, last, (*owner, (node.name, isinstance(node, ast.ClassDef))), ())


def _acts_in_if(node: ast.If, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    """An `if` with its `elif`s; without recursion, since a chain may be long."""
    while True:
        yield from _acts_in_expression(node.test, first, last, owner, tests)
        yield from _acts_in_body(node.body, first, last, owner, (*tests, *_tests_of(node.test, True)))
        tests = (*tests, *_tests_of(node.test, False))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        yield from _acts_in_body(node.orelse, first, last, owner, tests)
        return


def _acts_in_statement(node: ast.stmt, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    blocks: list[tuple[list[ast.stmt], tuple[Test, ...]]] = []
    expressions: list[ast.expr] = []
    if isinstance(node, (ast.For, ast.AsyncFor)):
        expressions, blocks = [node.iter], [(node.body, tests), (node.orelse, tests)]
    elif isinstance(node, ast.While):
        expressions, blocks = [node.test], [(node.body, (*tests, *_tests_of(node.test, True))), (node.orelse, tests)]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        expressions, blocks = [i.context_expr for i in node.items], [(node.body, tests)]
        for exception in suppressed(node):
            if _overlap(exception.lineno, exception.lineno, first, last):
                yield Act("catch", owner, exception.lineno, exception.lineno, unparse(exception), "", tests)
    elif isinstance(node, ast.Match):
        expressions, blocks = [node.subject], [(case.body, tests) for case in node.cases]
        expressions += [case.guard for case in node.cases if case.guard is not None]
    elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        yield from _acts_in_try(node, first, last, owner, tests)  # type: ignore[arg-type]
        return
    else:
        yield from _acts_in_simple(node, first, last, owner, tests)
        return
    for expression in expressions:
        yield from _acts_in_expression(expression, first, last, owner, tests)
    for block, inner_tests in blocks:
        yield from _acts_in_body(block, first, last, owner, inner_tests)


def suppressed(node: ast.With | ast.AsyncWith) -> list[ast.expr]:
    """The exceptions that a `with suppress(X)` catches."""
    calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return [argument for call in calls if callee(call).rpartition(".")[2] == "suppress" for argument in call.args]


def _acts_in_try(node: ast.Try, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    yield from _acts_in_body(node.body, first, last, owner, tests)
    for handler in node.handlers:
        inner_tests = tests
        if handler.type is not None:
            inner_tests = (*tests, (f"except {unparse(handler.type)}", True))
            types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            for caught_type in types:
                if _overlap(handler.lineno, handler.lineno, first, last):
                    yield Act("catch", owner, handler.lineno, handler.lineno, unparse(caught_type), "", tests)
        yield from _acts_in_body(handler.body, first, last, owner, inner_tests)
    yield from _acts_in_body(node.orelse, first, last, owner, tests)
    yield from _acts_in_body(node.finalbody, first, last, owner, tests)


def _acts_in_simple(node: ast.stmt, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    start, end = node.lineno, node.end_lineno or node.lineno
    if isinstance(node, ast.Return) and node.value is not None:
        for value, value_tests in _possible_values(node.value, tests):
            yield Act("return", owner, start, end, unparse(value), callee(value), value_tests)
    elif isinstance(node, ast.Raise) and node.exc is not None:
        exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        message = node.exc.args[0] if isinstance(node.exc, ast.Call) and node.exc.args else None
        text = unparse(message) if message is not None else ""
        yield Act("raise", owner, start, end, unparse(exception), text, tests)
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value_text = unparse(node.value) if node.value is not None else ""
        for target in targets:
            for part in [target, *target.elts] if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                yield Act("set", owner, start, end, _target_text(part), value_text, tests)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _acts_in_expression(child, first, last, owner, tests)


def _target_text(node: ast.expr) -> str:
    """A target without the brackets that `unparse` puts around a tuple."""
    text = unparse(node)
    return text[1:-1] if isinstance(node, ast.Tuple) and text.startswith("(") else text


def _possible_values(node: ast.expr, tests: tuple[Test, ...]) -> Iterator[tuple[ast.expr, tuple[Test, ...]]]:
    """A returned expression and its possible values, each with its tests: the branches of `a if c else b`, the parts of `a or b` and of a
    tuple."""
    yield node, tests
    if isinstance(node, ast.Await):
        yield from _possible_values(node.value, tests)
    elif isinstance(node, ast.IfExp):
        yield from _possible_values(node.body, (*tests, *_tests_of(node.test, True)))
        yield from _possible_values(node.orelse, (*tests, *_tests_of(node.test, False)))
    elif isinstance(node, (ast.BoolOp, ast.Tuple)):
        for part in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from _possible_values(part, tests)


def _acts_in_expression(node: ast.expr, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    stack: list[tuple[ast.AST, tuple[Test, ...]]] = [(node, tests)]
    while stack:
        child, inner_tests = stack.pop()
        if isinstance(child, ast.Lambda):
            continue
        start, end = getattr(child, "lineno", first), getattr(child, "end_lineno", last)
        if not _overlap(start, end, first, last):
            continue
        if isinstance(child, ast.Call):
            line = child.func.end_lineno or start
            if _overlap(start, line, first, last):
                arguments = "\n".join(unparse(a) for a in (*child.args, *(k.value for k in child.keywords)))
                yield Act("call", owner, start, line, callee(child), arguments, inner_tests)
        elif isinstance(child, (ast.Yield, ast.YieldFrom)) and child.value is not None:
            kind = "yield" if isinstance(child, ast.Yield) else "yield_from"
            yield Act(kind, owner, start, end, unparse(child.value), callee(child.value), inner_tests)
        elif isinstance(child, ast.NamedExpr):
            yield Act("set", owner, start, end, unparse(child.target), unparse(child.value), inner_tests)
        if isinstance(child, ast.IfExp):
            stack.append((child.test, inner_tests))
            stack.append((child.body, (*inner_tests, *_tests_of(child.test, True))))
            stack.append((child.orelse, (*inner_tests, *_tests_of(child.test, False))))
            continue
        stack.extend((c, inner_tests) for c in reversed(list(ast.iter_child_nodes(child))))


def _tests_of(node: ast.expr, holds: bool) -> Iterator[Test]:
    """What is known where a test came out as `holds`: the test, and each part of a true conjunction or a false disjunction."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _tests_of(node.operand, not holds)
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITE:
        opposite = ast.Compare(node.left, [_OPPOSITE[type(node.ops[0])]()], node.comparators)
        yield unparse(opposite), not holds
        return
    yield unparse(node), holds
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And if holds else ast.Or):
        for part in node.values:
            yield from _tests_of(part, holds)


def callee(node: ast.expr) -> str:
    """The dotted name of a call's callee, `f` for `f(x)`; without a receiver that is no name: `run` for `f(x).run()`. "" for no call."""
    while isinstance(node, ast.Await):
        node = node.value
    if not isinstance(node, ast.Call):
        return ""
    target: ast.expr = node.func
    parts: list[str] = []
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if isinstance(target, ast.Name):
        parts.append(target.id)
    return ".".join(reversed(parts))


def _overlap(a: int, b: int, first: int, last: int) -> bool:
    return a <= last and first <= b
