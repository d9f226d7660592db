"""The rows of the index's tables, as they are written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


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
