"""How a list tells that it is not all: ", among others (25 in all)"; and which of many it tells, so that no file has all places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import TypeVar

# Of so many files all are read to count; of more only as many as there are places to tell.
MAX_COUNTED_FILES = 20
T = TypeVar("T")


def among_others(told: int, total: int, is_total: bool) -> str:
    """The words behind a list of `told` things. `is_total`: whether there are no more than `total`."""
    if told >= total:
        return ""
    return f", among others ({total} in all)" if is_total else ", among others"


def spread(items: Iterable[T], file_of: Callable[[T], str]) -> list[T]:
    """The first of each file, then the second of each, and so on; files stay in their order."""
    by_file: dict[str, list[T]] = defaultdict(list)
    for item in items:
        by_file[file_of(item)].append(item)
    return [item for item in chain.from_iterable(zip_longest(*by_file.values())) if item is not None]
