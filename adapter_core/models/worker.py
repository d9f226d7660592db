"""The model process: reads requests from standard input, answers on standard output, ends when either is closed.

    python -I … adapter_core.models.worker <parent pid>

One thread reads, so that a cancel is seen while the model computes; one runs the requests, in order, and writes.
Nothing heavy is imported before the first request needs the model.
"""

from __future__ import annotations

import dataclasses
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import ModelError, PathlineError
from ..streams import claim_stdio
from .backend import Backend, Finished, GenerationOptions, Message
from .messages import PROTOCOL, adaptation_from_json, draft_from_json, read_frame, write_frame

if TYPE_CHECKING:
    from .serving import Serving

_PARENT_POLL_SECONDS = 2.0


def main(make_serving: Callable[[], Serving] | None = None) -> int:
    """Serve until the parent goes away. `make_serving` creates the `Serving` that applies adaptations, once."""
    requests, replies = claim_stdio()
    if sys.platform != "win32":
        # Ctrl-C in the terminal is for the parent, which then asks to cancel.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if len(sys.argv) > 1:
        threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    worker = Worker(requests, replies, make_serving)
    threading.Thread(target=worker.listen, daemon=True).start()
    return worker.serve()


class Worker:
    """The two threads' shared state: a queue of requests and the ids that were cancelled."""

    def __init__(
        self, requests: BinaryIO, replies: BinaryIO, make_serving: Callable[[], Serving] | None = None
    ) -> None:
        self._requests, self._replies, self._make_serving = requests, replies, make_serving
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self._cancelled: set[Any] = set()
        self._backend: Backend | None = None

    def listen(self) -> None:
        """Read frames until the stream ends or breaks, and then end the process at once, whatever it is computing."""
        try:
            while (message := read_frame(self._requests)) is not None:
                if message.get("type") == "cancel":
                    self._cancelled.add(int(message["id"]))
                else:
                    self._queue.put(message)
        except (PathlineError, OSError, KeyError, ValueError, TypeError) as error:
            print(f"pathline model process: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)

    def serve(self) -> int:
        """Run requests one after the other. Returns when replies can no longer be written."""
        try:
            self._send(type="hello", protocol=PROTOCOL, pid=os.getpid())
            while True:
                self._answer(self._queue.get())
        except _ParentGone:
            return 0

    def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        try:
            value = self._run(number, str(request["method"]), dict(request.get("params") or {}))
            self._send(type="result", id=number, value=value)
        except PathlineError as error:
            self._send(type="error", id=number, error=type(error).__name__, message=str(error))
        except MemoryError:
            self._send(
                type="error", id=number, error="ModelError", message="There is not enough memory for the model here."
            )
        except _ParentGone:
            raise
        except Exception as error:  # noqa: BLE001 - the process outlives whatever a model library raises; the parent shows it
            message = f"The model failed ({type(error).__name__}: {str(error)[:300]})."
            self._send(type="error", id=number, error="ModelError", message=message)
        finally:
            self._cancelled.discard(number)

    def _run(self, number: Any, method: str, params: dict[str, Any]) -> Any:
        """Run one request and return the result's value; generated text is sent as it is written."""
        if method == "load":
            from .local import LocalBackend

            if self._backend is None:
                serving = self._make_serving() if self._make_serving is not None else None
                self._backend = LocalBackend(
                    params["model"], dtype=params["dtype"], device=params["device"], serving=serving
                )
            return dataclasses.asdict(self._backend.load())
        if self._backend is None:
            raise ModelError("The model process was asked to work before a model was named.")
        cancel = _CancelledId(number, self._cancelled)
        adaptation = adaptation_from_json(params.get("adaptation"))
        if method == "count_tokens":
            return self._backend.count_tokens(params["texts"])
        if method == "score":
            return self._backend.score(params["context"], params["continuation"], cancel, adaptation)
        if method == "draft":
            drafts = [draft_from_json(one) for one in params["drafts"]]
            return dataclasses.asdict(self._backend.draft(drafts, _options(params), cancel, adaptation))
        if method == "generate":
            options = _options(params)
            messages = [Message(turn["role"], turn["content"]) for turn in params["messages"]]
            for event in self._backend.generate(messages, options, cancel, adaptation):
                if isinstance(event, Finished):
                    return dataclasses.asdict(event)
                self._send(type="text", id=number, text=event.text)
        raise ModelError(f"The model process does not know the method {method!r}.")

    def _send(self, **message: Any) -> None:
        try:
            write_frame(self._replies, message)
        except OSError as error:
            raise _ParentGone from error


def _options(params: dict[str, Any]) -> GenerationOptions:
    return GenerationOptions(**{**params["options"], "stop": tuple(params["options"]["stop"])})


class _ParentGone(Exception):  # noqa: N818 - the end of the work, not an error
    pass


class _CancelledId:
    """The cancel token of one request."""

    def __init__(self, number: Any, cancelled: set[Any]) -> None:
        self._number, self._cancelled = number, cancelled

    def is_set(self) -> bool:
        return self._number in self._cancelled


def _end_with(parent: int) -> None:
    """End this process when the parent does: a backstop where an inherited handle keeps our standard input open."""
    import psutil

    try:
        process = psutil.Process(parent)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_PARENT_POLL_SECONDS)
    except psutil.NoSuchProcess:
        pass  # that is the news waited for
    os._exit(0)
