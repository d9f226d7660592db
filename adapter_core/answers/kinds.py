"""What kind of answer a question wants: that of `evidence.question`, and two that only answering tells apart."""

from __future__ import annotations

import re

from ..evidence.question import Question

_IMPACT = re.compile(
    r"\bwhat (?:if|happens? (?:if|when)|breaks?|would break|else (?:has to|must|needs? to)|depends on|is affected)\b[^?]*"
    r"\b(?:chang|renam|remov|delet|modif|break|depend|affect|refactor)|"
    r"\b(?:impact|effects?|consequences?) of (?:a change|changing|renaming|removing|deleting|modifying|refactoring)\b|"
    r"\bwhat (?:depends on|breaks if)\b|\bif (?:i|we|you|one) (?:change|rename|remove|delete|modify|refactor)\b",
    re.I,
)
_COUNT = re.compile(r"\bhow (?:many|often)\b|\bnumber of\b", re.I)
_INHERITANCE = re.compile(
    r"\b(?:overrid\w+|subclass\w*|inherits?|inherited|extends|extended by|derives?|implementations? of)\b", re.I
)
_REGISTERED = re.compile(r"\b(?:registered|hooked|plugged|passed|wired)\b", re.I)


def answer_kind(question: Question) -> str:
    """impact | count | inheritance | registered | callers | tests | where | why | how | what | overview | other."""
    text = question.text[:300]
    if _IMPACT.search(text):
        return "impact"
    if _COUNT.search(text):
        return "count"
    if question.kind in ("what", "where", "callers", "other") and _INHERITANCE.search(text):
        return "inheritance"
    if question.kind in ("where", "callers", "how") and _REGISTERED.search(text):
        return "registered"
    return question.kind
