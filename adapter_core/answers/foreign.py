"""Checks text by other authors against a repository: which of its sentences are supported by the lines that they cite?

The input is Markdown: headings, tables, HTML comments and code blocks are skipped; each list item and each sentence is judged by itself. A
citation after the full stop belongs to the sentence before it. A sentence without a checkable relation has to use the words of its lines
(`wording.py`), like one that a model phrased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

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
# The evidence listed by `pathline ask --explain`: a line with span, symbol and score, and indented lines with its text.
_EVIDENCE_LINE = re.compile(r"\S.*:\d+(?:-\d+)?  \S.*  \w+  \d+\.\d\d\Z")
_EVIDENCE_DETAIL = re.compile(r" {4}| *\d+  ")
_CODE_LINE = re.compile(r"\s*(`+)[^`].*\1(?:; …)?;?\s*")
_STEP = re.compile(r"\s*\((\d+)\) ")
_FURTHER_BRANCH = re.compile(r"\s+(?:else (?:when|unless)|otherwise) `")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_LITERAL = re.compile(rf"{_CODE.pattern}|“[^“”]+”", re.S)
_PLACEHOLDER_CHARS = re.compile("[\ue000\ue001]")
_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)]|>)\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”)\]]*\s+(?=[A-Z`\"'“(\[•])")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()\s]*)\)")
_EMPTY_BRACKETS = re.compile(
    r"(?<!`)`\s*`(?!`)|(?<![\w)\]`])\(\s*(?:see|at|in|cf\.?)?[\s,;`]*\)|(?<![\w)\]`])\[[\s,;`]*\]"
)
_LEFTOVER = re.compile(r"(?:,?\s*\b(?:see(?: also)?|cf\.?|at))?\s+([.,;:!?])(?=\s|\Z)")
_MAX_CITED_LINES = 2_000
_WORD_SHARE = CitationOptions().word_share

_T = TypeVar("_T")

SUPPORTED, UNSUPPORTED, UNRESOLVED, STALE = "supported", "unsupported", "unresolved", "stale"
UNCITED, EMPTY = "uncited", "says nothing that could be checked"


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """One sentence, its citations as written and as resolved, and the verdict: supported | unsupported | unresolved | stale | uncited |
    that it says nothing checkable. `line`: its first line in the text."""

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
    """Shares from 0 to 1, None if there is nothing to count. `resolves`: of the citations; `fresh`: of those that resolve; `supports`: of
    the sentences with citations, those supported by them; `complete`: of the checkable sentences, those with a citation."""

    resolves: float | None
    fresh: float | None
    supports: float | None
    complete: float | None


@dataclass(frozen=True, slots=True)
class TextReport:
    sentences: tuple[JudgedSentence, ...]
    rates: Rates

    @property
    def ok(self) -> bool:
        """Whether every checkable sentence is supported by the lines that it cites."""
        return not any(s.failed for s in self.sentences)


def verify_text(graph: CodeGraph, text: str, word_share: float = _WORD_SHARE) -> TextReport:
    """Judge every sentence of a Markdown text. Paths may lack leading folders (`app.py:3`) if that is unambiguous. `word_share`: as in
    `CitationOptions`, for sentences that claim no relation."""
    links = KnownLinks(graph)
    return _build_report([_judge_sentence(links, word_share, *sentence) for sentence in split_cited_sentences(text)])


def verify_answer(graph: CodeGraph, answer: Mapping[str, Any], word_share: float = _WORD_SHARE) -> TextReport:
    """Judge an answer saved as JSON (`answers.export`), whose citations carry the hash of the lines at that time.

    Raises `ValueError` if it has another shape.
    """
    judged, links = [], KnownLinks(graph)
    for number, (text, citations) in enumerate(_read_claims(graph.name, answer), 1):
        written = tuple(str(c.span) for c in citations)
        judged.append(_judge(links, word_share, text, number, written, citations))
    return _build_report(judged)


def _read_claims(root: str, answer: Mapping[str, Any]) -> list[tuple[str, tuple[Citation, ...]]]:
    """(text, citations) of each claim."""
    try:
        return [
            (
                _typed(claim["text"], str),
                tuple(
                    Citation(
                        Span(root, _typed(c["path"], str), _typed(c["start"], int), _typed(c["end"], int)),
                        _typed(c["sha256"], str),
                    )
                    for c in claim["citations"]
                ),
            )
            for claim in answer["claims"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError("This is no answer that was saved as JSON.") from error


def _typed(value: Any, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise TypeError(f"no {kind.__name__}")
    return value


def split_cited_sentences(text: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """(sentence without its citations, line, citations as written) of a Markdown text."""
    for line, block in _text_blocks(split_lines(text)):
        pieces: list[tuple[str, int]] = []
        position = 0
        for end in [*_sentence_ends(block), len(block)]:
            if block[position:end].strip():
                pieces.append((block[position:end].strip(), line + block.count("\n", 0, position)))
            position = end
        sentences: list[tuple[str, int, list[str]]] = []
        for piece, line_number in pieces:
            leading_brackets = re.match(r"\(([^()]*)\)[.,]?\s+", piece)
            if leading_brackets and sentences and not re.search(r"\w", strip_citations(leading_brackets.group())[0]):
                sentences[-1][2].extend(strip_citations(leading_brackets.group())[1])
                piece = piece[leading_brackets.end() :]
            bare, written = strip_citations(piece)
            if not re.search(r"\w", bare) and sentences:
                sentences[-1][2].extend(written)
            elif re.search(r"\w", bare) or written:
                sentences.append((bare, line_number, written))
        yield from ((bare, line_number, tuple(written)) for bare, line_number, written in sentences)


def _sentence_ends(block: str) -> list[int]:
    """The offsets at which the sentences of a paragraph end, ignoring those within quotations and code."""
    spans = [m.span() for m in _CODE.finditer(block)]
    return [
        m.end()
        for m in _SENTENCE_END.finditer(block)
        if block.count("“", 0, m.end()) <= block.count("”", 0, m.end()) and not any(a < m.start() < b for a, b in spans)
    ]


def _text_blocks(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(first line, text) of each paragraph and list item, line ends kept."""
    block: list[str] = []
    first, in_fence, in_evidence_list = 1, False, False
    for number, line in enumerate([*lines, ""], 1):
        if _FENCE.match(line):
            in_fence = not in_fence
        ends_block = (
            in_fence or not line.strip() or bool(_FENCE.match(line) or _SKIPPED.match(line) or _ITEM.match(line))
        )
        if ends_block and block:
            yield first, "\n".join(block)
            block = []
        in_evidence_list = bool(_EVIDENCE_LINE.match(line) or (in_evidence_list and _EVIDENCE_DETAIL.match(line)))
        if in_fence or in_evidence_list or not line.strip() or _FENCE.match(line) or _SKIPPED.match(line):
            continue
        step = _STEP.match(line)
        is_further_line = _CODE_LINE.fullmatch(line) and block and _CODE_LINE.fullmatch(block[-1])
        if block and (is_further_line or (step and int(step[1]) > 1) or _FURTHER_BRANCH.match(line)):
            block[-1] += ";"  # steps, branches and lines of code that stand below each other are one sentence
        if not block:
            first = number
        block.append(_ITEM.sub("", line, count=1) if _ITEM.match(line) else line.strip())


