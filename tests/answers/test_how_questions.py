"""Questions how or why the code does something: the answer leads with the one function that does it, told in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.kinds import answer_kind, asks_workings
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.question import analyse
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- kiln/oven.py
import logging

from kiln.limits import DEFAULT_SHELVES

logger = logging.getLogger(__name__)
RESERVED = ("top", "bottom")


class BaseOven:
    def cool(self, shelf):
        \"\"\"Cool a glazed shelf.\"\"\"
        raise NotImplementedError


class Oven(BaseOven):
    def open_door(self, shelf):
        \"\"\"Open the door.\"\"\"
        logger.info("a glazed shelf cools down in the oven when the door is open")
        self.door = True

    def cool(self, shelf):
        \"\"\"\\
        Cool a glazed shelf slowly.
        \"\"\"
        assert shelf is not None
        steps = self.steps_of(shelf)
        message = f"cooling {shelf}"
        for step in steps:
            shelf.heat -= step
            if self.debug:
                self.seen = shelf.heat
        logger and logger.debug(message)
        return shelf

    def steps_of(self, shelf):
        \"\"\"The degrees by which a glazed shelf cools.\"\"\"
        return [1] * shelf.heat

    def add_shelf(self, name, count=DEFAULT_SHELVES):
        \"\"\"Add a shelf to the oven.\"\"\"
        return self._add_shelf(name, count)

    def _add_shelf(self, name, count):
        if not count:
            raise ValueError("no room")
        if name in RESERVED:
            raise KeyError(name)
        self.shelves[name] = count
        return name

    def stack(self, shelves):
        # We go over the shelves one by one.
        order = list(shelves)
        # Also, the order is turned round to avoid that the lowest shelf burns.
        #
        # What comes last is fired last.
        order.reverse()
        return order
#- kiln/limits.py
DEFAULT_SHELVES = 7
#- kiln/__init__.py
from kiln import oven

oven = oven
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def test_the_function_that_does_it_leads_and_is_told_in_order(graph: CodeGraph) -> None:
    first, second, *_ = told(graph, "How does the oven cool a glazed shelf?")
    assert first == "`Oven.cool`: “Cool a glazed shelf slowly.”"
    assert second.startswith("In `Oven.cool`, in the order written: (1) `steps = self.steps_of(shelf)`; ")
    assert "(2) … for each `step in steps`: `shelf.heat -= step`; (3) … `return shelf`" in second


def test_assertions_messages_and_debugging_are_no_steps(graph: CodeGraph) -> None:
    answer = " ".join(told(graph, "How does the oven cool a glazed shelf?"))
    assert "assert " not in answer
    assert "message" not in answer
    assert "self.seen" not in answer


def test_debugging_is_told_where_it_is_asked_for(graph: CodeGraph) -> None:
    assert "self.seen = shelf.heat" in " ".join(told(graph, "How does the oven debug how a glazed shelf is cooled?"))


def test_what_a_wrapper_calls_is_told(graph: CodeGraph) -> None:
    answer = told(graph, "How does add_shelf handle a shelf?")
    assert any(text.startswith("In `Oven._add_shelf`, in the order written: (1) unless `count`: ") for text in answer)


def test_a_refusal_is_answered_by_the_error_under_the_named_condition(graph: CodeGraph) -> None:
    first = told(graph, "Why does add_shelf refuse a name in RESERVED?")[0]
    assert first.startswith("`Oven._add_shelf` raises `KeyError` when `name in RESERVED`")


def test_a_reason_is_found_above_the_code_that_is_asked_about(graph: CodeGraph) -> None:
    first = told(graph, "Why does the stack reverse the shelves?")[0]
    assert first.startswith(
        "A comment in `Oven.stack` says: “Also, the order is turned round to avoid that the lowest "
    )


def test_a_default_that_is_a_constant_is_followed_to_its_value(graph: CodeGraph) -> None:
    first, *others = told(graph, "What is the default of count in add_shelf?")
    assert first == "`count` of `Oven.add_shelf` defaults to `DEFAULT_SHELVES`."
    assert "`DEFAULT_SHELVES` is assigned as `DEFAULT_SHELVES = 7`." in others


def test_a_constant_named_like_the_default_that_is_asked_for_comes_first(graph: CodeGraph) -> None:
    assert told(graph, "How many default shelves does an oven have?")[0] == (
        "`DEFAULT_SHELVES` is declared in `kiln.limits`, with the default `7`."
    )


def test_a_name_that_is_exported_again_is_not_said_to_be_assigned(graph: CodeGraph) -> None:
    assert not any("oven = oven" in text for text in told(graph, "What is kiln.oven?"))


def test_every_sentence_is_verified(graph: CodeGraph) -> None:
    answer = answer_question(graph, "How does the oven cool a glazed shelf?")
    assert not answer.dropped


@pytest.mark.parametrize(
    ("told_as", "mutant"),
    [
        ("(1) `steps", "(1) `assert shelf is not None`, then `steps"),
        ("(2) … for", "(2) for"),
        ("for each `step in steps`: ", ""),
        ("(3) … `return shelf`", "(3) … `logger and logger.debug(message)`, then `return shelf`"),
    ],
)
def test_a_course_that_tells_anything_else_is_dropped(graph: CodeGraph, told_as: str, mutant: str) -> None:
    claim = answer_question(graph, "How does the oven cool a glazed shelf?").claims[1]
    assert statements_hold(graph, claim.text, claim.citations)
    assert told_as in claim.text
    assert not statements_hold(graph, claim.text.replace(told_as, mutant), claim.citations)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How does the oven cool a shelf?", True),
        ("Why is the order reversed?", True),
        ("Walk me through what happens to a shelf.", True),
        ("How do I add a shelf?", False),
        ("How to run the tests?", False),
        ("Where is the shelf cooled?", False),
        ("How do cool and stack differ?", False),
    ],
)
def test_questions_that_ask_for_workings(question: str, expected: bool) -> None:
    parsed = analyse(question)
    assert asks_workings(parsed, answer_kind(parsed)) is expected
