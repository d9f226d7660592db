"""Opens the index of a workspace: who may write it, and what to do when it is damaged or cannot be written."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import IndexBusyError, IndexDamagedError, IndexStoreError
from ..paths import cache_dir
from ..types import CancelToken
from .cache.folder import enforce_cap, note_workspace
from .discovery.discover import DiscoverOptions
from .indexing.sync import SyncOptions, SyncProgress, SyncReport, sync
from .storage.sealed import damaged
from .storage.store import Store, database_path

log = logging.getLogger(__name__)

_LOCK_WAIT_SECONDS = 2.0


def index_path(root: Path, options: DiscoverOptions | None = None) -> Path:
    """The path of the index of a workspace. An index of part of the files (other rules, other limits) has its own path."""
    variant = ""
    if options is not None and options != DiscoverOptions():
        variant = "-" + hashlib.sha256(repr(options).encode()).hexdigest()[:8]
    return database_path(cache_dir(), root, variant)


def open_index(
    root: Path,
    options: SyncOptions,
    on_progress: Callable[[SyncProgress], None] | None = None,
    cancel: CancelToken | None = None,
    rebuild: bool = False,
    or_in_memory: bool = True,
) -> tuple[Store, SyncReport]:
    """The index of `root`, up to date. Where another process is writing it, its last state is read, and the report says so. A damaged
    index is rebuilt; one that cannot be written is kept in memory, with the reason in the report, or raises `IndexStoreError`."""
    path = index_path(root, options.discover)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        lock.acquire(timeout=_LOCK_WAIT_SECONDS)
    except Timeout:
        return _read_beside_writer(path)
    except (OSError, NotImplementedError) as error:
        why = f"the cache folder cannot be written ({error})"
        if not or_in_memory:
            raise IndexStoreError(f"The index cannot be kept: {why}.") from error
        return _in_memory(root, options, on_progress, cancel, why)
    try:
        if rebuild:
            delete_index(path)
        try:
            return _open_and_sync(path, root, options, on_progress, cancel)
        except IndexDamagedError as error:
            log.warning("the index %s is built anew: %s", path, error)
            delete_index(path)
            return _open_and_sync(path, root, options, on_progress, cancel)
    except (IndexStoreError, OSError) as error:
        if not or_in_memory:
            raise IndexStoreError(f"The index cannot be kept on disk: {error}") from error
        return _in_memory(root, options, on_progress, cancel, f"the index cannot be kept on disk: {error}")
    finally:
        lock.release()


def _open_and_sync(
    path: Path,
    root: Path,
    options: SyncOptions,
    on_progress: Callable[[SyncProgress], None] | None,
    cancel: CancelToken | None,
) -> tuple[Store, SyncReport]:
    store = Store(path)
    note_workspace(path.parent, root, path)
    try:
        report = sync(root, store, options, on_progress, cancel)
        _check_place(store)
        if report.parsed:
            enforce_cap(cache_dir(), path)
        return store, report
    except BaseException:
        store.close()
        raise


def refresh_index(root: Path, store: Store, options: SyncOptions) -> SyncReport:
    """Bring an index that is open for writing up to date. Raises `IndexStoreError`; `IndexBusyError` where another process writes it."""
    if store.path is None:
        return sync(root, store, options)
    try:
        with FileLock(store.path.with_suffix(".lock"), timeout=_LOCK_WAIT_SECONDS):
            _check_place(store)
            report = sync(root, store, options)
            _check_place(store)
            return report
    except Timeout:
        raise IndexBusyError("Another Pathline process is updating this index; try again in a moment.") from None
    except (OSError, NotImplementedError) as error:
        raise IndexStoreError(f"The cache folder cannot be written ({error}).") from error


def _check_place(store: Store) -> None:
    if not store.is_in_place():
        raise damaged("its file is gone from the cache folder")


def delete_index(path: Path) -> None:
    """Remove a database with its side files."""
    for suffix in ("", "-wal", "-shm", "-journal", "-links", "-links-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _read_beside_writer(path: Path) -> tuple[Store, SyncReport]:
    try:
        store = Store(path, read_only=True)
    except IndexStoreError as error:
        raise IndexBusyError(
            "Another Pathline process is building the index of this workspace; try again in a moment."
        ) from error
    files, symbols = store.counts()
    reason = "another Pathline process is updating the index; this is its last state"
    return store, SyncReport(files=files, symbols=symbols, unchanged=files, complete=False, reason=reason)


def _in_memory(
    root: Path,
    options: SyncOptions,
    on_progress: Callable[[SyncProgress], None] | None,
    cancel: CancelToken | None,
    why: str,
) -> tuple[Store, SyncReport]:
    log.info("%s: the index is kept in memory for this run", why)
    store = Store(None)
    report = sync(root, store, options, on_progress, cancel)
    report.reason = "; ".join(filter(None, (report.reason, f"{why}; the index was kept in memory")))
    return store, report
