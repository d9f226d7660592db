"""Slips of typing in a question that would find no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.respelling import apply_corrections, spelling_corrections
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.question import analyse
from tests.support import graph_of


@pytest.fixture
def clock(repo: Path) -> CodeGraph:
    return graph_of(
        repo,
        '''
        #- clock/zones.py
        def normalize_timezone(zone):
            """Normalize a timezone: the connection accepts no other."""
            return zone.parse()

        def accept_connection(zone):
            """Accept a connection from another timezone."""
            return normalize_timezone(zone)
        ''',
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("timzone", "timezone"),  # one too few
        ("connnection", "connection"),  # one too many
        ("accpet", "accept"),  # in the wrong order
        ("timezone", ""),  # it is there
        ("parsers", ""),  # another form
        ("timexone", ""),  # another word, for all that is known
        ("zonne", "zone"),
        ("kerberos", ""),
        ("Timzone", ""),  # a name
        ("timzone_of", ""),
        ("timzone" * 4, ""),  # no word of any language
    ],
)
def test_what_was_meant(clock: CodeGraph, word: str, meant: str) -> None:
    found = spelling_corrections(clock, analyse(f"where is the {word} handled?"))
    assert found.get(word, "") == meant


def test_a_question_is_answered_as_it_was_meant_and_says_so(clock: CodeGraph) -> None:
    answer = answer_question(clock, "how are connnections accpeted?")
    assert answer.claims[0].text.startswith("`accept_connection`")
    assert "“connnections” is read as “connections”; “accpeted” is read as “accepted”" in answer.reason
    assert answer.question == "how are connnections accpeted?"


def test_what_has_an_answer_is_not_respelled(clock: CodeGraph) -> None:
    assert "is read as" not in answer_question(clock, "how is the timezone normalized?").reason


def test_what_has_no_answer_either_way_is_refused(clock: CodeGraph) -> None:
    answer = answer_question(clock, "how does the acccept of kerberos tickets by the broker cluster get replicated?")
    assert not answer.found
    assert "is read as" not in answer.reason


def test_only_whole_words_are_replaced() -> None:
    assert apply_corrections("teh tehran of teh", {"teh": "the"}) == "the tehran of the"
