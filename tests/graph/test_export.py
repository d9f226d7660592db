"""Exports: what stands in them, that both forms say the same, and that a target is never half written."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled, PathlineError, UsageError
from adapter_core.graph.exporting import export as exporting
from adapter_core.graph.exporting.export import export_json, export_sqlite
from tests.support import graph_of, write

SHOP = '''
#- README.md
# Shop

## Use
#- shop/__init__.py
from .cart import Cart as Cart
#- shop/base.py
from abc import ABC, abstractmethod

class Container(ABC):
    """Holds things."""

    @abstractmethod
    def push(self, item): ...

    @property
    def size(self) -> int:
        return len(self.items)
#- shop/cart.py
import json as j
from typing import TYPE_CHECKING, Generic, TypeVar

from . import base
from .base import Container

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")

class Cart(Container, Generic[T]):
    limit: int = 3

    def __init__(self, items=(), *, strict: bool = False) -> None:
        self.items = list(items)

    async def push(self, item: "Decimal"):
        self.key = lambda thing: thing.price
        self.key(item)
        unknown.thing(item)

def main():
    cart = Cart()
    cart.push(j.dumps(1))
#- tests/test_cart.py
import pytest
from shop import Cart

@pytest.fixture
def cart():
    return Cart()

class TestCart:
    @pytest.mark.parametrize("n", [1, 2])
    def test_push(self, cart, n):
        cart.push(n)
'''
TABLES = ("files", "symbols", "imports", "inheritance", "overrides", "calls", "implicit_calls", "lambdas", "tests")
Document = dict[str, Any]


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, SHOP)


def exported(graph: CodeGraph, folder: Path) -> Document:
    export_json(graph, folder / "graph.json")
    document: Document = json.loads((folder / "graph.json").read_text("utf-8"))
    return document


def by_id(document: Document) -> dict[int, str]:
    return {s["id"]: s["full_name"] for s in [*document["symbols"], *document["lambdas"]]}


def test_the_head_and_the_order(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    assert list(document) == [
        "format", "pathline", "root", "root_path", "version", *TABLES, "complete", "reason",
    ]  # fmt: skip
    assert (document["format"], document["version"]) == ("pathline-graph", 1)
    assert (document["root"], document["root_path"]) == ("repo", str(graph.root))
    assert document["complete"] == (not document["reason"])


def test_files_and_symbols(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    assert [(f["id"], f["path"], f["kind"], f["module"]) for f in document["files"]][:3] == [
        (1, "README.md", "text", None),
        (2, "shop/__init__.py", "python", "shop"),
        (3, "shop/base.py", "python", "shop.base"),
    ]
    assert len(document["files"][0]["sha256"]) == 64
    ids = [s["id"] for s in document["symbols"]]
    assert ids == list(range(1, len(ids) + 1))
    names = by_id(document)
    init = next(s for s in document["symbols"] if s["qualname"] == "Cart.__init__")
    assert names[init["parent"]] == "shop.cart.Cart"
    assert init["parameters"][2] == {"name": "strict", "kind": "keyword_only", "annotation": "bool", "default": "False"}
    assert (init["visibility"], init["returns"], init["start"]) == ("special", "None", 15)
    push = next(s for s in document["symbols"] if s["full_name"] == "shop.cart.Cart.push")
    assert push["traits"] == ["async"]
    sections = [s["qualname"] for s in document["symbols"] if s["kind"] == "section"]
    assert sections == ["Shop", "Shop > Use"]


def test_imports_lead_to_files(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    paths = {f["id"]: f["path"] for f in document["files"]}
    found = [
        (i["module"], i["name"], i["target"], paths.get(i["target_file"]), i["typing_only"])
        for i in document["imports"]
        if paths[i["file"]] == "shop/cart.py"
    ]
    assert ("json", None, "json", None, False) in found
    assert (".", "base", "shop", "shop/base.py", False) in found
    assert (".base", "Container", "shop.base", "shop/base.py", False) in found
    assert ("decimal", "Decimal", "decimal", None, True) in found


def test_inheritance_and_overrides(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    names = by_id(document)
    edges = {
        (names[e["class"]], e["position"], e["text"], names.get(e["base"]), e["external"])
        for e in document["inheritance"]
    }
    assert edges == {
        ("shop.base.Container", 0, "ABC", None, "abc.ABC"),
        ("shop.cart.Cart", 0, "Container", "shop.base.Container", None),
        ("shop.cart.Cart", 1, "Generic[T]", None, "typing.Generic"),
    }
    assert [(names[o["method"]], names[o["overridden"]], o["distance"]) for o in document["overrides"]] == [
        ("shop.cart.Cart.push", "shop.base.Container.push", 1)
    ]


def test_calls_and_lambdas(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    names = by_id(document)
    calls = {
        c["callee"]: (c["resolution"], [names[t] for t in c["targets"]], [names[t] for t in c["enters"]], c["external"])
        for c in document["calls"]
        if names[c["owner"]].startswith("shop.cart")
    }
    assert calls["Cart"] == ("resolved", ["shop.cart.Cart"], ["shop.cart.Cart.__init__"], [])
    assert calls["cart.push"][1] == ["shop.cart.Cart.push"]
    assert calls["j.dumps"] == ("external", [], [], ["json.dumps"])
    assert calls["unknown.thing"][0] == "unresolved"
    assert calls["self.key"][1] == ["shop.cart.Cart.push.<lambda>"]
    (found,) = document["lambdas"]
    assert found["id"] > max(s["id"] for s in document["symbols"])
    assert (found["start"], found["kind"]) == (19, "function")
    text = (graph.root / "shop/cart.py").read_text()
    call = next(c for c in document["calls"] if c["callee"] == "j.dumps")
    assert text[call["start"] : call["end"]] == "j.dumps(1)"


def test_tests(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    names = by_id(document)
    assert [(t["node_id"], names[t["symbol"]], t["fixtures"], t["parameters_known"]) for t in document["tests"]] == [
        (f"tests/test_cart.py::TestCart::test_push[{n}]", "tests.test_cart.TestCart.test_push", ["cart"], True)
        for n in (1, 2)
    ]


def test_both_forms_say_the_same(graph: CodeGraph, tmp_path: Path) -> None:
    document = exported(graph, tmp_path)
    export_sqlite(graph, tmp_path / "graph.db")
    db = sqlite3.connect(tmp_path / "graph.db")
    db.row_factory = sqlite3.Row
    document["symbols"] += document.pop("lambdas")
    for name, column in (("call_targets", "targets"), ("call_enters", "enters"), ("call_external", "external")):
        key = "name" if name == "call_external" else "symbol"
        document[name] = [{"call": c["id"], key: one} for c in document["calls"] for one in c[column]]
    for call in document["calls"]:
        for column in ("targets", "enters", "external"):
            del call[column]
    for table in (*(t for t in TABLES if t != "lambdas"), "call_targets", "call_enters", "call_external"):
        rows = [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY rowid")]
        expected = [
            {k: json.dumps(v, separators=(",", ":")) if isinstance(v, list) else v for k, v in r.items()}
            for r in document[table]
        ]
        assert rows == expected, table
    meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    assert (meta["format"], meta["version"]) == ("pathline-graph", "1")
    assert (meta["complete"] == "1", meta["reason"]) == (document["complete"], document["reason"])
    assert db.execute("PRAGMA user_version").fetchone()[0] == exporting.VERSION
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


def test_every_field_is_documented(graph: CodeGraph, tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "graph-export.md").read_text("utf-8")
    document = exported(graph, tmp_path)
    parts = dict(zip(*[iter(re.split(r"^### (\w+)$", page, flags=re.MULTILINE)[1:])] * 2, strict=True))
    for table in TABLES:
        for row in document[table][:1] if table != "lambdas" else ():
            assert not [field for field in row if f"`{field}`" not in parts[table]], table
    assert not [key for key in document if f"`{key}`" not in page and key not in TABLES]


def test_the_same_files_give_the_same_bytes(graph: CodeGraph, tmp_path: Path) -> None:
    export_json(graph, tmp_path / "one.json")
    with CodeGraph.load_or_build(graph.root, rebuild=True) as again:
        export_json(again, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_odd_text(repo: Path, tmp_path: Path) -> None:
    """Half of a surrogate pair is legal in Python's source, NUL in a docstring, too; and an empty repository is one."""
    write(repo, "odd.py", "def f(x='\\ud800'):\n    '''\\ud800 grün \\0'''\n")
    write(repo, "broken.py", "def half(:\n")
    with CodeGraph.load_or_build(repo) as graph:
        document = exported(graph, tmp_path)
        export_sqlite(graph, tmp_path / "graph.db")
    assert [bool(f["problems"]) for f in document["files"]] == [True, False]
    assert "\ud800 grün \0" in {s["docstring"] for s in document["symbols"]}
    empty = tmp_path / "empty"
    empty.mkdir()
    with CodeGraph.load_or_build(empty) as graph:
        assert [exported(graph, tmp_path)[table] for table in TABLES] == [[]] * len(TABLES)


