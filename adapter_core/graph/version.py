"""The version of what an index holds: a hash of the code that shapes it, so that nobody has to remember to raise a number."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

# Modules whose change can change a stored row.
_SHAPING = """
    batch blocks codec columns complete define discover exports extract fields layout limited line_starts newer parse patterns
    postings quotes recover repair roots rows scope sealed segments source sstable store terms textfacts uses
""".split()


@functools.cache
def index_version(schema: str) -> str:
    digest = hashlib.sha256(schema.encode())
    here = Path(__file__)
    for file in (here.parent.parent / "types.py", *(here.with_name(f"{name}.py") for name in _SHAPING)):
        # Line ends differ between checkouts.
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
