"""Occurrences of a text in Python source, by kind: names, comments, strings."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

_BETWEEN = (tokenize.NL, tokenize.COMMENT, tokenize.ENCODING)
KINDS = ("name", "attribute", "import", "keyword", "comment", "string", "other")


class Occurrence(NamedTuple):
    """`line` 1-based, `column` 0-based in code points; `kind` is one of `KINDS`."""

    line: int
    column: int
    kind: str


def occurrences(source: str, needle: str) -> Iterator[Occurrence]:
    """The occurrences of `needle` in a file, in order: in code an identifier only as a whole word, in comments and strings any text."""
    lines = source.split("\n")
    starts = [
        (number, column)
        for number, line in enumerate(lines, 1)
        for column in _columns(line, needle)
    ]  # fmt: skip
    if not starts:
        return
    kinds = _kinds(source)
    as_word = needle.isidentifier()
    for line, column in starts:
        kind = _kind_at(kinds, lines, line, column)
        text = lines[line - 1]
        whole = not (
            _is_word(text[column - 1 : column]) or _is_word(text[column + len(needle) : column + len(needle) + 1])
        )
        if kind in ("comment", "string") or not as_word or whole:
            yield Occurrence(line, column, kind)


def _columns(line: str, text: str) -> Iterator[int]:
    place = line.find(text)
    while place >= 0:
        yield place
        place = line.find(text, place + 1)


def _is_word(text: str) -> bool:
    return text.isalnum() or text == "_"


def _kinds(source: str) -> list[tuple[tuple[int, int], tuple[int, int], str]]:
    """(start, end, kind) of comments, strings and names, in order, as far as the text can be tokenized."""
    found: list[tuple[tuple[int, int], tuple[int, int], str]] = []
    importing = False
    after_dot = False
    begins = True
    string_types = {
        tokenize.STRING,
        *(getattr(tokenize, n, -1) for n in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")),
    }
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found.append((token.start, token.end, "comment"))
            elif token.type in string_types:
                found.append((token.start, token.end, "string"))
            elif token.type == tokenize.NAME:
                first = begins or not token.line[: token.start[1]].strip()
                importing = importing or (first and token.string in ("import", "from"))
                kind = "keyword" if keyword.iskeyword(token.string) else "import" if importing else "name"
                found.append((token.start, token.end, "attribute" if after_dot and kind == "name" else kind))
            if token.type == tokenize.NEWLINE or (token.type == tokenize.OP and token.string == ";"):
                importing = False
            if token.type not in _BETWEEN:
                after_dot = token.type == tokenize.OP and token.string == "."
                begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT) or token.string in (
                    ";",
                    ":",
                )
    except (tokenize.TokenError, SyntaxError, IndentationError, RecursionError):
        pass  # the kind of what follows is judged by its line alone
    return found


def _kind_at(
    kinds: list[tuple[tuple[int, int], tuple[int, int], str]], lines: list[str], line: int, column: int
) -> str:
    low, high = 0, len(kinds)
    while low < high:
        middle = (low + high) // 2
        if kinds[middle][0] <= (line, column):
            low = middle + 1
        else:
            high = middle
    if low and kinds[low - 1][1] > (line, column):
        return kinds[low - 1][2]
    before = lines[line - 1][:column]
    beyond = not kinds or kinds[-1][1] < (line, column)
    return "comment" if beyond and "#" in before else "other"
