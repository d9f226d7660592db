from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.aliases import references
from adapter_core.graph.linking.calls import sites
from adapter_core.graph.linking.inference import Inference
from adapter_core.types import Call
from tests.support import graph_of, write

SHOP = '''
#- src/shop/__init__.py
from .cart import Cart as Cart
from .money import parse as parse_money
#- src/shop/cart.py
"""Carts."""
from . import money
from .base import Container


class Cart(Container):
    def __init__(self, limit=3):
        super().__init__()
        self.limit = limit

    def add(self, price: "money.Price"):
        self.check()
        price.validate()
        return self.push(price)

    def check(self):
        def inner():
            return money.parse("1")
        return inner()
#- src/shop/base.py
class Container:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
#- src/shop/money.py
class Price:
    def validate(self): ...

def parse(text):
    return Price()
#- src/shop/use.py
import shop
from shop.money import parse as p
from shop import Cart, parse_money

def main():
    cart = Cart()
    shop.Cart()
    p("1")
    parse_money("2")
    cart.add(3)
#- tests/test_cart.py
from shop.cart import Cart

def test_add():
    Cart().add(1)
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, SHOP)


def names(refs: object) -> list[str]:
    return [r.full_name for r in refs]  # type: ignore[attr-defined]


def check_callers(graph: CodeGraph, symbol: str, expected: list[tuple[str, bool]]) -> None:
    (ref,) = graph.find_symbol(symbol)
    found = [(f"{s.span} {s.caller.symbol.qualname}", s.resolved) for s in graph.who_calls(ref).items]
    assert found == expected


def test_finding_symbols(graph: CodeGraph) -> None:
    assert names(graph.find_symbol("Cart")) == ["shop.cart.Cart"]
    assert names(graph.find_symbol("Cart.add")) == ["shop.cart.Cart.add"]
    assert names(graph.find_symbol("shop.cart.Cart.add")) == ["shop.cart.Cart.add"]
    assert names(graph.find_symbol("src/shop/cart.py:add")) == ["shop.cart.Cart.add"]
    assert names(graph.find_symbol("shop.cart:Cart.add")) == ["shop.cart.Cart.add"]
    assert graph.find_symbol("shop.nothing:Cart.add") == []
    assert names(graph.find_symbol("shop.Cart")) == ["shop.cart.Cart"]
    assert names(graph.find_symbol("shop.parse_money")) == ["shop.money.parse"]
    assert names(graph.find_symbol("Cart.push")) == ["shop.base.Container.push"]
    assert names(graph.find_symbol("shop.money")) == ["shop.money"]
    assert graph.find_symbol("nothing") == []
    assert graph.nearest_names("valdate") == ["validate"]


def test_callees(graph: CodeGraph) -> None:
    (add,) = graph.find_symbol("Cart.add")
    assert names(graph.callees_of(add)) == [
        "shop.cart.Cart.check",
        "shop.money.Price.validate",
        "shop.base.Container.push",
    ]
    (check,) = graph.find_symbol("Cart.check")
    assert names(graph.callees_of(check)) == ["shop.money.parse", "shop.cart.Cart.check.inner"]
    (init,) = graph.find_symbol("Cart.__init__")
    assert names(graph.callees_of(init)) == ["shop.base.Container.__init__"]


def test_callers(graph: CodeGraph) -> None:
    check_callers(graph, "Cart.check", [("src/shop/cart.py:12 Cart.add", True)])
    check_callers(
        graph,
        "shop.money.parse",
        [
            ("src/shop/cart.py:18 Cart.check.inner", True),
            ("src/shop/use.py:8 main", True),
            ("src/shop/use.py:9 main", True),
        ],
    )
    # `cart` is what `Cart()` gives.
    check_callers(graph, "Cart.add", [("src/shop/use.py:10 main", True), ("tests/test_cart.py:4 test_add", True)])
    check_callers(
        graph,
        "shop.cart.Cart",
        [("src/shop/use.py:6 main", True), ("src/shop/use.py:7 main", True), ("tests/test_cart.py:4 test_add", True)],
    )


def test_tests_of_a_symbol(graph: CodeGraph) -> None:
    (cart,) = graph.find_symbol("shop.cart.Cart")
    found = [(t.node_id, t.why) for t in graph.tests_for_symbol(cart).items]
    assert found == [("tests/test_cart.py::test_add", ("calls Cart",))]


def test_importers(graph: CodeGraph) -> None:
    assert sorted(graph.importers_of("shop.money")) == ["src/shop/__init__.py", "src/shop/cart.py", "src/shop/use.py"]


def test_symbol_at(graph: CodeGraph) -> None:
    def at(line: int, column: int | None = None) -> str:
        ref = graph.symbol_at("src/shop/cart.py", line, column)
        return ref.symbol.qualname if ref else ""

    assert at(1) == "shop.cart"
    assert at(11) == "Cart.add"
    assert at(11, 8) == "Cart.add"
    assert at(18) == "Cart.check.inner"
    assert graph.symbol_at("nowhere.py", 1) is None


def test_every_name_round_trips_through_its_position(graph: CodeGraph) -> None:
    for path in ("src/shop/cart.py", "src/shop/money.py", "src/shop/use.py"):
        for ref in graph.defs_in(path):
            assert graph.symbol_at(path, ref.symbol.name_line, ref.symbol.name_column) == ref


def test_open_text_stands_over_the_file(graph: CodeGraph) -> None:
    graph.update(
        "src/shop/money.py", "# moved down\nclass Price:\n    def validate(self): ...\n\ndef parse_price(text): ...\n"
    )
    assert names(graph.find_symbol("parse_price")) == ["shop.money.parse_price"]
    assert graph.find_symbol("shop.money.parse") == []
    assert [r.symbol.start for r in graph.find_symbol("Price")] == [2]
    graph.update("src/shop/money.py", None)
    assert names(graph.find_symbol("shop.money.parse")) == ["shop.money.parse"]


def test_a_file_that_changed_behind_the_index_is_parsed_on_the_spot(graph: CodeGraph) -> None:
    write(graph.root, "src/shop/base.py", "\n\nclass Container:\n    pass\n")
    fresh = CodeGraph(graph.root, graph.store)
    assert [r.symbol.start for r in fresh.find_symbol("Container")] == [3]


def test_paths_out_of_the_workspace_are_missing(graph: CodeGraph, tmp_path: Path) -> None:
    write(tmp_path, "secret.py", "x = 1\n")
    assert graph.document("../secret.py") is None
    assert graph.document(str(tmp_path / "secret.py")) is None


def test_import_cycles_end(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- a.py
        from b import *
        from b import thing
        #- b.py
        from a import *
        from a import thing
        thing()
        #- c.py
        class A(B): pass
        class B(A):
            def f(self):
                self.g()
        """,
    )
    assert graph.resolve("b.py", 3, "thing") == []
    assert graph.resolve("c.py", 4, "self.g") == []


def test_closing_lets_go_without_the_collector(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.py",
        "class Cart:\n    def total(self):\n        return self.total()\n\n\ndef run(c: Cart):\n    c.total()\n",
    )
    gc.disable()
    try:
        with CodeGraph.load_or_build(tmp_path) as graph:
            assert graph.who_calls("Cart.total").items
            assert graph.tests_for_symbol("Cart.total").complete
            kept = [weakref.ref(part) for part in (graph.view, graph.inference, graph.calls, graph.tests)]
            # The same goes for what an overlay replaces.
            graph.overlay({"a.py": "x = 1\n"})
            assert [ref() for ref in kept] == [None] * 4
            documents = weakref.ref(graph.documents)
        assert documents() is None
        graph.close()  # once more does no harm
    finally:
        gc.enable()


def test_references_end_at_a_time_limit(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path, f"m{number:02}.py", "from cart import Cart\n\n\ndef run(c: Cart):\n    return c.total()\n")
    write(tmp_path, "cart.py", "class Cart:\n    def total(self):\n        return 1\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        whole = graph.refs_of("Cart")
        assert whole.complete
        assert len(whole.items) == 61
        graph.overlay({})
        cut = graph.refs_of("Cart", limit_seconds=0.0)
        assert not cut.complete
        assert "time limit" in cut.reason
        assert len(cut.items) < len(whole.items)
        stopped = threading.Event()
        stopped.set()
        with graph.within(None, stopped):
            assert graph.who_calls("Cart").reason == "the search was stopped; these were found by then"
            assert graph.calls_of("m01.run").reason == "the search was stopped; these were found by then"


@pytest.mark.parametrize(
    "text",
    [
        "import cart\n\n@cart.wrap(\n    1,\n)\nclass A(\n    cart.Base,\n): pass\n",
        "from cart import (\n    wrap,\n    Base,\n)\n\ndef f(x: 'cart.Base' = wrap(\n  Base)) -> 'Base':\n    return [\n  Base\n for _ in x]\n",
        "import cart as c\n\nx = lambda: (\n    c\n    .Base\n)\n\ndef ü():\n    return c.wrap\n",
    ],
)
def test_what_stands_on_no_line_with_the_name_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    write(tmp_path, "cart.py", "def wrap(n):\n    return lambda x: x\n\n\nclass Base:\n    pass\n")
    write(tmp_path, "use.py", text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        found = {name: graph.refs_of(name).items for name in ("cart.py:Base", "cart.py:wrap")}
    monkeypatch.setattr(references, "_lines_with", lambda names, text: None)
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert found == {name: graph.refs_of(name).items for name in found}
    assert all(len(items) > 1 for items in found.values())


HANDED = """
#- shop/cart.py
class Cart:
    def tax(self):
        return 2


def each(items, what):
    return list(map(what, items))


def taxes(cart: Cart):
    return each([cart], lambda c: c.tax())
"""


class _SetAfter:
    """A token that is set once it was looked at so often."""

    def __init__(self, looks: float) -> None:
        self.looks = looks
        self.looked = 0

    def is_set(self) -> bool:
        self.looked += 1
        return self.looked > self.looks


def test_what_was_given_up_wherever_it_stood_is_worked_out_when_there_is_time(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, HANDED)
    token = _SetAfter(float("inf"))
    with graph.within(None, token):
        whole = graph.who_calls("Cart.tax", limit_seconds=None)
    assert [(s.resolved, s.deferred) for s in whole.items] == [(True, True)]
    for looks in range(token.looked):
        graph.overlay({})
        with graph.within(None, _SetAfter(looks)):
            graph.who_calls("Cart.tax", limit_seconds=None)
        assert graph.who_calls("Cart.tax", limit_seconds=None) == whole


def test_what_is_decorated_goes_by_its_own_name(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- a.py
        import functools
        def traced(function):
            @functools.wraps(function)
            def inner(*args):
                return function(*args)
            return inner
        @traced
        def work(): pass
        class Base:
            def run(self):
                self.step()
            def step(self):
                raise NotImplementedError
        class Child(Base):
            @traced
            def step(self): pass
        #- b.py
        from a import Child, work
        work()
        Child().run()
        """,
    )
    assert [ref.full_name for ref in graph.resolve("b.py", 2, "work", 0)] == ["a.work"]
    assert [ref.full_name for ref in graph.resolve("a.py", 11, "self.step", 8)] == ["a.Base.step", "a.Child.step"]


OVERLOADED = """
#- requests.py
from typing import Protocol, overload


class Request:
    def replace(self, *args, cls=None): return self.__class__(*args)


class JsonRequest(Request):
    @overload
    def replace(self, *args, cls: type[str]) -> str: ...
    @overload
    def replace(self, *args, cls: None = None) -> int: ...
    def replace(self, *args, cls=None): return super().replace(*args, cls=cls)


class Readable(Protocol):
    @overload
    def read(self, size: int) -> str: ...
    @overload
    def read(self) -> bytes: ...


class File(Readable):
    def read(self, size=0): return ""


def use(made: JsonRequest, readable: Readable):
    made.replace(1)
    readable.read(2)
"""


def test_overload_declarations_are_the_function_that_they_declare(tmp_path: Path) -> None:
    with graph_of(tmp_path, OVERLOADED) as graph:
        (base,) = graph.find_symbol("Request.replace")
        (replace,) = graph.find_symbol("JsonRequest.replace")
        assert replace.symbol.start == 13
        assert graph.overrides_of(base) == [replace]
        assert graph.overridden_by(replace) == [base]
        (json_request,) = graph.find_symbol("JsonRequest")
        assert graph.members(json_request, "replace") == [replace]
        declared = graph.symbol_at("requests.py", 10, 8)
        assert declared is not None
        assert declared.symbol.traits == ("overload",)
        assert [s.span.start for s in graph.who_calls(declared).items] == [28]
        assert graph.overridden_by(declared) == [base]
        # Where nothing is implemented, the last declaration stands for all.
        (read,) = graph.find_symbol("Readable.read")
        (file_read,) = graph.find_symbol("File.read")
        assert read.symbol.start == 19
        assert graph.overridden_by(file_read) == [read]
        assert [s.span.start for s in graph.who_calls(read).items] == [29]


def test_where_the_time_is_up_calls_near_the_name_of_the_class_were_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    targets = sites.targets

    def noted(inference: Inference, path: str, call: Call) -> sites.Targets:
        looked_at.append(path)
        return targets(inference, path, call)

    monkeypatch.setattr(sites, "targets", noted)
    unknown = "".join(f"#- a{n}.py\ndef use{n}(text):\n    text.replace(1)\n" for n in range(4))
    scope = "#- scope.py\nclass Scope:\n    def replace(self, old): ...\n"
    near = "#- z.py\nfrom scope import Scope\ndef qualify(scope: Scope):\n    scope.replace(1)\n"
    with graph_of(tmp_path, unknown + scope + near) as graph:
        found = graph.who_calls("Scope.replace", implicit=False).items
    assert looked_at[0] == "z.py"
    assert [s.span.path for s in found] == ["a0.py", "a1.py", "a2.py", "a3.py", "z.py"]  # in the order of the files


def test_a_decorator_that_gives_back_what_it_took(repo: Path) -> None:
    """By its type variable, where its body binds the parameter anew."""
    graph = graph_of(
        repo,
        """
        #- kit/mark.py
        from typing import Protocol, TypeVar

        class HasCode(Protocol):
            __code__: object

        T = TypeVar("T", bound=HasCode)

        def marked(f: T, /) -> T:
            orig = f
            if hasattr(f, "inner"):
                f = f.inner
            f.__code__.mark = True
            return orig
        #- kit/made.py
        from kit.mark import marked

        __all__ = ["wake"]

        @marked
        def wake():
            pass
        #- kit/core.py
        from kit.made import *
        #- kit/use.py
        from kit import core

        def run():
            core.wake()
        """,
    )
    assert [r.full_name for s in graph.calls_of("kit.use.run").items for r in s.targets] == ["kit.made.wake"]
    assert [s.caller.full_name for s in graph.who_calls("kit.made.wake").items if s.caller] == ["kit.use.run"]
