"""Python's collector of objects that refer to each other, kept away from work that makes hardly any."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_gc() -> Iterator[None]:
    """Syntax trees, records and what inference finds hold no cycles (but for a few closures of `ast.dump`). To look for these among
    so many new objects takes as long as parsing, and a third of the time of linking. What there is is collected afterwards."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


__all__ = ["without_gc"]
