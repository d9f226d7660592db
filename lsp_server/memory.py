"""What an answer no longer needs goes back to the system."""

from __future__ import annotations

import ctypes
import sys
import time

_given = 0.0  # when, by `time.monotonic`


def give_back(least_seconds: float = 0.0) -> None:
    """Have the C library give back what is free, where it did not within `least_seconds`. glibc keeps it otherwise, for each thread its
    own; others do this by themselves. Takes some milliseconds, in which other threads run."""
    global _given
    now = time.monotonic()
    if not sys.platform.startswith("linux") or now - _given < least_seconds:
        return
    _given = now
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return


__all__ = ["give_back"]
