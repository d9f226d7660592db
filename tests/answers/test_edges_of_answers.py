"""Answers at the edges: nothing to say, little to say, and what must not pass as said."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core import CodeGraph, answer_question
from adapter_core.answers.citations import cite
from adapter_core.answers.flags import with_values
from adapter_core.answers.foreign import verify_text
from adapter_core.answers.options import AskOptions
from adapter_core.answers.verify import supports

STORE = """\
class Base:
    pass


class Store(Base):
    def get(self, key, default=None, timeout=30):
        if default is not None:
            return default
        return self.load(key)

    def put(self, key, value):
        self.check(key)
        self.save()

    def check(self, key):
        pass

    def save(self):
        pass
"""


def graph_of(root: Path, **files: str) -> CodeGraph:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text, "utf-8")
    return CodeGraph.load_or_build(root)


def test_evidence_that_yields_no_sentence_is_no_answer(tmp_path: Path) -> None:
    guide = "```\ntimeout = 30\nset the timeout\n```\n"
    with graph_of(tmp_path, guide__md=guide, app__toml="[http]\ntimeout = 30\n", app__py="timeout\n") as graph:
        answer = answer_question(graph, "How is the timeout set?")
    assert not answer.claims
    assert answer.text.startswith("Not found in this workspace")


def test_a_place_is_told_where_the_docstring_says_too_little(tmp_path: Path) -> None:
    text = 'class Shop:\n    def fetch_item(self, key):\n        """Fetch."""\n        return key\n'
    with graph_of(tmp_path, shop__py=text) as graph:
        answer = answer_question(graph, "Where is `fetch_item` defined?")
    assert "`shop.py`" in answer.text


def test_a_field_that_is_only_annotated_is_not_assigned(tmp_path: Path) -> None:
    text = "class Person:\n    age: Annotated[int, Field(gt=0)]\n    name: str = 'x'\n"
    with graph_of(tmp_path, person__py=text) as graph:
        said = answer_question(graph, "How are `Person.age` and `Person.name` declared in Person?").text
    assert "age` is assigned" not in said


def test_there_are_never_more_sentences_than_asked_for(tmp_path: Path) -> None:
    text = STORE + "\n\ndef run(store: Store):\n    store.put(1, 2)\n    store.get(1)\n"
    with graph_of(tmp_path, app__py=text) as graph:
        for limit in (1, 2, 3):
            options = with_values(AskOptions(), {"sentences": limit})
            assert (
                1 <= len(answer_question(graph, "How do run, Store.put and Store.save work?", options).claims) <= limit
            )


def test_a_title_is_no_part_of_the_sentence_below_it(tmp_path: Path) -> None:
    readme = (
        "# Quick start of the greeting library\n\nThis greets all registered persons in the system. It also waves.\n"
    )
    with graph_of(tmp_path, README__md=readme) as graph:
        said = answer_question(graph, "What does the greeting library do for registered persons?").text
    assert "greets all" in said
    assert "library This" not in said


def test_our_own_markdown_passes_our_own_check(tmp_path: Path) -> None:
    text = (
        'def refresh(token):\n    """Refresh the token. This asks the server. It never blocks the loop."""\n'
        "    return ask(token)\n\n\ndef ask(token):\n    return token\n"
    )
    with graph_of(tmp_path, auth__py=text) as graph:
        answer = answer_question(graph, "How does `refresh` ask the server for the token beside `retry_table`?")
        assert "Not found in this workspace: `retry_table`" in answer.text
        report = verify_text(graph, answer.text)
    assert report.ok, report


@pytest.mark.parametrize(
    ("sentence", "lines"),
    [
        ("`Store.get` `default`.", (6, 9)),
        ("`Store.get`, `timeout`, `30`.", (6, 9)),
        ("`Store` is a mixin for `Base`.", (5, 5)),
        ("The minimum `timeout` for `Store.get` is `30`.", (6, 9)),
        ("`timeout` of `Store.get` is at most `30`.", (6, 9)),
        ("In `Store.put`, in one of its branches: `self.save()`", (11, 13)),
        ("In `Store.put`, in one of its loops: `self.save()`", (11, 13)),
    ],
)
def test_what_says_nothing_or_something_else_does_not_pass(
    tmp_path: Path, sentence: str, lines: tuple[int, int]
) -> None:
    with graph_of(tmp_path, store__py=STORE) as graph:
        cited = cite(graph, "store.py", *lines, 12)
        assert cited is not None
        assert not supports(graph, sentence, (cited,)).ok
