"""Files as SQLite wants them named."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from adapter_core.graph.storage.sqlite_files import is_locked, read_only_uri


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/a/x.sqlite"), "file:///home/a/x.sqlite?mode=ro"),
        (PureWindowsPath(r"C:\Users\a b\x.sqlite"), "file:///C:/Users/a%20b/x.sqlite?mode=ro"),
        (PureWindowsPath(r"\\server\share\x.sqlite"), "file:////server/share/x.sqlite?mode=ro"),
    ],
)
def test_uri_of_a_path(path: PurePosixPath, uri: str) -> None:
    assert read_only_uri(path) == uri


def test_odd_names_are_opened(tmp_path: Path) -> None:
    for name in ("a b", "what?", "50%20", "x#y", "é", "a&mode=rwc"):
        file = tmp_path / name
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute("CREATE TABLE one (n)")
        with contextlib.closing(sqlite3.connect(read_only_uri(file), uri=True)) as db:
            assert db.execute("SELECT count(*) FROM one").fetchone() == (0,)
            with pytest.raises(sqlite3.OperationalError):
                db.execute("CREATE TABLE two (n)")
    # A server's share, as far as it can be told here: SQLite takes the path, and finds no such file.
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        sqlite3.connect(read_only_uri(PureWindowsPath(r"\\server\share\x.sqlite")), uri=True).execute("SELECT 1")


def test_a_lock_is_no_damage(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as db, contextlib.closing(sqlite3.connect(file, timeout=0)) as other:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            other.execute("SELECT 1 FROM sqlite_master")
    assert is_locked(locked.value)
    assert not is_locked(sqlite3.DatabaseError("file is not a database"))
