"""Splits docstrings and documentation into sentences: finds the lines of running text and the field (parameter, result, error) of each."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from .docstring_sections import Section, field_of_lone_name, parse_heading, parse_item
from .markup import SILENT, admonition_text, is_directive, is_table_border, is_title, parse_field, typed_parameter_name
from .prose import LIST_ITEM, Prose, split_sentences, without_leads
from .samples import MARKDOWN_CODE, begins_indented_code, goes_on_in_list

_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+.`])\1{2,}\s*\Z")
# A line that may be a Python statement, as in an example without any markup.
_STATEMENT = re.compile(
    r"[\w.\[\]'\"]+(?:, [\w.]+)* [-+*/|&]?= \S|assert \S|import \w|from [\w.]+ import \w|[\w.]+\(.*\)\Z"
)
_SIGNATURE = re.compile(r"[\w.]+\(.*\) -> [\w.\[\], |]+\Z")
_LINK_TARGET = re.compile(
    r"\[(?!\^)[^\[\]]+\]:\s+\S"
)  # of Markdown, which is also how comments are written: `[//]: # (…)`
_MAX_LINES = 400


def prose_in(
    lines: list[str],
    start: int,
    end: int,
    with_leads: bool = False,
    with_names: bool = False,
    read_from: int = 0,
    in_markdown: bool = False,
) -> list[Prose]:
    """The sentences of the running text on lines `start..end`, without code blocks, directives, tables and parameter types; `with_leads`:
    with those that end in a colon; `with_names`: a name alone on its line begins the field of a parameter, as it does in docstrings;
    `read_from`: the line where the text begins, if that is earlier: whether a line is code depends on those above it. `in_markdown`: what
    is indented below an empty line is code."""
    first = max(read_from or start, start - _MAX_LINES)
    walk = _LineWalker(lines[:end], start if with_names else None, in_markdown)
    for number in range(first, min(end, len(lines), start + _MAX_LINES) + 1):
        walk.read_line(number)
    found = walk.sentences()
    if first < start:
        found = [replace(s, rank=rank) for rank, s in enumerate(s for s in found if s.start >= start)]
    return found if with_leads else without_leads(found)


def docstring_lines(lines: list[str], start: int, end: int) -> tuple[int, int] | None:
    """First and last line of the first string literal on lines `start..end`, quotes included; None if there is none."""
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
    """The lines of a file without the quotes of the docstring on lines `start..end`."""
    inner = list(lines)
    # A backslash behind the quotes keeps the first line empty.
    inner[start - 1] = re.sub(r"^(\s*)[rRuUbB]{0,2}(\"\"\"|'''|\"|')(?:\\\s*$)?", r"\1", inner[start - 1])
    inner[end - 1] = re.sub(r"(\"\"\"|'''|\"|')\s*(#.*)?$", "", inner[end - 1])
    return inner


def docstring_prose(lines: list[str], start: int, end: int, with_leads: bool = False) -> list[Prose]:
    """The sentences of the docstring on lines `start..end`, quotes included; `with_leads` as for `prose_in`."""
    return prose_in(without_quotes(lines, start, end), start, end, with_leads, with_names=True)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file. `raw`: as written; `text`: stripped; `below`: the next line, "" at the end."""

    number: int
    raw: str
    text: str
    indent: int
    below: str


