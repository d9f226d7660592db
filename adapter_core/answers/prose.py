"""Docstrings, comments and documentation to sentences, each with the lines it stands on."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"\s*(\.\. |@\w+ )")
_FIELD = re.compile(
    r"\s*:(param|parameter|arg|argument|raises?|returns?|return|rtype|type|keyword|kwarg)\b\s*([^:]*):\s*(.*)"
)
_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+")
_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+.`])\1{2,}\s*\Z")
_SECTION_WORD = re.compile(
    r"\s*(args|arguments|parameters|returns|return|raises|yields|examples?|notes?|attributes|see also|usage):?\s*\Z",
    re.I,
)
# A sentence ends at . ! ? before a space and a capital, digit or quote; not after "e.g.", "i.e." or one letter.
_SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)(?<!\b[A-Za-z])[.!?](?=\s+[\"'`(*:A-Z0-9])"
)
_NOISE_COMMENT = re.compile(
    r"#\s*(noqa|type:|pragma|pylint|mypy|ruff|fmt:|isort|TODO|FIXME|XXX|-\*-|!|region|endregion)", re.I
)
_MIN_WORDS = 3
_MAX_CHARS = 320
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
    """The sentences of running text on lines `start..end`; code blocks, directives and tables are left out."""
    found: list[Prose] = []
    paragraph: list[tuple[int, str]] = []
    field = ""
    in_fence = in_doctest = False
    literal_indent: int | None = None

    def flush() -> None:
        nonlocal paragraph, field
        found.extend(_split(paragraph, field, len(found)))
        paragraph, field = [], ""

    for number in range(start, min(end, len(lines), start + _MAX_LINES) + 1):
        line = lines[number - 1]
        text = line.strip()
        # What an example prints goes on until a blank line.
        in_doctest = bool(text) and (in_doctest or text.startswith(">>>"))
        indent = len(line) - len(line.lstrip())
        if text.startswith(("```", "~~~")):
            flush()
            in_fence = not in_fence
            continue
        if in_fence or in_doctest or not text:
            flush()
            continue
        if literal_indent is not None:
            if indent > literal_indent:
                continue
            literal_indent = None
        if _DIRECTIVE.match(line):
            flush()
            literal_indent = indent
            continue
        if _UNDERLINE.match(line) or text.startswith(("|", "+-")) or _SECTION_WORD.match(text):
            paragraph = []
            flush()
            continue
        match = _FIELD.match(line)
        if match:
            flush()
            field = f"{match[1]} {match[2]}".strip()
            paragraph.append((number, match[3]))
        elif _LIST_ITEM.match(line):
            flush()
            paragraph.append((number, _LIST_ITEM.sub("", line, count=1)))
        else:
            paragraph.append((number, text))
        if text.endswith("::"):
            flush()
            literal_indent = indent
    flush()
    return found


def _split(paragraph: list[tuple[int, str]], field: str, rank: int) -> list[Prose]:
    text = ""
    offsets: list[int] = []
    for _, line in paragraph:
        offsets.append(len(text))
        text += line.strip() + " "
    found: list[Prose] = []
    position = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[position:end].strip()
        # What ends in a colon introduces something that is not said here.
        whole = not sentence.endswith(":") and len(sentence.split()) >= (1 if field else _MIN_WORDS)
        if whole and len(sentence) <= _MAX_CHARS:
            begin = position + len(text[position:end]) - len(text[position:end].lstrip())
            first = paragraph[bisect_right(offsets, begin) - 1][0]
            last = paragraph[bisect_left(offsets, end) - 1][0]
            found.append(Prose(sentence, first, last, rank + len(found), field, paragraph[0][0]))
        position = end
    return found


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


def docstring_sentences(lines: list[str], start: int, end: int) -> list[Prose]:
    """The sentences of the docstring whose quotes stand on lines `start..end`."""
    inner = list(lines)
    inner[start - 1] = re.sub(r"^(\s*)[rRuUbB]{0,2}(\"\"\"|'''|\"|')", r"\1", inner[start - 1])
    inner[end - 1] = re.sub(r"(\"\"\"|'''|\"|')\s*(#.*)?$", "", inner[end - 1])
    return sentences_in(inner, start, end)


def comment_sentences(lines: list[str], start: int, end: int, strings: frozenset[int] = frozenset()) -> list[Prose]:
    """Runs of full-line comments on lines `start..end`, each as one sentence with the line of code below it.

    `strings` are lines that begin inside a string: what looks like a comment there is none.
    """
    found: list[Prose] = []
    run: list[tuple[int, str]] = []
    for number in range(start, min(end, len(lines)) + 2):
        text = lines[number - 1].strip() if number <= min(end, len(lines)) else ""
        if text.startswith("#") and number not in strings and not _NOISE_COMMENT.match(text):
            run.append((number, text.lstrip("#").strip()))
            continue
        joined = " ".join(part for _, part in run).strip()
        if len(joined.split()) >= 4 and len(joined) <= _MAX_CHARS and not re.search(r"[=(]\S*$", joined):
            last = number if text and number <= end else run[-1][0]
            found.append(Prose(joined.rstrip(":"), run[0][0], last, len(found)))
        run = []
    return found
