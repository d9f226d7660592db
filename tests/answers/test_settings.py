"""What a setting or a command-line option does: its documentation, its declaration, and what reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.settings.asked import asked_settings
from adapter_core.answers.composing.settings.declarations import declared_in
from adapter_core.answers.composing.settings.documented import documented_at
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

SHOP = '''
#- shop/config.py
class Setting:
    name = None
    default = None


class IdleSeconds(Setting):
    name = "idle_seconds"
    section = "Workers"
    cli = ["-i", "--idle-seconds"]
    default = 30
    desc = """\\
        Workers that are silent for longer are stopped.

        Others take their place.
        """


class Reload(Setting):
    name = "reload"
    cli = ["--reload"]
    default = False
    desc = """Restart when the code changes."""
#- shop/worker.py
class Worker:
    def __init__(self, cfg):
        self.cfg = cfg
        self.limit = cfg.idle_seconds * 2

    def start(self):
        """Start it."""
        if self.cfg.reload:
            self.watch()

    def watch(self, idle_seconds=5): ...

    def reload(self):
        """Read the configuration anew."""
        self.cfg = load()
#- shop/cli.py
import argparse


def parser():
    made = argparse.ArgumentParser()
    made.add_argument("-W", "--fail-on-warning", dest="strict", action="store_true", help=_("turn warnings into errors"))
    return made


def run(argv):
    args = parser().parse_args(argv)
    if args.strict:
        raise_warnings()
#- shop/commands.py
class Fetch:
    def run(self, argv):
        made = ArgumentParser()
        made.add_argument("--depth", help="How deep to fetch")
        args = made.parse_args(argv)
        fetch(args.depth)


class Clone:
    def run(self, argv):
        made = ArgumentParser()
        made.add_argument("--depth", help="How deep to clone")
        args = made.parse_args(argv)
        clone(args.depth)
#- shop/theme.py
def setup(app):
    app.add_config_value("shop_theme", "plain", "html")


def theme_of(app):
    name = app.config.shop_theme
    return load_theme(name)
#- shop/parsing.py
class Parser:
    def __init__(self, error_level=None, dialect=None):
        self.error_level = error_level or Level.IMMEDIATE
        if dialect is None:
            dialect = "plain"


def parser_of(klass):
    return klass.__dict__.get("Parser", Base)
#- examples/conf.py
idle_seconds = 50
#- docs/settings.rst
Settings
========

.. confval:: shop_theme

   :default: plain

   The theme of all pages. It may be a folder.
'''


@pytest.fixture
def shop(repo: Path) -> CodeGraph:
    return graph_of(repo, SHOP)


def test_documentation_declaration_and_reads_are_told_in_this_order(shop: CodeGraph) -> None:
    answer = answer_question(shop, "what does idle_seconds do")
    assert [claim.text for claim in answer.claims][:3] == [
        "The documentation of `idle_seconds` says: “Workers that are silent for longer are stopped. Others take their place.”",
        "`idle_seconds` is declared in `IdleSeconds`, on the command line as `-i` and `--idle-seconds`, with the default `30`.",
        "In `Worker.__init__`: `self.limit = cfg.idle_seconds * 2`",
    ]
    assert not answer.dropped
    assert not any("examples" in claim.text or 'Workers"' in claim.text for claim in answer.claims)


@pytest.mark.parametrize(
    ("question", "sentences"),
    [
        (
            "where is --reload handled",
            [
                "`--reload` is declared in `Reload`, with the default `False`, and sets `reload`.",
                "`reload` is read in `Worker.start`.",
                "The documentation of `--reload` says: “Restart when the code changes.”",
            ],
        ),
        (
            "what does the -W option do and where is it handled",
            [
                "The help of `-W` says: “turn warnings into errors”",
                "`-W` is declared in `parser`, also as `--fail-on-warning`, and sets `strict`.",
                "`strict` is read in `run`.",
            ],
        ),
        ("--fail-on-warning", ["The help of `--fail-on-warning` says: “turn warnings into errors”"]),
        (
            "what does --depth do in clone",
            [
                "The help of `--depth` says: “How deep to clone”",
                "`--depth` is declared in `Clone.run`, and sets `depth`.",
                "In `Clone.run`: `clone(args.depth)`",
                "The help of `--depth` says: “How deep to fetch”",
            ],
        ),
        (
            "what is shop_theme for?",
            [
                "`docs/settings.rst` says of `shop_theme`: “The theme of all pages. It may be a folder.”",
                '`shop_theme` is declared in `setup`, with the default `"plain"`.',
                "In `theme_of`: `name = app.config.shop_theme`",
            ],
        ),
        (
            "what is the default of idle_seconds",
            [
                "`idle_seconds` is declared in `IdleSeconds`, on the command line as `-i` and `--idle-seconds`, with the default `30`."
            ],
        ),
        (
            "what's the default of Parser error_level",
            [
                "`error_level` of `Parser.__init__` defaults to `None`.",
                "In `Parser.__init__`: `self.error_level = error_level or Level.IMMEDIATE`",
            ],
        ),
        (
            "what is the default dialect of Parser",
            [
                "`dialect` of `Parser.__init__` defaults to `None`.",
                'In `Parser.__init__`, when `dialect is None`: `dialect = "plain"`',
            ],
        ),
    ],
)
def test_what_is_told_first(shop: CodeGraph, question: str, sentences: list[str]) -> None:
    answer = answer_question(shop, question)
    assert [claim.text.replace("'plain'", '"plain"') for claim in answer.claims][: len(sentences)] == sentences
    assert not answer.dropped


@pytest.mark.parametrize(
    "question", ["how does Worker.reload work", "what does Worker.start do", "how do workers reload"]
)
def test_other_questions_are_not_about_settings(shop: CodeGraph, question: str) -> None:
    assert not any("is declared in" in text for text in told(shop, question))


@pytest.mark.parametrize(
    ("sentence", "path", "start", "end", "true"),
    [
        ("`-W` is declared in `parser`, also as `--fail-on-warning`, and sets `strict`.", "shop/cli.py", 6, 6, True),
        ("`-W` is declared in `parser`, also as `--fail-on-warning`, and sets `reload`.", "shop/cli.py", 6, 6, False),
        ("`-W` is declared in `run`, also as `--fail-on-warning`, and sets `strict`.", "shop/cli.py", 6, 6, False),
        ("`shop_theme` is declared in `setup`, with the default `'plain'`.", "shop/theme.py", 2, 2, True),
        ("`shop_theme` is declared in `setup`, with the default `'html'`.", "shop/theme.py", 2, 2, False),
        ("`shop_theme` is declared in `setup`, with the default `'plain'`.", "shop/theme.py", 1, 1, False),
        (
            "`docs/settings.rst` says of `shop_theme`: “The theme of all pages. It may be a folder.”",
            "docs/settings.rst",
            4,
            8,
            True,
        ),
        (
            "`docs/settings.rst` says of `shop_theme`: “The theme of all pages. It may be a folder.”",
            "docs/settings.rst",
            5,
            8,
            False,
        ),
        ("`docs/settings.rst` says of `shop_theme`: “The theme of no pages.”", "docs/settings.rst", 4, 8, False),
    ],
)
def test_sentences_about_settings_are_checked(
    shop: CodeGraph, sentence: str, path: str, start: int, end: int, true: bool
) -> None:
    citation = cite(shop, path, start, end, 12)
    assert citation is not None
    assert supports(shop, sentence, (citation,)).ok == true


def test_what_a_file_declares() -> None:
    text = """
