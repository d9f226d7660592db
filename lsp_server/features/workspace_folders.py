"""`workspace/didChangeWorkspaceFolders`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from ..workspace import make_roots, without_folders

if TYPE_CHECKING:
    from ..server import PathlineServer


def register(server: PathlineServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        kept = without_folders(server.session.roots, [folder.uri for folder in params.event.removed])
        roots, problems = make_roots((folder.uri for folder in params.event.added), kept)
        if problems:
            server.show("Pathline: " + "; ".join(problems), types.MessageType.Warning)
        server.set_roots(tuple(roots))
