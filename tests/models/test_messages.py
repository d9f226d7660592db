from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.errors import ModelProcessError
from adapter_core.models.messages import MAX_FRAME, encode_frame, read_frame, write_frame

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class Trickle(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 1))


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=4))
def test_frames_come_back_as_they_were(messages):
    stream = io.BytesIO()
    for message in messages:
        write_frame(stream, message)
    trickle = Trickle(stream.getvalue())
    assert [read_frame(trickle) for _ in messages] == messages
    assert read_frame(trickle) is None


def test_lone_surrogates_survive():
    assert read_frame(io.BytesIO(encode_frame({"text": "a\ud83d\u2028b"}))) == {"text": "a\ud83d\u2028b"}


@given(st.binary(min_size=1, max_size=64))
def test_garbage_is_an_error_or_an_object(data):
    try:
        message = read_frame(io.BytesIO(data))
    except ModelProcessError:
        return
    assert isinstance(message, dict)


@given(st.integers(min_value=1, max_value=100))
def test_a_truncated_frame_is_an_error(cut):
    frame = encode_frame({"type": "text", "id": 1, "text": "x" * 100})
    with pytest.raises(ModelProcessError):
        read_frame(io.BytesIO(frame[:-cut]))


@pytest.mark.parametrize("body", [b"[1]", b"null", b"{", b"\xff\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_an_error(body):
    with pytest.raises(ModelProcessError):
        read_frame(io.BytesIO(struct.pack(">I", len(body)) + body))


def test_an_impossible_length_is_not_allocated():
    with pytest.raises(ModelProcessError, match="Something other"):
        read_frame(io.BytesIO(b"HTTP/1.1 200 OK"))


@pytest.mark.parametrize("message", [{"text": "x" * (MAX_FRAME + 1)}, {"value": float("nan")}, {"value": object()}])
def test_what_cannot_be_sent_is_refused(message):
    with pytest.raises(ModelProcessError):
        encode_frame(message)
