"""Files while they are typed in: what does not parse keeps what can still be told, completed from the last whole text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.parsing.parse import parse_python
from adapter_core.types import ModuleFacts, Symbol
from tests.support import graph_of, split_fixture

# Each line at which a definition begins or ends is unlike all others.
CART = '''\
#- cart.py
"""Carts."""
import os
from shop import base
from shop.base import Container as Box

LIMIT = 3


class Cart(Box):
    """A cart."""

    total: int = 0

    def __init__(self, limit: int = 3) -> None:
        """Make one."""
        super().__init__()
        self.limit = limit

    @property
    def size(self) -> int:
        return len(self.items)

    async def add(self, price, *, count=1):
        def inner(x):
            return base.parse(x)

        return inner(price)

    @staticmethod
    def make(
        kind,
    ):
        return Cart(kind)


def helper(a, b=2):
    return a + b


class Last:
    def only(self):
        return helper(1)
#- use.py
from cart import Cart, helper

def main():
    cart = Cart(1)
    cart.make(helper(2))
'''
WHOLE = split_fixture(CART)["cart.py"]


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, CART)


def facts_with(graph: CodeGraph, text: str) -> ModuleFacts:
    facts = CodeGraph(graph.root, graph.store, {"cart.py": text}).facts("cart.py")
    assert facts is not None
    return facts


def definitions(facts: ModuleFacts) -> dict[str, Symbol]:
    return {s.qualname: s for s in facts.symbols[1:] if s.is_callable or s.kind == "class"}


def places(facts: ModuleFacts) -> dict[str, tuple[str, int, int, int, int]]:
    return {n: (s.kind, s.start, s.end, s.name_line, s.name_column) for n, s in definitions(facts).items()}


def slices(facts: ModuleFacts, text: str) -> dict[str, tuple[str, str, str, str]]:
    """Kind, and the text of the first line, of the line of the name from the name on, and of the last line of each definition."""
    lines = text.split("\n")
    return {
        name: (s.kind, lines[s.start - 1], lines[s.name_line - 1][s.name_column :], lines[s.end - 1])
        for name, s in definitions(facts).items()
    }


def check_broken(graph: CodeGraph, old: str, new: str, gone: str = "", cut: str = "") -> None:
    """With `old` replaced by `new` all definitions of the whole text stand where they stood, but for those `gone`; of those `cut`, in whose
    last line or header the break is, only the place of the name is looked at."""
    assert WHOLE.count(old) == 1
    text = WHOLE.replace(old, new)
    facts = facts_with(graph, text)
    assert facts.recovered
    assert facts.problems
    wanted = slices(parse_python("cart.py", WHOLE, "cart"), WHOLE)
    found = slices(facts, text)
    assert [n for n in wanted if n not in found] == gone.split()
    for name in cut.split():
        assert (
            text.split("\n")[definitions(facts)[name].name_line - 1]
            .lstrip()
            .startswith(("def ", "class ", "async def "))
        )
    for name in set(wanted) - {*gone.split(), *cut.split()}:
        assert found[name] == wanted[name], name
    assert [s.start for s in facts.symbols] == sorted(s.start for s in facts.symbols)


def test_half_written_statements(graph: CodeGraph) -> None:
    check_broken(graph, "def helper(a, b=2):", "def half\n\n\ndef helper(a, b=2):")
    check_broken(graph, "    @property\n", "    def new\n\n    @property\n")
    check_broken(graph, "    @property\n", "    def\n\n    @property\n")
    check_broken(graph, "    @property\n", "    @\n\n    @property\n")
    check_broken(graph, "    @property\n", "    self.\n\n    @property\n")
    check_broken(graph, "    @property\n", "    for x in\n\n    @property\n")
    check_broken(graph, "import Container as Box", "import")
    check_broken(graph, "        super().__init__()\n", "        if super().__init__()\n")


def test_open_brackets_and_quotes(graph: CodeGraph) -> None:
    check_broken(graph, "LIMIT = 3", "LIMIT = (")
    check_broken(graph, "    total: int = 0", "    total: int = [")
    check_broken(graph, "    total: int = 0", '    total: int = {"a": ')
    check_broken(graph, "    total: int = 0", '    total: int = "abc')
    check_broken(graph, "        super().__init__()", "        super().__init__())")
    check_broken(graph, "        return inner(price)\n", "      return inner(price)\n", cut="Cart.add")


def test_a_definition_that_was_removed_is_gone(graph: CodeGraph) -> None:
    check_broken(graph, "def helper(a, b=2):\n    return a + b\n", "x = (\n", gone="helper")
    check_broken(graph, "    def only(self):\n        return helper(1)\n", "    x = [\n", gone="Last.only", cut="Last")
    check_broken(graph, "    def make(\n", "    def made(\n        (\n", gone="Cart.make", cut="Cart")


def test_a_whole_text_again_is_as_if_nothing_had_been(graph: CodeGraph) -> None:
    fresh = parse_python("cart.py", WHOLE, "cart")
    graph.update("cart.py", WHOLE.replace("LIMIT = 3", "LIMIT = ("))
    assert graph.facts("cart.py") != fresh
    graph.update("cart.py", WHOLE)
    assert graph.facts("cart.py") == fresh
    graph.update("cart.py", WHOLE.replace("    total: int = 0", '    """'))
    graph.update("cart.py", None)
    assert graph.facts("cart.py") == fresh


