"""The searchable documents of a workspace as arrays: stored segments, with open editors' texts over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..code_graph import CodeGraph
from ..graph.postings import FIELDS, PATH, build_segment, unpack
from ..graph.source import is_python


@dataclass(frozen=True, slots=True)
class TermHits:
    """Postings of one term over live documents, except those of the path field: `documents`, `fields`, `counts`, each (n,).

    `files`: positions in `SearchIndex.paths` of the files whose path holds the term.
    """

    documents: np.ndarray
    fields: np.ndarray
    counts: np.ndarray
    files: np.ndarray


class SearchIndex:
    """`file_of` and `symbol_of` give each document's file (position in `paths`) and symbol index; `lengths` (documents, fields)."""

    def __init__(self, graph: CodeGraph) -> None:
        store = graph.store
        rows = store.files()
        open_paths = set(graph.documents.open_texts)
        live_rows = [row for row in rows if row.path not in open_paths]
        self.paths = [row.path for row in live_rows]
        self.kinds = [row.kind for row in live_rows]
        largest = max((row.id for row in rows), default=0)
        position = np.full(largest + 1, -1, dtype=np.int64)
        segment_of = np.full(largest + 1, -1, dtype=np.int64)
        for i, row in enumerate(live_rows):
            position[row.id] = i
            segment_of[row.id] = row.segment
        self._store = store
        self._offsets: dict[int, int] = {}
        owners: list[np.ndarray] = []
        lengths: list[np.ndarray] = []
        files: list[np.ndarray] = []
        total = 0
        for segment in store.segments():
            self._offsets[segment.id] = total
            total += len(segment.owners)
            ids = segment.files[segment.owners[:, 0]] if len(segment.owners) else np.zeros(0, np.int64)
            known = ids <= largest
            ids = np.where(known, ids, 0)
            alive = known & (segment_of[ids] == segment.id)
            files.append(np.where(alive, position[ids], -1))
            owners.append(segment.owners[:, 1])
            lengths.append(segment.lengths)
        self._overlay: dict[str, np.ndarray] = {}
        self._overlay_offset = total
        self._add_open_documents(graph, owners, lengths, files)
        self.file_of = np.concatenate(files) if files else np.zeros(0, np.int64)
        self.symbol_of = np.concatenate(owners) if owners else np.zeros(0, np.int32)
        self.lengths = np.concatenate(lengths) if lengths else np.zeros((0, len(FIELDS)), np.uint16)
        self.alive = self.file_of >= 0
        self.count = int(self.alive.sum())
        live = self.lengths[self.alive]
        self.average = np.maximum(live.mean(axis=0) if len(live) else np.ones(len(FIELDS)), 1.0)

    def _add_open_documents(
        self, graph: CodeGraph, owners: list[np.ndarray], lengths: list[np.ndarray], files: list[np.ndarray]
    ) -> None:
        batch = []
        for path in graph.documents.open_texts:
            facts, document = graph.facts(path), graph.document(path)
            if facts is not None and document is not None:
                batch.append((facts, document.text))
        if not batch:
            return
        first = len(self.paths)
        for facts, _ in batch:
            self.paths.append(facts.path)
            self.kinds.append("python" if is_python(facts.path) else "text")
        segment = build_segment(batch)
        self._overlay = segment.postings()
        owners.append(segment.owners[:, 1])
        lengths.append(segment.lengths)
        files.append(segment.owners[:, 0].astype(np.int64) + first)

    def hits(self, term: str) -> TermHits:
        parts = [(self._offsets[s], packed) for s, packed in self._store.postings(term) if s in self._offsets]
        if term in self._overlay:
            parts.append((self._overlay_offset, self._overlay[term]))
        if not parts:
            none = np.zeros(0, np.int64)
            return TermHits(none, none, none, none)
        documents = np.concatenate([packed[:, 0].astype(np.int64) + offset for offset, packed in parts])
        _, fields, counts = unpack(np.concatenate([packed for _, packed in parts]))
        alive = self.alive[documents]
        documents, fields, counts = documents[alive], fields[alive], counts[alive]
        in_path = fields == PATH
        files = self.file_of[documents[in_path]]
        rest = ~in_path
        return TermHits(documents[rest], fields[rest].astype(np.int64), counts[rest].astype(np.float64), files)
