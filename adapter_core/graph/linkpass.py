"""Works out what the calls of each file lead to, while nobody asks, so that who calls something is looked up and not inferred.

It takes a minute or more for half a million lines, so it is no part of building the index. It goes file by file, keeps what it has, and
can be stopped at any time. After a change of the index only what rests on the changed files is worked out anew.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..types import Call, CancelToken, ModuleFacts
from .linking import sites
from .linking.evaluate import Inference
from .linking.reads import Reads, TracedWorkspace
from .links import Changed, links_version, state_of, uses_of
from .linkstore import SUFFIX, FileLinks, Linked, LinkStore, hashes
from .store import Store
from .view import ROWS_OF_ALL, WorkspaceView

log = logging.getLogger(__name__)

_FILES_A_ROUND = 25  # that are written in one transaction


class LinkReport(NamedTuple):
    """`linked` files now, `void`: of those before, those that held no more; `complete`: none is left."""

    linked: int
    void: int
    complete: bool


def link_workspace(
    root: Path,
    store: Store,
    cancel: CancelToken | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LinkReport:
    """Bring the links of an index up to date. Ends early where `cancel` is set or the index changes meanwhile.

    `on_progress` is given the number of files done, and of all that were to do. Where the links cannot be written nothing is done.
    """
    if store.path is None:
        return LinkReport(0, 0, False)
    file = store.path.with_name(store.path.name + SUFFIX)
    try:
        links = LinkStore(file, links_version(), write=True)
    except (sqlite3.Error, ValueError, OSError) as error:
        log.info("%s is made anew: %s", file, error)
        file.unlink(missing_ok=True)
        try:
            links = LinkStore(file, links_version(), write=True)
        except (sqlite3.Error, OSError) as again:
            log.warning("links are not kept: %s", again)
            return LinkReport(0, 0, False)
    try:
        view = WorkspaceView(root, store, kept_rows=ROWS_OF_ALL)
        index = state_of(view)
        void = _begin(view, links, index)
        return _link(view, links, index, void, cancel, on_progress)
    except sqlite3.Error as error:
        log.warning("links are not kept: %s", error)
        return LinkReport(0, 0, False)
    finally:
        links.close()


def _begin(view: WorkspaceView, links: LinkStore, index: str) -> int:
    """Take away what holds no more, and note the state of the files. Gives back how many rows were taken away."""
    if links.index == index:
        return 0
    known = links.known()
    states = {row.path: f"{row.sha256} {row.module}" for row in view.store.files() if row.kind == "python"}
    gone = [path for path in known if path not in states]
    changed = Changed()
    for path in gone:
        changed.remove(path, known[path])
    new: dict[str, tuple[str, bytes]] = {}
    for path, state in states.items():
        before = known.get(path)
        if before is not None and before.state == state:
            continue
        facts = view.facts(path)
        if facts is not None:
            text = view.text(path)
            if before is not None and before.state.partition(" ")[2] != state.partition(" ")[2]:
                changed.remove(path, before)  # it is another module now
            changed.add(before, facts, text)
            new[path] = state, hashes(uses_of(facts, text))
    void = links.resting_on(changed.files, changed.names) if known and changed.paths else []
    links.begin(index, new, gone, void)
    return len(void)


def _link(
    view: WorkspaceView,
    links: LinkStore,
    index: str,
    void: int,
    cancel: CancelToken | None,
    on_progress: Callable[[int, int], None] | None,
) -> LinkReport:
    todo = links.missing()
    if not todo:
        return LinkReport(0, void, True)
    reads = Reads({path: known.number for path, known in links.known().items()})
    inference = Inference(TracedWorkspace(view, reads), reads)
    for start in range(0, len(todo), _FILES_A_ROUND):
        rows = []
        for path in todo[start : start + _FILES_A_ROUND]:
            reads.begin()
            facts = view.facts(path) if view.is_stored(path) else None
            found = _links_of(inference, facts, cancel) if facts is not None else {}
            if found is None:
                return LinkReport(start, void, False)
            calls = facts.calls if facts is not None else ()
            rows.append(FileLinks(path, reads.files, reads.names, calls, found))
        if state_of(view) != index or not links.write(index, rows):
            return LinkReport(start, void, False)
        if on_progress is not None:
            on_progress(min(start + _FILES_A_ROUND, len(todo)), len(todo))
    links.finish()
    return LinkReport(len(todo), void, True)


def _links_of(inference: Inference, facts: ModuleFacts, cancel: CancelToken | None) -> dict[int, Linked] | None:
    """None where it was cancelled."""
    found: dict[int, Linked] = {}
    for number, call in enumerate(facts.calls):
        if cancel is not None and cancel.is_set():
            return None
        linked = _linked(inference, facts.path, call)
        if linked.targets.named or linked.cut or ("." in call.callee and not linked.targets.external):
            found[number] = linked
    return found


def _linked(inference: Inference, path: str, call: Call) -> Linked:
    inference.partial = False
    targets = sites.targets(inference, path, call)
    return Linked(targets, sites.is_direct(inference, path, call) if targets.named else False, inference.partial)


__all__ = ["LinkReport", "link_workspace"]
