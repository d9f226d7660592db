"""Plain words around a true name: made up, or from the lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.checking import wording
from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from tests.answers.fakes import Writer
from tests.answers.test_answers import WORKSPACE
from tests.support import graph_of


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


def shown(graph: CodeGraph, sentence: str, word_share: float = 0.5) -> tuple[bool, str]:
    options = with_values(AskOptions(phrase=True), {"require_citations": False, "word_share": word_share})
    answer = answer_question(graph, "How is a URL matched to an endpoint?", options, Writer(sentence))
    return answer.claims[0].kind == "phrased", "; ".join(d.reason for d in answer.dropped)


@pytest.mark.parametrize(
    "sentence",
    [
        "`Router.match` finds the endpoint of a URL.",
        "`Router` matches URLs to view functions.",
        "`Router.match` is used to match URLs with endpoints.",
        "`Router.match` tries each of `self.rules` in order.",
        "It raises `NoMatch` if `strict` is set.",
        "`Router.match` returns `endpoint`.",
    ],
)
def test_words_of_the_lines_and_of_what_encloses_them(graph: CodeGraph, sentence: str) -> None:
    assert shown(graph, sentence) == (True, "")


@pytest.mark.parametrize(
    "sentence",
    [
        "`handle` is a function that matches a URL to a router.",
        "`Router.compare` is used to compare a rule with a URL.",
        "`test_match` is a test method for the match of a router.",
    ],
)
def test_what_something_is_for_is_not_made_up_from_its_statements(graph: CodeGraph, sentence: str) -> None:
    kept, reason = shown(graph, sentence)
    assert not kept
    assert reason


@pytest.mark.parametrize(
    "sentence",
    [
        "`Router.match` deletes all files on the disk.",
        "`Router.match` is a secure function that encrypts passwords.",
        "`Router.match` sends the URL to a remote server.",
        "`Router.match` waits for the database to answer.",
    ],
)
def test_words_from_nowhere(graph: CodeGraph, sentence: str) -> None:
    kept, reason = shown(graph, sentence)
    assert not kept
    assert "the cited lines do not speak of" in reason
    assert shown(graph, sentence, word_share=0)[0]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("`Router.match` wins the URL.", "do not say"),
        ("`Router.match` finds the path, which wins the endpoint.", "do not say"),
        ("`Router.match` is a fallback.", "do not say that it is"),
        ("`Router.match` is an endpoint of the URL.", "do not say that it is"),
        ("`Router.match` finds the endpoint of a URL, which is a fallback.", "do not say that it is"),
    ],
)
def test_words_of_the_lines_put_together_to_something_else(graph: CodeGraph, sentence: str, reason: str) -> None:
    """Each of their words stands there."""
    kept, why = shown(graph, sentence, word_share=1)
    assert not kept
    assert reason in why


def test_of_drafts_all_words_are_wanted() -> None:
    options = AskOptions().citations
    assert options.draft_word_share == 1 > options.word_share


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("`Router.match` is a method.", False),
        ("`Router` is a Python class.", False),
        ("`Router` represents a router.", False),
        ("`Router.match` finds the endpoint.", False),
        ("`Router.match` finds the endpoint of a URL.", True),
        ("`Router.match` calls `compare`.", True),
    ],
)
def test_sentences_that_tell_more_than_a_kind(sentence: str, expected: bool) -> None:
    assert wording.is_informative(sentence) is expected
