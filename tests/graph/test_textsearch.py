"""Occurrences of a text, told apart by what they stand in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.graph.finding.textsearch import KINDS, occurrences


def check_found(source: str, wanted: str, *expected: str) -> None:
    """`line:column kind` of each occurrence."""
    assert [f"{o.line}:{o.column} {o.kind}" for o in occurrences(source, wanted)] == list(expected)


def test_what_a_name_stands_in() -> None:
    check_found("name = name + 1", "name", "1:0 name", "1:7 name")
    check_found(
        "obj.name.x = obj . name(name=name)", "name", "1:4 attribute", "1:19 attribute", "1:24 name", "1:29 name"
    )
    check_found(
        "x = 'a name in names'  # name, rename", "name", "1:7 string", "1:15 string", "1:25 comment", "1:33 comment"
    )
    check_found('"""\nname\n"""\nb"name" r"name"', "name", "2:0 string", "4:2 string", "4:10 string")
    check_found("surname = names + _name + name2 + ñname", "name")
    check_found("é = name; 'ä' + name", "name", "1:4 name", "1:16 name")
    check_found("def name(name): name()", "name", "1:4 name", "1:9 name", "1:16 name")
    check_found("", "name")


def test_imports() -> None:
    check_found(
        "import os.name, name as x\nfrom name import (\n    other as name,\n    name,\n)\nname()\nfrom a import b\\\n  , name\nname",
        "name", "1:10 import", "1:16 import", "2:5 import", "3:13 import", "4:4 import", "6:0 name", "8:4 import", "9:0 name",
    )  # fmt: skip


def test_keywords_and_other_texts() -> None:
    check_found("for x in y: print('for')  # in", "for", "1:0 keyword", "1:19 string")
    check_found("for x in y: pass  # in", "in", "1:6 keyword", "1:20 comment")
    check_found("match x:\n  case 1: pass", "match", "1:0 name")
    check_found("a = b-c  # b-c\n'b-c'", "b-c", "1:4 name", "1:11 comment", "2:1 string")
    check_found("x.y.z; 'x.y'", "x.y", "1:0 name", "1:8 string")
    check_found("x = a  +  b", "  +", "1:5 other")
    check_found("a == b", "= b", "1:3 other")


def test_what_does_not_parse_is_told_as_far_as_it_goes() -> None:
    check_found("def f(:\n  name\n name\n# name", "name", "2:2 name", "3:1 name", "4:2 comment")
    check_found(
        "x = (\nname = 3 # name\n'name'\nobj.name\nimport name",
        "name",
        *"2:0 name|2:11 comment|3:1 string|4:4 attribute|5:7 import".split("|"),
    )
    found = [(o.line, o.column) for o in occurrences("name = 1\nx = '''abc\nname # name\n", "name")]
    assert found == [(1, 0), (3, 0), (3, 7)]


@settings(max_examples=150)
@given(
    st.text(alphabet=st.sampled_from("name .#'\"\n\\()[]{}=:fé@;,\tx0"), max_size=80),
    st.sampled_from(["name", "n", "a b", "é", "x0"]),
)
def test_any_text_is_searched_to_its_end(source: str, wanted: str) -> None:
    found = list(occurrences(source, wanted))
    lines = source.split("\n")
    assert all(lines[o.line - 1].startswith(wanted, o.column) and o.kind in KINDS for o in found)
    assert [(o.line, o.column) for o in found] == sorted({(o.line, o.column) for o in found})
    if not wanted.isidentifier():
        assert len({o.line for o in found}) == sum(wanted in line for line in lines)


@pytest.mark.parametrize("source", ["raise X from name", "yield from name", "import a; name()"])
def test_what_is_no_import(source: str) -> None:
    check_found(source, "name", f"1:{source.index('name')} name")


def test_an_attribute_on_the_next_line() -> None:
    check_found("x = (obj.\n  name)", "name", "2:2 attribute")
