"""What is told of settings, defaults and environment variables is what the code does with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from tests.answers.asking import told
from tests.support import graph_of


def said(repo: Path, files: str, question: str) -> str:
    return "\n".join(told(graph_of(repo, files), question))


CLI = """
#- kit/cli.py
import argparse
import click
def build_parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="version", default=argparse.SUPPRESS, help="show the version and exit")
    parser.add_argument("--token", default=argparse.SUPPRESS, help="the token to send along")
    parser.add_argument("--colour", default="red", help="the colour of the lines")
    parser.set_defaults(colour="blue")
    parser.add_argument("--level", help=", ".join(LEVELS))
    parser.add_argument("--times", default=3, help=read_doc("times.md"))
    return parser
@click.command()
@click.option("--shout/--no-shout", default=False, help="say it loudly")
@click.option("--DEBUG-Mode", default=False, help="tell what is done")
def speak(shout, debug_mode):
    if debug_mode:
        return version.version
    return shout
#- kit/page.py
class Page:
    def render(self):
        version = self.config.version
        return version
"""


@pytest.mark.parametrize(
    ("question", "says", "never"),
    [
        ("What does the --version option do?", "`--version` is declared in `build_parser`.", ["sets", "SUPPRESS", "Page"]),
        ("What does the --token option do?", "`--token` is declared in `build_parser`, and sets `token`.", ["SUPPRESS"]),
        ("What does the --colour option do?", "`--colour` is declared in `build_parser`, and sets `colour`.", ["`'red'`"]),
        ("What does the --level option do?", "`--level` is declared in `build_parser`", ["says: “,”"]),
        ("What does the --times option do?", "with the default `3`", ["times.md”"]),
        (
            "What does the --shout option do?",
            "`--shout` is declared in `speak`, as the opposite of `--no-shout`, with the default `False`, and sets `shout`.",
            ["also as"],
        ),
        ("What does the --no-shout flag do?", "`--no-shout` is declared in `speak`, as the opposite of `--shout`", ["also as"]),
        ("What does the --DEBUG-Mode option do?", "and sets `debug_mode`.", []),
    ],
)  # fmt: skip
def test_options_set_what_they_set(tmp_path: Path, question: str, says: str, never: list[str]) -> None:
    text = said(tmp_path, CLI, question)
    assert says in text
    assert not [word for word in never if word in text]


FIELDS = """
#- kit/models.py
from sqlalchemy import Column, Integer, String
from pydantic import Field
class User:
    user_id = Column(Integer, doc="the number of the user")
    user_name = mapped_column(String(30), doc="what the user is called")
    user_age = property(_get_age, doc="how old the user is")
    user_limit: int = Field(5, description="how many a user may have")
"""


@pytest.mark.parametrize(
    ("name", "default"), [("user_id", ""), ("user_name", ""), ("user_age", ""), ("user_limit", "5")]
)
def test_a_first_argument_is_only_a_default_where_it_is(tmp_path: Path, name: str, default: str) -> None:
    text = said(tmp_path, FIELDS, f"What does the {name} setting do?")
    assert ("with the default" in text) == bool(default)
    assert not default or f"with the default `{default}`" in text


def test_a_setting_that_is_assigned_again_has_the_last_value_or_none_for_certain(tmp_path: Path) -> None:
    files = """
#- kit/settings.py
POOL_LIMIT = 1
POOL_LIMIT = 2
DEBUG_MODE = False
if TESTING:
    DEBUG_MODE = True
"""
    assert "with the default `2`" in (limit := said(tmp_path, files, "What does the POOL_LIMIT setting do?"))
    assert "`1`" not in limit
    assert "with the default" not in said(tmp_path / "again", files, "What does the DEBUG_MODE setting do?")


def test_values_without_end_break_nothing(tmp_path: Path) -> None:
    long_sum = " + ".join(["1"] * 400)
    files = (
        f"#- kit/settings.py\nPOOL_SIZE = {long_sum}\nWAIT_TIME = 5\n"
        f"DEFAULTS = {{'chunk_len': {long_sum}, 'wait_len': 7}}\ndef size():\n    return {long_sum}\n"
    )
    graph = graph_of(tmp_path, files)
    assert "with the default `5`" in "\n".join(told(graph, "What does the WAIT_TIME setting do?"))
    assert any("defaults to `7`" in text for text in told(graph, "What is the default of wait_len?"))
    for question in (
        "What does the POOL_SIZE setting do?",
        "What is the default of chunk_len?",
        "What does size return?",
    ):
        assert long_sum not in answer_question(graph, question).text


def test_tables_of_defaults_keep_their_nesting(tmp_path: Path) -> None:
    files = """
#- kit/tables.py
DEFAULTS = {"cache": {"ttl_seconds": 3}, "db": {"ttl_seconds": 30}}
NON_DEFAULT_OPTIONS = {"chunk_size": 77}
"""
    graph = graph_of(tmp_path, files)
    assert set(told(graph, "What is the default of ttl_seconds?")[:2]) == {
        '`ttl_seconds` of `DEFAULTS["cache"]` defaults to `3`.',
        '`ttl_seconds` of `DEFAULTS["db"]` defaults to `30`.',
    }
    assert not any("defaults to" in text for text in told(graph, "What is the default of chunk_size?"))


def test_a_getenv_of_something_else_reads_no_environment(tmp_path: Path) -> None:
    files = """
#- kit/env.py
import os
from os import getenv
def read(conf):
    return conf.getenv("APP_SECRET"), os.getenv("APP_HOME"), getenv("APP_PORT")
"""
    text = said(tmp_path, files, "Which environment variables are read?")
    assert "`APP_HOME`" in text
    assert "`APP_PORT`" in text
    assert "APP_SECRET` is read" not in text


def test_who_raises_a_class_raises_no_library_s_of_that_name(tmp_path: Path) -> None:
    files = """
#- kit/errors.py
class Timeout(Exception):
    '''It took too long.'''
#- kit/net.py
import requests
from . import errors
from .errors import Timeout
def fetch():
    raise requests.Timeout("late")
def own():
    raise Timeout("late")
def by_module():
    raise errors.Timeout("late")
"""
    graph = graph_of(tmp_path, files)
    listing = next(text for text in told(graph, "Where is Timeout raised?") if "is raised in" in text)
    assert listing == "`Timeout` is raised in `own` and `by_module`."


def test_what_catches_a_class_catches_no_library_s_of_that_name(tmp_path: Path) -> None:
    files = """
#- kit/errors.py
class WouldBlock(Exception):
    'It would block.'
#- kit/streams.py
import trio
from .errors import WouldBlock
def receive():
    try:
        return trio.receive()
    except trio.WouldBlock:
        raise WouldBlock from None
def send():
    try:
        return receive()
    except WouldBlock:
        return None
"""
    texts = told(graph_of(tmp_path, files), "What catches WouldBlock?")
    assert texts[0] == "`send` catches `WouldBlock`."
    assert not any("`receive` catches" in text for text in texts)
