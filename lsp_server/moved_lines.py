"""Track how lines move while their document is edited.

An edit is seen as the lines before and after it: lines above the first difference stay, lines below the last one move, those between them
are edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .documents import Document


@dataclass(frozen=True, slots=True)
class Move:
    """The first `above` lines stay, those behind the first `below` move by `shift`; the others were edited."""

    above: int
    below: int
    shift: int

    def of(self, start: int, end: int) -> tuple[int, int] | None:
        """Where lines `start..end` (1-based, inclusive) are now; None where one of them was edited."""
        if end <= self.above:
            return start, end
        return (start + self.shift, end + self.shift) if start > self.below else None


def move_between(old: list[str], new: list[str]) -> Move:
    above = _common_prefix(old, new)
    below = _common_suffix(old, new, above)
    return Move(above, len(old) - below, len(new) - len(old))


class LineMoves:
    """All moves in the open documents since this object was created. Used on the loop thread."""

    def __init__(self) -> None:
        self._moves: dict[str, list[Move]] = {}
        self._closed: dict[str, Document] = {}

    def edited(self, before: Document, after: Document) -> None:
        self._moves.setdefault(after.uri, []).append(move_between(before.lines, after.lines))

    def opened(self, document: Document) -> None:
        """It was opened, perhaps again: what it was when it was closed has become what it is now."""
        before = self._closed.pop(document.uri, None)
        if before is not None:
            self.edited(before, document)

    def closed(self, document: Document) -> None:
        """It was closed: what was not saved is gone, and what is on disk instead has to be read (`reread`)."""
        self._closed[document.uri] = document

    def closed_of(self, uris: set[str]) -> set[str]:
        """Those of the documents that were closed and have not been read again."""
        return uris & self._closed.keys()

    def reread(self, on_disk: Mapping[str, Document]) -> None:
        """The documents that were closed, as they are on disk."""
        for document in on_disk.values():
            self.opened(document)

    def of(self, uri: str, start: int, end: int) -> tuple[int, int] | None:
        """The current place of the lines that were at `start..end` then; None if one of them was edited since."""
        place: tuple[int, int] | None = (start, end)
        for move in self._moves.get(uri, ()):
            place = move.of(*place) if place is not None else None
        return place


def _common_prefix(old: list[str], new: list[str]) -> int:
    count = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        count += 1
    return count


def _common_suffix(old: list[str], new: list[str], prefix: int) -> int:
    limit = min(len(old), len(new)) - prefix
    count = 0
    while count < limit and old[-1 - count] == new[-1 - count]:
        count += 1
    return count
