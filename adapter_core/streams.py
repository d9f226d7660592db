"""Claim a process's standard streams for a protocol before anything else can write to them: server, model, parsers."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Returns the protocol's input and output, on their own descriptors.

    Descriptor 0 then reads the null device and 1 writes to standard error, for this process and every child: a stray
    `print`, or a child that inherits them, can neither eat the client's messages nor break into ours. The output is
    buffered (one write for a message) whatever PYTHONUNBUFFERED says.
    """
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming, os.O_BINARY)
        msvcrt.setmode(outgoing, os.O_BINARY)
    return os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb")
