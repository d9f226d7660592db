"""Text that somebody else wrote, checked against a repository: which of its sentences rest on the lines they cite?

Markdown goes in: headings, tables, HTML comments and code blocks say nothing; each list item and each sentence is judged on its own. A
citation that stands behind the full stop belongs to the sentence before it. A sentence that claims no relation which could be checked has
to say what it says in words of its lines (`wording.py`), as one that a model phrased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..code_graph import CodeGraph
from ..graph.source import hash_lines, split_lines
from ..types import Citation, Claim, Span
from .checking.quoted_statements import statements_hold
from .checking.sentence import MAX_CHARS, read_sentence
from .checking.wording import wording_problem
from .citations import check, find_citations, locate
from .composing.links.known_links import KnownLinks
from .options import CitationOptions
from .verify import relates_names, verify_claim

_FENCE = re.compile(r"\s*(```|~~~)")
_SKIPPED = re.compile(r"\s*(Not found in this workspace\b|Commit `?[0-9a-f]{7,64}\b|#{1,6}\s|\||<!--|[-=*_]{3,}\s*\Z)")
# As `pathline ask --explain` lists evidence: a place with what it is and its score, and further in what stands there.
_LISTED = re.compile(r"\S.*:\d+(?:-\d+)?  \S.*  \w+  \d+\.\d\d\Z")
_BELOW_LISTED = re.compile(r" {4}| *\d+  ")
_STEP = re.compile(r"\s*\((\d+)\) ")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_KEPT = re.compile(rf"{_CODE.pattern}|“[^“”]+”", re.S)
_MARKS = re.compile("[\ue000\ue001]")
_MARKED = re.compile("\ue000(\\d+)\ue001")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)]|>)\s+")
_END = re.compile(r"(?<=[.!?])[\"'”)\]]*\s+(?=[A-Z`\"'“(\[•])")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()\s]*)\)")
_HOLLOW = re.compile(r"(?<!`)`\s*`(?!`)|(?<![\w)\]`])\(\s*(?:see|at|in|cf\.?)?[\s,;`]*\)|(?<![\w)\]`])\[[\s,;`]*\]")
_STRAY = re.compile(r"(?:,?\s*\b(?:see(?: also)?|cf\.?|at))?\s+([.,;:!?])(?=\s|\Z)")
_MAX_CITED_LINES = 2_000
_WORD_SHARE = CitationOptions().word_share

SUPPORTED, UNSUPPORTED, UNRESOLVED, STALE = "supported", "unsupported", "unresolved", "stale"
UNCITED, EMPTY = "uncited", "says nothing that could be checked"


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence, its citations as written and as found, and the verdict: supported | unsupported | unresolved | stale | uncited, or
    that there is nothing to check. `line`: where it begins in the text."""

    text: str
    line: int
    written: tuple[str, ...]
    citations: tuple[Citation, ...]
    verdict: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.verdict not in (SUPPORTED, EMPTY)


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares from 0 to 1, None where there is nothing to count: citations that resolve; of these, that are fresh; sentences with
    citations that these support; sentences with something to check that carry a citation."""

    resolves: float | None
    fresh: float | None
    supports: float | None
    complete: float | None


@dataclass(frozen=True, slots=True)
class TextReport:
    sentences: tuple[Judged, ...]
    rates: Rates

    @property
    def ok(self) -> bool:
        """Whether every sentence with something to check is supported by lines that it cites."""
        return not any(s.failed for s in self.sentences)


def verify_text(graph: CodeGraph, text: str, word_share: float = _WORD_SHARE) -> TextReport:
    """Judge every sentence of a Markdown text. Paths may be shortened at the front (`app.py:3`) where that is unambiguous. `word_share`:
    as in `CitationOptions`, for sentences that claim no relation."""
    links = KnownLinks(graph)
    return _report([_judged(links, word_share, *sentence) for sentence in sentences_of(text)])


def verify_answer(graph: CodeGraph, answer: Mapping[str, Any], word_share: float = _WORD_SHARE) -> TextReport:
    """Judge an answer that was kept as JSON (`answers.export`): its citations carry the hash of the lines as they were then.

    Raises `KeyError`, `TypeError` where it has another shape.
    """
    found, links = [], KnownLinks(graph)
    for number, claim in enumerate(answer["claims"], 1):
        cited = tuple(
            Citation(Span(graph.name, c["path"], int(c["start"]), int(c["end"])), c["sha256"])
            for c in claim["citations"]
        )
        written = tuple(str(c.span) for c in cited)
        found.append(_verdict(links, word_share, claim["text"], number, written, cited))
    return _report(found)


def sentences_of(text: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """(sentence without its citations, line, citations as written) of a Markdown text."""
    for line, block in _blocks(split_lines(text)):
        pieces: list[tuple[str, int]] = []
        position = 0
        for end in [*_ends(block), len(block)]:
            if block[position:end].strip():
                pieces.append((block[position:end].strip(), line + block.count("\n", 0, position)))
            position = end
        kept: list[tuple[str, int, list[str]]] = []
        for piece, at in pieces:
            behind = re.match(r"\(([^()]*)\)[.,]?\s+", piece)
            if behind and kept and not re.search(r"\w", without_citations(behind.group())[0]):
                kept[-1][2].extend(without_citations(behind.group())[1])
                piece = piece[behind.end() :]
            bare, written = without_citations(piece)
            if not re.search(r"\w", bare) and kept:
                kept[-1][2].extend(written)
            elif re.search(r"\w", bare) or written:
                kept.append((bare, at, written))
        yield from ((bare, at, tuple(written)) for bare, at, written in kept)


def _ends(block: str) -> list[int]:
    """Where sentences of a paragraph end: not within a quotation or code."""
    spans = [m.span() for m in _CODE.finditer(block)]
    return [
        m.end()
        for m in _END.finditer(block)
        if block.count("“", 0, m.end()) <= block.count("”", 0, m.end()) and not any(a < m.start() < b for a, b in spans)
    ]


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(first line, text) of each paragraph and list item, line ends kept."""
    block: list[str] = []
    first, fenced, listed = 1, False, False
    for number, line in enumerate([*lines, ""], 1):
        if _FENCE.match(line):
            fenced = not fenced
        ends = fenced or not line.strip() or bool(_FENCE.match(line) or _SKIPPED.match(line) or _ITEM.match(line))
        if ends and block:
            yield first, "\n".join(block)
            block = []
        listed = bool(_LISTED.match(line) or (listed and _BELOW_LISTED.match(line)))
        if fenced or listed or not line.strip() or _FENCE.match(line) or _SKIPPED.match(line):
            continue
        step = _STEP.match(line)
        if step and int(step[1]) > 1 and block:
            block[-1] += ";"  # each has a line of its own
        if not block:
            first = number
        block.append(_ITEM.sub("", line, count=1) if _ITEM.match(line) else line.strip())


