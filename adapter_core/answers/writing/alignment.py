"""Sentences that the model wrote: align each to the lines that support it best. What cannot be aligned is dropped.

The model is never asked for a path or a line. The server finds the tightest window of the packed evidence that holds what the
sentence names, and the checks of `verify.py` then decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...graph import terms
from ...types import Evidence
from ..checking.third_person import third_person
from ..foreign import strip_citations
from ..inert import prose

_END = re.compile(r"(?<=[.!?])[\"'”)]*\s+(?=[A-Z`\"'(])|\n+")
# What may be left in one sentence once it is plain: each part must hold by itself.
_INNER_END = re.compile(r"(?<=[\w`)”\"'][.!?])\s+")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|a\.k\.a|etc|vs|cf|approx|resp)\.\Z", re.I)
_OPEN_END = re.compile(r"[\w`)”\"']\s*\Z")
_CUT_OFF = re.compile(
    r"\b(?:to|of|in|on|with|for|by|from|as|at|the|an?|and|or|is|are|if|unless|when|that|which)[\"'”)*]*\.\Z", re.I
)
_CLOSED_END = re.compile(r"[.!?][\"'”)`*\\]*\Z")
_NAME_FIRST = re.compile(r"\w*[_.(]\w*|[a-z]+[A-Z]")  # a name without backticks may be small
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_EVIDENCE_MARK = re.compile(r"\s*\[\d+\](?:,?\s*\[\d+\])*")
_LINES = re.compile(
    r"\s*\((?:see |at |on |in )?lines? \d+(?:\s*[-\u2013]\s*\d+)?\)|^\s*lines? \d+(?:\s*[-\u2013]\s*\d+)?:\s*", re.I
)
_FENCE = re.compile(r"^\s*(```|~~~)")
# After these a part of a sentence cannot be left out: what stands before would say more than was said.
BINDING = re.compile(
    r"\W*(?:or|if|unless|when|whenever|except|but|only|otherwise|not|without|until|instead|rather|else|nor|as long|while|in case|"
    r"provided|and/or|so|to|e\.g|i\.e)\b",
    re.I,
)
# What begins with these can be left out, where it is no part of a list.
_CLAUSE = re.compile(
    r"(?<=.{12})(?:, (?=(?:which|who|whose|where|as|since|because|such as|including|based on|using|for example|\w+ing)\b)| (?=\()|; "
    r"| [-\u2013\u2014] |: | (?=which )| (?=and (?:\w+ly )?(?P<verb>\w+)))"
)
_COLON = re.compile(r": ")
_LISTING = re.compile(r"\b(?:either|both|neither|between|order|following|follows|these|this)\b(?: \w+)*$", re.I)
_MIN_TERMS = 3
_PIECES = 3  # that are tried: the words of a sentence may stand in one and what it says in another


class SentenceSplitter:
    """Feeds of text in, whole sentences out. Code blocks are skipped: they are not sentences."""

    def __init__(self) -> None:
        self._rest = ""
        self._in_code = False

    def feed(self, text: str) -> Iterator[str]:
        self._rest += text
        while True:
            ends = _END.finditer(self._rest)
            match = next((m for m in ends if not _ABBREVIATION.search(self._rest[: m.start()])), None)
            if match is None:
                return
            sentence, self._rest = self._rest[: match.start()], self._rest[match.end() :]
            yield from self._clean(sentence)

    def finish(self) -> Iterator[str]:
        """The unfinished last sentence counts only if it ends like one: a cut-off sentence is not what was meant."""
        rest, self._rest = self._rest.strip(), ""
        if rest.endswith((".", "!", "?", ".`", ".”")):
            yield from self._clean(rest)

    def _clean(self, sentence: str) -> Iterator[str]:
        if _FENCE.match(sentence):
            self._in_code = not self._in_code
            return
        if self._in_code:
            return
        listed = _LIST_MARK.match(sentence) is not None
        sentence = _LINES.sub("", sentence)
        # Places are the server's to find: what the model wrote of them is taken out.
        sentence = strip_citations(_EVIDENCE_MARK.sub("", _LIST_MARK.sub("", sentence)))[0].replace('"""', "").strip()
        if listed and _OPEN_END.search(sentence):
            sentence += "."  # items of lists are often written without
        for part in _parts(prose(sentence)):
            if len(part.split()) >= 3:
                yield part


