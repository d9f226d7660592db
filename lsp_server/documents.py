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

from .positions import to_column, to_units

_LINE_END = re.compile(r"\r\n|\r|\n")
_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


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
    language: str = ""

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each line; there is always one line more than there are line ends."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @property
    def line_count(self) -> int:
        return len(self._starts)

    def line(self, number: int) -> str:
        """Line `number` (0-based) without its end; "" past the last."""
        starts = self._starts
        if not 0 <= number < len(starts):
            return ""
        end = starts[number + 1] if number + 1 < len(starts) else len(self.text)
        return self.text[starts[number] : end].rstrip("\r\n")

    @cached_property
    def lines(self) -> list[str]:
        """All lines without their ends; a final line end opens no further line (as in `adapter_core`)."""
        lines = [self.line(number) for number in range(self.line_count)]
        if lines and not lines[-1]:
            lines.pop()
        return lines

    def offset(self, line: int, units: int, encoding: str) -> int:
        """The offset of an LSP position, clipped to the text.

        Past a line's end is its end, past the last line is the text's end.
        """
        if line < 0:
            return 0
        if line >= self.line_count:
            return len(self.text)
        return self._starts[line] + to_column(self.line(line), units, encoding)

    def column(self, line: int, units: int, encoding: str) -> int:
        return to_column(self.line(line), units, encoding)

    def end_units(self, line: int, encoding: str) -> int:
        """The length of a line (0-based) in the client's units."""
        text = self.line(line)
        return to_units(text, len(text), encoding)

    def edited(self, edits: Iterable[Edit], version: int, encoding: str) -> Document:
        """The document after the edits of one notification, applied one after the other."""
        document = self
        for edit in edits:
            document = Document(self.uri, version, document._replaced(edit, encoding), self.language)
        return document if document is not self else Document(self.uri, version, self.text, self.language)

    def _replaced(self, edit: Edit, encoding: str) -> str:
        if edit.start is None or edit.end is None:
            return joined_surrogates(edit.text)
        first, last = self.offset(*edit.start, encoding), self.offset(*edit.end, encoding)
        if first > last:
            first, last = last, first
        return joined_surrogates(self.text[:first] + edit.text + self.text[last:])


def joined_surrogates(text: str) -> str:
    """Two halves of a code point that arrived in two edits become the code point."""
    if not _SPLIT_PAIR.search(text):
        return text
    return _SPLIT_PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


class DocumentStore:
    """Open documents by URI. Used on the loop thread only; what it hands out may go anywhere."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def open(self, uri: str, version: int, text: str, language: str = "") -> Document:
        document = Document(uri, version, joined_surrogates(text), language)
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
