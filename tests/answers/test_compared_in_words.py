"""A side of a comparison that is no name is found by what docstrings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.composing.compared_in_words import sides_of
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

MAIL = """
#- mail/__init__.py
#- mail/posts.py
class Post:
    \"\"\"Carries letters one by one.\"\"\"

    def run(self, carriers=1):
        \"\"\"Carry until told to stop.

        :param carriers: so many carriers walk at once, each with a bag of its own.
        \"\"\"
        return carriers

    def burn(self, stamp):
        \"\"\"Throw away letters with a matching stamp.\"\"\"
        return stamp


class ThreadedPost(Post):
    \"\"\"Starts a thread for each letter.\"\"\"


class AirPost(Post):
    \"\"\"Flies letters over the sea.\"\"\"
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, MAIL)


def test_a_parameter_is_found_by_what_is_said_of_it(graph: CodeGraph) -> None:
    question = "What is the difference between `ThreadedPost` and running the normal post with several carriers?"
    assert told(graph, question) == [
        "`ThreadedPost`: “Starts a thread for each letter.”",
        "`carriers` of `Post.run`: “so many carriers walk at once, each with a bag of its own.”",
    ]
    assert not any("is called" in note for note in (answer_question(graph, question).reason or "",))


def test_a_function_is_found_by_its_docstring(graph: CodeGraph) -> None:
    assert told(graph, "How does `AirPost` differ from throwing away letters by their stamp?") == [
        "`AirPost`: “Flies letters over the sea.”",
        "`Post.burn`: “Throw away letters with a matching stamp.”",
    ]


def test_the_plain_one_is_the_class_of_that_name(graph: CodeGraph) -> None:
    assert told(graph, "What is the difference between `AirPost` and the ordinary post?") == [
        "`AirPost`: “Flies letters over the sea.”",
        "`Post`: “Carries letters one by one.”",
    ]


def test_nothing_is_told_of_one_side_alone(graph: CodeGraph) -> None:
    question = "What is the difference between `AirPost` and sailing around the world in winter?"
    assert "`Post.burn`: “Throw away letters with a matching stamp.”" not in told(graph, question)[:2]


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between `a.b` and doing it by hand?", ("`a.b`", "doing it by hand")),
        ("What is the difference between the slow reader and the fast one?", ("the slow reader", "the fast reader")),
        ("How is `a` different from calling `b` twice?", ("`a`", "calling `b` twice")),
        ("Where is the difference computed?", None),
    ],
)
def test_sides(question: str, sides: tuple[str, str] | None) -> None:
    assert sides_of(question) == sides
