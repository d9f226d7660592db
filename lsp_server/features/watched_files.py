"""`workspace/didChangeWatchedFiles`: files that changed on disk are indexed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from adapter_core.engine import in_skipped_folder, may_be_indexed

from ..workspace import Root, places_of

if TYPE_CHECKING:
    from ..server import PathlineServer

# The files that are indexed, and those that decide which are; and all that comes and goes, for a folder is reported by its own name,
# without its files, and a pattern cannot tell it from a file.
_PATTERNS = (
    "**/*.{py,pyi,pyw,md,rst,txt,toml,cfg,ini}",
    "**/{README,CHANGELOG,CHANGES,CONTRIBUTING,ARCHITECTURE,HACKING,DEVELOPMENT,TESTING}",
    "**/{readme,changelog,changes,contributing,architecture,hacking,development,testing}",
    "**/.gitignore",
)
_EVERYTHING = "**/*"
_MAX_OTHERS = 100  # paths that may be folders; of more, it is not looked at each


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
    files: dict[Root, set[str]] = {}
    others: dict[Root, set[str]] = {}
    for place in (place for uri in uris for place in places_of(uri, roots)):
        if not in_skipped_folder(place.path):
            kind = files if may_be_indexed(place.path) else others
            kind.setdefault(place.root, set()).add(place.path)
    # The indexer finds out which of the others are, or were, folders.
    return {
        root: None if len(others.get(root, ())) > _MAX_OTHERS else files.get(root, set()) | others.get(root, set())
        for root in dict.fromkeys([*files, *others])
    }


def register_watchers(server: PathlineServer) -> None:
    """Ask the client to watch files, if it supports that; others send `didSave` at least."""
    if not server.session.client.watching:
        return
    watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _PATTERNS]
    comes_and_goes = types.WatchKind.Create | types.WatchKind.Delete
    watchers.append(types.FileSystemWatcher(glob_pattern=_EVERYTHING, kind=comes_and_goes))
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = types.Registration("pathline-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    server.client_register_capability(types.RegistrationParams([registration]))