class _LineWalker:
    """Reads line by line. Each step handles a line and returns True, or leaves it to the next step; what remains is running text.

    `_section`: the docstring section of the current line ("Args:"). `_literal_indent`: the indent of the line that began a literal block or
    directive, to which all more indented lines belong. `_after_blank`: whether the line before was blank or code. `docstring_start`: the
    first line of the docstring that is read, if it is one. `_in_list`,
    `_in_code`: whether the line before is one of a list, or of an indented block of code, in Markdown."""

    def __init__(self, lines: list[str], docstring_start: int | None = None, in_markdown: bool = False) -> None:
        self._lines = lines
        self._in_markdown, self._in_list, self._in_code = in_markdown, False, False
        self._docstring_start = docstring_start
        self._reader = _SentenceReader()
        self._section: Section | None = None
        self._literal_indent: int | None = None
        self._in_fence = self._in_comment = self._in_doctest = self._in_table = self._after_blank = False

    def sentences(self) -> list[Prose]:
        self._reader.flush()
        return self._reader.found

    def read_line(self, number: int) -> None:
        raw = self._lines[number - 1]
        below = self._lines[number] if number < len(self._lines) else ""
        line = _Line(number, raw, raw.strip(), len(raw) - len(raw.lstrip()), below)
        if self._skip_code(line):
            return
        after_blank, self._after_blank = self._after_blank, False
        if self._skip_literal(line):
            return
        self._leave_section(line, after_blank)
        self._reader.leave_value(line.indent)
        if not (
            self._skip_table(line)
            or self._read_directive(line)
            or self._read_heading(line)
            or self._read_item(line)
            or self._read_field(line)
            or self._read_lone_name(line, after_blank)
        ):
            self._read_text(line)

    def _skip_code(self, line: _Line) -> bool:
        """Skips fenced code, comments of HTML, interpreter sessions, statements and blank lines, all of which end a paragraph."""
        # The output of an example goes on until a blank line.
        self._in_doctest = bool(line.text) and (self._in_doctest or line.text.startswith((">>>", "$ ")))
        fence = line.text.startswith(("```", "~~~")) and not self._is_underline(line)
        if self._in_comment or (line.text.startswith("<!--") and not self._in_fence):
            self._in_comment = "-->" not in line.text
        elif fence:
            self._in_fence = not self._in_fence
        elif line.text.startswith((":::", "!!! ", "??? ", "???+ ")) or (
            not self._in_fence and _LINK_TARGET.match(line.text)
        ):
            pass  # the border of a note, and the address of a link
        elif self._is_indented_code(line):
            pass
        elif self._in_fence or self._in_doctest or not line.text or _is_statement(line.text):
            self._after_blank = True
        else:
            return False
        self._reader.flush()
        return True

    def _is_indented_code(self, line: _Line) -> bool:
        if not self._in_markdown or self._in_fence:
            return False
        self._in_list = goes_on_in_list(line.raw, self._in_list)
        self._in_code = not self._in_list and (
            begins_indented_code(self._lines, line.number) or (self._in_code and line.indent >= MARKDOWN_CODE)
        )
        return self._in_code

    def _is_underline(self, line: _Line) -> bool:
        """Whether a line of `~` underlines the title above it; a fence that follows text is mostly shorter."""
        title = self._lines[line.number - 2].strip() if line.number > 1 and not self._in_fence else ""
        return bool(title) and set(line.text) == {"~"} and len(line.text) >= len(title)

    def _skip_literal(self, line: _Line) -> bool:
        if self._literal_indent is not None and line.indent > self._literal_indent:
            return True
        self._literal_indent = None
        return False

    def _leave_section(self, line: _Line, after_blank: bool) -> None:
        if self._section is not None and self._section.ends_at(line.indent, line.text, after_blank):
            self._reader.end_section(False)
            self._section = None

    def _skip_table(self, line: _Line) -> bool:
        border = is_table_border(line.raw)
        if not (self._in_table or border):
            return False
        self._reader.flush()
        self._in_table = bool(line.below.strip()) or not border
        return True

    def _read_directive(self, line: _Line) -> bool:
        """Reads the words of a note or warning; the content of other directives is skipped."""
        note = admonition_text(line.raw)
        if note is None and not is_directive(line.raw):
            return False
        self._reader.end_field(line.indent)
        if note is None:
            self._literal_indent = line.indent
        elif note:
            self._reader.add(line.number, note, line.indent)
        return True

    def _read_heading(self, line: _Line) -> bool:
        """Handles headings of sections, and lines that underline a title or draw a table."""
        # Within a section "kwargs:" is an item.
        may_begin = self._section is None or not line.text[:1].islower()
        section = parse_heading(self._lines, line.number) if may_begin else None
        underline = _UNDERLINE.match(line.raw) is not None
        if section is None and not underline and not line.text.startswith(("|", "+-")):
            return False
        if section is None or self._section is None or not underline:
            self._reader.end_section(underline)
        self._section = section or self._section
        return True

    def _read_item(self, line: _Line) -> bool:
        """Handles a line of a section that lists parameters, results or errors, or that is no prose."""
        section = self._section
        if section is None or section.kind == "text":
            return False
        if section.kind:
            self._reader.add_item(section, line.number, line.indent, line.text)
        return True

    def _read_field(self, line: _Line) -> bool:
        """Handles ":param x: …", "x (int):" and list items."""
        field = parse_field(line.raw)
        if field is not None:
            self._reader.begin(field[0], line.number, field[1], line.indent)
        elif LIST_ITEM.match(line.raw):
            inside = self._reader.field_at(line.indent)
            self._reader.begin(inside, line.number, _without_list_mark(line.raw), line.indent)
        elif name := typed_parameter_name(line.raw, line.below):
            self._reader.begin(f"param {name}", line.number, "", line.indent)
        else:
            return False
        self._begin_literal(line)
        return True

    def _read_lone_name(self, line: _Line, after_blank: bool) -> bool:
        """Handles a parameter's name alone on its line, above the text that is indented below it."""
        if self._docstring_start is None or line.number == self._docstring_start:
            return False
        if not (after_blank or self._reader.begins_beside(line.indent)):
            return False
        field = field_of_lone_name(self._lines, line.number)
        if not field:
            return False
        if self._reader.field_at(line.indent):
            self._reader.begin_value(line.number, line.indent)
        else:
            self._reader.begin(field, line.number, "", line.indent)
        return True

    def _read_text(self, line: _Line) -> None:
        if is_title(line.raw) and not self._reader.is_open:
            return
        if line.text.startswith(": ") and not self._reader.is_open:
            # In Markdown the definition of the term above, without which it says nothing.
            self._reader.begin(SILENT, line.number, "", line.indent)
            return
        self._reader.add(line.number, line.text, line.indent)
        self._begin_literal(line)

    def _begin_literal(self, line: _Line) -> None:
        if line.text.endswith("::"):
            self._reader.flush()
            self._literal_indent = line.indent


