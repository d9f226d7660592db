"""What links lead to and from one symbol, each kind asked of the graph once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from ....code_graph import CodeGraph
from ....graph.calls.call_sites import CALLERS_SECONDS
from ....types import Listing, SymbolRef, TestLink
from .time_budget import TimeBudget

T = TypeVar("T")
_OF_CALLERS = 0.6  # of the time that is left
_SOON_SECONDS = 1.0
_TESTS_SECONDS = 1.0  # of one answer, which is waited for
_TEST_CALLS = 3  # over which a test is still said to lead somewhere
_NAMED_ONLY = 9  # the distance of tests that are linked by their name alone


class Links:
    """`budget`: the time for this and all other links of an answer."""

    def __init__(self, graph: CodeGraph, ref: SymbolRef, budget: TimeBudget | None = None) -> None:
        self.graph = graph
        self.ref = ref
        self._budget = budget or TimeBudget(graph)
        self._callers: Listing | None = None
        self._seconds = 0.0  # that these were looked for
        self.late: set[str] = set()  # what the time was over for before all of it was found: "overrides", "subclasses"

    @property
    def callers(self) -> Listing:
        return self._called(CALLERS_SECONDS)

    @property
    def callers_soon(self) -> Listing:
        """Those that are known, or found in a short time."""
        return self._called(_SOON_SECONDS)

    def _called(self, seconds: float) -> Listing:
        if self._callers is None or (not self._callers.complete and self._seconds < seconds):
            # Some time is left for what else there is to find of it.
            left, self._seconds = self._budget.left, seconds
            most = seconds if left is None else min(seconds, _OF_CALLERS * left)
            self._callers = self._look(most, lambda s: self.graph.who_calls(self.ref, implicit=False, limit_seconds=s))
        return self._callers

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
        with self._budget.spend():
            found = look(seconds)
        if not found.complete and time.monotonic() - begun >= seconds:
            self._budget.cut = True
        return found

    @cached_property
    def overrides(self) -> list[SymbolRef]:
        is_method = self.ref.symbol.kind in ("method", "property")
        return self._whole("overrides", self.graph.overrides_of) if is_method else []

    @cached_property
    def overridden(self) -> list[SymbolRef]:
        is_method = self.ref.symbol.kind in ("method", "property")
        return self._whole("overridden", self.graph.overridden_by) if is_method else []

    @cached_property
    def subclasses(self) -> list[SymbolRef]:
        return self._whole("subclasses", self.graph.subclasses_of) if self.ref.symbol.kind == "class" else []

    def _whole(self, what: str, look: Callable[[SymbolRef], list[SymbolRef]]) -> list[SymbolRef]:
        with self._budget.spend():
            found = look(self.ref)
            if self._budget.over:
                self.late.add(what)
        return found


class KnownLinks:
    """What was looked for in one answer, or in one text that is checked: each thing once, as long as the graph sees the same texts.
    `budget`: the time for all of it."""

    def __init__(self, graph: CodeGraph, budget: TimeBudget | None = None) -> None:
        self.graph = graph
        self.budget = budget or TimeBudget(graph)
        self._inference = graph.inference
        self._known: dict[object, Any] = {}

    def of(self, ref: SymbolRef) -> Links:
        key = "links", ref.path, ref.symbol.start, ref.symbol.qualname
        return self.once(key, lambda: Links(self.graph, ref, self.budget))

    def once(self, key: object, look: Callable[[], T]) -> T:
        if self._inference is not self.graph.inference:  # which is another one when the texts are
            self._inference, self._known = self.graph.inference, {}
        if key not in self._known:
            self._known[key] = look()
        found: T = self._known[key]
        return found
