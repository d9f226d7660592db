"""What the statements of a function do, put into words."""

from __future__ import annotations

from collections.abc import Iterator

from ..types import Symbol
from .body import Action, actions_of
from .candidate import Candidate, Speaker
from .inert import code


def actions(speaker: Speaker, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    """What a function returns, raises and sets, each with its lines and under which condition."""
    name = code(symbol.qualname)
    for action in actions_of(symbol, lines):
        spans = [(action.start, min(action.end, action.start + 11))]
        condition, line = _condition(action)
        if line is not None and condition:
            spans = [(line, spans[0][1])] if spans[0][1] - line < 12 else [(line, line), *spans]
        said = _said(action)
        if said:
            kind = "bare" if _tells_little(action) else _ACTION_KINDS[action.kind]
            yield speaker.say(kind, f"{name} {said}{condition}.", *spans)


_ACTION_KINDS = {
    "return": "returns", "yield": "returns", "yield_from": "returns", "raise": "raises", "raise_result": "raises", "set": "sets",
    "update": "sets",
}  # fmt: skip


def _tells_little(action: Action) -> bool:
    """A name, a constant that says nothing, or no value: `return self`, `return result`, `self.x = (…long…)`."""
    value = action.value
    if action.kind in ("return", "yield"):
        return action.condition is None and (value.isidentifier() or value in ("[]", "{}", "()", '""', "''"))
    return action.kind in ("set", "update") and not value


def _said(action: Action) -> str:
    called = code(action.subject + "()")
    if action.kind in ("return", "yield", "yield_from"):
        word = {"return": "returns", "yield": "yields", "yield_from": "yields from"}[action.kind]
        if action.value:
            return f"{word} {code(action.value)}"
        return f"{word} the result of {called}" if action.subject else ""
    if action.kind == "raise":
        message = f" with the message {code(action.value)}" if action.value else ""
        return f"raises {code(action.subject)}{message}"
    if action.kind == "raise_result":
        return f"raises the result of {called}"
    if action.kind == "update":
        return (
            f"updates {code(action.subject)} with {code(action.value)}"
            if action.value
            else f"updates {code(action.subject)}"
        )
    return f"sets {code(action.subject)} to {code(action.value)}" if action.value else f"sets {code(action.subject)}"


def _condition(action: Action) -> tuple[str, int | None]:
    condition = action.condition
    if condition is None:
        return "", None
    if condition.caught:
        return (
            f" when it catches {code(condition.text)}" if condition.text else " in an exception handler"
        ), condition.line
    if not condition.text:
        return " in one of its branches", None
    if condition.negated and condition.depth == 1:
        return f" unless {code(condition.text)}", condition.line
    if condition.negated:
        return f" in the branch where {code(condition.text)} does not hold", condition.line
    return (
        f" if {code(condition.text)}" if condition.depth == 1 else f" in a branch under {code(condition.text)}"
    ), condition.line
