"""What the language server uses in addition to the public API: the indexer and jedi processes, and functions that both sides share.
`lsp_server` imports from `adapter_core`, this module, `errors`, `types`, `paths`, `isolation` and `streams`, and nothing else."""

from __future__ import annotations

from .answers.export import join_reasons, with_claims
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
    "join_reasons",
    "open_reader",
    "with_claims",
]
