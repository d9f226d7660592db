"""The time that one answer may spend on looking up links: callers, tests and the like.

While a repository's calls are not linked yet, each look-up may take seconds, and an answer makes many. So they share one budget; when it is
used up, the answer holds what was found by then and says that there may be more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ....code_graph import CodeGraph


class TimeBudget:
    """`seconds`: in all (None: no limit). `check`: raises if the answer was cancelled."""

    def __init__(self, graph: CodeGraph, seconds: float | None = None, check: Callable[[], None] | None = None) -> None:
        self._graph = graph
        self._left = seconds  # as of the last entry of `spend`
        self.check = check or _check_nothing
        self._started: float | None = None  # when the outermost `spend` was entered
        self.cut = False  # a single look-up was stopped at its own share although the budget is not used up

    @property
    def left(self) -> float | None:
        """Seconds from now on, not less than 0."""
        if self._left is None or self._started is None:
            return self._left
        return max(0.0, self._left - (time.monotonic() - self._started))

    @property
    def over(self) -> bool:
        return self.left == 0

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Time in this context is spent from the budget, which limits the graph's work in it. Nested contexts count once."""
        if self._started is not None:
            yield
            return
        self.check()
        self._started = time.monotonic()
        try:
            with self._graph.within(self._left):
                yield
        finally:
            self._left, self._started = self.left, None


def _check_nothing() -> None:
    pass
