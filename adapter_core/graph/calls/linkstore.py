"""The links of each file: what its calls resolve to, in a database beside the index that can be deleted at any time.

There are two kinds of links: "call" for call expressions, "run" for implicit calls (`linking.implicit`). A row of either is valid until
something changes that its inference read: `files` and `names` are the bits of `linking.results.reads.Reads`, over the numbers in `paths`.
`uses` are hashes of how a file used names when it was linked, so that new uses are recognised.
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
_TABLES = tuple(f"{table}_{link_kind}" for link_kind in LINK_KINDS for table in ("links", "data", "entering"))
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE paths (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, state TEXT NOT NULL, uses BLOB NOT NULL);
""" + "".join(
    f"""
CREATE TABLE links_{kind} (file INTEGER PRIMARY KEY, files BLOB NOT NULL, names BLOB NOT NULL);
CREATE TABLE data_{kind} (file INTEGER NOT NULL, number INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (file, number)) WITHOUT ROWID;
CREATE TABLE entering_{kind} (target TEXT NOT NULL, file INTEGER NOT NULL, calls BLOB NOT NULL, PRIMARY KEY (target, file)) WITHOUT ROWID;
CREATE INDEX entering_{kind}_file ON entering_{kind} (file);
"""
    for kind in LINK_KINDS
)
_json = json.JSONEncoder(separators=(",", ":")).encode
_WRITE_SECONDS = 5.0  # that a writer waits for another one
UNREAD = "-"  # the key of the files that do not parse


class Linked(NamedTuple):
    """The targets of a call expression. `truncated`: a limit was reached, so that there may be more."""

    targets: Targets
    direct: bool
    truncated: bool


class StoredImplicitCall(NamedTuple):
    """An implicit call, as `call_sites` shows it, and its targets."""

    kind: str
    callee: str
    owner: int
    line: int
    last: int
    deferred: bool
    linked: Linked


class FileRows(NamedTuple):
    """The rows of one file and link kind: the bits of what was read, its entries by number, and the numbers by key."""

    path: str
    files: int
    names: int
    data: dict[int, Linked | StoredImplicitCall]
    keys: dict[str, list[int]]


class LinkedFile(NamedTuple):
    """A file as it was linked: its number, a key of its content and module, and the hashes of how it used names."""

    number: int
    state: str
    uses: bytes


def target_key(value: Value) -> str:
    """The key of calls of a function, class or lambda."""
    extra = f":{value.extra[0]}:{value.extra[1]}" if value.kind == "lambda" else ""
    return f"{value.path}:{value.index}{extra}"


def unknown_receiver_key(name: str) -> str:
    """The key of calls of `name` on a receiver of unknown type."""
    return f"?{name}"


def truncated_key(name: str) -> str:
    """The key of calls of `name`, or of operations (`operation_key`), whose inference reached a limit."""
    return f"!{name}"


def operation_key(implicit_calls: str, name: str) -> str:
    """The protocol of an operation; for attribute accesses and callbacks with the name."""
    return f"{implicit_calls}:{name if implicit_calls in ('get', 'set', 'delete', 'callback') else ''}"


