"""What an answer says of the time that it spent on links."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter_core.answers.composing.budget import TimeBudget
from adapter_core.answers.composing.links import Links
from adapter_core.answers.options import AskOptions, ComposeOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Listing, SymbolRef
from tests.support import graph_of

SOURCE = "def run():\n    return 1\n\n\ndef caller():\n    return run()\n"
NOTE = "until a time limit"


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeGraph:
    """A graph in which a look for callers of `run` takes all of its time, and finds none by then."""

    def who_calls(self: CodeGraph, ref: SymbolRef, implicit: bool = True, limit_seconds: float = 0.0) -> Listing:
        if ref.symbol.name != "run":
            return Listing(())
        time.sleep(limit_seconds)
        return Listing((), False, "the time limit was met")

    graph = graph_of(tmp_path, f"#- shop/run.py\n{SOURCE}")
    monkeypatch.setattr(CodeGraph, "who_calls", who_calls)
    return graph


def test_a_look_that_was_too_short_is_known(slow: CodeGraph) -> None:
    budget = TimeBudget(slow, 0.05)
    assert Links(slow, slow.find_symbol("run")[0], budget).callers.items == ()
    assert budget.cut
    assert not budget.over


def test_callers_that_were_cut_short_are_told_to_be_some(slow: CodeGraph) -> None:
    options = AskOptions(compose=ComposeOptions(link_seconds=1.0))
    assert NOTE in answer_question(slow, "Who calls run?", options).reason
    assert NOTE not in answer_question(slow, "How does run work?", options).reason


def test_a_look_that_is_whole_says_nothing(tmp_path: Path) -> None:
    with graph_of(tmp_path, f"#- shop/run.py\n{SOURCE}") as graph:
        budget = TimeBudget(graph, 60.0)
        assert len(Links(graph, graph.find_symbol("run")[0], budget).callers.items) == 1
        assert not budget.cut
        assert NOTE not in answer_question(graph, "Who calls run?").reason
