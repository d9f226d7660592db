"""Corrects typing errors in a question that finds no answer: `timzone`, `accpet`, `connnections`.

Only words that occur nowhere in the workspace are corrected, and only a missing letter, an extra letter or two swapped letters. Replacing a
letter or splitting a word would too easily make another word.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator

from ..code_graph import CodeGraph
from ..evidence.everyday import everyday_table
from ..evidence.question import Question
from ..evidence.vocabulary import synonyms
from ..graph import terms

_MIN_LETTERS, _MAX_LETTERS = 5, 24  # shorter words are too similar to others, longer ones are no words
_MAX_CORRECTIONS = 3


def spelling_corrections(graph: CodeGraph, question: Question) -> dict[str, str]:
    """For each misspelt word of the question its probable correction; at most `_MAX_CORRECTIONS`."""
    known_words = synonyms().keys() | everyday_table().words.keys()
    corrections: dict[str, str] = {}
    with graph.store.snapshot():
        for word in question.words:
            is_candidate = (
                word.isascii() and word.isalpha() and word.islower() and _MIN_LETTERS <= len(word) <= _MAX_LETTERS
            )
            if (
                not is_candidate
                or word in question.identifiers
                or terms.stem(word) in known_words
                or _occurrence_count(graph, word)
            ):
                continue
            correction = _best_correction(word, lambda w: _occurrence_count(graph, w))
            if correction:
                corrections[word] = correction
            if len(corrections) == _MAX_CORRECTIONS:
                break
    return corrections


def apply_corrections(text: str, corrections: dict[str, str]) -> str:
    """The text with misspelt words replaced by their corrections."""
    return re.sub(r"\w+", lambda m: corrections.get(m.group(), m.group()), text)


def _occurrence_count(graph: CodeGraph, word: str) -> int:
    """In how many places a word occurs, counting the terms that the search makes of it."""
    return max((sum(len(p) for _, p in graph.store.postings(term)) for term in terms.split(word)), default=0)


def _best_correction(word: str, count_of: Callable[[str], int]) -> str:
    """The most frequent word from which a typing error makes this one; "" if none occurs."""
    best = max(((count_of(other), other) for other in set(_possible_corrections(word))), default=(0, ""))
    return best[1] if best[0] else ""


def _possible_corrections(word: str) -> Iterator[str]:
    """The words one typing error away. The first letter stays, and for missing and extra letters the last one, too: `parse` is another word
    than `parser`."""
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :] if i < len(word) - 1 else word
        yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :] if i > 1 else word
        yield from (word[:i] + letter + word[i:] for letter in string.ascii_lowercase)