class Kit(Base):
    size: int = Field(5, description="How many.")
    colour = Unicode("red", help="Of all.").tag(config=True)
    label = CharField("the label", help_text="Shown to people.")
    reuse: str = field(default="no", metadata=opt("-r", "--reuse", help="Use it again."))
    other = Field(1)

class Table:
    values = {"root": Opt("index", "env"), "other": wrap("x")}

class Opt:
    def __init__(self, default, rebuild): ...

@click.option("--loud/--quiet", default=True)
def main(loud): ...

def serve(port: int = typer.Option(80, "--port", "-p", help="The port."), host: Annotated[str, Option(help="The host.")] = "::"): ...

register_option("width", 80, "How wide.")
LIMIT = 3
"""
    found = [(d.names, d.dest, d.default, d.quoted) for d in declared_in(text, "kit/main.py")]
    assert found == [
        (("size",), "size", "5", "How many."),
        (("colour",), "colour", "'red'", "Of all."),
        (("label",), "label", "", "Shown to people."),
        (("reuse", "-r", "--reuse"), "reuse", "'no'", "Use it again."),
        (("root",), "root", "'index'", ""),
        (("--loud", "--quiet"), "loud", "True", ""),
        (("port", "--port", "-p"), "port", "80", "The port."),
        (("host", "--host"), "host", "'::'", "The host."),
        (("width",), "width", "80", "How wide."),
        (("LIMIT",), "LIMIT", "3", ""),
    ]
    assert declared_in(text, "kit/settings.py")[-1].names == ("LIMIT",)
    assert declared_in("def f(:\n", "settings.py") == ()


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("what happens when -j auto is given", ["-j"]),
        ("what does the graceful_timeout setting do?", ["graceful_timeout"]),
        ("What does the config value master_doc do?", ["master_doc"]),
        ("what is worker_tmp_dir for", ["worker_tmp_dir"]),
        ("where is `timeout` read?", ["timeout"]),
        ("max_requests", ["max_requests"]),
        ("how do I install it with pip install -e .", []),
        ("who calls max_requests", []),
        ("where are migrations applied?", []),
        ("what is DEBUG for", ["DEBUG"]),
        ("how does Arbiter.reload work", []),
        ("what does a well-known reader do", []),
    ],
)
def test_which_settings_are_asked_about(question: str, names: list[str]) -> None:
    assert [asked.name for asked in asked_settings(question)] == names


def test_an_option_as_a_question_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["ask", "--fail-on-warning"])
    assert stopped.value.code == 2
    assert 'write -- before it: -- "--fail-on-warning"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("### MAX_RETRIES\n\nDefault: `3`\n\n### WAIT_SECONDS\n\nHow long to wait for it.", ""),
        ("MAX_RETRIES\n-----------\nHow often to try it.\n\nOther things\n------------\nThey are not told.", "How often to try it."),
        (".. confval:: MAX_RETRIES\n\nThe next paragraph is not on it.", ""),
        (".. confval:: MAX_RETRIES\n\n   How often to try it.\n\nThe next paragraph is not on it.", "How often to try it."),
        (".. setting:: MAX_RETRIES\n\nMAX_RETRIES\n-----------\n\nHow often to try it.", "How often to try it."),
        ("## MAX_RETRIES\n\n```\n# MAX_RETRIES = 3\n```\n\nHow often to try it.", "How often to try it."),
    ],
)  # fmt: skip
def test_what_is_said_of_the_next_setting_is_not_told_of_this_one(text: str, quoted: str) -> None:
    passage = documented_at(text.split("\n"), "MAX_RETRIES")
    assert (passage[0] if passage is not None else "") == quoted
