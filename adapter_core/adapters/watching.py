"""Progress reports and cancellation of long work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..types import CancelToken, is_cancelled

# Called with a stage's name, the amount done, the total (0: unknown), and the current item or a remark.
Progress = Callable[[str, int, int, str], None]


def _no_progress(stage: str, done: int, total: int, current: str) -> None:
    """A progress callback that does nothing."""


@dataclass(frozen=True, slots=True)
class Watcher:
    progress: Progress = _no_progress
    cancel: CancelToken | None = None

    @property
    def stopped(self) -> bool:
        return is_cancelled(self.cancel)


UNWATCHED = Watcher()
