"""`CodeGraph.refresh` and `update`: a graph that is kept up to date file by file says what one from scratch says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import IndexStoreError
from adapter_core.graph.indexing.sync import SyncOptions, sync
from adapter_core.graph.storage.store import Store
from tests.graph.index_state import fresh_graph, linked, stored
from tests.support import graph_of, write

SHOP = """
#- pkg/__init__.py
from .cart import Cart as Cart
#- pkg/cart.py
class Cart:
    def add(self): return total()
def total(): pass
#- use.py
from pkg import Cart
import extra
Cart().add()
extra.go()
#- space/m.py
def deep(): pass
#- ignored/x.py
def hidden(): pass
#- .gitignore
ignored/
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, SHOP)


def check_like_fresh(graph: CodeGraph) -> None:
    fresh = fresh_graph(graph.root)
    now, wanted = stored(graph.store), stored(fresh.store)
    for part in wanted:
        assert now[part] == wanted[part], part
    now, wanted = linked(graph), linked(fresh)
    for part in wanted:
        assert now[part] == wanted[part], part


def edit(graph: CodeGraph, path: str, text: str | None) -> None:
    """Write (None: delete) a file, and tell the graph of this path alone."""
    if text is None:
        (graph.root / path).unlink()
    else:
        write(graph.root, path, text)
    graph.refresh([path])


def modules(graph: CodeGraph) -> dict[str, str]:
    return {row.path: row.module for row in graph.store.files() if row.kind == "python"}


def test_an_edited_a_new_and_a_deleted_file(graph: CodeGraph) -> None:
    edit(graph, "pkg/cart.py", "\nclass Cart:\n    def add(self): return self.sub()\n    def sub(self): pass\n")
    assert [str(s.span) for s in graph.who_calls("Cart.sub").items] == ["pkg/cart.py:3"]
    assert graph.find_symbol("pkg.cart.total") == []
    check_like_fresh(graph)
    edit(graph, "extra.py", "def go(): pass\n")
    assert [str(s.span) for s in graph.who_calls("extra.go").items] == ["use.py:4"]
    check_like_fresh(graph)
    edit(graph, "extra.py", None)
    assert graph.find_symbol("go") == []
    check_like_fresh(graph)


def test_only_the_files_that_are_told_are_read(graph: CodeGraph) -> None:
    write(graph.root, "pkg/cart.py", "def other(): pass\n")
    write(graph.root, "use.py", "def use(): pass\n")
    report = graph.refresh(["use.py"])
    assert (report.parsed, report.removed, report.complete) == (1, 0, True)
    assert graph.store.symbols_named("use")
    assert not graph.store.symbols_named("other")
    assert graph.refresh([]).parsed == 0


def test_files_that_do_not_belong(graph: CodeGraph) -> None:
    edit(graph, "ignored/x.py", "def still_hidden(): pass\n")
    edit(graph, "node_modules/m.py", "x = 1\n")
    edit(graph, "picture.png", "x = 1\n")
    graph.refresh(["missing.py", "../outside.py", "ignored"])
    assert list(modules(graph)) == ["pkg/__init__.py", "pkg/cart.py", "space/m.py", "use.py"]
    check_like_fresh(graph)


def test_a_file_outside_the_workspace(graph: CodeGraph, tmp_path: Path) -> None:
    outside = write(tmp_path, "secret.py", "def secret(): pass\n")
    graph.refresh([str(outside)])
    check_like_fresh(graph)


def test_a_file_that_becomes_binary_and_text_again(graph: CodeGraph) -> None:
    (graph.root / "use.py").write_bytes(b"\0\1")
    graph.refresh(["use.py"])
    assert "use.py" not in modules(graph)
    edit(graph, "use.py", "from pkg import Cart\nCart()\n")
    check_like_fresh(graph)


