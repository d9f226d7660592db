"""Memoization of inference: results are cached with what was read for them, recursion is resolved to a fixed point, and the cost of a
query is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from ....types import CancelToken
from ...memory.recent import Generations, Recent
from .reads import NOTHING, Read, Reads
from .values import EMPTY, Values

T = TypeVar("T")
_MAX_DEPTH = 40
# A step is one evaluation, some 20 µs. A query that takes more steps returns what is known by then.
MAX_STEPS = 1_500
_EXPENSIVE_STEPS = 150
_MAX_ROUNDS = 3
_FILE_STEPS = 8
_MAX_RESULTS = 60_000  # and as many of the generation before
_MAX_DATA = 50_000
_NO_DEPENDENCY = 1_000_000  # a depth that nothing has


class _Provisional(NamedTuple):
    """A result that holds for the running query only. `depends_on`: the lowest depth of an unfinished computation that it depends on
    (-1: a limit was reached); `dependency_bits`: one bit for each depth of such a computation."""

    values: Values
    read: Read
    depends_on: int
    dependency_bits: int


def _size_of(entry: tuple[Any, Read, int]) -> int:
    """The weight of cached data, by its length."""
    data = entry[0]
    return 1 + len(data) // 4 if isinstance(data, (list, tuple)) else 1


class _Active:
    """A running computation; `assumed`: the result that recursive uses get meanwhile."""

    __slots__ = ("assumed", "depth")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.assumed: Values = EMPTY


class QueryCache:
    """Valid as long as what is read does not change. Not thread-safe."""

    def __init__(self, reads: Reads | None) -> None:
        self.reads = reads
        self.max_steps = MAX_STEPS
        self.incomplete = False  # a limit was reached since this was last set to False
        self._deadline: float | None = None  # by `time.monotonic`
        self._cancels: tuple[CancelToken, ...] = ()
        self._has_limit = False  # there is a deadline or a token
        # The flag: the result is incomplete, and kept only because it was expensive.
        self._results: Generations[object, tuple[Values, Read, bool]] = Generations()
        self._provisional: dict[object, _Provisional] = {}
        self._data: Recent[object, tuple[Any, Read, int]] = Recent(_MAX_DATA, _size_of)
        # Kept although incomplete (`keep_incomplete`), since recomputing may give another result. Never evicted: one entry per class.
        self._incomplete_data: dict[object, tuple[Any, Read, int]] = {}
        self._singletons: dict[Values, Values] = {}
        self._active: dict[object, _Active] = {}
        self._lowest_dependency = _NO_DEPENDENCY
        self._dependency_bits = 0
        self._steps = 0  # of the running query
        self._spent_on_files = 0  # of these the ones that `spend` counted, outside of memoized results

    def memoize(self, key: object, compute: Callable[[], Values]) -> Values:
        """`compute()`, cached under `key`. A computation that depends on itself gets the result so far.

        A result that is incomplete because an enclosing computation is unfinished holds for the running query only.
        """
        known = self.cached(key)
        return self.evaluate(key, compute) if known is None else known

    def cached(self, key: object) -> Values | None:
        """The cached result of a key, or None."""
        stored = self._results.get(key)
        if stored is not None:
            values, read, was_incomplete = stored
            if was_incomplete:
                self.incomplete = True
        else:
            provisional = self._provisional.get(key) if self._active else None
            if provisional is None:
                return None
            values, read, depends_on, dependency_bits = provisional
            self._dependency_bits |= dependency_bits
            if depends_on < self._lowest_dependency:
                self._lowest_dependency = depends_on
        if self.reads is not None:
            self.reads.add(read)
        return values

    def evaluate(self, key: object, compute: Callable[[], Values]) -> Values:
        """`memoize` for a key that is not cached."""
        running = self._active.get(key)
        if running is not None:
            if running.depth < self._lowest_dependency:
                self._lowest_dependency = running.depth
            self._dependency_bits |= 1 << running.depth
            return running.assumed
        depth = len(self._active)
        if depth == 0:
            self._start_query()
        self._steps += 1
        if depth >= _MAX_DEPTH or self.exhausted:
            self.mark_incomplete()
            return EMPTY
        steps_before, spent = self._steps, self._spent_on_files
        active = self._active[key] = _Active(depth)
        outer_lowest, self._lowest_dependency = self._lowest_dependency, _NO_DEPENDENCY
        outer_bits, self._dependency_bits = self._dependency_bits, 0
        reading = self.reads.begin() if self.reads is not None else 0
        result = EMPTY
        try:
            result = compute()
            for _ in range(_MAX_ROUNDS):
                # A recursive use got less than the result: compute again with the result so far (a fixed point).
                if self._lowest_dependency != depth or active.assumed == result or self.exhausted:
                    break
                active.assumed = result
                self._drop_provisional(depth)
                self._lowest_dependency = _NO_DEPENDENCY
                result |= compute()
        except RecursionError:
            # Nested expressions take more frames than the depth that is counted here.
            result = EMPTY
            self.mark_incomplete()
        finally:
            dependency_bits, own_bit = self._dependency_bits, 1 << depth
            self._dependency_bits = outer_bits | (dependency_bits & ~own_bit)
            del self._active[key]
            self._spent_on_files = spent
        if dependency_bits & own_bit and active.assumed != result:
            # Results that used an outdated assumption about this one are computed again when needed.
            self._provisional = {
                key: provisional
                for key, provisional in self._provisional.items()
                if not provisional.dependency_bits & own_bit
            }
        if len(result) == 1:
            result = self._singletons.setdefault(result, result)  # most are the one value that others are, too
        read = self.reads.end(reading) if self.reads is not None else NOTHING
        if self._lowest_dependency >= depth:
            self._results[key] = result, read, False
            self._lowest_dependency = outer_lowest
        else:
            self._store_provisional(
                key,
                _Provisional(result, read, self._lowest_dependency, dependency_bits & ~own_bit),
                self._steps - steps_before,
            )
            self._lowest_dependency = min(outer_lowest, self._lowest_dependency)
        return result

    def _store_provisional(self, key: object, provisional: _Provisional, steps: int) -> None:
        """Keep an incomplete result for the running query; an expensive one for longer, since computing it again would cost as much and
        give as little."""
        if steps > _EXPENSIVE_STEPS and not self.expired and self.max_steps == MAX_STEPS:
            self._results[key] = provisional.values, provisional.read, True
        else:
            self._provisional[key] = provisional

    def _start_query(self) -> None:
        self._steps = 0
        self._provisional.clear()
        if self._results.young > _MAX_RESULTS:
            self._make_room()

    def memoize_data(self, key: object, compute: Callable[[], T], keep_incomplete: bool = False) -> T:
        """`memoize` for anything other than a set of values. It costs no step itself: the steps that were spent to compute it are
        charged again each time, so that caching it changes no result. Not cached where it depends on an unfinished computation, or
        (unless `keep_incomplete`) a limit was reached."""
        known = self._incomplete_data.get(key) if keep_incomplete else self._data.fetch(key)
        if known is not None:
            result, read, spent = known
            # Where the budget is too small, computing it again has to stop halfway, as it would without the cache.
            if not spent or (self._steps + spent <= self.max_steps and not self.expired):
                self._steps += spent
                self._spent_on_files += spent
                if self.reads is not None:
                    self.reads.add(read)
                return result
        reads, steps_before = self.reads, self._spent_on_files
        outer_lowest, self._lowest_dependency = self._lowest_dependency, _NO_DEPENDENCY
        was_incomplete, self.incomplete = self.incomplete, False
        reading = reads.begin() if reads is not None else 0
        try:
            result = compute()
        finally:
            read = reads.end(reading) if reads is not None else NOTHING
        if self._lowest_dependency == _NO_DEPENDENCY and not self.expired and (keep_incomplete or not self.incomplete):
            cache: dict[object, tuple[Any, Read, int]] = self._incomplete_data if keep_incomplete else self._data
            cache[key] = result, read, self._spent_on_files - steps_before
        self.incomplete = self.incomplete or was_incomplete
        self._lowest_dependency = min(outer_lowest, self._lowest_dependency)
        return result

    def has_data(self, key: object) -> bool:
        return key in self._data or key in self._incomplete_data

    def _make_room(self) -> None:
        """Evict old results. Removing all of them would cost the following queries too much."""
        self._results.age()
        self._singletons.clear()
        if self.reads is not None:
            self.reads.forget()

    def _drop_provisional(self, depth: int) -> None:
        """Remove the results that depend on the assumption made at this depth."""
        for key in [
            key for key, result in self._provisional.items() if result.depends_on >= depth or result.depends_on < 0
        ]:
            del self._provisional[key]

    # -- limits ------------------------------------------------------------------------------------------------------

    def mark_incomplete(self) -> None:
        """Note that a limit was reached, so that results that depend on it are not cached."""
        self.incomplete = True
        self._lowest_dependency = -1

    @contextmanager
    def tracking_incomplete(self) -> Iterator[None]:
        """A context in which `incomplete` is about what happens inside; afterwards it also covers what happened before."""
        before, self.incomplete = self.incomplete, False
        try:
            yield
        finally:
            self.incomplete = self.incomplete or before

    @property
    def exhausted(self) -> bool:
        """Whether the running query has used up its budget."""
        return self._steps > self.max_steps or (self._has_limit and self.expired)

    @property
    def expired(self) -> bool:
        """Whether the time is up, or the query was cancelled."""
        return (self._deadline is not None and time.monotonic() >= self._deadline) or self.cancelled

    @property
    def cancelled(self) -> bool:
        return any(cancel.is_set() for cancel in self._cancels)

    @contextmanager
    def limit(self, seconds: float | None, cancel: CancelToken | None = None) -> Iterator[bool]:
        """A context in which inference stops after `seconds` (None: never) or when `cancel` is set, and at the limits of enclosing
        contexts. Yields whether this time limit is the earliest."""
        before = self._deadline, self._cancels, self._has_limit
        deadline = time.monotonic() + seconds if seconds is not None else None
        first = deadline is not None and (self._deadline is None or deadline <= self._deadline)
        self._deadline = deadline if first else self._deadline
        self._cancels = self._cancels if cancel is None else (*self._cancels, cancel)
        self._has_limit = self._deadline is not None or bool(self._cancels)
        try:
            yield first
        finally:
            self._deadline, self._cancels, self._has_limit = before

    def spend(self, steps: int = _FILE_STEPS) -> bool:
        """Charge the cost of searching a file; False where the budget is used up."""
        self._steps += steps
        self._spent_on_files += steps
        if self.exhausted:
            self.mark_incomplete()
            return False
        return True
