"""A dictionary that keeps what was put into it last, or asked for since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """Entries of at most `size` together: what is new pushes out what is oldest, but what was asked for meanwhile counts as new once
    more (the clock algorithm: Corbató, "A paging experiment with the Multics system", 1968). Each weighs 1, or what `weigh` says of it,
    which is the same each time.

    The newest `least` entries stay, however heavy they are. `drop` is told of each that goes. An ordered dictionary finds its oldest
    entry at once, where a plain one goes through the places of all that have gone.
    """

    def __init__(
        self,
        size: int,
        weigh: Callable[[V], int] | None = None,
        drop: Callable[[V], object] | None = None,
        least: int = 1,
    ) -> None:
        super().__init__()
        self._least = least
        self._size = size
        self._weigh = weigh
        self._drop = drop
        self._asked: set[K] = set()
        self._total = 0

    def __getitem__(self, key: K) -> V:
        self._asked.add(key)
        return super().__getitem__(key)

    def recall(self, key: K) -> V | None:
        """`self[key]`, or None, by one look-up."""
        found = dict.get(self, key)
        if found is not None:
            self._asked.add(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        if key in self:
            del self[key]
        self._total += self._weigh(value) if self._weigh is not None else 1
        super().__setitem__(key, value)
        while self._total > self._size and len(self) > self._least:
            oldest = next(iter(self))
            if oldest in self._asked:
                self._asked.discard(oldest)
                self.move_to_end(oldest)
            elif oldest != key:
                del self[oldest]
            else:
                self.move_to_end(key)

    def __delitem__(self, key: K) -> None:
        value = dict.__getitem__(self, key)
        if self._drop is not None:
            self._drop(value)
        super().__delitem__(key)
        self._asked.discard(key)
        self._total -= self._weigh(value) if self._weigh is not None else 1

    def clear(self) -> None:
        for key in list(self):
            del self[key]


class Generations(Generic[K, V]):
    """Entries that were put in or asked for since `age` was last called, and those of the time before that: as `Recent`, for very many
    small ones of which none may go in the middle of a question."""

    def __init__(self) -> None:
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        found = self._young.get(key)
        if found is None and self._old:
            found = self._old.pop(key, None)
            if found is not None:
                self._young[key] = found
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    @property
    def young(self) -> int:
        """How many were put in or asked for since `age` was last called."""
        return len(self._young)

    def age(self) -> None:
        """Let go of what was not asked for since this was last called."""
        self._young, self._old = {}, self._young
