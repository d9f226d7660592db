"""Links the calls of all files in the background, so that callers are looked up rather than inferred.

It takes a minute or more for half a million lines, so it is not part of building the index. It goes file by file, through call expressions
and implicit calls, keeps what it has done, and can be stopped at any time. After a change of the index only the affected files are linked
again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...types import Call, CancelToken, ModuleFacts, is_cancelled
from ..linking.calls import sites
from ..linking.implicit import implicit_callers
from ..linking.implicit.targets import implicit_calls
from ..linking.inference import Inference
from ..linking.local.implicit_sites import operations_of
from ..linking.local.named_calls import NamedCalls
from ..linking.local.tables import forget_rows
from ..linking.results.query_cache import MAX_STEPS
from ..linking.results.reads import Reads, TracedWorkspace
from ..memory.garbage import without_gc
from ..snapshot.view import WorkspaceView
from ..storage.sqlite_files import is_locked
from ..storage.store import Store
from ..storage.uses import properties
from .links import Changes, content_state, index_state, links_version, uses_of
from .linkstore import (
    LINK_KINDS,
    SUFFIX,
    UNREAD,
    FileRows,
    Linked,
    LinkStore,
    StoredImplicitCall,
    call_keys,
    hashes,
    operation_key,
    target_key,
    truncated_key,
)

log = logging.getLogger(__name__)

# The pass returns to files again and again. A row takes some 60 bytes as long as it is not turned into an object.
_MAX_ROWS = 800_000
_MAX_CHARACTERS = 12_000_000
_FILES_PER_TRANSACTION = 25  # that are written in one transaction
_MAX_IMPLICIT_STEPS = 200  # for each implicit call; a call expression may take more


class LinkReport(NamedTuple):
    """`linked`: files linked in this pass; `void`: rows that were no longer valid; `complete`: no file is left; `run`: files whose
    implicit calls were linked."""

    linked: int
    void: int
    complete: bool
    run: int = 0


def link_workspace(
    root: Path,
    store: Store,
    cancel: CancelToken | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LinkReport:
    """Bring the links of an index up to date. Stops early where `cancel` is set or the index changes meanwhile.

    `on_progress` gets the number of files done and the total. Where the links cannot be written nothing is done.
    """
    if store.path is None:
        return LinkReport(0, 0, False)
    file = store.path.with_name(store.path.name + SUFFIX)
    try:
        links = LinkStore(file, links_version(), write=True)
    except (sqlite3.Error, ValueError, OSError) as error:
        if is_locked(error):
            log.info("another process is linking: %s", error)
            return LinkReport(0, 0, False)
        log.info("%s is made anew: %s", file, error)
        try:
            file.unlink(missing_ok=True)
            links = LinkStore(file, links_version(), write=True)
        except (sqlite3.Error, OSError) as again:
            log.warning("links are not kept: %s", again)
            return LinkReport(0, 0, False)
    try:
        view = WorkspaceView(root, store, max_rows=_MAX_ROWS, max_characters=_MAX_CHARACTERS)
        index = index_state(view)
        with without_gc():
            void = _begin(view, links, index)
            return _link(view, links, index, void, cancel, on_progress)
    except sqlite3.Error as error:
        log.warning("links are not kept: %s", error)
        return LinkReport(0, 0, False)
    finally:
        links.close()


def _begin(view: WorkspaceView, links: LinkStore, index: str) -> int:
    """Delete invalid rows and record the state of the files. Returns how many rows were deleted."""
    if links.index == index:
        return 0
    linked_files = links.linked_files()
    states = {
        link_file.path: content_state(link_file) for link_file in view.store.files() if link_file.kind == "python"
    }
    deleted = [path for path in linked_files if path not in states]
    changed = Changes()
    for path in deleted:
        changed.remove(path, linked_files[path])
    new: dict[str, tuple[str, bytes]] = {}
    for path, state in states.items():
        linked = linked_files.get(path)
        if linked is not None and linked.state == state:
            continue
        facts = view.facts(path)
        if facts is not None:
            text = view.text(path)
            changed.replace(linked, facts, text)
            new[path] = state, hashes(uses_of(facts, text))
            forget_rows(facts)
    void = {
        link_kind: links.files_affected_by(link_kind, changed.files, changed.names)
        if linked_files and changed.paths
        else []
        for link_kind in LINK_KINDS
    }
    links.begin(index, new, deleted, void)
    return len(void["call"])


def _link(
    view: WorkspaceView,
    links: LinkStore,
    index: str,
    void: int,
    cancel: CancelToken | None,
    on_progress: Callable[[int, int], None] | None,
) -> LinkReport:
    todo = {link_kind: set(links.files_without_rows(link_kind)) for link_kind in LINK_KINDS}
    linked = dict.fromkeys(LINK_KINDS, 0)
    reads = Reads({path: known.number for path, known in links.linked_files().items()})
    work = _FileLinker(view, Inference(TracedWorkspace(view, reads), reads), reads, cancel)
    paths = sorted(set().union(*todo.values()))
    for start in range(0, len(paths), _FILES_PER_TRANSACTION):
        rows: dict[str, list[FileRows]] = {link_kind: [] for link_kind in LINK_KINDS}
        # Both link kinds of a file in turn, since what is cached for its names serves both.
        for path, link_kind in [
            (path, link_kind) for path in paths[start : start + _FILES_PER_TRANSACTION] for link_kind in LINK_KINDS
        ]:
            if path in todo[link_kind]:
                link_file = work.link_file(link_kind, path)
                if link_file is None:
                    return LinkReport(linked["call"], void, False, linked["run"])
                rows[link_kind].append(link_file)
        for link_kind in LINK_KINDS:
            if index_state(view) != index or not links.write(index, link_kind, rows[link_kind]):
                return LinkReport(linked["call"], void, False, linked["run"])
            linked[link_kind] += len(rows[link_kind])
        if on_progress is not None:
            on_progress(min(start + _FILES_PER_TRANSACTION, len(paths)), len(paths))
    complete = all(links.mark_complete(index, link_kind) for link_kind in LINK_KINDS)
    return LinkReport(linked["call"], void, complete, linked["run"])


class _FileLinker:
    """Makes the rows of files."""

    def __init__(self, view: WorkspaceView, inference: Inference, reads: Reads, cancel: CancelToken | None) -> None:
        self._view = view
        self._inference = inference
        self._reads = reads
        self._cancel = cancel
        self._properties: set[str] | None = None

    def link_file(self, link_kind: str, path: str) -> FileRows | None:
        """None where it was cancelled."""
        if not self._index_workspace():
            return None
        self._inference.max_steps = MAX_STEPS if link_kind == "call" else _MAX_IMPLICIT_STEPS
        self._reads.start()
        data: dict[int, Linked] | dict[int, StoredImplicitCall] | None = {}
        keys: dict[str, list[int]] = {}
        with self._view.store.snapshot():
            facts = self._view.facts(path) if self._view.is_stored(path) else None
            if facts is not None:
                data, keys = self._link_calls(facts) if link_kind == "call" else self._link_implicit_calls(facts)
                forget_rows(facts)  # all row objects were created, and few are needed again
        return FileRows(path, self._reads.files, self._reads.names, dict(data), keys) if data is not None else None

    @property
    def _is_cancelled(self) -> bool:
        return is_cancelled(self._cancel)

    def _link_calls(self, facts: ModuleFacts) -> tuple[dict[int, Linked] | None, dict[str, list[int]]]:
        found: dict[int, Linked] = {}
        for number, call in enumerate(facts.calls):
            if self._is_cancelled:
                return None, {}
            linked = _link_call(self._inference, facts.path, call)
            if linked.targets.named or linked.truncated or ("." in call.callee and not linked.targets.elsewhere):
                found[number] = linked
        return found, call_keys(facts.calls, found)

    def _link_implicit_calls(
        self, facts: ModuleFacts
    ) -> tuple[dict[int, StoredImplicitCall] | None, dict[str, list[int]]]:
        found: dict[int, StoredImplicitCall] = {}
        keys: dict[str, list[int]] = {}
        inference = self._inference
        inference.unparsed.clear()
        for operation in operations_of(inference, facts.path):
            if operation.protocol not in implicit_callers.LINKED:
                continue
            if operation.protocol in implicit_callers.ACCESSES:
                # Most attribute names are not properties anywhere. A new property of this name voids the row.
                self._reads.note_name("property", operation.name)
                if operation.name not in (self._properties or ()):
                    continue
            if self._is_cancelled:
                return None, {}
            inference.incomplete = False
            for call in implicit_calls(inference, facts.path, operation):
                linked = Linked(call.targets, False, False)
                found[len(found)] = StoredImplicitCall(
                    operation.kind,
                    call.callee,
                    operation.owner,
                    operation.line,
                    operation.last,
                    operation.deferred,
                    linked,
                )
                values = (*call.targets.named, *call.targets.entered)
                for key in {target_key(v) for v in values if v.kind != "module"}:
                    keys.setdefault(key, []).append(len(found) - 1)
            if inference.incomplete:
                keys.setdefault(truncated_key(operation_key(operation.protocol, operation.name)), [])
        if inference.unparsed:
            keys[UNREAD] = []
        return found, keys

    def _index_workspace(self) -> bool:
        """Collect the calls of all files by name, and the names of all properties. Returns False where it was cancelled."""
        if self._properties is None:
            found: set[str] = set()
            calls = NamedCalls(self._view.facts)
            for path in self._view.python_paths():
                if self._is_cancelled:
                    return False
                facts = self._view.facts(path)
                if facts is not None:
                    found |= properties(facts, self._view.text)
                    calls.add(facts)
                    forget_rows(facts)
            self._properties = found
            self._inference.named_calls = calls
        return True


def _link_call(inference: Inference, path: str, call: Call) -> Linked:
    inference.incomplete = False
    targets = sites.targets(inference, path, call)
    return Linked(targets, sites.is_direct(inference, path, call) if targets.named else False, inference.incomplete)


__all__ = ["LinkReport", "link_workspace"]
