"""What an answer begins with: the statement that does what is asked, the result that is asked for; and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter_core.answers.composing.acts.asked_act import asked_act
from adapter_core.answers.composing.candidate import Candidate
from adapter_core.answers.composing.leading import leading_sentence
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.question import analyse
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = '''
#- mill/machine.py
class Machine:
    """A machine. Its models keep the state that is changed."""

    def __init__(self, models, attribute="state"):
        """Keep the models whose state attribute is changed by the machine.

        models: the models attached to the machine, whose state is changed
        """
        self.models = models
        self.attribute = attribute
        self.idle_sacks = []
        self.running = {}

    def put_state(self, state):
        """Take a new state."""
        for model in self.models:
            setattr(model, self.attribute, state)

    def name_methods(self, model, state):
        name = "is_%s" % state.name
        self.bind_checked(model, name)

    def bind_checked(self, model, name):
        """Attach a method to the model if it is not there: methods attached to the model win."""
        if not hasattr(model, name):
            setattr(model, name, self)

    def grind(self, sack):
        """Grind a sack while idle sacks are kept."""
        if len(self.running) > 3:
            raise ValueError("too many")
        self.running[sack.id] = self.running.get(sack.id, 0)
        self.running[sack.id] += 1
        while self.idle_sacks:
            if self.idle_sacks[0].age < 7:
                break
            old = self.idle_sacks.popleft()
            old.empty()

    def weigh(self, sack):
        """Weigh a sack on the scales.

        :param sack: what is weighed
        :return: the grams of the sack, or None without flour
        """
        def read(scale):
            return scale.read()

        self.log_weighing(sack)
        if not sack.flour:
            return None
        result = read(sack)
        return result

    def log_weighing(self, sack):
        """Log that a sack is weighed."""
        return self.weigh
#- mill/left.py
def run_wheel(wheel):
    """Run the left wheel of the mill until its brake is set."""
    wheel.turn("left")
    wheel.brake.set()
#- mill/right.py
def run_wheel(wheel):
    """Run the right wheel of the mill until its brake is set."""
    wheel.turn("right")
    wheel.brake.set()
'''


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("mill"), WORKSPACE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Where is the state attribute of the models actually changed?", "`setattr(model, self.attribute, state)`"),
        ("where are the idle sacks of a machine removed?", "`old = self.idle_sacks.popleft()`"),
        ("where are the running sacks counted?", "`self.running[sack.id] += 1`"),
        ("where are the is_<state> methods attached to the model?", '`name = "is_%s" % state.name`'),
    ],
)
def test_the_statement_that_does_it_comes_before_the_words_of_a_docstring(
    graph: CodeGraph, question: str, statement: str
) -> None:
    assert statement in told(graph, question)[0]


def test_what_it_returns_is_told_first_and_what_was_not_asked_not_at_all(graph: CodeGraph) -> None:
    sentences = told(graph, "What does Machine.weigh return?")
    assert sentences[0].startswith("`Machine.weigh` returns, by its docstring: “the grams of the sack")
    assert any("returns `None` unless `sack.flour`" in text for text in sentences)
    assert not any("Machine.weigh.read" in text or "calls" in text or "log_weighing" in text for text in sentences)


def test_of_two_functions_of_one_name_the_module_is_told(graph: CodeGraph) -> None:
    sentences = told(graph, "how does the mill run the wheel?")
    assert any("`mill.left.run_wheel`" in text for text in sentences)
    assert any("`mill.right.run_wheel`" in text for text in sentences)


@pytest.mark.parametrize(
    ("question", "verbs"),
    [
        ("where are idle workers thrown away?", {"throw"}),
        ("where are unknown fields dropped or rejected?", {"drop", "reject"}),
        ("where does the cache drop old entries?", {"drop"}),
        ("where do connections get closed when they are idle?", {"clos"}),
        ("where do we upgrade a connection?", None),
        ("who closes the connection?", None),
    ],
)
def test_the_act_is_the_verb_of_the_question(question: str, verbs: set[str] | None) -> None:
    weights = dict.fromkeys(("idle", "field", "old", "entri", "connect", "worker", "unknown"), 1.0)
    act = asked_act(analyse(question), weights)
    assert (None if act is None else set(act.verbs)) == verbs


def test_a_name_with_a_placeholder_is_looked_for_as_code_writes_it() -> None:
    act = asked_act(analyse("where are the is_<state> and to_X methods added?"), {"method": 1.0})
    assert act is not None
    assert act.literals == ("is_", "to_")


def test_the_default_of_something_else_does_not_lead() -> None:
    def default(text: str) -> Candidate:
        return Candidate(text, "signature", (("a.py", 1, 1),), "a.py:1", 0, 0)

    other, asked = (
        default("`Oven.bake` takes `heat` (default `7`)."),
        default("`Mill.grind` takes `speed` (default `3`)."),
    )
    weights = {"default": 1.0, "speed": 2.0, "mill": 1.0}
    question = "what is the default speed of the mill?"
    assert leading_sentence([other, asked], "what", question, weights) is asked
    assert leading_sentence([other], "what", question, weights) is None
