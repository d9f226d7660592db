"""Splits a piece of a file into units that may not be cut: statements of Python, paragraphs of a text.

A piece need not be a whole file, nor parse: evidence is often a few statements out of a function, and the one that is being typed is
broken. So the boundaries are found by scanning brackets, strings, comments and line ends, as a tokenizer does, and not by parsing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..graph.source import is_python

_TOKEN = re.compile(r"#|\"\"\"|'''|[\"'()\[\]{}]|\\\Z")
# By its opening quote: an escaped character in a string, or the end of the string.
_STRING_END = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ("'", '"', "'''", '"""')}
_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\b")
_STRING_START = re.compile(r"[rRuU]?[\"']")
# No expression continues with one of these at the beginning of a line: a bracket that is still open there is never closed.
_STATEMENT_KEYWORD = re.compile(
    r"\s*(?:def|class|return|raise|import|while|try|del|assert|pass|break|continue|global|nonlocal)\b(?!\s*[=,.)\]])"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines `start..end` that stay together: a statement, or the first lines of a compound one, with the blank lines and comments above.

    `code`: the first line of the statement itself. `final`: a piece may end after it, which it may not after a decorator or a header.
    """

    start: int
    end: int
    code: int
    final: bool

    @property
    def lines(self) -> range:
        return range(self.start, self.end + 1)


def units_of(path: str, lines: Sequence[str], first: int) -> list[Unit]:
    """The units of `lines`, the first of which has number `first`; in order and without gaps."""
    spans = logical_lines(path, lines)
    if not spans:
        return [Unit(first, first + len(lines) - 1, first, True)] if lines else []
    units: list[Unit] = []
    start = 0
    is_text = not is_python(path)
    for number, (first_of_span, end) in enumerate(spans):
        next_line = lines[spans[number + 1][0]] if number + 1 < len(spans) else ""
        final = is_text or _is_complete(lines[first_of_span], lines[end], next_line)
        # Trailing lines belong to the last unit.
        end = end if number + 1 < len(spans) else len(lines) - 1
        units.append(Unit(first + start, first + end, first + first_of_span, final))
        start = end + 1
    return units


def logical_lines(path: str, lines: Sequence[str]) -> list[tuple[int, int]]:
    """(first, last) index of each statement or header, in a text of each paragraph; without blank lines and comments between them."""
    return _statements(lines) if is_python(path) else _paragraphs(lines)


def head_length(path: str, lines: Sequence[str], units: Sequence[Unit]) -> int:
    """The number of leading units that are the head: decorators, signature and docstring; of a text its first paragraph.

    0 where the lines do not begin with a definition or a docstring.
    """
    if not is_python(path):
        return min(1, len(units))
    first = units[0].start if units else 0

    def text(number: int) -> str:
        return lines[units[number].code - first].strip() if number < len(units) else ""

    number = 0
    while text(number).startswith("@"):
        number += 1
    if _DEFINITION.match(text(number)):
        opens = not units[number].final
        return number + 1 + (opens and is_docstring(text(number + 1)))
    return int(number == 0 and is_docstring(text(0)))


def is_docstring(line: str) -> bool:
    """Whether the statement that begins with this line is a string: a docstring, at the right place."""
    return _STRING_START.match(line.strip()) is not None


def _statements(lines: Sequence[str]) -> list[tuple[int, int]]:
    statements: list[tuple[int, int]] = []
    first: int | None = None
    depth, quote = 0, ""
    for number, line in enumerate(lines):
        if first is None and (not line.strip() or line.lstrip().startswith("#")):
            continue
        if (
            first is not None
            and depth
            and not quote
            and (_STATEMENT_KEYWORD.match(line) or _is_decorator(lines, number))
        ):
            statements.append((first, number - 1))
            first, depth = None, 0
        if first is None:
            first = number
        depth, quote, is_continued = _scan_line(line, depth, quote)
        if not depth and not quote and not is_continued:
            statements.append((first, number))
            first = None
    if first is not None:
        statements.append((first, len(lines) - 1))
    return statements


def _is_decorator(lines: Sequence[str], number: int) -> bool:
    """Whether a line with `@` is a decorator, and not a matrix product: it is followed by a definition or further decorators of one."""
    while number < len(lines) and lines[number].lstrip().startswith("@"):
        number += 1
        if number < len(lines) and _DEFINITION.match(lines[number].lstrip()):
            return True
    return False


def _scan_line(line: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """The state after a line: (number of open brackets, quote of an open string or "", whether a backslash continues the line). `depth`
    and `quote` are the state before it."""
    position = 0
    while True:
        if quote:
            position, is_closed = _end_of_string(line, position, quote)
            if not is_closed:
                # Only a backslash continues a single-quoted string on the next line; without one it is broken, and ends here.
                return depth, quote if len(quote) == 3 or _trailing_backslash(line) else "", False
            quote = ""
        token = _TOKEN.search(line, position)
        if token is None or token[0] == "#":
            return depth, "", False
        position = token.end()
        if token[0] == "\\":
            return depth, "", True
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(0, depth - 1)
        else:
            quote = token[0]


def _end_of_string(line: str, position: int, quote: str) -> tuple[int, bool]:
    """(the position after the string that is open at `position`, whether it ends on this line)."""
    end = next((token for token in _STRING_END[quote].finditer(line, position) if token[0] == quote), None)
    return (end.end(), True) if end else (len(line), False)


def _trailing_backslash(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _is_complete(first: str, last: str, next_line: str) -> bool:
    if first.lstrip().startswith("@"):
        return False
    opens_block = next_line.strip() and _indent(next_line) > _indent(first)
    return not opens_block and not (not next_line and last.rstrip().endswith(":"))


def _indent(line: str) -> int:
    line = line.expandtabs()
    return len(line) - len(line.lstrip())


def _paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    paragraphs: list[tuple[int, int]] = []
    first: int | None = None
    for number, line in enumerate(lines):
        if line.strip():
            first = number if first is None else first
        elif first is not None:
            paragraphs.append((first, number - 1))
            first = None
    return [*paragraphs, (first, len(lines) - 1)] if first is not None else paragraphs