def _without_list_mark(line: str) -> str:
    """A list item without its bullet or number."""
    match = LIST_ITEM.match(line)
    return line[match.end() :] if match else line


def _is_statement(text: str) -> bool:
    """Whether a line is an assignment, assertion, import, call or signature."""
    if _SIGNATURE.match(text):
        return True
    if not _STATEMENT.match(text) or "\\" in text:
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _SentenceReader:
    """Collects the lines of a paragraph until they are split into sentences. `_field`, `_line`, `_indent`: the current field, its first
    line and the indent of that, below which more indented lines belong to it."""

    def __init__(self) -> None:
        self.found: list[Prose] = []
        self._paragraph: list[tuple[int, str]] = []
        self._field, self._line, self._indent = "", 0, 0
        self._around_value: tuple[str, int, int] | None = None

    @property
    def is_open(self) -> bool:
        return bool(self._paragraph)

    def flush(self) -> None:
        if self._field != SILENT:
            self.found.extend(split_sentences(self._paragraph, self._field, self._line, len(self.found)))
        self._paragraph = []

    def end_section(self, underlined: bool) -> None:
        """End the paragraph and the field; an underlined last line is a title and dropped."""
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

    def end_field(self, indent: int) -> None:
        """End the paragraph, and the field unless the next line is more indented than its beginning."""
        self.flush()
        self._field = self.field_at(indent)

    def field_at(self, indent: int) -> str:
        """The field of a line with this indent: the current one if the line is more indented than its beginning, else ""."""
        return self._field if indent > self._indent else ""

    def begin_value(self, number: int, indent: int) -> None:
        """Begin the words on one of the values that a parameter may have, which say nothing without it."""
        self.flush()
        self._around_value = self._around_value or (self._field, self._line, self._indent)
        self._field, self._line, self._indent = SILENT, number, indent

    def leave_value(self, indent: int) -> None:
        """Go back to the field around a value, if the next line is not indented deeper than that."""
        if self._around_value is not None and indent <= self._indent:
            self.flush()
            self._field, self._line, self._indent = self._around_value
            self._around_value = None

    def begins_beside(self, indent: int) -> bool:
        """Whether the current field began at this indent."""
        return bool(self._field) and indent == self._indent

    def add(self, number: int, text: str, indent: int) -> None:
        # The words of a field may begin on the line below it.
        if not self._paragraph and not (self._field and (number == self._line + 1 or indent > self._indent)):
            self._field, self._line = "", number
        self._paragraph.append((number, text))

    def add_item(self, section: Section, number: int, indent: int, text: str) -> None:
        # A returned value is one item: its lines follow each other at the same indent.
        goes_on = section.is_running_text and bool(self._paragraph)
        if (
            section.item_indent is None
            or indent < section.item_indent
            or (indent == section.item_indent and not goes_on)
        ):
            section.item_indent = indent
            field, words = parse_item(section, text)
            self.flush()
            self._field = ""
            self.begin(field, number, words, indent)
        elif LIST_ITEM.match(text) or not self._paragraph:
            self.begin(self._field, self._line, "", self._indent)
            self._paragraph.append((number, _without_list_mark(text)))
        else:
            self._paragraph.append((number, text))