@pytest.mark.parametrize("write_it", [export_json, export_sqlite])
def test_progress_ends_with_all(graph: CodeGraph, tmp_path: Path, write_it: Any) -> None:
    seen: list[tuple[int, int, str]] = []
    write_it(graph, tmp_path / "out", lambda *now: seen.append(now))
    assert [done for done, _, _ in seen] == list(range(len(seen)))
    assert seen[-1][0] == seen[-1][1] == 3 * graph.store.counts()[0]
    assert seen[0][2] == "README.md"


class CancelAfter:
    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.mark.parametrize("write_it", [export_json, export_sqlite])
@pytest.mark.parametrize("looks", [0, 3, 12, 25])
def test_a_cancelled_export_leaves_the_target_alone(
    graph: CodeGraph, tmp_path: Path, write_it: Any, looks: int
) -> None:
    folder = tmp_path / "out"
    target = write(folder, "graph", "what was there")
    with pytest.raises(Cancelled):
        write_it(graph, target, None, CancelAfter(looks))
    assert target.read_text() == "what was there"
    assert os.listdir(folder) == ["graph"]
    write_it(graph, target, None, threading.Event())
    assert target.stat().st_size > 1000
    assert os.listdir(folder) == ["graph"]


@pytest.mark.parametrize("write_it", [export_json, export_sqlite])
def test_a_target_that_cannot_be(
    graph: CodeGraph, tmp_path: Path, write_it: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    for target, message in (
        (tmp_path / "folder", "is a folder"),
        (tmp_path / "none" / "graph.json", "There is no folder"),
        (Path("/dev/null"), "not a regular file"),
        (Path("/dev/stdout"), "not a regular file"),
    ):
        if os.name == "nt" and str(target).startswith(("/dev", "\\dev")):
            continue
        with pytest.raises(UsageError, match=message):
            write_it(graph, target)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PathlineError, match="Permission denied"):
        write_it(graph, tmp_path / "folder" / "graph")
    assert os.listdir(tmp_path / "folder") == []


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_a_link_stays_one(graph: CodeGraph, tmp_path: Path) -> None:
    target = write(tmp_path, "target.json", "old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    export_json(graph, link)
    assert link.is_symlink()
    assert json.loads(target.read_text())["version"] == 1
    # The rights are those of any new file, and not those of a temporary one.
    assert target.stat().st_mode == write(tmp_path, "other", "").stat().st_mode
