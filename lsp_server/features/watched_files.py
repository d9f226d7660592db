"""`workspace/didChangeWatchedFiles`: files that changed on disk are indexed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from ..workspace import Root, places_of

if TYPE_CHECKING:
    from ..server import PathlineServer

# The files that are indexed, and those that decide which are.
_PATTERNS = ("**/*.{py,pyi,pyw,md,rst,txt,toml,cfg,ini}", "**/.gitignore")


def register(server: PathlineServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        uris = [change.uri for change in params.changes]
        for root, paths in changed_paths(uris, server.session.roots).items():
            server.sync_soon(root, paths)
        server.cited.changed_on_disk(uris)


def changed_paths(uris: Iterable[str], roots: Iterable[Root]) -> dict[Root, set[str] | None]:
    """The changed paths of a notification by root (None: anything in it), at once, since a branch switch changes thousands of files."""
    roots = tuple(roots)
    changed: dict[Root, set[str] | None] = {}
    for place in (place for uri in uris for place in places_of(uri, roots)):
        paths = changed.setdefault(place.root, set())
        if "." not in place.path.rpartition("/")[2]:
            changed[place.root] = None  # a deleted or renamed folder is reported by its own name, without its files
        elif paths is not None:
            paths.add(place.path)
    return changed


def register_watchers(server: PathlineServer) -> None:
    """Ask the client to watch files, if it supports that; others send `didSave` at least."""
    if not server.session.client.watching:
        return
    watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _PATTERNS]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = types.Registration("pathline-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    server.client_register_capability(types.RegistrationParams([registration]))
