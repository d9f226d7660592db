"""The index of one workspace: one SQLite database in the user's cache folder.

Only facts that are local to a file are stored. Links between files (who calls what, which import means which module) are inferred at query
time, so an edit of one file replaces that file's rows and nothing else can become stale.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import IndexStoreError
from ...types import ModuleFacts
from ..discovery.roots import SourceRoots
from .codec import decode_facts
from .rows import FILE_COLUMNS, INSERT_FILE, FileRecord, FileRow
from .rows import SCHEMA as ROWS
from .sealed import checksum, damaged, seal, unseal
from .segments import SCHEMA as SEGMENTS
from .segments import Block, Part, SegmentRow, Segments
from .sqlite_files import read_only_uri
from .sstable import keys_of, values_of
from .version import index_version

log = logging.getLogger(__name__)

_SCHEMA = ROWS + SEGMENTS
# How a file may use a name.
USES = {
    "named": Part.NAMED, "called": Part.CALLED, "decorated": Part.DECORATED, "base": Part.BASE, "aliased": Part.ALIASED,
    "asked": Part.ASKED,
}  # fmt: skip
# What SQLite says (its numeric codes are known to Python from 3.11 on).
_DAMAGE_MESSAGES = (
    "malformed", "not a database", "no such table", "no such column", "already exists", "Could not decode",
)  # fmt: skip
_MAX_NAME = 100
_SECTOR = 512  # every page size is a multiple of it


def database_path(cache: Path, root: Path, variant: str = "") -> Path:
    """The database of a workspace, named by its real path, the version of the stored data, the Python that parses, and a `variant`: an
    index of part of the files is a separate one. None migrates another's."""
    key = hashlib.sha256(str(root).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    version = f"{index_version(_SCHEMA)}-py{sys.version_info.major}{sys.version_info.minor}"
    # A file system takes 255 bytes (some 143); the name is there for people alone.
    name = os.fsencode(root.name)[:_MAX_NAME].decode("utf-8", "ignore") or "root"
    return cache / "index" / f"{name}-{key}" / f"{version}{variant}.sqlite"


class Store:
    """One connection to an index. A writer uses it from one thread; readers open their own with `read_only=True`."""

    def __init__(self, path: Path | None, read_only: bool = False) -> None:
        """With `path` None the index is in memory. Raises `IndexStoreError` when it cannot be opened or is damaged."""
        self.path = path
        self.read_only = read_only
        self._snapshot_generation: int | None = None  # the generation that a running snapshot sees
        self._changed = False  # whether the running transaction changes the content
        self.on_close: dict[int, Callable[[], None]] = {}  # functions that `close` calls
        try:
            self._db = self._connect(path, read_only)
            if not read_only:
                self._prepare(path)
            self._segments = Segments(self._db, self._query)
            self.generation()
            self._file_stat = os.stat(path) if path is not None else None
        except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
            self.close()
            raise _store_error(error, "cannot be opened") from error
        except IndexStoreError:
            self.close()
            raise

    @staticmethod
    def _connect(path: Path | None, read_only: bool) -> sqlite3.Connection:
        if path is None:
            return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if read_only:
            # Not immutable: a writer may be at work. query_only keeps us honest where the file is writable.
            db = sqlite3.connect(
                read_only_uri(path), uri=True, timeout=5, isolation_level=None, check_same_thread=False
            )
            db.execute("PRAGMA query_only = 1")
            return db
        path.parent.mkdir(parents=True, exist_ok=True)
        # A truncated file: SQLite would read the missing part of its last page as zeros.
        if path.exists() and path.stat().st_size % _SECTOR:
            raise sqlite3.DatabaseError("file is not a database: it was cut")
        return sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)

    def _prepare(self, path: Path | None) -> None:
        db = self._db
        if path is not None:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -16000")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(
                "INSERT INTO meta VALUES ('identity', ?), ('generation', 0), ('complete', 0), ('reason', 'the index is being built')",
                (secrets.token_hex(8),),
            )
            db.execute("COMMIT")

    def is_in_place(self) -> bool:
        """Whether the path still leads to the file that was opened. If somebody empties the cache folder, what is written afterwards is
        lost."""
        if self.path is None or self._file_stat is None:
            return True
        try:
            return os.path.samestat(os.stat(self.path), self._file_stat)
        except OSError:
            return False

    def close(self) -> None:
        for close in list(self.on_close.values()):
            close()
        for part in ("_segments", "_db"):
            if (opened := getattr(self, part, None)) is not None:
                opened.close()

    # -- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a reader sees the state before or after. Increments the generation where the content changes."""
        self._changed = False
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            if self._changed:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
            self._db.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):  # some failures of the disk have undone it already
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
                raise _store_error(error, "cannot be written") from error
            raise

    def write(self, files: Sequence[FileRecord], owners: bytes, lengths: bytes, parts: Iterable[Block]) -> None:
        """Replace the given files; the tables that find them form one new segment. Call within `transaction`."""
        db = self._db
        self._changed = True
        for f in files:
            self._delete_file(f.row.path)
        # Numbers are never used again, so a reader with an older view cannot take a new segment for one that it knows.
        segment = self._next_number("segments")
        first = self._next_number("files")
        rows = [f.row._replace(id=number, segment=segment) for number, f in enumerate(files, first)]
        db.executemany(INSERT_FILE, [(*row, checksum(row)) for row in rows])
        db.executemany(
            "INSERT INTO facts VALUES (?, ?)",
            [(row.id, seal(f.facts, row.id)) for row, f in zip(rows, files, strict=True)],
        )
        self._segments.write(segment, [row.id for row in rows], owners, lengths, parts)

    def _next_number(self, table: str) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return row[0] + 1 if row else 1

    def remove(self, path: str) -> None:
        """Remove a file. Call within `transaction`."""
        self._delete_file(path)

    def _delete_file(self, path: str) -> None:
        row = self._db.execute("SELECT id, segment FROM files WHERE path = ?", (path,)).fetchone()
        if row is None:
            return
        file, segment = row
        self._changed = True
        self._db.execute("DELETE FROM facts WHERE file = ?", (file,))
        self._db.execute("DELETE FROM files WHERE id = ?", (file,))
        if not self._db.execute("SELECT 1 FROM files WHERE segment = ? LIMIT 1", (segment,)).fetchone():
            self._segments.delete(segment)

    def touch(self, path: str, size: int, mtime_ns: int, ctime_ns: int, inode: int, checked_ns: int) -> None:
        """Record that the file was read again and is unchanged. Call within `transaction`."""
        row = self.file(path)
        if row is not None:
            row = row._replace(size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns, inode=inode, checked_ns=checked_ns)
            self._db.execute(f"REPLACE {INSERT_FILE.removeprefix('INSERT ')}", (*row, checksum(row)))

    def set_roots(self, roots: SourceRoots) -> None:
        """Call within `transaction`."""
        self._set_meta("roots", seal(json.dumps([roots.folders, roots.packages]).encode(), 0))

    def set_complete(self, complete: bool, reason: str = "") -> None:
        """Call within `transaction`."""
        self._set_meta("complete", int(complete))
        self._set_meta("reason", reason)

    def _set_meta(self, key: str, value: object) -> None:
        if self._meta(key) != value:
            self._changed = True
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # -- reading -----------------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[int]:
        """All reads within see one state. Yields its generation. Raises `IndexStoreError`."""
        nested = self._db.in_transaction
        if nested and self._snapshot_generation is not None:
            yield self._snapshot_generation
            return
        if not nested:
            self._query("BEGIN")
        try:
            generation = self.generation()
            self._snapshot_generation = None if nested else generation
            self._segments.set_snapshot(not nested)
            yield generation
        finally:
            self._snapshot_generation = None
            self._segments.set_snapshot(False)
            if not nested and self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows. Raises `IndexStoreError`."""
        try:
            return self._db.execute(sql, parameters).fetchall()
        except UnicodeEncodeError:
            return []  # half a surrogate pair is in no index
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _store_error(error, "cannot be read") from error

    def _first_row(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        """The first row, or None."""
        rows = self._query(sql, parameters)
        return rows[0] if rows else None

    def generation(self) -> int:
        """The number of transactions that changed the content."""
        generation = self._meta("generation")
        if not isinstance(generation, int):
            raise damaged("its generation is lost")
        return generation

    def state(self) -> tuple[str, int]:
        """A key of the content, also across indexes that were built anew: its identity and generation."""
        identity = self._meta("identity")
        if not isinstance(identity, str):
            raise damaged("its identity is lost")
        return identity, self.generation()

    def completeness(self) -> tuple[bool, str]:
        """Whether all files are in the index, and the reason if not."""
        complete, reason = self._meta("complete"), self._meta("reason")
        if complete not in (0, 1) or not isinstance(reason, str):
            raise damaged("whether it is complete is lost")
        return complete == 1, reason

    def roots(self) -> SourceRoots:
        """The source roots for imports."""
        sealed_roots = self._meta("roots")
        if sealed_roots is None:
            return SourceRoots()
        folders, packages = json.loads(bytes(unseal(sealed_roots, 0)))
        return SourceRoots(tuple(folders), tuple(map(tuple, packages)))

    def has_modules_below(self, module: str) -> bool:
        """Whether there are modules whose name begins with this one and a dot."""
        # "/" is the character after "." in every encoding that SQLite compares by.
        below = (f"{module}.", f"{module}/")
        return self._first_row("SELECT 1 FROM files WHERE module >= ? AND module < ? LIMIT 1", below) is not None

    def has_files_below(self, folder: str, besides: Sequence[str] = ()) -> bool:
        """Whether the index has files below a folder, other than these."""
        # "0" is the character after "/".
        sql = "SELECT path FROM files WHERE path > ? AND path < ? LIMIT ?"
        return any(path not in besides for (path,) in self._query(sql, (f"{folder}/", f"{folder}0", len(besides) + 1)))

    def counts(self) -> tuple[int, int]:
        """The numbers of files and symbols."""
        files, symbols = self._first_row("SELECT count(*), coalesce(sum(symbols), 0) FROM files")
        return files, symbols

    def check(self) -> None:
        """Raises `IndexDamagedError` where files are missing, or not found by their paths and modules."""
        # Older versions would take the table's name for a number, and look at everything.
        if sqlite3.sqlite_version_info >= (3, 33) and self._query("PRAGMA integrity_check(files)") != [("ok",)]:
            raise damaged("the table of files is wrong")
        files, facts = self._first_row("SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM facts)")
        if files != facts or self._query("SELECT 1 FROM files WHERE segment NOT IN (SELECT id FROM segments) LIMIT 1"):
            raise damaged("rows are lost")
        self._segments.check()

    def files(self) -> list[FileRow]:
        """All files, by path."""
        return sorted(self._files("NOT INDEXED"), key=lambda row: row.path)

    def file(self, path: str) -> FileRow | None:
        return next(iter(self._files_whose("path", path)), None)

    def file_by_id(self, file: int) -> FileRow | None:
        return next(iter(self._files_whose("id", file)), None)

    def files_of_module(self, module: str) -> list[FileRow]:
        return sorted(self._files_whose("module", module), key=lambda row: row.path)

    def _files_whose(self, column: str, value: Any) -> list[FileRow]:
        rows = self._files(f"WHERE {column} = ?", value)
        if any(getattr(row, column) != value for row in rows):  # SQLite takes its index's word for it
            raise damaged("the table of files is wrong")
        return rows

    def _files(self, which: str, *parameters: Any) -> list[FileRow]:
        rows = self._query(f"SELECT {FILE_COLUMNS} FROM files {which}", parameters)
        if any(checksum(row[:-1]) != row[-1] for row in rows):
            raise damaged("what it says of a file is wrong")
        return [FileRow._make(row[:-1]) for row in rows]

    def files_of_last(self, name: str) -> set[int]:
        """The files whose module's dotted name ends with this part."""
        rows = self._query("SELECT id FROM files WHERE module = ? OR module LIKE ?", (name, f"%.{_escaped(name)}"))
        return {file for (file,) in rows}

    def facts(self, file: FileRow) -> ModuleFacts:
        """The facts of a file. Raises `IndexDamagedError`, also where a writer has replaced the row since it was read."""
        row = self._first_row("SELECT data FROM facts WHERE file = ?", (file.id,))
        if row is None:
            raise damaged(f"the facts of {file.path} are lost")
        data = bytes(unseal(row[0], file.id))
        try:
            return decode_facts(file.path, file.module or file.path.rpartition("/")[2], data)
        except (ValueError, TypeError, IndexError) as error:
            raise damaged(f"the facts of {file.path} cannot be read") from error

    def symbols_named(self, name: str) -> list[tuple[int, int]]:
        """(file, symbol index) of every symbol of that name, in order."""
        found: list[tuple[int, int]] = []
        with self.snapshot():
            for part in (Part.SYMBOLS, Part.SECTIONS):
                for segment, value in self._segments.find(part, name):
                    ids = self._segments.files(segment)
                    numbers = np.frombuffer(value, "<u4").tolist()
                    found += [(ids[o], i) for o, i in zip(numbers[::2], numbers[1::2], strict=True)]
            alive = self._alive({file for file, _ in found})
        return sorted(row for row in found if row[0] in alive)

    def all_names(self) -> list[str]:
        """The names of all symbols except sections, in order."""
        names: set[str] = set()
        with self.snapshot():
            alive = {file for (file,) in self._query("SELECT id FROM files")}
            dead_ordinals: dict[int, set[int]] = {}
            for segment, block in self._segments.blocks(Part.SYMBOLS):
                if segment not in dead_ordinals:
                    ids = self._segments.files(segment)
                    dead_ordinals[segment] = {ordinal for ordinal, file in enumerate(ids) if file not in alive}
                dead = dead_ordinals[segment]
                if not dead:
                    names.update(keys_of(block))
                    continue
                for name, value in values_of(block):
                    if any(ordinal not in dead for ordinal in np.frombuffer(value, "<u4")[::2].tolist()):
                        names.add(name)
        return sorted(names)

    def files_using(self, name: str, use: str = "named") -> list[int]:
        """The files that use an identifier in one of the ways of `USES`; "named": it occurs anywhere in the text, comments and strings
        included. Some ids may be gone."""
        found: list[int] = []
        with self.snapshot():
            for segment, value in self._segments.find(USES[use], name):
                ids = self._segments.files(segment)
                found += [ids[ordinal] for ordinal in np.frombuffer(value, "<u2").tolist()]
        return found

    def files_with_part(self, text: str) -> list[int]:
        """The files whose text has a word that contains this text. Some ids may be gone."""
        found: dict[int, None] = {}
        with self.snapshot():
            for segment, value in self._segments.containing(Part.NAMED, text):
                ids = self._segments.files(segment)
                found.update(dict.fromkeys(ids[ordinal] for ordinal in np.frombuffer(value, "<u2").tolist()))
        return list(found)

    def _alive(self, files: set[int]) -> set[int]:
        """The ids of files that still exist."""
        ids = sorted(files)
        alive: set[int] = set()
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            marks = ",".join("?" * len(chunk))
            alive.update(i for (i,) in self._query(f"SELECT id FROM files WHERE id IN ({marks})", tuple(chunk)))
        return alive

    def segments(self) -> list[SegmentRow]:
        """All segments in order. Raises `IndexDamagedError` where a segment is missing that a file names."""
        with self.snapshot():
            if self._query("SELECT 1 FROM files WHERE segment NOT IN (SELECT id FROM segments) LIMIT 1"):
                raise damaged("a segment is lost")
            return self._segments.rows()

    def postings(self, term: str) -> list[tuple[int, np.ndarray]]:
        """(segment, packed postings) of a term; see `postings.unpack`."""
        with self.snapshot():
            return [
                (segment, np.frombuffer(value, dtype="<u4").reshape(-1, 2))
                for segment, value in self._segments.find(Part.POSTINGS, term)
            ]

    def small_segments(self, most_files: int, most_bytes: int) -> tuple[list[str], int]:
        """The paths of files in segments with at most so many files and bytes of text, and the number of these segments."""
        rows = self._query(
            "SELECT path, segment FROM files WHERE segment IN"
            " (SELECT segment FROM files GROUP BY segment HAVING count(*) <= ? AND sum(size) <= ?)",
            (most_files, most_bytes),
        )
        return [path for path, _ in rows], len({segment for _, segment in rows})

    def _meta(self, key: str) -> Any:
        row = self._first_row("SELECT value FROM meta WHERE key = ?", (key,))
        return row[0] if row else None


def _escaped(name: str) -> str:
    return name.replace("%", "")  # an underscore matches any character in LIKE, so a few more files match


def _store_error(error: Exception, problem: str) -> IndexStoreError:
    """The error for damage, which a rebuild repairs, or for a passing problem: a full disk, a lock, a folder without permission."""
    text = str(error)
    is_damage = isinstance(error, sqlite3.DatabaseError) and any(sign in text for sign in _DAMAGE_MESSAGES)
    # SQLite quotes a damaged schema in its message, which Python may be unable to decode. None of our writes violates a constraint.
    if is_damage or isinstance(error, (UnicodeDecodeError, sqlite3.IntegrityError)):
        return damaged(text)
    return IndexStoreError(f"The index {problem} ({text}); is the disk full, or the cache folder not yours?")
