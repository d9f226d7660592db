"""Headings of documents and tables of configuration files."""

from __future__ import annotations

import textwrap

import pytest

from adapter_core.graph.parsing.textfacts import parse_text


def sections(path: str, text: str) -> list[tuple[str, int, int]]:
    facts = parse_text(path, textwrap.dedent(text).lstrip("\n"))
    return [(s.qualname, s.start, s.end) for s in facts.symbols[1:]]


def test_headings_of_markdown_in_both_spellings() -> None:
    text = """
        Shop
        ====

        It sells.

        Use
        ---
        ### By hand ###
        text

        A title of
        two lines
        =========
        """
    assert sections("README.md", text) == [
        ("Shop", 1, 4),
        ("Shop > Use", 6, 7),
        ("Shop > Use > By hand", 8, 9),
        ("A title of two lines", 11, 13),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Shop\n---\ntext\n",
        "text\n\n---\n",
        "- item\n---\n",
        "- item\nmore\n---\n",
        "text\n1. item\n---\n",
        "> quoted\n---\n",
        "```\nTitle\n=====\n```\n",
        "    Title\n=====\n",
        "| a |\n---\n",
        "text\n***\n---\n",
        "a b\n--- ---\n",
        "text\n\n=====\n",
    ],
)
def test_what_is_no_heading_of_markdown(text: str) -> None:
    assert sections("README.md", text) == []


def test_tables_with_a_comment_behind_them() -> None:
    text = """
        [project]  # of the package
        name = "shop"
        [[tool.x.y]] # several
        list = [1]  # no table
        [tool.z]
        """
    assert sections("pyproject.toml", text) == [("project", 1, 2), ("tool.x.y", 3, 4), ("tool.z", 5, 5)]
    assert sections("setup.cfg", "[metadata] ; all of it\nname = shop\n") == [("metadata", 1, 2)]


def test_titles_of_restructured_text() -> None:
    text = """
        ====
        Shop
        ====

        Use
        ---
        text
        """
    assert sections("index.rst", text) == [("Shop", 1, 3), ("Shop > Use", 5, 7)]


def test_targets_of_a_makefile_are_sections() -> None:
    text = """
        PYTHON := python
        VAR = a:b
        .PHONY: test

        test lint: build  ## Run all of it.
        \tpytest

        build:
        \tmake-it: now
    """
    assert sections("Makefile", text.replace("\\t", "\t")) == [("test lint", 5, 6), ("build", 8, 9)]
    assert sections("notes.txt", "test:\n\tpytest\n") == []
