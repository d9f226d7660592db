"""Questions in a row: "it" is the symbol of the answer before."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from adapter_core.answers.chat import WHAT_CAN_BE_ASKED
from adapter_core.answers.conversation import Conversation, resolve_question
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of, write

WORKSPACE = '''
#- app/router.py
class Router:
    def match(self, url):
        """Find the endpoint whose rule matches the URL."""
        if url not in self.rules:
            raise LookupError(url)
        return self.rules[url]

    def add(self, url, endpoint):
        self.rules[url] = endpoint
#- app/main.py
from app.router import Router


def handle(router: Router, url):
    return router.match(url)
#- tests/test_router.py
from app.router import Router


def test_match(router: Router):
    router.match("/")
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def said(graph: CodeGraph, conversation: Conversation, question: str) -> str:
    answer = conversation.ask(graph, question)
    assert answer.question == question
    assert all(c.verified for claim in answer.claims for c in claim.citations)
    return "\n".join(c.text for c in answer.claims)


def test_it_is_the_symbol_of_the_answer_before(graph: CodeGraph) -> None:
    conversation = Conversation()
    assert "`Router.match`" in said(graph, conversation, "How is a URL matched to an endpoint?")
    assert conversation.focus == "app/router.py:Router.match"
    assert "`Router.match` is called by `handle`." in said(graph, conversation, "and who calls it?")
    assert "tests/test_router.py::test_match" in said(graph, conversation, "Which tests?")
    assert "raises `LookupError`" in said(graph, conversation, "What does it raise?")
    assert [t.focus for t in conversation.turns] == ["app/router.py:Router.match"] * 4
    assert {e.symbol for e in conversation.evidence} >= {"Router.match"}


def test_a_new_name_changes_the_subject(graph: CodeGraph) -> None:
    conversation = Conversation()
    said(graph, conversation, "What does `Router.match` do?")
    assert "`Router.add`" in said(graph, conversation, "What does `Router.add` set?")
    assert conversation.focus == "app/router.py:Router.add"


def test_a_first_question_stands_on_its_own(graph: CodeGraph) -> None:
    conversation = Conversation()
    conversation.ask(graph, "and who calls it?")
    assert conversation.turns[0].understood == "and who calls it?"


def test_each_question_may_see_newer_files(graph: CodeGraph) -> None:
    conversation = Conversation()
    said(graph, conversation, "What does `Router.match` raise?")
    file = graph.root / "app/router.py"
    write(graph.root, "app/router.py", file.read_text("utf-8").replace("LookupError", "KeyError"))
    newer = CodeGraph.load_or_build(graph.root)
    assert "raises `KeyError`" in said(newer, conversation, "and what does it raise?")


def test_a_symbol_that_is_gone_is_not_asked_about(graph: CodeGraph) -> None:
    conversation = Conversation()
    said(graph, conversation, "What does `Router.match` do?")
    write(graph.root, "app/router.py", "class Other: pass\n")
    newer = CodeGraph.load_or_build(graph.root)
    conversation.ask(newer, "and who calls it?")
    assert conversation.turns[-1].understood == "and who calls it?"


@pytest.mark.parametrize(
    ("question", "understood"),
    [
        ("and who calls it?", "who calls `Router.match`?"),
        ("What are its parameters?", "What are `Router.match`'s parameters?"),
        ("Why does this method raise?", "Why does `Router.match` raise?"),
        ("and the tests?", "the tests of `Router.match`?"),
        ("Which tests?", "Which tests of `Router.match`?"),
        ("What does `Router.add` do with it?", "What does `Router.add` do with it?"),
        ("Where is Router?", "Where is Router?"),
        ("How are the rules of this project loaded from a configuration file?", None),
    ],
)
def test_what_is_understood(graph: CodeGraph, question: str, understood: str | None) -> None:
    (focus,) = graph.find_symbol("Router.match")
    resolved = resolve_question(graph, question, focus)
    if understood is not None:
        assert resolved == understood
    assert resolve_question(graph, question, None) == question


def test_the_command_reads_questions_line_by_line(
    graph: CodeGraph, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Lines:
        buffer = io.BytesIO(b"and who calls it?\n\nwhich tests?\n")

        @staticmethod
        def isatty() -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Lines)
    code = main(["ask", "--no-model", "--json", "--follow", "--repo", str(graph.root), "What does `Router.match` do?"])
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [a["question"] for a in answers] == ["What does `Router.match` do?", "and who calls it?", "which tests?"]
    assert "`Router.match` is called by `handle`." in answers[1]["text"]


def test_follow_takes_its_questions_from_one_place(graph: CodeGraph, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--no-model", "--follow", "--repo", str(graph.root), "-"]) == 2
    assert "standard input" in capsys.readouterr().err


BY_NAME = """
#- app/store.py
class Store:
    def save(self, item):
        \"\"\"Keep an item on the disk.\"\"\"
        self.items.append(item)

class Other:
    def save(self, item):
        \"\"\"Send an item away.\"\"\"
        return item
#- app/use.py
def keep(box, item):
    box.save(item)

def keep_all(box, items):
    for item in items:
        keep(box, item)

def main(boxes):
    keep_all(boxes[0], [1])
"""


@pytest.mark.parametrize(
    "first", ["Who calls Store.save?", "Who calls the save method of Store?", "Where is `Store.save` called?"]
)
@pytest.mark.parametrize("further", ["and who calls it?", "who calls that?", "and its callers?"])
def test_who_calls_it_after_who_calls_goes_up(repo: Path, first: str, further: str) -> None:
    graph, conversation = graph_of(repo, BY_NAME), Conversation()
    assert [c.text for c in conversation.ask(graph, first).claims] == ["By name alone: `keep` calls `box.save()`."]
    assert conversation.ask(graph, further).claims[0].text == "`keep` is called by `keep_all`."
    assert conversation.ask(graph, further).claims[0].text == "`keep_all` is called by `main`."


def test_who_calls_it_after_another_question_is_about_its_symbol(repo: Path) -> None:
    graph, conversation = graph_of(repo, BY_NAME), Conversation()
    conversation.ask(graph, "How is an item kept on the disk?")
    assert conversation.ask(graph, "and who calls it?").claims[0].text == "By name alone: `keep` calls `box.save()`."


@pytest.mark.parametrize("first", ["Who calls Store.save?", "Who calls the save method of Store?"])
def test_what_does_it_do_after_who_calls_is_about_what_was_asked(repo: Path, first: str) -> None:
    graph, conversation = graph_of(repo, BY_NAME), Conversation()
    conversation.ask(graph, first)
    assert conversation.ask(graph, "and what does it do?").claims[0].text == "`Store.save`: “Keep an item on the disk.”"


def test_thanks_in_between_changes_nothing(repo: Path) -> None:
    graph, conversation = graph_of(repo, BY_NAME), Conversation()
    conversation.ask(graph, "What does Store.save do?")
    thanks = conversation.ask(graph, "thanks")
    assert (thanks.found, thanks.text) == (False, WHAT_CAN_BE_ASKED)
    assert conversation.ask(graph, "and who calls it?").claims[0].text == "By name alone: `keep` calls `box.save()`."
