"""Quoted statements and calls with their conditions: what is rejected when one word of them is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.citations import cite
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

SOURCE = """
#- m.py
def log(x): ...


class Store:
    def load(self, key, xs):
        if key is None:
            return self.default
        for x in xs:
            if x.ok:
                self.hits += 1
                log(x)
            elif x.bad:
                self.drop(x)
            else:
                self.misses = x
        try:
            return self.read(key)
        except OSError:
            log(key)

    def drop(self, x): ...

    def read(self, key): ...
"""
TRUE = (
    "In `Store.load`, when `x.ok`, for each `x in xs`: `self.hits += 1`, then `log(x)`",
    "In `Store.load`, for each `x in xs`: when `x.ok`, `self.hits += 1`; else when `x.bad`, `self.drop(x)`; otherwise `self.misses = x`",
    "In `Store.load`, unless `x.ok` or `x.bad`: `self.misses = x`",
    "In `Store.load`, when it catches `OSError`: `log(key)`",
    "In `Store.load`, when `key is None`: `return self.default`",
    "`Store.load` calls `log()` when `x.ok`, for each `x in xs`.",
    "`Store.load` calls `self.drop()` when `x.bad`, unless `x.ok`.",
    "`Store.load` calls `log()` when it catches `OSError`.",
)
FALSE = (
    "In `Store.load`, unless `x.ok`, for each `x in xs`: `self.hits += 1`, then `log(x)`",
    "In `Store.load`, when `x.bad`, for each `x in xs`: `self.hits += 1`, then `log(x)`",
    "In `Store.load`, when `x.ok`, for each `x in xs`: `self.hits += 1`, then `self.drop(x)`",
    "In `Store.drop`, when `x.ok`, for each `x in xs`: `self.hits += 1`, then `log(x)`",
    "In `Store.load`, for each `x in xs`: when `x.ok`, `self.hits += 1`; else when `x.bad`, `self.misses = x`; otherwise `self.drop(x)`",
    "In `Store.load`, for each `x in xs`: when `x.bad`, `self.drop(x)`; else when `x.ok`, `self.hits += 1`",
    "In `Store.load`, when `x.ok` and `x.bad`: `self.drop(x)`",
    "In `Store.load`, when it catches `KeyError`: `log(key)`",
    "In `Store.load`, unless `key is None`: `return self.default`",
    "In `Store.load`, when `key is not None`: `return self.default`",
    "`Store.load` calls `log()` unless `x.ok`, for each `x in xs`.",
    "`Store.load` calls `self.drop()` when `x.ok`.",
    "`Store.load` calls `self.read()` when it catches `OSError`.",
)


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, SOURCE)


@pytest.mark.parametrize("sentence", TRUE)
def test_what_stands_so(graph: CodeGraph, sentence: str) -> None:
    citations = tuple(c for a, b in ((5, 16), (17, 19)) if (c := cite(graph, "m.py", a, b, 12)))
    assert statements_hold(graph, sentence, citations)
    assert supports(graph, sentence, citations).ok


@pytest.mark.parametrize("sentence", FALSE)
def test_what_stands_otherwise(graph: CodeGraph, sentence: str) -> None:
    citations = tuple(c for a, b in ((5, 16), (17, 19)) if (c := cite(graph, "m.py", a, b, 12)))
    assert not supports(graph, sentence, citations).ok


@pytest.mark.parametrize("sentence", TRUE[:4])
def test_the_lines_that_say_so_must_be_cited(graph: CodeGraph, sentence: str) -> None:
    (citation,) = (cite(graph, "m.py", 10, 10, 12),)
    assert citation is not None
    assert not statements_hold(graph, sentence, (citation,))
