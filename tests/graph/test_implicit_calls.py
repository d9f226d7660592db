"""What runs without a call being written: against programs whose truth was observed, and one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.implicit import implicit_callers
from adapter_core.graph.linking.local.implicit_sites import operations_of
from adapter_core.types import CallSite
from tests.graph.test_call_cases import Case, read_cases
from tests.support import write

CASES = Path(__file__).parent / "call_cases_implicit"
ALL = [
    pytest.param(case, id=case.name)
    for file in sorted(CASES.glob("*.txt"))
    for case in read_cases(file.read_text("utf-8"))
]


def built(folder: Path, files: dict[str, str]) -> CodeGraph:
    for path, text in files.items():
        write(folder, path, text)
    return CodeGraph.load_or_build(folder)


def implicit_sites(graph: CodeGraph) -> list[CallSite]:
    return [site for path in graph.view.python_paths() for site in graph.implicit_calls(path).items]


def edges(sites: list[CallSite]) -> set[tuple[str, str]]:
    return {(s.caller.full_name, target.full_name) for s in sites if s.caller for target in s.enters}


@pytest.mark.parametrize("case", ALL)
def test_what_runs(case: Case, tmp_path: Path) -> None:
    with built(tmp_path, case.files) as graph:
        assert edges(implicit_sites(graph)) - case.edges == case.implicit - case.edges


@pytest.mark.parametrize("case", ALL)
def test_who_runs_it(case: Case, tmp_path: Path) -> None:
    """From the other end: each site that `calls_of` has is among those of `who_calls` of what it enters."""
    with built(tmp_path, case.files) as graph:
        for site in implicit_sites(graph):
            for target in site.enters:
                if target.symbol.is_generator and not target.symbol.name.startswith("__"):
                    continue  # where a generator is gone on with is told of the place alone
                if target.symbol.name == "<lambda>":
                    continue  # has no name to ask for
                found = graph.who_calls(target)
                assert site in found.items, (site.span, target.full_name)
                assert found.complete, found.reason


LOCK = '''
class Lock:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    @property
    def owner(self):
        return "me"


def work(lock: Lock):
    lock.__enter__()
    with lock as held:
        print(held.owner)
'''  # fmt: skip


@pytest.fixture
def lock(tmp_path: Path) -> CodeGraph:
    return built(tmp_path, {"main.py": LOCK})


def test_a_site_says_what_is_written_in_place_of_a_call(lock: CodeGraph) -> None:
    sites = [(s.span.start, s.callee, s.implicit) for s in lock.calls_of("work").items]
    assert sites == [
        (15, "lock.__enter__", ""),
        (16, "lock.__enter__", "with"),
        (16, "lock.__exit__", "with"),
        (17, "print", ""),
        (17, "held.owner", "get"),
    ]


def test_implicit_calls_are_never_sure_and_can_be_left_out(lock: CodeGraph) -> None:
    found = lock.who_calls("Lock.__enter__").items
    assert [(s.span.start, s.implicit, s.resolved, s.sure) for s in found] == [
        (15, "", True, True),
        (16, "with", True, False),
    ]
    assert [s.implicit for s in lock.who_calls("Lock.__enter__", implicit=False).items] == [""]
    assert [s.callee for s in lock.calls_of("work", implicit=False).items] == ["lock.__enter__", "print"]


def test_of_a_property_the_readers_are_its_callers(lock: CodeGraph) -> None:
    assert [(str(s.span), s.implicit) for s in lock.who_calls("Lock.owner").items] == [("main.py:17", "get")]


def test_an_unsaved_text_counts(lock: CodeGraph) -> None:
    lock.update("main.py", LOCK.replace("print(held.owner)", "print(held)"))
    assert lock.who_calls("Lock.owner").items == ()


def test_a_file_that_does_not_parse(lock: CodeGraph) -> None:
    lock.update("main.py", LOCK + "\n\ndef broken(:\n")
    found = lock.calls_of("work")
    assert ([s.implicit for s in found.items], found.complete) == (["", "with", "with", "", "get"], True)
    # What is too long to be mended is not looked into.
    lock.update("main.py", LOCK + "\n\n# " + "-" * 400_000 + "\nx = (\n")
    found = lock.calls_of("work")
    assert not any(s.implicit for s in found.items)
    assert not found.complete
    assert found.reason == "main.py does not parse, so what runs there without a call is not told"


def test_a_value_that_may_come_from_outside_is_not_asked_for_its_truth(tmp_path: Path) -> None:
    text = """
import os


class Missing:
    def __bool__(self):
        return False

    def __len__(self):
        return 0


def check(name):
    value = os.environ[name] if name else Missing()
    if value:
        return len(value)
"""
    with built(tmp_path, {"main.py": text}) as graph:
        assert graph.who_calls("Missing.__bool__").items == ()
        assert graph.who_calls("Missing.__len__").items == ()


def test_what_a_class_sets_to_none_is_not_taken_from_its_base(tmp_path: Path) -> None:
    text = """
class Base:
    def __hash__(self):
        return 1


class Sub(Base):
    __hash__ = None


def use(sub: Sub, base: Base):
    return {sub: 1}, {base: 1}
"""
    with built(tmp_path, {"main.py": text}) as graph:
        assert [s.callee for s in graph.who_calls("Base.__hash__").items] == ["base.__hash__"]


def test_lines_and_scopes_of_odd_places(tmp_path: Path) -> None:
    text = """
