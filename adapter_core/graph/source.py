"""Bytes to text, and text to lines.

A line ends at LF, CRLF or CR and at nothing else, as in Python's tokenizer and in LSP. `str.splitlines` also splits at form
feeds, U+2028 and others, and so counts lines differently from `ast`; it is never used on source.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import stat
import tokenize
from dataclasses import dataclass
from pathlib import Path

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with line ends normalised to LF, the SHA-256 of its bytes, and what was odd about reading it."""

    text: str
    sha256: str
    problem: str = ""


class NotText(ValueError):  # noqa: N818
    """The bytes are not text."""


def decode(data: bytes) -> Source:
    """Decode source bytes by BOM, coding cookie, UTF-8, and last Latin-1. Raises `NotText` for binary data."""
    digest = hashlib.sha256(data).hexdigest()
    problem = ""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = data[len(bom) :].decode(encoding, errors="replace")
            break
    else:
        if b"\0" in data[:8192]:
            raise NotText("binary data")
        encoding = "utf-8"
        if b"coding" in data[:400]:
            try:
                encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
            except SyntaxError as error:
                problem = f"coding cookie: {error.msg}"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text, problem = data.decode("latin-1"), f"not valid {encoding}; read as latin-1"
    return Source(normalise_newlines(text), digest, problem)


def normalise_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def split_lines(text: str) -> list[str]:
    """The lines of a text, without their ends. A final line end opens no further line."""
    lines = normalise_newlines(text).split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def slice_lines(lines: list[str], start: int, end: int) -> str:
    """Lines `start..end` (1-based, inclusive), joined by LF, without a final one."""
    return "\n".join(lines[start - 1 : end])


def hash_lines(lines: list[str], start: int, end: int) -> str:
    """The SHA-256 that a citation of these lines carries."""
    return hash_text(slice_lines(lines, start, end))


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def is_python(path: str) -> bool:
    return path.lower().endswith((".py", ".pyi", ".pyw"))


def read_source(file: Path, max_bytes: int) -> Source:
    """Read and decode one regular file. Raises `OSError`, `NotText`, or `ValueError` when it is larger than `max_bytes`."""
    return decode(read_bytes(file, max_bytes))


def read_bytes(file: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file. Raises `OSError`, or `ValueError` for anything else or larger.

    Opens without following a link at the last step and without blocking on a pipe that took the file's place.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(file, flags), "rb") as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise ValueError("not a regular file")
        data = handle.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"larger than {max_bytes // 1000:,} kB")
    return data
