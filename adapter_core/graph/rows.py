"""The rows of the index's tables, as they are written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


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
    """What the store keeps of one file. `names`: (name, symbol index, kind)."""

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
    names: list[tuple[str, int, str]]

    def row(self, file: int, segment: int) -> FileRow:
        """Its row of `files`, as number `file`."""
        return FileRow(
            file, self.path, self.kind, self.module, self.size, self.mtime_ns, self.ctime_ns, self.inode, self.checked_ns,
            self.sha256, segment, self.symbols, self.documents, self.problem,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """`files` maps the file ordinals of `owners` to file ids, some of which may be gone. See `postings.Segment`."""

    id: int
    files: np.ndarray
    owners: np.ndarray
    lengths: np.ndarray


# How a file may use a name, and the mark of that in the keys of the table `uses`.
USES = {"named": "", "called": "(", "decorated": "@", "base": "<"}
