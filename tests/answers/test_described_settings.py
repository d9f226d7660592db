"""Settings and options that a question describes in ordinary words: found by their names, helps, comments and docstrings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.composing.settings.asked_in_words import described_settings
from adapter_core.answers.composing.settings.declarations import declared_in
from adapter_core.answers.composing.settings.setting_questions import calls_it_setting
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

MILL = '''
#- mill/__init__.py
#- mill/main.py
import click

from .config import Config

quiet_help = "Say nothing at all."


@click.command(context_settings={"auto_envvar_prefix": "MILL"})
@click.option("--timeout-idle-sack", type=int, default=5, help="Throw sacks away that nobody opens within this time (in seconds).")
@click.option("--limit-grain", type=int, default=None, help="Largest number of grains that are ground.")
@click.option("--limit-sacks", type=int, default=12, help="Largest number of sacks that stand open.")
@click.option("--ssl-keyfile", type=str, help="SSL key file")
@click.option("--ssl-certfile", type=str, help="SSL certificate file")
@click.option("--dust-log/--no-dust-log", default=True, help="Enable or disable the log of the dust.")
@click.option("--quiet", is_flag=True, help=quiet_help)
def main(**values):
    """Run the mill."""
    Config()
#- mill/config.py
class Config:
    stone_speed = 30
    """How fast the stone turns."""
    wheel_width: int = 7  # how broad the wheel is, in feet
    idle_sack_timeout = 5
#- mill/miller.py
class Miller:
    """Grinds.

    :param wages: what the miller earns for a day of work
    :param breaks: number of pauses
    """

    def __init__(self, wages=12, breaks=2):
        self.wages = wages

    def work(self): ...
#- mill/plugin.py
def pytest_addoption(parser):
    parser.addini("mill_mode", default="strict", help="The mode of the mill in tests")
    parser.addoption("--mill-mode", default=None, help="The mode of the mill in tests")
#- mill/numbers.py
DUCKS = 4
#- mill/forms.py
import argparse

from . import numbers

UNSET = object()


def parser():
    one = argparse.ArgumentParser()
    one.add_argument("--depth", default=UNSET, help="Depth of the millpond")
    one.add_argument("--ducks", default=numbers.DUCKS, help="How many ducks swim")
    return one
#- tests/test_mill.py
from mill.main import main


def test_main():
    assert main
'''


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("mill"), MILL) as graph:
        yield graph


@pytest.mark.parametrize(
    ("question", "first"),
    [
        (
            "how long may sacks stay that nobody opens, by default, and which flag changes it?",
            "`--timeout-idle-sack` is declared in `main`, with the default `5`; its help says: “Throw sacks away that nobody opens within "
            "this time (in seconds).”",
        ),
        ("how fast does the stone turn by default?", "`stone_speed` is declared in `Config`, with the default `30`"),
        (
            "which setting says how broad the wheel is?",
            "`wheel_width` is declared in `Config`, with the default `7`; its comment says",
        ),
        ("what does the miller earn for a day by default?", "`wages` of `Miller.__init__` defaults to `12`."),
        ("how do I serve the mill over https?", "`--ssl-keyfile` is declared in `main`; its help says: “SSL key file”"),
        ("how can I turn off the log of the dust?", "`--dust-log` is declared in `main`, also as `--no-dust-log`"),
        (
            "is there an option to say nothing at all?",
            "`--quiet` is declared in `main`; its help says: “Say nothing at all.”",
        ),
        ("which flag sets the depth of the millpond?", "`--depth` is declared in `parser`; its help says"),
    ],
)
def test_a_described_setting_leads(graph: CodeGraph, question: str, first: str) -> None:
    answer = answer_question(graph, question)
    assert answer.claims[0].text.startswith(first)
    assert not answer.dropped


def test_several_options_are_listed_as_they_stand_in_the_file(graph: CodeGraph) -> None:
    texts = told(graph, "what are the command line options for limiting grain and sacks?")
    assert [text.partition("`")[2].partition("`")[0] for text in texts] == ["--limit-grain", "--limit-sacks"]


def test_options_and_ini_settings_of_a_plugin_are_told(graph: CodeGraph) -> None:
    texts = told(graph, "which options and ini settings are there for the mode in tests?")
    assert {text.partition(";")[0] for text in texts[:2]} == {
        "`mill_mode` is declared in `pytest_addoption`, with the default `'strict'`",
        "`--mill-mode` is declared in `pytest_addoption`, with the default `None`",
    }


def test_without_a_subject_all_options_are_told(graph: CodeGraph) -> None:
    texts = told(graph, "what command line flags are there?")
    assert texts[0].startswith("`--timeout-idle-sack`")
    assert sum("` is declared in `" in text for text in texts) == 10


def test_a_default_that_is_a_name_is_told_with_its_value(graph: CodeGraph) -> None:
    texts = told(graph, "how many ducks swim by default?")
    assert texts[0].startswith("`--ducks` is declared in `parser`, with the default `numbers.DUCKS`")
    assert texts[1] == "`DUCKS` is assigned as `DUCKS = 4`."


def test_things_asked_at_once_are_each_looked_for(graph: CodeGraph) -> None:
    texts = told(graph, "how do I limit the grains or turn off the log of the dust?")
    assert texts[0].startswith("`--limit-grain`")
    assert any(text.startswith("`--dust-log`") for text in texts)


def test_variables_that_are_a_prefix_and_a_name_are_told(graph: CodeGraph) -> None:
    claim = answer_question(graph, "which environment variables does the mill read?").claims[0]
    assert (
        claim.text
        == "Each option of `main` is also read from the environment variable that has its name behind `MILL_`."
    )
    assert supports(graph, claim.text, claim.citations).ok
    for old, new in (("MILL_", "SACK_"), ("`main`", "`Miller`"), ("option", "field")):
        assert not supports(graph, claim.text.replace(old, new), claim.citations).ok


@pytest.mark.parametrize(
    ("old", "new"), [("`7`", "`8`"), ("broad", "deep"), ("`Config`", "`Miller`"), ("comment", "help")]
)
def test_a_changed_comment_is_not_supported(graph: CodeGraph, old: str, new: str) -> None:
    claim = answer_question(graph, "which setting says how broad the wheel is?").claims[0]
    assert supports(graph, claim.text, claim.citations).ok
    assert not supports(graph, claim.text.replace(old, new), claim.citations).ok


def test_what_only_marks_that_no_value_is_given_is_no_default() -> None:
    defaults = ("sentinel", "argparse.SUPPRESS", "unsettled")
    text = "\n".join(f'p.add_argument("--x{n}", default={default})' for n, default in enumerate(defaults))
    assert [one.default for one in declared_in(text, "cli.py")] == ["", "", "unsettled"]


@pytest.mark.parametrize(
    ("question", "describes"),
    [
        ("which options limit the grain?", True),
        ("how long does it wait by default?", True),
        ("how do I grind faster?", True),
        ("how do I write my own option?", False),
        ("which classes extend Setting?", False),
        ("what does Miller.work do?", False),
        ("who calls the settings loader?", False),
        ("where is the default miller made?", False),
    ],
)
def test_which_questions_describe_settings(question: str, describes: bool) -> None:
    assert bool(described_settings(question)) == describes
    assert describes or not calls_it_setting(question)


def test_a_list_is_of_all_files_and_tells_how_many_there_are(tmp_path: Path) -> None:
    files = "".join(
        f"#- kit/part{n}.py\nfrom kit.errors import Late\n\n\n"
        + "\n\n".join(f"def work_{n}_{m}():\n    raise Late" for m in range(5))
        + "\n"
        for n in range(3)
    )
    with graph_of(tmp_path, f"#- kit/errors.py\nclass Late(Exception): ...\n{files}") as graph:
        claim = answer_question(graph, "Who raises Late?").claims[0]
        assert claim.text == (
            "`Late` is raised in `work_0_0`, `work_1_0`, `work_2_0` and `work_0_1`, among others (15 in all)."
        )
        assert supports(graph, claim.text, claim.citations).ok
        assert not supports(graph, claim.text.replace("15", "16"), claim.citations).ok


def test_of_many_variables_the_last_line_tells_how_many_there_are(tmp_path: Path) -> None:
    functions = "\n\n".join(f'def f{n}():\n    return os.environ["KIT_{n}"]\n' for n in range(11))
    with graph_of(tmp_path, f"#- kit/work.py\nimport os\n\n\n{functions}\n") as graph:
        claims = answer_question(graph, "which environment variables are read?").claims
        assert claims[-1].text == "`KIT_7` is read in `f7`, among others (11 in all)."
        assert not supports(graph, claims[-1].text.replace("11", "12"), claims[-1].citations).ok


def test_how_long_is_answered_by_an_amount(tmp_path: Path) -> None:
    source = """
