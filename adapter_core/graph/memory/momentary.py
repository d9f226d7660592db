"""What is remembered for the time of a question, and let go of when nobody asks any more.

Such a cache is no part of a graph, since several parts of an answer look at the same text; but what it holds would stay when all else of
the question has gone. Python gives a page of memory back when nothing on it is in use, so that a few small things keep many.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from .recent import Recent

F = TypeVar("F", bound=Callable[..., Any])
_forget: list[Callable[[], None]] = []


def momentary(size: int, weigh: Callable[..., int] | None = None, least: int = 1) -> Callable[[F], F]:
    """`functools.lru_cache` of `size` results, emptied by `forget_all`. `weigh` tells, from the arguments, what a result takes: it then
    keeps as many as weigh `size` together, and the newest `least` in any case."""

    def decorate(function: F) -> F:
        if weigh is not None:
            return _weighed(function, size, weigh, least)
        remembering = functools.lru_cache(maxsize=size)(function)
        _forget.append(remembering.cache_clear)
        return remembering  # type: ignore[return-value]

    return decorate


def _weighed(function: F, size: int, weigh: Callable[..., int], least: int) -> F:
    kept: Recent[tuple[Any, ...], tuple[Any, int]] = Recent(size, lambda result: result[1], least=least)
    lock = Lock()

    @functools.wraps(function)
    def remembering(*arguments: Any) -> Any:
        with lock:
            known = kept.recall(arguments)
        if known is None:
            known = function(*arguments), weigh(*arguments)
            with lock:
                kept[arguments] = known
        return known[0]

    def clear() -> None:
        with lock:
            kept.clear()

    _forget.append(clear)
    return remembering  # type: ignore[return-value]


def forgotten(forget: Callable[[], None]) -> None:
    """Have `forget_all` call this, too."""
    _forget.append(forget)


def forget_all() -> None:
    """Empty all of these caches. What is being worked out meanwhile looks again."""
    for forget in _forget:
        forget()


__all__ = ["forget_all", "forgotten", "momentary"]
