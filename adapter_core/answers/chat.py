"""Recognises text that is no question about a repository: greetings, thanks, random keys. The reply says what can be asked."""

from __future__ import annotations

import re

WHAT_CAN_BE_ASKED = (
    "I answer questions about this workspace: where something is defined, what it does, how it works, what its defaults are, who calls it, "
    "where an error is raised, which tests cover it, or what breaks if it changes."
)
_MOST_WORDS = 8
_CHAT = frozenset(
    "hello hi hey hiya howdy yo hallo bonjour hola greetings good morning afternoon evening night day bye goodbye cheers ciao later "
    "thanks thank thx ty tysm please ok okay k cool great nice awesome perfect fine sure yes yeah yep yup no nope nah lol haha wow sorry "
    "help hmm um uh oops well done a an the lot very much so for that this it is was you your there all everyone and again my friend i "
    "am me how are who what can do ask to use does work doing going up be whats sup joke tell".split()
)
# Chat has at least one of these words: "what is this" is a question.
_CHAT_ONLY = frozenset(
    "hello hi hey hiya howdy yo hallo bonjour hola greetings morning afternoon evening night bye goodbye cheers ciao thanks thank thx ty "
    "tysm ok okay k cool great nice awesome perfect fine yes yeah yep yup no nope nah lol haha wow sorry help hmm um uh oops sup joke "
    "you".split()
)
_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz", "1234567890")
_MIN_MASH_CHARS = 4  # of a word of neighbouring keys


def is_chat(text: str) -> bool:
    """Whether a text asks nothing that a repository could answer. Text with code is always a question."""
    words = re.findall(r"[^\W_]+", text.lower().replace("'", ""))
    if re.search(r"[`_()/\\]|\w\.\w", text) or len(words) > _MOST_WORDS:
        return False
    if not words:
        return True
    if all(_is_key_mash(word) for word in words):
        return True
    return set(words) <= _CHAT and bool(_CHAT_ONLY & set(words))


def _is_key_mash(word: str) -> bool:
    """Whether a word consists mostly of neighbouring keys: "asdf", "qwertz", "sdfsdfsdf"."""
    if len(word) < _MIN_MASH_CHARS:
        return False
    runs = {row[i : i + 3] for row in _KEYBOARD_ROWS for i in range(len(row) - 2)}
    hits = sum(word[i : i + 3] in runs for i in range(len(word) - 2))
    return 2 * hits >= len(word) - 2