def test_who_calls_into_a_broken_file(graph: CodeGraph) -> None:
    graph.update("cart.py", WHOLE.replace("LIMIT = 3", "LIMIT = ("))
    callers = {
        name: [str(s.span) for s in graph.who_calls(name).items] for name in ("helper", "Cart.make", "cart.Cart")
    }
    assert callers == {
        "helper": ["cart.py:42", "use.py:5"],
        "Cart.make": ["use.py:5"],
        "cart.Cart": ["cart.py:33", "use.py:4"],
    }


def test_what_a_header_lost_is_taken_from_the_last_whole_text(graph: CodeGraph) -> None:
    found = definitions(facts_with(graph, WHOLE.replace("def helper(a, b=2):", "def helper(a, b=")))["helper"]
    assert [(p.name, p.default) for p in found.parameters] == [("a", None), ("b", "2")]


BREAKS = [
    *"([{\"':\\,.#)]}\n@=+-*/|&%<>~^;!?$\t\x0c", '"""', "'''", "def ", "class ", "async ", "if x:\n", "else:\n", "try:\n", "match x:\n", "case 1:\n",
    "    ", 'f"{', "@\n", "<<<<<<< a\n", "import ", "lambda ",
]  # fmt: skip


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE)), st.sampled_from(BREAKS), st.integers(0, len(WHOLE)), st.sampled_from(["", *BREAKS]))
def test_whatever_is_typed_the_symbols_lie_in_the_text(
    graph: CodeGraph, first: int, one: str, second: int, other: str
) -> None:
    text = WHOLE[:first] + one + WHOLE[first:]
    text = text[:second] + other + text[second:]
    facts = facts_with(graph, text)
    lines = text.split("\n")
    for index, symbol in enumerate(facts.symbols[1:], 1):
        around = facts.symbols[symbol.parent]
        assert symbol.parent < index
        assert around.start <= symbol.start <= symbol.name_line <= symbol.end <= around.end <= len(lines)
        assert lines[symbol.name_line - 1].startswith(symbol.name, symbol.name_column)


# -- by lines alone ------------------------------------------------------------------------------------------------------


def check_scan(text: str, *expected: str) -> None:
    facts = parse_python("m.py", text, "m")
    assert facts.recovered
    assert [f"{s.kind} {s.qualname} {s.start}-{s.end}" for s in facts.symbols[1:]] == list(expected)


def test_functions_around_what_is_nested_too_deeply() -> None:
    before = "def top():\n    pass\n\nclass A:\n    async def m(self):\n        pass\n"
    expected = ["function top 1-2", "class A 4-6", "method A.m 5-6", "variable x 7-7", "function below 8-8"]
    for nested in ("(" * 3000 + ")" * 3000, "[" * 3000 + "]" * 3000, "(" * 3000):
        check_scan(f"{before}x = {nested}\ndef below(): pass\n", *expected)


