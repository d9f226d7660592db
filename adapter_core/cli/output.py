"""Standard output and the other streams as they may be: a pipe whose reader left, closed, on a full disk."""

from __future__ import annotations

import errno
import io
import os
import sys

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def use_safe_streams() -> None:
    """Paths and source may hold anything. A pipe gets UTF-8; a terminal keeps its encoding, with escapes for the rest.

    A stream that the caller closed becomes the null device: else the next file that is opened would be taken for it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def what_to_do(error: OSError) -> str:
    """Where a write to a stream failed for what is behind it: what to do; "" for any other error (one about a file has its name)."""
    if error.filename is not None:
        return ""
    if error.errno in _NO_ROOM:
        return "make room there"
    return "the terminal or device behind it is gone; write it elsewhere" if error.errno == errno.EIO else ""


def drop_output() -> None:
    """Nothing more is written to standard output, where Python would try to flush it at exit and complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
