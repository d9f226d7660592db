"""Docstrings, comments and documentation to sentences, each with the lines it stands on."""

from __future__ import annotations

import ast
import re
import textwrap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...graph.parsing.tree import parse_tree
from .markup import SILENT, admonition, field_of, is_directive, is_table_border, is_title, typed_parameter
from .sections import Section, heading, item

_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|(?:\d+|#|[a-z])[.)])\s+")
_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+.`])\1{2,}\s*\Z")
# A sentence ends at . ! ? before a space and a capital, digit or quote; not after "e.g.", "i.e." or one letter.
_SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)(?<!\b[A-Za-z])[.!?](?=\s+[\"'`(*:A-Z0-9])"
)
# A line that may be a statement of Python, which an example shows without any mark of one.
_STATEMENT = re.compile(
    r"[\w.\[\]'\"]+(?:, [\w.]+)* [-+*/|&]?= \S|assert \S|import \w|from [\w.]+ import \w|[\w.]+\(.*\)\Z"
)
_SIGNATURE = re.compile(r"[\w.]+\(.*\) -> [\w.\[\], |]+\Z")
_NOISE_COMMENT = re.compile(
    r"#\s*(noqa|type:|pragma|pylint|mypy|ruff|fmt:|isort|TODO|FIXME|XXX|-\*-|!|region|endregion)", re.I
)
# What stands for another character, or runs on: shown as written it would be misread.
_ESCAPE = re.compile(r"\\[nrtxuN0\n]|\\\s*\Z|\\ ")
# A sentence that begins like this leans on the one before it.
_LEANS = re.compile(
    r"(?:This|It|These|They|Those|Such|Otherwise|However|Instead|In this|In that|Also|Thus|Therefore|Then|But|And|So|For example|"
    r"For instance|In other words|That is|Hence|Here|Note that|Additionally|Furthermore|Moreover)\b"
)
_DRAWN = re.compile("[│└├─“”]")  # trees, and quotations, which would end the one around them
_MIN_WORDS = 3
_MIN_COMMENT = 4  # words
_MAX_CHARS = 320
_MAX_PASSAGE = 480
_MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class Prose:
    """One sentence. `field` is "param x", "returns", "raises X" for a field of the docstring, else empty; `field_line` is where
    that field begins; `rank` counts from 0."""

    text: str
    start: int
    end: int
    rank: int
    field: str = ""
    field_line: int = 0


def sentences_in(lines: list[str], start: int, end: int) -> list[Prose]:
    """The sentences of running text on lines `start..end`; code blocks, directives, tables and the types in lists of parameters are left
    out."""
    reader = _Reader()
    section: Section | None = None
    in_fence = in_doctest = in_table = after_blank = False
    literal_indent: int | None = None
    for number in range(start, min(end, len(lines), start + _MAX_LINES) + 1):
        line = lines[number - 1]
        text = line.strip()
        below = lines[number] if number < end else ""
        # What an example prints goes on until a blank line.
        in_doctest = bool(text) and (in_doctest or text.startswith(">>>"))
        indent = len(line) - len(line.lstrip())
        if text.startswith(("```", "~~~")):
            reader.flush()
            in_fence = not in_fence
            continue
        if in_fence or in_doctest or not text or _is_statement(text):
            reader.flush()
            after_blank = True
            continue
        blank, after_blank = after_blank, False
        if literal_indent is not None:
            if indent > literal_indent:
                continue
            literal_indent = None
        if section is not None and section.ends_at(indent, text, blank):
            reader.drop_title(False)
            section = None
        if in_table or is_table_border(line):
            reader.flush()
            in_table = bool(below.strip()) or not is_table_border(line)
            continue
        note = admonition(line)
        if note is not None or is_directive(line):
            reader.leave(indent)
            if note is None:
                literal_indent = indent
            elif note:
                reader.add(number, note, indent)
            continue
        # Within a section "kwargs:" is an item.
        begun = heading(lines[:end], number) if section is None or not text[:1].islower() else None
        if _UNDERLINE.match(line) or text.startswith(("|", "+-")) or begun is not None:
            if begun is None or section is None or not _UNDERLINE.match(line):
                reader.drop_title(_UNDERLINE.match(line) is not None)
            section = begun or section
            continue
        if section is not None and section.kind != "text":
            if section.kind:
                reader.add_item(section, number, indent, text)
            continue
        field = field_of(line)
        if field is not None:
            reader.begin(field[0], number, field[1], indent)
        elif _LIST_ITEM.match(line):
            reader.begin(reader.field_at(indent), number, _without_mark(line), indent)
        elif name := typed_parameter(line, below):
            reader.begin(f"param {name}", number, "", indent)
        elif is_title(line) and not reader.is_open:
            continue
        else:
            reader.add(number, text, indent)
        if text.endswith("::"):
            reader.flush()
            literal_indent = indent
    reader.flush()
    return reader.found


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
            self.found.extend(_split(self._paragraph, self._field, self._line, len(self.found)))
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
        goes_on = section.kind in ("returns", "yields") and not section.underlined and bool(self._paragraph)
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


# Badges, pictures, the same page in other languages.
_LINK = r"!?\[(?:!\[[^\[\]]*\]\([^()]*\)|[^\[\]])*\](?:\([^()]*\)|\[[^\[\]]*\])"
_TAG = re.compile(
    r"<(?:!--|/?(?:p|a|img|div|br|hr|h[1-6]|table|t[rdh]|picture|source|center|em|strong|b|i|sub|sup|details|summary|span)\b)"
)
_ONLY_LINKS = re.compile(rf"[\s•|·*>,-]*{_LINK}(?:[\s•|·*,-]+{_LINK})*[\s•|·*,-]*")


