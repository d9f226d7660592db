"""The version of an index: a hash of the code that determines its content, so that no number has to be maintained."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

# Modules whose change can change a stored row.
_SHAPING = """
    discovery/discover discovery/roots indexing/batch irregular parsing/blocks parsing/complete parsing/define parsing/exports
    parsing/extract parsing/fields parsing/layout parsing/limited parsing/line_starts parsing/newer parsing/parse
    parsing/patterns parsing/quotes parsing/recover parsing/repair parsing/scope parsing/textfacts parsing/tree source
    storage/codec storage/columns storage/postings storage/rows storage/sealed storage/segments storage/sstable
    storage/store storage/uses terms
""".split()


@functools.cache
def index_version(schema: str) -> str:
    digest = hashlib.sha256(schema.encode())
    graph = Path(__file__).parent.parent
    for file in (graph.parent / "types.py", *(graph / f"{name}.py" for name in _SHAPING)):
        # Line ends differ between checkouts.
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
