"""Which tests there are on something, and how they are run: by names, by what they do, and by the project's own commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.composing.listings.test_commands import test_commands as commands_of
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

STORE = """
#- store/__init__.py
#- store/shelf.py
class Shelf:
    '''A shelf, on which the eviction policy works.'''

    def put(self, item):
        return item


class Ladder:
    '''Climbs past the eviction policy.'''
#- tests/test_shelf.py
import pytest

from store.shelf import Ladder, Shelf


def test_ladder():
    assert Ladder()


def test_eviction_policy_none():
    shelf = Shelf()
    assert shelf.put(1)


def test_oldest_first():
    shelf = Shelf()
    shelf.reset('eviction_policy', 'oldest')
    assert shelf.put(2)


def test_far_apart():
    policy = 1
    assert policy
    assert "eviction"


def test_colours():
    assert Shelf().put("red")


def test_weights():
    assert Shelf().put(3)
#- tests/test_ssl_channel.py
import pytest


def test_handshake():
    assert True


def test_close():
    assert True
#- tests/painting/test_brush.py
def test_brush():
    assert True
"""
MAKEFILE = """#- Makefile
PYTHON = python
all: test

test:  ## Run all tests.
\t@$(PYTHON) -m pytest $(ARGS)

test-parallel:  ## Run the tests in parallel.
\t$(PYTHON) -m pytest -n auto

test-channel:
\t# the channel
\t$(PYTHON) -m pytest tests/test_ssl_channel.py

install:
\tpip install pytest
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, STORE)


def test_tests_on_a_subject_are_those_with_its_words_in_name_or_on_one_line(graph: CodeGraph) -> None:
    (sentence,) = told(graph, "Which tests check the eviction policies?")
    assert sentence == (
        "`tests/test_shelf.py` has these tests, among others: `test_eviction_policy_none`; "
        "`test_oldest_first`, with `shelf.reset('eviction_policy', 'oldest')`"
    )


def test_a_list_of_tests_is_checked(graph: CodeGraph) -> None:
    (claim,) = answer_question(graph, "Which tests check the eviction policies?").claims
    assert supports(graph, claim.text, claim.citations).ok
    for wrong in (
        claim.text.replace("test_oldest_first", "test_newest_first"),
        claim.text.replace("'oldest'", "'newest'"),
        claim.text.replace("test_eviction_policy_none", "test_ladder"),
        claim.text.replace("tests/test_shelf.py", "tests/test_ssl_channel.py"),
    ):
        assert not supports(graph, wrong, claim.citations).ok
    all_of_them = "`tests/test_ssl_channel.py` has these tests{}: `test_handshake`; `test_close`"
    (claim,) = answer_question(graph, "Which tests check the ssl channel?").claims
    assert claim.text == all_of_them.format("")
    assert not supports(graph, all_of_them.format(", among others"), claim.citations).ok


def test_tests_of_what_is_named_are_still_told_by_calls(graph: CodeGraph) -> None:
    assert any("is called in the test" in text for text in told(graph, "Which tests cover `Ladder`?"))


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("How do I run the tests?", "`make test` runs, by `Makefile`: `$(PYTHON) -m pytest $(ARGS)`"),
        ("What is the command to run the tests?", "`make test` runs, by `Makefile`: `$(PYTHON) -m pytest $(ARGS)`"),
        (
            "How do I run the tests in parallel?",
            "`make test-parallel` runs, by `Makefile`: `$(PYTHON) -m pytest -n auto`",
        ),
        (
            "How do I run only the tests for encrypted connections?",
            "`make test-channel` runs, by `Makefile`: `$(PYTHON) -m pytest tests/test_ssl_channel.py`",
        ),
    ],
)
def test_tests_are_run_by_a_target_of_the_makefile(tmp_path: Path, question: str, command: str) -> None:
    graph = graph_of(tmp_path, STORE.lstrip("\n") + MAKEFILE)
    assert told(graph, question) == [command]


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("How do I run the tests?", "`python -m pytest tests` runs the tests in `tests`."),
        (
            "How can I run just the tests for encrypted connections?",
            "`python -m pytest tests/test_ssl_channel.py` runs the tests in `tests/test_ssl_channel.py`.",
        ),
        (
            "How do I run the tests on colours only?",
            "`python -m pytest tests/test_shelf.py::test_colours` runs this test.",
        ),
        (
            "How do I run only the tests of painting?",
            "`python -m pytest tests/painting` runs the tests in `tests/painting`.",
        ),
    ],
)
def test_without_a_command_pytest_runs_what_is_on_the_subject(graph: CodeGraph, question: str, command: str) -> None:
    assert told(graph, question)[0] == command


