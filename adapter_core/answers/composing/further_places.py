"""The other places that the search found for a question and that no sentence of the answer cites, in one sentence: where the best match is
not what was asked, one of the next often is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...code_graph import CodeGraph, is_test_path
from ...evidence.selection import Found
from ...graph.source import is_python
from ...types import Citation, Evidence, Symbol, SymbolRef
from ..inert import code
from .candidate import Candidate, definition_span, join_list

_MOST = 4
_LEAST_SHARE = 0.6  # of the best score
_INTRODUCTION = "Other places that match the question: "
_FORM = re.compile(rf"{_INTRODUCTION}((?:`[^`]+`(?:, | and )?)+)\.")


def further_places(graph: CodeGraph, found: Found, citations: Iterable[Citation]) -> Candidate | None:
    """The sentence, best place first; None if there are no others. `citations`: those of the answer."""
    best = max((item.score for item in found.evidence), default=0.0)
    with_tests = "test" in found.weights
    cited = [c.span for c in citations]
    places: dict[str, SymbolRef] = {}
    for item in found.evidence:
        ref = _definition(graph, item)
        if ref is None or item.score < _LEAST_SHARE * best or (is_test_path(ref.path) and not with_tests):
            continue
        name, symbol = code(ref.symbol.qualname), ref.symbol
        is_cited = any(s.path == ref.path and s.start <= symbol.end and symbol.start <= s.end for s in cited)
        if not is_cited and name not in places:
            places[name] = ref
    refs = list(places.items())[:_MOST]
    if not refs:
        return None
    text = f"{_INTRODUCTION}{join_list([name for name, _ in refs])}."
    first = refs[0][1]
    spans = tuple(definition_span(ref) for _, ref in refs)
    return Candidate(
        text, "where", tuple((path, a, b) for path, a, b in spans), f"{first.path}:{first.symbol.start}", 0, 0
    )


def _definition(graph: CodeGraph, item: Evidence) -> SymbolRef | None:
    """The function, method or class that the search found; None for anything else."""
    facts = graph.facts(item.span.path) if is_python(item.span.path) else None
    if facts is None:
        return None
    for index, symbol in enumerate(facts.symbols):
        is_meant = symbol.qualname == item.symbol and symbol.kind == item.kind
        if is_meant and symbol.start <= item.span.end and item.span.start <= symbol.end:
            return graph.ref(facts, index) if symbol.is_callable or symbol.kind == "class" else None
    return None


def places_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether each place that a sentence lists is defined at the line that is cited for it; None for a sentence of another form."""
    match = _FORM.fullmatch(sentence.strip())
    if match is None:
        return None
    names = re.findall(r"`([^`]+)`", match[1])
    return len(names) == len(citations) and all(
        any(symbol.qualname == name and symbol.name_line == citation.span.start for symbol in _symbols(graph, citation))
        for name, citation in zip(names, citations, strict=True)
    )


def _symbols(graph: CodeGraph, citation: Citation) -> Iterable[Symbol]:
    facts = graph.facts(citation.span.path)
    return facts.symbols if facts is not None else ()
