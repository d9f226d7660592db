"""Questions in ordinary words about amounts, defaults, choices and how to change them, answered by what code declares anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.composing.settings.asked_in_words import described_settings
from adapter_core.answers.composing.settings.choices import asked_choices, choices_in
from adapter_core.answers.composing.settings.declarations import declared_in
from adapter_core.answers.composing.settings.setting_questions import asks_variable
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

BAKERY = '''
#- bakery/__init__.py
#- bakery/limits.py
import os

DEFAULT_CRUMB_TTL = 500
"""Time to live (TTL) in seconds of the crumbs that stay behind."""

DEFAULT_COMPLAINT_TTL = 60 * 60 * 24
"""Time to live (TTL) in seconds of what customers wrote."""

SHELF_LABEL = os.environ.get("BAKERY_SHELF_LABEL", "shelf")
"""The label in front of the names of all shelves."""

if not SHELF_LABEL.isalpha():
    raise ValueError(f"Bad label {SHELF_LABEL!r}: only letters")

STATE_COLD = 0
STATE_WARM = 1
STATE_HOT = 2
STATE_BURNT = 3
#- bakery/oven.py
import argparse

from bakery.limits import DEFAULT_CRUMB_TTL

DEFAULT_OVEN = {
    "glaze_policy": "egg",
    "capacity_limit": 2**5,  # loaves
    "shelf_cache_size": 8,
}

GLAZE_POLICIES = {
    "none": None,
    "egg": {"brush": True},
    "milk": {"brush": False},
}


class Oven:
    """An oven.

     - (int) timeout:
       how many seconds a customer may stand idle at the counter. The customer is sent away then.

     - (str) greeting: what is said first.
    """

    timeout = 300
    greeting = "Good morning"
    door_count = 0

    def __init__(self, crumb_ttl=DEFAULT_CRUMB_TTL, **settings):
        """Heat.

        :param settings: any of DEFAULT_OVEN
        """
        self.crumbs = crumb_ttl


class Ladder:
    def climb(self, config):
        return config.get("max_rungs", 7), config.get("ladders", "oak")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--timeout", default=Oven.timeout)
    parser.add_argument("--flour", choices=["rye", "wheat"], default="rye", help="The flour.")
    return parser
#- tests/test_oven.py
class Helper:
    def start(self, idle_timeout=20, customer_timeout=20): ...
'''


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("bakery"), BAKERY) as graph:
        yield graph


@pytest.mark.parametrize(
    ("question", "first"),
    [
        (
            "How long do crumbs stay behind, and how long is what a customer wrote kept?",
            "`DEFAULT_CRUMB_TTL` is declared in `bakery.limits`, with the default `500`; its documentation says: “Time to live",
        ),
        (
            "What is the default idle timeout for a customer and how can I change it?",
            "`timeout` is declared in `Oven`, with the default `300`; its documentation says: “how many seconds a customer may stand "
            "idle at the counter.",
        ),
        (
            "How much can the oven hold by default and which setting changes that?",
            "`capacity_limit` is declared in `DEFAULT_OVEN`, with the default `2 ** 5`; its comment says: “loaves”",
        ),
        (
            "Can I change the label in front of the shelves, and which letters are allowed?",
            "`BAKERY_SHELF_LABEL` is read from the environment in `bakery.limits`, with the default `'shelf'`; its documentation says:",
        ),
        ("How many rungs are climbed at most?", "`max_rungs` is looked up in `Ladder.climb`, with the default `7`."),
        (
            "Which environment variable sets the label of the shelves?",
            "`BAKERY_SHELF_LABEL` is read from the environment in `bakery.limits`",
        ),
        (
            "Which glaze policies can I choose from and which one is the default?",
            "`GLAZE_POLICIES` has 3 keys: `'none': None`; `'egg'`; `'milk'`",
        ),
        ("Which flours are supported?", "The choices of `--flour` are `'rye'` and `'wheat'`."),
    ],
)
def test_what_is_asked_in_ordinary_words_leads(graph: CodeGraph, question: str, first: str) -> None:
    assert told(graph, question)[0].startswith(first)


def test_each_of_two_amounts_is_told(graph: CodeGraph) -> None:
    texts = told(graph, "How long do crumbs stay behind, and how long is what a customer wrote kept?")
    assert texts[0].startswith("`DEFAULT_CRUMB_TTL`")
    assert any(text.startswith("`DEFAULT_COMPLAINT_TTL`") and "`60 * 60 * 24`" in text for text in texts)


def test_how_it_is_changed_is_told_where_that_is_asked(graph: CodeGraph) -> None:
    texts = told(graph, "What is the default idle timeout for a customer and how can I change it?")
    assert texts[1] == "`--timeout` is declared in `main`, with the default `Oven.timeout`."
    texts = told(graph, "How long do crumbs stay behind, and how can I change that?")
    assert "`crumb_ttl` of `Oven.__init__` defaults to `DEFAULT_CRUMB_TTL`." in texts
    texts = told(graph, "How much can the oven hold by default and which setting changes that?")
    assert "`settings` of `Oven.__init__`: “any of `DEFAULT_OVEN`”" in texts


def test_the_default_stands_beside_the_choices(graph: CodeGraph) -> None:
    texts = told(graph, "Which glaze policies can I choose from and which one is the default?")
    assert texts[1] == "`glaze_policy` is declared in `DEFAULT_OVEN`, with the default `'egg'`."


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (
            "Which glaze policies can I choose from?",
            [("`'egg'`", "`'ash'`"), ("keys", "values"), ("GLAZE_POLICIES", "Oven")],
        ),
        (
            "Can I change the label in front of the shelves, and which letters are allowed?",
            [("`'shelf'`", "`'rack'`"), ("read from the environment", "declared"), ("all shelves", "some shelves")],
        ),
        ("How many rungs are climbed at most?", [("`7`", "`8`"), ("looked up", "declared"), ("Ladder.climb", "Oven")]),
    ],
)
def test_a_changed_sentence_is_not_supported(graph: CodeGraph, question: str, changes: list[tuple[str, str]]) -> None:
    claim = answer_question(graph, question).claims[0]
    assert supports(graph, claim.text, claim.citations).ok
    for old, new in changes:
        assert old in claim.text
        assert not supports(graph, claim.text.replace(old, new), claim.citations).ok


def test_what_is_refused_is_told_and_checked(graph: CodeGraph) -> None:
    question = "Can I change the label in front of the shelves, and which letters are allowed?"
    claim = answer_question(graph, question).claims[1]
    assert claim.text == (
        "`bakery.limits` rejects a `SHELF_LABEL` for which `not SHELF_LABEL.isalpha()`: "
        "`raise ValueError(f'Bad label {SHELF_LABEL!r}: only letters')`."
    )
    for old, new in (("not SHELF", "SHELF"), ("ValueError", "TypeError"), ("bakery.limits", "bakery.oven")):
        assert not supports(graph, claim.text.replace(old, new), claim.citations).ok


@pytest.mark.parametrize(
    ("question", "describes"),
    [
        ("How long are crumbs kept?", True),
        ("What is the limit on open connections?", True),
        ("Which port does it listen on if I don't give one?", True),
        ("Where do I set the folder for the logs?", True),
        ("What is the maximum size of a line and can I raise it?", True),
        ("What happens if I don't give a broker?", False),
        ("How many tests are there?", False),
        ("How many arguments does it take?", False),
        ("How does the cache grow?", False),
    ],
)
def test_which_questions_ask_for_a_value(question: str, describes: bool) -> None:
    assert bool(described_settings(question)) == describes


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("Which log levels are allowed?", "log levels"),
        ("which output formats can I choose from?", "output formats"),
        ("What are the supported date formats for input?", "date formats"),
        ("Which classes can I use?", ""),
        ("Which settings are available?", ""),
        ("what does it return?", ""),
    ],
)
def test_which_questions_ask_for_choices(question: str, head: str) -> None:
    assert asked_choices(question) == head


def test_which_questions_ask_for_one_variable() -> None:
    assert asks_variable("Which environment variable turns colours off?")
    assert not asks_variable("Which environment variables are read?")


def test_what_a_module_assigns() -> None:
    source = '''
import os
from os import getenv

MODE_A = 1
MODE_B = 2
MODE_C = 4
MODE_D = 8
RETRY_LIMIT = 3
DOCUMENTED = "x"  # what is written first
UNDOCUMENTED = "x"
DEFAULTS = {"depth": 4, "inner": {"width": 5}}
LONG_OPTS = {"depth": ("-d", 4)}
HOME = getenv("KIT_HOME", "~")


class Plain:
    """Plain.

    Attributes:
        size (int): how big it is
    """

    size = 4
    open_count = 0
    wait_seconds = 7
    name = "x"


class Colour(Enum):
    MAX_RED = 1


class KitSettings:
    @property
    def EXPIRE(self):
        """When it expires."""
        return 60 * 60


def run(settings, parser):
    settings.get("speed", 3)
    parser.get("section", "option")
    settings.get("section", "option")
'''
    found = {
        one.dest: (one.default, one.quoted, one.holder, one.said.split()[1])
        for one in declared_in(source, "kit/main.py")
    }
    assert found == {
        "RETRY_LIMIT": ("3", "", "", "declared"),
        "DOCUMENTED": ("'x'", "what is written first", "", "declared"),
        "depth": ("4", "", "DEFAULTS", "declared"),
        "width": ("5", "", 'DEFAULTS["inner"]', "declared"),
        "HOME": ("'~'", "", "", "read"),
        "size": ("4", "how big it is", "", "declared"),
        "wait_seconds": ("7", "", "", "declared"),
        "EXPIRE": ("60 * 60", "When it expires.", "", "declared"),
        "speed": ("3", "", "", "looked"),
    }


def test_what_has_choices() -> None:
    source = """
