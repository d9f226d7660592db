"""Questions for all things of a kind are answered with all of them: how many there are, and what each says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter_core.answers.composing.collections.asked_collection import asked_collections
from adapter_core.answers.composing.collections.documented_lists import item_lists
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

SHOP = """
#- shop/__init__.py
#- shop/carriers.py
class BaseCarrier:
    def deliver(self, parcel):
        raise NotImplementedError

    def price(self, parcel):
        return 0


class BikeCarrier(BaseCarrier):
    \"\"\"Delivers within the town.\"\"\"

    def deliver(self, parcel):
        return parcel


class TruckCarrier(BaseCarrier):
    def deliver(self, parcel):
        \"\"\"Load the parcel on a truck.\"\"\"
        return parcel


class NightTruckCarrier(TruckCarrier):
    description = "Drives at night, when the roads are empty."
#- shop/states.py
from enum import Enum


class OrderState(Enum):
    PLACED = "placed"
    PAID = "paid"  # the money has arrived
    SENT = "sent"


DISCOUNT_RULES = {
    "none": None,
    "weekend": {"share": 5},
    "loyal": {"share": 10},
}
EXIT_OK = 0
EXIT_EMPTY = 3
EXIT_CLOSED = 4
#- shop/guards.py
\"\"\"Guards.\"\"\"


class Mutex:
    \"\"\"A lock that several processes share.\"\"\"


class Gate:
    \"\"\"Holds processes back until all have arrived, as a barrier does.\"\"\"


def limited(function):
    \"\"\"Calls a function no more often than allowed.\"\"\"
    return function


def _helper():
    return None
#- shop/rights.py
class Clerk:
    def allow(self, rights="r"):
        \"\"\"Give a clerk rights.

        Read rights:
         - "r" = look at orders
         - "p" = look at prices

        Write rights:
         - "w" = change orders,
           and prices
         - "d" = delete orders
        \"\"\"
        return rights
#- shop/cli.py
import click


@click.group()
def main():
    pass


@main.command()
def pack():
    \"\"\"Packs all orders.\"\"\"


@main.command("send", help="Sends what is packed.")
def send_command():
    pass
#- shop/errors.py
class ShopError(Exception):
    \"\"\"The base of them.\"\"\"


class Closed(ShopError):
    \"\"\"Raised out of hours.\"\"\"
#- shop/events.py
def listener(function):
    return function
#- shop/listening.py
from shop.events import listener


@listener
def on_paid(order):
    \"\"\"Sends the bill.\"\"\"


@listener
def on_sent(order):
    \"\"\"Tells the customer.\"\"\"
#- shop/labels.py
class ParcelLabel:
    \"\"\"Stands on a parcel.\"\"\"


class LetterLabel:
    \"\"\"Stands on a letter.\"\"\"


class ReturnLabel:
    \"\"\"Stands on what comes back.\"\"\"
#- shop/stops.py
class stop_base:
    \"\"\"Says when to stop.\"\"\"


class stop_at_night(stop_base):
    \"\"\"Stops at ten.\"\"\"


class stop_when_empty(stop_base):
    \"\"\"Stops when all is sold.\"\"\"
#- shop/processors.py
def weigh(parcel):
    \"\"\"Adds the weight.\"\"\"


def stamp(parcel):
    \"\"\"Adds a stamp.\"\"\"


def seal(parcel):
    \"\"\"Closes the parcel.\"\"\"
#- shop/presets/__init__.py
from . import big, plain, small
#- shop/presets/big.py
\"\"\"Options for big parcels.\"\"\"
#- shop/presets/plain.py
\"\"\"Options for all parcels.\"\"\"
#- shop/presets/small.py
\"\"\"Options for small parcels.\"\"\"
#- tests/test_shop.py
from shop.carriers import BaseCarrier


class FakeCarrier(BaseCarrier):
    pass
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, SHOP)


def test_the_classes_that_extend_one_are_told_with_what_each_says_or_overrides(graph: CodeGraph) -> None:
    assert told(graph, "Which carriers does the library ship with and how do they differ?") == [
        "`BaseCarrier` is the base of 3 classes: `BikeCarrier`, `TruckCarrier` and `NightTruckCarrier`.",
        "`BikeCarrier`: “Delivers within the town.”",
        "`TruckCarrier` extends `BaseCarrier`, and overrides `deliver`.",
        "`TruckCarrier.deliver`: “Load the parcel on a truck.”",
        '`NightTruckCarrier.description` is assigned as `description = "Drives at night, when the roads are empty."`.',
    ]


@pytest.mark.parametrize(
    "question",
    [
        "What kinds of carriers are there?",
        "Which carrier classes can I choose from?",
        "List all carriers.",
        "What carriers are available out of the box?",
        "Which built-in carriers does it offer?",
    ],
)
def test_however_it_is_asked(graph: CodeGraph, question: str) -> None:
    assert told(graph, question)[0].startswith("`BaseCarrier` is the base of 3 classes: ")


