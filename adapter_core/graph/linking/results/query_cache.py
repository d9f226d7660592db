"""What was worked out is remembered, with what was read for it; recursion ends, and no question costs more than it may."""

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
# A step is one thing worked out, some 20 µs; a question that takes more is answered with what is known by then.
MAX_STEPS = 1_500
_EXPENSIVE_STEPS = 150
_MAX_ROUNDS = 3
_FILE_STEPS = 8
_MAX_RESULTS = 60_000  # and as many of those that were asked for before
_MAX_DATA = 50_000  # these cost only time to find anew
_NO_DEPENDENCY = 1_000_000  # a depth that nothing has


class _Provisional(NamedTuple):
    """A result that holds for the running question. `on`: the depth of what is still being worked out and was needed for it (-1: it
    was cut off); `needed`: a bit for each depth of such."""

    values: Values
    read: Read
    on: int
    needed: int


def _size_of(aside: tuple[Any, Read, int]) -> int:
    """What it takes to keep something aside, by its length."""
    found = aside[0]
    return 1 + len(found) // 4 if isinstance(found, (list, tuple)) else 1


class _Active:
    """Something that is being worked out; `assumed`: what it comes to as far as is known."""

    __slots__ = ("assumed", "depth")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.assumed: Values = EMPTY


class QueryCache:
    """Valid as long as what is read does not change. For one thread."""

    def __init__(self, reads: Reads | None) -> None:
        self.reads = reads
        self.max_steps = MAX_STEPS
        self.incomplete = False  # something was cut off by a limit since this was last set to False
        self._deadline: float | None = None  # by `time.monotonic`: what is not known by then is given up
        self._cancels: tuple[CancelToken, ...] = ()  # the same once one of them is set
        self._limited = False  # by either
        # With whether it was cut off, but dear, and stands.
        self._kept: Generations[object, tuple[Values, Read, bool]] = Generations()
        self._passing: dict[object, _Provisional] = {}
        self._aside: Recent[object, tuple[Any, Read, int]] = Recent(_MAX_DATA, _size_of)
        # What is kept also where it was cut off, since found anew it may be more, or less; so none of it is let go. One for each class.
        self._aside_cut: dict[object, tuple[Any, Read, int]] = {}
        self._singles: dict[Values, Values] = {}
        self._active: dict[object, _Active] = {}
        self._shallowest = _NO_DEPENDENCY
        self._needed_for = 0
        self._steps = 0  # of the running question
        self._spent = 0  # of these those that `spend` counted, but for what is remembered

    def memoize(self, key: object, compute: Callable[[], Values]) -> Values:
        """`compute()`, remembered under `key`. What depends on itself gets the rest of what it depends on.

        A result that was cut short because something around it is still being worked out holds for the running question only.
        """
        known = self.cached(key)
        return self.evaluate(key, compute) if known is None else known

    def cached(self, key: object) -> Values | None:
        """What `memoize` remembers under a key."""
        kept = self._kept.get(key)
        if kept is not None:
            values, read, cut = kept
            if cut:
                self.incomplete = True
        else:
            passing = self._passing.get(key) if self._active else None
            if passing is None:
                return None
            values, read, on, needed = passing
            self._needed_for |= needed
            if on < self._shallowest:
                self._shallowest = on
        if self.reads is not None:
            self.reads.add(read)
        return values

    def evaluate(self, key: object, compute: Callable[[], Values]) -> Values:
        """`memoize`, where nothing is remembered."""
        around = self._active.get(key)
        if around is not None:
            if around.depth < self._shallowest:
                self._shallowest = around.depth
            self._needed_for |= 1 << around.depth
            return around.assumed
        depth = len(self._active)
        if depth == 0:
            self._begin_question()
        self._steps += 1
        if depth >= _MAX_DEPTH or self.exhausted:
            self.mark_incomplete()
            return EMPTY
        begun, spent = self._steps, self._spent
        active = self._active[key] = _Active(depth)
        before, self._shallowest = self._shallowest, _NO_DEPENDENCY
        needed_before, self._needed_for = self._needed_for, 0
        reading = self.reads.begin() if self.reads is not None else 0
        result = EMPTY
        try:
            result = compute()
            for _ in range(_MAX_ROUNDS):
                # It was asked for while it was worked out, and got less than it came to: once more, with what is known now.
                if self._shallowest != depth or active.assumed == result or self.exhausted:
                    break
                active.assumed = result
                self._forget_passing(depth)
                self._shallowest = _NO_DEPENDENCY
                result |= compute()
        except RecursionError:
            # Expressions within expressions take more frames than the depth that is counted here.
            result = EMPTY
            self.mark_incomplete()
        finally:
            needed, own = self._needed_for, 1 << depth
            self._needed_for = needed_before | (needed & ~own)
            del self._active[key]
            self._spent = spent
        if needed & own and active.assumed != result:
            # What took it for less than it came to is worked out anew, where it is asked for again.
            self._passing = {key: one for key, one in self._passing.items() if not one.needed & own}
        if len(result) == 1:
            result = self._singles.setdefault(result, result)  # most are the one value that others are, too
        read = self.reads.end(reading) if self.reads is not None else NOTHING
        if self._shallowest >= depth:
            self._kept[key] = result, read, False
            self._shallowest = before
        else:
            self._keep_for_now(key, _Provisional(result, read, self._shallowest, needed & ~own), self._steps - begun)
            self._shallowest = min(before, self._shallowest)
        return result

    def _keep_for_now(self, key: object, one: _Provisional, steps: int) -> None:
        """Remember for the running question what was cut short; for longer what was dear, since to ask again would cost as much and tell
        as little."""
        if steps > _EXPENSIVE_STEPS and not self.expired and self.max_steps == MAX_STEPS:
            self._kept[key] = one.values, one.read, True
        else:
            self._passing[key] = one

    def _begin_question(self) -> None:
        self._steps = 0
        self._passing.clear()
        if self._kept.young > _MAX_RESULTS:
            self._forget()

    def memoize_data(self, key: object, compute: Callable[[], T], cut: bool = False) -> T:
        """`memoize` for something that is no set of values, and costs no step: what is spent to find it is spent anew each time, so that
        to remember it changes no answer. It is not kept where what it rests on is still being worked out, or (but for `cut`) was cut
        off."""
        known = self._aside_cut.get(key) if cut else self._aside.fetch(key)
        if known is not None:
            result, read, spent = known
            # Where that is too much, it has to end in the middle.
            if not spent or (self._steps + spent <= self.max_steps and not self.expired):
                self._steps += spent
                self._spent += spent
                if self.reads is not None:
                    self.reads.add(read)
                return result
        reads, begun = self.reads, self._spent
        before, self._shallowest = self._shallowest, _NO_DEPENDENCY
        partial, self.incomplete = self.incomplete, False
        reading = reads.begin() if reads is not None else 0
        try:
            result = compute()
        finally:
            read = reads.end(reading) if reads is not None else NOTHING
        if self._shallowest == _NO_DEPENDENCY and not self.expired and (cut or not self.incomplete):
            kept: dict[object, tuple[Any, Read, int]] = self._aside_cut if cut else self._aside
            kept[key] = result, read, self._spent - begun
        self.incomplete = self.incomplete or partial
        self._shallowest = min(before, self._shallowest)
        return result

    def has_data(self, key: object) -> bool:
        return key in self._aside or key in self._aside_cut

    def _forget(self) -> None:
        """Make room: to let go of everything at once would cut off the questions that follow."""
        self._kept.age()
        self._singles.clear()
        if self.reads is not None:
            self.reads.forget()

    def _forget_passing(self, depth: int) -> None:
        """Forget what holds only as long as the thing at this depth is what it was taken for."""
        for key in [key for key, result in self._passing.items() if result.on >= depth or result.on < 0]:
            del self._passing[key]

    # -- limits ------------------------------------------------------------------------------------------------------

    def mark_incomplete(self) -> None:
        """Note that something is not worked out, so that what is built on it is not kept."""
        self.incomplete = True
        self._shallowest = -1

    @contextmanager
    def tracking_incomplete(self) -> Iterator[None]:
        """Within, `incomplete` tells what is cut off from here on; afterwards it counts together with what was before."""
        before, self.incomplete = self.incomplete, False
        try:
            yield
        finally:
            self.incomplete = self.incomplete or before

    @property
    def exhausted(self) -> bool:
        """Whether the running question has cost what one question may."""
        return self._steps > self.max_steps or (self._limited and self.expired)

    @property
    def expired(self) -> bool:
        """Whether the time is up, or nobody waits any more."""
        return (self._deadline is not None and time.monotonic() >= self._deadline) or self.cancelled

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits any more."""
        return any(cancel.is_set() for cancel in self._cancels)

    @contextmanager
    def limit(self, seconds: float | None, cancel: CancelToken | None = None) -> Iterator[bool]:
        """What is worked out in here is given up after so long (None: never), or when `cancel` is set; never later than limits around this
        one have it. Gives whether this limit is the first of them."""
        before = self._deadline, self._cancels, self._limited
        own = time.monotonic() + seconds if seconds is not None else None
        first = own is not None and (self._deadline is None or own <= self._deadline)
        self._deadline = own if first else self._deadline
        self._cancels = self._cancels if cancel is None else (*self._cancels, cancel)
        self._limited = self._deadline is not None or bool(self._cancels)
        try:
            yield first
        finally:
            self._deadline, self._cancels, self._limited = before

    def spend(self, steps: int = _FILE_STEPS) -> bool:
        """Account for the work of looking through a file; False where there is nothing left to spend."""
        self._steps += steps
        self._spent += steps
        if self.exhausted:
            self.mark_incomplete()
            return False
        return True
