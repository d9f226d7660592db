"""What the user sees of work that takes long: one line on stderr, in a terminal only."""

from __future__ import annotations

import sys
from typing import Any

from .common import printable

_SHOWN = 40  # characters of a file's name, its last ones


class Bar:
    """A context manager: the line is gone behind it. Drawn from the first `show` on, so that work of a moment shows nothing."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._task: Any = None
        self._stage = ""

    def show(self, stage: str, done: int, total: int, current: str) -> None:
        """`stage`: what is being done, as it stands before the bar; `total` 0: not known yet. `current`: the file at hand."""
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
