"""What the calls of each file lead to, as it was worked out once: a database beside the index, which may be thrown away at any time.

There are two ways: "call", what is written as a call, and "run", what runs without that (`linking.implicit`). A row of either holds for as
long as nothing changes that its inference read: `files` and `names` are the bits of `linking.results.reads.Reads`, over the
numbers in `paths`. `uses` tells by hashes how a file used names when it was looked at, so that what it uses anew is known.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...types import Call
from ..linking.calls.sites import Targets
from ..linking.results.values import Value
from ..storage.sqlite_files import read_only_uri

SUFFIX = "-links"
LINK_KINDS = ("call", "run")
_TABLES = tuple(f"{table}_{way}" for way in LINK_KINDS for table in ("links", "data", "entering"))
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE paths (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, state TEXT NOT NULL, uses BLOB NOT NULL);
""" + "".join(
    f"""
CREATE TABLE links_{way} (file INTEGER PRIMARY KEY, files BLOB NOT NULL, names BLOB NOT NULL);
CREATE TABLE data_{way} (file INTEGER NOT NULL, number INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (file, number)) WITHOUT ROWID;
CREATE TABLE entering_{way} (target TEXT NOT NULL, file INTEGER NOT NULL, calls BLOB NOT NULL, PRIMARY KEY (target, file)) WITHOUT ROWID;
CREATE INDEX entering_{way}_file ON entering_{way} (file);
"""
    for way in LINK_KINDS
)
_json = json.JSONEncoder(separators=(",", ":")).encode
_WRITE_SECONDS = 5.0  # that a writer waits for another one
UNREAD = "-"  # the key of the files whose syntax cannot be looked at


class Linked(NamedTuple):
    """What one written call leads to. `cut`: a limit was met, so that it may be more."""

    targets: Targets
    direct: bool
    cut: bool


class StoredImplicitCall(NamedTuple):
    """Something that runs without a call being written, as `call_sites` shows it, and what it leads to."""

    kind: str
    callee: str
    owner: int
    line: int
    last: int
    deferred: bool
    linked: Linked


class FileRows(NamedTuple):
    """What is kept of one file in one way: the bits of what was read for it, each of its entries, and their numbers by key."""

    path: str
    files: int
    names: int
    data: dict[int, Linked | StoredImplicitCall]
    keys: dict[str, list[int]]


class LinkedFile(NamedTuple):
    """A file as it was looked at: its number, what tells its content and module, and the hashes of how it used names."""

    number: int
    state: str
    uses: bytes


def target_key(value: Value) -> str:
    """Under which the files are found that call a function, class or lambda."""
    extra = f":{value.extra[0]}:{value.extra[1]}" if value.kind == "lambda" else ""
    return f"{value.path}:{value.index}{extra}"


def unknown_receiver_key(name: str) -> str:
    """Under which the files are found that call something of a name of which no more is known."""
    return f"?{name}"


def truncated_key(name: str) -> str:
    """Under which the files are found where a limit was met at a call of a name, or at an operation (`operation_key`)."""
    return f"!{name}"


def operation_key(runs: str, name: str) -> str:
    """What an operation does; of attributes to which, and of what is handed over under which name."""
    return f"{runs}:{name if runs in ('get', 'set', 'delete', 'callback') else ''}"