def test_the_members_of_an_enum_are_told_with_what_is_said_of_them(graph: CodeGraph) -> None:
    assert told(graph, "What states can an order be in?") == [
        '`OrderState` has 3 members: `PLACED = "placed"`; `PAID = "paid"`: “the money has arrived”; `SENT = "sent"`'
    ]


def test_the_keys_of_a_dictionary_are_told(graph: CodeGraph) -> None:
    assert told(graph, "Which discount rules can I choose from?") == [
        "`DISCOUNT_RULES` has 3 keys: `'none': None`; `'weekend'`; `'loyal'`"
    ]


def test_constants_of_one_prefix_are_told(graph: CodeGraph) -> None:
    assert told(graph, "What exit codes are there?") == [
        "`shop/states.py` defines 3 constants whose names begin with `EXIT_`: `EXIT_OK = 0`; `EXIT_EMPTY = 3`; `EXIT_CLOSED = 4`"
    ]


def test_tools_are_what_the_module_about_it_defines(graph: CodeGraph) -> None:
    assert told(graph, "What ready-made tools for coordinating several processes does it offer?") == [
        "The module `shop.guards` defines 3 public classes and functions: `Mutex`, `Gate` and `limited`.",
        "`Mutex`: “A lock that several processes share.”",
        "`Gate`: “Holds processes back until all have arrived, as a barrier does.”",
        "`limited`: “Calls a function no more often than allowed.”",
    ]


def test_what_letters_mean_is_told_item_by_item(graph: CodeGraph) -> None:
    assert told(graph, "What do the letters of the rights mean that I give a clerk?") == [
        '`Clerk.allow` lists below “Read rights”: “"r" = look at orders”; “"p" = look at prices”',
        '`Clerk.allow` lists below “Write rights”: “"w" = change orders, and prices”; “"d" = delete orders”',
    ]


def test_commands_are_told_with_their_help(graph: CodeGraph) -> None:
    assert told(graph, "Which commands does the command line offer?") == [
        "`shop/cli.py` registers 2 commands: `pack`: “Packs all orders.”; `send`: “Sends what is packed.”"
    ]


def test_exceptions_are_told_with_what_each_says(graph: CodeGraph) -> None:
    sentences = told(graph, "Which exceptions does it define and when is each raised?")
    assert sentences == [
        "The module `shop.errors` defines `ShopError` and `Closed`.",
        "`ShopError`: “The base of them.”",
        "`Closed`: “Raised out of hours.”",
    ]


def test_functions_of_one_decorator_are_told(graph: CodeGraph) -> None:
    assert told(graph, "Which listeners are there?") == [
        "2 functions are decorated with `@listener`: `on_paid` and `on_sent`.",
        "`on_paid`: “Sends the bill.”",
        "`on_sent`: “Tells the customer.”",
    ]


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        (
            "Which labels are there?",
            "3 classes have names that end in `Label`: `ParcelLabel`, `LetterLabel` and `ReturnLabel`.",
            "`ReturnLabel`: “Stands on what comes back.”",
        ),
        (
            "Which stop conditions can I choose from?",
            "`stop_base` is the base of 2 classes: `stop_at_night` and `stop_when_empty`.",
            "`stop_when_empty`: “Stops when all is sold.”",
        ),
        (
            "Which processors are included?",
            "The module `shop.processors` defines 3 public functions: `weigh`, `stamp` and `seal`.",
            "`seal`: “Closes the parcel.”",
        ),
        (
            "Which presets are available?",
            "The package `shop.presets` has the parts `big`, `plain` and `small`.",
            "The module `shop.presets.small`: “Options for small parcels.”",
        ),
    ],
)
def test_other_collections(graph: CodeGraph, question: str, first: str, last: str) -> None:
    sentences = told(graph, question)
    assert (sentences[0], sentences[-1]) == (first, last)


