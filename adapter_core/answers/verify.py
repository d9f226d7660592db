"""Does a sentence rest on the lines it cites?

Checked, not believed: every identifier, number and quoted string of the sentence must occur in the cited lines, or be the name of
a definition that encloses them, or part of their path. A sentence with nothing to check is unsupported.

What is not checked yet is the relation: that `a` calls `b`, when both occur, is believed of a sentence that a model wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..graph import terms
from ..types import Citation, Claim
from .citations import check, cited_text
from .inert import prose

_CODE = re.compile(r"(?<!`)(`+)(?!`)\s?(.+?)\s?(?<!`)\1(?!`)")
_QUOTED = re.compile(r"[“\"]([^“”\"]{2,})[”\"]")
_IDENTIFIER = re.compile(
    r"(?<![\w.])_*[A-Za-z]\w*(?:\.\w+)+|\b\w*_\w+\b|\b[a-z]+[A-Z]\w*\b|\b[A-Z][a-z0-9]+[A-Z]\w*\b|\b[A-Za-z_]\w*(?=\(\))"
)
_NUMBER = re.compile(r"(?<![\w.])-?\d(?:[\w.]*\w)?")
_NAME = re.compile(r"[^\W\d]\w*")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
# Words of Python that need not stand in the lines to be said about them.
_FREE = frozenset(
    "None True False self cls def class return async await lambda not and or in is if else import from raise".split()
)


@dataclass(frozen=True, slots=True)
class Support:
    """`ok`, and otherwise what is missing."""

    ok: bool
    reason: str = ""


def supports(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> Support:
    """Whether the cited lines, all together, hold what the sentence names."""
    names, numbers, quotations = _to_check(sentence)
    if not (names or numbers or quotations):
        return Support(False, "names nothing that could be checked")
    text = cited_text(graph, citations)
    known = set(_NAME.findall(text)) | _context_names(graph, citations) | _FREE
    for name in names:
        missing = [part for part in _NAME.findall(name) if part not in known]
        if missing:
            return Support(False, f"`{missing[0]}` does not occur in the cited lines")
    here = _numbers(text)
    for number in numbers:
        if number not in here:
            return Support(False, f"the number {number} does not occur in the cited lines")
    spoken = (_plain_words(text), _plain_words(prose(text)))
    for quotation in quotations:
        if not any(_contains(words, _plain_words(quotation)) for words in spoken):
            return Support(False, "the quotation does not occur in the cited lines")
    return Support(True)


def verify_claim(graph: CodeGraph, claim: Claim) -> tuple[Claim, str]:
    """The claim with its citations checked at this moment, and why it may not be shown ("" if it may)."""
    checked = tuple(check(graph, c) for c in claim.citations)
    if not checked:
        return claim, "has no citation"
    if not all(c.resolves for c in checked):
        return replace(claim, citations=checked), "cites lines that do not exist"
    if not all(c.fresh for c in checked):
        return replace(claim, citations=checked), "cites lines that have changed"
    support = supports(graph, claim.text, checked)
    checked = tuple(replace(c, supports=support.ok) for c in checked)
    return replace(claim, citations=checked), support.reason


def _to_check(sentence: str) -> tuple[list[str], list[str], list[str]]:
    names: list[str] = []
    numbers: list[str] = []
    quotations: list[str] = []
    rest = sentence
    for match in _QUOTED.finditer(sentence):
        if "`" not in sentence[: match.start()] or sentence[: match.start()].count("`") % 2 == 0:
            quotations.append(match[1])
            rest = rest.replace(match.group(), " ")
    for match in _CODE.finditer(rest):
        inner = match[2]
        quotations.extend(g for m in _LITERAL.finditer(inner) for g in m.groups() if g and _NAME.search(g))
        inner = _LITERAL.sub(" ", inner)
        numbers.extend(_numbers(inner))
        if _NAME.search(inner):
            names.append(inner)
    rest = _CODE.sub(" ", rest)
    names.extend(_IDENTIFIER.findall(rest))
    numbers.extend(_numbers(rest))
    return names, numbers, quotations


def _context_names(graph: CodeGraph, citations: tuple[Citation, ...]) -> set[str]:
    """Names that a reader of `path:line` sees without reading the line: its path, and the definitions around it."""
    names: set[str] = set()
    for citation in citations:
        span = citation.span
        facts = graph.facts(span.path)
        names.update(_NAME.findall(span.path))
        if facts is None:
            continue
        names.update(facts.module.split("."))
        for symbol in facts.symbols[1:]:
            if symbol.start <= span.start and span.end <= symbol.end:
                names.update(_NAME.findall(symbol.qualname))
    return names


def _plain_words(text: str) -> list[str]:
    return [w.lower() for w in terms.words(text)]


def _numbers(text: str) -> set[str]:
    """Numbers as written, signs kept, digit separators not. Digits within names (`sha256`) are none."""
    return {n.replace("_", "") for n in _NUMBER.findall(text)}


def _contains(words: list[str], part: list[str]) -> bool:
    """Whether `part` occurs in `words` without a gap: a word left out may be a "not"."""
    if not part:
        return True
    starts = (i for i, word in enumerate(words) if word == part[0])
    return any(words[i : i + len(part)] == part for i in starts)
