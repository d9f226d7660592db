"""What the cache folder holds of workspaces, and what of it may go.

    <cache>/index/<name>-<key>/<version>-py311.sqlite              an index; `-links` beside it (`linkstore.py`), `-wal` and others in use
    <cache>/index/<name>-<key>/<version>-py311-<variant>.sqlite    one of part of the files (`--ignore`, `--max-files`)
    <cache>/index/<name>-<key>/<version>-py311.lock                held by the process that writes that index
    <cache>/index/<name>-<key>/workspace.json                      which folder it is of, and when each index was last opened
    <cache>/adapters/<name>-<key>/                                 what a model was fitted to it with (`adapters.py`)

Only these are removed here: each can be built anew from its workspace at any time, so nothing is asked twice. An index whose
lock is held is never touched. Whoever reads one keeps what is open on POSIX; on Windows the file cannot be deleted, and stays.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ...errors import UsageError
from ..storage.store import database_path
from .adapters import FOLDER as ADAPTERS
from .adapters import InUse, KeptAdapters, exists, folder_bytes, list_kept, remove_kept

log = logging.getLogger(__name__)

DEFAULT_CAP = 5 * 10**9
DEFAULT_UNUSED_DAYS = 30.0
CAP_VARIABLE = "PATHLINE_CACHE_MAX"
NOTE = "workspace.json"

_SIDE_FILES = ("-wal", "-shm", "-journal", "-links", "-links-journal")
_STEM = re.compile(r"[0-9a-f]{12}-py(\d)(\d+)(-[0-9a-f]{8})?\Z")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*\Z", re.IGNORECASE)
_DAY = 86_400.0
# Opening a workspace notes it; doing so more often than this would only wear the disk.
_NOTE_AGAIN_SECONDS = 3600.0
# A folder without an index may be about to get one.
_EMPTY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One index. `bytes` includes its side files; `last_used` is in seconds since the epoch. `current`: this Pathline in this Python
    would open it; `python`: the version that made it ("" where the name does not say); `partial`: of part of the files."""

    path: Path
    bytes: int
    last_used: float
    current: bool
    python: str
    partial: bool


