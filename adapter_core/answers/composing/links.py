"""What links lead to and from one symbol, each kind asked of the graph once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

from ...code_graph import CodeGraph
from ...graph.call_sites import CALLERS_SECONDS
from ...types import Listing, SymbolRef, TestLink
from .budget import TimeBudget

_OF_CALLERS = 0.6  # of the time that is left
_TESTS_SECONDS = 1.0  # of one answer, which is waited for
_TEST_CALLS = 3  # over which a test is still said to lead somewhere
_NAMED_ONLY = 9  # the distance of tests that are linked by their name alone


class Links:
    """`budget`: the time for this and all other links of an answer."""

    def __init__(self, graph: CodeGraph, ref: SymbolRef, budget: TimeBudget | None = None) -> None:
        self.graph = graph
        self.ref = ref
        self._budget = budget
        self._left = budget.left if budget is not None else None

    @cached_property
    def callers(self) -> Listing:
        # Some time is left for what else there is to find of it.
        seconds = CALLERS_SECONDS if self._left is None else min(CALLERS_SECONDS, _OF_CALLERS * self._left)
        return self._look(seconds, lambda s: self.graph.who_calls(self.ref, implicit=False, limit_seconds=s))

    @cached_property
    def tests(self) -> Listing:
        """All tests from which a few calls lead here, likely ones first."""
        look = self.graph.tests_for_symbol
        found = self._look(_TESTS_SECONDS, lambda s: look(self.ref, _TEST_CALLS, s, least=0.0))
        reached: tuple[TestLink, ...] = tuple(t for t in found.items if t.distance < _NAMED_ONLY and not t.guessed)
        return Listing(reached, found.complete, found.reason)

    def _look(self, seconds: float, look: Callable[[float], Listing]) -> Listing:
        """What is found within so long; where that was too short, the budget knows."""
        begun = time.monotonic()
        found = look(seconds)
        if self._budget is not None and not found.complete and time.monotonic() - begun >= seconds:
            self._budget.cut = True
        return found

    @cached_property
    def overrides(self) -> list[SymbolRef]:
        return self.graph.overrides_of(self.ref) if self.ref.symbol.kind in ("method", "property") else []

    @cached_property
    def overridden(self) -> list[SymbolRef]:
        return self.graph.overridden_by(self.ref) if self.ref.symbol.kind in ("method", "property") else []

    @cached_property
    def subclasses(self) -> list[SymbolRef]:
        return self.graph.subclasses_of(self.ref) if self.ref.symbol.kind == "class" else []
