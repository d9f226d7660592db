"""The words that code uses for what people say in other words: `discard` for "thrown away", `nav` for "menu". Unlike synonyms these go in
one direction only, and include phrases."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..graph import terms
from .vocabulary import user_synonym_lines

_BUILT_IN = Path(__file__).with_name("everyday.txt")

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EverydayTable:
    """`words`: term to the terms that code uses for it, the likeliest first. `phrases`: the same for phrases of several words, in lower
    case and unstemmed; `longest`: the number of words in the longest."""

    words: Mapping[str, tuple[str, ...]]
    phrases: Mapping[Phrase, tuple[str, ...]]
    longest: int

    def phrases_in(self, text: str) -> dict[Phrase, tuple[str, ...]]:
        """The phrases of the table that a text contains, in order, with the terms that code uses; of overlapping ones the first, and of
        those the longest."""
        text_words = [word.lower() for word in terms.words(text)]
        phrases: dict[Phrase, tuple[str, ...]] = {}
        position = 0
        while position < len(text_words):
            lengths = range(min(self.longest, len(text_words) - position), 1, -1)
            length = next((n for n in lengths if tuple(text_words[position : position + n]) in self.phrases), 0)
            if length:
                phrase = tuple(text_words[position : position + length])
                phrases[phrase] = self.phrases[phrase]
            position += length or 1
        return phrases


def everyday_table() -> EverydayTable:
    """The table that comes with Pathline and the `->` lines of the user's own synonyms file. Raises `UsageError` where that cannot be
    read."""
    return _read_all(user_synonym_lines())


@functools.lru_cache(maxsize=4)
def _read_all(user_lines: tuple[str, ...]) -> EverydayTable:
    return read_table((*_BUILT_IN.read_text("utf-8").split("\n"), *user_lines))


def read_table(lines: tuple[str, ...]) -> EverydayTable:
    """Parse lines such as `spoken | also spoken -> code words`; `#` begins a comment, and lines without `->` are skipped."""
    words: dict[str, tuple[str, ...]] = {}
    phrases: dict[Phrase, tuple[str, ...]] = {}
    for line in lines:
        spoken, _, code_words = line.partition("#")[0].lower().partition("->")
        code_terms = tuple(dict.fromkeys(terms.stem(word) for word in code_words.split()))
        for spoken_phrase in spoken.split("|") if code_terms else ():
            phrase = tuple(spoken_phrase.split())
            if len(phrase) == 1:
                word = terms.stem(phrase[0])
                words[word] = _joined(words.get(word), code_terms)
            elif phrase:
                phrases[phrase] = _joined(phrases.get(phrase), code_terms)
    return EverydayTable(
        {word: tuple(t for t in code_terms if t != word) for word, code_terms in words.items()},
        phrases,
        max(map(len, phrases), default=0),
    )


def _joined(known: tuple[str, ...] | None, further: tuple[str, ...]) -> tuple[str, ...]:
    # The forms of one line share a tuple, so that a table of many thousand phrases stays small and is read quickly.
    return tuple(dict.fromkeys((*known, *further))) if known else further
