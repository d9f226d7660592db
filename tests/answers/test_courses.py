"""Questions what happens when, in which order, how something is decided, and how a program starts: told by the function that does it; and
questions about things that are not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.absent_things import AbsentThing, absent_thing
from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.citations import cite
from adapter_core.answers.composing.links.startup import asks_startup
from adapter_core.answers.composing.listings.module_choices import _told_try
from adapter_core.answers.composing.reacting import reacting_functions
from adapter_core.answers.kinds import answer_kind, asks_order, asks_workings
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.guides import asks_how_to
from adapter_core.evidence.question import analyse
from adapter_core.types import Claim
from tests.support import graph_of

SERVER = '''
#- pyproject.toml
[project]
name = "barn"

[project.scripts]
barn-check = "barn.checks:main"
barn = "barn.cli:main"

#- barn/__init__.py

#- barn/checks.py
def main():
    print("fine")

#- barn/cli.py
from barn.server import Server, watch


def main():
    server = Server("barn")
    if server.reloads:
        watch(server)
    else:
        server.run()

#- barn/server.py
import logging

log = logging.getLogger(__name__)


class BusyError(Exception):
    pass


def watch(server):
    server.run()


class Server:
    def __init__(self, name):
        self.name = name
        self.reloads = False

    def run(self):
        self.bind()
        self.accept_connections()

    def bind(self):
        self.socket = listen(self.name)

    def accept_connections(self):
        """Accept connections until the server stops."""
        while True:
            connection = self.socket.accept()
            try:
                self.answer(connection)
            except BusyError:
                connection.close()
                break

    def answer(self, connection):
        state = connection.state
        if state.name not in self.states:
            message = "cannot answer in state %s" % state.name
            if state.ignored:
                log.warning(message)
                return False
            raise BusyError(message)
        for key, value in connection.headers.items():
            self.headers[key] = value
            break
        return connection.send(self.name)


def listen(name):
    return name

#- barn/parsing/auto.py
try:
    import quickparse
except ImportError:
    from barn.parsing.slow import SlowParser

    AutoParser = SlowParser
else:
    from barn.parsing.quick import QuickParser

    AutoParser = QuickParser

#- barn/parsing/slow.py
class Parser:
    """Parse a request."""


class SlowParser(Parser):
    pass


class SlowerParser(SlowParser):
    pass

#- barn/parsing/quick.py
from barn.parsing.slow import Parser


class QuickParser(Parser):
    pass

#- README.md
# Barn

Barn accepts connections. Nothing of it limits how many there are.
'''


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("barn"), SERVER) as graph:
        yield graph


def told(graph: CodeGraph, question: str) -> list[str]:
    return [claim.text for claim in answer_question(graph, question).claims]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what happens when a job raises an error?", True),
        ("What happens if the socket is closed?", True),
        ("in which order are the hooks called?", True),
        ("walk me through a request", True),
        ("what happens to the queue?", True),
        ("How does a worker decide which job to run?", True),
        ("How does a user add a plugin?", False),
        ("How can a plugin be added?", False),
        ("What is a worker?", False),
    ],
)
def test_which_questions_are_answered_by_the_function_that_does_it(question: str, expected: bool) -> None:
    parsed = analyse(question)
    assert asks_workings(parsed, answer_kind(parsed)) is expected


def test_how_something_does_it_is_not_how_one_does_it() -> None:
    assert not asks_how_to("How does a queued machine process a trigger?")
    assert asks_how_to("How does a developer add a trigger?")
    assert asks_how_to("How can an app add a trigger?")


def test_the_order_of_things_is_no_thing() -> None:
    question = analyse("in which order are the callbacks executed?")
    assert asks_order(question.text)
    assert "order" not in question.terms
    assert answer_kind(question) == "how"


def test_what_leads_up_to_an_error_is_quoted_with_it(graph: CodeGraph) -> None:
    sentences = told(graph, "Which state makes the server refuse to answer?")
    quoted = next(s for s in sentences if "message = " in s)
    assert "when `state.ignored`, `log.warning(message)`, then `return False`" in quoted
    assert quoted.endswith("otherwise `raise BusyError(message)`")


def test_a_quotation_whose_branches_are_exchanged_does_not_hold(graph: CodeGraph) -> None:
    sentence = (
        'In `Server.answer`, when `state.name not in self.states`: `message = "cannot answer in state %s" % state.name`; '
        "when `state.ignored`, `log.warning(message)`, then `return False`; otherwise `raise BusyError(message)`"
    )
    (ref,) = graph.find_symbol("Server.answer")
    citations = tuple(filter(None, (cite(graph, ref.path, ref.symbol.start, ref.symbol.start + 9, 12),)))
    assert statements_hold(graph, sentence, citations)
    assert not statements_hold(graph, sentence.replace("when `state.ignored`", "unless `state.ignored`"), citations)


def test_a_loop_is_told_with_what_it_is_for(graph: CodeGraph) -> None:
    course = next(s for s in told(graph, "What happens when `Server.answer` is called?") if "in the order written" in s)
    assert "for each `key, value in connection.headers.items()`: `self.headers[key] = value`, then `break`" in course


def test_a_start_is_told_from_the_command_on(graph: CodeGraph) -> None:
    first, path, *rest = told(graph, "walk me through barn's startup, from the command line to accepting connections")
    assert first == '`pyproject.toml`: “barn = "barn.cli:main"”'
    assert path == ("Step by step: `main` may call `Server.run`; `Server.run` calls `Server.accept_connections`.")
    assert any(s.startswith("In `Server.accept_connections`, in the order written:") for s in rest)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("walk me through server startup", True),
        ("what happens when I run the server from the command line?", True),
        ("what happens when startup fails?", False),
        ("in which order are the startup hooks called?", False),
        ("how does the parser work?", False),
    ],
)
def test_which_questions_ask_for_a_start(question: str, expected: bool) -> None:
    assert asks_startup(question) is expected


def test_what_an_error_of_a_class_leads_to_is_told_where_it_is_caught(graph: CodeGraph) -> None:
    sentences = told(graph, "what happens when an answer raises BusyError?")
    assert any(s.startswith("In `Server.accept_connections`") and "when it catches `BusyError`" in s for s in sentences)


def test_what_a_module_decides_on_import_is_told(graph: CodeGraph) -> None:
    (sentence,) = told(graph, "How does the auto setting choose the parsing implementation?")
    assert sentence == (
        "`barn.parsing.auto` decides on import: it tries `import quickparse`; when that raises `ImportError`, "
        "`from barn.parsing.slow import SlowParser`, then `AutoParser = SlowParser`; otherwise "
        "`from barn.parsing.quick import QuickParser`, then `AutoParser = QuickParser`."
    )
    (claim,) = answer_question(graph, "How does the auto setting choose the parsing implementation?").claims
    assert statements_hold(graph, sentence, claim.citations)
    wrong = sentence.replace("`AutoParser = SlowParser`", "`AutoParser = QuickParser`", 1)
    assert not statements_hold(graph, wrong, claim.citations)


def test_classes_that_implement_something_extend_it(graph: CodeGraph) -> None:
    sentences = told(graph, "which classes implement Parser?")
    assert sentences[:2] == [
        "`Parser` is extended by `QuickParser` and `SlowParser`.",
        "`SlowParser` is extended by `SlowerParser`.",
    ]


def test_of_many_subclasses_the_number_is_told(tmp_path: Path) -> None:
    classes = "\n\n".join(f"class Part{n:02}(Base):\n    pass" for n in range(15))
    sentences = told(graph_of(tmp_path, f"#- m.py\nclass Base:\n    pass\n\n\n{classes}\n"), "what extends Base?")
    assert sentences[0].endswith("and `Part11`, among others (15 in all).")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How does barn's built-in rate limiter work?", ("rate", "limiter")),
        ("how do I configure the circuit breaker?", ("circuit", "breaker")),
        ("How does the slow parser work?", None),
        ("how does the connection limiter work?", None),  # a few words of the README speak of it
        ("what happens when the rate limiter is full?", None),
    ],
)
def test_things_of_several_words_that_are_not_there(
    graph: CodeGraph, question: str, words: tuple[str, ...] | None
) -> None:
    thing = absent_thing(graph, analyse(question))
    assert (thing.words if thing is not None else None) == words


def test_nothing_else_is_told_as_if_it_were_what_is_not_there(graph: CodeGraph) -> None:
    answer = answer_question(graph, "How does barn's built-in answer cache work?")
    assert not answer.claims
    assert answer.reason == "nothing in this workspace speaks of “cache”"
    answer = answer_question(graph, "How does barn's built-in state parser work?")
    assert all("Pars" in claim.text for claim in answer.claims)
    assert answer.reason == "no definition and no guide speaks of “state” and “parser” together"


def test_of_what_is_only_mentioned_that_is_told(tmp_path: Path) -> None:
    source = """
        #- m.py
        class TooManyError(Exception):
            \"\"\"Sent too much in a given time (rate limiting).\"\"\"


        class Speed:
            \"\"\"Rate of a thing.\"\"\"
        """
    with graph_of(tmp_path, source) as graph:
        thing = absent_thing(graph, analyse("How does the built-in rate limiter work?"))
        assert thing is not None
        assert thing.told.startswith("no definition of the code is named for “rate” and “limiter”")
        claims = answer_question(graph, "What are `TooManyError` and `Speed`?").claims
    assert {c.text.partition(":")[0] for c in claims} >= {"`TooManyError`", "`Speed`"}
    assert {c.text.partition(":")[0] for c in thing.nearest(claims)} == {"`TooManyError`"}


def test_a_test_is_no_course_of_the_product(tmp_path: Path) -> None:
    body = "".join(f"    optimize({n})\n    assert optimizer.query({n})\n" for n in range(4))
    graph = graph_of(
        tmp_path, f"#- tests/test_query.py\ndef test_query_optimizer():\n{body}\n#- m.py\ndef f():\n    pass\n"
    )
    assert not any("in the order written" in s for s in told(graph, "How does the query optimizer work?"))


def test_what_happens_when_something_is_stopped_is_told_by_stop(tmp_path: Path) -> None:
    source = """
