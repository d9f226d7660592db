"""One call at a time: the lock around a backend, which can be waited for under cancellation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Cancelled, ModelError
from ..types import CancelToken

POLL_SECONDS = 0.05


class Turn:
    """A lock that refuses, instead of deadlocking, when the thread that holds it asks again.

    Unlike an `RLock` it may be released by another thread: a generator that holds it can be closed by the garbage
    collector, wherever that runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def take(self, cancel: CancelToken | None = None) -> None:
        """Wait for the turn. Raises `Cancelled`, or `ModelError` when this thread already has it."""
        if self._holder == threading.get_ident():
            raise ModelError("The model is still writing for this caller: finish or close that answer first.")
        while not self._lock.acquire(timeout=POLL_SECONDS):
            if cancel is not None and cancel.is_set():
                raise Cancelled("Cancelled.")
        self._holder = threading.get_ident()

    def take_if_free(self) -> bool:
        """Take the turn without waiting; whether that worked."""
        if self._lock.acquire(blocking=False):
            self._holder = threading.get_ident()
            return True
        return False

    def give(self) -> None:
        self._holder = None
        self._lock.release()

    @contextmanager
    def taken(self, cancel: CancelToken | None = None) -> Iterator[None]:
        """`take`, and `give` behind it."""
        self.take(cancel)
        try:
            yield
        finally:
            self.give()
