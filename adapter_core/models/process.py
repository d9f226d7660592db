"""The language model in its own process: the server stays responsive, survives its death and gets the memory back."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

from .. import errors
from ..errors import Cancelled, ModelError, ModelProcessError, PathlineError
from ..types import CancelToken, is_cancelled
from .backend import (
    Adaptation,
    Draft,
    Drafted,
    Drafts,
    Finished,
    GenerationEvent,
    GenerationOptions,
    Message,
    ModelInfo,
    TextChunk,
)
from .call_lock import POLL_SECONDS, CallLock
from .child import Child
from .messages import adaptation_to_json, encode_frame
from .sources import absolute_name

_log = logging.getLogger(__name__)

_CANCEL_GRACE_SECONDS = 5.0  # the longest step between two looks at the token, on a slow machine
_MAX_DEATHS = 3
# A reply to one of these shows that the process is sound; loading and counting succeed even where computing does not.
_COMPUTING = ("score", "draft", "generate")

_Record = TypeVar("_Record", ModelInfo, Finished, Drafted, Drafts)


class ProcessBackend:
    """`Backend` over `models.worker`. The process starts with the first call and ends when idle for `idle_seconds`.

    A call during which the process dies raises `ModelProcessError`, and the next one starts a new process; after three
    deaths without a text scored or written in between it is not tried again until `unload` is called. `worker`: the module whose `main`
    the process runs; one of `adapters` knows how to put adaptations on.
    """

    drafts = True

    def __init__(
        self,
        model: str | None = None,
        *,
        dtype: str | None = None,
        device: str | None = None,
        idle_seconds: float = 600.0,
        worker: str = "adapter_core.models.worker",
    ) -> None:
        self._params = {"model": absolute_name(model), "dtype": dtype, "device": device}
        self._idle_seconds = idle_seconds
        self._worker = worker
        self._call_lock = CallLock()
        self._child: Child | None = None
        self._finalizer: weakref.finalize[Any, ProcessBackend] | None = None
        self._info: ModelInfo | None = None
        self._deaths = 0
        self._last_request_id = 0
        self._closed = False
        self._idle: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def load(self) -> ModelInfo:
        self._begin_call(None)
        try:
            return self._ensure_loaded(None)
        finally:
            self._end_call()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [int(count) for count in self._call("count_tokens", {"texts": list(texts)}, None)]

    def score(
        self,
        context: Sequence[str],
        continuation: str,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:
        if not context:
            return []
        params = {
            "context": list(context),
            "continuation": continuation,
            "adaptation": adaptation_to_json(adaptation),
        }
        return [float(value) for value in self._call("score", params, cancel)]

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        """As `Backend.generate`. Closing the iterator early cancels."""
        params = {
            "messages": [asdict(message) for message in messages],
            "options": asdict(options),
            "adaptation": adaptation_to_json(adaptation),
        }
        try:
            self._begin_call(cancel)
        except Cancelled:
            yield Finished("cancelled", 0, 0, 0.0, 0.0)
            return
        try:
            self._ensure_loaded(cancel)
            end = _to_record(Finished, (yield from self._request("generate", params, cancel)))
            if end.notes:
                self._info = None  # it may be on another device now: `load` asks anew
            yield replace(end, notes=tuple(end.notes))  # JSON has lists only
        except PathlineError:
            if not is_cancelled(cancel):
                raise
            yield Finished("cancelled", 0, 0, 0.0, 0.0)
        finally:
            self._end_call()

    def draft(
        self,
        drafts: Sequence[Draft],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Drafts:
        if not drafts:
            return Drafts()
        params = {
            "drafts": [asdict(one) for one in drafts],
            "options": asdict(options),
            "adaptation": adaptation_to_json(adaptation),
        }
        found = _to_record(Drafts, self._call("draft", params, cancel))
        if found.notes:
            self._info = None  # as in `generate`
        return replace(
            found, written=tuple(_to_record(Drafted, one) for one in found.written), notes=tuple(found.notes)
        )

    def unload(self) -> None:
        """End the process; the next call starts another. Also forgets earlier deaths."""
        with self._call_lock.held():
            self._stop()
            self._deaths = 0

    def close(self) -> None:
        """End the process for good, at once, even while another thread uses it: its call raises `ModelProcessError`."""
        self._closed = True
        self._stop_timer()
        child = self._child
        if child is not None:
            child.kill()

    # One call at a time.

    def _call(self, method: str, params: dict[str, Any], cancel: CancelToken | None) -> Any:
        """Make one call that streams no text and return its value."""
        self._begin_call(cancel)
        try:
            self._ensure_loaded(cancel)
            return _run_to_value(self._request(method, params, cancel))
        finally:
            self._end_call()

    def _begin_call(self, cancel: CancelToken | None) -> None:
        self._call_lock.acquire(cancel)
        self._stop_timer()

    def _end_call(self) -> None:
        if self._child is not None and not self._closed:
            self._start_timer()
        self._call_lock.release()

    # The process.

    def _ensure_loaded(self, cancel: CancelToken | None) -> ModelInfo:
        """Start the process and load the model where needed; returns the model's properties."""
        if self._closed:
            raise ModelProcessError("The model was closed.")
        if self._child is not None and not self._child.alive:
            _log.warning("The model process ended while idle; starting it again. %s", self._child.last_words())
            self._stop()
        if self._child is not None and self._info is not None:
            return self._info
        if self._deaths >= _MAX_DEATHS:
            raise ModelProcessError(
                f"The model process died {self._deaths} times in a row and is not started again: "
                "answers go on without the model."
            )
        if self._child is None:
            self._child = Child(self._worker)
            # Runs at the latest when this object is collected or the interpreter exits.
            self._finalizer = weakref.finalize(self, Child.kill, self._child)
            if self._closed:  # closed by another thread meanwhile
                self._child.kill()
        try:
            info = _to_record(ModelInfo, _run_to_value(self._request("load", self._params, cancel)))
        except ModelProcessError:
            self._stop()
            raise
        self._info = info
        return info

    def _stop(self) -> None:
        child, self._child, self._info = self._child, None, None
        if child is not None and self._finalizer is not None:
            self._finalizer()

    def _request(
        self, method: str, params: dict[str, Any], cancel: CancelToken | None
    ) -> Generator[TextChunk, None, Any]:
        """Send one request, yield the texts and return the result's value. Raises what the process reports."""
        child = self._child
        assert child is not None
        self._last_request_id += 1
        request_id, done, give_up = self._last_request_id, False, float("inf")
        frame = encode_frame({"type": "request", "id": request_id, "method": method, "params": params})
        try:
            child.expect_hello()
            child.send(frame)
            while True:
                if give_up == float("inf") and is_cancelled(cancel):
                    child.send(encode_frame({"type": "cancel", "id": request_id}))
                    give_up = time.monotonic() + (0.0 if method == "load" else _CANCEL_GRACE_SECONDS)
                message = child.receive(POLL_SECONDS)
                if message is None:
                    if time.monotonic() >= give_up:
                        # Loading cannot be interrupted and goes on: its late reply is skipped by its number.
                        done = method == "load"
                        raise Cancelled("Cancelled.")
                    continue
                if message.get("id") != request_id:
                    continue  # a late reply to a call that was given up
                kind = message.get("type")
                if kind == "text":
                    yield TextChunk(str(message.get("text", "")))
                    continue
                done = True
                if method in _COMPUTING:
                    self._deaths = 0
                if kind == "error":
                    raise _reported_error(message)
                if kind != "result":
                    raise ModelProcessError("The model process sent a message of an unknown kind.")
                return message.get("value")
        except ModelProcessError:
            if not self._closed:
                self._deaths += 1
            self._stop()
            raise
        except GeneratorExit:
            if not done:
                done = child.drain(request_id, _CANCEL_GRACE_SECONDS)
            raise
        finally:
            if not done and child.alive:
                # Left in the middle (an exception in the caller, or no reply to a cancel): this stops it for sure.
                self._stop()

    # Idle.

    def _start_timer(self) -> None:
        self._idle = threading.Timer(self._idle_seconds, _unload_idle, (weakref.ref(self),))
        self._idle.daemon = True
        self._idle.start()

    def _stop_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def _run_to_value(steps: Generator[TextChunk, None, Any]) -> Any:
    """Exhaust the generator and return its return value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _unload_idle(backend: weakref.ref[ProcessBackend]) -> None:
    """The idle timer: end the process unless a call has begun meanwhile (its end sets a new timer)."""
    alive = backend()
    if alive is not None and alive._call_lock.try_acquire():
        try:
            alive._stop()
        finally:
            alive._call_lock.release()


def _to_record(kind: type[_Record], value: Any) -> _Record:
    """The result as a dataclass. Raises `ModelProcessError` when its fields differ."""
    try:
        return kind(**value)
    except TypeError as error:
        raise ModelProcessError("The model process is of another version of Pathline: restart Pathline.") from error


def _reported_error(message: dict[str, Any]) -> PathlineError:
    """The error that the process reports, as the class of that name in `errors`."""
    kind = getattr(errors, str(message.get("error")), None)
    if not (isinstance(kind, type) and issubclass(kind, PathlineError)):
        kind = ModelError
    return kind(str(message.get("message")))