def is_whole(sentence: str) -> bool:
    """Whether it begins and ends as a sentence does: small models break off in the middle of a line, or write code."""
    first = sentence.lstrip("\"'“(\\*")[:1]
    begins = first.isupper() or first.isdigit() or first == "`" or _NAME_FIRST.match(sentence) is not None
    return begins and _CLOSED_END.search(sentence) is not None and _CUT_OFF.search(sentence) is None


def shorter(sentence: str) -> Iterator[str]:
    """Beginnings of a sentence that can stand alone, the longest first: without its last further clauses, brackets and asides. None is cut
    in the middle of a list, or where what follows takes back or limits what stands before."""
    colon = _COLON.search(sentence)
    for cut in reversed([*_CLAUSE.finditer(sentence)]):
        begin = sentence[: cut.start()].rstrip(",")
        closed = begin.count("`") % 2 == 0 and begin.count("(") == begin.count(")")
        listed = _LISTING.search(begin) or (colon is not None and colon.start() < cut.start())
        # "skip and skipif marks": what is joined is no clause, where no verb follows.
        listed = listed or bool(cut["verb"] and third_person(cut["verb"]) != cut["verb"])
        if closed and not listed and not BINDING.match(sentence, cut.start()):
            yield f"{begin}."


def _parts(text: str) -> Iterator[str]:
    """The sentences of a text, code spans and abbreviations kept whole."""
    start = 0
    for match in _INNER_END.finditer(text):
        before = text[start : match.start()]
        if before.count("`") % 2 == 0 and not _ABBREVIATION.search(before):
            yield before
            start = match.end()
    yield text[start:]


def align(sentence: str, evidence: tuple[Evidence, ...], max_lines: int) -> list[tuple[str, int, int]]:
    """Where a sentence may stand, best first, as (path, start, end) of at most `max_lines` lines each: of the pieces of evidence that share
    most with it the tightest window that does, then the first lines of the best piece as a whole."""
    wanted = set(terms.terms_of(sentence))
    if len(wanted) < _MIN_TERMS:
        return []
    found: list[tuple[float, Evidence, int, int]] = []
    for item in evidence:
        best = _tightest(item, wanted, max_lines)
        if best is not None:
            found.append((best[0], item, best[1], best[2]))
    found.sort(key=lambda f: -f[0])
    places = [(item.span.path, start, end) for _, item, start, end in found[:_PIECES]]
    if found:
        span = found[0][1].span
        places.append((span.path, span.start, min(span.end, span.start + max_lines - 1)))
    return list(dict.fromkeys(places))


def _tightest(item: Evidence, wanted: set[str], max_lines: int) -> tuple[float, int, int] | None:
    """The value of the window of a piece that shares most with the sentence, and its first and last line."""
    lines = item.text.split("\n")
    # The name of what it is about need not stand in the lines.
    sought = wanted - set(terms.terms_of(item.symbol))
    present = [set(terms.terms_of(line)) & sought for line in lines]
    best: tuple[float, int, int] | None = None
    for start in range(len(lines)):
        if not present[start]:
            continue
        held: set[str] = set()
        for end in range(start, min(len(lines), start + max_lines)):
            if not present[end] - held:
                continue
            held |= present[end]
            # Compounds (`dispatch_request`) weigh more than single words; a line more costs a little.
            value = sum(1 + len(t) / 8 for t in held) - 0.15 * (end - start)
            if best is None or value > best[0]:
                best = (value, item.span.start + start, item.span.start + end)
    return best
