"""Messages to and from bytes: reading on a thread of its own, writing on the loop thread.

The reader shares nothing with the threads that do work, so however busy they are, a cancel notification is read at
once.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO

log = logging.getLogger(__name__)

_LENGTH = re.compile(rb"content-length:\s*(\d+)\s*\Z", re.IGNORECASE)
_MAX_BODY = 512 * 1024 * 1024


def read_bodies(stream: IO[bytes]) -> Iterator[bytes]:
    """The bodies of the messages on a stream, until it ends. Headers other than Content-Length do not matter."""
    length: int | None = None
    while True:
        line = stream.readline()
        if not line:
            return
        match = _LENGTH.match(line.strip())
        if match:
            length = int(match[1])
        elif not line.strip() and length is not None:
            if length > _MAX_BODY:
                log.error("a message of %d bytes cannot be read; the stream is given up", length)
                return
            body = stream.read(length)
            if len(body) < length:
                return
            length = None
            yield body


def start_reading(stream: BinaryIO, on_body: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
    """Call `on_body` for each message and `on_end` at the end, from the reading thread."""

    def run() -> None:
        try:
            for body in read_bodies(stream):
                on_body(body)
        except (OSError, ValueError) as error:
            log.info("reading from the client ended: %s", error)
        on_end()

    threading.Thread(target=run, name="client messages", daemon=True).start()


class Writer:
    """The stream that pygls writes to. `on_broken` is called when the client no longer reads."""

    def __init__(self, stream: BinaryIO, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._owner = threading.get_ident()

    def write(self, data: bytes) -> None:
        assert threading.get_ident() == self._owner, "only the loop thread writes to the client"
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError) as error:
            log.info("writing to the client failed: %s", error)
            self._on_broken()

    def close(self) -> None:
        """Nothing to do: the process ends with the stream."""
