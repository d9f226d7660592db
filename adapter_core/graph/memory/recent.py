"""A dictionary that keeps the entries that were added or used last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """Entries of at most `size` in total. New entries evict the oldest, but an entry that was used meanwhile counts as new once more (the
    clock algorithm: Corbató, "A paging experiment with the Multics system", 1968). Each entry has weight 1, or what `weight` returns for
    it, which must not change.

    The newest `min_entries` stay, however heavy they are. `on_evict` is called with each value that is removed. An `OrderedDict` finds its
    oldest entry at once; a plain dict would scan the slots of removed ones.
    """

    def __init__(
        self,
        size: int,
        weight: Callable[[V], int] | None = None,
        on_evict: Callable[[V], object] | None = None,
        min_entries: int = 1,
    ) -> None:
        super().__init__()
        self._min_entries = min_entries
        self._size = size
        self._weight = weight
        self._on_evict = on_evict
        self._used: set[K] = set()
        self._total = 0

    def __getitem__(self, key: K) -> V:
        self._used.add(key)
        return super().__getitem__(key)

    def fetch(self, key: K) -> V | None:
        """`self[key]`, or None, with a single look-up."""
        found = dict.get(self, key)
        if found is not None:
            self._used.add(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        if key in self:
            del self[key]
        self._total += self._weight(value) if self._weight is not None else 1
        super().__setitem__(key, value)
        while self._total > self._size and len(self) > self._min_entries:
            oldest = next(iter(self))
            if oldest in self._used:
                self._used.discard(oldest)
                self.move_to_end(oldest)
            elif oldest != key:
                del self[oldest]
            else:
                self.move_to_end(key)

    def __delitem__(self, key: K) -> None:
        value = dict.__getitem__(self, key)
        if self._on_evict is not None:
            self._on_evict(value)
        super().__delitem__(key)
        self._used.discard(key)
        self._total -= self._weight(value) if self._weight is not None else 1

    def clear(self) -> None:
        for key in list(self):
            del self[key]


class Generations(Generic[K, V]):
    """Entries that were added or used since `age` was last called, and those of the generation before. Unlike `Recent`, nothing is
    removed in the middle of a question; made for very many small entries."""

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
        """The number of entries that were added or used since `age` was last called."""
        return len(self._young)

    def age(self) -> None:
        """Remove what was not used since the last call."""
        self._young, self._old = {}, self._young
