"""What is written beside a declaration: the string below it, the comment behind or above it, and what the docstring of its class says of
its name."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace

from ....graph.outline import docstring_span
from ...inert import prose
from ..documentation.running_text import docstring_prose
from .declared import Declared
from .quotable import MAX_QUOTED, Lines

_NO_COMMENT = re.compile(r"#+:?\s*(?:noqa|type:|pragma|pylint|mypy|ruff|fmt:|nosec|TODO|FIXME|XXX|!|-{3,}|={3,})", re.I)
_COMMENT = re.compile(r"(?<=\s)#+:? *(?P<text>[^#\"'\s](?:[^#\"']*[^#\"'\s])?)\s*\Z")
_LINE_COMMENT = re.compile(r"\s*#+:? *(?P<text>\S.*?)\s*\Z")
_MIN_WORDS, _MAX_CHARS, _MAX_LINES_ABOVE = 3, 300, 6
ENTRY = re.compile(
    r"(?:\([^()]{1,40}\) ?)?[`*'\"]{0,3}(?P<name>[A-Za-z]\w*)[`*'\"]{0,3}(?: ?\([^()]{1,40}\))?(?::| --?| [–—]) +(?P<says>\S)"
)
_FIELDS = frozenset({"param", "attribute", "attr", "ivar", "cvar", "var", "keyword"})


def string_below(below: ast.stmt | None) -> ast.expr | None:
    """The string that a statement is, which documents the assignment above it."""
    value = below.value if isinstance(below, ast.Expr) else None
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def with_comment(one: Declared, lines: list[str], min_words: int = _MIN_WORDS) -> Declared:
    """The same, documented by the comment behind it, else by the one right above it, if that has at least `min_words`."""
    text, shown = _comment_at(lines, one.start, one.end)
    if not text or len(text) > _MAX_CHARS or len(text.split()) < min_words or re.search("[“”]", text):
        return one
    return replace(one, quoted=prose(text), word="comment", help_shown=(shown, *one.shown))


def _comment_at(lines: list[str], start: int, end: int) -> tuple[str, Lines]:
    behind = _COMMENT.search(lines[end - 1])
    if behind is not None and not _NO_COMMENT.match(lines[end - 1], behind.start()):
        return behind["text"], (end, end)
    above: list[str] = []
    first = start
    while (
        first > 1
        and (match := _LINE_COMMENT.match(lines[first - 2]))
        and not _NO_COMMENT.match(lines[first - 2].lstrip())
    ):
        above.insert(0, match["text"])
        first -= 1
    return (" ".join(above), (first, start - 1)) if 0 < len(above) <= _MAX_LINES_ABOVE else ("", (0, 0))


def entries_of(node: ast.ClassDef, lines: list[str]) -> Mapping[str, tuple[str, Lines]]:
    """What the docstring of a class says of names, by name: the first sentences as inert text, and the lines that show them."""
    span = docstring_span(node)
    found: dict[str, list[tuple[str, Lines]]] = {}
    name, entry_line = "", 0
    for sentence in docstring_prose(lines, *span) if span is not None else ():
        field, _, rest = sentence.field.partition(" ")
        text = sentence.text
        if rest:
            name = rest.split()[-1] if field in _FIELDS else ""
        elif match := ENTRY.match(text):
            name, entry_line, text = match["name"], sentence.field_line, text[match.start("says") :]
        elif sentence.field_line != entry_line:
            name = ""
        if name:
            found.setdefault(name, []).append((text, (sentence.field_line if rest else sentence.start, sentence.end)))
    told = {name: _first_of(sentences) for name, sentences in found.items()}
    return {name: entry for name, entry in told.items() if entry[0]}


def _first_of(sentences: list[tuple[str, Lines]]) -> tuple[str, Lines]:
    taken = sentences[:2] if sum(len(text) for text, _ in sentences[:2]) < MAX_QUOTED else sentences[:1]
    text = prose(" ".join(" ".join(text.split()) for text, _ in taken))
    return ("" if re.search("[“”]", text) else text), (taken[0][1][0], taken[-1][1][1])


def with_entry(one: Declared, entries: Mapping[str, tuple[str, Lines]]) -> Declared:
    """The same, documented by what the docstring of its class says of it."""
    if one.quoted or one.dest not in entries:
        return one
    text, shown = entries[one.dest]
    return replace(one, quoted=text, word="documentation", help_shown=(shown, *one.shown))
