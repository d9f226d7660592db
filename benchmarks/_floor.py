"""The floor of reading a repository: a bare `ast.parse` of each file, in processes that import nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

_PARSE = """
import ast, sys
for path in sys.stdin.read().split("\\0"):
    try:
        with open(path, "rb") as file:
            ast.parse(file.read())
    except (SyntaxError, ValueError):
        continue
"""


def floor(files: Sequence[str], processes: int) -> None:
    """Files are dealt out in turn by size. Raises `RuntimeError` where a process fails."""
    by_size = sorted(files, key=lambda f: -os.path.getsize(f))
    command = [sys.executable, "-I", "-W", "ignore", "-c", _PARSE]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(processes)]
    for number, started in enumerate(children):
        assert started.stdin
        started.stdin.write("\0".join(by_size[number::processes]).encode())
        started.stdin.close()
    codes = [started.wait() for started in children]
    if any(codes):
        raise RuntimeError("a process of the floor failed")
