"""Who calls what a library defines: told of the library's name, also beside an own one that is called the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- shop/__init__.py
\"\"\"A shop.\"\"\"
#- shop/json.py
import json as _json


def dumps(value):
    \"\"\"Write a value of the shop.\"\"\"
    return _json.dumps(value)
#- shop/cart.py
import json
import os.path

from shop.json import dumps
from requests.sessions import Session as Http


def write(cart):
    return json.dumps(cart)


def export(cart):
    with Http() as http:
        http.post(os.path.join("a", "b"), dumps(cart))


def other(names):
    return ",".join(names)


NAMES = sorted(["b", "a"])
#- examples/first.py
import json


def example():
    return json.dumps(1)
#- tests/test_cart.py
import json


def test_write():
    assert json.dumps(1) == "1"
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def test_a_librarys_name_is_not_the_own_one(graph: CodeGraph) -> None:
    texts = told(graph, "Who calls json.dumps?")
    assert texts[0] == "The standard library's `json.dumps` is called by `write`, `dumps` and `example`."
    assert "`shop.json.dumps` is called by `export`." in texts


def test_the_own_one_is_asked_about_by_its_module(graph: CodeGraph) -> None:
    texts = told(graph, "Who calls shop.json.dumps?")
    assert texts[0] == "`dumps` is called by `export`."
    assert not any("library" in text for text in texts)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who calls os.path.join?", "The standard library's `os.path.join` is called by `export`."),
        ("Where is Session used?", "`requests.sessions.Session`, from outside this workspace, is called by `export`."),
        ("Who calls sorted?", "The built-in `sorted` is called by `shop.cart`."),
        ("Who imports requests.sessions?", "`requests.sessions` is imported by `shop.cart`."),
        ("Which modules import json?", "`json` is imported by `shop.cart`, `shop.json`, `examples.first` and `tests.test_cart`."),
    ],
)  # fmt: skip
def test_what_a_library_defines_is_told_with_its_name(graph: CodeGraph, question: str, text: str) -> None:
    assert told(graph, question)[0] == text


def test_the_import_that_says_the_whole_name_is_cited(graph: CodeGraph) -> None:
    claim = answer_question(graph, "Where is Session used?").claims[0]
    assert {"shop/cart.py:5", "shop/cart.py:13"} == {str(c.span) for c in claim.citations}


def test_callers_of_what_calls_it_are_no_answer(graph: CodeGraph) -> None:
    assert not any("`write` is called" in text or "other" in text for text in told(graph, "Who calls json.dumps?"))


def test_what_nothing_calls_is_not_made_up(graph: CodeGraph) -> None:
    assert not any("subprocess.Popen` is called" in text for text in told(graph, "Who calls subprocess.Popen?"))


@pytest.mark.parametrize("name", ["warnings", "caching", "requests.adapters"])
def test_what_nothing_uses_is_said_not_to_be(graph: CodeGraph, name: str) -> None:
    answer = answer_question(graph, f"Who uses {name}?")
    assert not answer.found or f"no call or import of {name} was found" in answer.reason


def test_a_variable_that_stands_in_for_a_library_is_no_other_thing(tmp_path: Path) -> None:
    source = "try:\n    import colours\nexcept ImportError:\n    colours = None\n\n\ndef paint():\n    return colours\n"
    with graph_of(tmp_path, f"#- shop/paint.py\n{source}") as graph:
        assert told(graph, "Who uses colours?")[0] == "`colours` is imported by `shop.paint`."


SEVERAL = """
#- shop/codec.py
try:
    import simplejson as json
except ImportError:
    import json


def encode(value):
    return json.dumps(value)
#- shop/paths.py
import os


def first():
    from os import path as os

    return os.join("a", "b")


def second():
    from posixpath import join

    return join("a", "b")


def third():
    return os.path.join("a", "b")


def fourth():
    return os.path.join("a", "b")


def fifth():
    return os.path.join("a", "b")
#- shop/more.py
import json
import re
import os.path


def second():
    return os.path.join(json.dumps(1))
"""


def test_of_two_libraries_one_may_be_meant(tmp_path: Path) -> None:
    with graph_of(tmp_path, SEVERAL) as graph:
        texts = told(graph, "Who calls json.dumps?")
    assert texts == [
        "The standard library's `json.dumps` is called by `second`.",
        "The standard library's `json.dumps` is perhaps called by `encode`.",
    ]


def test_each_function_is_told_with_all_its_callers(tmp_path: Path) -> None:
    with graph_of(tmp_path, SEVERAL) as graph:
        texts = told(graph, "who calls join?")
    assert "The standard library's `posixpath.join` is called by `second`." in texts
    named = [text for text in texts if "`os.path.join`" in text]
    assert {c for text in named for c in ("first", "second", "third", "fourth", "fifth") if f"`{c}`" in text} == {
        "first", "second", "third", "fourth", "fifth"
    }  # fmt: skip


def test_the_import_is_the_one_that_the_call_sees(tmp_path: Path) -> None:
    with graph_of(tmp_path, SEVERAL) as graph:
        claim = answer_question(graph, "Who calls os.path.join?").claims[0]
    lines = {str(c.span) for c in claim.citations}
    assert {"shop/paths.py:5", "shop/paths.py:7"} <= lines
    assert "shop/paths.py:1" not in lines


def test_an_import_is_cited_without_what_follows(tmp_path: Path) -> None:
    with graph_of(tmp_path, SEVERAL) as graph:
        claim = next(c for c in answer_question(graph, "Which modules import json?").claims if "imported by" in c.text)
    assert {str(c.span) for c in claim.citations} == {"shop/codec.py:4", "shop/more.py:1"}


def test_what_is_told_is_not_said_to_be_missing(tmp_path: Path) -> None:
    source = """
import json
import xml.etree.ElementTree as ET


def read(text):
    return ET.fromstring(json.loads(text))
"""
    with graph_of(
        tmp_path, f"#- shop/__init__.py\n#- shop/read.py\n{source}#- shop/json.py\ndef loads(text):\n    return text\n"
    ) as graph:
        parse, imports, own = (
            answer_question(graph, question)
            for question in ("Who calls xml.etree.ElementTree.fromstring?", "Who imports xml?", "Who calls json.loads?")
        )
    assert parse.claims[0].text == "The standard library's `xml.etree.ElementTree.fromstring` is called by `read`."
    assert imports.claims[0].text == "`xml` is imported by `shop.read`."
    assert own.claims[0].text == "The standard library's `json.loads` is called by `read`."
    assert [answer.reason for answer in (parse, imports, own)] == ["", "", ""]
