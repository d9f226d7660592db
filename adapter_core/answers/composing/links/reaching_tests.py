"""Sentences about the tests from which several calls lead to a symbol; those that call it themselves stand in `calls.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....types import SymbolRef, TestLink
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span, join_list
from .known_links import Links

_MAX_FAR = 3  # tests told at a time, each with the lines of the calls that lead from it


def reaching_test_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """The tests from which several calls lead to it, by their pytest ids; those that call it themselves are told with their calls."""
    far = [t for t in links.tests.items if t.distance > 1]
    others = ", among others" if len(far) > 2 * _MAX_FAR else ""
    for start in range(0, min(len(far), 2 * _MAX_FAR), _MAX_FAR):
        yield _reached(builder, links.ref, far[start : start + _MAX_FAR], others)


def _reached(builder: SentenceBuilder, ref: SymbolRef, links: Sequence[TestLink], others: str) -> Candidate:
    word = "tests" if len(links) > 1 else "test"
    tests = join_list([code(t.node_id) for t in links])
    text = f"{code(ref.symbol.qualname)} is reached by calls from the {word} {tests}{others}."
    places = [(at.path, at.start, at.end) for t in links for at in t.via]
    return builder.sentence_at("tests", text, *places, definition_span(ref))
