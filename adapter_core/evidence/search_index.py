"""The searchable documents of a workspace as arrays: the stored segments, with an overlay of the texts in open editors."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.memory.recent import Recent
from ..graph.source import is_python
from ..graph.storage.postings import FIELDS, PATH, build_segment, unpack
from ..graph.storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TermHits:
    """Postings of one term in live documents, except those of the path field: `documents`, in order, and `packed` (see
    `postings.unpack`), or `fields` and `counts`, each (n,).

    `files`: positions in `SearchIndex.paths` of the files whose path holds the term.
    """

    documents: np.ndarray
    packed: np.ndarray
    files: np.ndarray

    @property
    def fields(self) -> np.ndarray:
        return unpack(self.packed)[0].astype(np.int64)

    @property
    def counts(self) -> np.ndarray:
        return unpack(self.packed)[1].astype(np.float64)


@dataclass(frozen=True, slots=True)
class PackedHits:
    """The same in a compact form: `documents`, int32, and `packed`, uint16 (see `postings.unpack`), each (n,); `in_path` (m,): the first
    documents of the files whose path holds the term."""

    documents: np.ndarray
    packed: np.ndarray
    in_path: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.documents.nbytes + self.packed.nbytes + self.in_path.nbytes + 300


class StoredDocuments:
    """The documents of the stored index in one state, shared by all questions: see `SearchIndex`. `offsets`: segment to the number of its
    first document. `own_names`: the project's own names as terms. Files are ordered by path, documents by the time of writing."""

    def __init__(self, store: Store) -> None:
        """Within a snapshot of the store."""
        self._state = store.state()
        self._hits: Recent[str, PackedHits] = Recent(_MAX_POSTING_BYTES, lambda hits: hits.nbytes)
        self._hits_lock = Lock()
        rows = store.files()
        self.paths = [row.path for row in rows]
        self.kinds = [row.kind for row in rows]
        largest = max((row.id for row in rows), default=0)
        position = np.full(largest + 1, -1, dtype=np.int64)
        segment_of = np.full(largest + 1, -1, dtype=np.int64)
        for i, row in enumerate(rows):
            position[row.id] = i
            segment_of[row.id] = row.segment
        self.offsets: dict[int, int] = {}
        owners = [np.zeros(0, np.int32)]
        lengths = [np.zeros((0, len(FIELDS)), np.uint16)]
        files = [np.zeros(0, np.int64)]
        total = 0
        for segment in store.segments():
            self.offsets[segment.id] = total
            total += len(segment.owners)
            ids = segment.files[segment.owners[:, 0]] if len(segment.owners) else np.zeros(0, np.int64)
            known = ids <= largest
            ids = np.where(known, ids, 0)
            alive = known & (segment_of[ids] == segment.id)
            files.append(np.where(alive, position[ids], -1))
            owners.append(segment.owners[:, 1])
            lengths.append(segment.lengths)
        self.file_of = np.concatenate(files)
        self.symbol_of = np.concatenate(owners)
        self.lengths = np.concatenate(lengths)
        self.statistics = _statistics(self.file_of, self.lengths)
        self.own_names = _own_names(self.paths, self.file_of)
        self._derived: dict[str, Any] = {}

    def derived(self, name: str, work_out: Callable[[], T]) -> T:
        """What somebody works out of the paths, and calls `name`; kept as long as these documents."""
        if name not in self._derived:
            self._derived[name] = work_out()
        found: T = self._derived[name]
        return found

    def hits(self, store: Store, term: str) -> PackedHits:
        """The postings of a term in live documents; cached, since questions share many words and synonyms."""
        with self._hits_lock:
            if term in self._hits:
                return self._hits[term]
        with store.snapshot():
            is_current = store.state() == self._state
            parts = [(self.offsets[s], found) for s, found in store.postings(term) if s in self.offsets]
        if parts:
            postings = np.concatenate([found for _, found in parts])
            offsets = np.array([offset for offset, _ in parts], "<u4").repeat([len(found) for _, found in parts])
            documents, packed = (postings[:, 0] + offsets).astype(np.int32), postings[:, 1].astype(np.uint16)
            alive = self.file_of[documents] >= 0
            hits = _packed_hits(documents, packed) if alive.all() else _packed_hits(documents[alive], packed[alive])
        else:
            hits = _NO_HITS
        if is_current:
            with self._hits_lock:
                self._hits[term] = hits
        return hits


def _packed_hits(documents: np.ndarray, packed: np.ndarray) -> PackedHits:
    """The hits in postings, int32 and uint16, whose documents are numbered over the whole index."""
    fields, _ = unpack(packed)
    in_path = fields == PATH
    return PackedHits(documents[~in_path], packed[~in_path], documents[in_path])


