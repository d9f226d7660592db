"""What is remembered for the time of a question, and let go of when nobody asks any more.

Such a cache is no part of a graph, since several parts of an answer look at the same text; but what it holds would stay when all else of
the question has gone. Python gives a page of memory back when nothing on it is in use, so that a few small things keep many.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])
_forget: list[Callable[[], None]] = []


def momentary(size: int) -> Callable[[F], F]:
    """`functools.lru_cache` of `size` results, emptied by `forget_all`."""

    def decorate(function: F) -> F:
        remembering = functools.lru_cache(maxsize=size)(function)
        _forget.append(remembering.cache_clear)
        return remembering  # type: ignore[return-value]

    return decorate


def forgotten(forget: Callable[[], None]) -> None:
    """Have `forget_all` call this, too."""
    _forget.append(forget)


def forget_all() -> None:
    """Empty all of these caches. What is being worked out meanwhile looks again."""
    for forget in _forget:
        forget()


__all__ = ["forget_all", "forgotten", "momentary"]
