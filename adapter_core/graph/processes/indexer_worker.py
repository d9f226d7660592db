"""The process that writes indexes; see `indexer` for the messages and the parent's side."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import asdict
from pathlib import Path

from ...errors import IndexBusyError, IndexStoreError, PathlineError
from ..calls.linkpass import LinkReport, link_workspace
from ..discovery.discover import check_root
from ..indexing.sync import SyncOptions, SyncProgress
from ..workspace import open_index
from .children import Message, ParentPipe
from .indexer import open_reader

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0
_IDLE_SECONDS = 300.0
_PROGRESS_SECONDS = 0.1
_QUIET_SECONDS = 2.0  # without a request, after which calls are linked
_LINK_TRIES = 6  # one after the other in which nothing could be linked, each after twice the time
_WORK_SECONDS = 0.02
_MAX_PAUSE_SECONDS = 0.5


def main() -> int:
    """The child's loop; ends with standard input, or after some idle time."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="indexer: %(message)s")
    pipe = ParentPipe()
    synced: Path | None = None  # the root synced last
    to_link: Path | None = None  # the same, where its calls are to be linked when there is nothing else to do
    linking = True
    failures = 0
    while True:
        request = pipe.receive(_IDLE_SECONDS if to_link is None else _QUIET_SECONDS * 2**failures)
        if request is None:
            if to_link is None:
                return 0
            report = _link(to_link, pipe)
            failures = 0 if report.linked or report.run else failures + 1
            if report.complete or failures == _LINK_TRIES:
                to_link = None
            continue
        failures = 0
        requests = [request]
        while pipe.waiting:
            requests.append(pipe.receive() or {})
        linking = [bool(message["link"]) for message in ({"link": linking}, *requests) if "link" in message][-1]
        syncs = [message for message in requests if "sync" in message]
        if syncs:
            # Requests that piled up during the last sync are one.
            path_lists = [_paths(message) for message in syncs]
            paths = None if None in path_lists else tuple(path for path_list in path_lists for path in path_list or ())
            synced = _serve(Path(str(syncs[-1]["sync"])), any(message.get("rebuild") for message in syncs), paths, pipe)
        to_link = synced if linking else None


def _paths(request: Message) -> tuple[str, ...] | None:
    paths = request.get("paths")
    return tuple(str(path) for path in paths) if isinstance(paths, list) else None


def _serve(root: Path, rebuild: bool, paths: tuple[str, ...] | None, pipe: ParentPipe) -> Path | None:
    """Answer one request, however long another process holds the lock. Returns the root where it has an index now."""
    try:
        root = check_root(root)
        while (answer := _try_sync(root, rebuild, paths, pipe)) is None:
            pipe.send({"event": "busy"})
            time.sleep(_RETRY_SECONDS)
    except PathlineError as error:
        answer = {"event": "failed", "reason": str(error)}
    except Exception as error:
        # Nothing in a workspace may disable its index for good: the server gets an event, and may try again.
        log.exception("the sync of %s failed", root)
        answer = {"event": "failed", "reason": f"The workspace could not be indexed ({type(error).__name__}: {error})."}
    pipe.send(answer)
    return root if answer["event"] == "synced" else None


def _link(root: Path, pipe: ParentPipe) -> LinkReport:
    """Link calls until the parent sends something or another process changes the index."""
    try:
        store = open_reader(root)
        try:
            return link_workspace(root, store, _Throttle(pipe))
        finally:
            store.close()
    except (PathlineError, OSError) as error:
        log.info("the calls of %s are not linked: %s", root, error)
    except Exception:
        # Only speed rests on links; a fault of ours in making them must not cost the index.
        log.exception("the calls of %s are not linked", root)
    return LinkReport(0, 0, False)


class _Throttle:
    """A cancel token that is checked between two pieces of work, and then waits as long as the last piece took, so that half a core
    stays free."""

    def __init__(self, pipe: ParentPipe) -> None:
        self._pipe = pipe
        self._since = time.monotonic()

    def is_set(self) -> bool:
        worked = time.monotonic() - self._since
        if worked >= _WORK_SECONDS:
            time.sleep(min(worked, _MAX_PAUSE_SECONDS))
            self._since = time.monotonic()
        return self._pipe.waiting


def _try_sync(root: Path, rebuild: bool, paths: tuple[str, ...] | None, pipe: ParentPipe) -> Message | None:
    """One attempt; None while another process writes."""
    try:
        store, report = open_index(root, SyncOptions(only=paths), _Meter(pipe), rebuild=rebuild, or_in_memory=False)
    except IndexBusyError:
        return None
    except IndexStoreError as error:
        return {"event": "unwritable", "reason": str(error)}
    try:
        if store.read_only:
            return None
        return {
            "event": "synced",
            "database": str(store.path),
            "generation": store.generation(),
            "files": report.files,
            "symbols": report.symbols,
            "parsed": report.parsed,
            "removed": report.removed,
            "skipped": len(report.skipped),
            "complete": report.complete,
            "reason": report.reason,
        }
    finally:
        store.close()


class _Meter:
    """Sends progress, a few times a second."""

    def __init__(self, pipe: ParentPipe) -> None:
        self._pipe = pipe
        self._last_sent = float("-inf")

    def __call__(self, state: SyncProgress) -> None:
        now = time.monotonic()
        if now - self._last_sent >= _PROGRESS_SECONDS:
            self._last_sent = now
            self._pipe.send({"event": "progress", **asdict(state)})


__all__ = ["main"]
