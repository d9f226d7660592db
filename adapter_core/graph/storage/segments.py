"""The segments of an index: for each batch of files that was written together, the tables that find its files by words and names.

A segment is written once. A file is alive in the segment that its row names; after it was rewritten or removed, the old segment keeps its
share until it has no living file, or until it is merged with other small ones.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from ..memory.recent import Recent
from . import sstable
from .postings import FIELDS
from .sealed import damaged, seal, unseal

# What lies in a BLOB column is sealed (`sealed.py`). `directory` tells the blocks, in JSON: for each part the number of its first block,
# and the first keys of all of them.
SCHEMA = """
CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, files BLOB NOT NULL, owners BLOB NOT NULL, lengths BLOB NOT NULL,
    directory BLOB NOT NULL);
CREATE TABLE blocks (id INTEGER PRIMARY KEY AUTOINCREMENT, segment INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX blocks_segment ON blocks (segment);
"""


class Part(IntEnum):
    """The tables of a segment. Values are arrays of little-endian numbers."""

    POSTINGS = 0  # term: see `postings.Segment.terms`
    NAMED = 1  # word: ordinals (uint16) of the files in whose text it stands, comments and strings included
    CALLED = 2  # last name of what is called: ordinals of the files
    DECORATED = 3  # last name of a decorator: the same
    BASE = 4  # last name of a class's base: the same
    SYMBOLS = 5  # name: pairs (uint32) of file ordinal and symbol index
    SECTIONS = 6  # title of a section in a text file: the same
    ALIASED = 7  # name that is imported under another one: ordinals of the files
    ASKED = 8  # name of which something is called, as `x` in `x.run()` and `m.x.run()`: the same


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """`files` maps the file ordinals of `owners` to file ids; the file may have left the segment."""

    id: int
    files: np.ndarray
    owners: np.ndarray
    lengths: np.ndarray


_MAX_CACHED_BYTES = 2_000_000  # of blocks that were read last
_MAX_DELETED_SEGMENTS = 64  # deleted segments whose data is still cached

_NO_BLOCKS: tuple[int, list[str]] = (0, [])

Block = tuple[int, str, bytes]  # part, first key, data: see `sstable.cut`
Query = Callable[..., list[tuple[Any, ...]]]


class Segments:
    """The segments in one database. `query` runs a statement and returns all rows."""

    def __init__(self, db: sqlite3.Connection, query: Query) -> None:
        self._db = db
        self._query = query
        # Segments and blocks never change, and their numbers are never reused, so cached data stays valid.
        self._files: dict[int, list[int]] = {}
        self._directory: dict[int, dict[int, tuple[int, list[str]]]] = {}  # part: number of its first block, first keys
        self._checked: set[int] = set()
        self._in_snapshot = False
        self._snapshot_tables: dict[Part, list[tuple[int, int, list[str]]]] = {}
        self._blocks: Recent[int, bytes] = Recent(_MAX_CACHED_BYTES, len)

    def close(self) -> None:
        """Drop the cached blocks: store and segments refer to each other, and would wait for Python's garbage collector."""
        self._blocks = Recent(_MAX_CACHED_BYTES, len)
        self._files, self._directory, self._checked = {}, {}, set()

    # -- writing; within a transaction ---------------------------------------------------------------------------------

    def write(self, segment: int, files: Sequence[int], owners: bytes, lengths: bytes, parts: Iterable[Block]) -> None:
        """Write a new segment with this number. `files`: their ids, by ordinal."""
        (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'blocks'").fetchone()
        block_directory: dict[int, tuple[int, list[str]]] = {}
        rows: list[tuple[int, int, bytes]] = []
        for number, (part, first, data) in enumerate(parts, last + 1):
            block_directory.setdefault(part, (number, []))[1].append(first)
            rows.append((number, segment, seal(data, number)))
        ids = np.array(files, dtype="<i8").tobytes()
        directory = json.dumps(block_directory, separators=(",", ":")).encode()
        self._db.execute(
            "INSERT INTO segments VALUES (?,?,?,?,?)",
            (segment, *(seal(data, segment) for data in (ids, owners, lengths, directory))),
        )
        self._db.executemany("INSERT INTO blocks VALUES (?,?,?)", rows)

    def delete(self, segment: int) -> None:
        self._db.execute("DELETE FROM blocks WHERE segment = ?", (segment,))
        self._db.execute("DELETE FROM segments WHERE id = ?", (segment,))

    # -- reading; within a snapshot ------------------------------------------------------------------------------------

    def rows(self) -> list[SegmentRow]:
        """All segments in order. Raises `IndexDamagedError`."""
        return [
            SegmentRow(
                number,
                np.frombuffer(unseal(files, number), dtype="<i8"),
                np.frombuffer(unseal(owners, number), dtype="<i4").reshape(-1, 2),
                np.frombuffer(unseal(lengths, number), dtype="<u2").reshape(-1, len(FIELDS)),
            )
            for number, files, owners, lengths in self._query(
                "SELECT id, files, owners, lengths FROM segments ORDER BY id"
            )
        ]

    def check(self) -> None:
        """Raises `IndexDamagedError` where blocks are missing."""
        present: dict[int, int] = dict(self._query("SELECT segment, count(*) FROM blocks GROUP BY segment"))
        expected = {n: sum(len(firsts) for _, firsts in self._directory_of(n).values()) for n in self._numbers()}
        if present != {number: count for number, count in expected.items() if count}:
            raise damaged("blocks of a segment are lost")

    def files(self, segment: int) -> list[int]:
        """The ids of its files, by ordinal. Raises `IndexDamagedError` where the segment is gone."""
        if segment not in self._files:
            rows = self._query("SELECT files FROM segments WHERE id = ?", (segment,))
            if not rows:
                raise damaged("a segment is lost")
            self._files[segment] = np.frombuffer(unseal(rows[0][0], segment), "<i8").tolist()
        return self._files[segment]

    def find(self, part: Part, key: str) -> Iterator[tuple[int, memoryview]]:
        """(segment, value) of all segments that have the key, in order. Raises `IndexDamagedError`."""
        blocks = self._blocks
        block_segments: dict[int, int] = {}
        for segment, number, firsts in self._tables(part):
            place = bisect_right(firsts, key)
            if place:
                block_segments[number + place - 1] = segment
        needle = sstable.needle(key)
        unread = [number for number in block_segments if number not in blocks]
        read = dict(self._read(unread)) if unread else {}
        for number, segment in block_segments.items():
            value = sstable.find(read.get(number) or blocks[number], needle)
            if value is not None:
                yield segment, value
        # Postings, most of an index, are cached by their readers: here they would evict everything else.
        for number, block in read.items() if part is not Part.POSTINGS else ():
            self._blocks[number] = block

    def containing(self, part: Part, text: str) -> Iterator[tuple[int, memoryview]]:
        """(segment, value) of all keys that contain a text."""
        # JSON escapes non-ASCII characters.
        spelled = text.encode() if text.isascii() and text.isalnum() else b""
        for segment, block in self.blocks(part):
            if sstable.may_contain(block, spelled):
                for key, value in sstable.values_of(block):
                    if text in key:
                        yield segment, value

    def blocks(self, part: Part) -> Iterator[tuple[int, bytes]]:
        """(segment, block) of a whole table, for all segments in order."""
        for segment, number, firsts in self._tables(part):
            for _, data in self._read(list(range(number, number + len(firsts)))):
                yield segment, data

    def _tables(self, part: Part) -> list[tuple[int, int, list[str]]]:
        """(segment, number of the first block, first keys) of a part, by segment."""
        tables = self._snapshot_tables.get(part)
        if tables is None:
            tables = [(number, *self._directory_of(number).get(part, _NO_BLOCKS)) for number in self._numbers()]
            if self._in_snapshot:
                self._snapshot_tables[part] = tables
        return tables

    def set_snapshot(self, in_snapshot: bool) -> None:
        """Begin or end a period in which all reads see one state of the database."""
        self._in_snapshot, self._snapshot_tables = in_snapshot, {}

    def _numbers(self) -> list[int]:
        numbers = [number for (number,) in self._query("SELECT id FROM segments ORDER BY id")]
        if len(self._directory) > 2 * len(numbers) + _MAX_DELETED_SEGMENTS:
            # A server lives through many edits, each of which leaves a segment behind.
            self._directory = {n: self._directory[n] for n in numbers if n in self._directory}
            self._files = {n: self._files[n] for n in numbers if n in self._files}
            self._checked.clear()
        return numbers

    def _directory_of(self, segment: int) -> dict[int, tuple[int, list[str]]]:
        if segment not in self._directory:
            # All of them will be needed.
            for number, directory in self._query("SELECT id, directory FROM segments"):
                if number not in self._directory:
                    try:
                        stored = json.loads(bytes(unseal(directory, number)))
                        self._directory[number] = {int(part): (first, keys) for part, (first, keys) in stored.items()}
                    except (ValueError, TypeError, AttributeError) as error:  # another column's bytes
                        raise damaged("the blocks of a segment are lost") from error
        return self._directory[segment]

    def _read(self, ids: list[int]) -> Iterator[tuple[int, bytes]]:
        """(number, block with its seal), in order. Raises `IndexDamagedError`."""
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            marks = ",".join("?" * len(chunk))
            rows = self._query(f"SELECT id, data FROM blocks WHERE id IN ({marks}) ORDER BY id", tuple(chunk))
            if len(rows) != len(chunk):
                raise damaged("blocks of a segment are lost")
            for number, data in rows:
                # A block is read again for each of its keys; it is checked once.
                if number not in self._checked:
                    unseal(data, number)
                    self._checked.add(number)
                yield number, data
