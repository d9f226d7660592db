"""The folders that the editor has open, and the location of a URI in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from .positions import join_uri, path_of_uri, relative_to, same_path

# Where a file is found by a name in another letter case, and the real path keeps that: on macOS. (On Windows it does not.)
_IGNORES_CASE = sys.platform == "darwin"


@dataclass(frozen=True, slots=True)
class Root:
    """One workspace folder. `client_path` is its path as the client spells it, `real` the path with symbolic links resolved.

    `name` is unique among the folders that are open; citations carry it. `also`: further URIs by which the client has the same folder open,
    through a link for example.
    """

    name: str
    uri: str
    client_path: str
    real: Path
    also: tuple[str, ...] = field(default=(), compare=False)

    def uri_of(self, path: str) -> str:
        """The URI of a POSIX path below this root, as the client would spell it."""
        return join_uri(self.uri, path)

    def path_of(self, file: str) -> str | None:
        """An absolute path relative to this root; None where it lies elsewhere."""
        found = relative_to(file, self.client_path)
        return found if found is not None else relative_to(file, str(self.real))

    def path_in_any_case(self, file: str) -> str | None:
        """As `path_of`, where the folder's name may be spelled in other letters. Reads the file system."""
        path = relative_to(file, str(self.real), any_case=True)
        return path if path is not None and _is_same_folder(Path(file[: -len(path)]), self.real) else None


@dataclass(frozen=True, slots=True)
class Place:
    """A file in a root."""

    root: Root
    path: str


def make_roots(uris: Iterable[str], kept: Iterable[Root] = ()) -> tuple[list[Root], list[str]]:
    """(roots of folders by their URIs, problems with those that cannot be used). Reads the file system.

    Roots are named after the folder on disk, as in citations, and not by the client's name.

    `kept` are already open and come first, unchanged: a folder keeps its name while it is open.
    """
    roots = list(kept)
    problems: list[str] = []
    for uri in uris:
        client_path = path_of_uri(uri)
        if client_path is None:
            problems.append(f"{uri} is not a folder on this machine and is left out")
            continue
        real = Path(os.path.realpath(client_path))
        if not os.path.isdir(real):
            problems.append(f"{client_path} is not a folder and is left out")
            continue
        same = next((number for number, root in enumerate(roots) if _is_same_folder(root.real, real)), None)
        if same is not None:
            spellings = (roots[same].uri, *roots[same].also)
            if not any(same_path(path_of_uri(spelling) or "", client_path) for spelling in spellings):
                roots[same] = replace(roots[same], also=(*roots[same].also, uri))
            continue
        roots.append(Root(_unique_name(real.name or str(real), {root.name for root in roots}), uri, client_path, real))
    return roots, problems


def without_folders(roots: Iterable[Root], uris: Iterable[str]) -> list[Root]:
    """The roots that stay when the client closes these folders. One that it has open by two URIs stays under the other. Reads the file
    system."""
    remaining = list(roots)
    for uri in uris:
        path = path_of_uri(uri)
        if path is None:
            continue
        for number, root in enumerate(remaining):
            spellings = [root.uri, *root.also]
            same = [spelling for spelling in spellings if same_path(path_of_uri(spelling) or "", path)]
            if not same and len(spellings) == 1 and _is_same_folder(Path(os.path.realpath(path)), root.real):
                same = spellings  # closed under another name than it was opened under
            if same:
                spellings.remove(same[0])
                remaining[number : number + 1] = [_respelled(root, spellings)] if spellings else []
                break
    return remaining


def _respelled(root: Root, uris: list[str]) -> Root:
    return replace(root, uri=uris[0], client_path=path_of_uri(uris[0]) or root.client_path, also=tuple(uris[1:]))


def _is_same_folder(a: Path, b: Path) -> bool:
    """Whether two real paths lead to one folder, as in another letter case where the disk takes either."""
    try:
        return a == b or os.path.samefile(a, b)
    except OSError:
        return False


def places_of(uri: str, roots: Iterable[Root], follow: bool = False) -> list[Place]:
    """Where a URI lies, the innermost root first; empty for one outside all of them.

    `follow` also tries the real path of the file, for a client that spells it through another link; that reads the file
    system.
    """
    file = path_of_uri(uri)
    if file is None:
        return []
    roots = list(roots)
    if follow and os.name == "nt":
        file = os.path.realpath(file)  # with the letter case that the names have on disk, as the index has them
    places = _places_below(file, roots)
    if not places and follow:
        places = _places_below(os.path.realpath(file), roots)
    if not places and follow and _IGNORES_CASE:
        found = [Place(root, path) for root in roots if (path := root.path_in_any_case(os.path.realpath(file)))]
        places = sorted(found, key=lambda place: len(place.path))
    if follow and _IGNORES_CASE:
        places = [replace(place, path=_as_on_disk(str(place.root.real), place.path)) for place in places]
    return places


def _as_on_disk(root: str, path: str) -> str:
    """A path with the letter case of its names on disk, which the index uses; unchanged if there is no such file."""
    folder, names = root, []
    for name in path.split("/"):
        try:
            names.append(_name_on_disk(folder, name, os.stat(folder).st_mtime_ns))
        except OSError:
            names.append(name)
        folder = os.path.join(folder, names[-1])
    return "/".join(names)


@lru_cache(maxsize=4096)
def _name_on_disk(folder: str, name: str, changed: int) -> str:
    """The name of an entry of a folder that last `changed` at that moment."""
    names = os.listdir(folder)
    if name in names:
        return name
    file = os.path.join(folder, name)
    same_letters = [entry for entry in names if entry.casefold() == name.casefold()]
    return next((entry for entry in same_letters if os.path.samefile(file, os.path.join(folder, entry))), name)


def _places_below(file: str, roots: list[Root]) -> list[Place]:
    found = [Place(root, path) for root in roots if (path := root.path_of(file)) is not None]
    return sorted(found, key=lambda place: len(place.path))


def _unique_name(name: str, used_names: set[str]) -> str:
    candidate, number = name, 2
    while candidate in used_names:
        candidate, number = f"{name}-{number}", number + 1
    return candidate
