from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.evidence.statements import head_length, units_of
from adapter_core.graph.source import split_lines
from tests.evidence.programs import programs

PIECE = '''
@decorator(
    "x",  # )
)
def f(
    a,  # the first (
    b="]",
) -> int:
    """Say it.

    def not_code():
    """
    # why

    if a and \\
            b:
        return {
            1: "#",
        }
    elif b: pass
    else:
        x = """
text (
"""
        y = 'it\\'s \\
  still one'
    return a  # done


z = 1; w = 2
'''


def units(text: str, first: int = 1, path: str = "a.py") -> list[tuple[int, int, bool]]:
    return [(u.start, u.end, u.final) for u in units_of(path, split_lines(text), first)]


def test_statements_with_what_stands_above_them() -> None:
    assert units(PIECE.lstrip("\n"), 11) == [
        (11, 13, False),
        (14, 17, False),
        (18, 21, True),
        (22, 25, False),
        (26, 28, True),
        (29, 29, True),
        (30, 30, False),
        (31, 33, True),
        (34, 35, True),
        (36, 36, True),
        (37, 39, True),
    ]


def test_the_head_of_a_definition() -> None:
    lines = split_lines(PIECE.lstrip("\n"))
    assert head_length("a.py", lines, units_of("a.py", lines, 1)) == 3


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("def f(): return 1", 1),
        ("def f():\n    return 1", 1),
        ("async def f():\n    r'''Doc.'''\n    return 1", 2),
        ("class A(B):\n    x = 1", 1),
        ("'''Module.'''\nimport os", 1),
        ("import os\n'''no docstring'''", 0),
        ("@d\n\n# about\n@e\nclass A:\n    'Doc'", 4),
        ("def f():\n    f'no docstring {1}'", 1),
        ("x = 1", 0),
        ("definition = 1", 0),
        ("", 0),
        ("@d", 0),
    ],
)
def test_heads(text: str, head: int) -> None:
    lines = split_lines(text)
    assert head_length("a.py", lines, units_of("a.py", lines, 1)) == head


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Broken: a bracket that nothing closes ends where only a statement can begin.
        ("x = f(\ndef g():\n    return 1", [(1, 1, True), (2, 2, False), (3, 3, True)]),
        ("x = [\n  1,\n\n@decorated\ndef g(): ...", [(1, 3, True), (4, 4, False), (5, 5, True)]),
        # `import` may be a key word of a call, too, but never the beginning of a line of it.
        ("f(\n    del_=1,\n    passed,\n)", [(1, 4, True)]),
        ("f(\n    raise_=1,\n    assert_,\n)\ny = 1", [(1, 4, True), (5, 5, True)]),
        # A short string without its end ends with its line.
        ("x = 'it\ny = 1", [(1, 1, True), (2, 2, True)]),
        ("x = '''open\ny = 1", [(1, 2, True)]),
        ("x = 1)\ny = 2", [(1, 1, True), (2, 2, True)]),
        # A header without its body is no end of a piece.
        ("for x in y:", [(1, 1, False)]),
        ("        deep()\n    less()\nleast()", [(1, 1, True), (2, 2, True), (3, 3, True)]),
        ("if x:\n\ty()\nz()", [(1, 1, False), (2, 2, True), (3, 3, True)]),
        ("# only a comment\n", [(1, 1, True)]),
        ("\n\n", [(1, 2, True)]),
        ("", []),
        ("x = 1\n\n# behind", [(1, 3, True)]),
        ('f"{d["k"]}"\ny', [(1, 1, True), (2, 2, True)]),
        ("x = (1,\n  # ) not this one\n  2)\ny", [(1, 3, True), (4, 4, True)]),
    ],
)
def test_odd_pieces(text: str, expected: list[tuple[int, int, bool]]) -> None:
    assert units(text) == expected


def test_text_is_cut_between_paragraphs() -> None:
    assert units("Title\n=====\n\nOne\ntwo (\n\n\nThree\n", path="a.rst") == [(1, 2, True), (3, 5, True), (6, 8, True)]


@given(st.text(alphabet="ab(){}[]'\"#\\:@ \n\tdef", max_size=200), st.sampled_from(["a.py", "a.md"]))
def test_units_are_all_lines_in_order(text: str, path: str) -> None:
    lines = text.split("\n")
    found = units_of(path, lines, 5)
    assert [n for unit in found for n in unit.lines] == list(range(5, 5 + len(lines)))
    assert all(unit.start <= unit.code <= unit.end for unit in found)
    assert 0 <= head_length(path, lines, found) <= len(found)


@given(programs())
def test_simple_statements_are_those_of_the_syntax_tree(text: str) -> None:
    lines = text.split("\n")
    found = {(unit.code, unit.end) for unit in units_of("a.py", lines, 1)}
    simple = {
        (node.lineno, node.end_lineno)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    }
    assert simple <= found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = (a\n@b)\ny = 1\n", [(1, 2), (3, 3)]),
        ("x = f(\n@decorator\ndef g(): pass\n", [(1, 1), (2, 2), (3, 3)]),
        ("x = f(\n@one\n@two\nclass G: pass\n", [(1, 1), (2, 2), (3, 3), (4, 4)]),
    ],
)
def test_a_product_of_matrices_is_no_decorator(text: str, expected: list[tuple[int, int]]) -> None:
    assert [(u.start, u.end) for u in units_of("m.py", split_lines(text), 1)] == expected