def _split(paragraph: list[tuple[int, str]], field: str, field_line: int, rank: int) -> list[Prose]:
    text = ""
    offsets: list[int] = []
    for _, line in paragraph:
        offsets.append(len(text))
        text += line.strip() + " "
    found: list[Prose] = []
    if _ONLY_LINKS.fullmatch(text.strip()):
        return found
    position = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[position:end].strip()
        # What ends in a colon introduces something that is not said here.
        whole = (
            not sentence.endswith(":")
            and not _ESCAPE.search(sentence)
            and not _TAG.match(sentence)
            and len(sentence.split()) >= (1 if field else _MIN_WORDS)
        )
        if whole and len(sentence) <= _MAX_CHARS:
            begin = position + len(text[position:end]) - len(text[position:end].lstrip())
            first = paragraph[bisect_right(offsets, begin) - 1][0]
            last = paragraph[bisect_left(offsets, end) - 1][0]
            found.append(Prose(sentence, first, last, rank + len(found), field, field_line))
        position = end
    return found


def leans(text: str) -> bool:
    """Whether a sentence says little without the one before it."""
    return bool(_LEANS.match(text))


def in_passages(found: Sequence[Prose], lines: list[str], wanted: Callable[[str], bool]) -> list[Prose]:
    """Sentences that follow each other in one paragraph, put together where the next one is `wanted` or leans on the one before it."""
    passages: list[Prose] = []
    for one in found:
        before = passages[-1] if passages else None
        if before is not None and not (before.field or one.field) and one.start <= before.end + 2:
            text = f"{before.text} {one.text}"
            follows = text in " ".join(" ".join(lines[before.start - 1 : one.end]).split())
            joins = leans(one.text) or (one.start <= before.end + 1 and wanted(one.text))
            # A line that ends without a stop is a heading of what follows, or a summary.
            joins = joins and before.text.endswith((".", "!", "?", ":")) and not _DRAWN.search(text)
            if follows and joins and len(text) <= _MAX_PASSAGE:
                passages[-1] = replace(before, text=text, end=one.end)
                continue
        passages.append(one)
    return passages


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


def docstring_sentences(lines: list[str], start: int, end: int) -> list[Prose]:
    """The sentences of the docstring whose quotes stand on lines `start..end`."""
    return sentences_in(without_quotes(lines, start, end), start, end)


# `#: ` is how Sphinx knows the comment of an attribute.
_COMMENT_SIGN = re.compile(r"#+:?(?=\s|\Z)|#+")
_DIRECTIVE_LINE = re.compile(r"\.\. [\w-]+::")


def comment_sentences(lines: list[str], start: int, end: int, strings: frozenset[int] = frozenset()) -> list[Prose]:
    """Runs of full-line comments on lines `start..end`: a short one as one sentence with the line of code below it, a long one by its
    paragraphs, and of long paragraphs each sentence.

    `strings` are lines that begin inside a string: what looks like a comment there is none.
    """
    found: list[Prose] = []
    run: list[tuple[int, str]] = []
    signless: dict[int, str] = {}
    for number in range(start, min(end, len(lines)) + 2):
        text = lines[number - 1].strip() if number <= min(end, len(lines)) else ""
        if text.startswith("#") and number not in strings and not _NOISE_COMMENT.match(text):
            signless[number] = _COMMENT_SIGN.sub("", text)
            said = signless[number].strip()
            run.append((number, "" if _DIRECTIVE_LINE.match(said) else said))
            continue
        if _is_code([signless[n] for n, _ in run]):
            pass
        elif _joined(run) and len(_joined(run)) <= _MAX_CHARS:
            found += _whole(run, number if text and number <= end else run[-1][0], len(found))
        else:
            for paragraph in _paragraphs(run):
                if _is_code([signless[n] for n, _ in paragraph]):
                    continue
                short = len(_joined(paragraph)) <= _MAX_CHARS
                rank = len(found)
                found += _whole(paragraph, paragraph[-1][0], rank) if short else _split(paragraph, "", 0, rank)
        run = []
    return found


def _is_code(signless: Sequence[str]) -> bool:
    """Whether what comments hold is nothing but statements, that are out of use: more than words which happen to be an expression, or
    an annotation ("retries: how often")."""
    tree = parse_tree(textwrap.dedent("\n".join(signless)) + "\n") if signless else None
    statements = tree.body if tree is not None else []
    plain = (isinstance(s, ast.Pass) or (isinstance(s, ast.AnnAssign) and s.value is None) for s in statements)
    words = (isinstance(s, ast.Expr) and not isinstance(s.value, (ast.Call, ast.Await)) for s in statements)
    return bool(statements) and not any(plain) and not any(words)


def _whole(run: Sequence[tuple[int, str]], last: int, rank: int) -> list[Prose]:
    """Comments as one sentence down to the line `last`; none where they say too little, or are code."""
    text = _joined(run)
    if len(text.split()) < _MIN_COMMENT or text.endswith(",") or re.search(r"[=(]\S*$", text):
        return []
    return [Prose(text.rstrip(":"), run[0][0], last, rank)]


def _joined(run: Sequence[tuple[int, str]]) -> str:
    return " ".join(part for _, part in run).strip()


def _paragraphs(run: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    found: list[list[tuple[int, str]]] = [[]]
    for number, text in run:
        if text:
            found[-1].append((number, text))
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]
