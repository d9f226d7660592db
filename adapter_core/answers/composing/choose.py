"""Chooses the sentences of an answer greedily: each for its score and for what those chosen before it do not say yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import terms
from .candidate import COURSES, OF_STATEMENTS, Candidate
from .sentence_scores import highest_score

_REPETITION = 0.65
_SAME_KIND = 0.72
_SHOWN_LINES_LOSS = 0.6  # share of a score lost if all lines of the sentence are shown already
# The share of the best score that the first, second, … sentence must have: later ones must add more.
_MIN_SHARES = (0.0, 0.2, 0.25, 0.28, 0.3, 0.32)
# The same beside the statement that does what is asked: of what is not about its function, little more is needed.
_MIN_SHARE_BESIDE_ACT = 0.6
# The share of a score left if the same was said of another symbol (`Client.get` and `Client.head` take the same).
_TWIN = 0.25


def choose(
    items: Sequence[Candidate], scores: Sequence[float], weights: Mapping[str, float], limit: int
) -> list[Candidate]:
    """At most `limit` sentences, best first; each adds something to those before it."""
    selection = _Selection(items, scores, weights)
    pool = list(range(len(items)))
    best_score = highest_score(items, scores)
    while pool and len(selection.chosen) < limit:
        candidate_index = max(pool, key=selection.value)
        number, value = len(selection.chosen), selection.value(candidate_index)
        if value < best_score * _MIN_SHARES[min(number, len(_MIN_SHARES) - 1)] or (number and not value):
            break
        pool.remove(candidate_index)
        if value < best_score * _MIN_SHARE_BESIDE_ACT and selection.is_beside_act(candidate_index):
            continue
        selection.add(candidate_index)
    return [items[i] for i in selection.chosen]


class _Selection:
    """The chosen sentences, by index, and what they cover: terms of the question, lines, kinds."""

    def __init__(self, items: Sequence[Candidate], scores: Sequence[float], weights: Mapping[str, float]) -> None:
        self.chosen: list[int] = []
        self._items, self._scores, self._weights = items, scores, weights
        self._question_terms = [set(terms.terms_of(item.text)) & weights.keys() for item in items]
        self._statements = [_without_owner(item) for item in items]
        self._lines = [_statement_lines(item) for item in items]
        self._covered_terms: set[str] = set()
        self._shown_lines: set[tuple[str, int]] = set()
        self._course_lines: set[tuple[str, int]] = set()  # of functions described from the first statement to the last
        self._kind_counts: dict[tuple[str, str], int] = {}

    def value(self, i: int) -> float:
        """The score, reduced for terms covered already, lines shown already, and further sentences of the same kind about the same
        symbol."""
        lines, question_terms = self._lines[i], self._question_terms[i]
        if 2 * len(lines & self._course_lines) > len(lines):
            return 0.0
        new = sum(self._weights[t] for t in question_terms - self._covered_terms)
        old = sum(self._weights[t] for t in question_terms & self._covered_terms)
        repeated = old / (new + old) if new + old else 0.5
        shown_share = len(lines & self._shown_lines) / max(1, len(lines))
        return (
            self._scores[i]
            * (1 - (1 - _REPETITION) * repeated)
            * (1 - _SHOWN_LINES_LOSS * shown_share)
            * _SAME_KIND ** self._kind_counts.get(_kind_key(self._items[i]), 0)
            * (_TWIN if self._is_twin(i) else 1.0)
        )

    def _is_twin(self, i: int) -> bool:
        """Whether the same was said of another symbol; not for where several symbols that the question names are defined, and not in a
        listing, where each is part of the answer."""
        item = self._items[i]
        is_expected = (item.named and item.kind == "where") or item.kind in ("listing", "setting")
        return not is_expected and any(self._statements[i] == self._statements[j] for j in self.chosen)

    def is_beside_act(self, i: int) -> bool:
        """Whether the statement is chosen that does what is asked, and the sentence is about something else than its function."""
        acting = {self._items[j].subject for j in self.chosen if self._items[j].kind == "act"}
        return bool(acting) and self._items[i].subject not in acting

    def add(self, i: int) -> None:
        self.chosen.append(i)
        self._covered_terms |= self._question_terms[i]
        self._shown_lines |= self._lines[i]
        self._course_lines |= self._lines[i] if self._items[i].kind in COURSES else set()
        key = _kind_key(self._items[i])
        self._kind_counts[key] = self._kind_counts.get(key, 0) + 1


def _kind_key(item: Candidate) -> tuple[str, str]:
    """The key by which kinds are counted: per subject, but definitions ("where") together."""
    return ("", item.kind) if item.kind == "where" else (item.subject, item.kind)


def _without_owner(item: Candidate) -> tuple[str, str]:
    """The text of a sentence before and after its first code span, which names the subject."""
    before, _, behind = item.text.partition("`")
    return before, behind.partition("`")[2]


def _statement_lines(item: Candidate) -> set[tuple[str, int]]:
    """The (path, line) pairs that a sentence about statements cites; empty for other kinds, since much is said about one header."""
    return (
        {(path, n) for path, a, b in item.spans for n in range(a, b + 1)}
        if item.kind in OF_STATEMENTS or item.kind == "used"
        else set()
    )
