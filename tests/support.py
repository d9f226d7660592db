"""Workspaces as strings: files under `#- path` headers, the cursor as `$0`."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from adapter_core.code_graph import CodeGraph

HEADER = "#- "


def split_fixture(fixture: str) -> dict[str, str]:
    """Path to text. Lines before the first header are not allowed."""
    files: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in textwrap.dedent(fixture).lstrip("\n").split("\n"):
        if line.startswith(HEADER):
            current = files.setdefault(line[len(HEADER) :].strip(), [])
        elif current is None:
            raise ValueError(f"a line before the first header: {line!r}")
        else:
            current.append(line)
    return {path: "\n".join(lines).rstrip("\n") + "\n" for path, lines in files.items()}


def write_tree(root: Path, fixture: str) -> Path:
    for path, text in split_fixture(fixture).items():
        write(root, path, text)
    return root


def write(root: Path, path: str, content: str | bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    # Timestamps within the clock's grain would have every file read again, and hide that unchanged ones are not.
    old = file.stat().st_mtime_ns - 10_000_000_000
    os.utime(file, ns=(old, old))
    return file


def graph_of(root: Path, fixture: str) -> CodeGraph:
    return CodeGraph.load_or_build(write_tree(root, fixture))
