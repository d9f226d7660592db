"""The logical lines of a text, also of one that does not parse, and what is left open in each.

Brackets are followed as in Python until the next text cannot be part of an expression. Then the statement has ended before it, or before
the first line that may as well be another statement. Lines that are indented deeper than the statement are part of it all the same, if its
brackets are closed in the end, unless it is the header of a block.
"""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from .line_starts import line_starts
from .quotes import closing, unclosed

# A statement with an open bracket is read on to where that cannot be; what is then read again may be this many times the text.
_MAX_REREAD = 4

MAX_OPEN = 200  # brackets: Python itself refuses more

_MARK = re.compile(r"[\n#'\"()\[\]{}]|\\\n")
_INDENT = re.compile(r"[ \t\f]*")
_EMPTY_LINES = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_STRING = {quote: re.compile(rf"{quote}(?:[^{quote}\\\n]|\\.)*{quote}", re.DOTALL) for quote in "'\""}
_PREFIX = re.compile(r"(?<!\w)(?:[ft]r?|r[ft])\Z", re.IGNORECASE)
_FIELD_MARK = re.compile(r"[{}'\"\\\n]")
# What begins a line in an expression at no time.
_STATEMENT = re.compile(
    r"(?:def|class|return|raise|import|del|pass|break|continue|global|nonlocal|assert|while|with|try|except|finally|elif)\b"
    r"|async[ \t]+(?:def|with)\b|from[ \t]+[\w.]+[ \t]+import\b|else[ \t]*:|(?:if|for)\b[^\n]*:[ \t]*(?:#[^\n]*)?$",
    re.MULTILINE,
)
_DECORATOR = re.compile(r"@[ \t]*[^\W\d]")
_DEFINITION = re.compile(r"(?:async[ \t]+)?(?:def|class)\b")
# A bracket before a definition opens nothing.
_BEFORE_DEFINITION = re.compile(r"[(\[{]+[ \t]*(?=(?:async[ \t]+def|def|class)[ \t]+[^\W\d]\w*[ \t]*[(:\[])")
_HEADER = re.compile(r"(?:async|def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b")
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"[rbuft]{0,2}['\"]", re.IGNORECASE)
_OPERANDS = frozenset({"None", "True", "False"})
_BETWEEN = frozenset({"for", "in", "if", "else", "is", "and", "or", "not", "as", "from", "async"})


class Row(NamedTuple):
    """A logical line. `first..last` are the indexes, from 0, of its physical lines; `start:end` the offsets of its code, without the
    indentation and a comment or backslash at the end; `closers` would close the string and the brackets that are open at its end. `junk`
    are the extents of unterminated strings, and of statements, among the elements of its brackets."""

    first: int
    last: int
    start: int
    end: int
    closers: str
    junk: tuple[tuple[int, int], ...] = ()


class Layout(NamedTuple):
    """The logical lines of a text, and the extents of the f-strings that need Python 3.12 or later (PEP 701)."""

    rows: list[Row]
    nested_strings: list[tuple[int, int]]


def layout_of(text: str) -> Layout:
    reader = _Reader(text if text.endswith("\n") else text + "\n")
    return Layout(reader.rows(), sorted(set(reader.nested_strings)))


def columns(indent: str, tab: int = 8) -> int:
    """The depth of an indentation. A form feed resets it."""
    return len(indent.rpartition("\f")[2].expandtabs(tab))


