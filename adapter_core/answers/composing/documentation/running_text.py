"""Docstrings and documentation to sentences: which of their lines are running text, and of which parameter, result or error they tell."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from .docstring_sections import Section, heading, item
from .markup import SILENT, admonition, field_of, is_directive, is_table_border, is_title, typed_parameter
from .prose import Prose, split

_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|(?:\d+|#|[a-z])[.)])\s+")
_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+.`])\1{2,}\s*\Z")
# A line that may be a statement of Python, which an example shows without any mark of one.
_STATEMENT = re.compile(
    r"[\w.\[\]'\"]+(?:, [\w.]+)* [-+*/|&]?= \S|assert \S|import \w|from [\w.]+ import \w|[\w.]+\(.*\)\Z"
)
_SIGNATURE = re.compile(r"[\w.]+\(.*\) -> [\w.\[\], |]+\Z")
_MAX_LINES = 400


def prose_in(lines: list[str], start: int, end: int) -> list[Prose]:
    """The sentences of running text on lines `start..end`; code blocks, directives, tables and the types in lists of parameters are left
    out."""
    walk = _Walk(lines[:end])
    for number in range(start, min(end, len(lines), start + _MAX_LINES) + 1):
        walk.take(number)
    return walk.sentences()


def docstring_lines(lines: list[str], start: int, end: int) -> tuple[int, int] | None:
    """The lines between (and with) the triple quotes of the first string literal on lines `start..end`."""
    opening = None
    for number in range(start, min(end, len(lines)) + 1):
        match = re.match(r"\s*[rRuUbB]{0,2}(\"\"\"|'''|\"|')", lines[number - 1])
        if match:
            opening = (number, match[1], match.end())
            break
        if number > start + 60:
            return None
    if opening is None:
        return None
    number, quote, column = opening
    for last in range(number, min(end, len(lines)) + 1):
        rest = lines[last - 1][column if last == number else 0 :]
        if quote in rest:
            return number, last
        if len(quote) == 1:
            return None
    return None


def without_quotes(lines: list[str], start: int, end: int) -> list[str]:
    """The lines of a file, without the quotes of the docstring that stands on lines `start..end`."""
    inner = list(lines)
    inner[start - 1] = re.sub(r"^(\s*)[rRuUbB]{0,2}(\"\"\"|'''|\"|')", r"\1", inner[start - 1])
    inner[end - 1] = re.sub(r"(\"\"\"|'''|\"|')\s*(#.*)?$", "", inner[end - 1])
    return inner


def docstring_prose(lines: list[str], start: int, end: int) -> list[Prose]:
    """The sentences of the docstring whose quotes stand on lines `start..end`."""
    return prose_in(without_quotes(lines, start, end), start, end)


@dataclass(frozen=True, slots=True)
class _Line:
    """`text` without the white space around it; `below`: the line after it, "" at the end."""

    number: int
    whole: str
    text: str
    indent: int
    below: str


class _Walk:
    """One line after the other. Each step takes a line and says so, or leaves it to the next step; what is left is running text.

    `_section`: the one of a docstring in which the line stands ("Args:"). `_literal`: how far in what began a literal block or directive
    stands, to which all belongs that is further in. `_after_blank`: the line before was blank, or code."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._reader = _Reader()
        self._section: Section | None = None
        self._literal: int | None = None
        self._in_fence = self._in_doctest = self._in_table = self._after_blank = False

    def sentences(self) -> list[Prose]:
        self._reader.flush()
        return self._reader.found

    def take(self, number: int) -> None:
        whole = self._lines[number - 1]
        below = self._lines[number] if number < len(self._lines) else ""
        line = _Line(number, whole, whole.strip(), len(whole) - len(whole.lstrip()), below)
        if self._skips_code(line):
            return
        after_blank, self._after_blank = self._after_blank, False
        if self._skips_literal(line):
            return
        self._leave_section(line, after_blank)
        if not (
            self._skips_table(line)
            or self._takes_directive(line)
            or self._takes_heading(line)
            or self._takes_item(line)
            or self._takes_field(line)
        ):
            self._take_text(line)

    def _skips_code(self, line: _Line) -> bool:
        """Fenced code, examples of a session, statements; a blank line ends a paragraph as these do."""
        # What an example prints goes on until a blank line.
        self._in_doctest = bool(line.text) and (self._in_doctest or line.text.startswith(">>>"))
        fence = line.text.startswith(("```", "~~~"))
        if fence:
            self._in_fence = not self._in_fence
        elif self._in_fence or self._in_doctest or not line.text or _is_statement(line.text):
            self._after_blank = True
        else:
            return False
        self._reader.flush()
        return True

    def _skips_literal(self, line: _Line) -> bool:
        if self._literal is not None and line.indent > self._literal:
            return True
        self._literal = None
        return False

    def _leave_section(self, line: _Line, after_blank: bool) -> None:
        if self._section is not None and self._section.ends_at(line.indent, line.text, after_blank):
            self._reader.drop_title(False)
            self._section = None

    def _skips_table(self, line: _Line) -> bool:
        border = is_table_border(line.whole)
        if not (self._in_table or border):
            return False
        self._reader.flush()
        self._in_table = bool(line.below.strip()) or not border
        return True

    def _takes_directive(self, line: _Line) -> bool:
        """Of a note or warning the words are read; what another directive holds is no text."""
        note = admonition(line.whole)
        if note is None and not is_directive(line.whole):
            return False
        self._reader.leave(line.indent)
        if note is None:
            self._literal = line.indent
        elif note:
            self._reader.add(line.number, note, line.indent)
        return True

    def _takes_heading(self, line: _Line) -> bool:
        """Headings of sections, and the lines that underline a title or draw a table."""
        # Within a section "kwargs:" is an item.
        may_begin = self._section is None or not line.text[:1].islower()
        begun = heading(self._lines, line.number) if may_begin else None
        underline = _UNDERLINE.match(line.whole) is not None
        if begun is None and not underline and not line.text.startswith(("|", "+-")):
            return False
        if begun is None or self._section is None or not underline:
            self._reader.drop_title(underline)
        self._section = begun or self._section
        return True

    def _takes_item(self, line: _Line) -> bool:
        """A line of a section that lists parameters, results or errors, or whose lines are no prose."""
        section = self._section
        if section is None or section.kind == "text":
            return False
        if section.kind:
            self._reader.add_item(section, line.number, line.indent, line.text)
        return True

    def _takes_field(self, line: _Line) -> bool:
        """ ":param x: …", "x (int):" and the items of a list."""
        field = field_of(line.whole)
        if field is not None:
            self._reader.begin(field[0], line.number, field[1], line.indent)
        elif _LIST_ITEM.match(line.whole):
            inside = self._reader.field_at(line.indent)
            self._reader.begin(inside, line.number, _without_mark(line.whole), line.indent)
        elif name := typed_parameter(line.whole, line.below):
            self._reader.begin(f"param {name}", line.number, "", line.indent)
        else:
            return False
        self._begin_literal(line)
        return True

    def _take_text(self, line: _Line) -> None:
        if is_title(line.whole) and not self._reader.is_open:
            return
        self._reader.add(line.number, line.text, line.indent)
        self._begin_literal(line)

    def _begin_literal(self, line: _Line) -> None:
        if line.text.endswith("::"):
            self._reader.flush()
            self._literal = line.indent


