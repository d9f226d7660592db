"""What stands at a position, where our own graph cannot tell: jedi's type inference, in a process of its own.

jedi's threads cannot be stopped and hold the interpreter, so it gets a process that is killed when it takes too long.
Results are a help, never a promise: every failure is an empty list.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ..types import CancelToken
from .children import JsonChild, Message

log = logging.getLogger(__name__)

_WORKER = "adapter_core.graph.jedi_worker"
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition inside the root: 1-based line, 0-based column in code points, the name as defined."""

    path: str
    line: int
    column: int
    name: str


class JediClient:
    """Asks the worker, starts it on first use and again after it was killed or died.

    May be used from several threads.
    """

    def __init__(self, limit_seconds: float = 1.5, start_seconds: float = 10.0) -> None:
        self._limit = limit_seconds
        self._start = start_seconds
        self._lock = threading.Lock()
        self._child: JsonChild | None = None
        self._answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._next = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.alive else None

    def infer_definition(
        self, root: Path, path: str, text: str, line: int, column: int, cancel: CancelToken | None = None
    ) -> list[Definition]:
        """Definitions of what stands at `line` (1-based) and `column` of the given text of `path`, best first.

        Empty after `limit_seconds` (a first call waits for the process to start as well), on any error, and on cancel.
        """
        with self._lock:
            if self._closed:
                return []
            try:
                fresh = self._ensure_started()
            except OSError as error:
                log.warning("jedi's process cannot be started: %s", error)
                return []
            child, self._next = self._child, self._next + 1
            assert child is not None
            sent = child.send(
                {"id": self._next, "root": str(root), "path": path, "text": text, "line": line, "column": column}
            )
            limit = self._limit + (self._start if fresh else 0.0)
            answer = self._wait(self._next, limit, cancel) if sent else None
            if answer is None:
                # Late, cancelled or dead: what it is busy with cannot be stopped in any other way.
                child.kill()
                self._child = None
                return []
        if answer.get("error"):
            log.info("jedi failed at %s:%d: %s", path, line, answer["error"])
        return [d for d in map(_definition, answer.get("definitions") or []) if d is not None]

    def close(self) -> None:
        """Kill the worker; later calls return nothing."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()

    def _ensure_started(self) -> bool:
        if self._child is not None and self._child.alive:
            return False
        answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._answers = answers
        self._child = JsonChild(_WORKER, answers.put, lambda _: answers.put({"ended": True}))
        return True

    def _wait(self, number: int, limit: float, cancel: CancelToken | None) -> Message | None:
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0 and not (cancel is not None and cancel.is_set()):
            try:
                message = self._answers.get(timeout=min(left, _POLL_SECONDS if cancel is not None else left))
            except queue.Empty:
                continue
            if message.get("ended"):
                return None
            if message.get("ready"):
                # It is up: from now on only the question counts.
                end = min(end, time.monotonic() + self._limit)
            elif message.get("id") == number:
                return message
        return None


def _definition(row: object) -> Definition | None:
    if isinstance(row, list) and len(row) == 4 and isinstance(row[0], str) and not os.path.isabs(row[0]):
        return Definition(row[0], int(row[1]), int(row[2]), str(row[3]))
    return None


__all__ = ["Definition", "JediClient"]
