"""Release the memory of finished requests to the system."""

from __future__ import annotations

import ctypes
import sys

from adapter_core.engine import clear_request_caches


def release_memory() -> None:
    """Clear the request caches, and have the C library return free memory to the system.

    glibc otherwise keeps it, per thread; other C libraries return it by themselves. Takes some milliseconds, in which other
    threads run.
    """
    clear_request_caches()
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return
