"""Splits a model's text into sentences and aligns each with the lines that support it best.

The model is never asked for a path or a line. The server finds the tightest window of the packed evidence that holds the terms of the
sentence, and the checks of `verify.py` then decide.
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
# Ends of sentences that are left within one: each part must hold by itself.
_INNER_END = re.compile(r"(?<=[\w`)”\"'][.!?])\s+")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|a\.k\.a|etc|vs|cf|approx|resp)\.\Z", re.I)
_OPEN_END = re.compile(r"[\w`)”\"']\s*\Z")
_CUT_OFF_END = re.compile(
    r"\b(?:to|of|in|on|with|for|by|from|as|at|the|an?|and|or|is|are|if|unless|when|that|which)[\"'”)*]*\.\Z", re.I
)
_CLOSED_END = re.compile(r"[.!?][\"'”)`*\\]*\Z")
_NAME_FIRST = re.compile(r"\w*[_.(]\w*|[a-z]+[A-Z]")  # a name without backticks may be in lower case
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_EVIDENCE_MARK = re.compile(r"\s*\[\d+\](?:,?\s*\[\d+\])*")
_LINES = re.compile(
    r"\s*\((?:see |at |on |in )?lines? \d+(?:\s*[-\u2013]\s*\d+)?\)|^\s*lines? \d+(?:\s*[-\u2013]\s*\d+)?:\s*", re.I
)
_FENCE = re.compile(r"^\s*(```|~~~)")
# A part of a sentence that begins with one of these cannot be left out: it limits what comes before it.
_LIMITING = re.compile(
    r"\W*(?:or|if|unless|when|whenever|except|but|only|otherwise|not|without|until|instead|rather|else|nor|as long|while|in case|"
    r"provided|and/or|so|to|e\.g|i\.e)\b",
    re.I,
)
# A part that begins with one of these can be left out, unless it is in a list.
_CLAUSE = re.compile(
    r"(?<=.{12})(?:, (?=(?:which|who|whose|where|as|since|because|such as|including|based on|using|for example|\w+ing)\b)| (?=\()|; "
    r"| [-\u2013\u2014] |: | (?=which )| (?=and (?:\w+ly )?(?P<verb>\w+)))"
)
_COLON = re.compile(r": ")
_LISTING = re.compile(r"\b(?:either|both|neither|between|order|following|follows|these|this)\b(?: \w+)*$", re.I)
_MIN_TERMS = 3
_MAX_PIECES = (
    3  # of evidence that are tried: the one that shares most words need not be the one that supports the sentence
)


class SentenceSplitter:
    """Splits streamed text into whole sentences. Code blocks are skipped."""

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
        """The last sentence, if it ends like one: a cut-off sentence may mean something else."""
        rest, self._rest = self._rest.strip(), ""
        if rest.endswith((".", "!", "?", ".`", ".”")):
            yield from self._clean(rest)

    def _clean(self, sentence: str) -> Iterator[str]:
        if _FENCE.match(sentence):
            self._in_code = not self._in_code
            return
        if self._in_code:
            return
        is_list_item = _LIST_MARK.match(sentence) is not None
        sentence = _LINES.sub("", sentence)
        # Citations are added by the server: those that the model wrote are removed.
        sentence = strip_citations(_EVIDENCE_MARK.sub("", _LIST_MARK.sub("", sentence)))[0].replace('"""', "").strip()
        if is_list_item and _OPEN_END.search(sentence):
            sentence += "."  # list items often have no full stop
        for part in _split_sentences(prose(sentence)):
            if len(part.split()) >= 3:
                yield part


def is_whole(sentence: str) -> bool:
    """Whether a text begins and ends like a sentence: small models break off in the middle of a line, or write code."""
    first = sentence.lstrip("\"'“(\\*")[:1]
    begins_well = first.isupper() or first.isdigit() or first == "`" or _NAME_FIRST.match(sentence) is not None
    return begins_well and _CLOSED_END.search(sentence) is not None and _CUT_OFF_END.search(sentence) is None


def shorter_beginnings(sentence: str) -> Iterator[str]:
    """Beginnings of a sentence that can stand alone, the longest first: without trailing clauses, brackets and asides. A sentence is not
    cut in the middle of a list, or before a part that limits or retracts what comes before it."""
    colon = _COLON.search(sentence)
    for cut in reversed([*_CLAUSE.finditer(sentence)]):
        beginning = sentence[: cut.start()].rstrip(",")
        is_closed = beginning.count("`") % 2 == 0 and beginning.count("(") == beginning.count(")")
        in_list = _LISTING.search(beginning) or (colon is not None and colon.start() < cut.start())
        # "skip and skipif marks": "and" does not begin a clause where no verb follows.
        in_list = in_list or bool(cut["verb"] and third_person(cut["verb"]) != cut["verb"])
        if is_closed and not in_list and not _LIMITING.match(sentence, cut.start()):
            yield f"{beginning}."


def _split_sentences(text: str) -> Iterator[str]:
    """The sentences of a text; not split within code spans and after abbreviations."""
    start = 0
    for match in _INNER_END.finditer(text):
        before = text[start : match.start()]
        if before.count("`") % 2 == 0 and not _ABBREVIATION.search(before):
            yield before
            start = match.end()
    yield text[start:]


def align(sentence: str, evidence: tuple[Evidence, ...], max_lines: int) -> list[tuple[str, int, int]]:
    """The places that may support a sentence, best first, as (path, start, end) of at most `max_lines` lines each: the best window in each
    of the three pieces of evidence that share most terms with it, then the first lines of the best piece."""
    sentence_terms = set(terms.terms_of(sentence))
    if len(sentence_terms) < _MIN_TERMS:
        return []
    windows: list[tuple[float, Evidence, int, int]] = []
    for item in evidence:
        best = _best_window(item, sentence_terms, max_lines)
        if best is not None:
            windows.append((best[0], item, best[1], best[2]))
    windows.sort(key=lambda f: -f[0])
    places = [(item.span.path, start, end) for _, item, start, end in windows[:_MAX_PIECES]]
    if windows:
        span = windows[0][1].span
        places.append((span.path, span.start, min(span.end, span.start + max_lines - 1)))
    return list(dict.fromkeys(places))


def _best_window(item: Evidence, sentence_terms: set[str], max_lines: int) -> tuple[float, int, int] | None:
    """(value, first line, last line) of the window of a piece that shares most terms with the sentence in fewest lines."""
    lines = item.text.split("\n")
    # The symbol's own name need not occur in the lines.
    terms_to_match = sentence_terms - set(terms.terms_of(item.symbol))
    present = [set(terms.terms_of(line)) & terms_to_match for line in lines]
    best: tuple[float, int, int] | None = None
    for start in range(len(lines)):
        if not present[start]:
            continue
        matched: set[str] = set()
        for end in range(start, min(len(lines), start + max_lines)):
            if not present[end] - matched:
                continue
            matched |= present[end]
            # Compounds (`dispatch_request`) weigh more than single words; each further line costs a little.
            value = sum(1 + len(t) / 8 for t in matched) - 0.15 * (end - start)
            if best is None or value > best[0]:
                best = (value, item.span.start + start, item.span.start + end)
    return best
