"""Sentences about how a function decides its result: its returns and raises in order, each with its test.

Only for functions that do nothing else: every exit is in the body or in a branch of it, none in a loop, a `with` or a `try`, and the
statements between the exits only bind names. Other functions are described by their statements.
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
    """The sentence about how a function decides, if there is one."""
    decision = describe_decision(symbol, lines)
    if decision is not None:
        yield builder.sentence("decides", f"{code(symbol.qualname)} {decision[0]}", *decision[1])


def describe_decision(symbol: Symbol, lines: list[str]) -> tuple[str, list[Lines]] | None:
    """("decides in this order: …", the lines from the first test to the last exit, which show that there is no other exit); None if the
    function does more or has too many exits."""
    node = function_node(symbol, lines)
    if node is None or is_generator(node):
        return None
    exits = _exits(node, lines)
    exit_count = sum(isinstance(n, EXITS) for n in own_nodes(node))
    if not 2 <= len(exits) <= _MAX_EXITS or exit_count != len(exits) or not any(e.test for e in exits):
        return None
    if any(_tests_rebound_parameter(node, branch_exit) for branch_exit in exits) or not _only_binds_between(
        node, exits
    ):
        return None
    parts: list[str] = []
    spans: list[Lines] = []
    for number, branch_exit in enumerate(exits):
        phrase = _exit_phrase(branch_exit.node, lines)
        if not phrase or (number < len(exits) - 1 and not branch_exit.test):
            return None
        lead = (
            f"{'if' if branch_exit.holds else 'unless'} {code(branch_exit.test)}, "
            if branch_exit.test
            else "otherwise "
        )
        parts.append(f"{lead}it {phrase}")
        spans.append((branch_exit.start, branch_exit.node.end_lineno or branch_exit.node.lineno))
    text = f"decides in this order: {'; '.join(parts)}."
    has_different_outcomes = len({_exit_phrase(branch_exit.node, lines) for branch_exit in exits}) > 1
    first, last = spans[0][0], spans[-1][1]
    if not has_different_outcomes or len(text) > _MAX_TEXT or last - first >= _MAX_CITED * _CITED:
        return None
    return text, [(start, min(start + _CITED - 1, last)) for start in range(first, last + 1, _CITED)]


def _tests_rebound_parameter(node: Function, branch_exit: _Exit) -> bool:
    """Whether a test is about a parameter that was rebound before it: a reader would take it for the value that was passed."""
    parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    tested = parameters & set(_NAMES.findall(branch_exit.test))
    return any(
        isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in tested and n.lineno < branch_exit.start
        for n in own_nodes(node)
    )


def _only_binds_between(node: Function, exits: Sequence[_Exit]) -> bool:
    """Whether the statements between the first test and the last exit only bind names or log, and bind no name that was tested before."""
    first, last = exits[0].start, exits[-1].node.lineno
    statements: list[ast.stmt] = []
    for statement in node.body:
        if isinstance(statement, ast.If):
            branches, rest = _branches_of(statement)
            statements += [item for _, body, _ in branches for item in body] + list(rest)
        else:
            statements.append(statement)
    between = [n for n in statements if first < n.lineno < last and not isinstance(n, EXITS)]
    return all(_only_binds(n, [item.test for item in exits if item.start < n.lineno]) for n in between)


def _only_binds(node: ast.stmt, tests: Sequence[str]) -> bool:
    if (
        isinstance(node, ast.Pass)
        or is_logging(node)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    if any(isinstance(n, _ACTING) and not _is_builtin_call(n) for n in ast.walk(node.value)):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {t.id for t in targets if isinstance(t, ast.Name)}
    return len(names) == len(targets) and not any(names & set(_NAMES.findall(test)) for test in tests)


def _is_builtin_call(node: ast.AST) -> bool:
    """Whether a node is a call of a built-in."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id)


def _exits(node: Function, lines: list[str]) -> list[_Exit]:
    """The exits of the body and of its branches, in order. Exits that are not reached by tests alone are missing."""
    found: list[_Exit] = []
    for statement in node.body:
        if isinstance(statement, EXITS):
            found.append(_Exit("", True, statement, statement.lineno))
            break
        if not isinstance(statement, ast.If):
            continue
        branches, rest = _branches_of(statement)
        exits_before = True
        for test, body, start in branches:
            if not exits_before:
                break  # after a branch that goes on, "else if" would not be the whole condition
            exits_before = isinstance(body[-1], EXITS)
            text_and_polarity = _test_text(test, lines)
            if exits_before and text_and_polarity[0]:
                found.append(_Exit(*text_and_polarity, body[-1], start))
        if rest and exits_before and isinstance(rest[-1], EXITS):
            found.append(_Exit("", True, rest[-1], rest[-1].lineno))
            break
    return found


def _branches_of(node: ast.If) -> tuple[list[tuple[ast.expr, list[ast.stmt], int]], Sequence[ast.stmt]]:
    found = [(node.test, node.body, node.lineno)]
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and len(found) <= _MAX_EXITS:
        node = node.orelse[0]
        found.append((node.test, node.body, node.lineno))
    return found, node.orelse


def _test_text(test: ast.expr, lines: list[str]) -> tuple[str, bool]:
    holds = True
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, holds = test.operand, not holds
    return expression_text(test, lines, _MAX_TEST), holds


def _exit_phrase(node: ast.stmt, lines: list[str]) -> str:
    if isinstance(node, ast.Return) and node.value is None:
        return "ends"
    actions = list(statement_actions(PlacedStatement(node, (), 0), lines))
    return action_phrase(actions[0]) if actions else ""
