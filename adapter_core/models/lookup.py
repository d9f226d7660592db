"""Guessing what comes next from what is there: an answer about code repeats the code (prompt lookup decoding, Saxena 2023)."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 3


class Lookup:
    """Where each run of one to three tokens last occurred, in a text that grows. `shortest`: the least that must agree to guess at all."""

    def __init__(self, tokens: Sequence[int], shortest: int) -> None:
        self._sizes = range(_LONGEST, shortest - 1, -1)
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # a run, and where it was followed last
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        # Noted one token late: what ends the text has nothing after it to be guessed.
        end = len(self._tokens)
        for size in self._sizes:
            if size <= end:
                self._after[tuple(self._tokens[end - size :])] = end
        self._tokens.append(token)

    def guess(self, count: int) -> list[int]:
        """Up to `count` tokens that followed the longest known run with which the text ends; [] where there is none."""
        end = len(self._tokens)
        for size in self._sizes:
            at = self._after.get(tuple(self._tokens[end - size :])) if size <= end else None
            if at is not None:
                return self._tokens[at : at + count]
        return []
