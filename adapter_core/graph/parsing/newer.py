"""Syntax that is newer than the running Python, respelled in older syntax of the same length, so that every offset stays.

PEP 695, from Python 3.12 on: `type Alias[T] = list[T]` becomes `( Alias )= list[T]`, the brackets after the name of a `def` or `class`
become spaces. PEP 701: an f-string with quotes in its fields becomes the sum of its fields. All other new syntax goes to error recovery.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from dataclasses import dataclass, field

from .layout import layout_of

_ALIAS = re.compile(r"^([ \t]*)type([ \t]+)([^\W\d]\w*)[ \t]*(?=[\[=])", re.MULTILINE)
_GENERIC = re.compile(r"^([ \t]*)(?:async[ \t]+)?(?:def|class)[ \t]+[^\W\d]\w*[ \t]*(?=\[)", re.MULTILINE)
_UNWRITTEN = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)


@dataclass(frozen=True, slots=True)
class Older:
    """`text` parses where the original may not. `aliases`: lines of type aliases; `parameters`: type parameters by line."""

    text: str
    aliases: frozenset[int] = frozenset()
    parameters: dict[int, str] = field(default_factory=dict)


def older_spelling(text: str, version: tuple[int, int] = sys.version_info[:2]) -> Older | None:
    """None where there is nothing to respell, or this Python parses it as it is."""
    if version >= (3, 12) or not (_GENERIC.search(text) or _ALIAS.search(text)):
        return None
    statements = {row.start for row in layout_of(text).rows}
    spelled = list(text)
    aliases: set[int] = set()
    parameters: dict[int, str] = {}
    for match in _GENERIC.finditer(text):
        end = _closing(text, match.end())
        if end is None or match.end(1) not in statements:
            continue
        parameters[_line(text, match.end())] = _type_parameters(text[match.end() : end])
        _blank(spelled, match.end(), end)
    for match in _ALIAS.finditer(text):
        start, end = match.end(1), match.end()
        if start not in statements:
            continue
        if text[end] == "[":
            closed = _closing(text, end)
            if closed is None:
                continue
            _blank(spelled, end, closed)
            end = closed
            while end < len(text) and text[end] in " \t":
                end += 1
        # A parenthesis needs room between the name and the equals sign; `type X=int` has none and stays as it is.
        if text[end : end + 1] != "=" or text[end + 1 : end + 2] == "=" or end == match.end(3):
            continue
        spelled[start : start + 4] = "(   "
        spelled[end - 1] = ")"
        aliases.add(_line(text, start))
    if not aliases and not parameters:
        return None
    return Older("".join(spelled), frozenset(aliases), parameters)


def older_string(text: str) -> str:
    """An f-string, with its prefix, as the sum of its fields: `f"a{b["c"]!r}{d}"` is `+( +b["c"] +d )`."""
    spelled = [mark if mark == "\n" else " " for mark in text]
    quote = next(index for index, mark in enumerate(text) if mark in "'\"")
    spelled[0], spelled[quote], spelled[-1] = "+()"
    opened: list[str] = []  # the brackets around, in a field
    inner = ""  # the quote of a string in a field
    index = quote + 1
    in_format = False
    while index < len(text) - 1:
        mark = text[index]
        if inner:
            spelled[index] = mark
            if mark == "\\":
                index += 1
                spelled[index] = text[index]
            elif mark == inner:
                inner = ""
        elif not opened:
            if text.startswith("\\N{", index):
                end = text.find("}", index)
                index = end if end > 0 else index + 1  # a name without an end
            elif text.startswith(("{{", "}}"), index) or (mark == "\\" and text[index + 1] != "{"):
                index += 1
            elif mark == "{":
                opened, in_format = ["{"], False
                spelled[index] = "+"
        elif in_format:
            opened += ["{"] if mark == "{" else []
            if mark == "}":
                opened.pop()
        elif mark == "}" and len(opened) == 1:
            opened = []
        elif len(opened) == 1 and (mark == ":" or (mark == "!" and text[index + 1] != "=")):
            in_format = True
        else:
            spelled[index] = mark
            opened += [mark] if mark in "([{" else []
            if mark in ")]}":
                opened.pop()
            if mark in "'\"":
                inner = mark
        index += 1
    return "".join(spelled)


def _blank(spelled: list[str], start: int, end: int) -> None:
    for index in range(start, end):
        # Line ends stay where they are; a definition's header over several lines is joined by backslashes.
        if spelled[index] == "\n":
            if index > start and spelled[index - 1] == " ":
                spelled[index - 1] = "\\"
        else:
            spelled[index] = " "


def _closing(text: str, start: int) -> int | None:
    """The offset after the bracket that closes the one at `start`; quotes and comments are ignored."""
    depth = 0
    for index in range(start, min(len(text), start + 4000)):
        if text[index] == "[":
            depth += 1
        elif text[index] == "]":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def _type_parameters(written: str) -> str:
    """Type parameters in their brackets as `ast.unparse` spells them; unreadable ones stay as written."""
    parameters: list[dict[str, list[str]]] = [{"": []}]
    depth = 0
    part = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(written).readline):
            if token.type in _UNWRITTEN:
                continue
            depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
            if depth == 1 and token.string == ",":
                parameters.append({"": []})
                part = ""
            elif depth == 1 and token.string in (":", "="):
                part = token.string
                parameters[-1][part] = []
            elif depth and (depth, token.string) != (1, "["):
                parameters[-1][part].append(token.string)
        return f"[{', '.join(_type_parameter(p) for p in parameters if p[''])}]"
    except (tokenize.TokenError, SyntaxError):
        return " ".join(written.split())


def _type_parameter(parts: dict[str, list[str]]) -> str:
    name = "".join(parts[""])
    for mark, before in ((":", ": "), ("=", " = ")):
        if mark in parts:
            name += before + ast.unparse(ast.parse(" ".join(parts[mark]), mode="eval"))
    return name


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