@dataclass(frozen=True, slots=True)
class WorkspaceFolder:
    """The indexes of one workspace. `root` is None where it was never noted; `root_exists` is None where it cannot be determined."""

    folder: Path
    name: str
    root: str | None
    root_exists: bool | None
    bytes: int
    last_used: float
    indexes: tuple[IndexFile, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """`why`: root_gone | other_version | over_cap | empty."""

    path: Path
    bytes: int
    why: str


@dataclass
class PruneReport:
    """What was removed (or would be), what was skipped and why, and how many bytes of indexes and adapters are left."""

    removed: list[Removal] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    bytes_left: int = 0


# -- notes -----------------------------------------------------------------------------------------------------------


def note_workspace(folder: Path, root: Path, database: Path | None = None) -> None:
    """Record in a workspace's cache folder its root, and that `database` (or else the current version's) is used now.

    Call it when an index is opened. Only listing and pruning depend on it, so a failure is only logged.
    """
    note = _read_note(folder)
    stem = database.stem if database is not None else current_version()
    used = {name: time_used for name, time_used in _used(note).items() if (folder / f"{name}.sqlite").exists()}
    now = time.time()
    if note.get("root") == str(root) and 0 <= now - used.get(stem, 0.0) < _NOTE_AGAIN_SECONDS:
        return
    text = json.dumps({"schema": 1, "root": str(root), "used": {**used, stem: round(now)}}, indent=1)
    temporary = folder / f".{NOTE}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(folder / NOTE)
    except OSError as error:
        log.debug("%s cannot be noted: %s", root, error)
        _unlink(temporary)


def current_version() -> str:
    """The stem of the index names of this Pathline in this Python."""
    return database_path(Path(), Path("x")).stem


def _read_note(folder: Path) -> dict[str, Any]:
    try:
        note = json.loads((folder / NOTE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _used(note: dict[str, Any]) -> dict[str, float]:
    used = note.get("used")
    return {n: float(t) for n, t in used.items() if isinstance(t, (int, float))} if isinstance(used, dict) else {}


# -- listing ---------------------------------------------------------------------------------------------------------


def list_workspaces(cache: Path) -> list[WorkspaceFolder]:
    """The workspaces below `<cache>/index`, most recently used first. Opens no index; folders that vanish meanwhile are left out."""
    version = current_version()
    found = [_workspace(folder, version) for folder in _folders(cache)]
    return sorted(found, key=lambda w: (-w.last_used, w.folder.name))


def _folders(cache: Path) -> list[Path]:
    try:
        with os.scandir(cache / "index") as entries:
            return sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _stats(folder: Path) -> dict[str, os.stat_result]:
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    found[entry.name] = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
    except OSError:
        pass  # gone since it was listed
    return found


def _workspace(folder: Path, version: str) -> WorkspaceFolder:
    stats, note = _stats(folder), _read_note(folder)
    used = _used(note)
    indexes = [_index_file(folder / n, stats, used, version) for n in sorted(stats) if n.endswith(".sqlite")]
    root = note.get("root")
    # A note that was copied here, or edited, is not about this folder.
    if not isinstance(root, str) or database_path(Path(), Path(root)).parent.name != folder.name:
        root = None
    try:
        created = folder.stat().st_mtime
    except OSError:
        created = 0.0
    return WorkspaceFolder(
        folder,
        folder.name.rpartition("-")[0] or folder.name,
        root,
        exists(root) if root is not None else None,
        sum(s.st_size for s in stats.values()),
        max((i.last_used for i in indexes), default=created),
        tuple(indexes),
    )


def _index_file(path: Path, stats: dict[str, os.stat_result], used: dict[str, float], version: str) -> IndexFile:
    file_stats = [stats[path.name + suffix] for suffix in ("", *_SIDE_FILES) if path.name + suffix in stats]
    named = _STEM.match(path.stem)
    return IndexFile(
        path,
        sum(s.st_size for s in file_stats),
        # Reading leaves a file's time alone; for that there is the note.
        max(used.get(path.stem, 0.0), *(s.st_mtime for s in file_stats)),
        path.stem == version or path.stem.startswith(f"{version}-"),
        f"{named[1]}.{named[2]}" if named else "",
        bool(named and named[3]),
    )


# -- pruning ---------------------------------------------------------------------------------------------------------


def prune(
    cache: Path,
    unused_days: float = DEFAULT_UNUSED_DAYS,
    cap: int | None = None,
    dry_run: bool = False,
    keep: Path | None = None,
) -> PruneReport:
    """Remove indexes and adapters whose root is gone, indexes of other versions unused for `unused_days`, and then the least recently
    used ones until no more than `cap` bytes are left (None: `size_cap()`): of a workspace the index before its adapters, which take
    longer to build. `keep`, an index, stays in any case, and its adapters with it. Raises nothing for a file in use."""
    cap = size_cap() if cap is None else cap
    report = PruneReport()
    now = time.time()
    workspaces = list_workspaces(cache)
    adapters = list_kept(cache)
    report.bytes_left = sum(w.bytes for w in workspaces) + sum(a.bytes for a in adapters)
    rest: list[tuple[float, bool, IndexFile | KeptAdapters]] = []
    used = {workspace.folder.name: workspace.last_used for workspace in workspaces}
    for adapter in adapters:
        if adapter.root_exists is False:
            _remove_adapters(adapter, "root_gone", dry_run, report)
        elif keep is None or adapter.folder.name != keep.parent.name:
            rest.append((max(adapter.changed, used.get(adapter.folder.name, 0.0)), True, adapter))
    for workspace in workspaces:
        for index in workspace.indexes:
            if index.path == keep:
                continue
            if workspace.root_exists is False:
                _remove(index, "root_gone", dry_run, report)
            elif not index.current and now - index.last_used > unused_days * _DAY:
                _remove(index, "other_version", dry_run, report)
            else:
                rest.append((index.last_used, False, index))
    for _, _, oldest in sorted(rest, key=lambda item: item[:2]):
        if report.bytes_left <= cap:
            break
        if isinstance(oldest, KeptAdapters):
            _remove_adapters(oldest, "over_cap", dry_run, report)
        else:
            _remove(oldest, "over_cap", dry_run, report)
    removed_paths = {removal.path for removal in report.removed}
    for workspace in workspaces:
        left = [i for i in workspace.indexes if i.path not in removed_paths]
        if not left and (workspace.indexes or now - workspace.last_used > _EMPTY_SECONDS):
            _remove_folder(workspace, dry_run, report)
    return report


def enforce_cap(cache: Path, keep: Path) -> list[Removal]:
    """Remove the least recently used indexes and adapters beyond the size cap, but never `keep`, an index, and what belongs to it; call
    it after a build.

    Costs one look at each file's size where nothing has to go. Never raises: what it is called after has succeeded.
    """
    try:
        cap = size_cap()
        indexes = sum(s.st_size for folder in _folders(cache) for s in _stats(folder).values())
        if indexes + folder_bytes(cache / ADAPTERS) <= cap:
            return []
        report = prune(cache, unused_days=float("inf"), cap=cap, keep=keep)
    except (OSError, UsageError) as error:
        log.warning("the cache folder is not kept within its size: %s", error)
        return []
    for removal in report.removed:
        log.info("removed %s (%d bytes): %s", removal.path, removal.bytes, removal.why)
    return report.removed


def size_cap() -> int:
    """How many bytes all indexes and adapters together may have: `PATHLINE_CACHE_MAX`, or 5 GB. Raises `UsageError`."""
    setting = os.environ.get(CAP_VARIABLE, "").strip()
    return parse_size(setting, CAP_VARIABLE) if setting else DEFAULT_CAP


def parse_size(text: str, what: str = "The size") -> int:
    """Bytes of "2GB", "500 MB" or "1.5GiB". Raises `UsageError` naming `what`."""
    match = _SIZE.match(text)
    if match is None:
        raise UsageError(f"{what} is {text!r}; give a size such as 2GB or 500MB.")
    power = " kmgt".index(match[2].lower() or " ")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** power)


def _remove(index: IndexFile, why: str, dry_run: bool, report: PruneReport) -> None:
    """Delete one index under its lock, or report why not."""
    try:
        with _locked(index.path.with_suffix(".lock")):
            if _last_change(index.path) > index.last_used:
                raise InUse("it was used a moment ago")
            if not dry_run:
                # The database first: where it cannot go, nothing does.
                for suffix in ("", *_SIDE_FILES):
                    index.path.with_name(index.path.name + suffix).unlink(missing_ok=True)
    except InUse as error:
        report.skipped.append((index.path, str(error)))
    except (OSError, NotImplementedError) as error:
        why = "a running program has it open" if isinstance(error, PermissionError) and _WINDOWS else str(error)
        report.skipped.append((index.path, why))
    else:
        report.removed.append(Removal(index.path, index.bytes, why))
        report.bytes_left -= index.bytes


def _remove_adapters(kept: KeptAdapters, why: str, dry_run: bool, report: PruneReport) -> None:
    try:
        if not dry_run:
            remove_kept(kept.folder)
    except (InUse, OSError, NotImplementedError) as error:
        report.skipped.append((kept.folder, str(error)))
    else:
        report.removed.append(Removal(kept.folder, kept.bytes, why))
        report.bytes_left -= kept.bytes


_WINDOWS = sys.platform == "win32"


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock of an index, or raise `InUse` at once. A lock file that did not exist before is removed afterwards."""
    existed = file.exists()
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InUse("a running Pathline is writing it") from None
    try:
        yield
    finally:
        if existed:
            lock.release()
        else:
            _drop(lock, file)


def _drop(lock: FileLock, file: Path) -> None:
    """Release a lock and delete its file: on POSIX while it is held, so that nobody gets hold of a deleted one; Windows deletes no
    open file."""
    if not _WINDOWS:
        _unlink(file)
    lock.release()
    if _WINDOWS:
        _unlink(file)


def _last_change(path: Path) -> float:
    changes = []
    for suffix in ("", "-wal"):
        try:
            changes.append(path.with_name(path.name + suffix).stat().st_mtime)
        except FileNotFoundError:
            continue
    return max(changes, default=0.0)


def _remove_folder(workspace: WorkspaceFolder, dry_run: bool, report: PruneReport) -> None:
    """Delete what is left of a workspace without indexes: its note, locks, and leftovers of killed processes."""
    rest = workspace.bytes - sum(i.bytes for i in workspace.indexes)
    if not dry_run:
        stats = _stats(workspace.folder)
        if any(name.endswith(".sqlite") for name in stats):
            return  # built anew since it was listed
        for name in stats:
            file = workspace.folder / name
            if not name.endswith(".lock"):
                _unlink(file)
                continue
            lock = FileLock(file)
            try:
                lock.acquire(timeout=0)
            except (Timeout, OSError, NotImplementedError):
                return
            _drop(lock, file)
        try:
            workspace.folder.rmdir()
        except OSError as error:
            log.debug("%s stays: %s", workspace.folder, error)
            return
    if not workspace.indexes:
        report.removed.append(Removal(workspace.folder, rest, "empty"))
    report.bytes_left -= rest


def _unlink(file: Path) -> None:
    try:
        file.unlink()
    except OSError as error:
        log.debug("%s stays: %s", file, error)