LEVELS = ("low", "high")
FLAGS = ["-a", "--all"]
STYLE_TO_MAKER = dict(plain=1, rich=2)
Mode = Literal["fast", "slow"]


class Colour(Enum):
    RED = "r"
    BLUE = auto()


@option("--level", type=Choice(LEVELS))
def main(level, mode: Literal["a", "b"] = "a"): ...
"""
    assert {one.text for one in choices_in(source)} == {
        "The values of `LEVELS` are `'low'` and `'high'`.",
        "The keys of `STYLE_TO_MAKER` are `'plain'` and `'rich'`.",
        "The values of `Mode` are `'fast'` and `'slow'`.",
        "The members of `Colour` are `RED = 'r'` and `BLUE`.",
        "The choices of `--level` are `'low'` and `'high'`.",
        "The values of `mode` are `'a'` and `'b'`.",
    }


def test_choices_that_another_module_lists_are_told(tmp_path: Path) -> None:
    source = """
#- kit/names.py
SHADES = {"warm": 1, "cold": 2}
#- kit/cli.py
import click

from kit.names import SHADES

TINT_CHOICE = click.Choice(list(SHADES.keys()))


@click.command()
@click.option("--tint", type=TINT_CHOICE)
def main(tint): ...
"""
    with graph_of(tmp_path, source) as graph:
        assert told(graph, "Which tints can I choose from?")[0] == "The keys of `SHADES` are `'warm'` and `'cold'`."


def test_a_check_that_is_not_always_reached_is_not_told(tmp_path: Path) -> None:
    source = '''
#- kit/limits.py
MAX_TRAY_DEPTH = 3
"""How deep a tray may be."""


def check(MAX_TRAY_DEPTH, strict):
    if not strict:
        return
    if MAX_TRAY_DEPTH < 0:
        raise ValueError("negative")
'''
    with graph_of(tmp_path, source) as graph:
        texts = told(graph, "How deep can a tray be by default, and which values are allowed?")
    assert texts[0].startswith("`MAX_TRAY_DEPTH` is declared in `kit.limits`, with the default `3`")
    assert not any(" rejects " in text for text in texts)


def test_whether_one_can_do_something_asks_for_the_option_that_does_it(tmp_path: Path) -> None:
    source = """
#- depot/cli.py
import argparse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-parcels", type=int, help="Parcels that a belt carries before it is cleaned")
    parser.add_argument("--belt-name", help="Name of the belt")
    return parser.parse_args()


def clean(belt):
    '''Clean a belt.'''
    belt.dust = 0
"""
    with graph_of(tmp_path, source) as graph:
        for question in (
            "Can I have a belt cleaned after it carried some parcels?",
            "Is there a way to limit the parcels a belt carries?",
        ):
            assert told(graph, question)[0].startswith("`--max-parcels` is declared in `main`")
        # One word alone is in the names of many options.
        assert not any("--belt-name" in text for text in told(graph, "Can I make the belt go faster?"))
