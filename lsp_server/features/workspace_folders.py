"""`workspace/didChangeWorkspaceFolders`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from ..positions import path_of_uri
from ..workspace import make_roots

if TYPE_CHECKING:
    from ..server import PathlineServer


def register(server: PathlineServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = {path_of_uri(folder.uri) for folder in params.event.removed}
        kept = [root for root in server.session.roots if root.client_path not in removed]
        roots, problems = make_roots((folder.uri for folder in params.event.added), kept)
        if problems:
            server.show("Pathline: " + "; ".join(problems), types.MessageType.Warning)
        server.set_roots(tuple(roots))
