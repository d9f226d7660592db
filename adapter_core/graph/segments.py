"""The segments of an index: for each batch of files that was written together, what finds its files by words and names.

A segment is written once. A file is alive in the segment that its row names; of a file that was written again, or is gone, the old
segment keeps its share until it holds no living file, or is one of so many small ones that they are written anew as one.
"""

from __future__ import annotations

import sqlite3
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from . import sstable
from .postings import FIELDS
from .sealed import SEAL, damaged, seal, unseal

# What lies in a BLOB column is sealed (`sealed.py`), but for the first keys: the checksum `directory` is over all of a segment's.
SCHEMA = """
CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, files BLOB NOT NULL, owners BLOB NOT NULL, lengths BLOB NOT NULL,
    directory INTEGER NOT NULL);
CREATE TABLE blocks (id INTEGER PRIMARY KEY AUTOINCREMENT, segment INTEGER NOT NULL, part INTEGER NOT NULL, first BLOB NOT NULL,
    data BLOB NOT NULL);
CREATE INDEX blocks_segment ON blocks (segment);
"""


class Part(IntEnum):
    """The tables of a segment. Values are arrays of little-endian numbers."""

    POSTINGS = 0  # term: `postings.Segment.packed`
    NAMED = 1  # word: ordinals (uint16) of the files in whose text it stands, comments and strings included
    CALLED = 2  # last name of what is called: ordinals of the files
    DECORATED = 3  # last name of a decorator: the same
    BASE = 4  # last name of a class's base: the same
    SYMBOLS = 5  # name: pairs (uint32) of file ordinal and symbol index
    SECTIONS = 6  # title of a section in a text file: the same


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """`files` maps the file ordinals of `owners` to file ids; the file may have left the segment."""

    id: int
    files: np.ndarray
    owners: np.ndarray
    lengths: np.ndarray


_FORGOTTEN = 64  # segments that are gone, of which things are still known

Block = tuple[int, bytes, bytes]  # part, first key, data: see `sstable.cut`
Query = Callable[..., list[tuple[Any, ...]]]


class Segments:
    """The segments in one database. `query` runs a statement and gives all rows."""

    def __init__(self, db: sqlite3.Connection, query: Query) -> None:
        self._db = db
        self._query = query
        # Segments and blocks never change and their numbers are never used again, so what is known of one stays true.
        self._files: dict[int, list[int]] = {}
        self._directory: dict[int, dict[int, tuple[list[bytes], list[int]]]] = {}
        self._checked: set[int] = set()

    # -- writing; within a transaction ---------------------------------------------------------------------------------

    def write(self, segment: int, files: Sequence[int], owners: bytes, lengths: bytes, parts: Iterable[Block]) -> None:
        """A new segment under this number. `files`: their ids, by ordinal."""
        (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'blocks'").fetchone()
        rows = [(n, segment, part, first, seal(data, n)) for n, (part, first, data) in enumerate(parts, last + 1)]
        ids = np.array(files, dtype="<i8").tobytes()
        self._db.execute(
            "INSERT INTO segments VALUES (?,?,?,?,?)",
            (
                segment,
                seal(ids, segment),
                seal(owners, segment),
                seal(lengths, segment),
                _directory_checksum((part, first, n) for n, _, part, first, _ in rows),
            ),
        )
        self._db.executemany("INSERT INTO blocks VALUES (?,?,?,?,?)", rows)

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
        """Raises `IndexDamagedError` where blocks are lost."""
        for segment in self._numbers():
            self._directory_of(segment)

    def files(self, segment: int) -> list[int]:
        """The ids of its files, by ordinal. Raises `IndexDamagedError` where it is gone."""
        if segment not in self._files:
            rows = self._query("SELECT files FROM segments WHERE id = ?", (segment,))
            if not rows:
                raise damaged("a segment is lost")
            self._files[segment] = np.frombuffer(unseal(rows[0][0], segment), "<i8").tolist()
        return self._files[segment]

    def find(self, part: Part, key: str) -> Iterator[tuple[int, memoryview]]:
        """(segment, value) wherever there is one for the key, by segment. Raises `IndexDamagedError`."""
        first = key.encode("utf-8", "surrogatepass")
        wanted: dict[int, int] = {}
        for segment in self._numbers():
            firsts, ids = self._directory_of(segment).get(part, ([], []))
            place = bisect_right(firsts, first)
            if place:
                wanted[ids[place - 1]] = segment
        needle = sstable.needle(key)
        for number, data in self._read(list(wanted)):
            value = sstable.find(data, needle)
            if value is not None:
                yield wanted[number], value

    def items(self, part: Part) -> Iterator[tuple[int, str, memoryview]]:
        """(segment, key, value): a whole table, of all segments one after the other."""
        for segment in self._numbers():
            _, ids = self._directory_of(segment).get(part, ([], []))
            for _, data in self._read(ids):
                for key, value in sstable.values_of(data):
                    yield segment, key, value

    def _numbers(self) -> list[int]:
        numbers = [number for (number,) in self._query("SELECT id FROM segments ORDER BY id")]
        if len(self._directory) > 2 * len(numbers) + _FORGOTTEN:
            # A server lives through many edits, each of which leaves a segment behind.
            self._directory = {n: self._directory[n] for n in numbers if n in self._directory}
            self._files = {n: self._files[n] for n in numbers if n in self._files}
            self._checked.clear()
        return numbers

    def _directory_of(self, segment: int) -> dict[int, tuple[list[bytes], list[int]]]:
        if segment not in self._directory:
            rows = self._query("SELECT part, first, id FROM blocks WHERE segment = ? ORDER BY id", (segment,))
            told = self._query("SELECT directory FROM segments WHERE id = ?", (segment,))
            if not told or _directory_checksum(rows) != told[0][0]:
                raise damaged("blocks of a segment are lost")
            parts: dict[int, tuple[list[bytes], list[int]]] = {}
            for part, first, number in rows:
                firsts, ids = parts.setdefault(part, ([], []))
                firsts.append(first)
                ids.append(number)
            self._directory[segment] = parts
        return self._directory[segment]

    def _read(self, ids: list[int]) -> Iterator[tuple[int, memoryview]]:
        """(number, block), in order. Raises `IndexDamagedError`."""
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = self._query(f"SELECT id, data FROM blocks WHERE id IN ({marks}) ORDER BY id", tuple(some))
            if len(rows) != len(some):
                raise damaged("blocks of a segment are lost")
            for number, data in rows:
                # A block is read again for each of its keys; it is checked once.
                yield number, memoryview(data)[:-SEAL] if number in self._checked else unseal(data, number)
                self._checked.add(number)


def _directory_checksum(rows: Iterable[tuple[Any, ...]]) -> int:
    """`rows`: part, first key, number of each block, in the order of the numbers."""
    return zlib.crc32(repr([tuple(row) for row in rows]).encode("utf-8", "backslashreplace"))
