"""Sets of wordings (`wordings/*.txt`) in which facts about a repository are told: `{s}` the subject, `{o}` the object, `{e}` the value or
the condition.

The verifier was made with the first seven sets (`1-7.txt`), and its model of relations is fitted to all of them (`fit_roles.py`). The
eighth was written before the verifier was last changed by reading sets, measured once, and only then looked at.
"""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).with_name("wordings")
FIRST, EIGHTH = FOLDER / "1-7.txt", FOLDER / "8.txt"


@functools.cache
def sections(path: Path) -> dict[str, list[str]]:
    """The lines below each heading `# name`."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in path.read_text("utf-8").split("\n"):
        if line.startswith("# "):
            own = found.setdefault(line[2:], [])
        elif line:
            own.append(line)
    return found
