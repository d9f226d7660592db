"""Questions for the options of a command: each that its module declares, with flags, default and help."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.composing.settings.command_options import command_asked_for_options
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from tests.answers.asking import told
from tests.support import graph_of

COMMANDS = """
#- pyproject.toml
[project]
name = "mill"

[project.scripts]
mill-grind = "mill.grinding:main"
#- mill/__init__.py
#- mill/grinding.py
import argparse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", "--fineness", type=int, default=3, help="how fine the flour is")
    parser.add_argument("--quiet", action="store_true", help="say nothing")
    parser.add_argument("-v", action="count", default=0)
    parser.add_argument("sack", help="what is ground")
    return parser.parse_args()


def grind(sack, fineness=3):
    return sack
#- mill/scripts/__init__.py
#- mill/scripts/sweep.py
import argparse


class Sweep:
    parser = argparse.ArgumentParser()
    parser.add_argument("--broom", default="soft", help="which broom is taken")
"""


@pytest.mark.parametrize(
    "question",
    [
        "what options does mill-grind take?",
        "What command line options does `mill-grind` have?",
        "which flags can I pass to mill-grind?",
        "what are the arguments of the mill-grind command",
        "list all command-line options of mill-grind",
    ],
)
def test_each_option_of_a_command_is_told(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, COMMANDS) as graph:
        assert told(graph, question) == [
            '`pyproject.toml`: “mill-grind = "mill.grinding:main"”',
            "`-f` is declared in `main`, also as `--fineness`, with the default `3`; its help says: “how fine the flour is”",
            "`--quiet` is declared in `main`; its help says: “say nothing”",
            "`-v` is declared in `main`, with the default `0`.",
            "`sack` is declared in `main`; its help says: “what is ground”",
        ]


def test_that_only_the_options_of_one_module_are_told_is_noted(tmp_path: Path) -> None:
    with graph_of(tmp_path, COMMANDS) as graph:
        assert (
            "options that other modules declare" in answer_question(graph, "what options does mill-grind take?").reason
        )
        assert told(graph, "what options does mill sweep take?") == told(graph, "what options does sweep take?")


def test_a_script_is_found_by_the_name_of_its_module(tmp_path: Path) -> None:
    with graph_of(tmp_path, COMMANDS) as graph:
        assert told(graph, "what options does sweep take?") == [
            "`--broom` is declared in `Sweep`, with the default `'soft'`; its help says: “which broom is taken”"
        ]
        # A function is no command.
        assert not any("is declared in" in text for text in told(graph, "what arguments does grind take?"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("`-f`", "`-v`"), ("`--fineness`", "`--quiet`"), ("`3`", "`4`"), ("fine", "coarse"), ("`main`", "`grind`")],
)
def test_a_changed_option_is_not_supported(tmp_path: Path, old: str, new: str) -> None:
    with graph_of(tmp_path, COMMANDS) as graph:
        claim = answer_question(graph, "what options does mill-grind take?").claims[1]
        assert supports(graph, claim.text, claim.citations).ok
        assert old in claim.text
        assert not supports(graph, claim.text.replace(old, new), claim.citations).ok


def test_of_many_options_the_rest_is_listed(tmp_path: Path) -> None:
    many = "\n".join(f'    parser.add_argument("--option-{n}", help="the number {n}")' for n in range(20))
    text = f"#- mill/many.py\nimport argparse\n\n\ndef main():\n    parser = argparse.ArgumentParser()\n{many}\n"
    with graph_of(tmp_path, text) as graph:
        answer = answer_question(graph, "what options does many take?")
        assert len(answer.claims) == 17
        last = answer.claims[-1]
        assert last.text == "`main` declares `--option-16`, `--option-17`, `--option-18` and `--option-19`, too."
        assert not supports(graph, last.text.replace("19", "29"), last.citations).ok


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what options does pserve take?", "pserve"),
        ("which command line flags are available for sphinx-apidoc?", "sphinx-apidoc"),
        ("what does the quiet option do?", ""),
        ("what options are there?", ""),
        ("why does pserve take options?", ""),
    ],
)
def test_which_command_a_question_asks_for(question: str, name: str) -> None:
    assert command_asked_for_options(question) == name