#- conf/settings.py
# Whether a ticket expires when its holder leaves.
TICKET_EXPIRES_AT_EXIT = False
# Age of a ticket, in seconds.
TICKET_AGE = 60 * 60 * 24
TICKET_NAME = "last"
"""
    with graph_of(tmp_path, source) as graph:
        for question in (
            "how long does a ticket last by default?",
            "how long until a ticket expires, and which setting changes it?",
        ):
            assert "`TICKET_AGE`" in told(graph, question)[0]


def test_a_prefix_is_told_of_fields_and_not_of_what_only_has_the_name(tmp_path: Path) -> None:
    source = """
#- shop/settings.py
LABELS = {"env_prefix": "LABEL_"}
auto_envvar_prefix = "AUTO"


class Other(Base):
    labels = {"env_prefix": "OTHER_"}
    sign = make(env_prefix="SIGN_")


class Depot(Base):
    class Config:
        env_prefix = "DEPOT_"


class Yard(Base, env_prefix="YARD_"):
    size: int = 3


class Settings(Base):
    model_config = SettingsConfigDict(env_prefix="SHOP_")


def build():
    env_prefix = "BUILD_"
    return env_prefix
"""
    with graph_of(tmp_path, source) as graph:
        text = answer_question(graph, "which environment variables are read?").text
    told = dict(re.findall(r"Each field of `(\w+)` .*? behind `(\w+)`", text))
    assert told == {"Depot": "DEPOT_", "Yard": "YARD_", "Settings": "SHOP_"}
    assert "Each option" not in text


def test_of_too_many_files_no_total_is_told(tmp_path: Path) -> None:
    source = "".join(f"#- m{n}.py\nimport os\n\nVALUE = os.environ['KIT_{n}']\n" for n in range(70))
    with graph_of(tmp_path, source) as graph:
        answer = answer_question(graph, "which environment variables are read?")
    assert answer.claims
    assert "in all" not in answer.text


def test_a_value_that_something_replaces_further_down_is_no_default() -> None:
    source = "A = 1\nB = 2\nC = 3\nD = 4\nE: int = 5\nA, X = 7, 8\nY = B = 9\nfrom .local import C\ndel D\n"
    defaults = {one.dest: one.default for one in declared_in(source, "settings.py")}
    assert defaults == {"A": "", "B": "", "C": "", "D": "", "E": "5", "Y": "9"}
    assert [one.default for one in declared_in("AA = 1\nfrom .local import *\nBB = 2\n", "settings.py")] == ["", "2"]


def test_a_field_that_something_else_changes_has_no_default() -> None:
    source = """class Config:
    twice = 1
    twice = 2
    more = 3
    more += 1
    if FAST:
        maybe = 5
    first = 6
    first, other = 7, 8
    maybe = 9
    set_later = 10
    kept = 11

    def __init__(self):
        self.set_later = 12
"""
    defaults = {one.dest: one.default for one in declared_in(source, "kit.py")}
    assert defaults == {"twice": "2", "more": "", "first": "", "maybe": "9", "set_later": "", "kept": "11"}
    parser = "p.add_argument('--deep', default=4)\np.set_defaults(**values)\n"
    assert [one.default for one in declared_in(parser, "cli.py")] == [""]


def test_a_default_is_found_by_its_place_also_behind_positional_parameters() -> None:
    source = "class Opt:\n    def __init__(self, /, rebuild, default): ...\n\n\nOPTS = {'page_size': Opt('env', 20)}\n"
    assert [(one.dest, one.default) for one in declared_in(source, "kit.py")] == [("page_size", "20")]


def test_much_space_in_a_comment_takes_no_time() -> None:
    source = f"class Config:\n    polish: int = 5  #{' ' * 60_000}it's\n"
    started = time.monotonic()
    assert [one.dest for one in declared_in(source, "kit.py")] == ["polish"]
    assert time.monotonic() - started < 10
