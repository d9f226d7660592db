"""The time that one answer may spend on looking for links: callers, tests and the like.

Where a repository's calls are not linked yet, each look may take seconds, and an answer looks many times. So the time is one for all of
them; when it is over, what was found by then is told, and that there may be more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ....code_graph import CodeGraph


class TimeBudget:
    """`seconds` in all (None: no limit). `check`: raises where nobody waits for the answer any more."""

    def __init__(self, graph: CodeGraph, seconds: float | None = None, check: Callable[[], None] | None = None) -> None:
        self._graph = graph
        self._left = seconds  # when `spend` was entered last
        self.check = check or _nothing
        self._begun: float | None = None  # since when it is being spent
        self.cut = False  # a single look-up was stopped at its own share although the budget is not used up

    @property
    def left(self) -> float | None:
        """Seconds from now on, not less than 0."""
        if self._left is None or self._begun is None:
            return self._left
        return max(0.0, self._left - (time.monotonic() - self._begun))

    @property
    def over(self) -> bool:
        return self.left == 0

    @contextmanager
    def spend(self) -> Iterator[None]:
        """What the graph is asked in here counts, once however often it is entered, and ends with the budget."""
        if self._begun is not None:
            yield
            return
        self.check()
        self._begun = time.monotonic()
        try:
            with self._graph.within(self._left):
                yield
        finally:
            self._left, self._begun = self.left, None


def _nothing() -> None:
    pass
