"""The facts of a workspace at one moment: the stored ones, replaced by those of open documents and of files that have changed on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...errors import IndexDamagedError
from ...types import ModuleFacts
from ..discovery.discover import clamp_to_int64
from ..memory.recent import Recent
from ..parsing.merge import merged
from ..parsing.parse import file_kind
from ..source import MAX_FILE_BYTES, is_python
from ..storage.rows import FileRow
from ..storage.store import Store
from .documents import MAX_CACHED_CHARACTERS, Document, Documents
from .edited import parsed, row_count

# A question about a name that is everywhere reads thousands of files.
_MAX_ROWS = 60_000
_MAX_USING_PATHS = 300_000  # paths of files that use a name


class WorkspaceView:
    """Caches what was read last. Made anew for each request, or when the workspace changed."""

    def __init__(
        self,
        root: Path,
        store: Store,
        open_texts: Mapping[str, str] | None = None,
        max_bytes: int = MAX_FILE_BYTES,
        max_rows: int = _MAX_ROWS,
        max_characters: int = MAX_CACHED_CHARACTERS,
    ) -> None:
        """`max_bytes`: larger files are not read, as in building the index. At most `max_rows` of facts (`row_count`) and
        `max_characters` of text are cached."""
        self.store = store
        self.documents = Documents(root, open_texts, max_bytes, max_characters)
        self._facts: Recent[str, ModuleFacts | None] = Recent(max_rows, row_count)
        self._stored_status: dict[str, bool] = {}
        self.changed: set[str] = set()  # files that are not open, and have been found to differ from the index
        # The hash of the text that was parsed, for files whose stored facts are not used.
        self._parsed: dict[str, str] = {}
        self._rows: dict[str, FileRow | None] = {}
        self._rows_by_id: dict[int, FileRow | None] = {}
        self._modules: dict[str, list[str]] = {}
        self._packages: dict[str, bool] = {}
        self._using_cache: Recent[tuple[str, str], list[str]] = Recent(_MAX_USING_PATHS, lambda paths: len(paths) + 20)
        self._open_modules = {p: self.module_of(p) for p in self.documents.open_texts if file_kind(p) == "python"}

    def document(self, path: str) -> Document | None:
        return self.documents.get(path)

    def text(self, path: str) -> str:
        """The text that the offsets in the facts refer to, with normalised line ends; "" where it is gone."""
        document = self.documents.get(path)
        if document is None or (self._stored_status.get(path) and not self._content_matches(document, self.row(path))):
            return ""
        return document.text if self._parsed.get(path, document.sha256) == document.sha256 else ""

    def facts(self, path: str) -> ModuleFacts | None:
        """The facts of a file as it is now: a file that has changed since it was indexed is parsed."""
        found = self._facts.fetch(path)
        if found is None and path not in self._facts:
            found = self._facts[path] = self._load(path)
        return found

    def _load(self, path: str) -> ModuleFacts | None:
        row = self.row(path)
        if row is not None and self.is_stored(path):
            stored = self._stored(row)
            if stored is not None:
                return stored
            self._stored_status[path] = False
            self.changed.add(path)
        document = self.document(path)
        if document is None:
            return None
        self._parsed[path] = document.sha256
        facts = parsed(document, self.module_of(path))
        good = self._stored(row) if facts.recovered and row is not None else None
        return merged(facts, good, document.lines) if good is not None else facts

    def _stored(self, row: FileRow) -> ModuleFacts | None:
        """The stored facts; None where the writer has replaced the row since it was read. Raises `IndexDamagedError`."""
        try:
            return self.store.facts(row)
        except IndexDamagedError:
            now = self.store.file(row.path)
            if now is not None and now.id == row.id:
                raise
            return None

    def python_paths(self) -> list[str]:
        """All Python files in order, including those that are only open in an editor."""
        stored = {row.path for row in self.store.files() if row.kind == "python"}
        return sorted(stored | {p for p in self.documents.open_texts if file_kind(p) == "python"})

    def is_stored(self, path: str) -> bool:
        """Whether the text of a file is the indexed one: by its file status, else by its hash."""
        if path not in self._stored_status:
            row = self.row(path)
            self._stored_status[path] = (
                row is not None
                and path not in self.documents.open_texts
                and (self._stat_matches(row) or self._content_matches(self.document(path), row))
            )
            if not self._stored_status[path] and path not in self.documents.open_texts:
                self.changed.add(path)
        return self._stored_status[path]

    def check_for_changes(self, paths: Iterable[str]) -> None:
        """Find out which of these files have changed on disk since they were indexed, and add them to `changed`."""
        for path in paths:
            self.is_stored(path)

    def _stat_matches(self, row: FileRow) -> bool:
        state = self.documents.file_status(row.path)
        if state is None:
            return False
        inode = row.inode if os.name == "nt" else clamp_to_int64(state.st_ino)  # not known where folders are listed
        return row.is_current(
            state.st_size, clamp_to_int64(state.st_mtime_ns), clamp_to_int64(state.st_ctime_ns), inode
        )

    def _content_matches(self, document: Document | None, row: FileRow | None) -> bool:
        return document is not None and row is not None and not document.open and document.sha256 == row.sha256

    def row(self, path: str) -> FileRow | None:
        if path not in self._rows:
            self._rows[path] = self.store.file(path)
        return self._rows[path]

    def path_of(self, file: int) -> str | None:
        if file not in self._rows_by_id:
            found = self._rows_by_id[file] = self.store.file_by_id(file)
            if found is not None:
                self._rows.setdefault(found.path, found)
        row = self._rows_by_id[file]
        return row.path if row else None

    def module_of(self, path: str) -> str:
        """The dotted name under which a file is imported."""
        row = self.row(path)
        return row.module if row is not None and row.module else self.store.roots().module_name(path)

    def facts_of_module(self, module: str) -> list[ModuleFacts]:
        if module not in self._modules:
            paths = [row.path for row in self.store.files_of_module(module)] if module else []
            paths += [p for p, name in self._open_modules.items() if name == module and p not in paths]
            # A stub describes the module beside it; the source is what can be cited.
            paths.sort(key=lambda p: (p.endswith(".pyi"), p))
            self._modules[module] = paths
        return [facts for p in self._modules[module] if (facts := self.facts(p)) is not None]

    def has_package(self, module: str) -> bool:
        """Whether there are modules below this name, with an `__init__` or without."""
        if module not in self._packages:
            prefix = module + "."
            self._packages[module] = bool(module) and (
                self.store.has_modules_below(module) or any(m.startswith(prefix) for m in self._open_modules.values())
            )
        return self._packages[module]

    def paths_with_part(self, text: str) -> list[str]:
        """The Python files in which a word containing this text may occur, in order; open files are always included."""
        with self.store.snapshot():
            paths = {p for file in self.store.files_with_part(text) if (p := self.path_of(file)) and is_python(p)}
        return sorted(paths | {path for path in self.documents.open_texts if file_kind(path) == "python"})

    def paths_using(self, name: str, use: str = "named") -> list[str]:
        """The Python files that may use an identifier in this way (`store.USES`), in order; open files are always included."""
        key = (name, use)
        found = self._using_cache.fetch(key)
        if found is None:
            with self.store.snapshot():
                paths = {p for file in self.store.files_using(name, use) if (p := self.path_of(file)) and is_python(p)}
            paths.update(path for path in self.documents.open_texts if file_kind(path) == "python")
            found = self._using_cache[key] = sorted(paths)
        return found
