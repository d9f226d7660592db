"""Bytes with a checksum. SQLite detects damage in the structure of its pages, but not in the content of a row."""

from __future__ import annotations

import zlib

from ...errors import IndexDamagedError

SEAL = 4  # bytes
_MASK = 0xFFFFFFFF


def seal(data: bytes, place: int) -> bytes:
    """`data` followed by four bytes: the CRC-32 of the data and of its place, the id of the row that it belongs to."""
    return data + zlib.crc32(data, place & _MASK).to_bytes(SEAL, "little")


def unseal(data: object, place: int) -> memoryview:
    """The data of `seal`. Raises `IndexDamagedError` where it was changed, truncated, or sealed for another place."""
    # A damaged row may hold a value of any type.
    if isinstance(data, bytes) and len(data) >= SEAL:
        inner = memoryview(data)[:-SEAL]
        if zlib.crc32(inner, place & _MASK) == int.from_bytes(data[-SEAL:], "little"):
            return inner
    raise damaged("a checksum is wrong")


def checksum(values: tuple[object, ...]) -> int:
    """The CRC-32 of a row of plain values, including their types."""
    return zlib.crc32(repr(tuple(values)).encode("utf-8", "backslashreplace"))


def damaged(problem: str) -> IndexDamagedError:
    return IndexDamagedError(f"The index is damaged ({problem}); run: pathline index --rebuild")
