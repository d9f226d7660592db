"""The tables of the index, and their rows."""

from __future__ import annotations

from typing import NamedTuple

# What lies in a BLOB column is sealed (`sealed.py`): by the number of its file.
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, module TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, checked_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, segment INTEGER NOT NULL, symbols INTEGER NOT NULL, problem TEXT NOT NULL,
    checksum INTEGER NOT NULL);
CREATE INDEX files_module ON files (module);
CREATE INDEX files_segment ON files (segment);
CREATE TABLE facts (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


# A file changed within the clock's grain of its last reading may have changed again without a new timestamp.
_RACY_NS = 2_000_000_000


class FileRow(NamedTuple):
    """A row of `files`, without its checksum. `checked_ns`: when the file was read, by this machine's clock."""

    id: int
    path: str
    kind: str
    module: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    checked_ns: int
    sha256: str
    segment: int
    symbols: int
    problem: str

    def is_current(self, size: int, mtime_ns: int, ctime_ns: int, inode: int) -> bool:
        """Whether a file with this status has the content that was read. False also where it may have changed within the resolution of
        the clock."""
        # `touch -d` and `cp -p` set the modification time; the change time is the system's own. Files of equal times change places.
        if (self.size, self.mtime_ns, self.ctime_ns, self.inode) != (size, mtime_ns, ctime_ns, inode):
            return False
        return self.checked_ns - max(mtime_ns, ctime_ns) > _RACY_NS


FILE_COLUMNS = ", ".join((*FileRow._fields, "checksum"))
INSERT_FILE = f"INSERT INTO files ({FILE_COLUMNS}) VALUES ({', '.join('?' * (len(FileRow._fields) + 1))})"


class FileRecord(NamedTuple):
    """What is stored of one file. Its `row` has no id and no segment yet."""

    row: FileRow
    facts: bytes
