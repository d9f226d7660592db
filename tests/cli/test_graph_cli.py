"""`pathline graph` and `python -I -m adapter_core.code_graph`: what they print, as lines and as JSON, and how they end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapter_core.cli import graph as command
from adapter_core.cli.graph_queries import Query
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Listing
from tests.cli.test_cli import pathline
from tests.support import write, write_tree

PROJECT = Path(__file__).resolve().parents[2]

SHOP = '''
#- shop/__init__.py
from .cart import Cart as Cart
#- shop/base.py
class Container:
    def push(self, item): ...
#- shop/cart.py
"""Carts."""
import os
from .base import Container

LIMIT = 3

class Cart(Container):
    def total(self, prices):
        """The sum."""
        nowhere.check(prices)
        return sum(prices) + self.tax()

    def tax(self):
        return os.getpid()

    @staticmethod
    def total_of():
        return (lambda: Cart().total([]))()

def checkout(cart: Cart):
    return cart.total([1])
#- scripts/run.py
import shop.cart
from shop import Cart

def main(thing):
    thing.tax()
    Cart().total([])
#- tests/test_cart.py
from shop.cart import Cart

def test_total():
    assert Cart().total([1]) == 1
'''

COVERAGE = """\
<?xml version="1.0" ?>
<coverage version="7.0"><sources><source>/elsewhere/repo</source></sources><packages><package><classes>
<class filename="shop/cart.py"><lines><line number="9" hits="1"/><line number="10" hits="1"/><line number="11" hits="0"/>
<line number="13" hits="0"/></lines></class><class filename="gone.py"><lines><line number="1" hits="1"/></lines></class>
</classes></package></packages></coverage>
"""


class Result(NamedTuple):
    code: int
    out: list[str]
    err: str


Run = Callable[..., Result]


@pytest.fixture
def shop(repo: Path) -> Path:
    return write_tree(repo, SHOP)


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `pathline graph` in this process, in the folder of the shop."""

    def call(*arguments: str, cwd: Path = shop) -> Result:
        monkeypatch.chdir(cwd)
        code = main(["graph", *arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out.split("\n")[:-1], captured.err)

    return call


@pytest.fixture
def ask(run: Run) -> Callable[..., dict[str, Any]]:
    """Runs `pathline graph --json` with one query and returns its object."""

    def call(*arguments: str) -> dict[str, Any]:
        value = json.loads("\n".join(run("--json", *arguments).out))
        assert value["schema"] == 1
        (found,) = value["queries"].values()
        return found  # type: ignore[no-any-return]

    return call


# -- symbols ---------------------------------------------------------------------------------------------------------


def test_find_and_owners(run: Run) -> None:
    assert run("--find", "total") == (0, ["shop/cart.py:8  shop.cart.Cart.total  def total(self, prices)"], "")
    assert run("--find", "Cart.total_of").out == ["shop/cart.py:17  shop.cart.Cart.total_of  static def total_of()"]
    assert run("--owners-of", "Cart.total").out == [
        "shop/cart.py:7  shop.cart.Cart  class Cart(Container)",
        "shop/cart.py:1  shop.cart  module",
    ]


def test_find_as_json(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("--find", "Cart.total_of")
    assert (found["found"], found["complete"], found["reason"], found["nearest_names"]) == (True, True, "", [])
    (symbol,) = found["items"]
    assert {k: symbol[k] for k in ("path", "line", "start", "end", "name_line", "name_column", "kind", "full_name", "traits")} == {
        "path": "shop/cart.py", "line": 17, "start": 16, "end": 18, "name_line": 17, "name_column": 8, "kind": "method",
        "full_name": "shop.cart.Cart.total_of", "traits": ["static"],
    }  # fmt: skip


def test_an_unknown_name(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    result = run("--find", "Cart.totl")
    assert (result.code, result.out) == (3, [])
    assert result.err == "find Cart.totl: not found in this workspace. Did you mean total, total_of?\n"
    assert run("--who-calls", "zzzz").err == "who-calls zzzz: not found in this workspace.\n"
    found = ask("--calls-of", "chekout")
    assert (found["found"], found["items"], found["nearest_names"]) == (False, [], ["checkout"])
    assert not found["complete"]
    assert found["reason"]


def test_the_path_of_a_file_stands_for_its_module(run: Run, shop: Path) -> None:
    for option in ("--find", "--refs-of", "--tests-for", "--tests-for-module", "--module-deps"):
        by_name = run(option, "shop.cart")
        assert by_name.out, option
        assert run(option, "shop/cart.py") == by_name, option
        assert run(option, "cart.py", "--repo", "..", cwd=shop / "shop").out == by_name.out, option
    assert run("--defs-in", "shop.cart") == run("--defs-in", "shop/cart.py")


def test_a_path_that_is_not_there_is_answered_with_paths(run: Run) -> None:
    found = run("--find", "src/cart.py")
    assert (found.code, found.out) == (3, [])
    assert found.err.endswith("not found in this workspace. Did you mean shop/cart.py?\n")


def test_an_ambiguous_name_is_said_to_be_one(run: Run) -> None:
    write(Path.cwd(), "repo/shop/other.py", "class Cart:\n    def total(self): ...\n")
    result = run("--calls-of", "Cart.total")
    assert result.code == 0
    assert (
        "the name stands for 2 symbols: shop.cart.Cart.total (shop/cart.py:8-11), shop.other.Cart.total" in result.err
    )


def test_dump(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    result = run("--dump")
    assert result.out[0] == (
        "5 files, 5 of them Python with 34 lines: 2 class, 1 constant, 3 function, 4 method, 5 module"
    )
    cart = result.out.index("shop/cart.py:1  shop.cart")
    assert result.out[cart : cart + 5] == [
        "shop/cart.py:1  shop.cart",
        "shop/cart.py:5    LIMIT = 3  constant",
        "shop/cart.py:7    class Cart(Container)  class",
        "shop/cart.py:8      def total(self, prices)  method",
        "shop/cart.py:13      def tax(self)  method",
    ]
    found = ask("--dump")
    assert found["summary"]["symbols"] == {"class": 2, "constant": 1, "function": 3, "method": 4, "module": 5}
    module = next(m for m in found["items"] if m["path"] == "shop/cart.py")
    assert [s["name"] for s in module["symbols"]] == ["LIMIT", "Cart", "total", "tax", "total_of", "checkout"]


@pytest.mark.parametrize("path", ["shop/base.py", "./shop/base.py", "base.py", "{absolute}"])
def test_defs_in_takes_a_path_from_the_root_or_from_here(run: Run, shop: Path, path: str) -> None:
    cwd = shop / "shop" if path == "base.py" else shop
    result = run("--repo", str(shop), "--defs-in", path.format(absolute=shop / "shop" / "base.py"), cwd=cwd)
    assert result.out == [
        "shop/base.py:1  shop.base.Container  class Container",
        "shop/base.py:2  shop.base.Container.push  def push(self, item)",
    ]


def test_a_file_that_is_not_there(run: Run, shop: Path) -> None:
    write(shop, ".env", "[secret]\n")
    result = run("--defs-in", "src/cart.py")
    assert (result.code, result.err) == (
        3,
        "defs-in src/cart.py: not found in this workspace. Did you mean shop/cart.py?\n",
    )
    for path in (".env", "../elsewhere.py", "scripts", "scripts/none.py"):
        assert run("--defs-in", path).code == 3


# -- calls -----------------------------------------------------------------------------------------------------------


def test_calls_of(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    assert run("--calls-of", "Cart.total").out == [
        "shop/cart.py:10  nowhere.check()  unresolved",
        "shop/cart.py:11  sum()  external → builtins.sum",
        "shop/cart.py:11  self.tax()  resolved → shop.cart.Cart.tax",
    ]
    site = ask("--calls-of", "Cart.total")["items"][2]
    assert (site["path"], site["line"], site["resolution"], site["sure"]) == ("shop/cart.py", 11, "resolved", True)
    assert site["targets"] == [
        {"full_name": "shop.cart.Cart.tax", "kind": "method", "path": "shop/cart.py", "line": 13}
    ]
    assert site["caller"]["full_name"] == "shop.cart.Cart.total"
    outer = run("--calls-of", "total_of").out
    assert "shop/cart.py:18  (…).total() in a lambda  resolved → shop.cart.Cart.total" in outer
    assert any(line.startswith("shop/cart.py:18  (…)()  resolved → ") and "<lambda>" in line for line in outer)


def test_who_calls(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    assert run("--who-calls", "Cart.tax").out == [
        "scripts/run.py:5  scripts.run.main  thing.tax()  by name",
        "shop/cart.py:11  shop.cart.Cart.total  self.tax()  resolved → shop.cart.Cart.tax",
    ]
    found = ask("--who-calls", "Cart.tax")
    assert [site["resolution"] for site in found["items"]] == ["by_name", "resolved"]
    assert found["symbols"][0]["full_name"] == "shop.cart.Cart.tax"


def test_a_call_of_one_of_several_is_listed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hooks = "class {}:\n    def handle(self): ...\n"
    write(tmp_path, "a.py", hooks.format("A") + hooks.format("B") + "def fire(bus):\n    bus.handle()\n")
    main(["graph", "--repo", str(tmp_path), "--who-calls", "handle"])
    assert capsys.readouterr().out == "a.py:6  a.fire  bus.handle()  by name\n"


def test_what_runs_without_a_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "class Lock:\n    def __enter__(self): pass\n    def __exit__(self, *e): pass\n\n\ndef work():\n    with Lock(): pass\n"
    (tmp_path / "main.py").write_text(text, "utf-8")
    assert main(["graph", "--repo", str(tmp_path), "--who-calls", "Lock.__enter__"]) == 0
    assert capsys.readouterr().out.strip().split("\n") == [
        "main.py:7  main.work  (…).__enter__ (implicit: with)  resolved → main.Lock.__enter__"
    ]
    assert main(["graph", "--repo", str(tmp_path), "--json", "--calls-of", "work"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["queries"].values()
    assert [(i["callee"], i["implicit"]) for i in found["items"]] == [
        ("Lock", ""), ("().__enter__", "with"), ("().__exit__", "with"),
    ]  # fmt: skip


def test_the_time_of_who_calls_is_limited(run: Run) -> None:
    late = run("--time-limit", "0.000001", "--who-calls", "Cart.tax")
    assert "who-calls Cart.tax: not complete: the time limit of 1e-06 s was met; these were found by then." in late.err
    with pytest.raises(SystemExit):
        run("--time-limit", "0", "--who-calls", "Cart.tax")


def test_nothing_found_about_a_known_name_is_an_answer(run: Run) -> None:
    assert run("--who-calls", "scripts.run.main") == (0, [], "who-calls scripts.run.main: there are none.\n")


def test_unresolved(run: Run) -> None:
    assert run("--unresolved", "shop/cart.py").out == ["shop/cart.py:10  nowhere.check()  unresolved"]
    assert run("--unresolved").out == [
        "scripts/run.py:5  thing.tax()  unresolved",
        "shop/cart.py:10  nowhere.check()  unresolved",
    ]
    assert run("--unresolved", "cart").code == 3


def test_an_answer_that_is_partial_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CodeGraph, "who_calls", lambda self, name, **_: Listing((), False, "too many"))
    assert "who-calls Cart.tax: not complete: too many." in run("--who-calls", "Cart.tax").err
    result = run("--max-files", "1", "--dump")
    assert "The index is not complete: stopped after 1 files" in result.err


# -- references, tests, modules, coverage ----------------------------------------------------------------------------


def test_refs_of(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    result = run("--refs-of", "Cart.tax")
    assert result.code == 0
    assert any(line.startswith("shop/cart.py:11  return sum(prices) + self.tax()") for line in result.out)
    item = ask("--refs-of", "Cart.tax")["items"][0]
    assert set(item) == {"path", "line", "column", "kind", "owner", "text"}


def test_search(run: Run) -> None:
    result = run("--search", "The sum")
    assert (result.code, result.out[0].partition("  ")[0]) == (0, "shop/cart.py:9")
    nothing = run("--search", "kumquat")
    assert (nothing.code, nothing.out) == (3, [])
    assert run("--search", " ").code == 2


def test_tests_for(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    for arguments in (("--tests-for", "Cart.total"), ("--tests-for-module", "shop.cart")):
        result = run(*arguments)
        assert result.code == 0
        assert result.out[0].startswith("tests/test_cart.py:3  tests/test_cart.py::test_total")
        (item,) = ask(*arguments)["items"]
        keys = ("path", "line", "start", "end", "node_id", "why", "distance", "via", "likely", "guessed", "uncertain")
        assert set(item) == set(keys)
    assert run("--tests-for-module", "shop.crt").err.endswith("Did you mean shop.cart, shop?\n")


def test_pytest_nodes(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    assert run("--pytest-nodes").out == ["tests/test_cart.py:3  tests/test_cart.py::test_total"]
    (item,) = ask("--pytest-nodes")["items"]
    assert (item["node_id"], item["parameters_known"], item["fixtures"]) == ("tests/test_cart.py::test_total", True, [])


def test_module_deps(run: Run, ask: Callable[..., dict[str, Any]]) -> None:
    result = run("--module-deps", "shop.cart")
    assert "shop/cart.py:2  shop.cart → os  external" in result.out
    assert "shop/cart.py:3  shop.cart → shop.base" in result.out
    assert len(run("--module-deps").out) > len(result.out)
    item = next(i for i in ask("--module-deps", "shop.cart")["items"] if i["imported"] == "os")
    assert item == {
        "path": "shop/cart.py",
        "line": 2,
        "importing": "shop.cart",
        "imported": "os",
        "in_workspace": False,
    }
    assert run("--module-deps", "shop.carts").code == 3


def test_coverage(run: Run, shop: Path, tmp_path: Path) -> None:
    write(shop, "coverage.xml", COVERAGE)
    # The report counts for all questions, wherever it stands among them.
    result = run("--coverage-of", "Cart.total", "--coverage-xml", "coverage.xml")
    assert result.code == 0
    assert "shop/cart.py:8  shop.cart.Cart.total  2 of 3 lines ran (67 %)" in result.out
    assert "1 files of the report are none of the workspace's" in result.err
    assert "gone.py" in result.err
    value = json.loads("\n".join(run("--json", "--coverage-xml", "coverage.xml", "--coverage-of", "Cart.total").out))
    assert value["queries"]["coverage-xml coverage.xml"]["unmatched"] == ["gone.py"]
    (item,) = value["queries"]["coverage-of Cart.total"]["items"]
    assert (item["covered"], item["measured"], item["percent"]) == (2, 3, 66.7)
    outside = run("--coverage-xml", "coverage.xml", "--coverage-of", "Container.push")
    assert outside.code == 0
    assert "coverage-of Container.push: the report does not have shop/base.py." in outside.err
    write(shop, "bad.xml", "<html/>")
    for name, message in (("bad.xml", "coverage"), ("none.xml", "none.xml")):
        wrong = run("--coverage-xml", name)
        assert wrong.code == 2
        assert message in wrong.err


# -- several, exports ------------------------------------------------------------------------------------------------


def test_several_queries_in_their_order(run: Run) -> None:
    result = run("--who-calls", "Cart.tax", "--find", "LIMIT", "--find", "nope", "--find", "LIMIT")
    assert result.code == 3
    assert [line for line in result.out if ":" not in line] == ["who-calls Cart.tax", "", "find LIMIT"]
    value = json.loads("\n".join(run("--json", "--who-calls", "Cart.tax", "--find", "LIMIT", "--unresolved").out))
    assert list(value["queries"]) == ["who-calls Cart.tax", "find LIMIT", "unresolved"]
    assert set(value) == {"schema", "root", "queries", "complete", "reason", "elapsed_ms"}


def test_exports(run: Run, shop: Path, tmp_path: Path) -> None:
    result = run("--export", "graph.json", "--export-sqlite", str(tmp_path / "graph.db"))
    assert result.code == 0
    assert f"{shop / 'graph.json'} written" in result.out[1]
    assert json.loads((shop / "graph.json").read_text())["format"] == "pathline-graph"
    db = sqlite3.connect(tmp_path / "graph.db")
    assert db.execute("SELECT count(*) FROM files").fetchone() == (5,)
    db.close()
    value = json.loads("\n".join(run("--json", "--export", "graph.json").out))
    assert value["queries"]["export graph.json"]["bytes"] == (shop / "graph.json").stat().st_size


def test_ignore(run: Run) -> None:
    assert run("--ignore", "scripts/", "--who-calls", "Cart.tax").out == [
        "shop/cart.py:11  shop.cart.Cart.total  self.tax()  resolved → shop.cart.Cart.tax"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say what to look up"),
        (["--coverage-of", "Cart"], "--coverage-xml FILE"),
        (["--export", "."], "is a folder"),
        (["--export", "-"], "needs the name of a file"),
        (["--export-sqlite", "none/graph.db"], "There is no folder"),
        (["--repo", "nowhere", "--dump"], "There is no folder"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, [])
    assert message in result.err


def test_what_a_terminal_would_obey_is_not_printed(run: Run, shop: Path) -> None:
    write(shop, "odd.py", "def f(x='\x1b]0;title\x07'): ...\n")
    assert not any(c in "".join(run("--find", "odd.f").out) for c in "\x1b\x07")


# -- as processes ----------------------------------------------------------------------------------------------------


def test_the_door_of_the_library_says_the_same(shop: Path, tmp_path: Path) -> None:
    def door(*arguments: str) -> subprocess.CompletedProcess[str]:
        # From the checkout: a module of the repository's must not be taken for one of Python's.
        return subprocess.run(
            [sys.executable, "-m", "adapter_core.code_graph", *arguments],
            cwd=PROJECT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip

    same = ("--who-calls", "Cart.tax", "--calls-of", "checkout")
    result = door(str(shop), *same)
    console = pathline("graph", "--repo", shop, *same, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, console.stdout, console.stderr)
    assert "shop/cart.py:11  shop.cart.Cart.total  self.tax()" in result.stdout
    found = json.loads(door("--json", "--ignore", "tests/", "--find", "Cart", str(shop)).stdout)
    assert found["queries"]["find Cart"]["items"][0]["line"] == 7
    assert door("--find", "Cart").returncode == 2
    assert "example: python -I -m adapter_core.code_graph" in door("--help").stdout


def test_help_shows_an_example(repo: Path) -> None:
    result = pathline("graph", "--help", cwd=repo)
    assert "example: pathline graph" in result.stdout
    for name, _, _ in command._QUERIES:
        assert f"--{name}" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_stops_a_query(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: CodeGraph, path: str | None = None) -> Listing:
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it went on")

    monkeypatch.setattr(CodeGraph, "unresolved_calls", stop)
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs begin with it ignored
    result = run("--unresolved")
    assert (result.code, result.err) == (130, "Stopped.\n")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_query_has_a_key() -> None:
    assert (Query("dump", "").key, Query("find", "x").key) == ("dump", "find x")
