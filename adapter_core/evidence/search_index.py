"""The searchable documents of a workspace as arrays: stored segments, with open editors' texts over them."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.memory.recent import Recent
from ..graph.source import is_python
from ..graph.storage.postings import FIELDS, PATH, build_segment, unpack
from ..graph.storage.store import Store


@dataclass(frozen=True, slots=True)
class TermHits:
    """Postings of one term over live documents, except those of the path field: `documents`, `fields`, `counts`, each (n,).

    `files`: positions in `SearchIndex.paths` of the files whose path holds the term.
    """

    documents: np.ndarray
    fields: np.ndarray
    counts: np.ndarray
    files: np.ndarray


@dataclass(frozen=True, slots=True)
class PackedHits:
    """The same, as small as it can be kept: `documents`, int32, and `packed`, uint16 (see `postings.unpack`), each (n,); `in_path` (m,):
    the first documents of the files whose path holds the term."""

    documents: np.ndarray
    packed: np.ndarray
    in_path: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.documents.nbytes + self.packed.nbytes + self.in_path.nbytes + 300


class StoredDocuments:
    """The documents of the stored index in one state, which all questions share: see `SearchIndex`. `offsets`: segment to the number
    of its first document. `own_names`: terms of the names of the project itself. Files are in the order of their paths, documents in
    that in which they were written."""

    def __init__(self, store: Store) -> None:
        """Within a snapshot of the store."""
        self._state = store.state()
        self._hits: Recent[str, PackedHits] = Recent(_KEPT_BYTES, lambda hits: hits.nbytes)
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

    def hits(self, store: Store, term: str) -> PackedHits:
        """The postings of a term over documents that are alive; remembered, since questions share many words and synonyms."""
        with self._hits_lock:
            if term in self._hits:
                return self._hits[term]
        with store.snapshot():
            current = store.state() == self._state
            parts = [(self.offsets[s], packed) for s, packed in store.postings(term) if s in self.offsets]
        if parts:
            packed = np.concatenate([packed for _, packed in parts])
            packed[:, 0] += np.repeat([offset for offset, _ in parts], [len(packed) for _, packed in parts]).astype(
                "<u4"
            )
            found = _packed_hits(packed[self.file_of[packed[:, 0]] >= 0])
        else:
            found = _NO_HITS
        if current:
            with self._hits_lock:
                self._hits[term] = found
        return found


def _packed_hits(postings: np.ndarray) -> PackedHits:
    """Those of postings (n, 2) with the documents of a whole index."""
    documents, packed = postings[:, 0].astype(np.int32), postings[:, 1].astype(np.uint16)
    fields, _ = unpack(packed)
    in_path = fields == PATH
    return PackedHits(documents[~in_path], packed[~in_path], documents[in_path])


def _own_names(paths: Sequence[str], file_of: np.ndarray) -> frozenset[str]:
    """The names of the packages or modules that make up most of a workspace, as terms: in a question about it they tell nothing."""
    packages = {path.rpartition("/")[0] for path in paths if path.endswith("/__init__.py")}
    documents = np.bincount(file_of[file_of >= 0], minlength=len(paths))
    sizes: dict[str, int] = defaultdict(int)
    for path, size in zip(paths, documents.tolist(), strict=True):
        if not is_python(path) or is_test_path(path):
            continue
        top = path.removesuffix(".py")
        while (folder := top.rpartition("/")[0]) in packages or (
            top == path.removesuffix(".py") and folder in packages
        ):
            top = folder
        sizes[top.rpartition("/")[2]] += size
    whole = sum(sizes.values())
    return frozenset(terms.compound(name) for name, size in sizes.items() if size >= _OWN_SHARE * whole)


def _statistics(file_of: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """Which documents are alive, how many, and the average length of each of their fields, at least 1."""
    alive = file_of >= 0
    live = lengths[alive]
    return alive, len(live), np.maximum(live.mean(axis=0) if len(live) else np.ones(len(FIELDS)), 1.0)


_KEPT = 4  # workspaces
_KEPT_BYTES = 10_000_000  # of the postings that were asked for last, for each of these
_NO_HITS = PackedHits(np.zeros(0, np.int32), np.zeros(0, np.uint16), np.zeros(0, np.int32))
_OWN_SHARE = 0.3  # of a workspace's documents, in a package that it is named after
_stored: OrderedDict[tuple[str, int], StoredDocuments] = OrderedDict()
_lock = Lock()


def stored_documents(store: Store) -> StoredDocuments:
    """Those of the index as it is; remembered for the last few states, since every request opens the store anew."""
    state = store.state()
    with _lock:
        found = _stored.get(state)
    if found is None:
        found = StoredDocuments(store)
    with _lock:
        for other in [s for s in _stored if s[0] == state[0] and s[1] < state[1]]:
            del _stored[other]
        _stored[state] = found
        _stored.move_to_end(state)
        while len(_stored) > _KEPT:
            _stored.popitem(last=False)
    return found


class SearchIndex:
    """`file_of` and `symbol_of` give each document's file (position in `paths` and `kinds`; -1: none any more) and symbol index; `lengths`
    (documents, fields). `alive` (documents,), their `count`, and the `average` length of each field of theirs. `stored`: the part of it
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
        """The documents of open files instead of those that are stored of them."""
        position = {path: i for i, path in enumerate(self.paths)}
        opened = graph.documents.open_texts
        gone = [position[path] for path in opened if path in position]
        batch = []
        for path in opened:
            facts, document = graph.facts(path), graph.document(path)
            if facts is not None and document is not None:
                batch.append((facts, document.text))
        new = [facts.path for facts, _ in batch if facts.path not in position]
        position.update({path: len(self.paths) + i for i, path in enumerate(new)})
        self.paths = [*self.paths, *new]
        self.kinds = [*self.kinds, *("python" if is_python(path) else "text" for path in new)]
        segment = build_segment(batch)
        self._overlay = segment.postings()
        places = np.array([position[facts.path] for facts, _ in batch], dtype=np.int64)
        stored = np.where(np.isin(self.file_of, gone), -1, self.file_of)
        self.file_of = np.concatenate((stored, places[segment.owners[:, 0]]))
        self.symbol_of = np.concatenate((self.symbol_of, segment.owners[:, 1]))
        self.lengths = np.concatenate((self.lengths, segment.lengths))

    def hits(self, term: str) -> TermHits:
        found = self.stored.hits(self._store, term)
        documents, packed, in_path = found.documents, found.packed, found.in_path
        if self._is_laid_over:
            alive = self.alive[documents]
            documents, packed, in_path = documents[alive], packed[alive], in_path[self.alive[in_path]]
        if term in self._overlay:
            own = _packed_hits(self._overlay[term] + np.array([self._overlay_offset, 0], "<u4"))
            documents = np.concatenate((documents, own.documents))
            packed = np.concatenate((packed, own.packed))
            in_path = np.concatenate((in_path, own.in_path))
        fields, counts = unpack(packed)
        return TermHits(
            documents.astype(np.int64), fields.astype(np.int64), counts.astype(np.float64), self.file_of[in_path]
        )
