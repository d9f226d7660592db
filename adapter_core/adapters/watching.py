"""Who waits for something that takes long: is told how far it is, and may stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..types import CancelToken, is_cancelled

# Called with a stage's name, what is done of it and the total (0: unknown), and what is worked on or a remark.
Progress = Callable[[str, int, int, str], None]


def _nobody(stage: str, done: int, total: int, current: str) -> None:
    """The progress of those who do not want to know."""


@dataclass(frozen=True, slots=True)
class Watcher:
    progress: Progress = _nobody
    cancel: CancelToken | None = None

    @property
    def stopped(self) -> bool:
        return is_cancelled(self.cancel)


UNWATCHED = Watcher()
