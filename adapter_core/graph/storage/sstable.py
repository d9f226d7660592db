"""Sorted tables of keys, cut into blocks: how a segment stores its postings and names.

A segment's tables are written once and never changed, so they need no row for each of their many thousand keys: neighbours share a block of
some kilobytes, and the first key of each block is enough to know where to look (the idea of the sorted string tables of log-structured
stores: Chang et al., "Bigtable", OSDI 2006).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

# Number of keys; bytes of the keys, each in JSON between line ends. Then the end of each value (uint32) and the values.
_HEAD = struct.Struct("<II")
_BLOCK_BYTES = 8_192
_BYTES_A_KEY = 16


class Table(NamedTuple):
    """`keys` in order, without duplicates; the value of `keys[i]` is `data[ends[i - 1]:ends[i]]`."""

    keys: Sequence[str]
    ends: np.ndarray
    data: bytes

    def items(self) -> Iterator[tuple[str, bytes]]:
        start = 0
        for key, end in zip(self.keys, self.ends.tolist(), strict=True):
            yield key, self.data[start:end]
            start = end


def table_of(values: dict[str, bytes]) -> Table:
    keys = sorted(values)
    parts = [values[key] for key in keys]
    return Table(keys, np.cumsum([len(part) for part in parts], dtype=np.int64), b"".join(parts))


def cut(table: Table) -> Iterator[tuple[str, bytes]]:
    """(first key, block), in order."""
    count = len(table.keys)
    if not count:
        return
    number = (table.ends + np.arange(count) * _BYTES_A_KEY) // _BLOCK_BYTES
    borders = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), count]
    for first, after in pairwise(borders):
        keys = list(table.keys[first:after])
        base = int(table.ends[first - 1]) if first else 0
        ends = (table.ends[first:after] - base).astype("<u4").tobytes()
        names = _lines(keys)
        values = table.data[base : base + int.from_bytes(ends[-4:], "little")]
        yield keys[0], b"".join((_HEAD.pack(len(keys), len(names)), names, ends, values))


def keys_of(block: bytes) -> list[str]:
    start, end = _names(block)
    keys: list[str] = json.loads(b"[%s]" % block[start:end].strip(b"\n").replace(b"\n", b","))
    return keys


def values_of(block: bytes) -> Iterator[tuple[str, memoryview]]:
    """All keys with their values."""
    for number, key in enumerate(keys_of(block)):
        yield key, _value(block, number)


def needle(key: str) -> bytes:
    """The key as `find` searches for it, in any number of blocks."""
    return _lines([key])


def find(block: bytes, needle: bytes) -> memoryview | None:
    """The value of a key."""
    # Taking the keys apart takes thirty times as long as looking for one among them.
    start, end = _names(block)
    place = block.find(needle, start, end)
    return None if place < 0 else _value(block, block.count(b"\n", start, place))


def may_contain(block: bytes, spelled: bytes) -> bool:
    """Whether any key contains this text, as JSON spells it."""
    return block.find(spelled, *_names(block)) >= 0


def _names(block: bytes) -> tuple[int, int]:
    """The extent of the keys."""
    _, size = _HEAD.unpack_from(block)
    return _HEAD.size, _HEAD.size + size


def _lines(keys: list[str]) -> bytes:
    """JSON has no line end within a string."""
    return f"\n{json.dumps(keys, separators=(chr(10), ':'))[1:-1]}\n".encode()


def _value(block: bytes, number: int) -> memoryview:
    count, size = _HEAD.unpack_from(block)
    ends = _HEAD.size + size
    start = int.from_bytes(block[ends + 4 * number - 4 : ends + 4 * number], "little") if number else 0
    end = int.from_bytes(block[ends + 4 * number : ends + 4 * number + 4], "little")
    values = ends + 4 * count
    return memoryview(block)[values + start : values + end]
