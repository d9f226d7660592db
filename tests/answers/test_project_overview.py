"""The first questions about a project: what it is, how it is built, where to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.project_layout import parts_hold
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
        ("Give me an overview of the architecture", True, True),
        ("What are the main building blocks of this library and how do they fit together?", True, True),
        ("Explain the design of the parser", False, True),
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


def test_the_purpose_comes_first_then_each_part_once(tmp_path: Path) -> None:
    stands_above = (
        "# Shop\n\nPlease refer to the documentation.\n\nShop is a program that sells parcels.\n\nMore of it."
    )
    text = f"""
#- README.md
{stands_above}
#- shop/__init__.py
#- shop/stock/__init__.py
#- shop/stock/shelves.py
class Shelf:
    pass
#- shop/stock/boxes.py
from shop.stock.shelves import Shelf
#- shop/counter.py
\"\"\"Copyright by the owners.

Takes the orders.
\"\"\"
from shop.stock.shelves import Shelf
#- shop/door.py
from shop.counter import order
from shop.compat import text
class Door:
    \"\"\"Opens in the morning.\"\"\"
#- shop/compat.py
text = str
"""
    graph = graph_of(tmp_path, text)
    for question in (
        "Give me an overview of how the code base is laid out: what lives where?",
        "Explain the architecture of shop to a newcomer",
        "what lives where in this code base?",
    ):
        sentences = told(graph, question)
        assert sentences[0].endswith("“Shop is a program that sells parcels.”")
        assert "The package `shop.stock` has the parts `boxes` and `shelves`." in sentences
        assert "The module `shop.counter`: “Takes the orders.”" in sentences
        assert "`Door`: “Opens in the morning.”" in sentences
        assert not any("Copyright" in s or "refer to" in s or "compat" in s for s in sentences)


def test_parts_of_a_package_are_cited_files_in_it(graph: CodeGraph) -> None:
    citation = cite(graph, "shop/depot/shelves.py", 1, 1, 12)
    assert citation is not None
    assert parts_hold("The package `shop.depot` has the parts `shelves`.", (citation,))
    assert parts_hold("The package `shop.depot` has the parts `shelves` and `stock`.", (citation,)) is False
    assert parts_hold("The package `shop.returns` has the parts `shelves`.", (citation,)) is False
    assert parts_hold("`Shelf` has parts.", (citation,)) is None
