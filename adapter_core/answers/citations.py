"""Citations: made from lines, checked against the current text, and found in text by other authors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..code_graph import CodeGraph
from ..graph.source import hash_lines
from ..types import Citation, Span

_PATH = r"(?<![\w.@/+-])(?P<path>(?:\.{0,2}/)?(?:[\w.@+-]+/)*[\w.@+-]*\.[A-Za-z]\w*)"
_DASH = r"\s*(?:-|\u2013|\u2014|to)\s*"
_FORMS = (
    re.compile(_PATH + r"`?:(?P<a>\d+)(?::\d+)?(?:[-\u2013](?P<b>\d+))?(?![\d.]\d)"),
    re.compile(_PATH + r"`?#L(?P<a>\d+)(?:C\d+)?(?:-L?(?P<b>\d+)(?:C\d+)?)?"),
    re.compile(_PATH + r"`?(?:,|:| at| on)? ?\(?(?:lines?|ll?\.) (?P<a>\d+)(?:" + _DASH + r"(?P<b>\d+))?"),
)


PathLines = tuple[str, int, int]  # path, first and last line


@dataclass(frozen=True, slots=True)
class WrittenCitation:
    """An unchecked citation of lines `start..end` as written in a text, at offsets `begin:finish`."""

    path: str
    start: int
    end: int
    begin: int
    finish: int


def cite(graph: CodeGraph, path: str, start: int, end: int, max_lines: int) -> Citation | None:
    """A citation of lines that exist now; None if they do not. A longer span is cut to its first `max_lines`."""
    document = graph.document(path)
    if document is None or not 1 <= start <= end or start > len(document.lines):
        return None
    end = min(end, len(document.lines), start + max_lines - 1)
    return Citation(Span(graph.name, path, start, end), hash_lines(document.lines, start, end))


def check(graph: CodeGraph, citation: Citation) -> Citation:
    """The citation with current values of `resolves` and `fresh` (files are read again, open buffers win)."""
    span = citation.span
    document = graph.documents.reread(span.path) if span.root == graph.name else None
    resolves = document is not None and 1 <= span.start <= span.end <= len(document.lines)
    fresh = resolves and document is not None and hash_lines(document.lines, span.start, span.end) == citation.sha256
    return replace(citation, resolves=resolves, fresh=fresh)


def locate(graph: CodeGraph, path: str) -> str | None:
    """The workspace file for a path: the path itself, or the only file whose path ends with it; None otherwise."""
    if graph.document(path) is not None:
        return path
    ending = "/" + path.lstrip("/")
    found = [row.path for row in graph.store.files() if row.path.endswith(ending)]
    return found[0] if len(found) == 1 else None


def spans_of(citations: Iterable[Citation]) -> list[PathLines]:
    return [(c.span.path, c.span.start, c.span.end) for c in citations]


def are_within(wanted: Iterable[PathLines], spans: Sequence[PathLines]) -> bool:
    """Whether each of the wanted ranges of lines lies within one of the spans, such as those that are cited."""
    return all(any(p == path and a <= start and end <= b for p, a, b in spans) for path, start, end in wanted)


def cited_text(graph: CodeGraph, citations: Iterable[Citation]) -> str:
    """The cited lines, one citation after the other."""
    parts = []
    for citation in citations:
        document = graph.document(citation.span.path)
        if document is not None:
            parts.extend(document.lines[citation.span.start - 1 : citation.span.end])
    return "\n".join(parts)


def find_citations(text: str) -> list[WrittenCitation]:
    """Every citation in a text with its offsets, in order: `path:line`, `path:a-b`, `path lines a-b`, `path#La-Lb`, `path#L5`."""
    found: list[WrittenCitation] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if not any(w.begin < match.end() and match.start() < w.finish for w in found):
                start = int(match["a"])
                path = match["path"].removeprefix("./")
                found.append(WrittenCitation(path, start, int(match["b"] or start), *match.span()))
    return sorted(found, key=lambda w: w.begin)


def extract_citations(text: str) -> list[tuple[str, int, int]]:
    """(path, start, end) of every citation in a text, in order; the forms are those of `find_citations`."""
    return [(w.path, w.start, w.end) for w in find_citations(text)]


def has_citations(text: str, per_paragraph: bool = False) -> bool:
    """Whether a text (or each of its paragraphs) carries a citation."""
    if not per_paragraph:
        return bool(extract_citations(text))
    paragraphs = [p for p in re.split(r"\n\s*\n", text) if p.strip()]
    return bool(paragraphs) and all(extract_citations(p) for p in paragraphs)
