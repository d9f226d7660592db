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

# Quadratic, or escapes rather than encodings.
_NO_SOURCE = frozenset(
    {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"}
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with line ends normalised to LF, the SHA-256 of its bytes, and a problem with reading it, if any."""

    text: str
    sha256: str
    problem: str = ""


class NotText(ValueError):  # noqa: N818
    """The bytes are not text."""


def decode(data: bytes, cookies: bool = True) -> Source:
    """Decode source bytes by BOM, coding cookie (where there are `cookies`), UTF-8, and last Latin-1. Raises `NotText` for binary data."""
    digest = hashlib.sha256(data).hexdigest()
    text: str | None
    problem = ""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = data[len(bom) :].decode(encoding, errors="replace")
            break
    else:
        if b"\0" in data[:8192]:
            raise NotText("binary data")
        text, problem = _decode_by_cookie(data) if cookies and b"coding" in data[:400] else (None, "")
        if text is None:
            try:
                text, read = data.decode("utf-8"), "utf-8"
            except UnicodeDecodeError:
                text, read, problem = data.decode("latin-1"), "latin-1", problem or "not valid utf-8"
            problem = problem and f"{problem}; read as {read}"
    return Source(normalise_newlines(text), digest, problem)


def _decode_by_cookie(data: bytes) -> tuple[str | None, str]:
    """The text, or None with what is wrong about the cookie. A file may name any codec, so any error may occur."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        # It also raises for a line that is not UTF-8; the caller finds that out itself.
        return None, f"coding cookie: {error.msg}" if "unknown" in error.msg else ""
    if encoding in _NO_SOURCE:
        return None, f"coding cookie: {encoding} is not an encoding of source"
    try:
        text = data.decode(encoding)
    except LookupError:
        return None, f"coding cookie: {encoding} is not an encoding of text"
    except ValueError:
        return None, f"not valid {encoding}"
    # An encoding in which the cookie itself reads differently cannot be the file's.
    return (text, "") if "coding" in text[:400] else (None, f"coding cookie: {encoding} is not an encoding of source")


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


MAX_FILE_BYTES = 1_500_000  # beyond that, a file is data
MAKEFILES = ("Makefile", "makefile", "GNUmakefile")


def is_python(path: str) -> bool:
    return path.lower().endswith((".py", ".pyi", ".pyw"))


def is_test_path(path: str) -> bool:
    parts = path.lower().split("/")
    name = parts[-1]
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or any(
        p in ("test", "tests", "testing") for p in parts[:-1]
    )  # fmt: skip


def read_source(file: Path, max_bytes: int) -> Source:
    """Read and decode one regular file. Raises `OSError`, `NotText`, or `ValueError` when it is larger than `max_bytes`."""
    return decode(read_bytes(file, max_bytes), cookies=is_python(file.name))


def read_bytes(file: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file. Raises `OSError`, or `ValueError` for anything else or larger. Does not follow a link at the last
    step, and does not block on a pipe that has taken the file's place."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(file, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        # `open` refuses the descriptor of a folder, and then leaves it open: it never gets here.
        with open(descriptor, "rb", closefd=False) as handle:
            data = handle.read(max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise ValueError(f"larger than {max_bytes // 1000:,} kB")
    return data
