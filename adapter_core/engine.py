"""What the language server uses in addition to the public API: the indexer and jedi processes, and functions that both sides share.
`lsp_server` imports from `adapter_core`, this module, `errors`, `types`, `paths`, `isolation` and `streams`, and nothing else."""

from __future__ import annotations

from .answers.export import join_reasons, with_claims
from .answers.inert import code
from .graph.discovery.discover import DiscoverOptions, discover_some, in_skipped_folder, is_folder, may_be_indexed
from .graph.memory.request_cache import clear_request_caches
from .graph.processes.indexer import Indexer, open_reader
from .graph.processes.jedi_client import Inspection, JediClient
from .graph.source import MAX_FILE_BYTES, hash_lines, is_python, read_source


def points_only_at_cursor(question: str) -> bool:
    """See `answers.pointing`, which loads NumPy, for which a server has no time at its start."""
    from .answers import pointing

    return pointing.points_only_at_cursor(question)


__all__ = [
    "MAX_FILE_BYTES",
    "DiscoverOptions",
    "Indexer",
    "Inspection",
    "JediClient",
    "clear_request_caches",
    "code",
    "discover_some",
    "hash_lines",
    "in_skipped_folder",
    "is_folder",
    "is_python",
    "join_reasons",
    "may_be_indexed",
    "open_reader",
    "points_only_at_cursor",
    "read_source",
    "with_claims",
]
