"""The documents that the editor has open: their text, kept by us.

A line ends at LF, CRLF or CR and at nothing else, as LSP has it (`str.splitlines` also splits at form feeds and U+2028,
and so puts edits into wrong lines). Documents are immutable: an edit makes a new one, so that whoever holds one holds a
snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from .positions import UTF16, to_column, to_units

_LINE_END = re.compile(r"\r\n|\r|\n")
_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_WIDE = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text between two LSP positions (line, units); without positions, the whole text."""

    text: str
    start: tuple[int, int] | None = None
    end: tuple[int, int] | None = None


@dataclass(frozen=True)
class Document:
    uri: str
    version: int
    text: str

    @cached_property
    def _parts(self) -> list[str]:
        """The lines with their ends. The last has none, and is often empty: there is one line more than there are line ends."""
        return split_with_ends(self.text)

    @property
    def line_count(self) -> int:
        return len(self._parts)

    def line(self, number: int) -> str:
        """Line `number` (0-based) without its end; "" past the last."""
        return self._parts[number].rstrip("\r\n") if 0 <= number < self.line_count else ""

    @cached_property
    def lines(self) -> list[str]:
        """All lines without their ends; a final line end opens no further line (as in `adapter_core`)."""
        lines = [part.rstrip("\r\n") for part in self._parts]
        if lines and not lines[-1]:
            lines.pop()
        return lines

    def column(self, line: int, units: int, encoding: str) -> int:
        return to_column(self.line(line), units, encoding)

    def end_units(self, line: int, encoding: str) -> int:
        """The length of a line (0-based) in the client's units."""
        text = self.line(line)
        return to_units(text, len(text), encoding)

    def edited(self, edits: Iterable[Edit], version: int, encoding: str) -> Document:
        """The document after the edits of one notification, applied one after the other.

        A rename or a formatter sends thousands at once: each costs what its own lines cost, and the text is put together once.
        """
        parts = list(self._parts)
        for edit in edits:
            if edit.start is None or edit.end is None:
                parts = split_with_ends(joined_surrogates(edit.text))
            else:
                _replace(parts, edit.text, min(edit.start, edit.end), max(edit.start, edit.end), encoding)
        edited = Document(self.uri, version, "".join(parts))
        edited.__dict__["_parts"] = parts  # where `cached_property` looks
        return edited


def _replace(parts: list[str], text: str, start: tuple[int, int], end: tuple[int, int], encoding: str) -> None:
    """Replace the text between two positions of a document, in place."""
    first, before, _ = _split_at(parts, *start, encoding)
    last, _, behind = _split_at(parts, *end, encoding)
    new = before + text + behind
    if first and new.startswith("\n") and parts[first - 1].endswith("\r"):
        first -= 1  # the two are one line end now
        new = parts[first] + new
    new_parts = split_with_ends(joined_surrogates(new))
    if last + 1 < len(parts):
        new_parts.pop()  # what is replaced ends in a line end, and behind that the next line begins
    parts[first : last + 1] = new_parts


def _split_at(parts: list[str], line: int, units: int, encoding: str) -> tuple[int, str, str]:
    """(line number, text before, text after) of a position in its line. Positions are clipped to the end of the line and of the text."""
    if line < 0:
        line, units = 0, 0
    elif line >= len(parts):
        line, units = len(parts) - 1, len(parts[-1]) * 4  # no code point has more units
    part = parts[line]
    if encoding == UTF16:
        part = _as_utf16(part)  # so that a client may cut a code point in two, and put it together with its next edit
    column = to_column(part.rstrip("\r\n"), units, encoding)
    return line, part[:column], part[column:]


def split_with_ends(text: str) -> list[str]:
    """The lines of a text with their ends, and what stands behind the last end."""
    ends = [match.end() for match in _LINE_END.finditer(text)]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _as_utf16(text: str) -> str:
    """The text with each code point beyond U+FFFF as two surrogates."""
    return (
        _WIDE.sub(lambda found: "".join(map(chr, _surrogates_of(ord(found[0])))), text) if not text.isascii() else text
    )


def _surrogates_of(code: int) -> tuple[int, int]:
    high, low = divmod(code - 0x10000, 0x400)
    return 0xD800 + high, 0xDC00 + low


def joined_surrogates(text: str) -> str:
    """Two halves of a code point, of one edit or of two, become the code point."""
    if text.isascii() or not _SPLIT_PAIR.search(text):
        return text
    return _SPLIT_PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


class DocumentStore:
    """Open documents by URI. Used on the loop thread only; what it hands out may go anywhere."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def open(self, uri: str, version: int, text: str) -> Document:
        document = Document(uri, version, joined_surrogates(text))
        self._documents[uri] = document
        return document

    def change(self, uri: str, version: int, edits: Iterable[Edit], encoding: str) -> tuple[Document, Document] | None:
        """The document before and after; None where it is not open."""
        before = self._documents.get(uri)
        if before is None:
            return None
        after = before.edited(edits, version, encoding)
        self._documents[uri] = after
        return before, after

    def close(self, uri: str) -> Document | None:
        return self._documents.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        return self._documents.get(uri)

    def all(self) -> dict[str, Document]:
        """A copy: the documents as they are now."""
        return dict(self._documents)
