"""Conditions that can be read: at most two in a sentence, and the lines of whatever stands around them are cited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapter_core.answers.compose import candidates
from adapter_core.answers.composing.candidate import Candidate
from adapter_core.evidence.selection import search
from tests.support import graph_of

HELPERS = "def g(): pass\n\n\n"


def told(repo: Path, body: str) -> list[Candidate]:
    source = HELPERS + "def f(x, y):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    graph = graph_of(repo, f"#- m.py\n{source}")
    (ref, *_) = graph.find_symbol("f")
    return candidates(graph, search(graph, "What does `f` do with g?", zoom=ref), 200)


def calls_of(repo: Path, body: str) -> Candidate:
    return next(c for c in told(repo, body) if c.kind == "calls" and "`g()`" in c.text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("if x:\n    if y:\n        g()", "`f` calls `g()` when `x` and `y`."),
        ("if x:\n    if y:\n        if x.a:\n            g()", "`f` calls `g()` in one of its branches, when `x.a`."),
        (
            "if x:\n    pass\nelif y:\n    pass\nelif x.a:\n    g()",
            "`f` calls `g()` in one of its branches, when `x.a`.",
        ),
        (
            "for a in x:\n    for b in a:\n        if b:\n            g()",
            "`f` calls `g()` in one of its branches, when `b`.",
        ),
        (
            "for a in x:\n    if a.b:\n        continue\n    if a.c:\n        continue\n    g()",
            "`f` calls `g()` in one of its loops.",
        ),
        (
            "for a in x:\n    if a.b:\n        continue\n    if a.c:\n        if a.d:\n            g()",
            "`f` calls `g()` in one of its branches, when `a.d`.",
        ),
        ("for a in x:\n    if a.b:\n        continue\n    g()", "`f` calls `g()` for each `a in x`, unless `a.b`."),
        ("match x:\n    case 1:\n        if y:\n            g()", "`f` calls `g()` in one of its branches, when `y`."),
    ],
)
def test_two_conditions_are_told_and_of_more_the_innermost(repo: Path, body: str, text: str) -> None:
    assert calls_of(repo, body).text == text


@pytest.mark.parametrize("header", ["with x:", "try:", "while True:"])
def test_what_stands_around_a_condition_is_cited(repo: Path, header: str) -> None:
    inner = "".join(f"    a{n} = y\n" for n in range(20)) + "    if y:\n        g()"
    behind = "\nexcept KeyError:\n    pass" if header == "try:" else ""
    item = calls_of(repo, f"{header}\n{inner}{behind}")
    assert item.text == "`f` calls `g()` when `y`."
    assert (item.spans[0][1], item.spans[-1][2]) == (5, 27)


def test_a_loop_around_a_condition_is_cited_where_it_is_not_told(repo: Path) -> None:
    (item,) = [c for c in told(repo, "for a in x:\n    if a.b:\n        return a.c") if c.kind == "returns"]
    assert item.text == "`f` returns `a.c` when `a.b`."
    assert item.spans == (("m.py", 5, 7),)


def test_no_sentence_tells_more_than_two(repo: Path) -> None:
    body = (
        "if x:\n    for a in x:\n        if a.b:\n            continue\n        if a.c and y:\n            try:\n"
        "                g()\n                x.d = a\n            except KeyError:\n                if a.e:\n"
        "                    g()\n                    raise ValueError('g')\n"
    )
    single = [item.text for item in told(repo, body) if item.kind != "decides" and "; " not in item.text]
    conditions = r"\b(?:when|unless|while|until|for each)\b|` (?:and|or) `"
    counts = {text: len(re.findall(conditions, text.partition(": ")[0])) for text in single}
    assert len([text for text, count in counts.items() if count]) >= 5, counts
    assert max(counts.values()) <= 2, counts
