"""How a function decides what comes out of it: its returns and raises in order, each with what leads to it, as one sentence.

Only where that is the whole of it: every exit stands in a branch of the function itself, and none in a loop, a `with` or a `try`; and what
stands between the exits only gives names to values. A function that does something between them is told by what it does.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....types import Symbol
from ...inert import code
from ..candidate import Candidate, SentenceBuilder
from .action_sentences import action_phrase
from .actions import statement_actions
from .conditions import Lines
from .control_flow import Function, PlacedStatement, expression_text, function_node, is_generator, own_nodes
from .endings import EXITS
from .quotes import is_logging

_MAX_EXITS = 5
_MAX_TEXT = 420
_MAX_TEST = 120
_NAMES = re.compile(r"[^\W\d]\w*")
_ACTING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)
_CITED, _MAX_CITED = 12, 3  # lines of one citation, citations of a decision


@dataclass(frozen=True, slots=True)
class _Exit:
    test: str  # "" where nothing is asked
    holds: bool
    node: ast.stmt
    start: int


def decision_sentences(builder: SentenceBuilder, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    """How a function decides, where that can be told."""
    decision = describe_decision(symbol, lines)
    if decision is not None:
        yield builder.sentence("decides", f"{code(symbol.qualname)} {decision[0]}", *decision[1])


def describe_decision(symbol: Symbol, lines: list[str]) -> tuple[str, list[Lines]] | None:
    """("decides in this order: …", the lines from the first test to the last exit, so that it shows that there is no other one); None where
    it is not told."""
    node = function_node(symbol, lines)
    if node is None or is_generator(node):
        return None
    exits = _exits(node, lines)
    inside = sum(isinstance(n, EXITS) for n in own_nodes(node))
    if not 2 <= len(exits) <= _MAX_EXITS or inside != len(exits) or not any(e.test for e in exits):
        return None
    if any(_asks_anew(node, one) for one in exits) or not _only_decides(node, exits):
        return None
    parts: list[str] = []
    spans: list[Lines] = []
    for number, one in enumerate(exits):
        said = _said(one.node, lines)
        if not said or (number < len(exits) - 1 and not one.test):
            return None
        lead = f"{'if' if one.holds else 'unless'} {code(one.test)}, " if one.test else "otherwise "
        parts.append(f"{lead}it {said}")
        spans.append((one.start, one.node.end_lineno or one.node.lineno))
    text = f"decides in this order: {'; '.join(parts)}."
    told = len({_said(one.node, lines) for one in exits}) > 1  # it comes to the same otherwise
    first, last = spans[0][0], spans[-1][1]
    if not told or len(text) > _MAX_TEXT or last - first >= _MAX_CITED * _CITED:
        return None
    return text, [(start, min(start + _CITED - 1, last)) for start in range(first, last + 1, _CITED)]


def _asks_anew(node: Function, one: _Exit) -> bool:
    """Whether a test is about a parameter that was bound anew before it: a reader would take it for what was passed."""
    given = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    asked = given & set(_NAMES.findall(one.test))
    return any(
        isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in asked and n.lineno < one.start
        for n in own_nodes(node)
    )


def _only_decides(node: Function, exits: Sequence[_Exit]) -> bool:
    """Whether nothing but naming and logging stands between the first test and the last exit, and no name is bound there that was asked
    about before."""
    first, last = exits[0].start, exits[-1].node.lineno
    inside: list[ast.stmt] = []
    for statement in node.body:
        if isinstance(statement, ast.If):
            branches, rest = _branches(statement)
            inside += [one for _, body, _ in branches for one in body] + list(rest)
        else:
            inside.append(statement)
    between = [n for n in inside if first < n.lineno < last and not isinstance(n, EXITS)]
    return all(_only_names(n, [one.test for one in exits if one.start < n.lineno]) for n in between)


def _only_names(node: ast.stmt, asked: Sequence[str]) -> bool:
    if (
        isinstance(node, ast.Pass)
        or is_logging(node)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    if any(isinstance(n, _ACTING) and not _is_plain(n) for n in ast.walk(node.value)):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {t.id for t in targets if isinstance(t, ast.Name)}
    return len(names) == len(targets) and not any(names & set(_NAMES.findall(test)) for test in asked)


def _is_plain(node: ast.AST) -> bool:
    """Whether it is a call of a built-in."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id)


def _exits(node: Function, lines: list[str]) -> list[_Exit]:
    """The exits of the body and of the branches in it, in order; fewer than there are where one is not reached by tests alone."""
    found: list[_Exit] = []
    for statement in node.body:
        if isinstance(statement, EXITS):
            found.append(_Exit("", True, statement, statement.lineno))
            break
        if not isinstance(statement, ast.If):
            continue
        branches, rest = _branches(statement)
        ended = True
        for test, body, start in branches:
            if not ended:
                break  # "else if" behind a branch that goes on would not be all that is asked
            ended = isinstance(body[-1], EXITS)
            told = _test(test, lines)
            if ended and told[0]:
                found.append(_Exit(*told, body[-1], start))
        if rest and ended and isinstance(rest[-1], EXITS):
            found.append(_Exit("", True, rest[-1], rest[-1].lineno))
            break
    return found


def _branches(node: ast.If) -> tuple[list[tuple[ast.expr, list[ast.stmt], int]], Sequence[ast.stmt]]:
    found = [(node.test, node.body, node.lineno)]
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and len(found) <= _MAX_EXITS:
        node = node.orelse[0]
        found.append((node.test, node.body, node.lineno))
    return found, node.orelse


def _test(test: ast.expr, lines: list[str]) -> tuple[str, bool]:
    holds = True
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, holds = test.operand, not holds
    return expression_text(test, lines, _MAX_TEST), holds


def _said(node: ast.stmt, lines: list[str]) -> str:
    if isinstance(node, ast.Return) and node.value is None:
        return "ends"
    actions = list(statement_actions(PlacedStatement(node, (), 0), lines))
    return action_phrase(actions[0]) if actions else ""
