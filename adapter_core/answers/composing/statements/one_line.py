"""Joins code of several lines into one line with the same syntax: between tokens, so that strings and tuples of one item stay as they
are."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from dataclasses import dataclass

from ....graph.memory.request_cache import request_cache
from ...inert import printable

_MAX_WHOLE = 1_000
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_SILENT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
# An expression, a statement, the header of a block.
_FORMS = ("(\n{}\n)", "{}", "{} pass")
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def one_line(parts: list[str]) -> str:
    """The lines of an expression or statement joined into one; "" if that would change its meaning, as where white space or a line end is
    part of a string."""
    return _one_line("\n".join(parts))


@request_cache(2_000)
def _one_line(text: str) -> str:
    code_text = text.strip()
    if len(code_text) > _MAX_WHOLE:
        return ""
    line = _join_lines(code_text) if "\n" in code_text else code_text
    # Shown text has its white space collapsed and no control characters, which would change a string.
    return line if line == code_text == printable(line) or _is_same_syntax(code_text, printable(line)) else ""


@dataclass(slots=True)
class _Bracket:
    """An open bracket. `may_be_tuple`: a comma in it makes a tuple, as in `(a,)` and `x[a,]`, but not in a call, list or set."""

    may_be_tuple: bool
    commas: int = 0


def _join_lines(code_text: str) -> str:
    """The lines joined, each from its first to its last token, as written; without trailing commas that the closing bracket does not
    need."""
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(code_text).readline) if t.type not in _SILENT]
    except (tokenize.TokenError, *_UNREADABLE):
        return ""
    if not tokens or any(t.start[0] != t.end[0] or t.type == tokenize.COMMENT for t in tokens):
        return ""
    lines = code_text.split("\n")
    result, start = "", 0
    brackets: list[_Bracket] = []
    for number, token in enumerate(tokens):
        previous = tokens[number - 1] if number else None
        if previous is not None and token.start[0] != previous.start[0]:
            stop = previous.end[1]
            closes = token.string in _CLOSING
            if (
                closes
                and previous.string == ","
                and brackets
                and not (brackets[-1].may_be_tuple and brackets[-1].commas == 1)
            ):
                stop = previous.start[1]
            result += lines[previous.start[0] - 1][start:stop].rstrip()
            result += "" if closes or previous.string in _OPENING else " "
            start = token.start[1]
        if token.string in _OPENING:
            is_call_or_subscript = _is_follower(previous)
            brackets.append(
                _Bracket(
                    (token.string == "(" and not is_call_or_subscript) or (token.string == "[" and is_call_or_subscript)
                )
            )
        elif token.string in _CLOSING and brackets:
            brackets.pop()
        elif token.string == "," and brackets:
            brackets[-1].commas += 1
    return result + lines[tokens[-1].end[0] - 1][start : tokens[-1].end[1]]


def _is_follower(last: tokenize.TokenInfo | None) -> bool:
    """Whether a bracket after this token is a call or subscript of it."""
    if last is None:
        return False
    if last.type == tokenize.NAME:
        return not keyword.iskeyword(last.string)
    return last.string in _CLOSING or last.type == tokenize.STRING


def _is_same_syntax(first: str, second: str) -> bool:
    """Whether two texts have the same syntax tree."""
    syntax = _syntax(first)
    return syntax is not None and syntax == _syntax(second)


def _syntax(text: str) -> str | None:
    text = text.removeprefix("el") if text.startswith("elif ") else text
    for form in _FORMS:
        try:
            return ast.dump(ast.parse(form.format(text)))
        except _UNREADABLE:
            continue
    return None