#- press.py
class Press:
    def stop(self):
        self.is_stopping = True
        if self.watcher is not None:
            self.watcher.stop()
        self.halt()

    def halt(self):
        self.plate = None
        self.order.clear()

    def restart_press(self):
        if self.is_stopping:
            return
        self.halt()
        # It is shut down by now.
        self.plate = object()
        self.starts += 1
"""
    with graph_of(tmp_path, source) as graph:
        answer = answer_question(graph, "In which order are things shut down when the press is stopped?")
    assert answer.claims[0].text.startswith("In `Press.stop`")


@pytest.mark.parametrize(
    ("body", "told"), [("pass", "nothing else happens"), ('log.error("no stones")', '`log.error("no stones")`')]
)
def test_a_handler_that_logs_does_something(body: str, told: str) -> None:
    source = f"try:\n    import quickstone\nexcept ImportError:\n    {body}\n"
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.Try)
    assert _told_try(node, source.splitlines(keepends=True)).endswith(told)


def test_an_error_is_handled_where_it_is_caught_and_not_where_it_is_spoken_of(tmp_path: Path) -> None:
    terms_of_sum = " + ".join(["size"] * 900)
    source = f"""
#- mill.py
class JamError(Exception):
    pass


def grind(stones, size):
    '''Is fine, except that a JamError may come.'''
    if size > {terms_of_sum}:
        return None
    return stones.turn()


def run(stones):
    try:
        return grind(stones, 1)
    except (OSError, JamError):
        stones.lift()
        return None
"""
    with graph_of(tmp_path, source) as graph:
        assert [s.symbol.name for s in reacting_functions(graph, {"JamError"})] == ["run"]
        assert answer_question(
            graph, "How is the size of the stones decided?"
        ).text  # nested too deeply for `ast.unparse`


def test_what_a_sentence_tells_is_not_said_to_be_nowhere() -> None:
    thing = AbsentThing(("cascade", "throttler"), "throttler")
    news = Claim("`CHANGELOG.md`: “Added throttling of the cascade.”", "composed", ())
    assert thing.is_told_by([news])
    assert not thing.is_told_by([Claim("`Mill` has a throttler.", "composed", ())])
