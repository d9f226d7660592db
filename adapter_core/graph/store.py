"""The index of one workspace: one SQLite database in the user's cache folder.

Only facts that are local to a file are stored. What links files (who calls what, which import means which module) is worked
out at query time, so an edit of one file replaces that file's rows and nothing else can go stale.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import IndexDamagedError, IndexStoreError
from ..types import ModuleFacts
from .codec import decode_facts
from .roots import SourceRoots
from .segments import SCHEMA as SEGMENTS
from .segments import Block, Part, SegmentRow, Segments
from .version import index_version

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, module TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, checked_ns INTEGER NOT NULL, sha256 TEXT NOT NULL,
    segment INTEGER NOT NULL, symbols INTEGER NOT NULL, documents INTEGER NOT NULL, problem TEXT NOT NULL);
CREATE INDEX files_module ON files (module);
CREATE INDEX files_segment ON files (segment);
CREATE TABLE facts (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class FileRow:
    id: int
    path: str
    kind: str
    module: str
    size: int
    mtime_ns: int
    ctime_ns: int
    checked_ns: int
    sha256: str
    segment: int
    symbols: int
    documents: int
    problem: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the store keeps of one file."""

    path: str
    kind: str
    module: str
    size: int
    mtime_ns: int
    ctime_ns: int
    checked_ns: int
    sha256: str
    facts: bytes
    symbols: int
    documents: int
    problem: str


# How a file may use a name.
USES = {"named": Part.NAMED, "called": Part.CALLED, "decorated": Part.DECORATED, "base": Part.BASE}

# What SQLite says (its numeric codes are known to Python from 3.11 on).
_SIGNS_OF_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "Could not decode")
_FILE_COLUMNS = (
    "id, path, kind, module, size, mtime_ns, ctime_ns, checked_ns, sha256, segment, symbols, documents, problem"
)


