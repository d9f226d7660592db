"""The indexer: a process of its own that keeps the index of one workspace root up to date.

    parent → child   {"sync": root, "rebuild": false}
    child → parent   {"event": "progress", "done": n, "total": n, "current": path, "seconds_left": s | null}
                     {"event": "synced", "database": path, "generation": n, "files": n, "symbols": n, "parsed": n,
                      "removed": n, "skipped": n, "complete": bool, "reason": text}
                     {"event": "busy"}          another process is writing; it is tried again without being asked
                     {"event": "unwritable", "reason": text}      the cache folder cannot be written
                     {"event": "failed", "reason": text}

The workspace's lock is held while a sync runs, and no longer: several editors and terminals share one index, and whoever gets
the lock brings it up to date for all.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import IndexBusyError, IndexStoreError, PathlineError
from .children import JsonChild, Message, ParentPipe
from .discover import check_root
from .store import Store
from .sync import SyncOptions, SyncProgress, SyncReport
from .workspace import index_path, open_index

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0
_IDLE_SECONDS = 300.0
_PROGRESS_SECONDS = 0.1


class Indexer:
    """The parent's side, for one root: starts the process when there is work, and again when it died.

    `on_event` is called with each message on a thread of the indexer's, and with {"event": "died"} when the process ended while
    a sync was under way. The methods may be called from one thread.
    """

    def __init__(self, root: Path, on_event: Callable[[Message], None], cache: Path | None = None) -> None:
        self.root = root
        self.cache = cache
        self._on_event = on_event
        self._child: JsonChild | None = None
        self._busy = False

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.alive else None

    def sync(self, rebuild: bool = False) -> None:
        """Bring the index up to date; a "synced", "unwritable", "failed" or "died" event follows. Raises `OSError`."""
        request: Message = {"sync": str(self.root), "rebuild": rebuild}
        self._busy = True
        if self._child is not None and self._child.alive and self._child.send(request):
            return
        self._child = self._start()
        self._child.send(request)

    def close(self) -> None:
        self._busy = False
        if self._child is not None:
            self._child.kill()

    def _start(self) -> JsonChild:
        child: list[JsonChild] = []

        def received(message: Message) -> None:
            if message.get("event") not in ("progress", "busy"):
                self._busy = False
            self._on_event(message)

        def ended(code: int) -> None:
            # A process that ended because it was idle, or that was replaced, is no news.
            if self._busy and child and self._child is child[0]:
                self._busy = False
                self._on_event({"event": "died", "reason": f"the indexer's process ended with code {code}"})

        child.append(JsonChild(__name__, received, ended, self.cache))
        return child[0]


def main() -> int:
    """The child's loop; ends with standard input, or when there was nothing to do for a while."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="indexer: %(message)s")
    pipe = ParentPipe()
    while True:
        request = pipe.receive(_IDLE_SECONDS)
        if request is None:
            return 0
        rebuild = bool(request.get("rebuild"))
        while pipe.waiting:
            # Requests that piled up during the last sync are one.
            following = pipe.receive()
            rebuild = rebuild or bool(following and following.get("rebuild"))
        _serve(Path(str(request.get("sync", ""))), rebuild, pipe)


def _serve(root: Path, rebuild: bool, pipe: ParentPipe) -> None:
    try:
        root = check_root(root)
        while True:
            report, store = _sync(root, rebuild, pipe)
            with_generation = store.generation() if store is not None else None
            if store is not None:
                store.close()
            if report is not None:
                break
            pipe.send({"event": "busy"})
            time.sleep(_RETRY_SECONDS)
    except PathlineError as error:
        pipe.send({"event": "failed", "reason": str(error)})
        return
    except Exception as error:
        # Nothing in a workspace may take the server's index away for good: it is told, and may ask again.
        log.exception("the sync of %s failed", root)
        pipe.send({"event": "failed", "reason": f"The workspace could not be indexed ({type(error).__name__}: {error})."})
        return
    if with_generation is None:
        pipe.send({"event": "unwritable", "reason": report.reason})
        return
    pipe.send(
        {
            "event": "synced",
            "database": str(index_path(root)),
            "generation": with_generation,
            "files": report.files,
            "symbols": report.symbols,
            "parsed": report.parsed,
            "removed": report.removed,
            "skipped": len(report.skipped),
            "complete": report.complete,
            "reason": report.reason,
        }
    )


def _sync(root: Path, rebuild: bool, pipe: ParentPipe) -> tuple[SyncReport | None, Store | None]:
    """One try: the report, None while another process writes; the store, None where it is not on disk."""
    shown = 0.0

    def progress(state: SyncProgress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _PROGRESS_SECONDS:
            shown = now
            pipe.send(
                {
                    "event": "progress",
                    "done": state.done,
                    "total": state.total,
                    "current": state.current,
                    "seconds_left": state.seconds_left,
                }
            )

    try:
        store, report = open_index(root, SyncOptions(), progress, rebuild=rebuild)
    except IndexBusyError:
        return None, None
    except IndexStoreError as error:
        log.warning("%s", error)
        raise
    if store.read_only:
        store.close()
        return None, None
    if store.path is None:
        store.close()
        return report, None
    return report, store


__all__ = ["Indexer", "main"]
