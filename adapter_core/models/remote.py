"""A remote model over OpenAI's protocol (chat completions, streamed): llama.cpp, vLLM, `transformers serve`, a service.

The address is a setting of the user's, never of a repository's. Text that such a model writes passes the same checks as any other.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..errors import Cancelled, ModelError, UsageError
from ..types import CancelToken
from .backend import (
    Adaptation,
    Backend,
    Draft,
    Drafts,
    Finished,
    GenerationEvent,
    GenerationOptions,
    Message,
    ModelInfo,
    TextChunk,
)
from .call_lock import CallLock
from .http_call import Address, HttpCall, events
from .text import StopScanner, clean

KEY_VARIABLE = "PATHLINE_API_KEY"
SILENCE_SECONDS = 120.0
DEFAULT_CONTEXT = 8192

# Four letters, a digit, or a sign each: more tokens than current tokenizers make of code, so that a prompt packed by this estimate fits.
_PIECE = re.compile(r"[A-Za-z]{1,4}|[^\sA-Za-z]|\s+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST = 1e12  # of a log probability, and of a place in a text
_NO_REASON = "it does not say why"
_NO_SCORES = (
    "The server at {} gives no log probabilities of a text, so it cannot read: use a local model to choose sentences."
)


def open_remote(
    url: str,
    model: str,
    key: str = KEY_VARIABLE,
    *,
    insecure: bool = False,
    silence_seconds: float = SILENCE_SECONDS,
    context: int | None = None,
) -> Backend:
    """A backend for a model on a server. `url`: the base address of the API, such as "http://localhost:8000/v1". `key`: the name of the
    environment variable that holds the API key; if it is not set, none is sent. `insecure`: allow plain http to another machine.
    `context`: the longest prompt in tokens, if the server does not say. Does not connect yet. Raises `UsageError`."""
    address = _address(url, insecure)
    if not model.strip():
        raise UsageError(f"Name the model that the server at {address.url} should run.")
    if not _VARIABLE.fullmatch(key):
        raise UsageError("Give the name of the environment variable that holds the API key, not the key itself.")
    return RemoteBackend(address, model, key, silence_seconds, context)


class RemoteBackend:
    """`Backend` over HTTP. It takes no adaptations, and scores only where the server gives log probabilities of a prompt."""

    drafts = False

    def __init__(
        self, address: Address, model: str, key: str, silence_seconds: float, context: int | None = None
    ) -> None:
        self._address, self._model, self._key = address, model, key
        self._silence_seconds, self._context = silence_seconds, context
        self._info: ModelInfo | None = None
        self._call: HttpCall | None = None
        self._closed = False
        self._call_lock = CallLock()

    def load(self) -> ModelInfo:
        """Check that the server answers, and ask it for the model's context length."""
        with self._call_lock.held():
            return self._ensure_checked(None)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An upper estimate: the protocol has no tokenizer."""
        return [len(_PIECE.findall(text)) + sum(ord(c) > 0x2FFF for c in text) for text in texts]

    def score(
        self,
        context: Sequence[str],
        continuation: str,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:
        """By legacy completions that echo the prompt with its log probabilities, one context at a time. Raises `ModelError` where the
        server does not do that."""
        _reject_adaptation(adaptation)
        tail = clean(continuation).strip()
        if not tail:
            raise ModelError("There is no text to score.")
        with self._call_lock.held(cancel):
            return [self._score(clean(text).rstrip(), tail, cancel) for text in context]

    def draft(
        self,
        drafts: Sequence[Draft],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Drafts:
        raise ModelError(f"The server at {self._address.url} writes whole answers only.")

    def generate(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> Iterator[GenerationEvent]:
        """As `Backend.generate`; cancelling, and closing the iterator, close the connection. `min_new_tokens`, `repetition_penalty` and
        `lookup` are the server's affair."""
        _reject_adaptation(adaptation)
        try:
            self._call_lock.acquire(cancel)
        except Cancelled:
            yield Finished("cancelled", 0, 0, 0.0, 0.0)
            return
        state = _StreamState(options)
        try:
            for text in self._text_pieces(messages, options, state, cancel):
                if safe_text := state.add(text):
                    yield TextChunk(safe_text)
                if state.scanner.stopped:
                    break
            if not state.scanner.stopped and (text := state.scanner.finish()):
                yield TextChunk(text)
            prompt = sum(self.count_tokens([message.content for message in messages]))
            yield state.finished(prompt)
        except Cancelled:
            yield state.finished(0, "cancelled")
        finally:
            self._close_call()
            self._call_lock.release()

    def unload(self) -> None:
        """The server's memory is its own."""

    def close(self) -> None:
        """Abort the call in progress. Idempotent; may be called from any thread."""
        self._closed = True
        self._close_call()

    # Requests.

    def _ensure_checked(self, cancel: CancelToken | None) -> ModelInfo:
        if self._info is None:
            status, body = self._fetch("/models", None, cancel)
            if status in (401, 403, 429):  # but it need not have a list, nor one that works
                raise self._status_error(status, body)
            context = self._context or _context_length(body, self._model) or DEFAULT_CONTEXT
            self._info = ModelInfo(self._model, "", context, "", "remote")
        return self._info

    def _text_pieces(
        self, messages: Sequence[Message], options: GenerationOptions, state: _StreamState, cancel: CancelToken | None
    ) -> Iterator[str]:
        """The text that the model writes, piece by piece."""
        sampled = options.do_sample and options.temperature > 0
        request = {
            "model": self._model,
            "messages": [{"role": m.role, "content": clean(m.content)} for m in messages],
            "stream": True,
            "max_tokens": options.max_new_tokens,
            "temperature": options.temperature if sampled else 0.0,
            "seed": options.seed,
            **({"top_p": options.top_p} if sampled else {}),
        }
        call = self._send("/chat/completions", request)
        status, kind = call.head(cancel)
        if status != 200:
            raise self._status_error(status, b"\n".join(call.lines(cancel)))
        if kind == "application/json":  # a server that does not stream
            response = _json(b"\n".join(call.lines(cancel)).decode("utf-8", "replace"))
            choice = _first_choice(response)
            state.record(response, choice)
            yield str(_object_field(choice, "message").get("content") or "")
            return
        for data in events(call.lines(cancel)):
            if data.strip() == "[DONE]":
                return
            event = _json(data)
            if event.get("error"):
                raise ModelError(f"The server at {self._address.url} failed: {self._error_text(event)}.")
            choice = _first_choice(event)
            state.record(event, choice)
            if text := _object_field(choice, "delta").get("content"):
                yield str(text)
        if not state.ended:
            raise ModelError(f"The server at {self._address.url} broke off in the middle of its answer: try again.")

    def _score(self, head: str, tail: str, cancel: CancelToken | None) -> float:
        prefix = f"{head}\n" if head else ""
        request = {"model": self._model, "prompt": prefix + tail, "echo": True, "logprobs": 1, "max_tokens": 1}
        status, body = self._fetch("/completions", {**request, "temperature": 0.0}, cancel)
        if status in (401, 403, 429) or status >= 500:
            raise self._status_error(status, body)
        logprobs = (
            _object_field(_first_choice(_json(body.decode("utf-8", "replace"))), "logprobs") if status == 200 else {}
        )
        values, offsets = _number_list(logprobs, "token_logprobs"), _number_list(logprobs, "text_offset")
        if not values or len(values) != len(offsets) or None in offsets:
            raise ModelError(_NO_SCORES.format(self._address.url))
        ends = [*offsets[1:], len(prefix) + len(tail)]
        # A token that reaches over the border counts, as in `scoring`; what was written after the text does not.
        tail_logprobs = [
            value
            for value, start, end in zip(values, offsets, ends, strict=True)
            if value is not None and end > len(prefix) and start < len(prefix) + len(tail)
        ]
        if not tail_logprobs:
            raise ModelError(_NO_SCORES.format(self._address.url))
        return sum(tail_logprobs) / len(tail_logprobs)

    def _fetch(self, path: str, request: Mapping[str, Any] | None, cancel: CancelToken | None) -> tuple[int, bytes]:
        try:
            call = self._send(path, request)
            status, _ = call.head(cancel)
            return status, b"\n".join(call.lines(cancel))
        finally:
            self._close_call()

    def _send(self, path: str, request: Mapping[str, Any] | None) -> HttpCall:
        if self._closed:
            raise ModelError("The model was closed.")
        headers = {"Accept": "text/event-stream, application/json", "User-Agent": "pathline"}
        if key := self._api_key():
            headers["Authorization"] = f"Bearer {key}"
        body = None
        if request is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request).encode()
        self._call = call = HttpCall(self._address, path, body, headers, self._silence_seconds)
        if self._closed:  # meanwhile, by another thread, which may not have seen the call
            call.close()
        return call

    def _close_call(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.close()

    def _api_key(self) -> str:
        key = os.environ.get(self._key, "").strip()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ModelError(f"What the environment variable {self._key} holds is no API key: set it anew.")
        return key

    def _error_text(self, response: Mapping[str, Any]) -> str:
        """The server's error message on one line, without the API key in case it repeats that."""
        error = response.get("error") or response.get("detail") or response.get("message") or _NO_REASON
        text = str(error.get("message") or error if isinstance(error, dict) else error)
        if key := self._api_key():
            text = text.replace(key, "…")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text[:200].rstrip(".") or _NO_REASON

    def _status_error(self, status: int, body: bytes) -> ModelError:
        """The error for a response status other than 200, with what the user can do about it."""
        url = self._address.url
        reason = self._error_text(_json(body.decode("utf-8", "replace"), strict=False))
        if status in (401, 403):
            return ModelError(f"The server at {url} refuses the key: set the environment variable {self._key}.")
        if status in (404, 405):
            return ModelError(
                f"The server at {url} knows no chat completions or no model {self._model!r} there ({reason}): check the model's "
                "name, and that the address ends where /chat/completions begins (often /v1)."
            )
        if 300 <= status < 400:
            return ModelError(f"The server at {url} points to another address, which is not followed: give that one.")
        if status == 429:
            return ModelError(f"The server at {url} takes no more requests for now ({reason}): try again later.")
        return ModelError(f"The server at {url} refuses the request with status {status}: {reason}.")


class _StreamState:
    """The state of a streamed answer: text scanner, finish reason, token counts, times."""

    def __init__(self, options: GenerationOptions) -> None:
        self.scanner = StopScanner(options.stop)
        self.ended = False
        self._reason = "stop"
        self._usage: Mapping[str, Any] = {}
        self._pieces = 0
        self._started = time.perf_counter()
        self._first: float | None = None

    def add(self, text: str) -> str:
        self._pieces += 1
        if self._first is None:
            self._first = time.perf_counter()
        return self.scanner.add(text)

    def record(self, event: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
        if choice.get("finish_reason"):
            self.ended = True
            self._reason = "length" if choice["finish_reason"] == "length" else "stop"
        self._usage = _object_field(event, "usage") or self._usage

    def finished(self, prompt_tokens: int, reason: str | None = None) -> Finished:
        now = time.perf_counter()
        first = self._first if self._first is not None else now
        if self.scanner.stopped:
            self._reason = "stop"
        return Finished(
            reason or self._reason,
            _count_or(self._usage.get("prompt_tokens"), prompt_tokens),
            _count_or(self._usage.get("completion_tokens"), self._pieces),
            first - self._started,
            now - first,
        )


def _address(url: str, insecure: bool) -> Address:
    url = url.strip()
    try:
        if not url.isprintable() or " " in url:
            raise ValueError("no URL holds these")
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError("The address of the model is no URL: give one such as http://localhost:8000/v1.") from error
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise UsageError("The address of the model is no URL: give one such as http://localhost:8000/v1.")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"Leave the key out of the model's address: set the environment variable {KEY_VARIABLE}.")
    https = parts.scheme == "https"
    if not https and not insecure and not _is_loopback(host):
        raise UsageError(
            f"Questions and code would go to {host} in plain text: use https, or allow it with --insecure in a terminal."
        )
    return Address(https, host, port or (443 if https else 80), parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def _reject_adaptation(adaptation: Adaptation | None) -> None:
    if adaptation is not None and adaptation != Adaptation():
        raise ModelError("Adapters and memories need a local model: a server's cannot be changed. Turn them off.")


def _json(text: str, strict: bool = True) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    if strict:
        raise ModelError("What the server of the model sends is not OpenAI's protocol: check its address.")
    return {"error": text}


def _first_choice(response: Mapping[str, Any]) -> dict[str, Any]:
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _object_field(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = mapping.get(name)
    return value if isinstance(value, dict) else {}


def _number_list(mapping: Mapping[str, Any], name: str) -> list[Any]:
    """The numbers under a name, None for null; nothing where there is anything else, as what is not finite."""
    values = mapping.get(name)
    if not isinstance(values, list) or not all(value is None or _is_number(value) for value in values):
        return []
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST


def _count_or(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _context_length(body: bytes, model: str) -> int | None:
    """The context length of a model in the response to /models, under the names of vLLM, llama.cpp and others; None if it is not there."""
    entries = _json(body.decode("utf-8", "replace"), strict=False).get("data")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("id") == model:
            for value in (
                entry.get("max_model_len"),
                entry.get("context_length"),
                _object_field(entry, "meta").get("n_ctx"),
            ):
                if length := _count_or(value, 0):
                    return length
    return None
