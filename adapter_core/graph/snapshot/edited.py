"""The facts of texts that are open and edited, remembered from one request to the next.

A view is made anew for each request, and a hover alone makes two or three; a text of thousands of lines takes a tenth of a second to parse.
"""

from __future__ import annotations

from threading import Lock

from ...types import ModuleFacts
from ..memory.recent import Recent
from ..parsing.parse import file_kind, parse_file
from .documents import Document

_KEPT_ROWS = 40_000  # of facts, as weighed by `rows_of`


def rows_of(facts: ModuleFacts | None) -> int:
    """The rows of a file's facts, as a measure of what they take to keep."""
    return 20 + len(facts.symbols) + len(facts.imports) + len(facts.calls) + len(facts.flows) if facts else 1


_kept: Recent[tuple[str, str, str], ModuleFacts] = Recent(_KEPT_ROWS, rows_of)
_lock = Lock()


def parsed(document: Document, module: str) -> ModuleFacts:
    """The facts of a text under the name of its module; of one that is open in an editor those of the last time, where it was the same."""
    path = document.path
    if not document.open:
        return parse_file(path, file_kind(path), document.text, module)
    key = (path, module, document.sha256)
    with _lock:
        found = _kept.fetch(key)
    if found is None:
        found = parse_file(path, file_kind(path), document.text, module)
        with _lock:
            for old in [k for k in _kept if k[:2] == key[:2]]:
                del _kept[old]  # nobody asks for what was there before an edit
            _kept[key] = found
    return found
