"""What the language server rests on beside the public API: the processes that keep an index and ask jedi, and what both sides have to do
alike. With `errors`, `types`, `paths`, `isolation` and `streams` it is all that `lsp_server` knows of this package."""

from __future__ import annotations

from .answers.inert import code
from .graph.discovery.discover import DiscoverOptions, discover_some, is_folder
from .graph.memory.request_cache import clear_request_caches
from .graph.processes.indexer import Indexer, open_reader
from .graph.processes.jedi_client import Inspection, JediClient
from .graph.source import hash_lines, is_python

__all__ = [
    "DiscoverOptions",
    "Indexer",
    "Inspection",
    "JediClient",
    "clear_request_caches",
    "code",
    "discover_some",
    "hash_lines",
    "is_folder",
    "is_python",
    "open_reader",
]
