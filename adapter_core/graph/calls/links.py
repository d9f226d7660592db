"""Who calls something, from the links that were worked out before: `linkpass.py` makes them, this asks for them.

What a file says otherwise than when it was linked (in an open editor, on disk, in a newer state of the index), and what links rest on
that, is left to inference: `unlinked`.
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

# Which links an edit voids is asked for by each look-up while it is being typed.
_void: Recent[tuple[object, ...], dict[str, frozenset[str]]] = Recent(8)


@functools.cache
def links_version() -> str:
    """Of the code that works links out."""
    digest = hashlib.sha256()
    graph = Path(__file__).parents[1]
    own = (graph / f"{name}.py" for name in ("calls/linkpass", "calls/links", "calls/linkstore", "storage/uses"))
    for file in (*sorted((graph / "linking").rglob("*.py")), *own):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


class LinkedCall(NamedTuple):
    path: str
    number: int  # of the call among those of the file
    linked: Linked | None
    traced: bool  # or else known by name only


class Links:
    """The links that hold in a view. Reads only; where anything is wrong with them there are none."""

    def __init__(self, view: WorkspaceView, store: LinkStore) -> None:
        self._view = view
        self._store = store
        self._unlinked: tuple[tuple[str, frozenset[str]], dict[str, frozenset[str]]] | None = None
        view.store.beside[id(self)] = self.close

    @classmethod
    def of(cls, view: WorkspaceView) -> Links | None:
        """None where no links are there."""
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
        self._view.store.beside.pop(id(self), None)
        self._store.close()

    @property
    def unlinked(self) -> dict[str, frozenset[str]]:
        """By way, the files whose calls have to be worked out now: they were not yet, or it holds no more. What is open in an editor
        counts, and what was seen to have changed on disk since it was indexed."""
        index = self._store.index
        said = frozenset({*self._view.documents.open_texts, *self._view.changed})
        if self._unlinked is None or self._unlinked[0] != (index, said):
            texts = {p: self._said(p) for p in {*said, *self._otherwise(index)} if is_python(p)}
            key = (str(self._store.path), index, frozenset(texts.items()))
            if key not in _void:
                _void[key] = self._rests_on(texts)
            left_out = self._left_out()
            self._unlinked = (index, said), {way: _void[key][way] | left_out[way] for way in LINK_KINDS}
        return self._unlinked[1]

    def _otherwise(self, index: str) -> list[str]:
        """The files that the index has otherwise than they were linked, or does not have any more."""
        if index == index_state(self._view):
            return []
        indexed = {row.path: content_state(row) for row in self._view.store.files() if row.kind == "python"}
        linked = self._store.states()
        return [path for path in {**indexed, **linked} if indexed.get(path) != linked.get(path)]

    def _left_out(self) -> dict[str, frozenset[str]]:
        """By way, the files that were not linked."""
        missing = {way: frozenset(() if self._store.is_whole(way) else self._store.missing(way)) for way in LINK_KINDS}
        return {**missing, "run": missing["run"].union(path for path, _ in self._store.entering("run", UNREAD))}

    def _said(self, path: str) -> str:
        document = self._view.document(path)
        return document.sha256 if document is not None else ""

    def _rests_on(self, texts: Iterable[str]) -> dict[str, frozenset[str]]:
        """By way, the files whose links rest on what some files say otherwise than when they were linked, these included."""
        changed = Changed()
        for path in texts:
            before, facts = self._store.known_file(path), self._view.facts(path)
            if facts is None:
                if before is not None:
                    changed.remove(path, before)
            elif before is None or before.state != f"{self._said(path)} {facts.module}":
                changed.replace(before, facts, self._view.text(path))
        if not changed.paths:
            return dict.fromkeys(LINK_KINDS, frozenset())
        rests = {way: self._store.resting_on(way, changed.files, changed.names) for way in LINK_KINDS}
        return {way: frozenset({*changed.paths, *rests[way]}) for way in LINK_KINDS}

    def entering(
        self, value: Value, name: str, homes: Callable[[], frozenset[str] | None] | None
    ) -> tuple[list[LinkedCall], frozenset[str]]:
        """The calls that enter a function or class, of a method (where there are `homes`) those by its name with unknown receivers, too:
        in these files, or (None) in all. And the files whose calls have to be worked out now."""
        listed = [(row, True) for row in self._store.entering("call", target_key(value))]
        if homes is not None and (by_name := self._store.entering("call", unknown_receiver_key(name))):
            places = homes()
            listed += [(row, False) for row in by_name if places is None or row[0] in places]
        unlinked = self._unlinked_among("call", {value.path, *(path for (path, _), _ in listed)})
        found: list[LinkedCall] = []
        for (path, numbers), traced in listed:
            if path not in unlinked:
                links = self._store.calls(path, numbers if traced else ())
                found += [LinkedCall(path, number, links.get(number), traced) for number in numbers]
        return found, unlinked

    def running(self, value: Value) -> tuple[list[tuple[str, StoredImplicitCall]], frozenset[str]]:
        """What runs a function or class without a call being written: (file, what). And the files that have to be looked at now."""
        listed = self._store.entering("run", target_key(value))
        unlinked = self._unlinked_among("run", {value.path, *(path for path, _ in listed)})
        found = [
            (path, run)
            for path, numbers in listed
            if path not in unlinked
            for run in self._store.runs(path, numbers).values()
        ]
        return found, unlinked

    def _unlinked_among(self, way: str, paths: Iterable[str]) -> frozenset[str]:
        """`unlinked`, with what rests on those of these files that have changed on disk."""
        self._view.look_at(paths)
        return self.unlinked[way]

    def is_cut(self, name: str) -> bool:
        """Whether a limit was met somewhere at a call of this name."""
        return any(path not in self.unlinked["call"] for path, _ in self._store.entering("call", truncated_key(name)))

    def is_run_cut(self, runs: Iterable[str], names: frozenset[str]) -> bool:
        """Whether a limit was met somewhere at an operation of such a kind, where it has a name, of one of these."""
        keys = {truncated_key(operation_key(run, name)) for run in runs for name in names or ("",)}
        return any(path not in self.unlinked["run"] for key in keys for path, _ in self._store.entering("run", key))


class Changed:
    """Files that are not what they were, and the names that they use in other ways than before: the bits by which links rest on that."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.files = 0
        self.names = 0

    def replace(self, before: LinkedFile | None, facts: ModuleFacts, text: str) -> None:
        """A file that is new, or is not what it was."""
        if before is not None and before.state.partition(" ")[2] != facts.module:
            self.remove(facts.path, before)  # it is another module now
        self._add(before, facts, text)

    def _add(self, before: LinkedFile | None, facts: ModuleFacts, text: str) -> None:
        self.paths.append(facts.path)
        if before is not None:
            self.files |= 1 << before.number
        for number in uses_of(facts, text) - (hashes_in(before.uses) if before is not None else set()):
            self.names |= bit_of(number)

    def remove(self, path: str, before: LinkedFile) -> None:
        self.paths.append(path)
        self.files |= 1 << before.number
        # A package that had no other module is one no more.
        for number in hashes_in(before.uses):
            self.names |= bit_of(number)


def uses_of(facts: ModuleFacts, text: str) -> set[int]:
    """The hashes of how a file uses names, its place among the modules included."""
    named = {*words(text), *words(facts.path), *words(facts.module)}
    named |= {unicodedata.normalize("NFKC", word) for word in named if not word.isascii()}
    parts = facts.module.split(".")
    modules = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    properties_made = properties(facts, lambda _: text)
    ways = {**uses(facts), "named": named, "module": modules, "paths": {""}, "property": properties_made}
    return {hash_of(how, name) for how, names in ways.items() for name in names}


def content_state(row: FileRow) -> str:
    """What tells a file's content and module (`Known.state`)."""
    return f"{row.sha256} {row.module}"


def index_state(view: WorkspaceView) -> str:
    """What tells the state of the index that a view reads."""
    return "{}:{}".format(*view.store.state())
