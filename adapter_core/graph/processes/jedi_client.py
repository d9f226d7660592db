"""jedi's type inference for one position, in a process of its own, for names that our own graph cannot resolve.

jedi's threads cannot be stopped and hold the interpreter, so it gets a process that is ended when it takes too long. Its result is a help,
never a promise: every failure is a status, so that the caller can fall back on its own answer.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import psutil

from ...errors import PathlineError
from ...types import CancelToken, is_cancelled
from ..source import is_python, normalise_newlines
from .children import JsonChild, Message

log = logging.getLogger(__name__)

Status = Literal["ok", "late", "failed", "cancelled", "closed"]

_WORKER = "adapter_core.graph.processes.jedi_worker"
# Where a caller names no source roots: those that do not exist are left out.
_USUAL_FOLDERS = ("", "src", "lib")
# parso reads 50,000 characters a second where there are many tokens, and 900,000 where there are long docstrings.
_MAX_TEXT = 300_000
_POLL_SECONDS = 0.04
_MEMORY_SECONDS = 0.2
# After this many processes in a row that ended before they were ready, none is started for a while.
_MAX_FAILED_STARTS = 2
_RESTART_DELAY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition inside the root: 1-based line, 0-based column in code points, the name as defined."""

    path: str
    line: int
    column: int
    name: str


@dataclass(frozen=True, slots=True)
class External:
    """A definition outside the workspace. `file` is relative to the folder from which it is imported (`flask/app.py`), "" where there is
    none; `line` is None for built-in or compiled ones. `kind` is jedi's: class, function, module, instance, statement, property, param."""

    full_name: str
    module: str
    kind: str
    file: str
    line: int | None
    doc: str
    signature: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """jedi's result for a position, best first. For a name, `definitions` and `outside` are what it refers to; for a variable of the
    workspace, the classes of its values. `type` names those: `str`, `list[int] | None`, `flask.app.Flask`, `type[pathlib.Path]`, `module
    os`. With "ok" that is all that was found, which may be nothing. With any other status, what is there is true, and `reason` says why
    there is not more: "late" with definitions means that the type took too long."""

    definitions: tuple[Definition, ...] = ()
    outside: tuple[External, ...] = ()
    type: str = ""
    status: Status = "ok"
    reason: str = ""


