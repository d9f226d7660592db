"""pygls's protocol, with our own text synchronisation, commands that can be cancelled, and an answer to every request.

pygls keeps documents by `str.splitlines()`, runs async commands that a cancel does not reach, and leaves a request
unanswered when its parameters do not parse or it comes after `shutdown`. A built-in handler is taken out by setting its
method to None; the message then goes to the feature that the server registers for it.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import attrs
from cattrs import Converter, transform_error
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, default_converter

log = logging.getLogger(__name__)

ASK = "pathline/ask"

_MAX_FIELDS = 3
_CAMEL = re.compile(r"_([a-z])")  # the names of attributes, as they are in JSON
_ID = re.compile(
    rb'\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,)*\s*"id"\s*:\s*(-?\d{1,18}|"[^"\\\x00-\x1f\x80-\xff]*")\s*[,}]'
)


@attrs.define
class PlainRequest:
    """A request whose parameters are left as plain JSON values."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any


def make_converter() -> Converter:
    converter = default_converter()
    converter.register_structure_hook(
        PlainRequest,
        lambda message, cls: cls(message["id"], message["method"], message["jsonrpc"], message.get("params")),
    )
    return converter


class Protocol(LanguageServerProtocol):
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]
    lsp_workspace__did_change_workspace_folders = None  # type: ignore[assignment]
    lsp_workspace__execute_command = None  # type: ignore[assignment]
    lsp_exit = None  # type: ignore[assignment]

    _initialized = False

    @property
    def was_shut_down(self) -> bool:
        return self._shutdown

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override] # pygls caches its own
        return PlainRequest if method == ASK else super().get_message_type(method)

    def handle_body(self, body: bytes) -> None:
        """Handle one message from the client. Never raises; a request always gets its response."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._send_error(_id_before_params(body), JsonRpcParseError(f"The message is no JSON: {error}"))
            return
        if not isinstance(data, dict):
            self._send_error(None, JsonRpcInvalidRequest("A message is one JSON-RPC 2.0 object."))
            return
        method, request_id = data.get("method"), data.get("id")
        if data.get("jsonrpc") != self.VERSION:
            # A response that is wrong gets none: its id is that of a request of ours.
            asked = method is not None and isinstance(request_id, (int, str)) and not isinstance(request_id, bool)
            self._send_error(request_id if asked else None, JsonRpcInvalidRequest('A message says "jsonrpc": "2.0".'))
            return
        if method is None and request_id is None:
            self._send_error(None, JsonRpcInvalidRequest("A message has a method, or the id of a request."))
            return
        if request_id is not None and not isinstance(request_id, (int, str)):
            self._send_error(None, JsonRpcInvalidRequest("The id of a message is an integer or a string."))
            return
        refusal = self._rejection(method) if method is not None else None
        if refusal is not None:
            if request_id is not None:
                self._send_error(request_id, refusal)
            return
        try:
            message = self.structure_message(data)
        except JsonRpcException as error:
            if method is not None and request_id is not None:
                self._send_error(request_id, _with_fields(error))
            elif request_id is not None and (waiting := self._request_futures.pop(request_id, None)) is not None:
                waiting.set_exception(error)
            return
        if method == types.CANCEL_REQUEST and not isinstance(message.params.id, (int, str)):
            log.warning("a cancel of no request: %r", message.params.id)
            return
        if method == types.INITIALIZE:
            self._initialized = True
        self.handle_message(message)

    def _rejection(self, method: Any) -> JsonRpcException | None:
        """The error for a message that is unknown or comes at the wrong time; None if it can be handled."""
        if not isinstance(method, str):
            return JsonRpcInvalidRequest("The method of a message is a string.")
        if method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("The server was shut down.")
        if not self._initialized and method != types.INITIALIZE:
            return JsonRpcServerNotInitialized("The first request must be `initialize`.")
        if self._initialized and method == types.INITIALIZE:
            return JsonRpcInvalidRequest("`initialize` was sent before.")
        if self.get_message_type(method) is None:
            return JsonRpcMethodNotFound.of(method)
        return None

    def _send_error(self, request_id: int | str | None, error: JsonRpcException) -> None:
        log.warning("refused: %s", error.message)
        # As plain values: lsprotocol would leave out an id of null, which JSON-RPC wants for what has no readable id.
        body = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": self.VERSION, "id": request_id, "error": body})


def _with_fields(error: JsonRpcException) -> JsonRpcException:
    """The error about invalid parameters, extended by the names and problems of the fields."""
    if not isinstance(error, JsonRpcInvalidParams) or error.__cause__ is None:
        return error
    problems = [text.rpartition(" @ $.") for text in transform_error(error.__cause__)]
    field_errors = [f"`{_CAMEL.sub(lambda found: found[1].upper(), field)}`: {what}" for what, _, field in problems]
    return JsonRpcInvalidParams("; ".join([error.message, *field_errors[:_MAX_FIELDS]]))


def _id_before_params(body: bytes) -> int | str | None:
    """The id of a message that cannot be parsed as a whole (too deeply nested), if it comes before the nested values."""
    found = _ID.match(body)
    return json.loads(found[1]) if found else None


class ShortErrors(logging.Filter):
    """pygls logs errors that are answers (bad parameters) with their traceback: one line is enough. That somebody cancelled is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, JsonRpcRequestCancelled):
            return False
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            record.exc_info = None
            record.msg, record.args = f"{record.getMessage()}: {error.message}", ()
        return True
