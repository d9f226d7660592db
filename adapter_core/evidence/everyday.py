"""What code says where people say it in other words: `discard` for "thrown away", `nav` for "menu". In one direction, phrases as well."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..graph import terms
from .vocabulary import own_lines

_BUILT_IN = Path(__file__).with_name("everyday.txt")

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Everyday:
    """`words`: the term of a word to the terms that code has for it, the likeliest first. `phrases`: the same for several words, in lower
    case as they are said; none has more than `longest`."""

    words: Mapping[str, tuple[str, ...]]
    phrases: Mapping[Phrase, tuple[str, ...]]
    longest: int

    def phrases_in(self, text: str) -> tuple[Phrase, ...]:
        """The phrases that a text says, each once, in order; of those that overlap the longest that begins first."""
        said = [word.lower() for word in terms.words(text)]
        found: dict[Phrase, None] = {}
        at = 0
        while at < len(said):
            lengths = range(min(self.longest, len(said) - at), 1, -1)
            length = next((n for n in lengths if tuple(said[at : at + n]) in self.phrases), 0)
            if length:
                found[tuple(said[at : at + length])] = None
            at += length or 1
        return tuple(found)


def everyday() -> Everyday:
    """The table that comes with Pathline, and the lines with `->` of the user's own synonyms. Raises `UsageError` where these cannot be
    read."""
    return _table(own_lines())


@functools.lru_cache(maxsize=4)
def _table(own: tuple[str, ...]) -> Everyday:
    return read_table((*_BUILT_IN.read_text("utf-8").split("\n"), *own))


def read_table(lines: tuple[str, ...]) -> Everyday:
    """Lines `said | said so, too -> code words`, `#` before comments; others are passed over."""
    words: dict[str, dict[str, None]] = {}
    phrases: dict[Phrase, dict[str, None]] = {}
    for line in lines:
        said, _, written = line.partition("#")[0].lower().partition("->")
        code = dict.fromkeys(terms.stem(word) for word in written.split())
        for one in said.split("|") if code else ():
            parts = tuple(one.split())
            if len(parts) == 1:
                words.setdefault(terms.stem(parts[0]), {}).update(code)
            elif parts:
                phrases.setdefault(parts, {}).update(code)
    return Everyday(
        {word: tuple(t for t in code if t != word) for word, code in words.items()},
        {phrase: tuple(code) for phrase, code in phrases.items()},
        max(map(len, phrases), default=0),
    )