class _NoAnswer(Exception):  # noqa: N818
    """The question ends here, without an answer."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Ended(Exception):  # noqa: N818
    """The process is gone."""


@dataclass(slots=True)
class _Wait:
    """How long one caller waits. `grace`: not counting the start of the process."""

    end: float
    limit: float
    cancel: CancelToken | None
    grace: bool

    @property
    def left(self) -> float:
        return max(self.end - time.monotonic(), 0.0)


@dataclass(slots=True)
class _Worker:
    child: JsonChild
    messages: queue.SimpleQueue[Message]
    started: float
    ready: bool = False
    busy_since: float | None = None  # since when it is busy with a question
    measured: float = field(default_factory=time.monotonic)


class JediClient:
    """Sends questions to the worker; starts it on first use and again after it has ended. May be used from several threads.
    `limit_seconds` is how long a caller waits. The worker has `work_seconds`: what it has read by then makes the next question about
    that code fast, which a process that is killed each time would never be. `memory_bytes` is its memory limit."""

    def __init__(
        self,
        limit_seconds: float = 1.5,
        start_seconds: float = 10.0,
        work_seconds: float = 6.0,
        memory_bytes: int = 1_000_000_000,
    ) -> None:
        self._limit = limit_seconds
        self._start = start_seconds
        self._work = max(work_seconds, limit_seconds)
        self._memory = memory_bytes
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._number = 0
        self._failed_starts = 0
        self._rest_until = 0.0
        self._closed = False

    @property
    def pid(self) -> int | None:
        worker = self._worker
        return worker.child.pid if worker is not None and worker.child.alive else None

    def inspect(
        self,
        root: Path,
        path: str,
        text: str,
        line: int,
        column: int,
        cancel: CancelToken | None = None,
        *,
        folders: Sequence[str] = _USUAL_FOLDERS,
        limit: float | None = None,
    ) -> Inspection:
        """jedi's result for `line` (1-based) and `column` (code points) of the given text of `path`. `folders` are the workspace's
        source roots, relative to `root`. Returns within `limit` seconds; without one, within the client's own limit, and `start_seconds`
        more while the process starts. Never raises."""
        seconds = self._limit if limit is None else limit
        wait = _Wait(time.monotonic() + seconds, seconds, cancel, limit is None)
        question: Message = {
            "root": str(root), "path": path, "text": normalise_newlines(text), "line": line, "column": column, "folders": list(folders),
            "seconds": self._work, "memory": 2 * self._memory,
        }  # fmt: skip
        known = Inspection()
        try:
            _check_question(path, text, folders)
            with self._exclusive(wait):
                worker = self._idle_worker(wait)
                for message in self._answers(worker, question, wait):
                    known = _inspection(message)
        except _NoAnswer as stop:
            if stop.status in ("late", "failed"):
                log.info("jedi on %s:%d: %s (%s)", path, line, stop.status, stop.reason)
            return replace(known, status=stop.status, reason=stop.reason)
        except _Ended:
            return replace(known, status="failed", reason="the process of type inference ended")
        except (OSError, RuntimeError, PathlineError) as error:
            log.warning("jedi's process cannot be started: %s", error)
            return Inspection(status="failed", reason=f"type inference cannot be started: {error}")
        return known

    def close(self) -> None:
        """End the worker; later calls say "closed"."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.child.kill()

    # -- one question at a time --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _exclusive(self, wait: _Wait) -> Iterator[None]:
        while not self._lock.acquire(timeout=min(wait.left, _POLL_SECONDS)):
            self._check(wait, "another question took the time")
        try:
            self._check(wait, "another question took the time")
            yield
        finally:
            self._lock.release()

    def _check(self, wait: _Wait, why_late: str = "") -> None:
        if self._closed:
            raise _NoAnswer("closed", "type inference was closed")
        if is_cancelled(wait.cancel):
            raise _NoAnswer("cancelled", "cancelled")
        if wait.left <= 0:
            raise _NoAnswer("late", why_late or f"type inference took longer than {wait.limit:.1f} s")

    def _idle_worker(self, wait: _Wait) -> _Worker:
        """A worker that is ready and has finished earlier questions that nobody waits for any longer."""
        while True:
            worker = self._worker or self._started()
            if worker.ready and not worker.child.alive:
                self._drop(worker)
                continue
            if worker.busy_since is not None and time.monotonic() > worker.busy_since + self._work + 1.0:
                self._discard(worker)  # it should have ended by itself
                continue
            try:
                while not worker.ready:
                    self._get_ready(worker, wait)
                while worker.busy_since is not None:
                    self._receive(worker, wait, "type inference is still busy with an earlier question")
            except _Ended:
                continue
            return worker

    def _started(self) -> _Worker:
        if time.monotonic() < self._rest_until:
            raise _NoAnswer("failed", "the process of type inference ends as soon as it is started")
        messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        child = JsonChild(_WORKER, messages.put, lambda _: messages.put({"ended": True}))
        self._worker = _Worker(child, messages, time.monotonic())
        if self._closed:  # `close` did not see it
            child.kill()
        return self._worker

    def _get_ready(self, worker: _Worker, wait: _Wait) -> None:
        patience = worker.started + self._start
        end = max(wait.end, patience) if wait.grace else wait.end
        try:
            self._receive(worker, replace(wait, end=end), "type inference is still starting")
        except _NoAnswer as stop:
            # Whoever waits for the start alone takes it back by cancelling; hovers come too often for that.
            if time.monotonic() >= patience or (stop.status == "cancelled" and wait.grace):
                self._discard(worker)
            raise
        except _Ended:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                self._failed_starts = 0
                self._rest_until = time.monotonic() + _RESTART_DELAY_SECONDS
            raise
        if worker.ready:
            self._failed_starts = 0
            if wait.grace:
                wait.end = max(wait.end, time.monotonic() + wait.limit)

    def _answers(self, worker: _Worker, question: Message, wait: _Wait) -> Iterator[Message]:
        """The worker's messages about a question; the last one ends it."""
        self._check(wait)
        self._number += 1
        number, worker.busy_since = self._number, time.monotonic()
        # On a thread of its own, since a process that does not read would keep us here.
        threading.Thread(
            target=worker.child.send, args=({"id": number, **question},), name="ask jedi", daemon=True
        ).start()
        while worker.busy_since is not None:
            message = self._receive(worker, wait)
            if message.get("id") == number:
                yield message

    def _receive(self, worker: _Worker, wait: _Wait, why_late: str = "") -> Message:
        """The next message. Raises `_NoAnswer` when the caller need not wait for one, and `_Ended`."""
        while True:
            self._check(wait, why_late)
            try:
                message = worker.messages.get(timeout=min(wait.left, _POLL_SECONDS))
            except queue.Empty:
                self._check_memory(worker)
                continue
            if message.get("ended") or message.get("spent"):
                self._drop(worker)
            if message.get("ended"):
                self._check(wait, why_late)
                raise _Ended
            if message.get("ready"):
                worker.ready = True
            elif not message.get("partial"):
                worker.busy_since = None
            return message

    def _check_memory(self, worker: _Worker) -> None:
        """The worker's own limit exists on Linux only."""
        now = time.monotonic()
        if now < worker.measured + _MEMORY_SECONDS:
            return
        worker.measured = now
        with contextlib.suppress(psutil.Error):
            if psutil.Process(worker.child.pid).memory_info().rss > self._memory:
                self._discard(worker)
                raise _NoAnswer("failed", "it took too much memory")

    def _discard(self, worker: _Worker) -> None:
        """End a worker, without waiting until it is gone."""
        self._drop(worker)
        threading.Thread(target=worker.child.kill, name="end jedi", daemon=True).start()

    def _drop(self, worker: _Worker) -> None:
        if self._worker is worker:
            self._worker = None


