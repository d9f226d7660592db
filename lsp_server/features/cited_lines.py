"""The lines that the last answer cites, as diagnostics.

A diagnostic is shown while its lines are the ones that were cited: it moves with edits above it, and goes when its
lines are edited, on disk or in the editor. Whatever moved it, the hash of the lines decides.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from adapter_core.engine import hash_lines

from ..documents import Document
from ..moved_lines import move_between
from ..positions import path_of_uri
from ..session import Snapshot

if TYPE_CHECKING:
    from ..server import PathlineServer
    from ..workspace import Root

SOURCE = "pathline"
CODE = "cited"
_BUDGET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Cited:
    """Lines `start..end` (1-based, inclusive) and the sentence that cites them.

    `width` is the last line's length for the client, `root` the name of the folder.
    """

    start: int
    end: int
    sha256: str
    message: str
    width: int
    root: str = ""


class CitedLines:
    """Used on the loop thread. Files are keyed by path, since clients and servers escape the same URI differently."""

    def __init__(self, server: PathlineServer) -> None:
        self._server = server
        self._cited: dict[str, tuple[Cited, ...]] = {}
        self._uris: dict[str, str] = {}
        self._published: set[str] = set()

    def show(self, answer: dict[str, Any]) -> None:
        """Replace what is shown by the citations of an answer (as JSON).

        Those whose lines changed meanwhile are left out.
        """
        self._clear()
        open_roots = {root.name for root in self._server.session.roots}
        for claim in answer["claims"]:
            for citation in claim["citations"]:
                holds = citation["resolves"] and citation["fresh"] and citation["supports"]
                if holds and citation["root"] in open_roots:  # it may have been closed meanwhile
                    self._add(claim["text"], citation)
        for key in list(self._cited):
            document = self._open_document(key)
            if document is not None:
                self._cited[key] = fresh_lines(self._cited[key], document, self._server.session.encoding)
        self._publish(self._published | set(self._cited))

    def clear(self) -> None:
        self._clear()
        self._publish(set(self._published))

    def refresh(self) -> None:
        """The setting `showDiagnostics` may have changed."""
        self._publish(self._published | set(self._cited))

    def opened(self, uri: str) -> None:
        key = path_key(uri)
        document = self._server.session.documents.get(uri)
        if key in self._cited and document is not None:
            self._uris[key] = uri
            self._update(key, fresh_lines(self._cited[key], document, self._server.session.encoding))

    def edited(self, uri: str, before: Document, after: Document) -> None:
        key = path_key(uri)
        if key in self._cited:
            self._update(key, moved(self._cited[key], before, after, self._server.session.encoding))

    def changed_on_disk(self, uris: Iterable[str]) -> None:
        """Recheck files that are not open, and withdraw citations whose lines changed on disk."""
        changed = {path_key(uri) for uri in uris}
        # A folder that was moved or deleted is reported by its own name.
        keys = {key for key in self._cited if not changed.isdisjoint(_with_folders(key)) and not self._is_open(key)}
        if keys:
            self._server.spawn(self._recheck(keys))

    async def _recheck(self, keys: set[str]) -> None:
        snapshot = self._server.session.snapshot()
        checks = {key: (self._uris[key], self._cited[key]) for key in keys if key in self._cited}

        def check(stop: threading.Event) -> dict[str, tuple[Cited, ...]]:
            return {key: fresh_on_disk(snapshot, uri, cited) for key, (uri, cited) in checks.items()}

        found = await self._server.run_within(check, _BUDGET_SECONDS)
        for key, (_, cited) in checks.items():
            if self._cited.get(key) == cited and not self._is_open(key):
                self._update(key, found[key] if found is not None else ())

    def _add(self, message: str, citation: dict[str, Any]) -> None:
        uri, end = citation["location"]["uri"], citation["location"]["range"]["end"]
        key = path_key(uri)
        self._uris[key] = uri
        cited = Cited(
            citation["start"], citation["end"], citation["sha256"], message, end["character"], citation["root"]
        )
        if cited not in self._cited.get(key, ()):
            self._cited[key] = (*self._cited.get(key, ()), cited)

    def folder_closed(self, root: Root) -> None:
        """A folder is no longer open: its citations go."""
        for key, cited in list(self._cited.items()):
            self._update(key, tuple(item for item in cited if item.root != root.name))

    def _is_open(self, key: str) -> bool:
        return self._open_document(key) is not None

    def _open_document(self, key: str) -> Document | None:
        documents = self._server.session.documents
        document = documents.get(self._uris.get(key, ""))
        if document is not None:
            return document
        return next((d for uri, d in documents.all().items() if path_key(uri) == key), None)

    def _update(self, key: str, cited: tuple[Cited, ...]) -> None:
        if cited != self._cited.get(key):
            self._cited[key] = cited
            self._publish({key})

    def _clear(self) -> None:
        self._cited = {}

    def _publish(self, keys: set[str]) -> None:
        visible = self._server.session.settings.showDiagnostics
        for key in sorted(keys):
            cited = self._cited.get(key, ()) if visible else ()
            if not cited and key not in self._published:
                continue
            document = self._open_document(key)
            version = document.version if document and self._server.session.client.versioned_diagnostics else None
            self._server.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(self._uris[key], [_diagnostic(item) for item in cited], version)
            )
            if cited:
                self._published.add(key)
            else:
                self._published.discard(key)


def path_key(uri: str) -> str:
    path = path_of_uri(uri)
    return path if path is not None else uri


def _with_folders(path: str) -> list[str]:
    """A path and every folder above it."""
    return [path, *(path[:end] for end, char in enumerate(path) if char in "/\\" and end)]


def fresh_lines(cited: tuple[Cited, ...], document: Document, encoding: str) -> tuple[Cited, ...]:
    """The items whose lines are unchanged in the document, at their place."""
    return tuple(
        replace(item, width=document.end_units(item.end - 1, encoding))
        for item in cited
        if _is_fresh(item, document.lines)
    )


def moved(cited: tuple[Cited, ...], before: Document, after: Document, encoding: str) -> tuple[Cited, ...]:
    """The items after an edit: those above it stay, those below it move, those that it touches are dropped."""
    move = move_between(before.lines, after.lines)
    moved_lines = [
        replace(item, start=lines[0], end=lines[1])
        for item in cited
        if (lines := move.of(item.start, item.end)) is not None
    ]
    return fresh_lines(tuple(moved_lines), after, encoding)


def fresh_on_disk(snapshot: Snapshot, uri: str, cited: tuple[Cited, ...]) -> tuple[Cited, ...]:
    """The items whose lines are unchanged in the file on disk. For a worker thread."""
    place = snapshot.place(uri)
    if place is None:
        return ()
    with snapshot.graph(place.root) as graph:
        document = graph.document(place.path)
    return tuple(item for item in cited if document is not None and _is_fresh(item, document.lines))


def _is_fresh(item: Cited, lines: list[str]) -> bool:
    return 1 <= item.start <= item.end <= len(lines) and hash_lines(lines, item.start, item.end) == item.sha256


def _diagnostic(item: Cited) -> types.Diagnostic:
    span = types.Range(types.Position(item.start - 1, 0), types.Position(item.end - 1, item.width))
    return types.Diagnostic(span, item.message, types.DiagnosticSeverity.Information, CODE, source=SOURCE)
