"""Ending the server's process: every cause is detected, and no child is left running.

The server ends on `exit`, at the end of its input, when its output breaks, and when the process that started it, or the
one that `initialize` names, is gone. Running threads are not waited for.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable

import psutil

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
_CLEANUP_SECONDS = 3.0
_TERM_SECONDS = 0.5


class Process:
    """One process, distinguished from a later one with the same id by its time of creation."""

    def __init__(self, pid: int) -> None:
        """Raises `psutil.Error` when there is no such process."""
        self._process = psutil.Process(pid)
        self.pid = pid

    @property
    def alive(self) -> bool:
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True  # it is there; we may not look closer


class Watchdog:
    """Calls `on_orphaned` (once, from its own thread) when one of the watched processes is gone."""

    def __init__(self, on_orphaned: Callable[[str], None], poll_seconds: float = POLL_SECONDS) -> None:
        self._on_orphaned = on_orphaned
        self._poll_seconds = poll_seconds
        self._watched: list[tuple[str, Process]] = []

    def watch(self, pid: int | None, what: str) -> None:
        """Watch a process, if it can be seen. One that cannot lives in another container or on another machine."""
        if not pid or pid <= 1 or any(process.pid == pid for _, process in self._watched):
            return
        try:
            process = Process(pid)
        except (psutil.Error, ValueError, OverflowError):
            log.info("%s (process %s) cannot be seen from here and is not watched", what, pid)
            return
        self._watched.append((what, process))

    def start(self) -> None:
        self.watch(os.getppid(), "the parent process")
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._poll_seconds)
            for what, process in list(self._watched):
                if not process.alive:
                    self._on_orphaned(f"{what} is gone")
                    return


class Shutdown:
    """Ends the process. `run` may be called from any thread, at any time, more than once; the first call sets the exit code."""

    def __init__(self) -> None:
        self._cleanups: list[Callable[[], None]] = []
        self._started = threading.Lock()

    def add_cleanup(self, cleanup: Callable[[], None]) -> None:
        """Register a function to call before the process ends. All of them together get limited time, and may fail."""
        self._cleanups.append(cleanup)

    def run(self, code: int, reason: str) -> None:
        if not self._started.acquire(blocking=False):
            # Another thread is ending the process; this one must not go on working meanwhile.
            threading.Event().wait(2 * _CLEANUP_SECONDS)
            os._exit(code)
        log.info("ending: %s", reason)
        worker = threading.Thread(target=self._run_cleanups, name="cleanup", daemon=True)
        worker.start()
        worker.join(_CLEANUP_SECONDS)
        end_children()
        logging.shutdown()
        os._exit(code)

    def _run_cleanups(self) -> None:
        for cleanup in self._cleanups:
            try:
                cleanup()
            except Exception:
                log.exception("cleaning up failed")


def end_children(grace_seconds: float = _TERM_SECONDS) -> None:
    """Terminate every process below this one, and kill what does not go."""
    try:
        children = psutil.Process().children(recursive=True)
    except psutil.Error:
        return
    for child in children:
        with contextlib.suppress(psutil.Error):
            child.terminate()
    _, stubborn = psutil.wait_procs(children, timeout=grace_seconds) if children else ([], [])
    for child in stubborn:
        with contextlib.suppress(psutil.Error):
            child.kill()