def test_a_very_long_broken_file() -> None:
    count = 12_000
    text = (
        "".join(f"class C{i}:\n    def method(self): return {i:08}\n" for i in range(count // 2))
        + "x = (\n"
        + "y = [1, 2, 3]\n" * 17_000
    )
    assert len(text) > 500_000
    facts = parse_python("m.py", text, "m")
    assert facts.recovered
    assert [s.qualname for s in facts.symbols[1:3]] == ["C0", "C0.method"]
    assert len(facts.symbols) == count + 1
    last = facts.symbols[-1]
    assert (last.qualname, last.start, last.end) == (f"C{count // 2 - 1}.method", count, count)


# -- what else is typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a-b = 1", "-a = 1", "a*b: int = 2", "lambda: t = 0", "not a = 1", "x if y else z = 1", "a**b = 1", "f'a' = 1"],
)
def test_an_assignment_to_what_is_no_name(repo: Path, text: str) -> None:
    with graph_of(repo, f"#- bad.py\n{text}\ndef f(): pass\n#- good.py\ndef g(): pass\n") as graph:
        assert [r.full_name for name in "fg" for r in graph.find_symbol(name)] == ["bad.f", "good.g"]


def test_what_is_no_name_is_no_variable() -> None:
    facts = parse_python("m.py", "1 = x\n'a' = 1\nNone = 1\n... = 1\nb = 1\n", "m")
    assert [s.name for s in facts.symbols[1:]] == ["b"]


def test_a_removed_method_takes_no_other_ones_place(repo: Path) -> None:
    whole = "class A:\n    x = 1\n    def run(self): pass\n\n\nclass B:\n    def run(self): pass\n"
    broken = '"""\n' + whole.replace("    def run(self): pass\n\n\n", "")
    assert [s.split("@")[0] for s in merged(repo, whole, broken)] == [
        "class A 2-3", "variable A.x 3-3", "class B 4-5", "method B.run 5-5",
    ]  # fmt: skip


def test_a_scan_of_lines_with_tabs() -> None:
    nested = "(" * 3000 + ")" * 3000
    check_scan(
        f"class A:\n\tdef m(self):\n\t\tx = 1\n\t\treturn x\ny = {nested}\n",
        "class A 1-4",
        "method A.m 2-4",
        "variable y 5-5",
    )


def test_recovered_facts_are_those_of_the_same_text_when_whole() -> None:
    whole = (
        "@deco\ndef f(a, /, b: int, *, c=1, **k) -> int:\n    x = 1\n    yield x\n"
        "if TYPE_CHECKING:\n    import q\n    def g(): pass\n"
    )
    expected, found = parse_python("m.py", whole, "m"), parse_python("m.py", f"{whole}x = (\n", "m")
    assert (found.imports, found.calls, found.symbols[1:-1]) == (expected.imports, expected.calls, expected.symbols[1:])
    assert (found.symbols[-1].kind, found.symbols[-1].signature) == ("variable", "x = (")


@pytest.mark.parametrize("header", ["class Cart(Box", "class Cart(Box)", "class Cart("])
def test_members_of_a_class_whose_header_is_typed_in(graph: CodeGraph, header: str) -> None:
    check_broken(graph, "class Cart(Box):", header, cut="Cart")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def size(self) -> int:", "def size(self) -> int"),
        ("def helper(a, b=2):", "def helper(a, b="),
        ("def __init__(self, limit: int = 3) -> None:", "def __init__(self, limit: int = 3"),
    ],
)
def test_a_definition_whose_header_is_typed_in_keeps_its_lines(graph: CodeGraph, old: str, new: str) -> None:
    assert places(facts_with(graph, WHOLE.replace(old, new))) == places(parse_python("cart.py", WHOLE, "cart"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        return inner(price)", "        return inner(price"),
        ("        self.limit = limit", "        self.limit = f("),
    ],
)
def test_an_open_bracket_in_the_last_line_of_a_method(graph: CodeGraph, old: str, new: str) -> None:
    check_broken(graph, old, new, cut="Cart.add" if "inner" in new else "Cart.__init__")


def test_an_open_triple_quote(graph: CodeGraph) -> None:
    check_broken(graph, "    total: int = 0", '    """')


def merged(repo: Path, whole: str, broken: str) -> list[str]:
    with graph_of(repo, f"#- cart.py\n{whole}") as graph:
        facts = facts_with(graph, broken)
    return [f"{s.kind} {s.qualname} {s.start}-{s.end}@{s.name_line}:{s.name_column}" for s in facts.symbols[1:]]


def test_methods_of_one_name_that_moved_far(repo: Path) -> None:
    whole = "class A:\n    def run(self):\n        pass\n\n\nclass B:\n    def run(self):\n        pass\n"
    assert [s.split("@")[0] for s in merged(repo, whole, "\n" * 40 + '"""\n' + whole)] == [
        "class A 42-44", "method A.run 43-44", "class B 47-49", "method B.run 48-49",
    ]  # fmt: skip


def test_the_column_of_a_short_name(repo: Path) -> None:
    assert merged(repo, "def f():\n    pass\n", '"""\ndef f():\n    pass\n') == ["function f 2-3@2:4"]


def test_a_header_over_several_lines_that_is_only_scanned(repo: Path) -> None:
    whole = "def first(\n    a,\n):\n    return a\n"
    assert merged(repo, whole, '"""\n' + whole) == ["function first 2-5@2:4"]
    check_scan("x = " + "(" * 3000 + ")" * 3000 + "\n" + whole, "variable x 1-1", "function first 2-5")


def test_a_decorator_that_was_taken_away(repo: Path) -> None:
    whole = "class A:\n\n    @old\n    def run(self):\n        pass\n"
    assert merged(repo, whole, '"""\n' + whole.replace("    @old\n", ""))[1] == "method A.run 4-5@4:8"


def test_variables_stay_what_they_were(repo: Path) -> None:
    whole = "import enum\n__all__ = ['C']\nclass C(enum.Enum):\n    RED = 1\n"
    with graph_of(repo, f"#- cart.py\n{whole}") as graph:
        facts = facts_with(graph, whole + "x = (\n")
    assert [(s.kind, s.signature) for s in facts.symbols if s.name == "RED"] == [("enum_member", "RED = 1")]
    assert facts.exports == ("C",)
