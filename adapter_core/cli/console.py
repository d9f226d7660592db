"""A console that writes to standard output, with colours if it has them."""

from __future__ import annotations

import errno
import os

from rich.console import Console


class PipedConsole(Console):
    """rich would end the process with code 1 when the reader of a pipe leaves; here that is decided in one place, `main`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
