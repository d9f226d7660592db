"""What the statements on some lines do, by their syntax: calls, returns, raises, assignments, handlers; who owns them, under which tests.

`composing/statements/actions.py` tells what is worth saying of one function; this tells what there is on given lines, for checking
what others say.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from ..composing.statements.endings import failed_tests_after

Owner = tuple[tuple[str, bool], ...]  # (name, whether it is a class), outermost first
Test = tuple[str, bool]  # an expression in canonical form, and whether it holds

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPPOSITE = {ast.IsNot: ast.Is, ast.NotEq: ast.Eq, ast.NotIn: ast.In}


@dataclass(frozen=True, slots=True)
class Act:
    """`kind`: call | return | yield | yield_from | raise | set | catch. `text` is the callee, the value, the exception, the target or
    the caught type in canonical form; `value` what is assigned, the message of an exception, the callee of a returned call, the arguments
    of a call, one a line.
    `start..line` are the lines up to the name of a callee, for others those of the statement. `tests`: what holds where it stands."""

    kind: str
    owner: Owner
    start: int
    line: int
    text: str
    value: str = ""
    tests: tuple[Test, ...] = ()


@functools.lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """An expression in one spelling: quotes, white space and brackets that mean nothing are unified. As it is where it does not parse."""
    try:
        return ast.unparse(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split())


@functools.lru_cache(maxsize=4096)
def as_test(text: str) -> Test:
    """A condition as written, with its negations counted off: `not x` is (x, False), `a is not b` is (a is b, False)."""
    try:
        node = ast.parse(f"({text.strip()})", mode="eval").body  # `x := f()` stands bare in an `if`
        return next(_tests_of(node, True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split()), True


def acts_on(tree: ast.Module, first: int, last: int) -> list[Act]:
    """The acts on lines `first..last`, in the order of the text. Empty where the nesting is beyond reason."""
    try:
        return list(_body(tree.body, first, last, (), ()))
    except RecursionError:
        return []


def _body(body: list[ast.stmt], first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    for node in body:
        end = node.end_lineno or node.lineno
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if start > last:
            return
        inside = end >= first
        if isinstance(node, ast.If):
            if inside:
                yield from _if(node, first, last, owner, tests)
            tests = (*tests, *(t for passed in failed_tests_after(node) for t in _tests_of(passed.test, False)))
        elif not inside:
            continue
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield from _definition(node, first, last, owner, tests)
        else:
            yield from _statement(node, first, last, owner, tests)


def _definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, first: int, last: int, owner: Owner, tests: tuple[Test, ...]
) -> Iterator[Act]:  # fmt: skip
    heads: list[ast.expr] = list(node.decorator_list)
    if isinstance(node, ast.ClassDef):
        heads += [*node.bases, *(k.value for k in node.keywords)]
    else:
        heads += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    for head in heads:
        yield from _expression(head, first, last, owner, tests)
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) and _overlap(decorator.lineno, decorator.lineno, first, last):
            name = ast.unparse(decorator)
            yield Act("call", owner, decorator.lineno, decorator.lineno, name, node.name, tests)
    # What holds around a definition need not hold when it runs.
    yield from _body(node.body, first, last, (*owner, (node.name, isinstance(node, ast.ClassDef))), ())


def _if(node: ast.If, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    """An if with its elifs; a chain may be long, so it is no recursion."""
    while True:
        yield from _expression(node.test, first, last, owner, tests)
        yield from _body(node.body, first, last, owner, (*tests, *_tests_of(node.test, True)))
        tests = (*tests, *_tests_of(node.test, False))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        yield from _body(node.orelse, first, last, owner, tests)
        return


def _statement(node: ast.stmt, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    blocks: list[tuple[list[ast.stmt], tuple[Test, ...]]] = []
    heads: list[ast.expr] = []
    if isinstance(node, (ast.For, ast.AsyncFor)):
        heads, blocks = [node.iter], [(node.body, tests), (node.orelse, tests)]
    elif isinstance(node, ast.While):
        heads, blocks = [node.test], [(node.body, (*tests, *_tests_of(node.test, True))), (node.orelse, tests)]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        heads, blocks = [i.context_expr for i in node.items], [(node.body, tests)]
    elif isinstance(node, ast.Match):
        heads, blocks = [node.subject], [(case.body, tests) for case in node.cases]
        heads += [case.guard for case in node.cases if case.guard is not None]
    elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        yield from _try(node, first, last, owner, tests)  # type: ignore[arg-type]
        return
    else:
        yield from _simple(node, first, last, owner, tests)
        return
    for head in heads:
        yield from _expression(head, first, last, owner, tests)
    for block, holds in blocks:
        yield from _body(block, first, last, owner, holds)


def _try(node: ast.Try, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    yield from _body(node.body, first, last, owner, tests)
    for handler in node.handlers:
        holds = tests
        if handler.type is not None:
            holds = (*tests, (f"except {ast.unparse(handler.type)}", True))
            types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            for one in types:
                if _overlap(handler.lineno, handler.lineno, first, last):
                    yield Act("catch", owner, handler.lineno, handler.lineno, ast.unparse(one), "", tests)
        yield from _body(handler.body, first, last, owner, holds)
    yield from _body(node.orelse, first, last, owner, tests)
    yield from _body(node.finalbody, first, last, owner, tests)


def _simple(node: ast.stmt, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    start, end = node.lineno, node.end_lineno or node.lineno
    if isinstance(node, ast.Return) and node.value is not None:
        for value, holds in _values(node.value, tests):
            yield Act("return", owner, start, end, ast.unparse(value), callee(value), holds)
    elif isinstance(node, ast.Raise) and node.exc is not None:
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        message = node.exc.args[0] if isinstance(node.exc, ast.Call) and node.exc.args else None
        text = ast.unparse(message) if message is not None else ""
        yield Act("raise", owner, start, end, ast.unparse(called), text, tests)
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        assigned = ast.unparse(node.value) if node.value is not None else ""
        for target in targets:
            for part in [target, *target.elts] if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                yield Act("set", owner, start, end, _bare(part), assigned, tests)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _expression(child, first, last, owner, tests)


def _bare(node: ast.expr) -> str:
    """A target without the brackets that `unparse` puts around a tuple."""
    text = ast.unparse(node)
    return text[1:-1] if isinstance(node, ast.Tuple) and text.startswith("(") else text


def _values(node: ast.expr, tests: tuple[Test, ...]) -> Iterator[tuple[ast.expr, tuple[Test, ...]]]:
    """A returned expression, and what it may come to: the branches of `a if c else b`, the parts of a tuple, of `a or b`."""
    yield node, tests
    if isinstance(node, ast.Await):
        yield from _values(node.value, tests)
    elif isinstance(node, ast.IfExp):
        yield from _values(node.body, (*tests, *_tests_of(node.test, True)))
        yield from _values(node.orelse, (*tests, *_tests_of(node.test, False)))
    elif isinstance(node, (ast.BoolOp, ast.Tuple)):
        for part in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from _values(part, tests)


def _expression(node: ast.expr, first: int, last: int, owner: Owner, tests: tuple[Test, ...]) -> Iterator[Act]:
    stack: list[tuple[ast.AST, tuple[Test, ...]]] = [(node, tests)]
    while stack:
        child, holds = stack.pop()
        if isinstance(child, ast.Lambda):
            continue
        start, end = getattr(child, "lineno", first), getattr(child, "end_lineno", last)
        if not _overlap(start, end, first, last):
            continue
        if isinstance(child, ast.Call):
            line = child.func.end_lineno or start
            if _overlap(start, line, first, last):
                given = "\n".join(ast.unparse(a) for a in (*child.args, *(k.value for k in child.keywords)))
                yield Act("call", owner, start, line, callee(child), given, holds)
        elif isinstance(child, (ast.Yield, ast.YieldFrom)) and child.value is not None:
            kind = "yield" if isinstance(child, ast.Yield) else "yield_from"
            yield Act(kind, owner, start, end, ast.unparse(child.value), callee(child.value), holds)
        elif isinstance(child, ast.NamedExpr):
            yield Act("set", owner, start, end, ast.unparse(child.target), ast.unparse(child.value), holds)
        if isinstance(child, ast.IfExp):
            stack.append((child.test, holds))
            stack.append((child.body, (*holds, *_tests_of(child.test, True))))
            stack.append((child.orelse, (*holds, *_tests_of(child.test, False))))
            continue
        stack.extend((c, holds) for c in reversed(list(ast.iter_child_nodes(child))))


def _tests_of(node: ast.expr, holds: bool) -> Iterator[Test]:
    """What is known where a test came out as `holds`: the test, and of a conjunction (or a denied disjunction) each part."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _tests_of(node.operand, not holds)
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITE:
        opposite = ast.Compare(node.left, [_OPPOSITE[type(node.ops[0])]()], node.comparators)
        yield ast.unparse(opposite), not holds
        return
    yield ast.unparse(node), holds
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And if holds else ast.Or):
        for part in node.values:
            yield from _tests_of(part, holds)


def callee(node: ast.expr) -> str:
    """The dotted name of what is called, `f` of `f(x)`; what is not a name in front of it is left out: `run` of `f(x).run()`."""
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
