"""Standard streams that misbehave: a pipe whose reader has left, a closed stream, a full disk."""

from __future__ import annotations

import errno
import io
import os
import sys

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def use_safe_streams() -> None:
    """Make the streams accept any text, as paths and source may hold anything: a pipe gets UTF-8, a terminal its encoding with escapes.

    A stream that the caller closed becomes the null device: else the next file that is opened would be taken for it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def advice_for(error: OSError) -> str:
    """What the user can do about a failed write to a standard stream; "" for any other error (one about a file has its name)."""
    if error.filename is not None:
        return ""
    if error.errno in _NO_ROOM:
        return "make room there"
    return "the terminal or device behind it is gone; write it elsewhere" if error.errno == errno.EIO else ""


def drop_output() -> None:
    """Redirect standard output to the null device, since Python would try to flush it at exit and complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
