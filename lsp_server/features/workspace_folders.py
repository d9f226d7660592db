"""`workspace/didChangeWorkspaceFolders`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from ..workspace import make_roots

if TYPE_CHECKING:
    from ..server import PathlineServer


def register(server: PathlineServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = {folder.uri for folder in params.event.removed}
        folders = [(root.uri, root.name) for root in server.session.roots if root.uri not in removed]
        folders += [(folder.uri, folder.name) for folder in params.event.added]
        roots, problems = make_roots(folders)
        if problems:
            server.show("Pathline: " + "; ".join(problems), types.MessageType.Warning)
        server.set_roots(tuple(roots))
