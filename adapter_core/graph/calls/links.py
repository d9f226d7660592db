"""Look-up of callers in the links that `linkpass.py` has stored.

Files that have changed since they were linked (in an open editor, on disk, in a newer state of the index), and files whose links depend on
them, are left to inference: `unlinked`.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ...types import ModuleFacts
from ..linking.results.reads import bit_of, hash_of
from ..linking.results.values import Value
from ..memory.recent import Recent
from ..snapshot.view import WorkspaceView
from ..source import is_python
from ..storage.store import FileRow
from ..storage.uses import properties, uses
from ..terms import words
from .linkstore import (
    LINK_KINDS,
    SUFFIX,
    UNREAD,
    Linked,
    LinkedFile,
    LinkStore,
    StoredImplicitCall,
    hashes_in,
    operation_key,
    target_key,
    truncated_key,
    unknown_receiver_key,
)

log = logging.getLogger(__name__)

# Each look-up during an edit needs to know which links the edit voids.
_void: Recent[tuple[object, ...], dict[str, frozenset[str]]] = Recent(8)


@functools.cache
def links_version() -> str:
    """The version of the code that links."""
    digest = hashlib.sha256()
    graph = Path(__file__).parents[1]
    modules = (graph / f"{name}.py" for name in ("calls/linkpass", "calls/links", "calls/linkstore", "storage/uses"))
    for file in (*sorted((graph / "linking").rglob("*.py")), *modules):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


class LinkedCall(NamedTuple):
    path: str
    number: int  # of the call among those of the file
    linked: Linked | None
    traced: bool  # or else known by name only


class Links:
    """The valid links of a view. Read-only; where the store is faulty there are none."""

    def __init__(self, view: WorkspaceView, store: LinkStore) -> None:
        self._view = view
        self._store = store
        self._unlinked: tuple[tuple[str, frozenset[str]], dict[str, frozenset[str]]] | None = None
        view.store.on_close[id(self)] = self.close

    @classmethod
    def of(cls, view: WorkspaceView) -> Links | None:
        """None where there are no links."""
        path = view.store.path
        file = path.with_name(path.name + SUFFIX) if path is not None else None
        if file is None or not file.exists():
            return None
        try:
            store = LinkStore(file, links_version())
            if store.index:
                return cls(view, store)
            store.close()
        except (sqlite3.Error, ValueError) as error:
            log.info("no links are read from %s: %s", file, error)
        return None

    def close(self) -> None:
        self._view.store.on_close.pop(id(self), None)
        self._store.close()

    @property
    def unlinked(self) -> dict[str, frozenset[str]]:
        """By link kind, the files whose calls have to be inferred: they were not linked yet, or their links are no longer valid. Open
        documents count as changed, and files that are known to have changed on disk."""
        index = self._store.index
        possibly_changed = frozenset({*self._view.documents.open_texts, *self._view.changed})
        if self._unlinked is None or self._unlinked[0] != (index, possibly_changed):
            texts = {
                p: self._content_hash(p)
                for p in {*possibly_changed, *self._changed_since_linked(index)}
                if is_python(p)
            }
            key = (str(self._store.path), index, frozenset(texts.items()))
            if key not in _void:
                _void[key] = self._affected_by(texts)
            left_out = self._never_linked()
            self._unlinked = (
                (index, possibly_changed),
                {link_kind: _void[key][link_kind] | left_out[link_kind] for link_kind in LINK_KINDS},
            )
        return self._unlinked[1]

    def _changed_since_linked(self, index: str) -> list[str]:
        """The files that have changed in the index since they were linked, or are gone."""
        if index == index_state(self._view):
            return []
        indexed = {row.path: content_state(row) for row in self._view.store.files() if row.kind == "python"}
        linked = self._store.content_states()
        return [path for path in {**indexed, **linked} if indexed.get(path) != linked.get(path)]

    def _never_linked(self) -> dict[str, frozenset[str]]:
        """By link kind, the files that were not linked."""
        without_rows = {
            link_kind: frozenset(
                () if self._store.is_complete(link_kind) else self._store.files_without_rows(link_kind)
            )
            for link_kind in LINK_KINDS
        }
        return {
            **without_rows,
            "run": without_rows["run"].union(path for path, _ in self._store.entries_with_key("run", UNREAD)),
        }

    def _content_hash(self, path: str) -> str:
        document = self._view.document(path)
        return document.sha256 if document is not None else ""

    def _affected_by(self, texts: Iterable[str]) -> dict[str, frozenset[str]]:
        """By link kind, the files whose links depend on changes of some files, these included."""
        changed = Changes()
        for path in texts:
            linked, facts = self._store.linked_file(path), self._view.facts(path)
            if facts is None:
                if linked is not None:
                    changed.remove(path, linked)
            elif linked is None or linked.state != f"{self._content_hash(path)} {facts.module}":
                changed.replace(linked, facts, self._view.text(path))
        if not changed.paths:
            return dict.fromkeys(LINK_KINDS, frozenset())
        rests = {
            link_kind: self._store.files_affected_by(link_kind, changed.files, changed.names)
            for link_kind in LINK_KINDS
        }
        return {link_kind: frozenset({*changed.paths, *rests[link_kind]}) for link_kind in LINK_KINDS}

    def calls_of(
        self, value: Value, name: str, homes: Callable[[], frozenset[str] | None] | None
    ) -> tuple[list[LinkedCall], frozenset[str]]:
        """The calls of a function or class; for a method (where there are `homes`) also the calls by its name on unknown receivers, in
        these files, or (None) in all. And the files whose calls have to be inferred."""
        entries = [(row, True) for row in self._store.entries_with_key("call", target_key(value))]
        if homes is not None and (by_name := self._store.entries_with_key("call", unknown_receiver_key(name))):
            matching_files = homes()
            entries += [(row, False) for row in by_name if matching_files is None or row[0] in matching_files]
        unlinked = self._unlinked_among("call", {value.path, *(path for (path, _), _ in entries)})
        found: list[LinkedCall] = []
        for (path, numbers), traced in entries:
            if path not in unlinked:
                links = self._store.calls(path, numbers if traced else ())
                found += [LinkedCall(path, number, links.get(number), traced) for number in numbers]
        return found, unlinked

    def implicit_calls_of(self, value: Value) -> tuple[list[tuple[str, StoredImplicitCall]], frozenset[str]]:
        """(file, call) of the implicit calls of a function or class, and the files whose calls have to be inferred."""
        entries = self._store.entries_with_key("run", target_key(value))
        unlinked = self._unlinked_among("run", {value.path, *(path for path, _ in entries)})
        found = [
            (path, run)
            for path, numbers in entries
            if path not in unlinked
            for run in self._store.implicit_calls(path, numbers).values()
        ]
        return found, unlinked

    def _unlinked_among(self, link_kind: str, paths: Iterable[str]) -> frozenset[str]:
        """`unlinked`, after checking these files for changes on disk."""
        self._view.check_for_changes(paths)
        return self.unlinked[link_kind]

    def is_truncated(self, name: str) -> bool:
        """Whether the inference of some call of this name reached a limit."""
        return any(
            path not in self.unlinked["call"] for path, _ in self._store.entries_with_key("call", truncated_key(name))
        )

    def is_implicit_truncated(self, runs: Iterable[str], names: frozenset[str]) -> bool:
        """Whether that of some operation did, with one of these protocols and, where it has a name, one of these names."""
        keys = {truncated_key(operation_key(run, name)) for run in runs for name in names or ("",)}
        return any(
            path not in self.unlinked["run"] for key in keys for path, _ in self._store.entries_with_key("run", key)
        )


class Changes:
    """Changed files, and the names that they use in new ways, as bits: links that depend on either are void."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.files = 0
        self.names = 0

    def replace(self, linked: LinkedFile | None, facts: ModuleFacts, text: str) -> None:
        """Add a file that is new or has changed."""
        if linked is not None and linked.state.partition(" ")[2] != facts.module:
            self.remove(facts.path, linked)  # it is another module now
        self._add(linked, facts, text)

    def _add(self, linked: LinkedFile | None, facts: ModuleFacts, text: str) -> None:
        self.paths.append(facts.path)
        if linked is not None:
            self.files |= 1 << linked.number
        for number in uses_of(facts, text) - (hashes_in(linked.uses) if linked is not None else set()):
            self.names |= bit_of(number)

    def remove(self, path: str, linked: LinkedFile) -> None:
        self.paths.append(path)
        self.files |= 1 << linked.number
        # A package that had no other module is one no more.
        for number in hashes_in(linked.uses):
            self.names |= bit_of(number)


def uses_of(facts: ModuleFacts, text: str) -> set[int]:
    """The hashes of how a file uses names, and of its place among the modules."""
    named = {*words(text), *words(facts.path), *words(facts.module)}
    named |= {unicodedata.normalize("NFKC", word) for word in named if not word.isascii()}
    parts = facts.module.split(".")
    modules = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    properties_made = properties(facts, lambda _: text)
    names_by_use = {**uses(facts), "named": named, "module": modules, "paths": {""}, "property": properties_made}
    return {hash_of(use, name) for use, names in names_by_use.items() for name in names}


def content_state(row: FileRow) -> str:
    """A key of the content and module of a file (`LinkedFile.state`)."""
    return f"{row.sha256} {row.module}"


def index_state(view: WorkspaceView) -> str:
    """A key of the state of the index that a view reads."""
    return "{}:{}".format(*view.store.state())