def _own_names(paths: Sequence[str], file_of: np.ndarray) -> frozenset[str]:
    """The names of the packages or modules that make up most of a workspace, as terms: in a question about it they carry no information."""
    packages = {path.rpartition("/")[0] for path in paths if path.endswith("/__init__.py")}
    documents_by_file = np.bincount(file_of[file_of >= 0], minlength=len(paths))
    documents_by_name: dict[str, int] = defaultdict(int)
    for path, size in zip(paths, documents_by_file.tolist(), strict=True):
        if not is_python(path) or is_test_path(path):
            continue
        top = path.removesuffix(".py")
        while (folder := top.rpartition("/")[0]) in packages or (
            top == path.removesuffix(".py") and folder in packages
        ):
            top = folder
        documents_by_name[top.rpartition("/")[2]] += size
    total = sum(documents_by_name.values())
    return frozenset(
        terms.compound(name) for name, size in documents_by_name.items() if size >= _OWN_NAME_SHARE * total
    )


def _statistics(file_of: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """(which documents are alive, their number, the average length of each of their fields, at least 1)."""
    alive = file_of >= 0
    live = lengths[alive]
    return alive, len(live), np.maximum(live.mean(axis=0) if len(live) else np.ones(len(FIELDS)), 1.0)


_MAX_STATES = 4  # workspaces
_MAX_POSTING_BYTES = 10_000_000  # of cached postings, for each of these
_NO_HITS = PackedHits(np.zeros(0, np.int32), np.zeros(0, np.uint16), np.zeros(0, np.int32))
_OWN_NAME_SHARE = 0.3  # of a workspace's documents, in a package whose name is the project's
_stored: OrderedDict[tuple[str, int], StoredDocuments] = OrderedDict()
_lock = Lock()


def stored_documents(store: Store) -> StoredDocuments:
    """The documents of the store's present state; cached for the last few states, since every request opens the store anew."""
    state = store.state()
    with _lock:
        documents = _stored.get(state)
    if documents is None:
        documents = StoredDocuments(store)
    with _lock:
        for other in [s for s in _stored if s[0] == state[0] and s[1] < state[1]]:
            del _stored[other]
        _stored[state] = documents
        _stored.move_to_end(state)
        while len(_stored) > _MAX_STATES:
            _stored.popitem(last=False)
    return documents


class SearchIndex:
    """`file_of`, `symbol_of` (documents,): each document's file (position in `paths` and `kinds`; -1: deleted) and symbol index; `lengths`
    (documents, fields). `alive` (documents,); `count` of live documents; `average` (fields,): their average lengths. `stored`: the part
    that does not depend on open editors."""

    def __init__(self, graph: CodeGraph) -> None:
        """Within a snapshot of the store."""
        self.stored = stored = stored_documents(graph.store)
        self.paths, self.kinds, self.own_names = stored.paths, stored.kinds, stored.own_names
        self.file_of, self.symbol_of, self.lengths = stored.file_of, stored.symbol_of, stored.lengths
        self._store = graph.store
        self._overlay: dict[str, np.ndarray] = {}
        self._overlay_offset = len(stored.file_of)
        self._is_laid_over = bool(graph.documents.open_texts)
        if self._is_laid_over:
            self._lay_over(graph)
            self.alive, self.count, self.average = _statistics(self.file_of, self.lengths)
        else:
            self.alive, self.count, self.average = stored.statistics

    def _lay_over(self, graph: CodeGraph) -> None:
        """Replace the stored documents of open files by those of their present text."""
        position = {path: i for i, path in enumerate(self.paths)}
        open_paths = graph.documents.open_texts
        replaced_files = [position[path] for path in open_paths if path in position]
        parsed_files = []
        for path in open_paths:
            facts, document = graph.facts(path), graph.document(path)
            if facts is not None and document is not None:
                parsed_files.append((facts, document.text))
        new_paths = [facts.path for facts, _ in parsed_files if facts.path not in position]
        position.update({path: len(self.paths) + i for i, path in enumerate(new_paths)})
        self.paths = [*self.paths, *new_paths]
        self.kinds = [*self.kinds, *("python" if is_python(path) else "text" for path in new_paths)]
        segment = build_segment(parsed_files)
        self._overlay = segment.postings()
        file_positions = np.array([position[facts.path] for facts, _ in parsed_files], dtype=np.int64)
        stored_file_of = np.where(np.isin(self.file_of, replaced_files), -1, self.file_of)
        self.file_of = np.concatenate((stored_file_of, file_positions[segment.owners[:, 0]]))
        self.symbol_of = np.concatenate((self.symbol_of, segment.owners[:, 1]))
        self.lengths = np.concatenate((self.lengths, segment.lengths))

    def hits(self, term: str) -> TermHits:
        hits = self.stored.hits(self._store, term)
        documents, packed, in_path = hits.documents, hits.packed, hits.in_path
        if self._is_laid_over:
            alive = self.alive[documents]
            documents, packed, in_path = documents[alive], packed[alive], in_path[self.alive[in_path]]
        if term in self._overlay:
            postings = self._overlay[term]
            overlay_hits = _packed_hits(
                postings[:, 0].astype(np.int32) + self._overlay_offset, postings[:, 1].astype(np.uint16)
            )
            documents = np.concatenate((documents, overlay_hits.documents))
            packed = np.concatenate((packed, overlay_hits.packed))
            in_path = np.concatenate((in_path, overlay_hits.in_path))
        return TermHits(documents, packed, self.file_of[in_path])
