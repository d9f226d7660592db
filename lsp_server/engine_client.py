"""The server's processes: an indexer for each root, jedi, and the model. Each starts when it is first needed.

The death of any of them costs its answers and nothing else. Methods are called on the loop thread, except where they
say so.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from adapter_core import Backend, open_backend
from adapter_core.engine import Indexer, JediClient
from adapter_core.errors import ModelError, UsageError

from .workspace import Root

log = logging.getLogger(__name__)

Event = dict[str, Any]

_QUIET_SECONDS = 0.4
_MAX_DELAY_SECONDS = 2.0  # of a change, while others keep coming
_MAX_DEATHS = 3
_RESTART_SECONDS = 2.0
_UNWRITABLE_SECONDS = 30.0
_CLOSED = "the folder was closed"


class RootIndex:
    """Keeps the index of one root up to date.

    Changes are gathered for a moment, and a sync that dies is started again.
    """

    def __init__(
        self, root: Root, loop: asyncio.AbstractEventLoop, on_event: Callable[[Root, Event], None], linking: bool = True
    ) -> None:
        self.root = root
        self._linking = linking
        self._loop = loop
        self._on_event = on_event
        self._indexer = self._new_indexer(None)
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._running = False
        self._sync_again = False
        self._rebuild = False
        self._rebuilding = False
        self._changed: set[str] | None = set()
        self._syncing: set[str] = set()
        self._deaths = 0
        self._private_cache: Path | None = None
        # Files are parsed before it turns out that what they say cannot be written: not again with every question.
        self._unwritable = ""
        self._retry_at = float("-inf")
        self._delayed_since: float | None = None
        self._closed = False

    def sync(self, rebuild: bool = False, paths: Iterable[str] | None = None) -> None:
        """Update the index now, or once more after the running sync. `paths`: the files that may have changed (None: any)."""
        if self._closed:
            self._resolve_waiting(_CLOSED)
            return
        self._cancel_timer()
        self._delayed_since = None
        self._rebuild = self._rebuild or rebuild
        self._note_changed(paths)
        if self._running:
            self._sync_again = True
            return
        if self._loop.time() < self._retry_at:
            self._resolve_waiting(self._unwritable)
            return
        self._running = True
        try:
            self._rebuilding, self._rebuild = self._rebuild, False
            changed, self._changed = self._changed, set()
            self._syncing.update(changed or ())
            self._indexer.sync(self._rebuilding, None if changed is None else sorted(changed))
        except OSError as error:
            self._handle_event({"event": "failed", "reason": f"The indexer cannot be started: {error}."})

    def sync_soon(self, paths: Iterable[str] | None = None) -> None:
        """Sync after a short delay, so that changes in quick succession (a branch switch, a formatter) are one sync."""
        if self._closed:
            return
        self._cancel_timer()
        self._note_changed(paths)
        now = self._loop.time()
        if self._delayed_since is None:
            self._delayed_since = now
        due = min(now + _QUIET_SECONDS, self._delayed_since + _MAX_DELAY_SECONDS)
        self._timer = self._loop.call_at(due, self.sync, False, ())

    def _note_changed(self, paths: Iterable[str] | None) -> None:
        if paths is None or self._changed is None:
            self._changed = None
        else:
            self._changed.update(paths)

    @property
    def unsynced(self) -> frozenset[str]:
        """The files that changed since they were indexed, as far as their names are known."""
        return frozenset(self._syncing.union(self._changed or ()))

    async def sync_and_wait(self) -> None:
        """Sync, and wait until the index holds every change up to now.

        Raises `RuntimeError` with the reason when it cannot.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(done)
        self.sync()
        await done

    def abandon(self) -> None:
        """Stop waiting: the root was closed. Pending `sync_and_wait` calls raise."""
        self._closed = True
        self._cancel_timer()
        self._resolve_waiting(_CLOSED)

    def close(self) -> None:
        """End the process. May be called from any thread."""
        self._indexer.close()
        if self._private_cache is not None:
            shutil.rmtree(self._private_cache, ignore_errors=True)

    def _new_indexer(self, cache: Path | None) -> Indexer:
        def from_thread(event: Event) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._handle_event, event)

        indexer = Indexer(self.root.real, from_thread, cache)
        indexer.set_linking(self._linking)
        return indexer

    def set_linking(self, linking: bool) -> None:
        """Set whether calls are linked in the background."""
        self._linking = linking
        self._indexer.set_linking(linking)

    def _handle_event(self, event: Event) -> None:
        if self._closed:
            return
        kind = event.get("event")
        if kind in ("progress", "busy"):
            self._on_event(self.root, event)
            return
        self._running = False
        if kind != "synced":  # whatever it was to do is still to be done, and how far it came is not known
            self._note_changed(None)
            self._rebuild = self._rebuild or self._rebuilding
            if not self.root.real.is_dir():
                event = {
                    **event,
                    "reason": f"The folder {self.root.client_path} is gone; it is indexed again when it is back.",
                }
        if kind == "unwritable" and self._private_cache is None:
            # The user's cache folder cannot be written: this session keeps its index in a folder of its own.
            log.warning("%s", event.get("reason"))
            self._private_cache = Path(tempfile.mkdtemp(prefix="pathline-"))
            self._indexer.close()
            self._indexer = self._new_indexer(self._private_cache)
            self.sync()
            return
        if kind == "died" and self._deaths < _MAX_DEATHS:
            self._deaths += 1
            log.warning("%s; it is started again", event.get("reason"))
            self._cancel_timer()
            self._timer = self._loop.call_later(_RESTART_SECONDS * (self._deaths - 1), self.sync)
            return
        if kind == "unwritable":
            self._unwritable = str(event.get("reason") or "the index cannot be written")
            self._retry_at = self._loop.time() + _UNWRITABLE_SECONDS
        if kind == "synced":
            self._deaths = 0
            self._syncing.clear()
        self._on_event(self.root, event)
        if self._sync_again:
            # Whoever waits asked before or during this sync: the next one is the first that began after.
            self._sync_again = False
            self.sync(paths=())
            return
        self._resolve_waiting(
            "" if kind == "synced" else str(event.get("reason") or "the workspace could not be indexed")
        )

    def _resolve_waiting(self, problem: str) -> None:
        waiting, self._waiters = self._waiters, []
        for done in waiting:
            if done.done():
                continue
            if problem:
                done.set_exception(RuntimeError(problem))
            else:
                done.set_result(None)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Engine:
    def __init__(self, on_event: Callable[[Root, Event], None]) -> None:
        self.jedi = JediClient()
        self._on_event = on_event
        self._roots: dict[Path, RootIndex] = {}
        self._linking = True
        self._model_lock = threading.Lock()
        self._backend: Backend | None = None
        self._backend_name: str | None = None

    def set_roots(self, roots: tuple[Root, ...]) -> None:
        """Index these roots, and no others."""
        loop = asyncio.get_running_loop()
        roots_by_path = {root.real: root for root in roots}
        for real in [real for real in self._roots if real not in roots_by_path]:
            index = self._roots.pop(real)
            index.abandon()
            loop.run_in_executor(None, index.close)
        for real, root in roots_by_path.items():
            if real not in self._roots:
                self._roots[real] = RootIndex(root, loop, self._on_event, self._linking)
            elif self._roots[real].root == root:
                continue
            self._roots[real].root = root  # it may be the same folder under another spelling
            self._roots[real].sync()

    def set_linking(self, linking: bool) -> None:
        """Set whether calls are linked in the background, in every root."""
        self._linking = linking
        for index in self.indexes():
            index.set_linking(linking)

    def index(self, root: Root) -> RootIndex | None:
        return self._roots.get(root.real)

    def indexes(self) -> list[RootIndex]:
        return list(self._roots.values())

    def backend(self, model: str | None) -> tuple[Backend | None, str]:
        """(backend, "") of the chosen model, or (None, reason). Called from a worker thread; one model is open at a time."""
        with self._model_lock:
            if self._backend is not None and self._backend_name == model:
                return self._backend, ""
            self._close_backend()
            try:
                self._backend = open_backend(model)
            except (ModelError, UsageError) as error:
                return None, str(error)
            self._backend_name = model
            return self._backend, ""

    def release_model(self) -> None:
        """End the model's process, to free its memory; a later question starts it again. Called from a worker thread."""
        with self._model_lock:
            self._close_backend()

    def close(self) -> None:
        """End every process. May be called from any thread, while anything runs."""
        for index in list(self._roots.values()):
            index.close()
        self.jedi.close()
        # Not under the lock: an answer may hold it, and closing the backend ends that answer.
        self._close_backend()

    def _close_backend(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()