def test_commands_are_checked(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, STORE.lstrip("\n") + MAKEFILE)
    (claim,) = answer_question(graph, "How do I run the tests?").claims
    assert supports(graph, claim.text, claim.citations).ok
    for wrong in (claim.text.replace("make test", "make install"), claim.text.replace("$(ARGS)", "-x")):
        assert not supports(graph, wrong, claim.citations).ok
    node = "`python -m pytest tests/test_shelf.py::test_{}` runs this test."
    (claim,) = answer_question(graph, "Which tests check the colours?").claims
    assert supports(graph, node.format("colours"), claim.citations).ok
    assert not supports(graph, node.format("weights"), claim.citations).ok
    assert not supports(graph, "`python -m pytest tests/none` runs the tests in `tests/none`.", claim.citations).ok


def test_a_project_without_pytest_has_no_command_of_it(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, STORE.replace("import pytest\n", ""))
    assert not any("python -m pytest" in text for text in told(graph, "How do I run the tests on colours only?"))


def test_commands_of_all_kinds_of_files(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
#- tox.ini
[tox]
envlist = py
[testenv]
deps = pytest
commands =
    pytest {posargs}
[testenv:docs]
commands = sphinx-build docs out
[testenv:slow]
commands = pytest -m slow
#- noxfile.py
import nox


@nox.session(python="3.12")
def unit(session):
    session.install("pytest")
    session.run("pytest", "tests/unit")


@nox.session(name="docs")
def build_docs(session):
    session.run("sphinx-build")
#- pyproject.toml
[tool.hatch.envs.default.scripts]
test = "pytest tests"
[tool.hatch.envs.qa.scripts]
cov = "pytest --cov"
types = "mypy ."
[tool.poe.tasks]
check = { cmd = "pytest -x" }
[tool.pdm.scripts]
all = "pytest"
""",
    )
    assert [(c.run, c.steps) for c in commands_of(graph)] == [
        ("tox", ("pytest {posargs}",)),
        ("tox -e slow", ("pytest -m slow",)),
        ("nox -s unit", ('session.run("pytest", "tests/unit")',)),
        ("hatch run test", ("pytest tests",)),
        ("hatch run qa:cov", ("pytest --cov",)),
        ("poe check", ("pytest -x",)),
        ("pdm run all", ("pytest",)),
    ]


def test_my_own_tests_are_not_those_of_the_project(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, STORE.lstrip("\n") + MAKEFILE)
    assert not any("make test" in text for text in told(graph, "How do I run my tests with a shelf in memory?"))


def test_documents_for_those_who_work_on_the_project_tell_how_tests_are_run(tmp_path: Path) -> None:
    page = """#- docs/contrib/testing.md
### Testing it locally

To run tests locally you can use `tox`, which takes all versions:

```
tox
```

### Skipped Tests

To include slow tests, use the `SLOW_TOO=1` environment variable:

```sh
SLOW_TOO=1 pytest .
```
"""
    sentences = told(
        graph_of(tmp_path, STORE.lstrip("\n") + page), "How do I run the test suite here, including the slow tests?"
    )
    assert any("environment variable: …” `SLOW_TOO=1 pytest .`" in text for text in sentences)
    assert any("takes all versions: …” `tox`" in text for text in sentences)
    assert not any("python -m pytest tests" in text for text in sentences)
