"""Calls through code outside the workspace, abstract methods, and answers that must not be cut short for later questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.classes import mro
from adapter_core.graph.linking.results.values import Value
from tests.support import graph_of, write


def callees(repo: Path, text: str) -> set[str]:
    graph = graph_of(repo, f"#- m.py\n{text}")
    return {ref.full_name for site in graph.calls_of("m.run").items for ref in site.enters or site.targets}


@pytest.mark.parametrize(
    "call",
    [
        "heapq.nsmallest(3, [A()], key=f)", "heapq.nlargest(3, [A()], f)", "itertools.groupby([A()], f)",
        "itertools.groupby([A()], key=f)", "sorted([A()], key=f)", "max(A(), A(), key=f)", "min([A()], key=f)",
        "bisect.insort([A()], A(), key=f)",
    ],
)  # fmt: skip
def test_what_a_key_is_called_with(repo: Path, call: str) -> None:
    text = f"""
import bisect, heapq, itertools
class A:
    def go(self): pass
def f(a):
    return a.go()
def use(): {call}
"""
    graph = graph_of(repo, f"#- m.py\n{text}")
    assert [r.full_name for site in graph.calls_of("m.f").items for r in site.targets] == ["m.A.go"]


def test_an_abstract_method_with_a_line_at_the_margin(repo: Path) -> None:
    text = '''
class Base:
    def hook(self):
        """Says
at the margin."""
class Sub(Base):
    def hook(self): return 1
def run(b: Base):
    b.hook()
'''
    assert "m.Sub.hook" in callees(repo, text)


def test_an_order_that_was_cut_off_is_worked_out_again(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\nclass A:\n    def go(self): pass\nclass B(A): pass\ndef run(): B().go()\n")
    inference = graph.inference
    (b,) = (r for r in graph.find_symbol("m.B"))
    facts = graph.facts("m.py")
    assert facts
    cls = Value("class", "m.py", next(i for i, s in enumerate(facts.symbols) if s == b.symbol))

    def exhausted() -> frozenset[Value]:
        inference.spend(1_000_000)
        mro.lookup_order(inference, cls)
        return frozenset()

    inference.memoize("a question that costs too much", exhausted)
    assert {ref.full_name for site in graph.calls_of("m.run").items for ref in site.targets} == {"m.B", "m.A.go"}


def test_callers_are_found_of_what_is_asked_for_by_a_name_put_together(tmp_path: Path) -> None:
    write(
        tmp_path,
        "main.py",
        """\
class Visitor:
    def visit(self, node):
        name = "visit_" + type(node).__name__
        return getattr(self, name)(node)

class Show(Visitor):
    def visit_Name(self, node):
        return node.text()

class Name:
    def text(self):
        return "x"

Show().visit(Name())
""",
    )
    with CodeGraph.load_or_build(tmp_path) as graph:
        for name, line in (("Show.visit_Name", 4), ("Name.text", 8)):
            (target,) = graph.find_symbol(name)
            assert [site.span.start for site in graph.who_calls(target).items] == [line]


@pytest.mark.parametrize(
    "handing",
    ["map(double, [1])", "sorted([1], key=double)", "list(map(tools.double, [1]))", "also = double\nmap(also, [1])"],
)
def test_what_is_called_back_is_found_where_it_is_handed_over(handing: str, tmp_path: Path) -> None:
    write(tmp_path, "tools.py", "def double(x):\n    return 2 * x\n")
    write(tmp_path, "main.py", f"import tools\nfrom tools import double\n\n{handing}\n")
    write(tmp_path, "other.py", "from tools import double\n\nmap(str, [1])\nprint(double)\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        (target,) = graph.find_symbol("tools.double")
        sites = [site for site in graph.who_calls(target).items if site.implicit]
        assert [site.span.path for site in sites] == ["main.py"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "printer.py",
            "class Printer:\n    def __init__(self):\n        self.jobs = []\n\n    def print(self, job):\n        self.jobs.append(job)\n\n"
            "    def run(self):\n        for job in self.jobs:\n            job()\n\n\n"
            "def work(): ...\n\n\np = Printer()\np.print(work)\np.run()\n",
        ),
        ("ints.py", "def int(f):\n    f()\n\n\ndef work(): ...\n\n\nint(work)\n"),
        (
            "strs.py",
            "def make():\n    def str(f):\n        return f\n\n    h = str(work)\n    h()\n\n\ndef work(): ...\n",
        ),
    ],
)
def test_what_only_has_the_name_of_a_builtin_hands_on(tmp_path: Path, path: str, source: str) -> None:
    write(tmp_path, path, source)
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert [s.span.path for s in graph.who_calls("work").items if s.resolved] == [path]
