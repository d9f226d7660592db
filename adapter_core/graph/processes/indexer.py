"""The indexer: a process of its own that keeps the index of one workspace root up to date.

    parent → child   {"sync": root, "rebuild": false, "paths": null | [path, …]}     (what may have changed; null: anything)
                     {"link": bool}             whether what calls lead to is worked out when there is nothing else to do; at first it is
    child → parent   {"event": "progress", "done": n, "total": n, "current": path, "seconds_left": s | null}
                     {"event": "synced", "database": path, "generation": n, "files": n, "symbols": n, "parsed": n,
                      "removed": n, "skipped": n, "complete": bool, "reason": text}
                     {"event": "busy"}          another process is writing; it is tried again without being asked
                     {"event": "unwritable", "reason": text}      the cache folder cannot be written
                     {"event": "failed", "reason": text}

The workspace's lock is held while a sync runs, and no longer: several editors and terminals share one index, and
whoever gets the lock brings it up to date for all. This is the parent's side; `indexer_worker` is the child.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import IndexStoreError
from .children import JsonChild, Message

if TYPE_CHECKING:
    from ..storage.store import Store

log = logging.getLogger(__name__)

_WORKER = "adapter_core.graph.processes.indexer_worker"


class Indexer:
    """The indexer of one root: starts the process on demand, and again when it has died. `on_event` is called with each message on a
    thread of the indexer, and with {"event": "died"} when the process ended during a sync. The methods may be called from one thread."""

    def __init__(self, root: Path, on_event: Callable[[Message], None], cache: Path | None = None) -> None:
        self.root = root
        self.cache = cache
        self._linking = True
        self._on_event = on_event
        self._child: JsonChild | None = None
        self._busy = False
        self._starts = 0

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.alive else None

    def sync(self, rebuild: bool = False, paths: Sequence[str] | None = None) -> None:
        """Bring the index up to date; a "synced", "unwritable", "failed" or "died" event follows. Raises `OSError`."""
        request: Message = {"sync": str(self.root), "rebuild": rebuild, "paths": None if paths is None else list(paths)}
        self._busy = True
        if self._child is not None and self._child.alive and self._child.send(request):
            return
        self._child = self._start()
        self._child.send({"link": self._linking})
        self._child.send(request)

    def set_linking(self, linking: bool) -> None:
        """Whether the process links calls when it is idle (`linkpass`)."""
        if linking != self._linking:
            self._linking = linking
            if self._child is not None and self._child.alive:
                self._child.send({"link": linking})

    def close(self) -> None:
        self._busy = False
        if self._child is not None:
            self._child.kill()

    def _start(self) -> JsonChild:
        self._starts += 1
        number = self._starts

        def received(message: Message) -> None:
            if message.get("event") not in ("progress", "busy"):
                self._busy = False
            self._on_event(message)

        def ended(code: int) -> None:
            # A process that ended because it was idle, or that another has replaced, is no news.
            if self._busy and self._starts == number:
                self._busy = False
                self._on_event({"event": "died", "reason": f"the indexer's process ended with code {code}"})

        return JsonChild(_WORKER, received, ended, self.cache)


def open_reader(root: Path, database: Path | None = None) -> Store:
    """A reader's connection to the index of `root`: empty, and marked incomplete, where there is none yet."""
    # Imported late: the store needs NumPy, which a server loads only for the first question.
    from ..storage.store import Store
    from ..workspace import index_path

    path = database or index_path(root)
    if path.exists():
        try:
            return Store(path, read_only=True)
        except IndexStoreError as error:
            # Being made at this moment, or damaged: then the next sync makes it anew.
            log.info("%s", error)
    return Store(None)


__all__ = ["Indexer", "open_reader"]
