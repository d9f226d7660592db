"""A graph as one file for other programs: JSON, or an SQLite database. docs/graph-export.md says what stands in it.

Records are written as they are found, into a temporary file beside the target that takes its place at the end: whoever opens the
target sees the old content or the new one, and after a cancel or an error still the old one.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import PathlineError, UsageError
from ...types import CancelToken
from .records import Graph, Progress, Record, Records

FORMAT = "pathline-graph"
VERSION = 1

_BATCH = 2_000
_APPLICATION_ID = 0x50544847  # "PTHG", which `file` shows

# In JSON, each table is an array of objects with these keys; here, lists are columns of JSON text (`[]`), or tables of their own.
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE, kind TEXT, module TEXT, sha256 TEXT, lines INTEGER, problems TEXT);
CREATE TABLE symbols (id INTEGER PRIMARY KEY, file INTEGER REFERENCES files, parent INTEGER REFERENCES symbols, name TEXT,
    qualname TEXT, full_name TEXT, kind TEXT, start INTEGER, "end" INTEGER, name_line INTEGER, name_column INTEGER, signature TEXT,
    visibility TEXT, traits TEXT, parameters TEXT, returns TEXT, decorators TEXT, bases TEXT, docstring TEXT, conditional INTEGER);
CREATE TABLE imports (file INTEGER REFERENCES files, owner INTEGER REFERENCES symbols, line INTEGER, module TEXT, name TEXT,
    alias TEXT, target TEXT, target_file INTEGER REFERENCES files, conditional INTEGER, typing_only INTEGER);
CREATE TABLE inheritance (class INTEGER REFERENCES symbols, position INTEGER, text TEXT, base INTEGER REFERENCES symbols,
    external TEXT);
CREATE TABLE overrides (method INTEGER REFERENCES symbols, overridden INTEGER REFERENCES symbols, distance INTEGER);
CREATE TABLE calls (id INTEGER PRIMARY KEY, file INTEGER REFERENCES files, owner INTEGER REFERENCES symbols, line INTEGER,
    callee TEXT, start INTEGER, "end" INTEGER, form TEXT, resolution TEXT);
CREATE TABLE call_targets (call INTEGER REFERENCES calls, symbol INTEGER REFERENCES symbols);
CREATE TABLE call_enters (call INTEGER REFERENCES calls, symbol INTEGER REFERENCES symbols);
CREATE TABLE call_external (call INTEGER REFERENCES calls, name TEXT);
CREATE TABLE implicit_calls (id INTEGER PRIMARY KEY, file INTEGER REFERENCES files, owner INTEGER REFERENCES symbols, line INTEGER,
    last_line INTEGER, implicit TEXT, callee TEXT, deferred INTEGER);
CREATE TABLE implicit_call_targets (call INTEGER REFERENCES implicit_calls, symbol INTEGER REFERENCES symbols);
CREATE TABLE implicit_call_enters (call INTEGER REFERENCES implicit_calls, symbol INTEGER REFERENCES symbols);
CREATE TABLE tests (node_id TEXT, file INTEGER REFERENCES files, symbol INTEGER REFERENCES symbols, qualname TEXT, start INTEGER,
    "end" INTEGER, parameters_known INTEGER, fixtures TEXT, conditional INTEGER)
"""
_INDEXES = """
CREATE INDEX symbols_file ON symbols (file);
CREATE INDEX symbols_name ON symbols (name);
CREATE INDEX symbols_full_name ON symbols (full_name);
CREATE INDEX imports_target ON imports (target);
CREATE INDEX inheritance_class ON inheritance (class);
CREATE INDEX inheritance_base ON inheritance (base);
CREATE INDEX overrides_overridden ON overrides (overridden);
CREATE INDEX calls_owner ON calls (owner);
CREATE INDEX call_targets_call ON call_targets (call);
CREATE INDEX call_targets_symbol ON call_targets (symbol);
CREATE INDEX call_enters_call ON call_enters (call);
CREATE INDEX call_enters_symbol ON call_enters (symbol);
CREATE INDEX call_external_name ON call_external (name);
CREATE INDEX implicit_calls_owner ON implicit_calls (owner);
CREATE INDEX implicit_call_targets_symbol ON implicit_call_targets (symbol);
CREATE INDEX implicit_call_enters_symbol ON implicit_call_enters (symbol);
CREATE INDEX tests_symbol ON tests (symbol)
"""

# Lists that are tables of their own: (table, the list's key, the column that holds one of it).
_LISTS = {
    "calls": (
        ("call_targets", "targets", "symbol"),
        ("call_enters", "enters", "symbol"),
        ("call_external", "external", "name"),
    ),
    "implicit_calls": (("implicit_call_targets", "targets", "symbol"), ("implicit_call_enters", "enters", "symbol")),
}


