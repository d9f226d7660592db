"""Questions of several parts: "who raises `Late` and who catches it?" asks two things of one name."""

from __future__ import annotations

import re

_MAX_CHARS = 300
_MAX_PARTS = 4
_NEXT = re.compile(r"(?:[?;,]|\.(?=\s)|\band\b)[\s,]*(?:and\s+)?(?=(?:who|what|where|which|when|how|why)\b)", re.I)
_NAME = re.compile(r"`[^`\n]+`|\b[A-Za-z_]\w*(?:\.\w+)+|\b[A-Za-z]+(?:_\w+|[a-z][A-Z]\w*)|(?<=[a-z] )[A-Z][a-z]+\b")
_OPENING = re.compile(r"\W*\w+")  # its capital says nothing
_PRONOUN = re.compile(r"\b(?:it|them|this one|that one)\b(?!')", re.I)


def parts_of(question: str) -> list[str]:
    """The parts of a question, each with the name in the place of its "it"; the question itself where it asks one thing."""
    parts = [part.strip() for part in _NEXT.split(question[:_MAX_CHARS]) if part.strip(" ?.,")]
    if not 1 < len(parts) <= _MAX_PARTS:
        return [question]
    found: list[str] = []
    named = ""
    for part in parts:
        own = _NAME.search(part, opening.end() if (opening := _OPENING.match(part)) else 0)
        found.append(part if own or not named else _PRONOUN.sub(lambda _, name=named: name, part, count=1))
        named = own.group() if own else named
    return found
