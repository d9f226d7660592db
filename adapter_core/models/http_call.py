"""One HTTP request whose answer arrives line by line, and which can be broken off at any moment: also while it waits for the server.

The standard library's client, in a thread of its own. It follows no redirects and uses no proxies: it talks to the address that the user
gave and to no other.
"""

from __future__ import annotations

import http.client
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import Cancelled, ModelError
from ..types import CancelToken
from .turn import POLL_SECONDS

CONNECT_SECONDS = 10.0
_MAX_LINE, _MAX_BYTES = 1 << 20, 32 << 20


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: `https` or not, host, port, and the path before its methods (such as "/v1"). `shown` is for messages."""

    https: bool
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.https else 'http'}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    kind: str


class HttpCall:
    """A request under way. `seconds` is the longest silence of the server. Methods raise `ModelError` and `Cancelled`."""

    def __init__(
        self, address: Address, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> None:
        self._address = address
        self._seconds = seconds
        self._arrived: queue.Queue[_Head | bytes | ModelError | None] = queue.Queue()
        self._socket: socket.socket | None = None
        self._closed = False
        self._lock = threading.Lock()
        threading.Thread(target=self._run, args=(path, body, dict(headers)), daemon=True).start()

    def head(self, cancel: CancelToken | None = None) -> tuple[int, str]:
        """Wait for the answer to begin: its status, and its content type without parameters."""
        item = self._next(cancel)
        if not isinstance(item, _Head):
            raise ModelError(f"The server at {self._address.shown} broke off: try again.")
        return item.status, item.kind

    def lines(self, cancel: CancelToken | None = None) -> Iterator[bytes]:
        """The lines of its body, without their ends, as they arrive."""
        while (item := self._next(cancel)) is not None:
            assert isinstance(item, bytes)
            yield item.rstrip(b"\r\n")

    def close(self) -> None:
        """Break off. The server sees the connection go. Idempotent; from any thread."""
        with self._lock:
            self._closed = True
            if self._socket is not None:
                try:
                    # Not the method of an SSL socket, which would pull its state from under the thread that reads.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was faster

    def _next(self, cancel: CancelToken | None) -> _Head | bytes | None:
        while True:
            if cancel is not None and cancel.is_set():
                raise Cancelled("Cancelled.")
            try:
                item = self._arrived.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, ModelError):
                raise item
            return item

    def _run(self, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        shown = self._address.shown
        connection = self._connection()
        try:
            try:
                connection.connect()
            except OSError as error:
                raise ModelError(
                    f"No server answers at {shown} ({_why(error)}): start it, or change the address of the model."
                ) from error
            with self._lock:
                self._socket = connection.sock
                if self._closed:
                    return
            connection.sock.settimeout(self._seconds)
            connection.request("GET" if body is None else "POST", self._address.path + path, body, headers)
            response = connection.getresponse()
            kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            self._arrived.put(_Head(response.status, kind))
            total = 0
            while line := response.readline(_MAX_LINE):
                total += len(line)
                if total > _MAX_BYTES:
                    raise ModelError(f"The server at {shown} sends more than an answer can be: it was left.")
                self._arrived.put(line)
            self._arrived.put(None)
        except ModelError as error:
            self._arrived.put(error)
        except TimeoutError:
            self._arrived.put(
                ModelError(
                    f"The server at {shown} said nothing for {self._seconds:g} seconds: it is overloaded or still loads its model; "
                    "try again later."
                )
            )
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            self._arrived.put(ModelError(f"The server at {shown} broke off ({_why(error)}): try again."))
        finally:
            with self._lock:
                self._socket = None
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self._address.https:
            return http.client.HTTPConnection(self._address.host, self._address.port, timeout=CONNECT_SECONDS)
        import ssl

        return http.client.HTTPSConnection(
            self._address.host, self._address.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )


def _why(error: BaseException) -> str:
    """What the system says; never what was sent, which holds the key."""
    return (getattr(error, "strerror", None) or type(error).__name__)[:200]


def events(lines: Iterator[bytes]) -> Iterator[str]:
    """The data of server-sent events (WHATWG HTML, "Server-sent events"); their names and ids are of no use here."""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield "\n".join(data)
            data = []
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
    if data:
        yield "\n".join(data)
