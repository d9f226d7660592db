"""The way from one function to another: each step is a call that is there, in this order, and only where it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.links.call_paths import call_path_sentence
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

WORKSPACE = """
#- web/app.py
from web.session import Session


class App:
    def __call__(self, environ):
        return self.serve(environ)

    def serve(self, environ):
        if environ is None:
            return None
        with Session(environ) as session:
            return session.run()

    def unused(self):
        return self.serve(1)
#- web/session.py
from web.steps import first


class Session:
    def __init__(self, environ):
        self.kind = kind_of(environ)

    def run(self):
        for part in self.parts:
            first(part)

    def __enter__(self):
        return self


def kind_of(environ):
    return read(environ)


def read(environ):
    return environ["kind"]
#- web/steps.py
def first(part):
    return second(part)


def second(part):
    return third(part)


def third(part):
    return fourth(part)


def fourth(part):
    return fifth(part)


def fifth(part):
    part.call(sixth)
    return part


def sixth(part):
    return part


def lonely(x):
    return x.first()
#- tests/test_app.py
from web.app import App
from web.steps import sixth


def test_app():
    App()(None)
    sixth(1)
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


TO_FIRST = "Step by step: `App.__call__` calls `App.serve`; `App.serve` may call `Session.run`; `Session.run` may call `first`."


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How does a request get from App.__call__ to first?", TO_FIRST),
        ("What happens from `App.__call__` to the `first` function?", TO_FIRST),
        ("what is the path between App.__call__ and first", TO_FIRST),
        ("How does App.__call__ reach first()?", TO_FIRST),
        ("How is first reached from App.__call__?", TO_FIRST),
        (
            "How does a call get from App.serve to read?",
            "Step by step: `App.serve` may call `Session`; `Session.__init__` calls `kind_of`; `kind_of` calls `read`.",
        ),
        (
            "from first to fifth",
            "Step by step: `first` calls `second`; `second` calls `third`; `third` calls `fourth`; `fourth` calls `fifth`.",
        ),
        (
            "How does it get from Session to third?",
            "Step by step: `Session.run` may call `first`; `first` calls `second`; `second` calls `third`.",
        ),
    ],
)
def test_the_way_is_told_with_its_lines_and_passes_the_checks(graph: CodeGraph, question: str, told: str) -> None:
    way = call_path_sentence(graph, question)
    assert way is not None
    assert way.text == told.replace("may call `Session`;", "constructs `Session`;")
    cited = tuple(c for span in way.spans if (c := cite(graph, *span, 12)))
    assert supports(graph, way.text, cited).reason == ""
    answer = answer_question(graph, question)
    assert answer.claims[0].text == way.text
    assert [str(c.span) for c in answer.claims[0].citations] == [str(c.span) for c in cited]


@pytest.mark.parametrize(
    "question",
    [
        "How does a request get from first to App.__call__?",  # it does not
        "from lonely to second",  # on a value of which nothing is known
        "from fifth to sixth",  # handed over, not called
        "from App.__call__ to fifth",  # seven steps
        "How does App.__call__ reach serve?",  # one step
        "How does App.__call__ work?",
        "What is the difference between App and first?",
        "from nowhere to first",
        "from first to first",
    ],
)
def test_where_there_is_no_way_or_none_is_asked_for_nothing_is_told(graph: CodeGraph, question: str) -> None:
    assert call_path_sentence(graph, question) is None
    assert not any("Step by step: `first` calls `App" in c.text for c in answer_question(graph, question).claims)


@pytest.mark.parametrize(
    "wrong",
    [
        TO_FIRST.replace("`App.__call__` calls `App.serve`", "`App.serve` calls `App.__call__`"),
        TO_FIRST.replace("`App.__call__` calls `App.serve`; ", "`App.__call__` calls `App.unused`; "),
        # True steps that are no way.
        "Step by step: `App.__call__` calls `App.serve`; `Session.run` may call `first`.",
        "Step by step: `App.serve` may call `Session.run`; `App.__call__` calls `App.serve`.",
    ],
)
def test_another_order_or_another_call_is_rejected(graph: CodeGraph, wrong: str) -> None:
    way = call_path_sentence(graph, "from App.__call__ to first")
    assert way is not None
    cited = tuple(c for span in way.spans if (c := cite(graph, *span, 12)))
    assert supports(graph, way.text, cited).ok
    assert not supports(graph, wrong, cited).ok


def test_a_way_goes_on_in_the_definition_that_was_called_and_not_in_its_namesake(tmp_path: Path) -> None:
    source = """
#- app/one.py
def helper():
    return 1

def begin():
    return helper()
#- app/two.py
def finale():
    return 2

def helper():
    return finale()
"""
    with graph_of(tmp_path, source) as graph:
        cited = tuple(c for path in ("app/one.py", "app/two.py") if (c := cite(graph, path, 4, 5, 12)))
        assert supports(graph, "Step by step: `begin` calls `helper`; `helper` calls `finale`.", cited).reason
