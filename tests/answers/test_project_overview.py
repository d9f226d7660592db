"""The first questions about a project: what it is, how it is built, where to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.project_questions import asks_about_project, asks_layout
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- README.md
# Shop

* **Source:** [https://example.org/shop](https://example.org/shop)

## Overview

Shop sells parcels to people who collect them.
#- docs/architecture.md
# How the parts meet

The counter takes orders, and the depot keeps the parcels.
#- pyproject.toml
[project.scripts]
shop = "shop.counter:main"
#- shop/__init__.py
from shop.counter import Counter

__all__ = ["Counter", "Depot"]
#- shop/counter.py
from shop.depot.shelves import Shelf
from shop.utils import shorten
class Counter:
    pass
def main():
    return Shelf(shorten("x"))
#- shop/depot/__init__.py
#- shop/depot/shelves.py
from shop.utils import shorten
class Shelf:
    pass
def shelve():
    return shorten("y")
#- shop/returns.py
from shop.counter import Counter
from shop.depot.shelves import Shelf
from shop.utils import shorten
class Return:
    pass
#- shop/utils.py
def shorten(text):
    return text[:3]
#- scripts/__init__.py
def release():
    pass
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


@pytest.mark.parametrize(
    "question",
    [
        "What is this?",
        "What does this library do?",
        "what's this project about",
        "What is shop?",
        "Tell me about this code base",
    ],
)
def test_what_a_project_is_stands_in_its_readme(graph: CodeGraph, question: str) -> None:
    sentences = told(graph, question)
    assert sentences[0] == "`README.md`, “Overview”: “Shop sells parcels to people who collect them.”"
    assert "The package `shop` exports `Counter` and `Depot`." in sentences
    assert not [s for s in sentences if "example.org" in s or "release" in s]


@pytest.mark.parametrize(
    "question", ["How is this project structured?", "Give me an overview of the codebase", "how does shop work?"]
)
def test_how_it_is_built_is_told_by_documents_and_the_modules_that_others_import(
    graph: CodeGraph, question: str
) -> None:
    sentences = told(graph, question)
    assert (
        "`docs/architecture.md`, “How the parts meet”: “The counter takes orders, and the depot keeps the parcels.”"
        in sentences
    )
    parts = [s for s in sentences if " defines " in s]
    assert parts[:2] == [
        "The module `shop.depot.shelves` defines `Shelf` and `shelve`.",
        "The module `shop.counter` defines `Counter` and `main`.",
    ]


def test_the_main_classes_are_told_without_the_readme(graph: CodeGraph) -> None:
    sentences = told(graph, "What are the main classes?")
    assert sentences[0] == "The package `shop` exports `Counter` and `Depot`."
    assert not [s for s in sentences if "README" in s or "docs/" in s]


def test_where_to_start_is_the_entry_point(graph: CodeGraph) -> None:
    sentences = told(graph, "Where should I start reading?")
    assert sentences[:2] == [
        '`pyproject.toml`: “shop = "shop.counter:main"”',
        "`main` is a function, defined in `shop/counter.py`.",
    ]


@pytest.mark.parametrize(
    ("question", "about_project", "layout"),
    [
        ("What does this package do?", True, False),
        ("Where do I start?", True, True),
        ("How does everything fit together?", True, True),
        ("how do the parts fit together?", True, True),
        ("How does shop work?", True, True),
        (
            "Give me an overview of how the code base is laid out: what lives where, and how do depots fit in?",
            True,
            True,
        ),
        ("How does the parser work: what does it read?", False, True),
        ("What does the package cache do?", False, False),
        ("How does this library parse dates?", False, False),
        ("What does `this` library do?", False, False),
        ("What does it do?", False, False),
        ("How does it work?", False, True),
        ("Where does the parser start?", False, True),
    ],
)
def test_a_question_about_the_project_has_no_other_subject(question: str, about_project: bool, layout: bool) -> None:
    assert asks_about_project(question, frozenset({"shop"})) is about_project
    if about_project:
        assert asks_layout(question) is layout
