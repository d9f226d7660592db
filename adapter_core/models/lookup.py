"""Guess the next tokens from the text so far: an answer about code repeats the code (prompt lookup decoding, Saxena 2023)."""

from __future__ import annotations

from collections.abc import Sequence

# A pass with guesses costs about twice as much as one without: fewer tokens in common are wrong too often for that.
RUN = 3
MAX_GUESSED = 7


class Lookup:
    """Where each run of `RUN` tokens last occurred, in a text that grows."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # a run, and where it was followed last
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        # Noted one token late: what ends the text has nothing after it to be guessed.
        if len(self._tokens) >= RUN:
            self._after[tuple(self._tokens[-RUN:])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self, count: int) -> list[int]:
        """Up to `count` tokens that last followed the run with which the text ends; [] where nothing did."""
        at = self._after.get(tuple(self._tokens[-RUN:]))
        return [] if at is None else self._tokens[at : at + count]
