"""Files as they are while somebody types, and as tools leave them: what stands outside of the damage is all there, in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

WHOLE = '''\
import os
from typing import (
    Any,
)

LIMIT = 3


def first(a, b=2):
    """Says what it does."""
    return helper(a, b)


@decorate
class Cart(Base):
    """Holds things."""

    size: int = 0

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit

    async def add(self, item: Any) -> bool:
        if item:
            await self.store(item)
        return bool(item)


def last(*names, **rest):
    for name in names:
        print(name)
'''


def definitions(graph: CodeGraph) -> dict[str, tuple[int, int]]:
    """Functions and classes with their lines, each of which must begin with what it is said to be."""
    lines = graph.view.text("m.py").split("\n")
    found = {}
    for ref in graph.defs_in("m.py"):
        symbol = ref.symbol
        if symbol.is_callable or symbol.kind == "class":
            assert symbol.name in lines[symbol.name_line - 1]
            assert lines[symbol.name_line - 1][symbol.name_column :].startswith(symbol.name)
            found[symbol.qualname] = (symbol.start, symbol.end)
    return found


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, f"#- m.py\n{WHOLE}")


def check(graph: CodeGraph, text: str, lost: tuple[str, ...] = (), moved: tuple[str, ...] = ()) -> None:
    """All definitions of the whole file but those `lost` are there; but for those `moved`, they say the lines that they say there."""
    wanted = {name: WHOLE.split("\n")[start - 1 : end] for name, (start, end) in definitions(graph).items()}
    graph.update("m.py", text)
    facts = graph.facts("m.py")
    assert facts
    assert facts.recovered
    assert facts.problems
    found = definitions(graph)
    lines = graph.view.text("m.py").split("\n")
    assert set(wanted) - set(found) == set(lost)
    for name in set(wanted) - set(lost) - set(moved):
        start, end = found[name]
        assert lines[start - 1 : end] == wanted[name], name


def typed(before: str, after: str) -> str:
    assert WHOLE.count(before) == 1
    return WHOLE.replace(before, after)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("helper(a, b)", "helper(a, b", ("first",)),
        ("helper(a, b)", "helper(a, [b", ("first",)),
        ("helper(a, b)", 'helper(f"{a', ("first",)),
        ("        self.limit = limit\n", "        self.limit = limit\n        self.\n", ("Cart", "Cart.__init__")),
        ("        self.limit = limit\n", "        self.limit = limit[\n", ("Cart", "Cart.__init__")),
        ("        if item:", "        if item", ("Cart", "Cart.add")),
        ("def last(*names, **rest):", "def last(*names, **rest)", ("last",)),
        ("        print(name)\n", "        print(name\n", ("last",)),
        ("        print(name)\n", "        print(name)\n    match name:\n        case [", ("last",)),
        ("        print(name)\n", "        print name\n", ("last",)),
        ("import os\n", "import os\nfrom os import\n", ()),
        ("import os\n", "import os\nfrom os import (path,\n", ()),
        ("LIMIT = 3\n", "LIMIT = 3\n@\n", ()),
        ("LIMIT = 3\n", "LIMIT = 3\n@deco(\n", ("first",)),
        ("LIMIT = 3\n", "LIMIT = 3\nprint 'hello'\nexec code\n", ()),
        ("LIMIT = 3\n", "<<<<<<< HEAD\nLIMIT = 3\n=======\nLIMIT = 4\n>>>>>>> other\n", ()),
        ("        return bool(item)\n", "<<<<<<< HEAD\n        return bool(item)\n=======\n        return item\n>>>>>>> other\n", ("Cart", "Cart.add")),
        ("            await self.store(item)\n", "\t    await self.store(item)\n", ("Cart", "Cart.add")),
    ],
)  # fmt: skip
def test_typing(graph: CodeGraph, before: str, after: str, moved: tuple[str, ...]) -> None:
    check(graph, typed(before, after), moved=moved)


def test_line_ends_of_windows(graph: CodeGraph) -> None:
    check(graph, typed("helper(a, b)", "helper(a, b").replace("\n", "\r\n"), moved=("first",))


def test_a_file_that_ends_early(graph: CodeGraph) -> None:
    cut = WHOLE[: WHOLE.index("(item)\n        return bool") + 3]
    check(graph, cut, lost=("last",), moved=("Cart", "Cart.add"))


def test_a_long_file(repo: Path) -> None:
    parts = [f"def f{n}(a, b={n}):\n    '''Number {n}.'''\n    return g(a,\n             b)\n\n" for n in range(1000)]
    graph = graph_of(repo, "#- m.py\n" + "".join(parts))
    parts[500] = parts[500].replace("b)\n", "b\n")
    graph.update("m.py", "".join(parts))
    found = definitions(graph)
    assert set(found) == {f"f{n}" for n in range(1000)}
    assert all(found[f"f{n}"] == (5 * n + 1, 5 * n + 4) for n in range(1000) if n != 500)
