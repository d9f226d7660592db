"""Splits questions of several parts: "who raises `Late` and who catches it?" asks two things about one name."""

from __future__ import annotations

import re

_MAX_CHARS = 300
_MAX_PARTS = 4
_NEXT = re.compile(r"(?:[?;,]|\.(?=\s)|\band\b)[\s,]*(?:and\s+)?(?=(?:who|what|where|which|when|how|why)\b)", re.I)
_NAME = re.compile(r"`[^`\n]+`|\b[A-Za-z_]\w*(?:\.\w+)+|\b[A-Za-z]+(?:_\w+|[a-z][A-Z]\w*)|(?<=[a-z] )[A-Z][a-z]+\b")
_OPENING = re.compile(r"\W*\w+")  # its capital says nothing
_PRONOUN = re.compile(r"\b(?:it|them|this one|that one)\b(?!')", re.I)


def split_question(question: str) -> list[str]:
    """The parts of a question, with "it" replaced by the last name; the question itself if it has one part."""
    parts = [part.strip() for part in _NEXT.split(question[:_MAX_CHARS]) if part.strip(" ?.,")]
    if not 1 < len(parts) <= _MAX_PARTS:
        return [question]
    resolved: list[str] = []
    last_name = ""
    for part in parts:
        own_name = _NAME.search(part, opening.end() if (opening := _OPENING.match(part)) else 0)
        resolved.append(
            part if own_name or not last_name else _PRONOUN.sub(lambda _, name=last_name: name, part, count=1)
        )
        last_name = own_name.group() if own_name else last_name
    return resolved
