"""What English says with "again" or "back", and code with a prefix: `requeue` of "put back on the queue"."""

from __future__ import annotations

import re

from ..graph import terms
from .everyday import Phrase
from .vocabulary import STOP_WORDS

_AGAIN = re.compile(
    r"(?P<before>(?:[\w'-]+ ){1,5})(?P<again>(?<!and )again(?! and again)|anew|once more|(?:a second|another|one more|a further) time)\b",
    re.I,
)
_BACK = re.compile(
    r"\bback (?:in|on|into|onto|to|at)(?: the| a| an| its| their| their own)? (?P<noun>[A-Za-z]{3,})", re.I
)
# `report` is no second port, and what is said again is no `removed`.
_OTHER_MEANING = frozenset(
    """act ally bate bound cord count cover dress fer flex form fuse fund gain gard gister late lax lay lease lief ply port pose present
    quest quire sent serve side sign sist solve sort source spect spond store strict sult tail tire tract trench turn veal
    view vise volt ward
    move place lay main peat""".split()
)
_LONGEST = 20


def repeating_terms(text: str) -> dict[Phrase, tuple[str, ...]]:
    """For each word of a text that is done or filled "again": the phrase, and the terms by which code may name it. Most of them are no
    words, and so occur in no code."""
    found: dict[Phrase, tuple[str, ...]] = {}
    for match in _AGAIN.finditer(text):
        for word in terms.words(match["before"]):
            _add(word.lower(), match["again"].lower(), found)
    for match in _BACK.finditer(text):
        _add(match["noun"].lower(), "back", found)
    return found


def _add(word: str, again: str, found: dict[Phrase, tuple[str, ...]]) -> None:
    root = terms.stem(word)
    if word in STOP_WORDS or not word.isalpha() or not 3 <= len(word) <= _LONGEST or {word, root} & _OTHER_MEANING:
        return
    phrase = (word, *again.split())
    # A compound such as `re_queue` is not stemmed.
    found[phrase] = tuple(dict.fromkeys((terms.stem("re" + word), "re" + root, "re" + word, "reen" + root)))
