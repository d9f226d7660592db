"""One HTTP request whose response arrives line by line, and which can be aborted at any moment, even while it waits for the server.

The standard library's client, in its own thread. It follows no redirects and uses no proxies: it connects to the user's address and to no
other.
"""

from __future__ import annotations

import http.client
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import ModelError
from ..types import CancelToken, check_cancelled
from .call_lock import POLL_SECONDS

CONNECT_SECONDS = 10.0
_MAX_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Address:
    """The base address of a server; `path` is the prefix of its methods (such as "/v1")."""

    https: bool
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.https else 'http'}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class _ResponseHead:
    status: int
    content_type: str


class HttpCall:
    """A request in progress. `seconds` is the timeout for each read. Methods raise `ModelError` and `Cancelled`."""

    def __init__(
        self, address: Address, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> None:
        self._address = address
        self._seconds = seconds
        self._items: queue.Queue[_ResponseHead | bytes | ModelError | None] = queue.Queue()
        self._socket: socket.socket | None = None
        self._closed = False
        self._lock = threading.Lock()
        threading.Thread(target=self._run, args=(path, body, dict(headers)), daemon=True).start()

    def head(self, cancel: CancelToken | None = None) -> tuple[int, str]:
        """Wait for the response headers; returns the status, and the content type without parameters."""
        item = self._next_item(cancel)
        if not isinstance(item, _ResponseHead):
            raise ModelError(f"The server at {self._address.url} broke off: try again.")
        return item.status, item.content_type

    def lines(self, cancel: CancelToken | None = None) -> Iterator[bytes]:
        """The lines of the response body, without line ends, as they arrive."""
        while (item := self._next_item(cancel)) is not None:
            assert isinstance(item, bytes)
            yield item.rstrip(b"\r\n")

    def close(self) -> None:
        """Abort: the server sees the connection close. Idempotent; may be called from any thread."""
        with self._lock:
            self._closed = True
            if self._socket is not None:
                try:
                    # Not the method of an SSL socket, which would pull its state from under the thread that reads.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was faster

    def _next_item(self, cancel: CancelToken | None) -> _ResponseHead | bytes | None:
        while True:
            check_cancelled(cancel)
            if self._closed:
                raise ModelError("The model was closed.")
            try:
                item = self._items.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, ModelError):
                raise item
            return item

    def _run(self, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        url = self._address.url
        connection: http.client.HTTPConnection | None = None
        try:
            connection = self._connection()
            try:
                connection.connect()
            except OSError as error:
                raise ModelError(
                    f"No server answers at {url} ({_error_reason(error)}): start it, or change the address of the model."
                ) from error
            with self._lock:
                self._socket = connection.sock
                if self._closed:
                    return
            connection.sock.settimeout(self._seconds)
            connection.request("GET" if body is None else "POST", self._address.path + path, body, headers)
            response = connection.getresponse()
            content_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            self._items.put(_ResponseHead(response.status, content_type))
            total = 0
            while line := response.readline(_MAX_BYTES + 1):
                total += len(line)
                if total > _MAX_BYTES:
                    raise ModelError(f"The server at {url} sends more than an answer can be: it was left.")
                self._items.put(line)
        except ModelError as error:
            self._items.put(error)
        except TimeoutError:
            self._items.put(
                ModelError(
                    f"The server at {url} said nothing for {self._seconds:g} seconds: it is overloaded or still loads its model; "
                    "try again later."
                )
            )
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            self._items.put(ModelError(f"The server at {url} broke off ({_error_reason(error)}): try again."))
        finally:
            self._items.put(None)  # whatever happened: somebody may be waiting for it
            with self._lock:
                self._socket = None
            if connection is not None:
                connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self._address.https:
            return http.client.HTTPConnection(self._address.host, self._address.port, timeout=CONNECT_SECONDS)
        import ssl

        return http.client.HTTPSConnection(
            self._address.host, self._address.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )


def _error_reason(error: BaseException) -> str:
    """The system's message or the error's class; never the content of the request, which holds the API key."""
    return (getattr(error, "strerror", None) or type(error).__name__)[:200]


def events(lines: Iterator[bytes]) -> Iterator[str]:
    """The data of server-sent events (WHATWG HTML, "Server-sent events"); their names and ids are ignored."""
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
