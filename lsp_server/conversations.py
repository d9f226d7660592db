"""The conversations of one client: what a question with the same id leans on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter_core import Conversation

_KEPT = 32


class Conversations:
    """The most recently used ones, by the client's id and the folder that was asked (its real path). Used from several threads.

    Copies go out and come back whole: a question that is asked twice, or was cancelled, leaves no trace in them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def copy_of(self, name: str, folder: str) -> Conversation:
        """The conversation so far; a new one where there is none."""
        from adapter_core import Conversation

        with self._lock:
            kept = self._kept.get((name, folder))
            return Conversation(list(kept.turns), list(kept.evidence)) if kept is not None else Conversation()

    def keep(self, name: str, folder: str, conversation: Conversation) -> None:
        """This is how it stands now; the one that was not used for longest goes."""
        with self._lock:
            self._kept[(name, folder)] = conversation
            self._kept.move_to_end((name, folder))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