class LinkStore:
    """One connection. Any fault of the file raises `sqlite3.Error` or `ValueError`; it is then treated as missing."""

    def __init__(self, path: Path, version: str, write: bool = False) -> None:
        """`version`: of the code that links. A writer empties a file of another version, a reader refuses it."""
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
        """The state of the index for which all rows are valid."""
        return self._meta("index")

    def is_complete(self, link_kind: str) -> bool:
        """Whether there is a row for each file."""
        return bool(self._meta(f"whole {link_kind}"))

    # -- reading -----------------------------------------------------------------------------------------------------

    def linked_files(self) -> dict[str, LinkedFile]:
        """Every file that was looked at, by path."""
        rows = self._db.execute("SELECT path, number, state, uses FROM paths")
        return {path: LinkedFile(number, state, uses) for path, number, state, uses in rows}

    def content_states(self) -> dict[str, str]:
        """`LinkedFile.state` of every file that was looked at, by path."""
        return dict(self._db.execute("SELECT path, state FROM paths"))

    def linked_file(self, path: str) -> LinkedFile | None:
        row = self._db.execute("SELECT number, state, uses FROM paths WHERE path = ?", (path,)).fetchone()
        return LinkedFile(*row) if row else None

    def files_without_rows(self, link_kind: str) -> list[str]:
        """The files that have no row, in order."""
        rows = self._db.execute(
            f"SELECT path FROM paths WHERE number NOT IN (SELECT file FROM links_{link_kind}) ORDER BY path"
        )
        return [path for (path,) in rows]

    def files_affected_by(self, link_kind: str, files: int, names: int) -> list[str]:
        """The files whose rows depend on some of these files, or looked up some of these names (bits, as in `Reads`)."""
        found = []
        for path, number, files_read, names_read in self._db.execute(
            f"SELECT path, number, files, names FROM paths JOIN links_{link_kind} ON file = number"
        ):
            file_bits = int.from_bytes(files_read, "little") | 1 << number
            if file_bits & files or int.from_bytes(names_read, "little") & names:
                found.append(path)
        return found

    def entries_with_key(self, link_kind: str, key: str) -> list[tuple[str, list[int]]]:
        """The files that have entries with this key, and the numbers of these entries."""
        rows = self._db.execute(
            f"SELECT path, calls FROM entering_{link_kind} JOIN paths ON number = file WHERE target = ? ORDER BY path",
            (key,),
        )
        return [(path, array("i", calls).tolist()) for path, calls in rows]

    def calls(self, path: str, numbers: Iterable[int] | None = None) -> dict[int, Linked]:
        """The links of some calls of a file (None: all), by number; calls without targets are left out."""
        return {
            number: self._decode_link(json.loads(data)) for number, data in self._stored_rows("call", path, numbers)
        }

    def implicit_calls(self, path: str, numbers: Iterable[int] | None = None) -> dict[int, StoredImplicitCall]:
        """Implicit calls of a file, by number (None: all)."""
        found = {}
        for number, data in self._stored_rows("run", path, numbers):
            kind, callee, owner, line, last, deferred, linked = json.loads(data)
            found[number] = StoredImplicitCall(
                kind, callee, owner, line, last, bool(deferred), self._decode_link(linked)
            )
        return found

    def _stored_rows(self, link_kind: str, path: str, numbers: Iterable[int] | None) -> list[tuple[int, str]]:
        file = "file = (SELECT number FROM paths WHERE path = ?)"
        query = f"SELECT number, data FROM data_{link_kind} WHERE {file}"
        if numbers is None:
            return self._db.execute(query, (path,)).fetchall()
        return [row for number in numbers for row in self._db.execute(f"{query} AND number = ?", (path, number))]

    def _decode_link(self, encoded: list[Any]) -> Linked:
        flags, named, entered, external = encoded
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
        self, index: str, content_states: dict[str, tuple[str, bytes]], gone: Iterable[str], void: dict[str, list[str]]
    ) -> None:
        """Start a pass: delete the `void` rows of each kind and the files that are `gone`, and store the state of the index and of new
        or changed files. All other rows stay valid."""
        self._db.execute("BEGIN IMMEDIATE")
        for link_kind in LINK_KINDS:
            for path in (*void[link_kind], *gone):
                self._delete(link_kind, path)
        self._db.executemany("DELETE FROM paths WHERE path = ?", [(path,) for path in gone])
        self._db.executemany(
            "INSERT INTO paths (path, state, uses) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET state = excluded.state, uses = excluded.uses",
            [(path, state, uses) for path, (state, uses) in content_states.items()],
        )
        self._set_meta("index", index)
        for link_kind in LINK_KINDS:
            self._set_meta(f"whole {link_kind}", "" if self.files_without_rows(link_kind) else "1")
        self._db.execute("COMMIT")

    def _set_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _delete(self, link_kind: str, path: str) -> None:
        for table in ("links", "data", "entering"):
            self._db.execute(
                f"DELETE FROM {table}_{link_kind} WHERE file IN (SELECT number FROM paths WHERE path = ?)", (path,)
            )

    def write(self, index: str, link_kind: str, rows: Sequence[FileRows]) -> bool:
        """One transaction. Returns False and writes nothing where the rows belong to another state of the index by now."""
        self._db.execute("BEGIN IMMEDIATE")
        if self.index != index:
            self._db.execute("ROLLBACK")
            return False
        numbers: dict[str, int] = dict(self._db.execute("SELECT path, number FROM paths"))
        for path, files, names, data, keys in rows:
            file = numbers[path]
            self._delete(link_kind, path)
            self._db.execute(f"INSERT INTO links_{link_kind} VALUES (?, ?, ?)", (file, _bytes(files), _bytes(names)))
            self._db.executemany(
                f"INSERT INTO data_{link_kind} VALUES (?, ?, ?)",
                [(file, n, _json(_encoded(entry, numbers))) for n, entry in data.items()],
            )
            self._db.executemany(
                f"INSERT INTO entering_{link_kind} VALUES (?, ?, ?)",
                [(key, file, array("i", found).tobytes()) for key, found in keys.items()],
            )
        self._db.execute("COMMIT")
        return True

    def mark_complete(self, index: str, link_kind: str) -> bool:
        """Record that each file has a row. Returns False and records nothing where another linker has made that untrue."""
        self._db.execute("BEGIN IMMEDIATE")
        complete = self.index == index and not self.files_without_rows(link_kind)
        if complete:
            self._set_meta(f"whole {link_kind}", "1")
        self._db.execute("COMMIT")
        return complete


def _bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def call_keys(calls: Sequence[Call], links: dict[int, Linked]) -> dict[str, list[int]]:
    """The keys of the call expressions of a file, with the numbers of the calls."""
    found: dict[str, list[int]] = {}
    for number, (targets, _, truncated) in links.items():
        name = calls[number].name
        keys = {target_key(v) for v in (*targets.named, *targets.entered) if v.kind != "module"}
        if not targets.named and not targets.elsewhere and "." in calls[number].callee:
            keys.add(unknown_receiver_key(name))
        if truncated:
            keys.add(truncated_key(name))
        for key in keys:
            found.setdefault(key, []).append(number)
    return found


def _encoded(entry: Linked | StoredImplicitCall, numbers: dict[str, int]) -> list[Any]:
    if isinstance(entry, StoredImplicitCall):
        return [*entry[:6], _encoded(entry.linked, numbers)]
    targets, direct, truncated = entry
    named, entered, external, open_ = targets.named, targets.entered, targets.external, targets.open
    values = [[[v.kind, numbers.get(v.path, v.path), v.index, v.extra] for v in part] for part in (named, entered)]
    return [open_ | direct << 1 | truncated << 2, *values, external]


def hashes(numbers: Iterable[int]) -> bytes:
    return array("I", sorted(numbers)).tobytes()


def hashes_in(data: bytes) -> set[int]:
    found = array("I")
    found.frombytes(data)
    return set(found)
