"""A question that finds no answer, with its slips of typing mended: `timzone`, `accpet`, `connnections`.

Only words that stand nowhere in the workspace are looked at, and only what fingers do is undone: a letter left out or too many, two in the
wrong order. Another letter in its place, or a space too few, makes another word too easily.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator

from ..code_graph import CodeGraph
from ..evidence.everyday import everyday
from ..evidence.question import Question
from ..evidence.vocabulary import synonyms
from ..graph import terms

_LEAST, _MOST = 5, 24  # letters; of shorter words too many are alike, and longer ones are none
_MOST_WORDS = 3


def spelling_corrections(graph: CodeGraph, question: Question) -> dict[str, str]:
    """The words of a question that stand nowhere, with how they were probably meant; empty where none can be told."""
    spoken = synonyms().keys() | everyday().words.keys()
    found: dict[str, str] = {}
    with graph.store.snapshot():
        for word in question.words:
            unknown = word.isascii() and word.isalpha() and word.islower() and _LEAST <= len(word) <= _MOST
            if not unknown or word in question.identifiers or terms.stem(word) in spoken or _standing(graph, word):
                continue
            meant = _meant(word, lambda w: _standing(graph, w))
            if meant:
                found[word] = meant
            if len(found) == _MOST_WORDS:
                break
    return found


def apply_corrections(text: str, meant: dict[str, str]) -> str:
    """A question with these words in place of those that were typed."""
    return re.sub(r"\w+", lambda m: meant.get(m.group(), m.group()), text)


def _standing(graph: CodeGraph, word: str) -> int:
    """In how many places a word stands, in the forms that the search takes for it."""
    return max((sum(len(p) for _, p in graph.store.postings(term)) for term in terms.split(word)), default=0)


def _meant(word: str, standing: Callable[[str], int]) -> str:
    """The word that stands in most places, of those that a slip makes this one of; "" where there is none."""
    best = max(((standing(other), other) for other in set(_slips(word))), default=(0, ""))
    return best[1] if best[0] else ""


def _slips(word: str) -> Iterator[str]:
    """The first letter stays, and so does the last where one is left out or too many: `parse` is another word than `parser`."""
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :] if i < len(word) - 1 else word
        yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :] if i > 1 else word
        yield from (word[:i] + letter + word[i:] for letter in string.ascii_lowercase)
