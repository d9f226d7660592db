"""Brings the stored index up to date with the files on disk.

Whoever syncs holds the workspace's lock and is the only writer. Each batch is one transaction: a process killed at any moment leaves an
index that is true for the files it names, marked incomplete until a sync finishes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...types import CancelToken, Problem, check_cancelled
from ..discovery.discover import (
    DiscoverOptions,
    Discovery,
    FoundFile,
    affects_discovery,
    discover,
    discover_some,
    is_folder,
    may_be_indexed,
)
from ..discovery.roots import SourceRoots, source_roots
from ..memory.garbage import without_gc
from ..source import read_source
from ..storage.store import FileRow, Store
from .batch import BatchResult, index_batch
from .pool import ParserPool

# Below this many bytes to parse, starting processes costs more than it saves.
_POOL_THRESHOLD = 2_000_000
_BATCH_BYTES = 1_200_000
_BATCH_FILES = 400
_MAX_PROJECT_FILE = 1_000_000
# Each file that is saved becomes a segment of its own, in which every look-up has to look.
_SMALL_SEGMENT = 8
_MAX_SMALL_SEGMENTS = 64


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """`done` of `total` files; `current` is a file being worked on; `seconds_left` is None while unknown."""

    done: int
    total: int
    current: str
    seconds_left: float | None


@dataclass
class SyncReport:
    files: int = 0
    symbols: int = 0
    parsed: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    reason: str = ""
    elapsed_ms: float = 0.0
    # CPU seconds by stage, of all processes together: those of `batch.BatchResult`, and "store".
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """`workers` 0: one per core, none for little work. `executor` replaces the process pool. `only`: relative paths that may have
    changed, so that other files need not be checked; where one of them affects others (ignore rules, source roots), or the index is
    incomplete, all files are checked all the same."""

    discover: DiscoverOptions = field(default_factory=DiscoverOptions)
    workers: int = 0
    executor: Executor | None = None
    only: tuple[str, ...] | None = None


def sync(
    root: Path,
    store: Store,
    options: SyncOptions | None = None,
    on_progress: Callable[[SyncProgress], None] | None = None,
    cancel: CancelToken | None = None,
) -> SyncReport:
    """Walk `root`, parse changed files, and remove files that are gone. Raises `Cancelled` (what was done stays), `RootError` or
    `IndexStoreError`."""
    options = options or SyncOptions()
    started = time.perf_counter()
    work = _plan(root, store, options)
    report = SyncReport(
        unchanged=len(work.found.files) - len(work.changed), removed=len(work.removed), skipped=[*work.found.skipped]
    )
    batches = _batches(work.changed)
    results = _index_batches(root, batches, work.known, options, on_progress, cancel)
    if not batches and (work.removed or (store.roots(), store.completeness()) != (work.roots, work.outcome)):
        results = iter([BatchResult()])
    with without_gc():
        _write_results(store, work, results, len(batches), report)
    report.files, report.symbols = store.counts()
    report.complete, report.reason = work.outcome
    if work.everything:
        report.problems.extend(Problem(row.path, row.problem) for row in store.files() if row.problem)
    report.elapsed_ms = (time.perf_counter() - started) * 1000
    return report


@dataclass(frozen=True, slots=True)
class _SyncPlan:
    """What a sync has to do. `known`: the stored SHA-256 of changed files, so that those that still have it need not be parsed.
    `everything`: all files were checked."""

    found: Discovery
    roots: SourceRoots
    changed: list[FoundFile]
    removed: list[str]
    known: dict[str, str]
    everything: bool

    @property
    def outcome(self) -> tuple[bool, str]:
        """Whether the index is complete afterwards, and the reason if not."""
        return self.found.complete, self.found.reason


def _plan(root: Path, store: Store, options: SyncOptions) -> _SyncPlan:
    """Check the files, all of them or those that may have changed."""
    scattered = _files_in_small_segments(store)
    only = None if scattered else _paths_to_check(root, store, options)
    if only is None:
        store.check()
        found = discover(root, options.discover)
        roots = _name_modules(root, found)
        stored = {row.path: row for row in store.files()}
    else:
        found = discover_some(root, only, options.discover)
        roots = store.roots()
        _with_modules(found, roots)
        stored = {path: row for path in only if (row := store.file(path)) is not None}
    changed = [f for f in found.files if f.path in scattered or not _is_unchanged(f, stored.get(f.path))]
    # A file whose module's name changed, by a new source root, is another file.
    known = {
        file.path: stored[file.path].sha256
        for file in changed
        if file.path in stored and stored[file.path].module == file.module and file.path not in scattered
    }
    paths = {file.path for file in found.files}
    return _SyncPlan(found, roots, changed, [path for path in stored if path not in paths], known, only is None)


def _paths_to_check(root: Path, store: Store, options: SyncOptions) -> tuple[str, ...] | None:
    """The files that a sync may limit itself to; None: all have to be checked."""
    only = options.only
    if only is None or not store.completeness()[0]:
        return None
    return None if any(_affects_others(root, store, path, only, options.discover) for path in only) else only


def _write_results(
    store: Store, work: _SyncPlan, results: Iterator[BatchResult], batches: int, report: SyncReport
) -> None:
    """Write each result in one transaction. Removals are part of the first, and the last one marks the index complete: few changes are a
    single step, and between many the index is marked incomplete."""
    for number, result in enumerate(results, 1):
        with store.transaction():
            if number == 1:
                store.set_roots(work.roots)
                for path in work.removed:
                    store.remove(path)
            _write(store, result, report)
            store.set_complete(*(work.outcome if number >= batches else (False, "the index is being built")))


def _files_in_small_segments(store: Store) -> set[str]:
    """The files of small segments, where there are so many that they slow down look-ups; they are rewritten as one segment."""
    paths, segments = store.small_segments(_SMALL_SEGMENT, _BATCH_BYTES // _SMALL_SEGMENT)
    return set(paths) if segments > _MAX_SMALL_SEGMENTS else set()


def _affects_others(
    root: Path, store: Store, path: str, changed_paths: Sequence[str], options: DiscoverOptions
) -> bool:
    """Whether the change of one path, among those of `changed_paths`, may affect other files."""
    # A folder comes, goes or changes its place with all that is in it; an `__init__` makes a folder a package.
    try:
        folder = path.rstrip("/")
        if store.has_files_below(folder) or is_folder(root, folder, options):
            return True
        known, there = store.file(path) is not None, (root / path).is_file()
        comes_or_goes = known != there
    except (OSError, ValueError):
        return False  # no name of a file
    if there and not known and not may_be_indexed(path):
        return False  # programs write logs all the time
    if affects_discovery(path) or (comes_or_goes and path.rpartition("/")[2] == "__init__.py"):
        return True
    if not known and not there:
        # A file that could not be read, and is not stored, may have made a folder a source root.
        roots = (f for f in store.roots().folders if f)
        enclosing_roots = (f for f in roots if f"{folder}/".startswith(f"{f}/") or f.startswith(f"{folder}/"))
        return any(not store.has_files_below(f) for f in enclosing_roots)
    # The first file below a folder may make that a source root; so may the last ones that go together unmake it.
    folder = path.rpartition("/")[0]
    return comes_or_goes and bool(folder) and not store.has_files_below(folder, besides=changed_paths)


def _name_modules(root: Path, found: Discovery) -> SourceRoots:
    """Set the module name of each Python file."""

    def read(path: str) -> str:
        try:
            return read_source(root / path, _MAX_PROJECT_FILE).text
        except (OSError, ValueError):
            return ""

    roots = source_roots([file.path for file in found.files], read)
    _with_modules(found, roots)
    return roots


def _with_modules(found: Discovery, roots: SourceRoots) -> None:
    found.files = [
        FoundFile(f.path, f.kind, f.size, f.mtime_ns, f.ctime_ns, f.inode, roots.module_name(f.path))
        if f.kind == "python" else f
        for f in found.files
    ]  # fmt: skip


def _is_unchanged(file: FoundFile, row: FileRow | None) -> bool:
    if row is None or (row.kind, row.module) != (file.kind, file.module):
        return False
    return row.is_current(file.size, file.mtime_ns, file.ctime_ns, file.inode)


def _write(store: Store, result: BatchResult, report: SyncReport) -> None:
    """Call within a transaction."""
    for part in result.parts:
        _write(store, part, report)
    for stage, seconds in result.stages.items():
        report.stages[stage] = report.stages.get(stage, 0.0) + seconds
    if result.files:
        # The thread's own time: others read and decode meanwhile.
        started = time.thread_time()
        store.write(result.files, result.owners, result.lengths, result.blocks)
        report.stages["store"] = report.stages.get("store", 0.0) + time.thread_time() - started
    for touched in result.touched:
        store.touch(*touched)
    for path, _ in result.skipped:
        store.remove(path)
    report.parsed += len(result.files)
    report.unchanged += len(result.touched)
    report.skipped.extend(Problem(path, reason) for path, reason in result.skipped)


def _batches(files: Sequence[FoundFile]) -> list[list[FoundFile]]:
    batches: list[list[FoundFile]] = [[]]
    size = 0
    for file in files:
        if batches[-1] and (size + file.size > _BATCH_BYTES or len(batches[-1]) >= _BATCH_FILES):
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += file.size
    return [batch for batch in batches if batch]


def _index_batches(
    root: Path,
    batches: list[list[FoundFile]],
    known: dict[str, str],
    options: SyncOptions,
    on_progress: Callable[[SyncProgress], None] | None,
    cancel: CancelToken | None,
) -> Iterator[BatchResult]:
    """One result per batch, in any order."""
    if not batches:
        return
    meter = _Meter([file for batch in batches for file in batch], on_progress)
    max_bytes = options.discover.max_file_bytes
    workers = options.workers or (os.cpu_count() or 1)
    own_pool = options.executor is None and workers > 1 and len(batches) > 1 and meter.total_bytes > _POOL_THRESHOLD
    if options.executor is None and not own_pool:
        for batch in batches:
            # Small steps keep Ctrl-C and the progress bar alive where everything runs in this process.
            _check(cancel)
            meter.show(batch[0].path)
            yield index_batch(str(root), batch, known, max_bytes)
            meter.add(batch)
        return
    with _submitter(options, min(workers, len(batches))) as submit:
        waiting: dict[Future[BatchResult], list[FoundFile]] = {}
        pending = list(reversed(batches))
        try:
            while pending or waiting:
                _check(cancel)
                while pending and len(waiting) < 2 * workers:
                    batch = pending.pop()
                    mine = {file.path: known[file.path] for file in batch if file.path in known}
                    waiting[submit(str(root), batch, mine, max_bytes)] = batch
                finished, _ = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in finished:
                    batch = waiting.pop(future)
                    meter.show(batch[0].path)
                    yield future.result()
                    meter.add(batch)
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _submitter(options: SyncOptions, workers: int) -> Iterator[Callable[..., Future[BatchResult]]]:
    if options.executor is not None:
        executor = options.executor
        yield lambda *batch: executor.submit(index_batch, *batch)
        return
    with ParserPool(workers) as pool:
        yield pool.submit


def _check(cancel: CancelToken | None) -> None:
    check_cancelled(cancel, "Indexing was stopped; what is done is kept, and the next run goes on from there.")


class _Meter:
    """Progress by bytes, reported in files."""

    def __init__(self, files: Sequence[FoundFile], report: Callable[[SyncProgress], None] | None) -> None:
        self.total = len(files)
        self.total_bytes = sum(file.size for file in files)
        self._report = report
        self._done = 0
        self._bytes = 0
        self._started = time.perf_counter()

    def add(self, files: Sequence[FoundFile]) -> None:
        self._done += len(files)
        self._bytes += sum(file.size for file in files)
        self.show(files[-1].path)

    def show(self, current: str) -> None:
        if self._report is None:
            return
        left = None
        if self._bytes:
            left = (time.perf_counter() - self._started) * (self.total_bytes - self._bytes) / self._bytes
        self._report(SyncProgress(self._done, self.total, current, left))
