"""The tables of the index, and their rows as they are written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

# What lies in a BLOB column is sealed (`sealed.py`): by the number of its file.
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, module TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, checked_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, segment INTEGER NOT NULL, symbols INTEGER NOT NULL, documents INTEGER NOT NULL, problem TEXT NOT NULL,
    checksum INTEGER NOT NULL);
CREATE INDEX files_module ON files (module);
CREATE INDEX files_segment ON files (segment);
CREATE TABLE facts (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


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
    documents: int
    problem: str


FILE_COLUMNS = ", ".join((*FileRow._fields, "checksum"))
INSERT_FILE = f"INSERT INTO files ({FILE_COLUMNS}) VALUES ({', '.join('?' * (len(FileRow._fields) + 1))})"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the store keeps of one file."""

    path: str
    kind: str
    module: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    checked_ns: int
    sha256: str
    facts: bytes
    symbols: int
    documents: int
    problem: str

    def row(self, file: int, segment: int) -> FileRow:
        """Its row of `files`, as number `file`."""
        return FileRow(
            file, self.path, self.kind, self.module, self.size, self.mtime_ns, self.ctime_ns, self.inode, self.checked_ns,
            self.sha256, segment, self.symbols, self.documents, self.problem,
        )  # fmt: skip