def _check_question(path: str, text: str, folders: Sequence[str]) -> None:
    """Raises `_NoAnswer` for questions that are not sent."""
    if not is_python(path):
        raise _NoAnswer("failed", "not a Python file")
    for relative in (path, *folders):
        if Path(relative).anchor or "\\" in relative or "\0" in relative or ".." in PurePosixPath(relative).parts:
            raise _NoAnswer("failed", "not a path inside the workspace")
    if len(text) > _MAX_TEXT:
        raise _NoAnswer("failed", f"the file has more than {_MAX_TEXT:,} characters")


def _inspection(message: Message) -> Inspection:
    """Raises `_NoAnswer` where the worker reports a failure, or something unreadable."""
    if message.get("error"):
        raise _NoAnswer("failed", str(message["error"]))
    try:
        return Inspection(
            tuple(_definition(row) for row in message["definitions"]),
            tuple(_external(row) for row in message["outside"]),
            str(message.get("type") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _NoAnswer("failed", f"an answer that is none: {error!r}") from None


def _definition(row: dict[str, Any]) -> Definition:
    return Definition(str(row["path"]), int(row["line"]), int(row["column"]), str(row["name"]))


def _external(row: dict[str, Any]) -> External:
    line = row["line"]
    text = {name: str(row[name]) for name in ("full_name", "module", "kind", "file", "doc", "signature")}
    return External(**text, line=None if line is None else int(line))


__all__ = ["Definition", "External", "Inspection", "JediClient", "Status"]
