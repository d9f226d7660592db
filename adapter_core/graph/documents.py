"""The text of the workspace at one moment: open editors over the files on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .recent import Recent
from .source import MAX_FILE_BYTES, Source, hash_text, normalise_newlines, read_source, split_lines

_KEPT_FILES = 512


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text as it is now. `sha256` is of the file's bytes, or of the buffer's text where it is `open` in an editor."""

    path: str
    lines: list[str]
    sha256: str
    open: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n" if self.lines else ""


class Documents:
    """Remembers the files read last, so that everything said about a path in one request rests on the same text.

    Paths are relative to `root`; one that leads out of it (by `..` or a link) is treated as missing.
    """

    def __init__(
        self, root: Path, open_texts: Mapping[str, str] | None = None, max_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self.root = root
        self.open_texts = dict(open_texts or {})
        self._max_bytes = max_bytes
        self._cache: Recent[Document | None] = Recent(_KEPT_FILES)

    def get(self, path: str) -> Document | None:
        """The document, or None where there is no such readable text file inside the root."""
        if path not in self._cache:
            self._cache[path] = self._load(path)
        return self._cache[path]

    def reread(self, path: str) -> Document | None:
        """The document as it is this moment, for checking a citation right before it is shown."""
        return self._load(path)

    def _load(self, path: str) -> Document | None:
        if path in self.open_texts:
            text = normalise_newlines(self.open_texts[path])
            return Document(path, split_lines(text), hash_text(text), open=True)
        try:
            source = self._read(path)
        except (OSError, ValueError):
            return None
        return Document(path, split_lines(source.text), source.sha256)

    def _read(self, path: str) -> Source:
        file = self.root / path
        if os.path.isabs(path) or not inside(self.root, file):
            raise ValueError("outside the workspace")
        return read_source(file, self._max_bytes)


def inside(root: Path, file: Path) -> bool:
    """Whether the file's real path lies below the (real) root."""
    try:
        return Path(os.path.realpath(file)).is_relative_to(root)
    except (OSError, ValueError):
        return False
