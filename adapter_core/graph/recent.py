"""A dictionary that keeps what was put into it last."""

from __future__ import annotations

from typing import TypeVar

V = TypeVar("V")


class Recent(dict[str, V]):
    """At most `size` entries: a new one beyond that pushes the oldest out."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, key: str, value: V) -> None:
        if key not in self and len(self) >= self._size:
            del self[next(iter(self))]
        super().__setitem__(key, value)