@pytest.mark.parametrize(
    ("question", "false"),
    [
        (
            "Which carriers are there?",
            "`BaseCarrier` is the base of 4 classes: `BikeCarrier`, `TruckCarrier` and `NightTruckCarrier`.",
        ),
        ("Which carriers are there?", "`BaseCarrier` is the base of 2 classes: `BikeCarrier` and `TruckCarrier`."),
        ("What states can an order be in?", '`OrderState` has 2 members: `PLACED = "placed"`; `SENT = "sent"`'),
        ("Which listeners are there?", "3 functions are decorated with `@listener`: `on_paid` and `on_sent`."),
        (
            "Which commands does the command line offer?",
            "`shop/cli.py` registers 2 commands: `pack`: “Packs all orders.”; `send`: “Packs all orders.”",
        ),
        (
            "What exit codes are there?",
            "`shop/states.py` defines 2 constants whose names begin with `EXIT_`: `EXIT_OK = 0`; `EXIT_EMPTY = 3`",
        ),
        (
            "What ready-made tools for coordinating several processes does it offer?",
            "The module `shop.guards` defines 4 public classes and functions: `Mutex`, `Gate` and `limited`.",
        ),
        (
            "What do the letters of the rights mean that I give a clerk?",
            '`Clerk.allow` lists below “Read rights”: “"r" = look at orders”; “"w" = change orders, and prices”',
        ),
    ],
)
def test_no_other_number_and_no_other_members_are_supported(graph: CodeGraph, question: str, false: str) -> None:
    claim = answer_question(graph, question).claims[0]
    assert supports(graph, claim.text, claim.citations).ok
    assert claim.text != false
    assert not supports(graph, replace(claim, text=false).text, claim.citations).ok


def test_another_part_of_the_question_is_answered_too(graph: CodeGraph) -> None:
    sentences = told(graph, "Which carriers are there, and what does `stamp` do?")
    assert sentences[0].startswith("`BaseCarrier` is the base of 3 classes")
    assert any(sentence.startswith("`stamp`") for sentence in sentences)


def test_a_class_extends_and_overrides_nothing_else(graph: CodeGraph) -> None:
    claim = answer_question(graph, "Which carriers are there?").claims[2]
    assert "overrides `deliver`" in claim.text
    assert not supports(graph, claim.text.replace("`deliver`", "`price`"), claim.citations).ok


@pytest.mark.parametrize(
    "question",
    [
        "Which carrier delivers first?",
        "Which functions call deliver?",
        "Which orders are sent at night?",
        "What does the carrier do with the parcels?",
        "How do I add my own carrier?",
        "Which carriers does the truck pass?",
        "What happens to orders that are paid twice?",
        "Which tests check the carriers?",
    ],
)
def test_other_questions_ask_for_no_collection(question: str) -> None:
    assert not asked_collections(question, frozenset({"shop"}))


def test_a_list_is_told_with_all_of_its_items_or_says_so() -> None:
    text = ["Colours:", *(f"- c{n}: the colour number {n} of the whole long list of them" for n in range(90))]
    (one,) = item_lists(text, 1, len(text))
    assert len(one.items) == 90
    assert not list(item_lists(["Colours:", "- red: “warm”", "- blue: cold"], 1, 3))  # one cannot be quoted


def test_of_exceptions_those_that_are_for_what_is_asked_come_first(tmp_path: Path) -> None:
    source = """
#- depot/errors.py
class DepotError(Exception):
    pass


class Stopped(DepotError):
    '''The belt was stopped by somebody.'''


class StartFailed(DepotError):
    '''The belt did not start, since a fuse is blown.'''


class Overloaded(DepotError):
    '''There are too many parcels on the scale.'''
"""
    with graph_of(tmp_path, source) as graph:
        for question in (
            "Which exceptions signal that the belt failed to start?",
            "Which errors are raised when the belt does not start?",
        ):
            first, *others = told(graph, question)
            assert first.startswith("The module `depot.errors` defines `StartFailed`, ")
            assert "`Overloaded`" in first  # all are named, those that have nothing of it are not told
            assert others[0] == "`StartFailed`: “The belt did not start, since a fuse is blown.”"
            assert not any(text.startswith("`Overloaded`") for text in others)
        assert not told(graph, "Which signal handlers fail to start?")[0].startswith("The module `depot.errors`")


@pytest.mark.parametrize(
    "change",
    [
        'LEVELS["extra"] = 3',
        "LEVELS.update(extra=3)",
        'LEVELS |= {"extra": 3}',
        'del LEVELS["low"]',
        "def reset():\n    global LEVELS\n    LEVELS = {}",
        '#- depot/other.py\nfrom depot import levels\n\nlevels.LEVELS["extra"] = 3',
    ],
)
def test_what_code_changes_later_is_not_told_as_it_is_written(tmp_path: Path, change: str) -> None:
    source = '\n#- depot/levels.py\nLEVELS = {"low": 1, "high": 2}\n\n\n'
    with graph_of(tmp_path / "as_written", source + "PAIR = LEVELS, LEVELS['low']\n") as graph:
        answer = answer_question(graph, "Which levels are there?")
        (claim,) = [one for one in answer.claims if one.text.startswith("`LEVELS` has 2 keys")]
    with graph_of(tmp_path / "changed", source + change + "\n") as graph:
        for question in ("Which levels are there?", "Which levels can I choose from?"):
            assert not any(" keys" in one.text for one in answer_question(graph, question).claims)
        assert not supports(graph, claim.text, claim.citations).ok
