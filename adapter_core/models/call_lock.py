"""One call at a time: the lock around a backend, with a wait that can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ModelError
from ..types import CancelToken, check_cancelled

POLL_SECONDS = 0.05


class CallLock:
    """A lock that raises, instead of deadlocking, when the thread that holds it acquires it again.

    Unlike an `RLock` it may be released by another thread: a generator that holds it can be closed by the garbage
    collector, wherever that runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def acquire(self, cancel: CancelToken | None = None) -> None:
        """Wait for the lock. Raises `Cancelled`, or `ModelError` when this thread already holds it."""
        if self._holder == threading.get_ident():
            raise ModelError("The model is still writing for this caller: finish or close that answer first.")
        while not self._lock.acquire(timeout=POLL_SECONDS):
            check_cancelled(cancel)
        self._holder = threading.get_ident()

    def try_acquire(self) -> bool:
        """Acquire the lock without waiting; returns whether that worked."""
        if self._lock.acquire(blocking=False):
            self._holder = threading.get_ident()
            return True
        return False

    def release(self) -> None:
        self._holder = None
        self._lock.release()

    @contextmanager
    def held(self, cancel: CancelToken | None = None) -> Iterator[None]:
        """A context that holds the lock."""
        self.acquire(cancel)
        try:
            yield
        finally:
            self.release()
