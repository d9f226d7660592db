"""The text of the workspace at one moment: open editors over the files on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ..memory.recent import Recent
from ..source import MAX_FILE_BYTES, Source, hash_text, normalise_newlines, read_source, split_lines

MAX_CACHED_CHARACTERS = 1_200_000


class Document:
    """The text of one file as it is now, with LF behind each line, the last included. `sha256` is that of the file's bytes, or of the
    buffer's text where it is `open` in an editor."""

    __slots__ = ("_lines", "open", "path", "sha256", "text")

    def __init__(self, path: str, text: str, sha256: str, open: bool = False) -> None:
        text = normalise_newlines(text)
        self.path = path
        self.text = text if text.endswith("\n") or not text else f"{text}\n"
        self.sha256 = sha256
        self.open = open
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        if self._lines is None:
            self._lines = split_lines(self.text)
        return self._lines


class Documents:
    """Caches the files read last, so that everything in one request is about the same text.

    Paths are relative to `root`; one that leads out of it (by `..` or a link) is treated as missing.
    """

    def __init__(
        self,
        root: Path,
        open_texts: Mapping[str, str] | None = None,
        max_bytes: int = MAX_FILE_BYTES,
        max_characters: int = MAX_CACHED_CHARACTERS,
    ) -> None:
        """`max_characters`: how many characters of the files read last are cached."""
        self.root = root
        self.open_texts = dict(open_texts or {})
        self._max_bytes = max_bytes
        self._cache: Recent[str, Document | None] = Recent(max_characters, lambda d: len(d.text) + 1000 if d else 1000)
        self._inside: dict[str, bool] = {}

    def get(self, path: str) -> Document | None:
        """The document, or None where there is no such readable text file inside the root."""
        found = self._cache.fetch(path)
        if found is None and path not in self._cache:
            found = self._cache[path] = self._load(path)
        return found

    def file_status(self, path: str) -> os.stat_result | None:
        """The file status of a file on disk; None where there is no such file inside the root."""
        try:
            found = os.lstat(os.path.join(self.root, path)) if self._is_inside(path) else None
        except (OSError, ValueError):
            return None
        return found if found is not None and stat.S_ISREG(found.st_mode) else None

    def reread(self, path: str) -> Document | None:
        """The document as it is at this moment, to check a citation right before it is shown."""
        self._inside.clear()
        return self._load(path)

    def _load(self, path: str) -> Document | None:
        if path in self.open_texts:
            text = normalise_newlines(self.open_texts[path])
            return Document(path, text, hash_text(text), open=True)
        try:
            source = self._read(path)
        except (OSError, ValueError):
            return None
        return Document(path, source.text, source.sha256)

    def _read(self, path: str) -> Source:
        file = self.root / path
        # A link at the last step is refused by whoever reads, where the system can.
        if not self._is_inside(path) or (file.is_symlink() and not inside(self.root, file)):
            raise ValueError("outside the workspace")
        return read_source(file, self._max_bytes)

    def _is_inside(self, path: str) -> bool:
        """Whether the folder of a file lies inside the root."""
        folder = os.path.dirname(path)
        if folder not in self._inside:
            self._inside[folder] = not os.path.isabs(path) and inside(self.root, self.root / folder)
        return self._inside[folder]


def inside(root: Path, file: Path) -> bool:
    """Whether the file's real path lies below the (real) root."""
    try:
        return Path(os.path.realpath(file)).is_relative_to(root)
    except (OSError, ValueError):
        return False