def test_files_that_decide_about_others(graph: CodeGraph) -> None:
    edit(graph, "pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["space"]\n')
    assert modules(graph)["space/m.py"] == "m"
    check_like_fresh(graph)
    edit(graph, "space/__init__.py", "")
    assert modules(graph)["space/m.py"] == "space.m"
    check_like_fresh(graph)
    edit(graph, "space/__init__.py", None)
    edit(graph, "pyproject.toml", None)
    check_like_fresh(graph)
    edit(graph, ".gitignore", "")
    assert modules(graph)["ignored/x.py"] == "ignored.x"
    check_like_fresh(graph)
    write(graph.root, "ignored/setup.py", "")
    edit(graph, "ignored/setup.py", "")
    assert modules(graph)["ignored/x.py"] == "x"
    check_like_fresh(graph)


def test_refresh_keeps_unsaved_texts(graph: CodeGraph) -> None:
    graph.update("use.py", "def unsaved(): pass\n")
    edit(graph, "pkg/cart.py", "def changed(): pass\n")
    assert [r.full_name for name in ("unsaved", "changed") for r in graph.find_symbol(name)] == [
        "use.unsaved",
        "pkg.cart.changed",
    ]
    graph.update("use.py", None)
    check_like_fresh(graph)


def test_refresh_needs_a_graph_that_writes(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    store = Store(file)
    sync(repo, store, SyncOptions(workers=1))
    store.close()
    with CodeGraph(repo, Store(file, read_only=True)) as graph, pytest.raises(IndexStoreError):
        graph.refresh(["a.py"])


def test_update_says_what_saving_would(graph: CodeGraph) -> None:
    text = "class Cart:\n    def add(self): return self.more()\n    def more(self): pass\n"
    graph.update("pkg/cart.py", text)
    graph.update("extra.py", "def go(): pass\n")
    unsaved = linked(graph)
    write(graph.root, "pkg/cart.py", text)
    write(graph.root, "extra.py", "def go(): pass\n")
    saved = linked(fresh_graph(graph.root))
    assert {p: unsaved[p] for p in ("facts", "symbols", "calls", "callers")} == {
        p: saved[p] for p in ("facts", "symbols", "calls", "callers")
    }


@pytest.mark.parametrize("path", ["src/new.py", "lib/deep/new.py", "code/new.py"])
def test_the_first_and_the_last_file_of_a_source_root(graph: CodeGraph, path: str) -> None:
    edit(graph, "pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["code"]\n')
    edit(graph, path, "def new(): pass\n")
    check_like_fresh(graph)
    edit(graph, path, None)
    check_like_fresh(graph)


@pytest.mark.parametrize("told", ["./pkg/cart.py", "pkg//cart.py"])
def test_other_ways_to_name_a_file(graph: CodeGraph, told: str) -> None:
    (graph.root / "pkg/cart.py").unlink()
    graph.refresh([told])
    check_like_fresh(graph)


def test_a_folder_that_is_gone(graph: CodeGraph) -> None:
    shutil.rmtree(graph.root / "pkg")
    graph.refresh(["pkg"])
    check_like_fresh(graph)


def test_what_a_new_unsaved_file_says(graph: CodeGraph) -> None:
    graph.update("new.py", "import pkg\nunknown()\n'a-b'\n")
    assert graph.module_deps("new") == [("new", "pkg", True)]
    assert "new.py:2" in [str(s.span) for s in graph.unresolved_calls().items]
    assert [str(s.span) for s in graph.search_refs("a-b").items] == ["new.py:3"]


# -- any edits -----------------------------------------------------------------------------------------------------------

TEXTS = [
    "",
    "def alpha(): return beta()\ndef beta(): pass\n",
    "from pkg import alpha, Klass\nclass Beta(Klass):\n    def run(self): return alpha()\n",
    "from .a import *\nfrom . import b\n__all__ = ['alpha']\n",
    "class Klass:\n    def run(self): return self.step()\n    def step(self): pass\n",
    "import pkg.a as one, b\none.alpha(); b.beta()\nKlass().run()\n",
    "def alpha(:\n    beta()\n",
]
PATHS = ["a.py", "b.py", "pkg/__init__.py", "pkg/a.py", "pkg/b.py", "other/c.py", "other/setup.py"]
_edit = st.tuples(st.sampled_from(PATHS), st.one_of(st.none(), st.sampled_from(TEXTS)))


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.lists(_edit, min_size=1, max_size=2), min_size=1, max_size=5))
def test_any_edits(tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, str | None]]]) -> None:
    root = tmp_path_factory.mktemp("repo").resolve()
    store = Store(None)
    sync(root, store, SyncOptions(workers=1))
    with CodeGraph(root, store) as graph:
        for edits in rounds:
            for path, text in edits:
                (root / path).unlink(missing_ok=True)
                if text is not None:
                    (root / path).parent.mkdir(exist_ok=True)
                    (root / path).write_text(text)
            graph.refresh([path for path, _ in edits])
            check_like_fresh(graph)
    shutil.rmtree(root)


def test_many_small_segments_become_one(repo: Path) -> None:
    for number in range(80):
        (repo / f"m{number}.py").write_text(f"def f{number}(): pass\n")
    CodeGraph.load_or_build(repo).close()
    with CodeGraph.load_or_build(repo) as graph:
        for number in range(80):
            (repo / f"m{number}.py").write_text(f"def g{number}(): pass\n")
            graph.refresh([f"m{number}.py"])
            assert [r.path for r in graph.find_symbol(f"g{number}")] == [f"m{number}.py"]
        assert len(graph.store.segments()) < 40
        check_like_fresh(graph)


def test_large_files_are_not_taken_for_scattered_ones(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "adapter_core.graph.indexing.sync._BATCH_BYTES", 2000
    )  # so each of these is a batch, and a segment, of its own
    for number in range(70):
        (repo / f"m{number}.py").write_text(f"def f{number}(): pass\n" + "# long\n" * 200)
    CodeGraph.load_or_build(repo).close()
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert (graph.report.parsed, graph.report.unchanged) == (0, 70)
        assert graph.refresh(["m1.py"]).parsed == 0
