"""What the language server rests on beside the public API: the processes that keep an index and ask jedi, and what both sides have to do
alike. With `errors`, `types`, `paths`, `isolation` and `streams` it is all that `lsp_server` knows of this package."""

from __future__ import annotations

from .answers.export import one_reason, with_claims
from .answers.inert import code
from .graph.discovery.discover import DiscoverOptions, discover_some, is_folder
from .graph.memory.momentary import forget_all
from .graph.processes.indexer import Indexer, open_reader
from .graph.processes.jedi_client import Inspection, JediClient
from .graph.source import hash_lines, is_python

__all__ = [
    "DiscoverOptions",
    "Indexer",
    "Inspection",
    "JediClient",
    "code",
    "discover_some",
    "forget_all",
    "hash_lines",
    "is_folder",
    "is_python",
    "one_reason",
    "open_reader",
    "with_claims",
]