def strip_citations(piece: str) -> tuple[str, list[str]]:
    """A sentence without its citations and the brackets that held them, and the citations as `path:line`."""
    # Code and quotations, in which nothing is a link or a citation, unless the code is nothing else.
    literals: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        if _is_citation(match.group()):
            return match.group()
        literals.append(" ".join(match.group().split()))
        return f"\ue000{len(literals) - 1}\ue001"

    text = _LITERAL.sub(set_aside, _PLACEHOLDER_CHARS.sub(" ", piece))
    text = _LINK.sub(lambda m: f"{m[1]} {m[2]}" if find_citations(m[2]) else m[1], text)
    citations = find_citations(text)
    parts, position = [], 0
    for citation in citations:
        parts.append(text[position : citation.begin])
        position = citation.finish
    parts.append(text[position:])
    bare = "".join(parts)
    for _ in range(3):
        bare = _EMPTY_BRACKETS.sub(" ", bare)
    spans = [f"{w.path}:{w.start}" + (f"-{w.end}" if w.end != w.start else "") for w in citations]
    bare = _LEFTOVER.sub(r"\1", " ".join(bare.split()))
    return _PLACEHOLDER.sub(lambda m: literals[int(m[1])], bare), spans


def _is_citation(span: str) -> bool:
    """Whether a code span consists of citations only: "`src/app.py:3-5`"."""
    parts, position = [], 0
    for citation in find_citations(span):
        parts.append(span[position : citation.begin])
        position = citation.finish
    return position > 0 and not re.search(r"\w", "".join([*parts, span[position:]]))


