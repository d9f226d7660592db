"""Progress of long work for the user: one line on stderr, in a terminal only; installations also report it elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .common import printable

if TYPE_CHECKING:
    from ..models.store import Progress as Installing

_SHOWN = 40  # characters of a file's name, its last ones
# Of the installation of a model.
_STAGES = {
    "wait": "Waiting for another Pathline that installs it",
    "download": "Downloading the model",
    "verify": "Checking the download",
    "extract": "Unpacking",
    "convert": "Converting (about half a minute, once)",
    "check": "Checking",
}


class Bar:
    """A context manager that removes the line at its end. Drawn from the first `show` on, so that short work shows nothing."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._task: Any = None
        self._stage = ""

    def show(self, stage: str, done: int, total: int, current: str) -> None:
        """Update the line. `stage`: the label before the bar; `total` 0: not known yet. `current`: the current file."""
        if self._bars is None:
            if not sys.stderr.isatty():
                return
            self._start()
        if stage != self._stage:
            self._stage = stage
            self._bars.reset(self._task, description=stage)
        self._bars.update(self._task, completed=done, total=total or None, file=printable(current[-_SHOWN:]))

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        # A repository may give its files any name: brackets are no markup there.
        file = TextColumn("{task.fields[file]}", style="dim", markup=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), file)
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars.start()
        self._task = self._bars.add_task("", file="")

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._stage = ""


@contextmanager
def show_installing() -> Iterator[Installing]:
    """A progress callback for installations: a bar on stderr if that is a terminal, else one line for each stage."""
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        current = ""

        def report(stage: str, done: int, total: int) -> None:
            nonlocal current
            if stage != current:
                current = stage
                bars.reset(task, description=_STAGES.get(stage, stage))
            bars.update(task, completed=done, total=total or None)

        yield report


def _plain_progress() -> Installing:
    current = ""

    def report(stage: str, done: int, total: int) -> None:
        nonlocal current
        if stage != current:
            current = stage
            size = f" ({total // 1_000_000} MB)" if total > 1_000_000 else ""
            print(f"{_STAGES.get(stage, stage)}{size}…", file=sys.stderr, flush=True)

    return report
