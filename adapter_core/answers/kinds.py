"""What kind of answer a question wants: that of `evidence.question`, and two that only answering tells apart."""

from __future__ import annotations

import re

from ..code_graph import CodeGraph
from ..evidence.question import Question
from ..types import SymbolRef

# Kinds that ask for links of a symbol, and not for what it does.
LINKS = ("count", "impact", "inheritance", "registered", "callers", "tests")

_IMPACT = re.compile(
    r"\bwhat (?:if|happens? (?:if|when)|breaks?|would break|else (?:has to|must|needs? to)|depends on|is affected)\b[^?]*"
    r"\b(?:chang|renam|remov|delet|modif|break|depend|affect|refactor)|"
    r"\b(?:impact|effects?|consequences?) of (?:a change|changing|renaming|removing|deleting|modifying|refactoring)\b|"
    r"\bwhat (?:depends on|breaks if)\b|\bif (?:i|we|you|one) (?:change|rename|remove|delete|modify|refactor)\b",
    re.I,
)
_COUNT = re.compile(r"\bhow (?:many|often)\b|\bwhat is the number of\b|^\W*count\b", re.I)
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


def named_classes(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """ "How many methods does Router have?": in a question about links, a plain word with a capital is a class where there is one of
    that name."""
    if answer_kind(question) not in LINKS:
        return []
    words = [w for w in question.words if w[:1].isupper()]
    return [r for w in words for r in graph.find_symbol(w)[:1] if r.symbol.kind == "class"]
