"""A memory on disk: one file with a header in JSON and four arrays, which are mapped into memory and not read.

    "PLMEMORY" | version, CRC-32 and length of the header (3 × uint32) | header | keys | numbers | tokens | ends

Little-endian; each array begins at a multiple of 64 bytes. The header names the length and CRC-32 of each.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import AdapterFileError
from ...whole_files import whole_file

_MAGIC = b"PLMEMORY"
_VERSION = 2
_PREFIX = struct.Struct("<8sIII")
_ALIGNMENT = 64
_MAX_HEADER = 256 << 20
# Names and number formats of the arrays, in their order.
ARRAYS = {"keys": "<u8", "numbers": "<i4", "tokens": "<u4", "ends": "<i8"}


def write(file: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write `header` (plain data) and the arrays named in `ARRAYS`. Readers see the old file or the new one. Raises `OSError`."""
    data = {name: np.ascontiguousarray(arrays[name], kind) for name, kind in ARRAYS.items()}
    sums = {name: [len(array), zlib.crc32(array.data)] for name, array in data.items()}
    header_bytes = json.dumps({**header, "arrays": sums}, ensure_ascii=False, sort_keys=True).encode(
        "utf-8", "surrogatepass"
    )
    with whole_file(Path(file)) as stream:
        stream.write(_PREFIX.pack(_MAGIC, _VERSION, zlib.crc32(header_bytes), len(header_bytes)) + header_bytes)
        for array in data.values():
            stream.write(bytes(-stream.tell() % _ALIGNMENT))
            stream.write(array.data)


def read(file: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays (read-only, mapped) of what `write` wrote. Raises `AdapterFileError` for a file that is missing, foreign,
    truncated, damaged or of another version."""
    path = Path(file)
    header, at, size = _header(path)
    arrays: dict[str, np.ndarray] = {}
    for name, kind in ARRAYS.items():
        count, expected = header["arrays"][name]
        at += -at % _ALIGNMENT
        if at + count * np.dtype(kind).itemsize > size:
            raise _damaged(path, "it is cut short")
        # An empty array cannot be mapped.
        array = np.memmap(path, kind, "r", at, (count,)) if count else np.empty(0, kind)
        if zlib.crc32(array.data) != expected:
            raise _damaged(path, f"its {name} are not what was written")
        arrays[name] = array
        at += array.nbytes
    if at != size:
        raise _damaged(path, "there is more in it than was written")
    return header, arrays


def read_header(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Only the header (with "tokenizer", "paths" and their "versions"), as fast as a small file; the arrays are not checked. Raises as
    `read`."""
    return _header(Path(file))[0]


def _header(path: Path) -> tuple[dict[str, Any], int, int]:
    """(header, offset of its end, size of the file)."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            prefix = stream.read(_PREFIX.size)
            if prefix[: len(_MAGIC)] != _MAGIC:
                raise AdapterFileError(f"{path} is no memory of a repository: give a file that Pathline wrote.")
            if len(prefix) < _PREFIX.size:
                raise _damaged(path, "it is cut short")
            _, version, checksum, length = _PREFIX.unpack(prefix)
            if version != _VERSION:
                raise AdapterFileError(f"{path} is a memory of version {version}, not {_VERSION}: build it anew.")
            header_bytes = stream.read(min(length, _MAX_HEADER))
    except OSError as error:
        raise AdapterFileError(f"The memory {path} cannot be read ({error.strerror}): build it anew.") from error
    if len(header_bytes) != length or zlib.crc32(header_bytes) != checksum:
        raise _damaged(path, "its header is damaged")
    try:
        header = json.loads(header_bytes.decode("utf-8", "surrogatepass"))
        if not _is_header(header):
            raise ValueError("it lacks what it should hold")
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header is none") from error
    return header, _PREFIX.size + length, size


def _is_header(header: Any) -> bool:
    """Whether it has what `Memory.save` writes: a tokenizer's digest, paths and a version for each, lengths and checksums of the arrays."""
    if not isinstance(header, dict) or not isinstance(header.get("tokenizer"), str):
        return False
    paths, versions, arrays = header.get("paths"), header.get("versions"), header.get("arrays")
    if not (isinstance(paths, list) and isinstance(versions, list) and len(paths) == len(versions)):
        return False
    if not all(isinstance(text, str) for text in (*paths, *versions)) or not isinstance(arrays, dict):
        return False
    pairs = [arrays.get(name) for name in ARRAYS]
    return all(isinstance(p, list) and len(p) == 2 and all(isinstance(n, int) and n >= 0 for n in p) for p in pairs)


def _damaged(path: Path, what: str) -> AdapterFileError:
    return AdapterFileError(f"The memory {path} is damaged ({what}): build it anew.")