@dataclass(slots=True)
class _OpenState:
    """What is open in a logical line so far: brackets, by their closing ones, and the quotes of a string that is still open at the end
    of its line, with its offset."""

    opened: list[str] = field(default_factory=list)
    quote: str = ""
    quoted: int = 0


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.nested_strings: list[tuple[int, int]] = []
        self._starts = line_starts(text)
        self._unclosed = unclosed(text)
        self._may_reread = _MAX_REREAD * len(text)

    def rows(self) -> list[Row]:
        found = []
        offset = _end(_EMPTY_LINES, self.text, 0)
        while offset < len(self.text):
            row, offset = self._row(offset)
            found.append(row)
            offset = _end(_EMPTY_LINES, self.text, offset)
        return found

    def _row(self, begin: int) -> tuple[Row, int]:
        """The logical line that begins in the line at `begin`, and the offset of the line after it."""
        text = self.text
        offset = start = end = _end(_INDENT, text, begin)
        depth = columns(text[begin:start])
        offset = _end(_BEFORE_DEFINITION, text, start)
        is_header = bool(_HEADER.match(text, offset))
        left = _OpenState()
        junk: list[tuple[int, int]] = []
        sooner: tuple[Row, int] | None = None
        while True:
            offset_at, mark = self._to_line_end(offset, left)
            end = max(end, _rstripped(text, offset_at))
            line_end = text.index("\n", offset_at)
            row = Row(
                self._line(start), self._line(offset_at), start, end, left.quote + "".join(reversed(left.opened)), tuple(junk)
            )  # fmt: skip
            following = line_end + 1
            if not left.opened and (
                mark != "\\\n" or _end(_INDENT, text, following) in (len(text), text.find("\n", following))
            ):
                return row, following
            while True:
                following = _end(_EMPTY_LINES, text, following)
                offset = _end(_INDENT, text, following)
                deeper = columns(text[following:offset]) > depth
                impossible = offset >= len(text) or self._cannot_go_on(row, offset, deeper)
                if impossible and (is_header or not deeper or not left.opened or offset >= len(text)):
                    if sooner is None:
                        return row, following
                    self._may_reread -= following - sooner[1]
                    return sooner
                ended = is_header and text[end - 1] == ":" if deeper else text[offset] not in ")]}"
                if sooner is None and left.opened and (impossible or ended):
                    sooner = row, following
                    if self._may_reread < 0:
                        return sooner
                if not _STATEMENT.match(text, offset):
                    break
                junk.append((offset, text.index("\n", offset)))
                following = junk[-1][1] + 1
            if left.quote:
                junk.append((left.quoted, line_end))
                left.quote = ""

    def _to_line_end(self, offset: int, left: _OpenState) -> tuple[int, str]:
        """The offset and text of the next line end outside of strings; brackets and quotes on the way are recorded."""
        opened = left.opened
        while True:
            mark_at = _MARK.search(self.text, offset)
            assert mark_at  # the text ends with a line end
            offset_at, mark = mark_at.start(), mark_at[0]
            if mark in _CLOSER:
                if len(opened) < MAX_OPEN:
                    opened.append(_CLOSER[mark])
                offset = offset_at + 1
            elif mark in ")]}":
                if mark in opened:
                    while opened.pop() != mark:
                        pass
                offset = offset_at + 1
            elif mark in "'\"":
                offset, left.quote = self._string(offset_at)
                left.quoted = offset_at
            else:
                return offset_at, mark

    def _cannot_go_on(self, row: Row, offset: int, deeper: bool) -> bool:
        """Whether a statement that is open at the end of `row` cannot be continued by the text at `offset`."""
        text = self.text
        if _STATEMENT.match(text, offset) or (not deeper and _DECORATOR.match(text, offset)):
            return True
        last, first = text[row.end - 1], text[offset]
        string = _QUOTED.match(text, offset)
        if string and last in "(," and _DEFINITION.match(text, row.start):
            return string.end() - 1 not in self._unclosed  # a docstring, not a base class or a parameter
        if deeper and text[_rstripped(text, text.index("\n", offset)) - 1] == ",":
            return False  # a further element rather than the body of a block
        if row.closers[:1] in ("'", '"'):
            return False  # it is unknown where that string should end
        if last in "'\"":
            return not string and _begins_operand(text, offset)
        if last in ")]}" or _is_operand(_word_before(text, row.end)):
            return first == "{" or bool(string) or _begins_operand(text, offset)
        return False

    def _string(self, offset_at: int) -> tuple[int, str]:
        """Where the string whose first quote is at `offset_at` ends, and its quotes where nothing closes them."""
        text, quote = self.text, self.text[offset_at]
        if text.startswith(3 * quote, offset_at):
            resumed = self._unclosed.get(offset_at)
            end = closing(text, offset_at + 3, 3 * quote) if resumed is None else -1
            return (end, "") if end >= 0 else ((resumed or len(text)) - 1, 3 * quote)
        simple = _STRING[quote].match(text, offset_at)
        prefix = _PREFIX.search(text, max(0, offset_at - 3), offset_at)
        if prefix and (
            simple is None or text.count("{", offset_at, simple.end()) != text.count("}", offset_at, simple.end())
        ):
            nested = _nested_end(text, offset_at)
            if nested is not None:
                self.nested_strings.append((prefix.start(), nested))
                return nested, ""
        return (simple.end(), "") if simple else (text.index("\n", offset_at), quote)

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def _end(pattern: re.Pattern[str], text: str, offset_at: int) -> int:
    """The end of a match of a pattern that matches everywhere, if only the empty string."""
    match = pattern.match(text, offset_at)
    return match.end() if match else offset_at


def _rstripped(text: str, end: int) -> int:
    while end and text[end - 1] in " \t\f\n":
        end -= 1
    return end


def _word_before(text: str, end: int) -> str:
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:end]


def _is_operand(word: str) -> bool:
    return bool(word) and (word in _OPERANDS or not keyword.iskeyword(word))


def _begins_operand(text: str, offset_at: int) -> bool:
    word = _WORD.match(text, offset_at)
    return bool(word and word[0] not in _BETWEEN)


def _nested_end(text: str, offset_at: int) -> int | None:
    """The end of the f-string whose first quote is at `offset_at`, where its fields may hold any string (PEP 701); None: it has none."""
    quote = text[offset_at]
    offset, depth = offset_at + 1, 0
    while match := _FIELD_MARK.search(text, offset):
        mark, offset = match[0], match.end()
        if mark == "\\":
            offset += 1
        elif mark == "{":
            if depth or not text.startswith("{", offset):
                depth += 1
            else:
                offset += 1
        elif mark == "}":
            depth = max(0, depth - 1)
        elif mark == "\n":
            if not depth:
                return None
        elif not depth:
            if mark == quote:
                return offset
        else:
            inner = _STRING[mark].match(text, offset - 1)
            if inner is None:
                return None
            offset = inner.end()
    return None
