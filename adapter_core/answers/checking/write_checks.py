"""Checks of the sentences that list where an attribute or variable is changed: "`Arbiter.WORKERS` is also changed in `f` and `g`."."""

from __future__ import annotations

import re

from ...code_graph import CodeGraph
from ...graph.finding.lookup import scope_at
from ...types import Citation, ModuleFacts
from ..composing.listings.attribute_writes import ALSO_CHANGED, ALSO_SET, PERHAPS, UNTOLD
from ..composing.statements.writes import writes_of
from .naming import ends_with, name_parts

_CODE = r"`[^`]+`"
_FORM = re.compile(
    rf"`(?P<name>\w+)` (?:{ALSO_CHANGED}|{ALSO_SET}) (?P<places>{_CODE}(?:, {_CODE})*(?: and {_CODE})?)(?:, among others)?\."
)


def without_perhaps(sentence: str) -> str:
    """The sentence without the remark that only a name is known of what it tells, or not even that, which claims less."""
    return sentence.removeprefix(PERHAPS).removeprefix(UNTOLD)


def writes_hold(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether each place that such a sentence lists has a write of the name on the cited lines; None for another form."""
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        return None
    written: list[list[str]] = []
    for citation in citations:
        span, facts, document = citation.span, graph.facts(citation.span.path), graph.document(citation.span.path)
        if facts is not None and document is not None:
            lines = {write.line for write in writes_of(document.text, form["name"]) if write.form != "likely"}
            written += [_scope_parts(facts, n) for n in range(span.start, span.end + 1) if n in lines]
    places = [name_parts(place[1:-1]) for place in re.findall(_CODE, form["places"])]
    return all(any(ends_with(scope, place) for scope in written) for place in places)


def _scope_parts(facts: ModuleFacts, line: int) -> list[str]:
    index = scope_at(facts, line)
    names = facts.symbols[index].qualname.split(".") if index else []
    return [*facts.module.split("."), *names]
