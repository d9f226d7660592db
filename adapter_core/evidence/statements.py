"""Where a piece of a file may be cut: Python at the borders of statements, text at those of paragraphs.

A piece need not be a whole file, nor parse: evidence is often a few statements out of a function, and the one that is being typed is
broken. So the borders are found by reading brackets, strings, comments and line ends, as the tokenizer does, and not from a syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..graph.source import is_python

_SIGNS = re.compile(r"#|\"\"\"|'''|[\"'()\[\]{}]|\\\Z")
# What ends a string, or is escaped in it.
_ENDS = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ("'", '"', "'''", '"""')}
_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\b")
_STRING = re.compile(r"[rRuU]?[\"']")
# No expression goes on with one of these at the beginning of a line: a bracket that is still open there will never be closed.
_STATEMENT = re.compile(
    r"\s*(?:def|class|return|raise|import|while|try|del|assert|pass|break|continue|global|nonlocal)\b(?!\s*[=,.)\]])"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines `start..end` that stay together: a statement, or the first lines of a compound one, with the blank lines and comments above.

    `code` is its first line proper. A piece may end behind it if `final`: a decorator, or a header without its body, is no end.
    """

    start: int
    end: int
    code: int
    final: bool

    @property
    def lines(self) -> range:
        return range(self.start, self.end + 1)


def units_of(path: str, lines: Sequence[str], first: int) -> list[Unit]:
    """The units of lines that begin with number `first`, in order and without a gap."""
    spans = logical_lines(path, lines)
    if not spans:
        return [Unit(first, first + len(lines) - 1, first, True)] if lines else []
    units: list[Unit] = []
    start = 0
    for number, (begin, end) in enumerate(spans):
        following = lines[spans[number + 1][0]] if number + 1 < len(spans) else ""
        final = not is_python(path) or _may_end(lines[begin], lines[end], following)
        # What stands behind the last one belongs to it.
        end = end if number + 1 < len(spans) else len(lines) - 1
        units.append(Unit(first + start, first + end, first + begin, final))
        start = end + 1
    return units


def logical_lines(path: str, lines: Sequence[str]) -> list[tuple[int, int]]:
    """(first, last) index of each statement or header, in a text of each paragraph; without blank lines and comments between them."""
    return _statements(lines) if is_python(path) else _paragraphs(lines)


def head_length(path: str, lines: Sequence[str], units: Sequence[Unit]) -> int:
    """How many of the first units say what the rest is about: decorators, signature and docstring; of a text its first paragraph.

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
    """Whether a statement that begins with this line is a string, and so a docstring where one may stand."""
    return _STRING.match(line.strip()) is not None


def _statements(lines: Sequence[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begin: int | None = None
    depth, quote = 0, ""
    for number, line in enumerate(lines):
        if begin is None and (not line.strip() or line.lstrip().startswith("#")):
            continue
        if begin is not None and depth and not quote and (_STATEMENT.match(line) or _decorates(lines, number)):
            found.append((begin, number - 1))
            begin, depth = None, 0
        if begin is None:
            begin = number
        depth, quote, goes_on = _read(line, depth, quote)
        if not depth and not quote and not goes_on:
            found.append((begin, number))
            begin = None
    if begin is not None:
        found.append((begin, len(lines) - 1))
    return found


def _decorates(lines: Sequence[str], number: int) -> bool:
    """Whether a line is a decorator, and not the product of matrices: definitions come below it."""
    while number < len(lines) and lines[number].lstrip().startswith("@"):
        number += 1
        if number < len(lines) and _DEFINITION.match(lines[number].lstrip()):
            return True
    return False


def _read(line: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """Brackets open, and the quote of a string that is open, behind a line; and whether a backslash joins the next one to it."""
    at = 0
    while True:
        if quote:
            at, closed = _end_of_string(line, at, quote)
            if not closed:
                # Only a backslash carries a short string over a line end; without one it is broken, and ends here.
                return depth, quote if len(quote) == 3 or _trailing_backslash(line) else "", False
            quote = ""
        sign = _SIGNS.search(line, at)
        if sign is None or sign[0] == "#":
            return depth, "", False
        at = sign.end()
        if sign[0] == "\\":
            return depth, "", True
        if sign[0] in "([{":
            depth += 1
        elif sign[0] in ")]}":
            depth = max(0, depth - 1)
        else:
            quote = sign[0]


def _end_of_string(line: str, at: int, quote: str) -> tuple[int, bool]:
    """Where the string ends that is open at `at`, and whether it does on this line."""
    found = next((sign for sign in _ENDS[quote].finditer(line, at) if sign[0] == quote), None)
    return (found.end(), True) if found else (len(line), False)


def _trailing_backslash(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _may_end(first: str, last: str, following: str) -> bool:
    if first.lstrip().startswith("@"):
        return False
    opens = following.strip() and _indent(following) > _indent(first)
    return not opens and not (not following and last.rstrip().endswith(":"))


def _indent(line: str) -> int:
    line = line.expandtabs()
    return len(line) - len(line.lstrip())


def _paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begin: int | None = None
    for number, line in enumerate(lines):
        if line.strip():
            begin = number if begin is None else begin
        elif begin is not None:
            found.append((begin, number - 1))
            begin = None
    return [*found, (begin, len(lines) - 1)] if begin is not None else found
