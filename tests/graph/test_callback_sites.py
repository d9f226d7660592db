"""What a file hands to code that calls it back: told by its stored calls as by its syntax tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core import graph as graph_package
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.implicit import callback_sites
from adapter_core.graph.linking.local.implicit_sites import Operation, operations_of
from tests.support import graph_of

TEXT = """
import functools, heapq, itertools, re
from functools import reduce
def f(x): return x
class Box:
    key = f
    items = sorted([3], key=f)
    def run(self, values, by=max([1], key=f)):
        values.sort(key=f)
        heapq.nsmallest(
            3, values,
            key=f,  # the key
        )
        return list(map(f, map(self.key, values))), lambda: sorted(values, key=f)
@functools.lru_cache(maxsize=len(sorted([1], key=f)))
def other(é, text):
    é = "ä"; return filter(f, text), f"{sorted(é, key=f)}", re.sub("x", f, text), re.compile("y").sub(f, text)
def more(values, given):
    reduce(f, values); iter(f, None); sorted(values, key=lambda v: f(v)); sorted(*given, key=f); map(*given)
    values.filter(f); "a".map(f); itertools.starmap(f, values); sorted(values, key=None); map(f"{f}", values)
"""


def told_by_the_tree(graph: CodeGraph, path: str) -> list[Operation]:
    return [o for o in operations_of(graph.inference, path) if o.protocol == "callback"]


def test_the_stored_calls_tell_what_the_tree_tells(repo: Path) -> None:
    graph = graph_of(repo, f"#- m.py\n{TEXT}")
    found = told_by_the_tree(graph, "m.py")
    assert len(found) > 12
    assert callback_sites.callback_operations(graph.inference, "m.py", {o.name for o in found}) == found
    named = [o for o in found if o.name == "f"]
    assert callback_sites.callback_operations(graph.inference, "m.py", {"f"}) == named
    assert callback_sites.callback_operations(graph.inference, "m.py", set()) == []


@pytest.mark.parametrize("module", ["linking", "storage", "parsing"])
def test_they_tell_it_of_real_code(repo: Path, module: str) -> None:
    folder = Path(graph_package.__file__).parent / module
    files = {file.relative_to(folder).as_posix(): file.read_text("utf-8") for file in sorted(folder.rglob("*.py"))}
    graph = graph_of(repo, "".join(f"#- {path}\n{text}\n" for path, text in files.items()))
    told = 0
    for path in files:
        found = [o for o in told_by_the_tree(graph, path) if o.name.isidentifier()]
        assert callback_sites.callback_operations(graph.inference, path, {o.name for o in found}) == found
        told += len(found)
    assert told >= 3


def test_of_a_file_that_does_not_parse_they_do_not_tell(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\ndef f(x): return x\nsorted([1], key=f)\ndef broken(:\n")
    assert callback_sites.callback_operations(graph.inference, "m.py", {"f"}) is None


def test_who_is_called_back(repo: Path) -> None:
    graph = graph_of(repo, f"#- m.py\n{TEXT}")
    sites = [s for s in graph.who_calls("m.f").items if s.implicit == "callback"]
    assert {s.caller.symbol.qualname for s in sites if s.caller} >= {"Box", "Box.run", "other", "more"}
    assert all(
        s.span.end - s.span.start == (3 if "nsmallest" in TEXT.split("\n")[s.span.start - 1] else 0) for s in sites
    )
