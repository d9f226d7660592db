"""What early exits before a statement, and names that are bound anew before a test, do to what is told of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.compose import candidates
from adapter_core.answers.composing.candidate import Candidate
from adapter_core.answers.composing.statements.endings import always_exits
from adapter_core.answers.verify import supports
from adapter_core.evidence.selection import search
from tests.support import graph_of

HELPERS = "def g(): pass\n\n\n"


def told(repo: Path, body: str) -> list[Candidate]:
    source = HELPERS + "def f(x, y, *rest):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    graph = graph_of(repo, f"#- m.py\n{source}")
    (ref, *_) = graph.find_symbol("f")
    found = candidates(graph, search(graph, "What does `f` do with g, x and y?", zoom=ref), 200)
    for item in found:
        cited = tuple(c for span in item.spans if (c := cite(graph, *span, 12)))
        assert supports(graph, item.text, cited).ok, item.text
    return found


def texts(repo: Path, body: str) -> set[str]:
    return {item.text for item in told(repo, body)}


FAR = "".join(f"x.a{n} = y\n" for n in range(14))
NESTED = "if x:\n    if y:\n        return 1\n    x.a = 1\n"


@pytest.mark.parametrize(
    "before",
    [
        NESTED,
        "for one in x:\n    if one:\n        return one\n",
        "try:\n    y.b()\nexcept KeyError:\n    return None\n",
        "if x.a:\n    return 1\nif x.b:\n    return 2\nif x.c:\n    return 3\n",
        f"if x.a:\n    return 1\n{FAR}",
    ],
)
def test_that_something_may_end_it_before_is_said_where_it_is_not_told(repo: Path, before: str) -> None:
    found = texts(repo, f"{before}x.z = g()\nreturn x.z")
    assert "`f` returns `x.z` if it gets that far." in found
    assert "`f` sets `x.z` to `g()` if it gets that far." in found
    assert "`f` calls `g()` if it gets that far." in found
    assert not any(text.startswith("In `f`: `x.z = g()`") for text in found)
    raised = texts(repo, f"{before}raise KeyError(x)")
    assert "`f` raises `KeyError` if it gets that far." in raised


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ("", ""),
        ("if x:\n    return 1\n", " unless `x`"),
        ("if not x:\n    return 1\nif y:\n    raise KeyError\n", " when `x`, unless `y`"),
        ("if x:\n    if y:\n        raise KeyError\n    else:\n        return None\n", " unless `x`"),
        ("if x:\n    return 1\nelif y:\n    return 2\n", " unless `x` or `y`"),
        ("if x:\n    try:\n        return y.b()\n    finally:\n        y.c()\n", " unless `x`"),
    ],
)
def test_what_is_the_whole_condition_is_told_as_before(repo: Path, before: str, condition: str) -> None:
    assert f"`f` returns `g()`{condition}." in texts(repo, f"{before}return g()")


@pytest.mark.parametrize(
    "before",
    [
        "if x:\n    return 1\nelse:\n    raise KeyError\n",
        "try:\n    return x.a()\nexcept KeyError:\n    raise\n",
    ],
)
def test_of_what_is_never_reached_nothing_is_told(repo: Path, before: str) -> None:
    assert not [text for text in texts(repo, f"{before}x.z = g()\nreturn x.z") if "x.z" in text]


@pytest.mark.parametrize(
    ("body", "whether"),
    [
        ("return 1", True),
        ("if a:\n    return 1", False),
        ("if a:\n    return 1\nelse:\n    raise", True),
        ("if a:\n    return 1\nelif b:\n    return 2\nelse:\n    raise", True),
        ("if a:\n    return 1\nelif b:\n    pass\nelse:\n    raise", False),
        ("with a:\n    return 1", False),
        ("try:\n    return 1\nexcept E:\n    pass", False),
        ("try:\n    return 1\nexcept E:\n    raise", True),
        ("try:\n    pass\nfinally:\n    return 1", True),
        ("try:\n    a()\nexcept E:\n    raise\nelse:\n    return 1", True),
        ("for a in b:\n    return 1", False),
    ],
)
def test_what_ends(body: str, whether: bool) -> None:
    assert always_exits(ast.parse(body).body) is whether


def test_what_is_asked_of_a_parameter_that_is_bound_anew_holds_by_then(repo: Path) -> None:
    found = texts(repo, "if not x:\n    x = y.default\nif x is None:\n    return 1\nreturn g()")
    assert "`f` returns `1` when `x is None` by then." in found
    assert "`f` returns `g()` unless `x is None` by then." in found
    assert "`f` calls `g()` unless `x is None` by then." in found


def test_what_is_asked_again_holds_by_then(repo: Path) -> None:
    found = texts(repo, "if x is None:\n    return 1\nx = y.get(x)\nif x is None:\n    return 2\nreturn g()")
    assert "`f` returns `1` when `x is None`." in found
    assert "`f` returns `2` when `x is None` by then, if it gets that far." in found
    # The first test is not about what `x` is now.
    assert "`f` returns `g()` unless `x is None` by then, if it gets that far." in found
    local = texts(repo, "z = y.a\nif z:\n    y.b = 1\nz = y.c\nif z:\n    return g()")
    assert "`f` sets `y.b` to `1` when `z`." in local
    assert "`f` returns `g()` when `z` by then." in local


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("while x.a:\n    if x:\n        return g()\n    x = x.b", "`f` returns `g()` while `x.a`, when `x` by then."),
        ("x = x.strip()\ng() if x else y", "`f` calls `g()` when `x` by then."),
        ("for x in y:\n    if x:\n        g()", "`f` calls `g()` for each `x in y`, when `x` by then."),
        (
            "for a in x:\n    if a:\n        y.b()\nfor a in y:\n    if a:\n        g()",
            "`f` calls `g()` for each `a in y`, when `a`.",
        ),
        ("z = [x for x in y]\nif x:\n    g()", "`f` calls `g()` when `x`."),
        ("try:\n    y()\nexcept OSError as x:\n    pass\nif x:\n    g()", "`f` calls `g()` when `x` by then."),
        ("match y:\n    case {'a': x}:\n        pass\nif x:\n    g()", "`f` calls `g()` when `x` by then."),
        ("import x\nif x:\n    g()", "`f` calls `g()` when `x` by then."),
        ("if x:\n    g()\nx = y", "`f` calls `g()` when `x`."),
        ("if y:\n    x = 1\nelif x:\n    g()", "`f` calls `g()` when `x`, unless `y`."),
        (
            "x = x or y\nif x.a:\n    x.b = 1\n    x.c = 2\nelse:\n    x.b = 3",
            "In `f`: when `x.a` by then, `x.b = 1`, then `x.c = 2`; otherwise `x.b = 3`",
        ),
    ],
)
def test_which_tests_ask_about_something_else_by_then(repo: Path, body: str, text: str) -> None:
    assert text in texts(repo, body)


def test_hedges_that_are_not_so_do_not_pass(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\ndef f(x):\n    x.a = 1\n    if x:\n        return 2\n    return 3\n")
    cited = cite(graph, "m.py", 1, 5, 12)
    first = cite(graph, "m.py", 2, 2, 12)
    assert cited is not None
    assert first is not None
    assert supports(graph, "`f` returns `2` when `x`.", (cited,)).ok
    assert not supports(graph, "`f` returns `2` when `x` by then.", (cited,)).ok
    assert supports(graph, "`f` returns `3` if it gets that far.", (cited,)).ok
    assert not supports(graph, "`f` sets `x.a` to `1` if it gets that far.", (first,)).ok
    assert not supports(graph, "In `f`, if it gets that far: `x.a = 1`", (first,)).ok
