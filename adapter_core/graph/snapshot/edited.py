"""A cache for the facts of edited open documents, across requests.

A view is made for each request, and a hover alone makes two or three; parsing a text of thousands of lines takes a tenth of a second.
"""

from __future__ import annotations

from threading import Lock

from ...types import ModuleFacts
from ..memory.recent import Recent
from ..parsing.parse import file_kind, parse_file
from .documents import Document

_MAX_ROWS = 40_000  # of facts, as weighed by `row_count`


def row_count(facts: ModuleFacts | None) -> int:
    """The number of rows of a file's facts, as a measure of their size."""
    return 20 + len(facts.symbols) + len(facts.imports) + len(facts.calls) + len(facts.flows) if facts else 1


_cache: Recent[tuple[str, str, str], ModuleFacts] = Recent(_MAX_ROWS, row_count)
_lock = Lock()


def parsed(document: Document, module: str) -> ModuleFacts:
    """The facts of a document under a module name; those of an open document are cached."""
    path = document.path
    if not document.open:
        return parse_file(path, file_kind(path), document.text, module)
    key = (path, module, document.sha256)
    with _lock:
        found = _cache.fetch(key)
    if found is None:
        found = parse_file(path, file_kind(path), document.text, module)
        with _lock:
            for old in [k for k in _cache if k[:2] == key[:2]]:
                del _cache[old]  # facts from before an edit are not needed again
            _cache[key] = found
    return found
