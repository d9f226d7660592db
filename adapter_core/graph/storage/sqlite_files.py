"""URIs of SQLite files, and errors about their locks."""

from __future__ import annotations

import os
import sqlite3
from pathlib import PurePath
from urllib.parse import quote


def read_only_uri(path: PurePath) -> str:
    """The URI that opens an absolute path for reading. `Path.as_uri` makes the server of a UNC path the URI's authority, which SQLite
    refuses; here it stays part of the path."""
    posix = path.as_posix()
    return f"file://{'' if posix.startswith('/') else '/'}{quote(os.fsencode(posix), safe='/:')}?mode=ro"


def is_locked(error: Exception) -> bool:
    """Whether the error is another connection's lock: the file is healthy, and must be left alone."""
    # Python gives the numeric code from 3.11 on.
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


__all__ = ["is_locked", "read_only_uri"]
