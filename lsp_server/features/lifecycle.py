"""`initialize`, `initialized` and `exit`. (`shutdown` is pygls's: it cancels what is under way.)"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

from ..positions import uri_of_path
from ..session import ClientSupport
from ..workspace import make_roots
from .configuration import apply_settings
from .watched_files import register_watchers

if TYPE_CHECKING:
    from ..server import PathlineServer


def register(server: PathlineServer) -> None:
    session = server.session
    to_say: list[str] = []

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        """Nothing slow, and no process: the reply waits for this."""
        server.watchdog.watch(params.process_id, "the client's process")
        session.client = client_support(params.capabilities)
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        session.encoding = str(getattr(encoding, "value", encoding))
        to_say.extend(apply_settings(server, params.initialization_options))
        session.initial_settings = asdict(session.settings)
        roots, problems = make_roots(folders_of(params))
        session.roots = tuple(roots)
        to_say.extend(problems)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        if to_say:
            server.show("Pathline: " + "; ".join(to_say), types.MessageType.Warning)
        server.set_roots(session.roots)
        register_watchers(server)

    @server.feature(types.EXIT)
    def leave(*_: object) -> None:
        server.end("the client said exit")


def folders_of(params: types.InitializeParams) -> list[str]:
    """The URI of each folder that the client has open, in its order."""
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    uri = params.root_uri or (uri_of_path(params.root_path) if params.root_path else None)
    return [uri] if uri else []


def client_support(capabilities: types.ClientCapabilities) -> ClientSupport:
    formats = get_capability(capabilities, "text_document.hover.content_format", []) or []
    return ClientSupport(
        markdown=types.MarkupKind.Markdown in formats,
        progress=bool(get_capability(capabilities, "window.work_done_progress", False)),
        configuration=bool(get_capability(capabilities, "workspace.configuration", False)),
        watching=bool(get_capability(capabilities, "workspace.did_change_watched_files.dynamic_registration", False)),
        versioned_diagnostics=bool(
            get_capability(capabilities, "text_document.publish_diagnostics.version_support", False)
        ),
        code_action_literals=bool(
            get_capability(capabilities, "text_document.code_action.code_action_literal_support", None)
        ),
        nested_symbols=bool(
            get_capability(capabilities, "text_document.document_symbol.hierarchical_document_symbol_support", False)
        ),
    )
