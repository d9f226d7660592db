"""Columns in code points and in the client's units, and `file:` URIs and paths.

Pure functions. Inside Pathline a column counts Unicode code points; an LSP position counts UTF-8, UTF-16 or UTF-32 code
units, as negotiated at `initialize`.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote, urlsplit

UTF16 = "utf-16"
UTF32 = "utf-32"

_DRIVE = re.compile(r"/?([A-Za-z]):(?=[/\\]|\Z)")


def units_of(char: str, encoding: str) -> int:
    """Code units of one code point. A lone surrogate counts as the replacement character does: 3 bytes, or 1 unit."""
    if encoding == UTF32:
        return 1
    code = ord(char)
    if encoding == UTF16:
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def to_column(line: str, units: int, encoding: str) -> int:
    """The column that `units` code units denote.

    Past the end it is the end, inside a code point it is that point's start.
    """
    if units <= 0:
        return 0
    if encoding == UTF32 or line.isascii():
        return min(units, len(line))
    used_units = 0
    for column, char in enumerate(line):
        used_units += units_of(char, encoding)
        if used_units > units:
            return column
    return len(line)


def to_units(line: str, column: int, encoding: str) -> int:
    """The code units before `column`; past the end, those of the whole line."""
    column = max(0, min(column, len(line)))
    if encoding == UTF32 or line.isascii():
        return column
    return sum(units_of(char, encoding) for char in line[:column])


def path_of_uri(uri: str, windows: bool = os.name == "nt") -> str | None:
    """The absolute path that a `file:` URI names, in the form of the platform; None for other schemes and broken URIs.

    VS Code writes `file:///c%3A/x`, others `file:///C:/x`; both are `c:\\x` on Windows (drive letters compare in lower
    case). `file://server/share` is a UNC path there, and names nothing elsewhere.
    """
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme.lower() != "file":
        return None
    # A "#" or "?" that a client did not escape belongs to the file name.
    raw = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    path = unquote(raw, errors="surrogateescape")
    if "\0" in path or not path.startswith("/"):
        return None
    remote = host not in ("", "localhost")
    if not windows:
        return None if remote else path
    if remote:
        return f"\\\\{host}" + path.replace("/", "\\")
    drive = _DRIVE.match(path)
    if drive is None:
        return path.replace("/", "\\")
    rest = path[drive.end() :].replace("/", "\\")
    return f"{drive[1].lower()}:{rest or chr(92)}"


def uri_of_path(path: str, windows: bool = os.name == "nt") -> str:
    """The `file:` URI of an absolute path."""
    if not windows:
        return "file://" + _quote(path)
    path = path.replace("\\", "/")
    if path.startswith("//"):
        host, _, rest = path[2:].partition("/")
        return f"file://{host}/{_quote(rest)}"
    drive = _DRIVE.match(path)
    if drive is None:
        return "file://" + _quote(path)
    return f"file:///{drive[1].lower()}%3A" + _quote(path[drive.end() :])


def join_uri(root_uri: str, path: str) -> str:
    """The URI of a POSIX path below a root, spelled the way the client spelled the root."""
    return root_uri.rstrip("/") + "/" + _quote(path)


def _quote(path: str) -> str:
    return quote(path, safe="/", errors="surrogateescape")


def same_path(a: str, b: str, windows: bool = os.name == "nt") -> bool:
    """Whether two absolute paths are one, but for slashes (and letter case on Windows). Nothing is read from disk."""
    a, b = _plain(a, windows), _plain(b, windows)
    return a.casefold() == b.casefold() if windows else a == b


def relative_to(path: str, root: str, windows: bool = os.name == "nt", any_case: bool = False) -> str | None:
    """`path` as a POSIX path relative to `root`; None where it does not lie below it.

    Both are absolute. Nothing is read from disk. On Windows, or with `any_case`, letter case does not count.
    """
    path, root = _plain(path, windows), _plain(root, windows)
    prefix = root if root.endswith("/") else root + "/"
    below = path.casefold().startswith(prefix.casefold()) if windows or any_case else path.startswith(prefix)
    return path[len(prefix) :] if below and len(path) > len(prefix) else None


def _plain(path: str, windows: bool) -> str:
    """Forward slashes, without `.`, `..` and doubled slashes."""
    if windows:
        path = path.replace("\\", "/")
    parts: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    head = path.split("/", 1)[0]
    unc = "/" if windows and path.startswith("//") else ""
    return f"{unc}{head}/" + "/".join(parts)
