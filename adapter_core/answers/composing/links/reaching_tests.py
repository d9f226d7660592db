"""Sentences about the tests that reach a symbol by several calls; those about tests that call it directly are in `calls.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....types import SymbolRef, TestLink
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span, join_list
from .known_links import Links

_MAX_LISTED = 3  # tests in one sentence, each with the lines of the calls that lead from it


def reaching_test_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """The sentences about tests that reach it by several calls, by their pytest ids: first those that surely do."""
    indirect = [t for t in links.tests.items if t.distance > 1]
    others = ", among others" if len(indirect) > 2 * _MAX_LISTED else ""
    sure, uncertain = ([t for t in indirect if t.uncertain is value] for value in (False, True))
    left = 2 * _MAX_LISTED
    for tests in (sure, uncertain):
        shown = tests[:left]
        left -= len(shown)
        for start in range(0, len(shown), _MAX_LISTED):
            yield _reached_sentence(builder, links.ref, shown[start : start + _MAX_LISTED], others)


def _reached_sentence(builder: SentenceBuilder, ref: SymbolRef, links: Sequence[TestLink], others: str) -> Candidate:
    noun = "tests" if len(links) > 1 else "test"
    tests = join_list([code(t.node_id) for t in links])
    verb = "may be" if links[0].uncertain else "is"
    text = f"{code(ref.symbol.qualname)} {verb} reached by calls from the {noun} {tests}{others}."
    call_lines = [(span.path, span.start, span.end) for t in links for span in t.via]
    return builder.sentence_at(
        "perhaps_tests" if links[0].uncertain else "tests", text, *call_lines, definition_span(ref)
    )
