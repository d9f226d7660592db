"""The segments of an index: for each batch of files that was written together, what finds its files by words and names.

A segment is written once. A file is alive in the segment that its row names; of a file that was written again, or is gone, the old
segment keeps its share until it holds no living file, or is one of so many small ones that they are written anew as one.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from ..errors import IndexDamagedError
from . import blocks
from .postings import FIELDS

SCHEMA = """
CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, files TEXT NOT NULL, owners BLOB NOT NULL, lengths BLOB NOT NULL,
    crc INTEGER NOT NULL, directory INTEGER NOT NULL);
CREATE TABLE blocks (id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, part INTEGER NOT NULL, first BLOB NOT NULL, data BLOB NOT NULL);
CREATE INDEX blocks_segment ON blocks (segment, part, first);
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


Block = tuple[int, bytes, bytes]  # part, first key, data: see `blocks.cut`
Query = Callable[..., list[tuple[Any, ...]]]


class Segments:
    """The segments in one database. `query` runs a statement and gives all rows."""

    def __init__(self, db: sqlite3.Connection, query: Query) -> None:
        self._db = db
        self._query = query
        # Segments never change and their numbers are never used again, so what is known of one stays true.
        self._files: dict[int, list[int]] = {}
        self._directory: dict[int, dict[int, tuple[list[bytes], list[int]]]] = {}
        self._checked: set[int] = set()

    # -- writing; within a transaction ---------------------------------------------------------------------------------

    def begin(self) -> int:
        """The number of a new segment, to be filled by `write`."""
        return self._db.execute("INSERT INTO segments VALUES (NULL, '', x'', x'', 0, 0)").lastrowid or 0

    def write(self, segment: int, files: Sequence[int], owners: bytes, lengths: bytes, parts: Iterable[Block]) -> None:
        rows = [(segment, part, first, data) for part, first, data in parts]
        told = json.dumps(list(files))
        self._db.execute(
            "UPDATE segments SET files = ?, owners = ?, lengths = ?, crc = ?, directory = ? WHERE id = ?",
            (
                told,
                owners,
                lengths,
                _crc(told, owners, lengths),
                _directory_crc((p, f) for _, p, f, _ in rows),
                segment,
            ),
        )
        self._db.executemany("INSERT INTO blocks (segment, part, first, data) VALUES (?,?,?,?)", rows)

    def delete(self, segment: int) -> None:
        self._db.execute("DELETE FROM blocks WHERE segment = ?", (segment,))
        self._db.execute("DELETE FROM segments WHERE id = ?", (segment,))

    # -- reading -------------------------------------------------------------------------------------------------------

    def rows(self) -> list[SegmentRow]:
        found = []
        for number, files, owners, lengths, crc in self._query(
            "SELECT id, files, owners, lengths, crc FROM segments ORDER BY id"
        ):
            if _crc(files, owners, lengths) != crc:
                raise _damaged()
            found.append(
                SegmentRow(
                    number,
                    np.array(json.loads(files), dtype=np.int64),
                    np.frombuffer(owners, dtype="<i4").reshape(-1, 2),
                    np.frombuffer(lengths, dtype="<u2").reshape(-1, len(FIELDS)),
                )
            )
        return found

    def files(self, segment: int) -> list[int]:
        """The ids of its files, by ordinal. Empty for a segment that is gone."""
        if segment not in self._files:
            rows = self._query("SELECT files, owners, lengths, crc FROM segments WHERE id = ?", (segment,))
            if not rows:
                return []
            files, owners, lengths, crc = rows[0]
            if _crc(files, owners, lengths) != crc:
                raise _damaged()
            self._files[segment] = json.loads(files)
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
        for number, data in self._read(list(wanted)):
            value = blocks.find(data, key)
            if value is not None:
                yield wanted[number], value

    def items(self, part: Part) -> Iterator[tuple[int, str, memoryview]]:
        """(segment, key, value): a whole table, of all segments one after the other."""
        for segment in self._numbers():
            _, ids = self._directory_of(segment).get(part, ([], []))
            for _, data in self._read(ids):
                for key, value in blocks.values_of(data):
                    yield segment, key, value

    def _numbers(self) -> list[int]:
        return [number for (number,) in self._query("SELECT id FROM segments ORDER BY id")]

    def _directory_of(self, segment: int) -> dict[int, tuple[list[bytes], list[int]]]:
        if segment not in self._directory:
            rows = self._query("SELECT part, first, id FROM blocks WHERE segment = ? ORDER BY part, first", (segment,))
            # Asked afterwards: if the segment is still there, these were all of its blocks.
            told = self._query("SELECT directory FROM segments WHERE id = ?", (segment,))
            if not told:
                return {}
            if _directory_crc((part, first) for part, first, _ in rows) != told[0][0]:
                raise _damaged()
            parts: dict[int, tuple[list[bytes], list[int]]] = {}
            for part, first, number in rows:
                firsts, ids = parts.setdefault(part, ([], []))
                firsts.append(first)
                ids.append(number)
            self._directory[segment] = parts
        return self._directory[segment]

    def _read(self, ids: list[int]) -> Iterator[tuple[int, bytes]]:
        """Blocks that are there; those of a segment that went meanwhile are not."""
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            marks = ",".join("?" * len(some))
            for number, data in self._query(
                f"SELECT id, data FROM blocks WHERE id IN ({marks}) ORDER BY id", tuple(some)
            ):
                if number not in self._checked:
                    try:
                        blocks.check(data)
                    except (ValueError, TypeError) as error:
                        raise _damaged() from error
                    self._checked.add(number)
                yield number, data


def _crc(files: str, owners: bytes, lengths: bytes) -> int:
    try:
        return zlib.crc32(lengths, zlib.crc32(owners, zlib.crc32(files.encode())))
    except (AttributeError, TypeError):
        return -1  # no text, no bytes: not what was written


def _directory_crc(blocks_of: Iterable[tuple[int, bytes]]) -> int:
    crc = 0
    for part, first in blocks_of:
        crc = zlib.crc32(b"%d %s\n" % (part, first), crc) if isinstance(first, bytes) else -1
    return crc


def _damaged() -> IndexDamagedError:
    return IndexDamagedError("The index is damaged; run: pathline index --rebuild")