def _without_mark(line: str) -> str:
    """A list item without what marks it."""
    match = _LIST_ITEM.match(line)
    return line[match.end() :] if match else line


def _is_statement(text: str) -> bool:
    """Whether a line is an assignment, assertion, import, call or signature, and no sentence."""
    if _SIGNATURE.match(text):
        return True
    if not _STATEMENT.match(text) or "\\" in text:
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Reader:
    """Lines that belong together, until they are cut into sentences. `_indent`: of the line at which the field begins, to which what is
    further in belongs."""

    def __init__(self) -> None:
        self.found: list[Prose] = []
        self._paragraph: list[tuple[int, str]] = []
        self._field, self._line, self._indent = "", 0, 0

    @property
    def is_open(self) -> bool:
        return bool(self._paragraph)

    def flush(self) -> None:
        if self._field != SILENT:
            self.found.extend(split(self._paragraph, self._field, self._line, len(self.found)))
        self._paragraph = []

    def drop_title(self, underlined: bool) -> None:
        """What is underlined is a title; what stands before the heading of a section is not."""
        if underlined:
            self._paragraph = self._paragraph[:-1]
        self.flush()
        self._field = ""

    def begin(self, field: str, number: int, text: str, indent: int) -> None:
        self.flush()
        if not field or field != self._field:
            self._line, self._indent = number, indent
        self._field = field
        if text:
            self._paragraph.append((number, text))

    def leave(self, indent: int) -> None:
        """The end of the field, unless what comes is further in than it began."""
        self.flush()
        self._field = self.field_at(indent)

    def field_at(self, indent: int) -> str:
        """The field that goes on further in than it began."""
        return self._field if indent > self._indent else ""

    def add(self, number: int, text: str, indent: int) -> None:
        # The words of a field may begin on the line below it.
        if not self._paragraph and not (self._field and (number == self._line + 1 or indent > self._indent)):
            self._field, self._line = "", number
        self._paragraph.append((number, text))

    def add_item(self, section: Section, number: int, indent: int, text: str) -> None:
        # Of what is returned there is one item: its lines go on below each other.
        goes_on = section.runs and bool(self._paragraph)
        if section.item is None or indent < section.item or (indent == section.item and not goes_on):
            section.item = indent
            field, words = item(section, text)
            self.flush()
            self._field = ""
            self.begin(field, number, words, indent)
        elif _LIST_ITEM.match(text) or not self._paragraph:
            self.begin(self._field, self._line, "", self._indent)
            self._paragraph.append((number, _without_mark(text)))
        else:
            self._paragraph.append((number, text))