def _judge_sentence(
    links: KnownLinks, word_share: float, sentence: str, line: int, written: tuple[str, ...]
) -> JudgedSentence:
    citations = tuple(_citation(links.graph, citation_text) for citation_text in written)
    return _judge(links, word_share, sentence, line, written, citations)


def _citation(graph: CodeGraph, written: str) -> Citation:
    (parsed,) = find_citations(written)
    path = locate(graph, parsed.path) or parsed.path
    span = Span(graph.name, path, parsed.start, parsed.end)
    document = graph.document(path)
    is_in_file = document is not None and 1 <= parsed.start <= parsed.end <= min(
        len(document.lines), parsed.start + _MAX_CITED_LINES
    )
    return Citation(span, hash_lines(document.lines, parsed.start, parsed.end) if is_in_file and document else "")


def _judge(
    links: KnownLinks,
    word_share: float,
    sentence: str,
    line: int,
    written: tuple[str, ...],
    citations: tuple[Citation, ...],
) -> JudgedSentence:
    if not citations:
        has_mentions = bool(read_sentence(sentence[:MAX_CHARS]).mentions)
        return JudgedSentence(
            sentence, line, (), (), UNCITED if has_mentions else EMPTY, "has no citation" if has_mentions else ""
        )
    graph = links.graph
    claim, problem = verify_claim(graph, Claim(sentence, "foreign", citations), links)
    if not problem and not relates_names(sentence) and not statements_hold(graph, sentence, claim.citations):
        problem = wording_problem(graph, sentence, claim.citations, word_share)
    if not problem:
        return JudgedSentence(sentence, line, written, claim.citations, SUPPORTED)
    checked = tuple(check(graph, c) for c in citations)
    verdict = (
        UNSUPPORTED if all(c.fresh for c in checked) else STALE if all(c.resolves for c in checked) else UNRESOLVED
    )
    return JudgedSentence(sentence, line, written, tuple(replace(c, supports=False) for c in checked), verdict, problem)


def _build_report(sentences: list[JudgedSentence]) -> TextReport:
    citations = [c for s in sentences for c in s.citations]
    resolving = [c for c in citations if c.resolves]
    cited_sentences = [s for s in sentences if s.citations]
    checkable = [s for s in sentences if s.verdict != EMPTY]
    rates = Rates(
        _share_of(resolving, citations),
        _share_of([c for c in resolving if c.fresh], resolving),
        _share_of([s for s in cited_sentences if s.verdict == SUPPORTED], cited_sentences),
        _share_of(cited_sentences, checkable),
    )
    return TextReport(tuple(sentences), rates)


def _share_of(part: Iterable[object], whole: Sequence[object]) -> float | None:
    return len(list(part)) / len(whole) if whole else None
