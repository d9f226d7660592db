"""Which of the candidate sentences enter the answer: the best first, each for what the ones before it did not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import terms
from .candidate import COURSES, OF_STATEMENTS, Candidate
from .sentence_scores import highest

_REPETITION = 0.65
_SAME_KIND = 0.72
_SHOWN = 0.6  # what a sentence loses whose lines are all shown already
# Of the best score, what a sentence must have to come first, second, …: the further down, the more it must tell.
_MIN_SHARES = (0.0, 0.2, 0.25, 0.28, 0.3, 0.32)
# Of a score is left to what was just said of another symbol (`Client.get` and `Client.head` take the same).
_TWIN = 0.25


def choose(
    items: Sequence[Candidate], scores: Sequence[float], weights: Mapping[str, float], limit: int
) -> list[Candidate]:
    """At most `limit` sentences, the best first: each adds what the ones before it did not say."""
    choice = _Choice(items, scores, weights)
    pool = list(range(len(items)))
    most = highest(items, scores)
    while pool and len(choice.chosen) < limit:
        best = max(pool, key=choice.value)
        number, value = len(choice.chosen), choice.value(best)
        if value < most * _MIN_SHARES[min(number, len(_MIN_SHARES) - 1)] or (number and not value):
            break
        pool.remove(best)
        choice.take(best)
    return [items[i] for i in choice.chosen]


class _Choice:
    """What was chosen, and what is said by it. Sentences are known by their numbers."""

    def __init__(self, items: Sequence[Candidate], scores: Sequence[float], weights: Mapping[str, float]) -> None:
        self.chosen: list[int] = []
        self._items, self._scores, self._weights = items, scores, weights
        self._present = [set(terms.terms_of(item.text)) & weights.keys() for item in items]
        self._alike = [_without_owner(item) for item in items]
        self._lines = [_statement_lines(item) for item in items]
        self._said: set[str] = set()
        self._shown: set[tuple[str, int]] = set()
        self._whole: set[tuple[str, int]] = set()  # of functions that are told from the first statement to the last
        self._kinds: dict[tuple[str, str], int] = {}

    def value(self, i: int) -> float:
        """The score, less what is said already, stands on lines shown already, and is the same kind of sentence about the same symbol."""
        lines, present = self._lines[i], self._present[i]
        if 2 * len(lines & self._whole) > len(lines):
            return 0.0
        new = sum(self._weights[t] for t in present - self._said)
        old = sum(self._weights[t] for t in present & self._said)
        repeated = old / (new + old) if new + old else 0.5
        again = len(lines & self._shown) / max(1, len(lines))
        return (
            self._scores[i]
            * (1 - (1 - _REPETITION) * repeated)
            * (1 - _SHOWN * again)
            * _SAME_KIND ** self._kinds.get(_kind_key(self._items[i]), 0)
            * (_TWIN if self._is_twin(i) else 1.0)
        )

    def _is_twin(self, i: int) -> bool:
        """Whether the same was said of another symbol; of several things that the question names, all are told where they are."""
        item = self._items[i]
        both_asked = item.named and item.kind == "where"
        return not both_asked and any(self._alike[i] == self._alike[j] for j in self.chosen)

    def take(self, i: int) -> None:
        self.chosen.append(i)
        self._said |= self._present[i]
        self._shown |= self._lines[i]
        self._whole |= self._lines[i] if self._items[i].kind in COURSES else set()
        key = _kind_key(self._items[i])
        self._kinds[key] = self._kinds.get(key, 0) + 1


def _kind_key(item: Candidate) -> tuple[str, str]:
    """What counts as the same kind of sentence: that something is defined somewhere, of whatever; anything else, of the same symbol."""
    return ("", item.kind) if item.kind == "where" else (item.subject, item.kind)


def _without_owner(item: Candidate) -> tuple[str, str]:
    """What a sentence says, whatever it says it of: what comes behind its first code span."""
    before, _, behind = item.text.partition("`")
    return before, behind.partition("`")[2]


def _statement_lines(item: Candidate) -> set[tuple[str, int]]:
    """The lines of a sentence about statements; none of one about a header, on which many things are said."""
    return (
        {(path, n) for path, a, b in item.spans for n in range(a, b + 1)}
        if item.kind in OF_STATEMENTS or item.kind == "used"
        else set()
    )
