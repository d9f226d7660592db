"""Syntax that is newer than the running Python, respelled in older syntax of the same length, so that every offset stays.

PEP 695, from Python 3.12 on: `type Alias[T] = list[T]` becomes `(    Alias   )= list[T]`, the brackets after the name of a `def`
or `class` become spaces. Whatever else is new goes to error recovery.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

_ALIAS = re.compile(r"^([ \t]*)type([ \t]+)([^\W\d]\w*)[ \t]*(?=[\[=])", re.MULTILINE)
_GENERIC = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+[^\W\d]\w*[ \t]*(?=\[)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Older:
    """`text` parses where the original may not. `aliases`: lines of type aliases; `parameters`: type parameters by line."""

    text: str
    aliases: frozenset[int] = frozenset()
    parameters: dict[int, str] = field(default_factory=dict)


def older_spelling(text: str, version: tuple[int, int] = sys.version_info[:2]) -> Older | None:
    """None where there is nothing to respell, or this Python reads it as it is."""
    if version >= (3, 12):
        return None
    spelled = list(text)
    aliases: set[int] = set()
    parameters: dict[int, str] = {}
    for match in _GENERIC.finditer(text):
        end = _closing(text, match.end())
        if end is None:
            continue
        parameters[_line(text, match.end())] = " ".join(text[match.end() : end].split())
        _blank(spelled, match.end(), end)
    for match in _ALIAS.finditer(text):
        end = match.end()
        if text[end] == "[":
            closed = _closing(text, end)
            if closed is None:
                continue
            _blank(spelled, end, closed)
            end = closed
            while end < len(text) and text[end] in " \t":
                end += 1
        # A parenthesis needs room between the name and the equals sign; `type X=int` has none and stays as it is.
        name_end = match.end(3)
        if text[end : end + 1] != "=" or text[end + 1 : end + 2] == "=" or end == name_end:
            continue
        start = match.end(1)
        spelled[start : start + 4] = "(   "
        spelled[end - 1] = ")"
        aliases.add(_line(text, start))
    if not aliases and not parameters:
        return None
    return Older("".join(spelled), frozenset(aliases), parameters)


def _blank(spelled: list[str], start: int, end: int) -> None:
    for place in range(start, end):
        # Line ends stay where they are; a definition's header over several lines is joined by backslashes.
        if spelled[place] == "\n":
            if place > start and spelled[place - 1] == " ":
                spelled[place - 1] = "\\"
        else:
            spelled[place] = " "


def _closing(text: str, start: int) -> int | None:
    """The offset after the bracket that closes the one at `start`; quotes and comments are not looked into."""
    depth = 0
    for place in range(start, min(len(text), start + 4000)):
        if text[place] == "[":
            depth += 1
        elif text[place] == "]":
            depth -= 1
            if depth == 0:
                return place + 1
    return None


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
