"""What an answer says of the time that it spent on links."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.links.counts import count_of
from adapter_core.answers.composing.links.known_links import KnownLinks, Links
from adapter_core.answers.composing.links.time_budget import TimeBudget
from adapter_core.answers.options import AskOptions, ComposeOptions
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Citation, Listing, SymbolRef
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


TESTED = """
#- shop/run.py
def run():
    return 1


def caller():
    return run()


class Base:
    pass


class Below(Base):
    pass
#- tests/test_run.py
from shop.run import caller, run


def test_far():
    assert caller() == 1


def test_near():
    assert run() == 1
"""


def cited(graph: CodeGraph, *places: tuple[str, int, int]) -> tuple[Citation, ...]:
    found = [cite(graph, *place, 12) for place in places]
    return tuple(c for c in found if c is not None)


def test_what_is_found_for_an_answer_is_not_looked_for_again_to_check_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def counted(name: str) -> None:
        look = getattr(CodeGraph, name)

        def once(self: CodeGraph, ref: SymbolRef, *args: object, **options: object) -> Listing:
            asked.append((name, ref.symbol.qualname))
            listing: Listing = look(self, ref, *args, **options)
            return listing

        monkeypatch.setattr(CodeGraph, name, once)

    counted("who_calls")
    counted("tests_for_symbol")
    with graph_of(tmp_path, TESTED) as graph:
        told = [c.text for c in answer_question(graph, "Which tests cover run?").claims]
    assert "`run` is reached by calls from the test `tests/test_run.py::test_far`." in told
    assert "`run` is called in the test `tests/test_run.py::test_near`." in told
    assert ("tests_for_symbol", "run") in asked
    assert len(asked) == len(set(asked))


def test_the_checks_of_an_answer_end_with_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def who_calls(self: CodeGraph, ref: SymbolRef, implicit: bool = True, limit_seconds: float = 0.0) -> Listing:
        given.append(limit_seconds)
        return Listing((), False, "the time limit was met")

    monkeypatch.setattr(CodeGraph, "who_calls", who_calls)
    with graph_of(tmp_path, TESTED) as graph:
        here = cited(graph, ("shop/run.py", 5, 6))
        # What the call leads to is told without its callers, too.
        assert supports(graph, "`caller` calls `shop.run.run()`.", here, KnownLinks(graph, TimeBudget(graph, 0.0))).ok
        assert supports(graph, "`caller` calls `shop.run.run()`.", here).ok
    assert given[0] == 0.0 < given[1]


def test_links_that_are_known_are_those_of_the_texts_as_they_are(tmp_path: Path) -> None:
    with graph_of(tmp_path, TESTED) as graph:
        known = KnownLinks(graph)
        (run,) = graph.find_symbol("shop.run.run")
        assert [s.caller.symbol.name for s in known.of(run).callers.items if s.caller] == ["caller", "test_near"]
        assert known.of(run) is known.of(run)
        told = "`run` is reached by calls from the test `test_far`."
        places = ("shop/run.py", 1, 1), ("shop/run.py", 6, 6), ("tests/test_run.py", 5, 5)
        assert supports(graph, told, cited(graph, *places), known).ok
        graph.update(
            "shop/run.py", TESTED.partition("#- tests")[0].partition("run.py\n")[2].replace("return run()", "return 2")
        )
        (run,) = graph.find_symbol("shop.run.run")
        assert [s.caller.symbol.name for s in known.of(run).callers.items if s.caller] == ["test_near"]
        assert not supports(graph, told, cited(graph, *places), known).ok
        graph.update("shop/run.py", None)
        assert supports(graph, told, cited(graph, *places), known).ok


def test_what_the_time_was_over_for_is_not_counted(tmp_path: Path) -> None:
    with graph_of(tmp_path, TESTED) as graph:
        (base,) = graph.find_symbol("Base")
        assert count_of(Links(graph, base, TimeBudget(graph, 0.0)), "subclasses") is None
        assert count_of(Links(graph, base, TimeBudget(graph, 60.0)), "subclasses") == 1


def test_callers_that_were_soon_given_up_are_looked_for_again(slow: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def who_calls(self: CodeGraph, ref: SymbolRef, implicit: bool = True, limit_seconds: float = 0.0) -> Listing:
        given.append(limit_seconds)
        return Listing((), False, "the time limit was met")

    monkeypatch.setattr(CodeGraph, "who_calls", who_calls)
    links = KnownLinks(slow).of(slow.find_symbol("run")[0])
    assert links.callers_soon.items == links.callers_soon.items == ()
    assert links.callers.items == links.callers.items == links.callers_soon.items == ()
    assert len(given) == 2
    assert given[0] < given[1]
