"""Several conditions in one clause: each has to hold, or each to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core import CodeGraph
from adapter_core.answers.citations import cite
from adapter_core.answers.verify import supports

SOURCE = """\
def deep(a, b):
    if a:
        if b:
            return 'deep'


def late(a, b):
    if a:
        return 'first'
    if b:
        return 'second'
    return 'last'
"""
DEEP, LATE = (1, 4), (7, 12)


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    (tmp_path / "app.py").write_text(SOURCE, "utf-8")
    return CodeGraph.load_or_build(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "lines", "true"),
    [
        ("`deep` returns `'deep'` when `a` and `b`.", DEEP, True),
        ("`deep` returns `'deep'` unless `a` and `b`.", DEEP, False),
        ("`deep` returns `'deep'` unless `a` or `b`.", DEEP, False),
        ("`late` returns `'last'` unless `a` or `b`.", LATE, True),
        ("`late` returns `'last'` when `a` and `b`.", LATE, False),
    ],
)
def test_each_of_several_conditions_counts(graph: CodeGraph, sentence: str, lines: tuple[int, int], true: bool) -> None:
    cited = cite(graph, "app.py", *lines, 12)
    assert cited is not None
    assert supports(graph, sentence, (cited,)).ok is true
