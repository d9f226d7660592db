"""Code that is quoted on one line is the code that stands there: no string is touched, and a tuple of one stays a tuple."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers import compose
from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.citations import cite
from adapter_core.answers.composing.statements.one_line import one_line
from adapter_core.evidence.selection import search
from tests.support import graph_of


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("f(\n    a,\n    b,\n)", "f(a, b)"),
        ("f(\n    (a,),\n)", "f((a,))"),
        ("f(\n    (\n        a,\n    ),\n)", "f((a,))"),
        ("return a, (\n    b,\n)", "return a, (b,)"),
        ("x = [\n    1,\n    2,\n]", "x = [1, 2]"),
        ("x = {\n    'a': 1,\n}", "x = {'a': 1}"),
        ("x = (\n    a,\n    b,\n)", "x = (a, b)"),
        ("x[\n    a,\n]", "x[a,]"),
        ("f(a, b,)", "f(a, b,)"),
        ("x = a + \\\n    b", "x = a + b"),
        ('re.finditer(\n    r"^( *)(.*)$", x\n)', 're.finditer(r"^( *)(.*)$", x)'),
        ('raise E(\n    "like (n,) or ( n )"\n)', 'raise E("like (n,) or ( n )")'),
        ("if f(\n    a,\n):", "if f(a):"),
        ("elif f(\n    a,\n):", "elif f(a):"),
        ("for x in (\n    a,\n):", "for x in (a,):"),
        ("class_ (\n    a,\n)", "class_ (a)"),
        ("with (\n    open(a) as x,\n    b,\n):", "with (open(a) as x, b):"),
    ],
)
def test_lines_are_joined_between_tokens(text: str, line: str) -> None:
    assert one_line(text.split("\n")) == line


@pytest.mark.parametrize(
    "text",
    [
        'f("a  b")',
        'f(\n    "a \\\n    b"\n)',
        'f("""a\nb""")',
        "f(  # why\n    a\n)",
        "f('a\u200bb')",
        "f(\n    a",
        "x = 'a\tb'",
    ],
)
def test_what_would_not_read_the_same_is_no_line(text: str) -> None:
    assert one_line(text.split("\n")) == ""


SOURCE = '''\
#- m.py
def split_shape(shape, pattern):
    """Split a shape."""
    matched = pattern.match(
        r"^( *)(.*)$"
    )
    if not matched:
        raise ValueError(
            "write it as ( n ) or (n,) please"
        )
    return tuple(
        (part,) for part in shape
    ), (
        shape,
    )
'''


def test_what_is_quoted_of_a_function_is_its_code(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    (ref,) = graph.find_symbol("split_shape")
    found = compose.candidates(graph, search(graph, "What does split_shape match, return and raise?", zoom=ref), 50)
    told = " ".join(c.text for c in found)
    assert 'matched = pattern.match(r"^( *)(.*)$")' in told
    assert "write it as ( n ) or (n,) please" in told
    assert "`split_shape` returns `tuple((part,) for part in shape), (shape,)`" in told


def test_a_comma_or_a_space_less_is_another_statement(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    cited = cite(graph, "m.py", 3, 14, 12)
    assert cited is not None
    right = 'In `split_shape`: `matched = pattern.match(r"^( *)(.*)$")`'
    assert statements_hold(graph, right, (cited,))
    assert not statements_hold(graph, right.replace("( *)", "(*)"), (cited,))
    returned = "In `split_shape`, when `matched`: `return tuple((part,) for part in shape), (shape,)`"
    assert statements_hold(graph, returned, (cited,))
    assert not statements_hold(graph, returned.replace("(shape,)", "(shape)"), (cited,))
