"""The frames between Pathline and its model process: a 4-byte big-endian length, then one JSON object in UTF-8.

    child  → parent   {"type": "hello", "protocol": 3, "pid": …}                          first, once
    parent → child    {"type": "request", "id": n, "method": …, "params": {…}}
    parent → child    {"type": "cancel", "id": n}                                          at any time
    child  → parent   {"type": "text", "id": n, "text": …}                                 while generating
    child  → parent   {"type": "result", "id": n, "value": …}                              ends request n
    child  → parent   {"type": "error", "id": n, "error": class name, "message": …}        ends request n

JSON and not pickle: nothing that a frame holds can be run.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Any, BinaryIO

from ..errors import ModelProcessError, UsageError
from .backend import Adaptation, Draft, Message, Paths

PROTOCOL = 3
MAX_FRAME = 32 * 1024 * 1024
_LENGTH = struct.Struct(">I")


def encode_frame(message: dict[str, Any]) -> bytes:
    """The bytes of one frame. Raises `ModelProcessError` when it would be larger than `MAX_FRAME` or is no JSON."""
    try:
        # ASCII escapes carry lone surrogates too, which editors do send and UTF-8 cannot express.
        body = json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError) as error:
        raise ModelProcessError(f"A message for the model process cannot be written as JSON: {error}.") from error
    if len(body) > MAX_FRAME:
        raise ModelProcessError(
            f"A message of {len(body)} bytes for the model process is over the limit of {MAX_FRAME}."
        )
    return _LENGTH.pack(len(body)) + body


def write_frame(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one frame and flush it. Raises `OSError` or `ValueError` when the other side is gone."""
    stream.write(encode_frame(message))
    stream.flush()


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, or None at a clean end of the stream.

    Raises `ModelProcessError` on a stream that ends inside a frame, an impossible length, or no JSON object.
    """
    head = _read_exactly(stream, _LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise ModelProcessError("The model process broke off in the middle of a message.")
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ModelProcessError("Something other than Pathline's messages came over the model process's stream.")
    body = _read_exactly(stream, length)
    if len(body) < length:
        raise ModelProcessError("The model process broke off in the middle of a message.")
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelProcessError("A message of the model process is no JSON.") from error
    if not isinstance(message, dict):
        raise ModelProcessError("A message of the model process is no JSON object.")
    return message


def adaptation_to_json(adaptation: Adaptation | None) -> dict[str, Any] | None:
    """An adaptation as JSON, with absolute paths, since the model process has another working folder. Raises `UsageError` for values that
    JSON cannot hold."""
    if adaptation is None:
        return None
    files = {
        name: os.path.abspath(file) if (file := getattr(adaptation, name)) is not None else None
        for name in ("adapter", "sub", "memory")
    }
    try:
        mixing = json.loads(json.dumps(dict(adaptation.mixing), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"The options of mixing must be plain numbers, names and lists ({error}).") from error
    return {**files, "mixing": mixing}


def adaptation_from_json(value: dict[str, Any] | None) -> Adaptation | None:
    return None if value is None else Adaptation(**value)


def draft_from_json(value: dict[str, Any]) -> Draft:
    """A `Draft` from its `dataclasses.asdict` form, in which JSON has turned tuples into lists."""
    along = value["along"]
    return Draft(
        tuple(Message(turn["role"], turn["content"]) for turn in value["messages"]),
        value["opening"],
        None if along is None else Paths(tuple(tuple((text, state) for text, state in e) for e in along["edges"])),
        value["sampled"],
    )


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, or fewer at the end of the stream. Raw pipes may return less than asked for at a time."""
    parts = []
    while size:
        part = stream.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
