"""What the names of a question mean: instances, members that do not exist, several names, uses, signals, handlers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.conversation import Conversation
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- mill/command.py
def run(args):
    \"\"\"Run a program.\"\"\"
    return args
#- mill/session.py
import contextlib

from mill import signals
from mill.errors import Stalled
from mill.limits import MAX_LOAD


class BaseStore:
    \"\"\"Keeps sacks.\"\"\"

    def stack(self):
        \"\"\"Pile the sacks up.\"\"\"
        return []


class Session:
    \"\"\"One day of milling.\"\"\"

    def __init__(self, config, bus):
        self.config = config
        self.bus = bus
        self.speed = config.getint("STONE_SPEED")

    def run(self, sacks):
        \"\"\"Grind all sacks of a day.\"\"\"
        for sack in sacks:
            if self.config.stop_at_dusk:
                break
            self.grind(sack)
        return sacks

    def grind(self, sack):
        if sack > MAX_LOAD:
            raise Stalled("too much")
        self.bus.send_all(signal=signals.sack_ground, sack=sack)
        return sack

    def copy(self):
        \"\"\"The same day once more.\"\"\"
        return Session(self.config, self.bus)


class Runner:
    def start(self, session):
        try:
            return session.run([])
        except Stalled:
            return None

    def retry(self, session):
        with contextlib.suppress(Stalled):
            session.copy()
#- mill/limits.py
MAX_LOAD = 50
UNREAD = 3
STONE_SPEED = 7
#- mill/config.py
class Config:
    stop_at_dusk: bool = True
    idle_hours: int = 1

    def getint(self, name):
        return int(name)


class Proxy:
    \"\"\"Stands for another.\"\"\"

    def __getattr__(self, name):
        return name
#- mill/errors.py
class Stalled(Exception):
    \"\"\"The stones stand still.\"\"\"
#- mill/signals.py
sack_ground = object()
#- mill/counter.py
from mill import signals


class Counter:
    def connect(self, bus):
        bus.connect(self.sack_ground, signal=signals.sack_ground)

    def sack_ground(self, sack):
        return sack


class Ledger:
    \"\"\"Writes down what is ground.\"\"\"

    def __getitem__(self, day):
        \"\"\"What was ground on a day.\"\"\"
        return day


class Index:
    def __getitem__(self, word):
        return word
#- tests/test_counter.py
from mill.counter import Ledger


def test_days():
    assert Ledger.__getitem__(Ledger(), 1) == 1
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("mill"), WORKSPACE) as opened:
        yield opened


@pytest.mark.parametrize(
    "question", ["what does session.run do", "what does `session.run()` do?", "explain session.run"]
)
def test_a_variable_named_like_a_class_is_an_instance_of_it(graph: CodeGraph, question: str) -> None:
    assert told(graph, question)[0] == "`Session.run`: “Grind all sacks of a day.”"


def test_the_class_may_have_the_name_as_its_last_word(graph: CodeGraph) -> None:
    assert told(graph, "what does store.stack do")[0] == "`BaseStore.stack`: “Pile the sacks up.”"
    assert "`Runner.start` calls `session.run()`" in told(graph, "who calls session.run")[0]


def test_what_is_a_module_s_stays_so(graph: CodeGraph) -> None:
    assert told(graph, "what does command.run do")[0] == "`run`: “Run a program.”"


def test_of_classes_that_fit_equally_each_is_told(tmp_path: Path) -> None:
    source = "class Gate:\n    def open(self):\n        '''Lift the {} gate.'''\n"
    files = f"#- mill/left.py\n{source.format('left')}#- mill/right.py\n{source.format('right')}"
    with graph_of(tmp_path, files) as graph:
        assert {
            "`mill.left.Gate.open`: “Lift the left gate.”",
            "`mill.right.Gate.open`: “Lift the right gate.”",
        } <= set(told(graph, "what does gate.open do"))


@pytest.mark.parametrize(
    "question",
    [
        "what does Session.clone() do?",
        "what does `Session.clone` do?",
        "how does Session.clone work",
        "Session.clone",
        "who calls session.clone",
        "where is `session.clone()` used?",
    ],
)
def test_a_member_that_does_not_exist_is_said_first(graph: CodeGraph, question: str) -> None:
    sentences = told(graph, question)
    assert sentences[0] == "`Session` has no `clone`; what comes nearest is `Session.copy`."
    assert "One day of milling" in sentences[1]
    assert len(sentences) <= 3


def test_a_module_s_name_that_does_not_exist(graph: CodeGraph) -> None:
    assert told(graph, "what does command.walk do?")[0] == "`mill.command` has no `walk`."


@pytest.mark.parametrize(
    "question", ["what does Proxy.clone do?", "what does Stalled.args hold?", "what is Session.speed?"]
)
def test_what_may_exist_is_not_denied(graph: CodeGraph, question: str) -> None:
    assert not any(" has no " in sentence for sentence in told(graph, question))


def test_beside_a_name_that_exists_the_other_is_denied(graph: CodeGraph) -> None:
    sentences = told(graph, "what is the difference between Session.copy and Session.clone?")
    assert sentences[0].startswith("`Session` has no `clone`")
    assert any("The same day once more" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    "question",
    [
        "where is STONE_SPEED used",
        "usages of STONE_SPEED",
        "who uses STONE_SPEED?",
        "what reads the setting STONE_SPEED",
        "where is `STONE_SPEED` read?",
    ],
)
def test_a_setting_is_read_by_its_key(graph: CodeGraph, question: str) -> None:
    answer = answer_question(graph, question)
    assert answer.claims[0].text == 'In `Session.__init__`: `self.speed = config.getint("STONE_SPEED")`'
    assert " was found" not in answer.reason


def test_fields_and_constants_are_read(graph: CodeGraph) -> None:
    field, constant = "where is stop_at_dusk used", "where is MAX_LOAD used"
    assert told(graph, field)[0] == "In `Session.run`: `if self.config.stop_at_dusk`"
    assert told(graph, constant)[0] == "In `Session.grind`: `if sack > MAX_LOAD`"


@pytest.mark.parametrize("name", ["UNREAD", "idle_hours"])
def test_where_there_is_no_use_that_is_said_of_uses(graph: CodeGraph, name: str) -> None:
    reason = answer_question(graph, f"where is {name} used").reason
    assert "no use of" in reason
    assert "call" not in reason


def test_many_uses_are_summed_up(tmp_path: Path) -> None:
    functions = "".join(f"def f{n}(x):\n    return x.width + {n}\n\n\n" for n in range(30))
    with graph_of(tmp_path, f"#- mill/box.py\nclass Box:\n    width: int = 1\n\n\n{functions}") as graph:
        assert told(graph, "where is width used")[0].startswith(
            "`width` is read in `f0`, `f1`, `f2` and `f3`, among others"
        )


def test_that_something_is_read_is_checked(graph: CodeGraph) -> None:
    (init,) = graph.find_symbol("Session.__init__")
    citation = cite(graph, "mill/session.py", init.symbol.end, init.symbol.end, 12)
    assert citation is not None
    assert supports(graph, "`STONE_SPEED` is read in `Session.__init__`.", (citation,)).ok
    assert not supports(graph, "`STONE_SPEED` is read in `Session.run`.", (citation,)).ok
    assert not supports(graph, "`Session` has no `grind`.", (citation,)).ok


@pytest.mark.parametrize(
    "question",
    ["who calls grind / copy", "who calls grind and copy?", "who calls `grind` or `copy`", "callers of grind, copy"],
)
def test_each_of_several_names_is_answered(graph: CodeGraph, question: str) -> None:
    sentences = " ".join(told(graph, question))
    assert "`Session.grind` is called by `Session.run`" in sentences
    assert "`session.copy()`" in sentences or "`Session.copy` is" in sentences


def test_of_several_names_the_missing_one_is_said(graph: CodeGraph) -> None:
    assert "nothing was found for unheard_of" in answer_question(graph, "who calls grind / unheard_of").reason


@pytest.mark.parametrize(
    "question",
    [
        "who catches Stalled",
        "where is Stalled caught?",
        "who handles Stalled?",
        "mill.errors.Stalled - who catches it and what happens then?",
    ],
)
def test_equal_questions_about_handlers_have_equal_answers(graph: CodeGraph, question: str) -> None:
    assert told(graph, question)[:2] == ["`Runner.start` catches `Stalled`.", "`Runner.retry` catches `Stalled`."]


@pytest.mark.parametrize(
    "question", ["who sends the signal sack_ground", "who sends the sack_ground signal?", "where is sack_ground sent"]
)
def test_who_sends_a_signal_is_no_receiver(graph: CodeGraph, question: str) -> None:
    sentences = told(graph, question)
    assert len(sentences) == 1
    assert "In `Session.grind`" in sentences[0]
    assert "`self.bus.send_all(signal=signals.sack_ground, sack=sack)`" in sentences[0]


def test_its_member_is_the_last_subject_s(graph: CodeGraph) -> None:
    conversation = Conversation()
    conversation.ask(graph, "What does Ledger do?")
    answer = conversation.ask(graph, "what does its `__getitem__` do?")
    assert answer.claims[0].text == "`Ledger.__getitem__`: “What was ground on a day.”"
    tests = conversation.ask(graph, "which tests cover it?")
    assert "Ledger.__getitem__" in tests.claims[0].text
    assert "test_days" in tests.claims[0].text


def test_a_class_that_was_bound_anew_may_have_more(tmp_path: Path) -> None:
    source = (
        "class Meta(type):\n    pass\n\n\nclass Setting:\n    def get(self):\n        return 1\n\n\n"
        "Setting = Meta('Setting', (Setting,), {})\n\n\nclass Port(Setting):\n    pass\n"
    )
    with graph_of(tmp_path, f"#- mill/config.py\n{source}") as graph:
        assert not any(" has no " in sentence for sentence in told(graph, "what does Port.get do?"))


def test_a_module_that_is_made_later_is_not_denied(tmp_path: Path) -> None:
    files = "#- mill/__init__.py\nfrom mill._version import version\n\n\ndef grind():\n    return version\n"
    with graph_of(tmp_path, files) as graph:
        assert not any(" has no " in sentence for sentence in told(graph, "what does mill._version do?"))
        assert "`mill` has no `weigh`." in told(graph, "what does mill.weigh do?")


def test_the_key_of_a_setting_is_not_denied_to_the_package_it_begins_with(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- mill/__init__.py
        '''A mill.'''
        #- mill/stones.py
        def dress(settings):
            return settings["mill.stone_depth"]
        """,
    )
    assert not [s for s in told(graph, "where is mill.stone_depth used") if "has no" in s]
    assert told(graph, "what does mill.stone_width do")[0].startswith("`mill` has no `stone_width`")


def test_what_a_function_takes_is_told_with_its_stars(repo: Path) -> None:
    graph = graph_of(repo, "#- mill.py\ndef grind(sack, *more, speed=1, **options):\n    return sack\n")
    assert "`grind` takes `sack`, `*more` and `**options` and optionally `speed` (default `1`)." in told(
        graph, "What parameters does `grind` take?"
    )


def test_the_name_of_a_file_is_no_member(repo: Path) -> None:
    graph = graph_of(repo, "#- mill/_store.py\ndef keep(sack):\n    return sack\n")
    sentences = told(graph, "What does keep() in `_store.py` return?")
    assert sentences
    assert not [s for s in sentences if "has no" in s]
