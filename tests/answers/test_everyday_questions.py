"""Questions as they are asked at work: each once went wrong for a reason that holds for many others."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- store/base.py
class BaseStore:
    \"\"\"What every store can do.\"\"\"

    def due(self, now):
        raise NotImplementedError

    def fit(self, size, limit=None):
        \"\"\"Make room for more jobs.

        :param size: (default: None)
        :param limit: the most jobs that are kept
        \"\"\"
        self.limit = limit
        return size
#- store/kinds.py
from store.base import BaseStore


class AStore(BaseStore):
    def due(self, now):
        return [now]


class BStore(BaseStore):
    def due(self, now):
        return [now, now]


class CStore(BaseStore):
    def due(self, now):
        return []


class DStore(BaseStore):
    def due(self, now):
        return [None]
#- store/scheduler.py
from store.base import BaseStore


class Scheduler:
    \"\"\"Runs what is due.\"\"\"

    def __init__(self, stores: dict[str, BaseStore]):
        self.stores = stores

    def process(self, now, name: str):
        store = name
        if now:
            store = self.stores[name]
        return store.due(now)


class Worker:
    \"\"\"Runs one job in a thread of its own.\"\"\"

    def run(self, job):
        return job()

    def bind(self, job):
        \"\"\"Tie a job to this worker.\"\"\"
        return job
#- tests/test_kinds.py
import asyncio

from store.kinds import AStore
from store.scheduler import Worker


def test_due():
    async def inner():
        return AStore().due(1)

    assert asyncio.run(inner()) == [1]


class TestWorker:
    def test_run(self):
        def work():
            return Worker().run(list)

        assert work() == []
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def test_a_call_in_a_function_of_a_test_is_the_tests(graph: CodeGraph) -> None:
    assert "`AStore.due` is called in the test `tests/test_kinds.py::test_due`." in told(
        graph, "Which tests cover AStore.due?"
    )
    texts = told(graph, "Which tests cover Worker.run?")
    assert "`Worker.run` is called in the test `tests/test_kinds.py::TestWorker::test_run`." in texts


def test_of_many_methods_of_a_name_those_that_replace_no_other_come_first(graph: CodeGraph) -> None:
    texts = told(graph, "Who calls `due`?")
    assert any("Scheduler.process" in text for text in texts)
    assert not any(text.startswith("`DStore.due`") for text in texts)


def test_what_is_no_symbol_is_told_where_it_stands(graph: CodeGraph) -> None:
    answer = answer_question(graph, "Where is `limit` used?")
    assert answer.found
    assert not any("is called by" in claim.text for claim in answer.claims)
    assert any("limit" in claim.text for claim in answer.claims)


def test_a_parameter_is_told_by_what_is_written_of_it(graph: CodeGraph) -> None:
    texts = told(graph, "What is `limit`?")
    assert texts[0] == "`limit` of `BaseStore.fit`: “the most jobs that are kept”"
    assert not any("(default" in text and "“" in text for text in texts)


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between Scheduler and Worker?",
        "How does Scheduler differ from Worker?",
        "Scheduler vs Worker",
    ],
)
def test_a_difference_begins_with_what_each_is(graph: CodeGraph, question: str) -> None:
    texts = told(graph, question)
    assert any("Runs what is due." in text for text in texts)
    assert any("Runs one job in a thread of its own." in text for text in texts)


def test_a_plain_word_that_is_a_name_is_asked_about(graph: CodeGraph) -> None:
    assert told(graph, "How does bind work?")[0] == "`Worker.bind`: “Tie a job to this worker.”"


@pytest.mark.parametrize(
    "question", ["How many classes extend BaseStore?", "How many classes that inherit from BaseStore are there?"]
)
def test_classes_that_extend_are_counted(graph: CodeGraph, question: str) -> None:
    assert any(text.startswith("`BaseStore` has 4 direct subclasses") for text in told(graph, question))


def test_statements_do_not_stand_beside_callers_that_were_asked_for(graph: CodeGraph) -> None:
    texts = told(graph, "What breaks if I change AStore?")
    assert any("`AStore` is called in the test" in text for text in texts)
    assert not any("in the order" in text or text.startswith("In `") for text in texts)


def test_plain_words_that_are_compared_are_names(graph: CodeGraph) -> None:
    texts = told(graph, "What is the difference between fit and bind?")
    assert any(text.startswith("`BaseStore.fit`: “Make room for more jobs.”") for text in texts)
    assert any(text.startswith("`Worker.bind`: “Tie a job to this worker.”") for text in texts)


def test_what_is_never_called_is_told_where_it_is_named(tmp_path: Path) -> None:
    source = "def work(job):\n    return job\n\n\nclass Pool:\n    def __init__(self, runner):\n        runner.register(work)\n"
    with graph_of(tmp_path, f"#- pool.py\n{source}") as graph:
        assert any("runner.register(work)" in text or "passed to" in text for text in told(graph, "Who calls `work`?"))


def test_callers_of_other_things_are_no_answer(graph: CodeGraph) -> None:
    assert not any("is called by" in text for text in told(graph, "Who calls json.loads?"))


ABOUT = """
#- README.md
[![Build](https://a.example/badge.svg)](https://a.example/b)
[English](README.md) • [Deutsch](README.de.md)

<p align="center"><img src="logo.svg"></p>

Storekeeper keeps jobs in stores, and runs what is due.

## Installation

Install it with a tool of your choice, please.
#- storekeeper/__init__.py
from storekeeper.jobs import Job
#- storekeeper/jobs.py
class Job:
    def run(self):
        return 1

    def close(self):
        return 2


class Pool:
    def close(self):
        return 3


SETTINGS = dict(
    name="a",  # a name
    size=3,
)
"""


@pytest.mark.parametrize(
    "question", ["What is storekeeper?", "what does storekeeper do", "What is this project about?"]
)
def test_a_project_is_told_by_its_front_page_and_not_by_its_badges(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, ABOUT) as graph:
        texts = told(graph, question)
        assert texts[0] == "`README.md`: “Storekeeper keeps jobs in stores, and runs what is due.”"
        assert not any("Build" in text or "Deutsch" in text or "img" in text for text in texts)


@pytest.mark.parametrize(
    "question",
    ["What's in storekeeper.jobs?", "what does storekeeper/jobs.py do?", "Describe the module `storekeeper.jobs`"],
)
def test_a_module_is_told_by_what_is_in_it(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, ABOUT) as graph:
        assert "The module `storekeeper.jobs` defines `Job` and `Pool`." in told(graph, question)


@pytest.mark.parametrize("question", ["Which classes have a close method?", "what classes implement `close`?"])
def test_the_classes_that_have_a_method(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, ABOUT) as graph:
        assert told(graph, question)[0] == "`close` is a method of `Job` and `Pool`."


def test_what_is_assigned_on_several_lines_is_cited_as_a_whole(tmp_path: Path) -> None:
    with graph_of(tmp_path, ABOUT) as graph:
        answer = answer_question(graph, "Where is `SETTINGS` defined?")
        assert not answer.dropped
        assert any(str(c.span) == "storekeeper/jobs.py:14-17" for claim in answer.claims for c in claim.citations)


RAISING = """
#- kit/__init__.py
from kit.errors import KitError
#- kit/errors.py
class KitError(Exception):
    pass


class NotReady(KitError):
    pass


class TooLateError(KitError, ValueError):
    pass
#- kit/work.py
from kit.errors import KitError


class Broken(RuntimeError):
    pass


class Task:
    coro: "Generator[int, None, str]"
    name = "task"

    def frames(self, match):
        if found := match(self.name):
            yield found.text, found.line
            return
        raise KitError("nothing")
#- tests/test_kit.py
class FakeError(Exception):
    pass
"""


@pytest.mark.parametrize(
    "question",
    [
        "What exceptions are defined?",
        "list all exceptions",
        "Which exceptions does this library define?",
        "What exceptions does kit define?",
        "show me the errors",
    ],
)
def test_the_exceptions_of_a_workspace(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, RAISING) as graph:
        texts = told(graph, question)
        assert "The module `kit.errors` defines `KitError`, `NotReady` and `TooLateError`." in texts
        assert "The module `kit.work` defines `Broken`." in texts
        assert not any("FakeError" in text for text in texts)


@pytest.mark.parametrize(
    "question", ["Which exceptions can frames raise?", "What exceptions does KitError catch?", "List errors of parsing"]
)
def test_of_other_questions_about_exceptions_it_is_no_list(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, RAISING) as graph:
        assert not any(text.startswith("The module") for text in told(graph, question))


def test_what_is_only_annotated_is_told_by_its_annotation(tmp_path: Path) -> None:
    with graph_of(tmp_path, RAISING) as graph:
        assert '`Task.coro` is annotated with `"Generator[int, None, str]"`.' in told(
            graph, "What is the type of Task.coro?"
        )


def test_a_condition_that_binds_a_name_passes_the_checks(tmp_path: Path) -> None:
    with graph_of(tmp_path, RAISING) as graph:
        assert any("when `found := match(self.name)`" in text for text in told(graph, "What does Task.frames yield?"))


CATCHING = """
#- kit/run.py
from kit.errors import Late, Early


def run(job):
    try:
        return job()
    except (ValueError, Late) as error:
        return error


class Loop:
    def step(self, job):
        try:
            job()
        except Early:
            pass
#- kit/errors.py
class Late(Exception):
    pass


class Early(Exception):
    pass


def describe():
    \"\"\"Say what there is.

    Returns:
        What a reader has to know of
        errors, in the order in which
        they happen.
    \"\"\"
    return "late"
#- tests/test_run.py
from kit.errors import describe


def test_described():
    class Shown:
        text = describe()

    assert Shown.text
"""


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Where is Late caught?", "`run` catches `Late`."),
        ("who handles Early", "`Loop.step` catches `Early`."),
        ("Which functions catch ValueError?", "`run` catches `ValueError`."),
    ],
)
def test_the_handlers_of_an_exception(tmp_path: Path, question: str, text: str) -> None:
    with graph_of(tmp_path, CATCHING) as graph:
        assert told(graph, question)[0] == text


def test_what_a_docstring_says_of_the_result_goes_on_over_its_lines(tmp_path: Path) -> None:
    with graph_of(tmp_path, CATCHING) as graph:
        texts = told(graph, "What does describe return?")
        assert any("What a reader has to know of errors, in the order in which they happen." in text for text in texts)


def test_a_call_in_a_class_of_a_test_is_the_tests(tmp_path: Path) -> None:
    with graph_of(tmp_path, CATCHING) as graph:
        assert "`describe` is called in the test `tests/test_run.py::test_described`." in told(
            graph, "Which tests cover describe?"
        )


@pytest.mark.parametrize(
    "question", ["What modules depend on kit.errors?", "which files import kit.errors?", "What depends on kit.errors?"]
)
def test_the_modules_that_depend_on_one(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, CATCHING) as graph:
        assert any(text.startswith("`kit.errors` is imported by `kit.run`") for text in told(graph, question))


def test_two_objects_of_a_module_are_compared(tmp_path: Path) -> None:
    source = "# What lives as long as a request.\ng = object()\n# What lives in a cookie.\nsession = object()\n"
    with graph_of(tmp_path, f"#- web/state.py\n{source}") as graph:
        texts = told(graph, "What is the difference between g and session?")
        assert any("`g`" in text for text in texts)
        assert any("`session`" in text for text in texts)


ENTRIES = """
#- pyproject.toml
[project]
name = "kit"

[project.scripts]
kit = "kit.cli:main"  # the command

[tool.other]
kit = "kit.cli:other"
#- kit/__init__.py
from kit.cli import main
#- kit/__main__.py
import sys

from kit.cli import main

if __name__ == "__main__":
    sys.exit(main())
#- kit/cli.py
def main():
    return 0


def other():
    return 1
"""


@pytest.mark.parametrize(
    "question", ["Where is the entry point?", "what are the console scripts", "Where does the program start?"]
)
def test_where_a_program_begins(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, ENTRIES) as graph:
        texts = told(graph, question)
        assert any(text.startswith("`pyproject.toml`: “kit = ") and "kit.cli:main" in text for text in texts)
        assert "`main` is a function, defined in `kit/cli.py`." in texts
        assert any(text.startswith("`kit.__main__` calls `") for text in texts)
        assert not any("kit.cli:other" in text or "`other` is" in text for text in texts)


NO_ENTRIES = """
#- pyproject.toml
[project]
name = "kit"
description = '''
How to say where it begins:

[project.scripts]
shown = "kit.cli:main"
'''
readme = {text = \"\"\"
[project.scripts]
kit = "kit.cli:other"
\"\"\", content-type = "text/plain"}

[project.scripts]
kit = "kit.cli:main"  # it's the one

[[tool.linter.overrides]]
callable = "kit.cli:other"
#- kit/cli.py
def main():
    return 0


def other():
    return 1
"""


def test_scripts_are_those_of_the_table(tmp_path: Path) -> None:
    with graph_of(tmp_path, NO_ENTRIES) as graph:
        answer = answer_question(graph, "what are the console scripts?")
        told_lines = [(c.span.path, c.span.start) for claim in answer.claims for c in claim.citations]
        assert [line for path, line in told_lines if path == "pyproject.toml"] == [15]
        assert not any("other" in claim.text or "shown" in claim.text for claim in answer.claims)
        # A file that its own tools could not read tells nothing.
        graph.update("pyproject.toml", '[project.scripts]\nkit = "kit.cli:main"\nkit = "kit.cli:other"\n')
        assert not any("pyproject" in text for text in told(graph, "what are the console scripts?"))


def test_where_a_program_begins_without_a_pyproject(tmp_path: Path) -> None:
    with graph_of(tmp_path, "#- kit/" + ENTRIES.partition("#- kit/")[2]) as graph:
        assert any(text.startswith("`kit.__main__` calls `") for text in told(graph, "Where is the entry point?"))
        graph.update("pyproject.toml", "")
        assert any(text.startswith("`kit.__main__` calls `") for text in told(graph, "Where is the entry point?"))
