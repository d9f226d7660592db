"""Caches for the time of a request, which are cleared at its end.

Such a cache is not part of a graph, since several parts of an answer use the same text; but its content would outlive the request. Python
returns a page of memory only when nothing on it is in use, so that a few small objects keep many pages.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from .recent import Recent

F = TypeVar("F", bound=Callable[..., Any])
_clear_functions: list[Callable[[], None]] = []


def request_cache(size: int, weight: Callable[..., int] | None = None, min_entries: int = 1) -> Callable[[F], F]:
    """`functools.lru_cache` with `size` results, cleared by `clear_request_caches`. With `weight`, a function of the arguments, it keeps
    results of at most `size` total weight, and the newest `min_entries` in any case."""

    def decorate(function: F) -> F:
        if weight is not None:
            return _weighted_cache(function, size, weight, min_entries)
        cached = functools.lru_cache(maxsize=size)(function)
        _clear_functions.append(cached.cache_clear)
        return cached  # type: ignore[return-value]

    return decorate


def _weighted_cache(function: F, size: int, weight: Callable[..., int], min_entries: int) -> F:
    kept: Recent[tuple[Any, ...], tuple[Any, int]] = Recent(size, lambda result: result[1], min_entries=min_entries)
    lock = Lock()

    @functools.wraps(function)
    def cached(*arguments: Any) -> Any:
        with lock:
            known = kept.fetch(arguments)
        if known is None:
            known = function(*arguments), weight(*arguments)
            with lock:
                kept[arguments] = known
        return known[0]

    def clear() -> None:
        with lock:
            kept.clear()

    _clear_functions.append(clear)
    return cached  # type: ignore[return-value]


def on_clear(clear: Callable[[], None]) -> None:
    """Register a function that `clear_request_caches` calls."""
    _clear_functions.append(clear)


def clear_request_caches() -> None:
    """Clear every registered cache. Safe while other threads compute: they miss the cache and recompute."""
    for clear in _clear_functions:
        clear()


__all__ = ["clear_request_caches", "on_clear", "request_cache"]