class LinkStore:
    """One connection. Whatever is wrong with the file is a `sqlite3.Error` or `ValueError`: then it is as good as none."""

    def __init__(self, path: Path, version: str, write: bool = False) -> None:
        """`version`: of the code that works links out; a file of another is emptied by a writer, and refused to a reader."""
        self.path = path
        self._paths: dict[int, str] = {}
        if write:
            self._db = sqlite3.connect(path, timeout=_WRITE_SECONDS, isolation_level=None)
        else:
            self._db = sqlite3.connect(
                read_only_uri(path), uri=True, timeout=1, isolation_level=None, check_same_thread=False
            )
        try:
            if write:
                self._prepare(version)
            elif self._meta("version") != version:
                raise ValueError("links of another version")
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, version: str) -> None:
        has = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        if has and self._meta("version") == version:
            return
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("meta", "paths", *_TABLES):
            self._db.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute("INSERT INTO meta VALUES ('version', ?), ('index', '')", (version,))
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    @property
    def index(self) -> str:
        """Of which state of the index all rows hold."""
        return self._meta("index")

    def is_whole(self, way: str) -> bool:
        """Whether there is a row for each file."""
        return bool(self._meta(f"whole {way}"))

    # -- reading -----------------------------------------------------------------------------------------------------

    def known(self) -> dict[str, LinkedFile]:
        """Every file that was looked at, by path."""
        rows = self._db.execute("SELECT path, number, state, uses FROM paths")
        return {path: LinkedFile(number, state, uses) for path, number, state, uses in rows}

    def states(self) -> dict[str, str]:
        """`Known.state` of every file that was looked at, by path."""
        return dict(self._db.execute("SELECT path, state FROM paths"))

    def known_file(self, path: str) -> LinkedFile | None:
        row = self._db.execute("SELECT number, state, uses FROM paths WHERE path = ?", (path,)).fetchone()
        return LinkedFile(*row) if row else None

    def missing(self, way: str) -> list[str]:
        """The files that have no row, in order."""
        rows = self._db.execute(
            f"SELECT path FROM paths WHERE number NOT IN (SELECT file FROM links_{way}) ORDER BY path"
        )
        return [path for (path,) in rows]

    def resting_on(self, way: str, files: int, names: int) -> list[str]:
        """The files whose rows rest on some of these files, or asked for some of these names (bits, as in `Reads`)."""
        found = []
        for path, number, read, asked in self._db.execute(
            f"SELECT path, number, files, names FROM paths JOIN links_{way} ON file = number"
        ):
            mine = int.from_bytes(read, "little") | 1 << number
            if mine & files or int.from_bytes(asked, "little") & names:
                found.append(path)
        return found

    def entering(self, way: str, key: str) -> list[tuple[str, list[int]]]:
        """The files of which some entries have this key, and the numbers of these in each."""
        rows = self._db.execute(
            f"SELECT path, calls FROM entering_{way} JOIN paths ON number = file WHERE target = ? ORDER BY path", (key,)
        )
        return [(path, array("i", calls).tolist()) for path, calls in rows]

    def calls(self, path: str, numbers: Iterable[int] | None = None) -> dict[int, Linked]:
        """What some calls of a file (None: all) lead to, by their number among them; those that lead nowhere are left out."""
        return {number: self._linked(json.loads(data)) for number, data in self._data("call", path, numbers)}

    def runs(self, path: str, numbers: Iterable[int] | None = None) -> dict[int, StoredImplicitCall]:
        """What runs in a file without a call, by number (None: all)."""
        found = {}
        for number, data in self._data("run", path, numbers):
            kind, callee, owner, line, last, deferred, linked = json.loads(data)
            found[number] = StoredImplicitCall(kind, callee, owner, line, last, bool(deferred), self._linked(linked))
        return found

    def _data(self, way: str, path: str, numbers: Iterable[int] | None) -> list[tuple[int, str]]:
        file = "file = (SELECT number FROM paths WHERE path = ?)"
        query = f"SELECT number, data FROM data_{way} WHERE {file}"
        if numbers is None:
            return self._db.execute(query, (path,)).fetchall()
        return [row for number in numbers for row in self._db.execute(f"{query} AND number = ?", (path, number))]

    def _linked(self, told: list[Any]) -> Linked:
        flags, named, entered, external = told
        targets = Targets(self._values(named), self._values(entered), tuple(external), bool(flags & 1))
        return Linked(targets, bool(flags & 2), bool(flags & 4))

    def _values(self, rows: list[list[Any]]) -> tuple[Value, ...]:
        return tuple(
            Value(k, self._path(p) if isinstance(p, int) else p, i, tuple(extra) if k == "lambda" else extra)
            for k, p, i, extra in rows
        )

    def _path(self, number: int) -> str:
        if number not in self._paths:
            (self._paths[number],) = self._db.execute("SELECT path FROM paths WHERE number = ?", (number,)).fetchone()
        return self._paths[number]

    # -- writing -----------------------------------------------------------------------------------------------------

    def begin(
        self, index: str, states: dict[str, tuple[str, bytes]], gone: Iterable[str], void: dict[str, list[str]]
    ) -> None:
        """All rows but the `void` ones of each way hold for a state of the index, in which these files have these states and uses."""
        self._db.execute("BEGIN IMMEDIATE")
        for way in LINK_KINDS:
            for path in (*void[way], *gone):
                self._delete(way, path)
        self._db.executemany("DELETE FROM paths WHERE path = ?", [(path,) for path in gone])
        self._db.executemany(
            "INSERT INTO paths (path, state, uses) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET state = excluded.state, uses = excluded.uses",
            [(path, state, uses) for path, (state, uses) in states.items()],
        )
        self._tell("index", index)
        for way in LINK_KINDS:
            self._tell(f"whole {way}", "" if self.missing(way) else "1")
        self._db.execute("COMMIT")

    def _tell(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _delete(self, way: str, path: str) -> None:
        for table in ("links", "data", "entering"):
            self._db.execute(
                f"DELETE FROM {table}_{way} WHERE file IN (SELECT number FROM paths WHERE path = ?)", (path,)
            )

    def write(self, index: str, way: str, rows: Sequence[FileRows]) -> bool:
        """One transaction. False, and nothing is written, where the rows are by now of another state of the index."""
        self._db.execute("BEGIN IMMEDIATE")
        if self.index != index:
            self._db.execute("ROLLBACK")
            return False
        numbers: dict[str, int] = dict(self._db.execute("SELECT path, number FROM paths"))
        for path, files, names, data, keys in rows:
            file = numbers[path]
            self._delete(way, path)
            self._db.execute(f"INSERT INTO links_{way} VALUES (?, ?, ?)", (file, _bytes(files), _bytes(names)))
            self._db.executemany(
                f"INSERT INTO data_{way} VALUES (?, ?, ?)",
                [(file, n, _json(_encoded(one, numbers))) for n, one in data.items()],
            )
            self._db.executemany(
                f"INSERT INTO entering_{way} VALUES (?, ?, ?)",
                [(key, file, array("i", found).tobytes()) for key, found in keys.items()],
            )
        self._db.execute("COMMIT")
        return True

    def finish(self, index: str, way: str) -> bool:
        """Note that each file has a row. False, and nothing is noted, where another linker has made that untrue meanwhile."""
        self._db.execute("BEGIN IMMEDIATE")
        whole = self.index == index and not self.missing(way)
        if whole:
            self._tell(f"whole {way}", "1")
        self._db.execute("COMMIT")
        return whole


def _bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def call_keys(calls: Sequence[Call], links: dict[int, Linked]) -> dict[str, list[int]]:
    """By which the written calls of a file are found."""
    found: dict[str, list[int]] = {}
    for number, (targets, _, cut) in links.items():
        name = calls[number].name
        keys = {target_key(v) for v in (*targets.named, *targets.entered) if v.kind != "module"}
        if not targets.named and not targets.elsewhere and "." in calls[number].callee:
            keys.add(unknown_receiver_key(name))
        if cut:
            keys.add(truncated_key(name))
        for key in keys:
            found.setdefault(key, []).append(number)
    return found


def _encoded(one: Linked | StoredImplicitCall, numbers: dict[str, int]) -> list[Any]:
    if isinstance(one, StoredImplicitCall):
        return [*one[:6], _encoded(one.linked, numbers)]
    targets, direct, cut = one
    named, entered, external, open_ = targets.named, targets.entered, targets.external, targets.open
    values = [[[v.kind, numbers.get(v.path, v.path), v.index, v.extra] for v in part] for part in (named, entered)]
    return [open_ | direct << 1 | cut << 2, *values, external]


def hashes(numbers: Iterable[int]) -> bytes:
    return array("I", sorted(numbers)).tobytes()


def hashes_in(data: bytes) -> set[int]:
    found = array("I")
    found.frombytes(data)
    return set(found)
