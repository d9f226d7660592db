"""What an answer no longer needs goes back to the system."""

from __future__ import annotations

import ctypes
import sys

from adapter_core.engine import clear_request_caches


def give_back() -> None:
    """Empty what is remembered for the time of a question, and have the C library give back what is free.

    glibc keeps it otherwise, for each thread its own; others do this by themselves. Takes some milliseconds, in which other
    threads run.
    """
    clear_request_caches()
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return
