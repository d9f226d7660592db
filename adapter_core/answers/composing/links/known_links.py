"""The links to and from a symbol (callers, tests, overrides, subclasses), each looked up in the graph once."""

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
_CALLERS_SHARE = 0.6  # of the remaining time, for one look-up of callers
_SHORT_SECONDS = 1.0
_TESTS_SECONDS = 1.0  # the user is waiting
_MAX_TEST_DISTANCE = 3  # calls from a test to the symbol
_NAME_ONLY_DISTANCE = 9  # the distance that the graph gives to tests linked by name alone


class Links:
    """The links of one symbol. `budget`: the time for all links of an answer."""

    def __init__(self, graph: CodeGraph, ref: SymbolRef, budget: TimeBudget | None = None) -> None:
        self.graph = graph
        self.ref = ref
        self._budget = budget or TimeBudget(graph)
        self._callers: Listing | None = None
        self._seconds = 0.0  # the time limit of the last look-up of callers
        # The kinds of links ("overrides", "subclasses") of which the time did not suffice to find all.
        self.incomplete: set[str] = set()

    @property
    def callers(self) -> Listing:
        return self._look_up_callers(CALLERS_SECONDS)

    @property
    def callers_soon(self) -> Listing:
        """The callers known already, or found within `_SHORT_SECONDS`."""
        return self._look_up_callers(_SHORT_SECONDS)

    def _look_up_callers(self, seconds: float) -> Listing:
        if self._callers is None or (not self._callers.complete and self._seconds < seconds):
            # Leave some time for the other links.
            left, self._seconds = self._budget.left, seconds
            limit = seconds if left is None else min(seconds, _CALLERS_SHARE * left)
            self._callers = self._look_up(
                limit, lambda s: self.graph.who_calls(self.ref, implicit=False, limit_seconds=s)
            )
        return self._callers

    @cached_property
    def tests(self) -> Listing:
        """All tests from which at most `_MAX_TEST_DISTANCE` calls lead here, likely ones first."""
        lookup = self.graph.tests_for_symbol
        found = self._look_up(_TESTS_SECONDS, lambda s: lookup(self.ref, _MAX_TEST_DISTANCE, s, least=0.0))
        reached: tuple[TestLink, ...] = tuple(
            t for t in found.items if t.distance < _NAME_ONLY_DISTANCE and not t.guessed
        )
        return Listing(reached, found.complete, found.reason)

    def _look_up(self, seconds: float, lookup: Callable[[float], Listing]) -> Listing:
        """The result of a look-up within `seconds`; sets the budget's `cut` if that was too short."""
        started = time.monotonic()
        with self._budget.spend():
            found = lookup(seconds)
        if not found.complete and time.monotonic() - started >= seconds:
            self._budget.cut = True
        return found

    @cached_property
    def overrides(self) -> list[SymbolRef]:
        is_method = self.ref.symbol.kind in ("method", "property")
        return self._look_up_all("overrides", self.graph.overrides_of) if is_method else []

    @cached_property
    def overridden(self) -> list[SymbolRef]:
        is_method = self.ref.symbol.kind in ("method", "property")
        return self._look_up_all("overridden", self.graph.overridden_by) if is_method else []

    @cached_property
    def subclasses(self) -> list[SymbolRef]:
        return self._look_up_all("subclasses", self.graph.subclasses_of) if self.ref.symbol.kind == "class" else []

    def _look_up_all(self, kind: str, lookup: Callable[[SymbolRef], list[SymbolRef]]) -> list[SymbolRef]:
        with self._budget.spend():
            found = lookup(self.ref)
            if self._budget.over:
                self.incomplete.add(kind)
        return found


class KnownLinks:
    """A cache of look-ups for one answer or one checked text, valid as long as the graph sees the same texts. `budget`: the time for
    all."""

    def __init__(self, graph: CodeGraph, budget: TimeBudget | None = None) -> None:
        self.graph = graph
        self.budget = budget or TimeBudget(graph)
        self._inference = graph.inference
        self._results: dict[object, Any] = {}

    def of(self, ref: SymbolRef) -> Links:
        key = "links", ref.path, ref.symbol.start, ref.symbol.qualname
        return self.once(key, lambda: Links(self.graph, ref, self.budget))

    def once(self, key: object, lookup: Callable[[], T]) -> T:
        if self._inference is not self.graph.inference:  # which is another one when the texts are
            self._inference, self._results = self.graph.inference, {}
        if key not in self._results:
            self._results[key] = lookup()
        found: T = self._results[key]
        return found
