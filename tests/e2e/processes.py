"""Processes of a test: found by a mark in their environment, wherever they have been re-parented to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

import psutil

MARK = "PATHLINE_TEST_RUN"


def marked(environment: Mapping[str, str]) -> list[psutil.Process]:
    """Every living process that was started with this environment's mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == environment[MARK] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def servers(environment: Mapping[str, str]) -> list[psutil.Process]:
    """Those of them that serve: `... lsp`, with their children."""
    found: dict[int, psutil.Process] = {}
    for process in marked(environment):
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[-1:] == ["lsp"]:
                found[process.pid] = process
                found.update((child.pid, child) for child in process.children(recursive=True))
    return list(found.values())


def kill_marked(environment: Mapping[str, str]) -> None:
    """Ends whatever is left of a test."""
    left = marked(environment)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=10)


def wait_until(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = 60) -> None:
    """Waits until `condition()` is true; fails with `what` when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what() if callable(what) else what}: not after {seconds:.0f} s")
        time.sleep(0.1)


def describe(processes: list[psutil.Process]) -> str:
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(f"{process.pid}: {' '.join(process.cmdline())}")
    return "\n".join(lines)
