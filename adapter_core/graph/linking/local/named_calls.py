"""All calls of a workspace by name, for a pass over all files."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable

from ....types import Call, ModuleFacts
from ...storage.columns import Rows, column

_HALF = 32  # bits


class NamedCalls:
    """The positions of calls, eight bytes each; call objects are created on demand and not kept."""

    def __init__(self, facts_of: Callable[[str], ModuleFacts | None]) -> None:
        self._facts_of = facts_of
        self._paths: dict[str, int] = {}
        # By name, in order: the number of a file and, in the lower half, of a call.
        self._places: dict[str, array[int]] = {}

    def add(self, facts: ModuleFacts) -> None:
        """Once for each file."""
        file = self._paths[facts.path] = len(self._paths)
        for number, callee in enumerate(column(facts.calls, "callee"), file << _HALF):
            name = callee.rpartition(".")[2]
            places = self._places.get(name)
            if places is None:
                places = self._places[name] = array("Q")
            places.append(number)

    def calls(self, path: str, name: str) -> list[Call]:
        """The calls of a name in a file, in order, decorators included."""
        file, places = self._paths.get(path), self._places.get(name)
        if file is None or places is None:
            return []
        first, last = file << _HALF, file + 1 << _HALF
        numbers = [place - first for place in places[bisect_left(places, first) : bisect_left(places, last)]]
        facts = self._facts_of(path) if numbers else None
        rows = facts.calls if facts is not None else ()
        return [rows.transient_row(n) if isinstance(rows, Rows) else rows[n] for n in numbers]


__all__ = ["NamedCalls"]
