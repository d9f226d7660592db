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
        # Each with what it was before its last question, which may be asked again.
        self._conversations: OrderedDict[tuple[str, str], tuple[Conversation, Conversation]] = OrderedDict()
        self._lock = threading.Lock()

    def copy_of(self, name: str, folder: str, again: str | None = None) -> Conversation:
        """The conversation so far; a new one where there is none. `again`: a question that is asked anew; if it is the last one, the
        conversation before it."""
        from adapter_core import Conversation

        with self._lock:
            stored = self._conversations.get((name, folder))
            if stored is None:
                return Conversation()
            now, before = stored
            asked = before if again is not None and now.turns and now.turns[-1].question == again else now
            return Conversation(list(asked.turns), list(asked.evidence))

    def keep(self, name: str, folder: str, conversation: Conversation, before: Conversation) -> None:
        """Store a conversation, and what it was `before` its last question. Of too many, the least recently used one is dropped."""
        with self._lock:
            self._conversations[(name, folder)] = (conversation, before)
            self._conversations.move_to_end((name, folder))
            while len(self._conversations) > _MAX_CONVERSATIONS:
                self._conversations.popitem(last=False)
