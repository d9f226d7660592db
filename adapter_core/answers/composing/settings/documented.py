"""What documents say of a setting in a place of its own: below `.. setting:: NAME`, `.. confval:: NAME`, or a heading that is its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.source import is_python
from ...inert import code, prose
from ..candidate import Candidate
from ..documentation.running_text import prose_in
from ..listings.product_files import files_with_all
from .quotable import Lines

_DIRECTIVE = re.compile(
    r"\s*\.\. (?:[\w-]+:)*(?:confval|setting|config|conf|envvar|std:setting):: +(?P<name>[\w.-]+)\s*\Z"
)
_MARKED = re.compile(r" {0,3}#{1,6}\s+\S")
_FENCE = re.compile(r"\s*(?:```|~~~\s*\w|~~~\s*\Z)")
_HEADING = re.compile(r"(?P<marks>#{1,6} +)?[`*]*(?P<name>[A-Za-z]\w*_\w*)[`*]*\s*\Z")
_UNDERLINE = re.compile(r"([=\-~^\"'+.*#])\1{2,}\s*\Z")
_RELEASES = re.compile(r"(?:^|/)(?:change|news|release|history)", re.I)
_ONLY_DEFAULT = re.compile(r"\W*defaults?(?: value)?\W*:", re.I)
_MAX_LINES, _MAX_FILES, _MAX_TOLD, _MAX_CHARS = 16, 8, 1, 400


def documented_sentences(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    """ "`docs/settings.rst` says of `NAME`: “…”"."""
    with graph.store.snapshot():
        paths = [p for p in files_with_all(SearchIndex(graph), terms.split(name)[-1:]) if not is_python(p)]
    told = 0
    for path in sorted((p for p in paths if not _RELEASES.search(p)), key=lambda p: (p.count("/"), p))[:_MAX_FILES]:
        document = graph.document(path)
        passage = documented_at(document.lines, name) if document is not None else None
        if passage is not None and told < _MAX_TOLD:
            told += 1
            text, spans = of_document(path, name, passage[0]), tuple((path, *lines) for lines in passage[1])
            yield Candidate(text, "setting", spans, f"{path}:1", 0, -1, named=True)


def of_document(path: str, name: str, quoted: str) -> str:
    return f"{code(path)} says of {code(name)}: “{quoted}”"


def documented_at(lines: list[str], name: str) -> tuple[str, tuple[Lines, ...]] | None:
    """(the first sentences of the place of a setting as inert text, the lines that show name and sentences); None if it has no place."""
    for number, line in enumerate(lines, 1):
        if name in line and _is_place_of(lines, number, name):
            sentences = [
                s
                for s in prose_in(lines, number + 1, _last_line(lines, number, name))
                if not s.field and not _ONLY_DEFAULT.match(s.text)
            ]
            taken = sentences[:2] if sum(len(s.text) for s in sentences[:2]) < _MAX_CHARS else sentences[:1]
            if len(taken) == 2 and taken[1].start > taken[0].end + 1:
                taken = taken[:1]
            quoted = prose(" ".join(s.text for s in taken))
            if taken and not re.search("[“”]", quoted):
                return quoted, ((number, number), (taken[0].start, taken[-1].end))
    return None


def _last_line(lines: list[str], number: int, name: str) -> int:
    """The last line that may be about the setting whose place begins on line `number`: what comes behind it may be on the next one."""
    last = min(number + _MAX_LINES, len(lines))
    if _DIRECTIVE.match(lines[number - 1]):
        below = next((n for n in range(number + 1, last + 1) if lines[n - 1].strip()), last + 1)
        if below > last:
            return number
        title = _HEADING.match(lines[below - 1])
        if title is not None and title["name"] == name and _is_heading(lines, below):
            return min(_last_line(lines, below, name), last)  # the directive is a label of the heading
        indent = _indent(lines[number - 1])
        return next(
            (n - 1 for n in range(below, last + 1) if lines[n - 1].strip() and _indent(lines[n - 1]) <= indent), last
        )
    in_fence = False
    for n in range(number + 1, last + 1):
        in_fence ^= bool(_FENCE.match(lines[n - 1]))
        if not in_fence and (_DIRECTIVE.match(lines[n - 1]) or _is_heading(lines, n)):
            return n - 1
    return last


def _is_heading(lines: list[str], number: int) -> bool:
    """Whether a line is a heading of any form: marked with #, or underlined."""
    line, below = lines[number - 1], lines[number] if number < len(lines) else ""
    return bool(_MARKED.match(line)) or bool(line.strip() and _UNDERLINE.match(below) and not _UNDERLINE.match(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_place_of(lines: list[str], number: int, name: str) -> bool:
    line = lines[number - 1]
    directive = _DIRECTIVE.match(line)
    if directive is not None:
        return directive["name"] == name
    heading = _HEADING.match(line)
    below = lines[number] if number < len(lines) else ""
    return heading is not None and heading["name"] == name and bool(heading["marks"] or _UNDERLINE.match(below))
