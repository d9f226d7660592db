"""The conversations of one client, which questions with the same id continue."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter_core import Conversation

_MAX_CONVERSATIONS = 32


class Conversations:
    """The most recently used conversations, by the client's id and the folder (its real path). Used from several threads.

    Callers work on a copy and store it as a whole: a question that is retried or cancelled leaves no trace.
    """

    def __init__(self) -> None:
        self._conversations: OrderedDict[tuple[str, str], Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def copy_of(self, name: str, folder: str) -> Conversation:
        """The conversation so far; a new one where there is none."""
        from adapter_core import Conversation

        with self._lock:
            stored = self._conversations.get((name, folder))
            return Conversation(list(stored.turns), list(stored.evidence)) if stored is not None else Conversation()

    def keep(self, name: str, folder: str, conversation: Conversation) -> None:
        """Store a conversation; the least recently used one is dropped if there are too many."""
        with self._lock:
            self._conversations[(name, folder)] = conversation
            self._conversations.move_to_end((name, folder))
            while len(self._conversations) > _MAX_CONVERSATIONS:
                self._conversations.popitem(last=False)