def without_citations(piece: str) -> tuple[str, list[str]]:
    """A sentence without its citations and the brackets that held them, and the citations as `path:line`."""
    kept: list[str] = []  # code and quotations, in which nothing is a link or a citation, unless it is all of it

    def put_aside(match: re.Match[str]) -> str:
        if _is_citation(match.group()):
            return match.group()
        kept.append(" ".join(match.group().split()))
        return f"\ue000{len(kept) - 1}\ue001"

    text = _KEPT.sub(put_aside, _MARKS.sub(" ", piece))
    text = _LINK.sub(lambda m: f"{m[1]} {m[2]}" if find_citations(m[2]) else m[1], text)
    found = find_citations(text)
    out, position = [], 0
    for one in found:
        out.append(text[position : one.begin])
        position = one.finish
    out.append(text[position:])
    bare = "".join(out)
    for _ in range(3):
        bare = _HOLLOW.sub(" ", bare)
    spans = [f"{w.path}:{w.start}" + (f"-{w.end}" if w.end != w.start else "") for w in found]
    bare = _STRAY.sub(r"\1", " ".join(bare.split()))
    return _MARKED.sub(lambda m: kept[int(m[1])], bare), spans


def _is_citation(span: str) -> bool:
    """Whether some code is no more than citations: "`src/app.py:3-5`"."""
    rest, position = [], 0
    for one in find_citations(span):
        rest.append(span[position : one.begin])
        position = one.finish
    return position > 0 and not re.search(r"\w", "".join([*rest, span[position:]]))


def _judged(links: KnownLinks, word_share: float, sentence: str, line: int, written: tuple[str, ...]) -> Judged:
    cited = tuple(_citation(links.graph, one) for one in written)
    return _verdict(links, word_share, sentence, line, written, cited)


def _citation(graph: CodeGraph, written: str) -> Citation:
    (one,) = find_citations(written)
    path = locate(graph, one.path) or one.path
    span = Span(graph.name, path, one.start, one.end)
    document = graph.document(path)
    inside = document is not None and 1 <= one.start <= one.end <= min(
        len(document.lines), one.start + _MAX_CITED_LINES
    )
    return Citation(span, hash_lines(document.lines, one.start, one.end) if inside and document else "")


def _verdict(
    links: KnownLinks,
    word_share: float,
    sentence: str,
    line: int,
    written: tuple[str, ...],
    cited: tuple[Citation, ...],
) -> Judged:
    if not cited:
        says = bool(read_sentence(sentence[:MAX_CHARS]).mentions)
        return Judged(sentence, line, (), (), UNCITED if says else EMPTY, "has no citation" if says else "")
    graph = links.graph
    claim, problem = verify_claim(graph, Claim(sentence, "foreign", cited), links)
    if not problem and not relates_names(sentence) and not statements_hold(graph, sentence, claim.citations):
        problem = wording_problem(graph, sentence, claim.citations, word_share)
    if not problem:
        return Judged(sentence, line, written, claim.citations, SUPPORTED)
    checked = tuple(check(graph, c) for c in cited)
    verdict = (
        UNSUPPORTED if all(c.fresh for c in checked) else STALE if all(c.resolves for c in checked) else UNRESOLVED
    )
    return Judged(sentence, line, written, tuple(replace(c, supports=False) for c in checked), verdict, problem)


def _report(sentences: list[Judged]) -> TextReport:
    citations = [c for s in sentences for c in s.citations]
    resolving = [c for c in citations if c.resolves]
    cited = [s for s in sentences if s.citations]
    stating = [s for s in sentences if s.verdict != EMPTY]
    rates = Rates(
        _share(resolving, citations),
        _share([c for c in resolving if c.fresh], resolving),
        _share([s for s in cited if s.verdict == SUPPORTED], cited),
        _share(cited, stating),
    )
    return TextReport(tuple(sentences), rates)


def _share(part: Iterable[object], whole: Sequence[object]) -> float | None:
    return len(list(part)) / len(whole) if whole else None