class Name:
    @property
    def text(self):
        return "ä"

    def __str__(self):
        return "n"


ONE = Name()


def outer(size=ONE.text):
    later = lambda: ONE.text
    if "ü": return f"{ONE.text} ö {ONE}", later


@print(ONE.text)
class Inner:
    field: ONE.text = [ONE.text for _ in ()]
"""
    with built(tmp_path, {"main.py": text}) as graph:
        found = [(s.span.start, s.caller.full_name, s.deferred) for s in graph.who_calls("Name.text").items if s.caller]
        assert found == [
            (14, "main", False),
            (15, "main.outer", True),
            (16, "main.outer", False),
            (19, "main", False),
            (21, "main.Inner", False),
        ]
        assert [s.span.start for s in graph.who_calls("Name.__str__").items] == [16]


def test_where_the_files_are_too_many_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "lib.py": "class Item:\n    def __eq__(self, other):\n        return True\n\n    @property\n    def size(self):\n        return 1\n"
    }
    files |= {f"user{n}.py": "from lib import Item\n\n\ndef f(i: Item):\n    return i == 1, i.size\n" for n in range(6)}
    files |= {f"other{n}.py": "def f(i):\n    return i == 1\n" for n in range(3)}
    with built(tmp_path, files) as graph:
        assert (len(graph.who_calls("Item.__eq__").items), graph.who_calls("Item.__eq__").complete) == (6, True)
        monkeypatch.setattr(implicit_callers, "_ALL_FILES", 5)
        graph.update("other0.py", None)  # looks anew
        found = graph.who_calls("Item.__eq__")
        assert len(found.items) == 6  # those that name the class are looked at all the same
        assert not found.complete
        assert "only in files that name the class" in found.reason
        monkeypatch.setattr(implicit_callers, "_MAX_FILES", 4)
        graph.update("other0.py", None)
        found = graph.who_calls("Item.size")
        assert not found.complete
        assert "3 of 7 files" in found.reason


def test_time_that_is_up(lock: CodeGraph) -> None:
    found = lock.who_calls("Lock.__enter__", limit_seconds=0.0)
    assert not found.complete
    assert found.reason == "the time limit of 0 s was met; these were found by then"
    # And nothing of that is remembered.
    again = lock.who_calls("Lock.__enter__")
    assert (len(again.items), again.complete) == (2, True)


def test_in_exports(lock: CodeGraph, tmp_path: Path) -> None:
    target = tmp_path / "graph.json"
    lock.export_json(target)
    document = json.loads(target.read_text("utf-8"))
    names = {s["id"]: s["full_name"] for s in document["symbols"]}
    rows = [
        (names[c["owner"]], c["line"], c["callee"], c["implicit"], [names[t] for t in c["enters"]])
        for c in document["implicit_calls"]
    ]
    assert rows == [
        ("main.work", 16, "lock.__enter__", "with", ["main.Lock.__enter__"]),
        ("main.work", 16, "lock.__exit__", "with", ["main.Lock.__exit__"]),
        ("main.work", 17, "held.owner", "get", ["main.Lock.owner"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 3000 + "1\n",
        "x = " + " + ".join(["a"] * 5000) + "\n",
        "x = f'{a!r:>{b}}' '{}' % ()\n'{0.x} {y[0]} {'.format(1)\n",
        "del (a, [b.c, d[0]])\n*x.y, z[0] = 1, 2\nfor a.b in c: pass\nwith d as e.f, g as (h, i[0]): pass\n",
        "match a:\n    case B(c=1, d=[*_, {'e': f, **g}]) if h: pass\n    case -1 | 'x' | None: pass\n",
        "class A[T]: x: T = T.y\ntype B[S] = S.z\ndef f[U](u: U) -> U.v: ...\n",
    ],
)
def test_any_text_is_read(text: str, tmp_path: Path) -> None:
    with built(tmp_path, {"main.py": text}) as graph:
        assert edges(list(graph.implicit_calls("main.py").items)) == set()


def test_operations_stand_where_they_are_written(tmp_path: Path) -> None:
    """Of every file of this package: the offsets of a value are those of its text."""
    root = Path(__file__).parents[2] / "adapter_core" / "graph" / "linking"
    with CodeGraph.load_or_build(root) as graph:
        checked = 0
        for path in graph.view.python_paths():
            text = graph.view.text(path)
            for operation in operations_of(graph.inference, path):
                if operation.protocol in ("class", "iterate") or not operation.text.replace(".", "_").isidentifier():
                    continue
                assert text[operation.start : operation.end] == operation.text
                checked += 1
        assert checked > 2_000


def test_tests_lead_to_what_they_run_without_a_call(tmp_path: Path) -> None:
    files = {
        "lock.py": LOCK,
        "test_lock.py": "from lock import Lock\n\n\ndef test_with():\n    with Lock() as held:\n        assert held.owner == 'me'\n\n\ndef test_other():\n    assert True\n",
    }
    with built(tmp_path, files) as graph:
        for name in ("Lock.__enter__", "Lock.__exit__", "Lock.owner"):
            assert [t.node_id for t in graph.tests_for_symbol(name).items] == ["test_lock.py::test_with"]
