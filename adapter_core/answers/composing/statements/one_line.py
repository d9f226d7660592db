"""Code of several lines as one that reads the same: joined between tokens, so that no string is touched and a tuple of one stays one."""

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
    """The lines of an expression or a statement, without what stands around it, as one; "" where that would not read the same, as where
    the white space or the end of a line is part of a string."""
    return _one_line("\n".join(parts))


@request_cache(2_000)
def _one_line(text: str) -> str:
    whole = text.strip()
    if len(whole) > _MAX_WHOLE:
        return ""
    line = _joined(whole) if "\n" in whole else whole
    # What is shown has its white space collapsed and no control characters: in a string these count.
    return line if line == whole == printable(line) or _same(whole, printable(line)) else ""


@dataclass(slots=True)
class _Bracket:
    """`builds`: what is in it is a tuple if a comma is, as in `(a,)` and `x[a,]`, other than in a call, list or set."""

    builds: bool
    commas: int = 0


def _joined(whole: str) -> str:
    """Each line from its first token to its last, as written; a comma at the end of a line is left out where a bracket that needs none
    closes behind it."""
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(whole).readline) if t.type not in _SILENT]
    except (tokenize.TokenError, *_UNREADABLE):
        return ""
    if not tokens or any(t.start[0] != t.end[0] or t.type == tokenize.COMMENT for t in tokens):
        return ""
    lines = whole.split("\n")
    found, begun = "", 0
    brackets: list[_Bracket] = []
    for number, token in enumerate(tokens):
        last = tokens[number - 1] if number else None
        if last is not None and token.start[0] != last.start[0]:
            ended = last.end[1]
            closes = token.string in _CLOSING
            if closes and last.string == "," and brackets and not (brackets[-1].builds and brackets[-1].commas == 1):
                ended = last.start[1]
            found += lines[last.start[0] - 1][begun:ended].rstrip()
            found += "" if closes or last.string in _OPENING else " "
            begun = token.start[1]
        if token.string in _OPENING:
            takes = _is_follower(last)
            brackets.append(_Bracket((token.string == "(" and not takes) or (token.string == "[" and takes)))
        elif token.string in _CLOSING and brackets:
            brackets.pop()
        elif token.string == "," and brackets:
            brackets[-1].commas += 1
    return found + lines[tokens[-1].end[0] - 1][begun : tokens[-1].end[1]]


def _is_follower(last: tokenize.TokenInfo | None) -> bool:
    """Whether a bracket behind a token calls it or takes a part of it."""
    if last is None:
        return False
    if last.type == tokenize.NAME:
        return not keyword.iskeyword(last.string)
    return last.string in _CLOSING or last.type == tokenize.STRING


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same to the parser."""
    known = _syntax(one)
    return known is not None and known == _syntax(other)


def _syntax(text: str) -> str | None:
    text = text.removeprefix("el") if text.startswith("elif ") else text
    for form in _FORMS:
        try:
            return ast.dump(ast.parse(form.format(text)))
        except _UNREADABLE:
            continue
    return None
