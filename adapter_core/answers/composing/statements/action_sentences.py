"""Sentences about what the statements of a function do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ....types import Symbol, SymbolRef
from ...inert import code
from ..candidate import Candidate, SentenceBuilder
from .actions import Action, function_actions
from .conditions import cited_lines, condition_of
from .control_flow import expression_text, function_node, placed_statements
from .writes import MUTATORS


def action_sentences(builder: SentenceBuilder, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    """The sentences about what a function returns, raises and sets, each with its condition and lines."""
    name = code(symbol.qualname)
    awaits = any(d.partition("(")[0].rpartition(".")[2] in _AWAITING for d in symbol.decorators)
    for action in function_actions(symbol, lines):
        phrase = action_phrase(action)
        if not phrase or (awaits and action.kind in ("yield", "yield_from")):
            continue
        condition = condition_of(action.tests, action.start, action.end)
        kind = "bare" if _says_little(action) else _ACTION_KINDS[action.kind]
        text = f"{name} {phrase}{' ' if condition.words else ''}{condition.words}."
        yield builder.sentence(kind, text, *cited_lines(condition.tests, action.start, action.end))


_ACTION_KINDS = {
    "return": "returns", "yield": "returns", "yield_from": "returns", "raise": "raises", "raise_result": "raises", "set": "sets",
    "update": "sets",
}  # fmt: skip


# Decorators of generators of which no caller gets what they yield: that is waited for.
_AWAITING = frozenset({"inlineCallbacks", "coroutine"})


def _says_little(action: Action) -> bool:
    """Whether the value is a name, an empty constant or not quoted: `return self`, `return result`, `self.x = x`, `self.x = (…long…)`."""
    value = action.value
    if action.kind in ("return", "yield"):
        return not any(t.is_branch for t in action.tests) and (
            value.isidentifier() or value in ("[]", "{}", "()", '""', "''")
        )
    return action.kind in ("set", "update") and (
        not value or (value.isidentifier() and action.subject.endswith(f".{value}"))
    )


def action_phrase(action: Action) -> str:
    """The predicate for an action, such as "returns `x`"; "" if there is nothing to quote."""
    callee = code(action.subject + "()")
    if action.kind in ("return", "yield", "yield_from"):
        verb = {"return": "returns", "yield": "yields", "yield_from": "yields from"}[action.kind]
        if action.value:
            return f"{verb} {code(action.value)}"
        return f"{verb} the result of {callee}" if action.subject else ""
    if action.kind == "raise":
        message = f" with the message {code(action.value)}" if action.value else ""
        return f"raises {code(action.subject)}{message}"
    if action.kind == "raise_result":
        return f"raises the result of {callee}"
    if action.kind == "update":
        return (
            f"updates {code(action.subject)} with {code(action.value)}"
            if action.value
            else f"updates {code(action.subject)}"
        )
    return f"sets {code(action.subject)} to {code(action.value)}" if action.value else f"sets {code(action.subject)}"


def mutation_sentences(builder: SentenceBuilder, ref: SymbolRef, lines: list[str]) -> Iterator[Candidate]:
    """The sentences about calls of mutating container methods on attributes ("`f` calls `self.items.append()`")."""
    node = function_node(ref.symbol, lines)
    for placed in placed_statements(node, lines) if node is not None else ():
        call = placed.node.value if isinstance(placed.node, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in MUTATORS:
            continue
        target = expression_text(call.func.value, lines)
        if "." in target and all(p.isidentifier() for p in target.split(".")) and call.lineno == call.func.end_lineno:
            end = call.end_lineno or call.lineno
            condition = condition_of(placed.tests, call.lineno, end)
            condition_suffix = f"{' ' if condition.words else ''}{condition.words}"
            text = f"{code(ref.symbol.qualname)} calls {code(f'{target}.{call.func.attr}()')}{condition_suffix}."
            yield builder.sentence("sets", text, *cited_lines(condition.tests, call.lineno, end))
