"""`textDocument/didOpen`, `didChange`, `didClose` and `didSave`: the documents that lie over the files on disk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from ..documents import Edit
from ..workspace import places_of

if TYPE_CHECKING:
    from ..server import PathlineServer

log = logging.getLogger(__name__)


def register(server: PathlineServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        before = session.documents.get(item.uri)
        after = session.documents.open(item.uri, item.version, item.text)
        if before is not None:  # opened twice, or anew without a word
            session.edited(before, after)
        session.opened(after)
        server.cited.opened(item.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        edits = [edit_of(change) for change in params.content_changes]
        changed = session.documents.change(uri, params.text_document.version, edits, session.encoding)
        if changed is None:
            log.warning("a change of a document that is not open: %s", uri)
            return
        session.edited(*changed)
        server.cited.edited(uri, *changed)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        """What was not saved is gone: from here on, the file on disk counts."""
        uri = params.text_document.uri
        document = session.documents.close(uri)
        if document is not None:
            session.closed(document)
        server.cited.changed_on_disk([uri])

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        for place in places_of(params.text_document.uri, session.roots):
            server.sync_soon(place.root, [place.path])


def edit_of(change: types.TextDocumentContentChangeEvent) -> Edit:
    if isinstance(change, types.TextDocumentContentChangePartial):
        start, end = change.range.start, change.range.end
        return Edit(change.text, (start.line, start.character), (end.line, end.character))
    return Edit(change.text)
