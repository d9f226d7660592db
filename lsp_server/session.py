"""The state of the server's one client, and the immutable snapshot of it that each request works on.

`Session` belongs to the loop thread. A `Snapshot` is immutable and may go to any thread; everything said in one
response rests on one snapshot.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter_core.engine import DiscoverOptions, discover_some, is_folder, is_python, open_reader
from adapter_core.errors import IndexStoreError, PathlineError

from .documents import Document, DocumentStore
from .moved_lines import LineMoves
from .positions import UTF16
from .settings import Settings
from .workspace import Place, Root, places_of

if TYPE_CHECKING:
    from adapter_core import CodeGraph


class UnreadableIndexError(PathlineError):
    """The index of `root` cannot be read, or is `gone`: its file was deleted."""

    def __init__(self, root: Root, problem: str, gone: bool = False) -> None:
        super().__init__(problem)
        self.root = root
        self.gone = gone


@dataclass(frozen=True, slots=True)
class IndexState:
    """The last state of a root's index, as the indexer reported it.

    `database` None: nothing reported yet, though an earlier session's index may exist. `trouble`: why the last sync failed. `unsynced`: the
    files that changed since, as far as the client reported them.
    """

    database: Path | None = None
    trouble: str = ""
    unsynced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ClientSupport:
    """The client's capabilities."""

    markdown: bool = False
    progress: bool = False
    configuration: bool = False
    watching: bool = False
    versioned_diagnostics: bool = False
    code_action_literals: bool = False
    nested_symbols: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`request_uri`: the document that the request is about. If a file is open twice, through a link, this document takes precedence."""

    documents: Mapping[str, Document]
    roots: tuple[Root, ...]
    indexes: Mapping[str, IndexState]
    settings: Settings
    encoding: str
    client: ClientSupport
    request_uri: str | None = None

    def place(self, uri: str) -> Place | None:
        """The root and relative path of a document, in the innermost root that holds it.

        May read the file system; not for the loop thread.
        """
        places = places_of(uri, self.roots, follow=True)
        return places[0] if places else None

    def document(self, uri: str) -> Document | None:
        return self.documents.get(uri)

    @contextmanager
    def graph(self, root: Root, focus: str | None = None) -> Iterator[CodeGraph]:
        """The graph of a root under the open documents; for one worker thread.

        Open documents that say what the index says are left to the index. Those of files that are not indexed (ignored,
        installed packages, keys) stay out, but for `focus`, the path that the request is about. Raises `UnreadableIndexError`.
        """
        from adapter_core import CodeGraph

        state = self.indexes.get(root.name, IndexState())
        if state.database is not None and not state.database.exists():
            raise UnreadableIndexError(root, f"the database {state.database} is gone", gone=True)
        try:
            store = open_reader(root.real, state.database)
            with CodeGraph(root.real, store, name=root.name) as graph, store.snapshot():
                unsaved = self._unsaved(graph, root, focus)
                if unsaved:
                    graph.overlay(unsaved)
                graph.may_have_changed(state.unsynced)
                yield graph
        except (IndexStoreError, sqlite3.Error) as error:
            raise UnreadableIndexError(root, str(error)) from error

    def _unsaved(self, stored: CodeGraph, root: Root, focus: str | None) -> dict[str, str]:
        found: dict[str, str] = {}
        for uri, document in sorted(self.documents.items(), key=lambda item: item[0] == self.request_uri):
            for path in self._paths(uri, root, follow=True):
                if (path == focus or _is_indexable(stored, path)) and _differs(stored, path, document):
                    found[path] = document.text
                elif uri == self.request_uri:
                    found.pop(path, None)
        return found

    def uri_of(self, root: Root, path: str) -> str:
        """The URI of a file: the one under which it is open, where it is. May read the file system; not for the loop thread."""
        if (
            self.request_uri is not None
            and self.request_uri in self.documents
            and path in self._paths(self.request_uri, root, follow=True)
        ):
            return self.request_uri
        uri = root.uri_of(path)
        if uri in self.documents:
            return uri
        return next((open_uri for open_uri in self.documents if path in self._paths(open_uri, root)), uri)

    @staticmethod
    def _paths(uri: str, root: Root, follow: bool = False) -> list[str]:
        return [place.path for place in places_of(uri, [root], follow)]


def _differs(stored: CodeGraph, path: str, document: Document) -> bool:
    on_disk = stored.document(path)
    # What another program wrote and the editor has read is on the disk, and not in the index yet.
    return on_disk is None or not stored.view.is_stored(path) or on_disk.lines != document.lines


def _is_indexable(stored: CodeGraph, path: str) -> bool:
    """Whether a document is in the index, or would be once it is saved: a Python file that is not ignored, nor its folder."""
    if stored.view.row(path) is not None:
        return True
    if not is_python(path):
        return False
    if os.path.exists(stored.root / path):  # unlike `Path.exists`, false for a name that no file can have
        return bool(discover_some(stored.root, [path]).files)
    folder = path.rpartition("/")[0]
    while folder and not os.path.exists(stored.root / folder):
        folder = folder.rpartition("/")[0]  # a folder that is made when the file is saved
    return not folder or is_folder(stored.root, folder, DiscoverOptions())


@dataclass
class Session:
    documents: DocumentStore = field(default_factory=DocumentStore)
    roots: tuple[Root, ...] = ()
    indexes: dict[str, IndexState] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    initial_settings: Mapping[str, Any] = field(default_factory=dict)  # which later ones are laid over
    encoding: str = UTF16
    client: ClientSupport = field(default_factory=ClientSupport)
    _line_moves: list[LineMoves] = field(default_factory=list)

    @contextmanager
    def line_moves(self) -> Iterator[LineMoves]:
        """A context that records how lines of the open documents move."""
        moves = LineMoves()
        self._line_moves.append(moves)
        try:
            yield moves
        finally:
            self._line_moves.remove(moves)

    def edited(self, before: Document, after: Document) -> None:
        """Record that an open document was edited."""
        for moves in self._line_moves:
            moves.edited(before, after)

    def opened(self, document: Document) -> None:
        """Record that a document was opened."""
        for moves in self._line_moves:
            moves.opened(document)

    def closed(self, document: Document) -> None:
        """Record that a document was closed."""
        for moves in self._line_moves:
            moves.closed(document)

    def snapshot(self, request_uri: str | None = None) -> Snapshot:
        """A snapshot of the current state, for a request about the document `request_uri`."""
        indexes = dict(self.indexes)
        return Snapshot(
            self.documents.all(), self.roots, indexes, self.settings, self.encoding, self.client, request_uri
        )