def export_json(
    graph: Graph, file: str | os.PathLike[str], progress: Progress | None = None, cancel: CancelToken | None = None
) -> None:
    """Write one JSON document. The same files of a workspace give the same bytes.

    `progress` is called with (done, total, current file). Raises `UsageError` for a target that can be no file, `PathlineError` where
    writing fails, and `Cancelled`; the target is then as it was.
    """
    with _replacing(Path(file)) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        records = Records(graph, progress, cancel)
        head = {**_head(graph), "version": VERSION}
        out.write("{\n" + ",\n".join(f'"{key}": {_text(value)}' for key, value in head.items()))
        for table, rows in records.tables():
            out.write(f',\n"{table}": [')
            separator = "\n"
            for row in rows:
                out.write(separator + _text(row))
                separator = ",\n"
            out.write("\n]")
        complete, reason = records.completeness()
        out.write(f',\n"complete": {_text(complete)},\n"reason": {_text(reason)}\n}}\n')
        out.flush()
        os.fsync(out.fileno())


def export_sqlite(
    graph: Graph, file: str | os.PathLike[str], progress: Progress | None = None, cancel: CancelToken | None = None
) -> None:
    """Write an SQLite database; otherwise as `export_json`. An existing database is replaced, not added to."""
    with _replacing(Path(file)) as temporary:
        db = sqlite3.connect(temporary, isolation_level=None)
        try:
            # Nobody sees the file before it is whole, so it needs no journal.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"user_version = {VERSION}"):
                db.execute(f"PRAGMA {pragma}")
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute("BEGIN")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            records = Records(graph, progress, cancel)
            for table, rows in records.tables():
                _insert(db, "symbols" if table == "lambdas" else table, rows)
            complete, reason = records.completeness()
            head = {**_head(graph), "version": VERSION, "complete": int(complete), "reason": reason}
            db.executemany("INSERT INTO meta VALUES (?, ?)", [(k, _value(str(v))) for k, v in head.items()])
            for statement in _INDEXES.split(";"):
                db.execute(statement)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failed(Path(file), error) from error
        finally:
            db.close()
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())


def _head(graph: Graph) -> dict[str, Any]:
    return {"format": FORMAT, "pathline": __version__, "root": graph.name, "root_path": str(graph.root)}


def check_target(file: Path) -> Path:
    """The real path to write to. Raises `UsageError` for what is no regular file, or cannot be one."""
    if os.path.abspath(file).startswith(("/dev/", "/proc/")):
        # Behind /dev/stdout may be a file, which would be replaced while its writer goes on with the old one.
        raise UsageError(f"{file} is not a regular file; export to one, and read it from there.")
    try:
        target = Path(os.path.realpath(file))
        kind = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise UsageError(f"There is no folder {target.parent}; make it, or export to another place.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be written ({_why(error)}); export to another place.") from error
    else:
        if stat.S_ISDIR(kind):
            raise UsageError(f"{file} is a folder; give the name of a file in it, for example {Path(file) / 'graph'}.")
        if not stat.S_ISREG(kind):
            raise UsageError(f"{file} is not a regular file; export to one, and read it from there.")
    return target


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """An empty file beside the target, which takes its place at the end and is deleted where an error comes before."""
    target = check_target(file)
    temporary = target.with_name(f".{target.name[:100]}-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        # Made anew, with the rights that any new file gets.
        temporary.open("x").close()
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({_why(error)}); export to another place.") from error
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise _failed(file, error) from error
    finally:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass  # the first error is the one to tell


def _failed(file: Path, error: Exception) -> PathlineError:
    return PathlineError(
        f"{file} could not be written ({_why(error)}); is the disk full, or the file open in another program?"
    )


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _text(value: object) -> str:
    """JSON on one line. Half a surrogate pair, which source may spell but UTF-8 cannot, is escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def _insert(db: sqlite3.Connection, table: str, rows: Iterator[Record]) -> None:
    waiting: dict[str, list[Record]] = {}
    for count, row in enumerate(rows, 1):
        for name, lists, column in _LISTS.get(table, ()):
            waiting.setdefault(name, []).extend({"call": row["id"], column: element} for element in row.pop(lists))
        waiting.setdefault(table, []).append(row)
        if count % _BATCH == 0:
            _write(db, waiting)
    _write(db, waiting)


def _write(db: sqlite3.Connection, waiting: dict[str, list[Record]]) -> None:
    for table, rows in waiting.items():
        if rows:
            columns = ", ".join(f'"{name}"' for name in rows[0])
            marks = ", ".join("?" * len(rows[0]))
            db.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})", [[_value(v) for v in row.values()] for row in rows]
            )
    waiting.clear()


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return _text(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
