"""Comments: those above a definition, and those in a function."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...graph.finding.lookup import scope_at
from ...graph.outline import outline_of
from ...types import ModuleFacts, Symbol
from ..inert import code, prose
from .candidate import Candidate, Speaker
from .prose import comment_sentences

_MAX_LINES = 9  # right above a definition
_OF_FILE = re.compile(
    r"\b(?:copyright|licen[cs]e[ds]?|all rights reserved|SPDX|authors?|maintainers?|this (?:file|module|script|program))\b|\(c\)|©",
    re.I,
)


def comments_above(speaker: Speaker, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    name = code(symbol.qualname)
    strings = outline_of("\n".join(lines) + "\n").string_lines
    first = symbol.start
    while first > 1 and lines[first - 2].strip().startswith("#") and first - 1 not in strings:
        first -= 1
    if not "".join(lines[: first - 1]).strip() and _OF_FILE.search("".join(lines[: symbol.start - 1])):
        return  # with which the file begins, and not the symbol
    first = max(first, symbol.start - _MAX_LINES)
    for sentence in comment_sentences(lines, first, symbol.start, strings) if first < symbol.start else ():
        yield speaker.say(
            "comment", f"A comment above {name} says: “{prose(sentence.text)}”", (sentence.start, symbol.name_line)
        )


def comments_in(speaker: Speaker, facts: ModuleFacts, symbol: Symbol, lines: list[str]) -> Iterator[Candidate]:
    """Of a function's comments each in the innermost function that it stands in."""
    strings = outline_of("\n".join(lines) + "\n").string_lines
    for sentence in comment_sentences(lines, symbol.start, symbol.end, strings):
        inner = facts.symbols[scope_at(facts, sentence.start)]
        name = code((inner if inner.is_callable else symbol).qualname)
        yield speaker.say(
            "comment", f"A comment in {name} says: “{prose(sentence.text)}”", (sentence.start, sentence.end)
        )