def database_path(cache: Path, root: Path, variant: str = "") -> Path:
    """The database of a workspace, named by its real path, the version of what is stored, the Python that parses, and a
    `variant`: an index of part of the files is another index. None migrates another's."""
    key = hashlib.sha256(str(root).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    version = f"{index_version(_SCHEMA + SEGMENTS)}-py{sys.version_info.major}{sys.version_info.minor}"
    return cache / "index" / f"{root.name or 'root'}-{key}" / f"{version}{variant}.sqlite"


class Store:
    """One connection to an index. A writer uses it from one thread; readers open their own with `read_only=True`."""

    def __init__(self, path: Path | None, read_only: bool = False) -> None:
        """`path` None keeps the index in memory. Raises `IndexStoreError` when it cannot be opened or is damaged."""
        self.path = path
        self.read_only = read_only
        try:
            self._db = self._connect(path, read_only)
            if not read_only:
                self._prepare(path)
            self._db.execute("SELECT count(*) FROM meta").fetchone()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise _store_error(error, "cannot be opened") from error
        self._segments = Segments(self._db, self._query)

    @staticmethod
    def _connect(path: Path | None, read_only: bool) -> sqlite3.Connection:
        if path is None:
            return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if read_only:
            # Not immutable: a writer may be at work. query_only keeps us honest where the file is writable.
            db = sqlite3.connect(
                f"{path.as_uri()}?mode=ro", uri=True, timeout=5, isolation_level=None, check_same_thread=False
            )
            db.execute("PRAGMA query_only = 1")
            return db
        path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)

    def _prepare(self, path: Path | None) -> None:
        db = self._db
        if path is not None:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -32000")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'blocks'").fetchone():
            db.execute("BEGIN IMMEDIATE")
            for statement in (_SCHEMA + SEGMENTS).split(";"):
                db.execute(statement)
            db.execute(
                "INSERT INTO meta VALUES ('generation', '0'), ('complete', '0'), ('reason', 'the index is being built')"
            )
            db.execute("COMMIT")

    def close(self) -> None:
        db = getattr(self, "_db", None)
        if db is not None:
            db.close()

    # -- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a reader sees the state before or after. Raises the generation by one."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise _store_error(error, "cannot be written") from error
            raise

    def write(self, files: Sequence[FileRecord], owners: bytes, lengths: bytes, parts: Iterable[Block]) -> None:
        """Replace the given files; what finds them forms one new segment. Call within `transaction`."""
        db = self._db
        segment = self._segments.begin()
        ids: list[int] = []
        facts: list[tuple[int, bytes]] = []
        for f in files:
            self._forget(f.path)
            file = db.execute(
                "INSERT INTO files (path, kind, module, size, mtime_ns, ctime_ns, checked_ns, sha256, segment, symbols, documents,"
                " problem) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (f.path, f.kind, f.module, f.size, f.mtime_ns, f.ctime_ns, f.checked_ns, f.sha256, segment, f.symbols, f.documents,
                 f.problem),
            ).lastrowid or 0  # fmt: skip
            ids.append(file)
            facts.append((file, f.facts))
        db.executemany("INSERT INTO facts VALUES (?, ?)", facts)
        self._segments.write(segment, ids, owners, lengths, parts)

    def remove(self, path: str) -> None:
        """Forget a file. Call within `transaction`."""
        self._forget(path)

    def _forget(self, path: str) -> None:
        row = self._db.execute("SELECT id, segment FROM files WHERE path = ?", (path,)).fetchone()
        if row is None:
            return
        file, segment = row
        self._db.execute("DELETE FROM facts WHERE file = ?", (file,))
        self._db.execute("DELETE FROM files WHERE id = ?", (file,))
        if not self._db.execute("SELECT 1 FROM files WHERE segment = ? LIMIT 1", (segment,)).fetchone():
            self._segments.delete(segment)

    def touch(self, path: str, size: int, mtime_ns: int, ctime_ns: int, checked_ns: int) -> None:
        """The file was read again and holds what is stored."""
        self._db.execute(
            "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ?, checked_ns = ? WHERE path = ?",
            (size, mtime_ns, ctime_ns, checked_ns, path),
        )

    def set_roots(self, roots: SourceRoots) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('roots', ?)", (json.dumps(roots.folders),))

    def set_complete(self, complete: bool, reason: str = "") -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", [("complete", str(int(complete))), ("reason", reason)]
        )

    # -- reading -----------------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[int]:
        """All reads within see one state. Yields its generation."""
        nested = self._db.in_transaction
        if not nested:
            self._db.execute("BEGIN")
        try:
            yield self.generation()
        finally:
            if not nested and self._db.in_transaction:
                self._db.execute("COMMIT")

    def _query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows. Raises `IndexStoreError`."""
        try:
            return self._db.execute(sql, parameters).fetchall()
        except UnicodeEncodeError:
            return []  # half a surrogate pair is in no index
        except sqlite3.Error as error:
            raise _store_error(error, "cannot be read") from error

    def _one(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        """The first row, or None."""
        rows = self._query(sql, parameters)
        return rows[0] if rows else None

    def generation(self) -> int:
        return int(self._meta("generation") or 0)

    def completeness(self) -> tuple[bool, str]:
        return self._meta("complete") == "1", self._meta("reason") or ""

    def roots(self) -> SourceRoots:
        """The folders below which imports look for modules."""
        told = self._meta("roots")
        return SourceRoots(tuple(json.loads(told))) if told else SourceRoots()

    def has_modules_below(self, module: str) -> bool:
        """Whether any module's name begins with this one and a dot."""
        # "/" is the character after "." in every encoding that SQLite compares by.
        below = (f"{module}.", f"{module}/")
        return self._one("SELECT 1 FROM files WHERE module >= ? AND module < ? LIMIT 1", below) is not None

    def has_files_below(self, folder: str, besides: str) -> bool:
        """Whether the index holds files below a folder, another one than this."""
        # "0" is the character after "/".
        row = self._one(
            "SELECT 1 FROM files WHERE path > ? AND path < ? AND path != ? LIMIT 1",
            (f"{folder}/", f"{folder}0", besides),
        )
        return row is not None

    def counts(self) -> tuple[int, int]:
        """Files and symbols."""
        files, symbols = self._one("SELECT count(*), coalesce(sum(symbols), 0) FROM files")
        return files, symbols

    def files(self) -> list[FileRow]:
        return [FileRow(*row) for row in self._query(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY path")]

    def file(self, path: str) -> FileRow | None:
        row = self._one(f"SELECT {_FILE_COLUMNS} FROM files WHERE path = ?", (path,))
        return FileRow(*row) if row else None

    def file_by_id(self, file: int) -> FileRow | None:
        row = self._one(f"SELECT {_FILE_COLUMNS} FROM files WHERE id = ?", (file,))
        return FileRow(*row) if row else None

    def files_of_module(self, module: str) -> list[FileRow]:
        return [
            FileRow(*row)
            for row in self._query(f"SELECT {_FILE_COLUMNS} FROM files WHERE module = ? ORDER BY path", (module,))
        ]

    def files_of_last(self, name: str) -> set[int]:
        """The files whose module's dotted name ends with this part."""
        rows = self._query("SELECT id FROM files WHERE module = ? OR module LIKE ?", (name, f"%.{_escaped(name)}"))
        return {file for (file,) in rows}

    def facts(self, file: FileRow) -> ModuleFacts:
        row = self._one("SELECT data FROM facts WHERE file = ?", (file.id,))
        if row is None:
            raise IndexDamagedError(f"The index lost the facts of {file.path}; run: pathline index --rebuild")
        try:
            return decode_facts(file.path, file.module or file.path.rpartition("/")[2], row[0])
        except (ValueError, TypeError, IndexError) as error:
            raise IndexDamagedError(f"The index is damaged at {file.path}; run: pathline index --rebuild") from error

    def symbols_named(self, name: str) -> list[tuple[int, int]]:
        """(file, symbol index) of every symbol of that name, in order."""
        found: list[tuple[int, int]] = []
        for part in (Part.SYMBOLS, Part.SECTIONS):
            for segment, value in self._segments.find(part, name):
                ids = self._segments.files(segment)
                numbers = np.frombuffer(value, "<u4").tolist()
                found += [(ids[o], i) for o, i in zip(numbers[::2], numbers[1::2], strict=True)] if ids else []
        alive = self._alive({file for file, _ in found})
        return sorted(row for row in found if row[0] in alive)

    def all_names(self) -> list[str]:
        """The names of all symbols but sections, each once."""
        alive = {file for (file,) in self._query("SELECT id FROM files")}
        names: set[str] = set()
        dead: dict[int, set[int]] = {}
        for segment, name, value in self._segments.items(Part.SYMBOLS):
            if segment not in dead:
                ids = self._segments.files(segment)
                dead[segment] = {ordinal for ordinal, file in enumerate(ids) if file not in alive}
            gone = dead[segment]
            if not gone or any(o not in gone for o in np.frombuffer(value, "<u4")[::2].tolist()):
                names.add(name)
        return list(names)

    def files_using(self, name: str, how: str = "named") -> list[int]:
        """The files that use an identifier in one of the ways of `USES`; "named": it stands anywhere in the text, comments and strings
        included. Some ids may be gone."""
        found: list[int] = []
        for segment, value in self._segments.find(USES[how], name):
            ids = self._segments.files(segment)
            found += [ids[ordinal] for ordinal in np.frombuffer(value, "<u2").tolist()] if ids else []
        return found

    def _alive(self, files: set[int]) -> set[int]:
        """Those of the ids that are still files."""
        wanted = sorted(files)
        alive: set[int] = set()
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            alive.update(i for (i,) in self._query(f"SELECT id FROM files WHERE id IN ({marks})", tuple(some)))
        return alive

    def segments(self) -> list[SegmentRow]:
        return self._segments.rows()

    def postings(self, term: str) -> list[tuple[int, np.ndarray]]:
        """(segment, packed postings) of a term; see `postings.unpack`."""
        return [
            (segment, np.frombuffer(value, dtype="<u4").reshape(-1, 2))
            for segment, value in self._segments.find(Part.POSTINGS, term)
        ]

    def small_segments(self, most_files: int) -> list[list[str]]:
        """The paths of the living files of each segment that holds no more than so many of them."""
        rows = self._query(
            "SELECT segment, group_concat(path, char(0)) FROM files GROUP BY segment HAVING count(*) <= ? ORDER BY segment",
            (most_files,),
        )
        return [paths.split("\0") for _, paths in rows]

    def _meta(self, key: str) -> str | None:
        row = self._one("SELECT value FROM meta WHERE key = ?", (key,))
        return row[0] if row else None


def _escaped(name: str) -> str:
    # An underscore stands for any character in LIKE, which only lets a few more files through.
    return name.replace("%", "")


def _store_error(error: Exception, what: str) -> IndexStoreError:
    """Damage, which a new build mends, apart from what passes: a full disk, a lock, a folder without permission."""
    text = str(error)
    damaged = isinstance(error, sqlite3.DatabaseError) and any(sign in text for sign in _SIGNS_OF_DAMAGE)
    if damaged:
        return IndexDamagedError(f"The index is damaged ({text}); run: pathline index --rebuild")
    return IndexStoreError(f"The index {what} ({text}); is the disk full, or the cache folder not yours?")
