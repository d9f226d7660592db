"""What a graph answers: symbols, the hierarchy of classes, calls both ways, references, text, tests, coverage."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.types import CallSite, Listing, Reference, SymbolRef
from tests.support import graph_of, write

SHOP = """
#- src/shop/__init__.py
from .cart import Cart as Cart, total as sum_up
#- src/shop/cart.py
import functools
import os
from .base import Base

def traced(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args)
    return wrapper

def total(items):
    return sum(items)

class Cart(Base):
    class Line:
        def price(self): return 1

    def add(self, x):
        self.push(x)
        os.getcwd()
        return total([x])

    @traced
    def pay(self):
        def inner():
            return total(1)
        key = lambda: total(2)
        return inner

    def size(self): return 1

@traced
def checkout(cart):
    return cart.pay()
#- src/shop/base.py
class Root:
    def size(self): return 0

class Base(Root):
    def __init__(self): pass
    def push(self, x): pass
    def size(self): return 2
#- src/shop/big.py
from shop import Cart as C

class Big(C):
    def size(self): return super().size()
    def push(self, x): pass

class Other:
    def size(self): pass
    def push(self, x): pass
#- src/use.py
import shop
from shop import sum_up as s
from shop.cart import checkout, Cart as C
c = C()
s([1])
c.add(3)
c.pay()
checkout(c)
what.pay()
unknown(1)
len("x")
handler = s
handler(2)
#- tests/test_cart.py
class Cart:
    def test_size(self): pass
"""


@pytest.fixture
def shop(repo: Path) -> CodeGraph:
    return graph_of(repo, SHOP)


def names(refs: Iterable[SymbolRef]) -> list[str]:
    return [r.full_name for r in refs]


def the(graph: CodeGraph, name: str) -> SymbolRef:
    (found,) = graph.find_symbol(name)
    return found


# -- symbols -------------------------------------------------------------------------------------------------------------


def check_found(graph: CodeGraph, name: str, *expected: str) -> None:
    assert names(graph.find_symbol(name)) == list(expected)


def test_find_symbol(shop: CodeGraph) -> None:
    check_found(shop, "checkout", "shop.cart.checkout")
    check_found(shop, "checkout()", "shop.cart.checkout")
    check_found(shop, "Cart.Line", "shop.cart.Cart.Line")
    check_found(shop, "Line.price", "shop.cart.Cart.Line.price")
    check_found(shop, "Cart.pay.inner", "shop.cart.Cart.pay.inner")
    check_found(shop, "shop.cart.Cart.add", "shop.cart.Cart.add")
    check_found(shop, "cart.Cart.add", "shop.cart.Cart.add")
    check_found(shop, "src/shop/cart.py:Cart.add", "shop.cart.Cart.add")
    check_found(shop, "src/shop/cart.py:add", "shop.cart.Cart.add")
    check_found(shop, "shop.cart", "shop.cart")
    check_found(shop, "use.c", "use.c")


def test_find_symbol_by_way_of_something_else(shop: CodeGraph) -> None:
    check_found(shop, "Cart.push", "shop.base.Base.push")
    check_found(shop, "shop.big.Big.add", "shop.cart.Cart.add")
    check_found(shop, "src/shop/cart.py:Cart.push", "shop.base.Base.push")
    check_found(shop, "shop.Cart", "shop.cart.Cart")
    check_found(shop, "shop.sum_up", "shop.cart.total")
    check_found(shop, "shop.Cart.add", "shop.cart.Cart.add")
    check_found(shop, "use.s", "shop.cart.total")


def test_find_symbol_tells_all_of_one_name(shop: CodeGraph) -> None:
    check_found(shop, "Cart", "shop.cart.Cart", "tests.test_cart.Cart")
    check_found(
        shop, "size", *(f"shop.{c}.size" for c in ("base.Root", "base.Base", "big.Big", "big.Other", "cart.Cart"))
    )


def test_find_symbol_takes_outer_classes_first(repo: Path) -> None:
    fixture = "#- a.py\nclass Api:\n    class Item: ...\n#- shop/deep/models.py\nclass Item: ...\n"
    found = graph_of(repo, fixture).find_symbol("Item")
    assert [ref.symbol.qualname for ref in found] == ["Item", "Api.Item"]


def test_find_symbol_stops_where_there_are_too_many(shop: CodeGraph) -> None:
    """The files of those that are too many are not read."""
    everything = names(shop.find_symbol("size"))
    assert names(shop.find_symbol("size", at_most=5)) == everything
    fresh = CodeGraph(shop.root, shop.store)
    some = names(fresh.find_symbol("size", at_most=1))
    assert len(some) == 2
    assert set(some) <= set(everything)
    assert len(fresh.view._facts) < len(shop.view._facts)


def test_find_symbol_counts_open_files_as_they_are(shop: CodeGraph) -> None:
    opened = CodeGraph(shop.root, shop.store, {"src/shop/more.py": "def size(): ...\n", "src/shop/big.py": ""})
    assert len(opened.find_symbol("size")) == 4
    assert names(opened.find_symbol("size", at_most=4)) == names(opened.find_symbol("size"))
    assert len(opened.find_symbol("size", at_most=3)) == 4


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        ":",
        "Cart.",
        ".Cart",
        "cArt",
        "Cart.nothing",
        "src/shop/cart.py:",
        "shop/cart.py:Cart",
        "src/shop/base.py:Cart",
    ],
)
def test_find_symbol_finds_nothing(shop: CodeGraph, name: str) -> None:
    check_found(shop, name)


def test_owners(shop: CodeGraph) -> None:
    assert names(shop.owners_of("Cart.pay.inner")) == ["shop.cart.Cart.pay", "shop.cart.Cart", "shop.cart"]
    assert names(shop.owners_of("checkout")) == ["shop.cart"]
    assert names(shop.owners_of("Cart")) == ["shop.cart", "tests.test_cart"]
    assert shop.owners_of("shop.cart") == []


def test_bases_and_subclasses(shop: CodeGraph) -> None:
    assert names(shop.bases_of(the(shop, "shop.cart.Cart"))) == ["shop.base.Base"]
    assert names(shop.bases_of(the(shop, "Big"))) == ["shop.cart.Cart"]
    assert names(shop.subclasses_of(the(shop, "Root"))) == ["shop.base.Base"]
    assert names(shop.subclasses_of(the(shop, "shop.cart.Cart"))) == ["shop.big.Big"]
    assert shop.subclasses_of(the(shop, "Other")) == []


def test_overrides(shop: CodeGraph) -> None:
    below = ["shop.base.Base.size", "shop.big.Big.size", "shop.cart.Cart.size"]
    assert names(shop.overrides_of(the(shop, "Root.size"))) == below
    assert names(shop.overrides_of(the(shop, "Base.push"))) == ["shop.big.Big.push"]
    assert names(shop.overridden_by(the(shop, "Big.size"))) == [
        "shop.cart.Cart.size",
        "shop.base.Base.size",
        "shop.base.Root.size",
    ]
    assert names(shop.overridden_by(the(shop, "Other.size"))) == []
    assert names(shop.overridden_by(the(shop, "checkout"))) == []


# -- calls ---------------------------------------------------------------------------------------------------------------


def shown_call(site: CallSite) -> str:
    """`line caller: callee -> targets (> functions entered, where others) | external`."""
    targets, entered = names(site.targets), names(site.enters)
    parts = [f"{site.span.start} {site.caller.symbol.qualname if site.caller else ''}: {site.callee}"]
    if site.resolved:
        parts.append("-> " + " ".join(targets))
    if entered != targets:
        parts.append("> " + " ".join(entered))
    return " ".join([*parts, *(f"| {e}" for e in site.external), *["deferred"] * site.deferred])


def check_calls(graph: CodeGraph, name: str, *expected: str) -> None:
    assert [shown_call(s) for s in graph.calls_of(name).items] == list(expected)


def test_calls_of(shop: CodeGraph) -> None:
    check_calls(
        shop,
        "shop.cart.Cart",
        "19 Cart.add: self.push -> shop.base.Base.push shop.big.Big.push",
        "20 Cart.add: os.getcwd | os.getcwd",
        "21 Cart.add: total -> shop.cart.total",
        "23 Cart: traced -> shop.cart.traced",
        "26 Cart.pay.inner: total -> shop.cart.total",
        "27 Cart.pay: total -> shop.cart.total deferred",
    )
    check_calls(
        shop,
        "use",
        "4 use: C -> shop.cart.Cart > shop.base.Base.__init__",
        "5 use: s -> shop.cart.total",
        "6 use: c.add -> shop.cart.Cart.add",
        "7 use: c.pay -> shop.cart.Cart.pay > shop.cart.traced.wrapper",
        "8 use: checkout -> shop.cart.checkout > shop.cart.traced.wrapper",
        "9 use: what.pay",
        "10 use: unknown",
        "11 use: len | builtins.len",
        "13 use: handler -> shop.cart.total",
    )


def check_callers(graph: CodeGraph, name: str, *expected: str) -> None:
    """`path:line caller: callee`, with a question mark where it is matched by name alone."""
    found = [
        f"{s.span} {s.caller.symbol.qualname if s.caller else ''}: {s.callee}{'' if s.resolved else '?'}"
        for s in graph.who_calls(the(graph, name)).items
    ]
    assert found == list(expected)


def test_who_calls(shop: CodeGraph) -> None:
    check_callers(
        shop,
        "shop.cart.total",
        "src/shop/cart.py:21 Cart.add: total",
        "src/shop/cart.py:26 Cart.pay.inner: total",
        "src/shop/cart.py:27 Cart.pay: total",
        "src/use.py:5 use: s",
        "src/use.py:13 use: handler",
    )
    check_callers(shop, "Cart.add", "src/use.py:6 use: c.add")
    check_callers(shop, "shop.cart.Cart", "src/use.py:4 use: C")
    check_callers(shop, "Base.__init__", "src/use.py:4 use: C")
    check_callers(shop, "Root.size")


@pytest.mark.parametrize("query", ["who_calls", "calls_of", "refs_of", "tests_for_symbol"])
def test_a_listing_about_a_name_that_nothing_has_says_so(shop: CodeGraph, query: str) -> None:
    listing = getattr(shop, query)("Cart.chekout")
    assert listing.items == ()
    assert not listing.complete
    assert listing.reason == "nothing is called 'Cart.chekout'; the nearest names: checkout"
    assert getattr(shop, query)("checkout").complete  # and what is asked next is not blamed for it


def test_a_listing_about_an_unknown_module_says_so(shop: CodeGraph) -> None:
    assert shop.tests_for_module("nope") == Listing((), False, "no module is called 'nope'")
    assert shop.tests_for_module("shop").complete


def test_who_calls_what_is_decorated(shop: CodeGraph) -> None:
    check_callers(
        shop,
        "Cart.pay",
        "src/shop/cart.py:8 traced.wrapper: fn",
        "src/shop/cart.py:34 checkout: cart.pay",
        "src/use.py:7 use: c.pay",
        "src/use.py:9 use: what.pay?",
    )
    check_callers(shop, "checkout", "src/shop/cart.py:8 traced.wrapper: fn", "src/use.py:8 use: checkout")
    check_callers(shop, "traced", "src/shop/cart.py:23 Cart: traced", "src/shop/cart.py:32 shop.cart: traced")


def test_unresolved_calls(shop: CodeGraph) -> None:
    found = [(str(s.span), s.callee, s.resolved) for s in shop.unresolved_calls().items]
    assert found == [("src/use.py:9", "what.pay", False), ("src/use.py:10", "unknown", False)]
    assert shop.unresolved_calls("src/shop/cart.py").items == ()


def test_module_deps(shop: CodeGraph) -> None:
    assert shop.module_deps("shop.cart") == [
        ("shop.cart", "functools", False), ("shop.cart", "os", False), ("shop.cart", "shop.base", True),
    ]  # fmt: skip
    assert [d for d in shop.module_deps() if d[2]] == [
        ("shop", "shop.cart", True), ("shop.big", "shop", True), ("shop.cart", "shop.base", True), ("use", "shop", True), ("use", "shop.cart", True),
    ]  # fmt: skip
    assert shop.module_deps("nowhere") == []


def test_import_places(shop: CodeGraph) -> None:
    places = shop.import_places("shop.cart")
    for importing, imported, _ in shop.module_deps("shop.cart"):
        path, line = places[imported]
        assert shop.module_for_file(path) == importing
        document = shop.document(path)
        assert document is not None
        assert imported.rpartition(".")[2] in document.lines[line - 1]
    assert shop.import_places("nowhere") == {}


# -- references ----------------------------------------------------------------------------------------------------------

NAMED = """
#- pkg/__init__.py
from .core import Engine as Engine, start as begin, LIMIT
from . import core
#- pkg/core.py
LIMIT = 3

def deco(fn):
    return fn

class Engine:
    power = 1
    def __init__(self, power: int = LIMIT):
        self.power = power
    @deco
    def run(self, times: int):
        self.power += times
        print(self.power, LIMIT)
        return self

def start(engine: Engine) -> Engine | None:
    return engine.run(LIMIT)

def shadows(start, *LIMIT):
    print(start, LIMIT)

def shadows_too():
    for LIMIT in []: pass
    with open() as start: pass
    def inner(): return LIMIT
    return start, inner

class Big(Engine):
    LIMIT = 5
    def run(self, times: int):
        return super().run(LIMIT)
#- use.py
import pkg
import pkg.core as c
from pkg import Engine, begin
from pkg.core import Engine as E, deco
eng: Engine = Engine()
other = E(1)
c.start(eng); begin(other)
pkg.core.start(eng)
eng.power = eng.run(2)
def f(e: E, es: list[E] | None) -> E:
    global other
    other = c.Engine(c.LIMIT)
    c.LIMIT = 5
    print(other.power)
    return e
@deco
class Sub(pkg.core.Engine): pass
unknown.run(3); unknown.LIMIT; LIMIT
"""


@pytest.fixture
def named(repo: Path) -> CodeGraph:
    return graph_of(repo, NAMED)


def places(found: Iterable[Reference]) -> list[tuple[str, int, int, str]]:
    return [(r.span.path, r.span.start, r.column, r.kind) for r in found]


def check_refs(graph: CodeGraph, name: str, expected: str) -> None:
    """Each line of `expected`: a path and its places, `line:column kind`."""
    listing = graph.refs_of(the(graph, name))
    assert (listing.complete, listing.reason) == (True, "")
    wanted = [
        (path, *map(int, place.split(":")), kind)
        for path, _, rest in (line.strip().partition(" ") for line in expected.strip().split("\n"))
        for place, kind in (item.split() for item in rest.split(", "))
    ]
    assert sorted(places(listing.items)) == sorted(wanted)
    for ref in listing.items:
        document = graph.document(ref.span.path)
        assert document
        assert document.lines[ref.span.start - 1].strip() == ref.line_text


def test_references_of_a_class(named: CodeGraph) -> None:
    check_refs(
        named,
        "pkg.core.Engine",
        """
        pkg/__init__.py 1:18 import
        pkg/core.py 6:6 definition, 16:18 annotation, 16:29 annotation, 28:10 base
        use.py 3:16 import, 4:21 import, 5:5 annotation, 5:14 call, 6:8 call, 10:9 annotation, 10:21 annotation, 10:35 annotation
        use.py 12:14 call, 17:19 base
        """,
    )


def test_references_of_functions(named: CodeGraph) -> None:
    check_refs(
        named,
        "pkg.core.start",
        """
        pkg/__init__.py 1:36 import
        pkg/core.py 16:4 definition
        use.py 3:24 import, 7:2 call, 7:14 call, 8:9 call
        """,
    )
    check_refs(
        named,
        "deco",
        """
        pkg/core.py 3:4 definition, 10:5 decorator
        use.py 4:34 import, 16:1 decorator
        """,
    )


def test_references_of_a_variable_leave_out_what_shadows_it(named: CodeGraph) -> None:
    check_refs(
        named,
        "pkg.core.LIMIT",
        """
        pkg/__init__.py 1:52 import
        pkg/core.py 1:0 definition, 8:36 read, 13:26 read, 17:22 read, 31:27 read
        use.py 12:23 read, 13:6 write
        """,
    )
    check_refs(named, "use.other", "use.py 6:0 definition, 7:20 read, 12:4 write, 14:10 read")


def test_references_of_members(named: CodeGraph) -> None:
    check_refs(
        named,
        "Engine.power",
        """
        pkg/core.py 7:4 definition, 9:13 write, 12:13 write, 13:19 read
        use.py 9:4 write, 14:16 read
        """,
    )
    check_refs(
        named,
        "Engine.run",
        """
        pkg/core.py 11:8 definition, 17:18 call, 31:23 call
        use.py 9:16 call
        """,
    )


def check_named(repo: Path, text: str, expected: str, name: str = "LIMIT") -> None:
    """The references in `a.py` to the variable `LIMIT` in its first line."""
    check_refs(graph_of(repo, f"#- a.py\n{text}"), f"a.{name}", f"a.py {expected}")


def test_scopes_of_references(repo: Path) -> None:
    check_named(
        repo,
        "LIMIT = 1\nclass A:\n    LIMIT = 2\n    x = LIMIT\n    def f(self): return LIMIT\n",
        "1:0 definition, 5:24 read",
    )
    check_named(
        repo,
        "LIMIT = 1\ndef f():\n    global LIMIT\n    LIMIT = 2\n    del LIMIT\n",
        "1:0 definition, 4:4 write, 5:8 write",
    )
    check_named(repo, "LIMIT = 1\nprint(f'{LIMIT}')\nLIMIT += 1\n", "1:0 definition, 2:9 read, 3:0 write")
    check_named(repo, "LIMIT = 1\nasync def f():\n    async with x as LIMIT: return LIMIT\n", "1:0 definition")
    check_named(repo, "LIMIT = 1\ndef f():\n    import m as LIMIT\n    return LIMIT\n", "1:0 definition")
    check_named(repo, "LIMIT = 1\ndef f():\n    def LIMIT(): pass\n    return LIMIT\n", "1:0 definition")


@pytest.mark.parametrize("text", ["[LIMIT for LIMIT in ()]", "lambda LIMIT: LIMIT", "{k: LIMIT for k, LIMIT in ()}"])
def test_comprehensions_and_lambdas_shadow(repo: Path, text: str) -> None:
    check_named(repo, f"LIMIT = 1\nx = {text}\n", "1:0 definition")


def test_what_a_comprehension_goes_through_is_read_around_it(repo: Path) -> None:
    check_named(repo, "LIMIT = [1]\nx = [LIMIT for LIMIT in LIMIT]\n", "1:0 definition, 2:24 read")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LIMIT = 1\ndef f(LIMIT=LIMIT): pass\n", "1:0 definition, 2:12 read"),
        ("LIMIT = 1\nclass A:\n    LIMIT = 2\n    def f(self, x=LIMIT): pass\n", "1:0 definition"),
    ],
)
def test_defaults_are_read_around_the_function(repo: Path, text: str, expected: str) -> None:
    check_named(repo, text, expected)


def test_annotations_in_quotes(repo: Path) -> None:
    check_named(
        repo,
        "class A: pass\ndef f(x: 'A') -> 'list[A]': pass\n",
        "1:6 definition, 2:10 annotation, 2:23 annotation",
        "A",
    )


def test_references_of_a_module(repo: Path) -> None:
    graph = graph_of(
        repo, "#- pkg/m.py\nx = 1\n#- pkg/n.py\nfrom .m import x\nfrom pkg.m import x as y\nimport pkg.m\n"
    )
    check_refs(graph, "pkg.m", "pkg/n.py 1:6 import, 2:9 import, 3:11 import")


def test_references_of_what_is_bound_twice_are_listed_once(repo: Path) -> None:
    graph = graph_of(repo, "#- a.py\nif x:\n    LIMIT = 1\nelse:\n    LIMIT = 2\nprint(LIMIT)\n")
    assert sorted(places(graph.refs_of("LIMIT").items)) == [
        ("a.py", 2, 4, "definition"), ("a.py", 4, 4, "definition"), ("a.py", 5, 6, "read"),
    ]  # fmt: skip


def test_references_come_in_the_order_of_the_text(repo: Path) -> None:
    graph = graph_of(repo, "#- a.py\nLIMIT = 1\nprint(LIMIT)\nprint(LIMIT)\n")
    assert [r.span.start for r in graph.refs_of("LIMIT").items] == [1, 2, 3]


def test_references_in_a_file_of_newer_syntax(repo: Path) -> None:
    graph = graph_of(
        repo, "#- a.py\ndef f[T](x: T): pass\n#- test_a.py\nfrom a import f\ntype X = int\ndef test_it(): f(1)\n"
    )
    assert sorted(places(graph.refs_of("f").items)) == [
        ("a.py", 1, 4, "definition"), ("test_a.py", 1, 14, "import"), ("test_a.py", 3, 15, "call"),
    ]  # fmt: skip
    assert [t.node_id for t in graph.tests_for_symbol("f").items] == ["test_a.py::test_it"]
    found = graph.tests_for_symbol("f", limit_seconds=0.0)
    assert not found.complete
    assert found.reason == "the time limit of 0 s was met; these were found by then"
    # And nothing of that is remembered.
    again = graph.tests_for_symbol("f")
    assert ([t.node_id for t in again.items], again.complete) == (["test_a.py::test_it"], True)


def test_references_in_a_file_that_is_typed_in(repo: Path) -> None:
    graph = graph_of(repo, "#- a.py\nLIMIT = 1\nprint(LIMIT)\n")
    graph.update("a.py", "LIMIT = 1\nprint(LIMIT)\nx = (\n")
    assert sorted(places(graph.refs_of("LIMIT").items)) == [("a.py", 1, 0, "definition"), ("a.py", 2, 6, "read")]


def test_references_of_an_underscore(repo: Path) -> None:
    graph = graph_of(
        repo, "#- a.py\ndef _(text): return text\n#- b.py\nfrom a import _ as tr\nfrom a import _\n_(1)\ntr(1)\n"
    )
    check_refs(graph, "a._", "a.py 1:4 definition\nb.py 1:14 import, 2:14 import, 3:0 call, 4:0 call")
    check_callers(graph, "a._", "b.py:3 b: _", "b.py:4 b: tr")


def test_references_of_an_underscore_elsewhere(repo: Path) -> None:
    graph = graph_of(
        repo, "#- a.py\ndef _(text): return text\n#- b.py\nfrom a import _ as tr\ntr(1)\n#- c.py\nimport a\nf = a._\n"
    )
    check_refs(graph, "a._", "a.py 1:4 definition\nb.py 1:14 import, 2:0 call\nc.py 2:6 read")
    check_callers(graph, "a._", "b.py:2 b: tr")


# -- text ----------------------------------------------------------------------------------------------------------------


def check_text(graph: CodeGraph, text: str, *expected: str, kinds: tuple[str, ...] | None = None) -> None:
    found = [f"{r.span.path} {r.span.start}:{r.column} {r.kind}" for r in graph.search_refs(text, kinds).items]
    assert found == list(expected)


def test_search_refs(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- a.py
        import price
        def f(x):
            # the price, or prices
            return x.price + len("price")
        #- b.py
        prices = price = 1
        def broken(:
            price  # price
        #- notes.md
        price
        """,
    )
    a = ["a.py 1:7 import", "a.py 3:10 comment", "a.py 3:20 comment", "a.py 4:13 attribute", "a.py 4:26 string"]
    check_text(graph, "price", *a, "b.py 1:9 name", "b.py 3:4 name", "b.py 3:13 comment")
    check_text(graph, "price", "a.py 4:13 attribute", "a.py 4:26 string", kinds=("attribute", "string"))
    check_text(graph, "x.price", "a.py 4:11 name")
    check_text(graph, "nothing")
    owners = [r.owner.symbol.qualname for r in graph.search_refs("price").items if r.owner and r.span.path == "a.py"]
    assert owners == ["a", "f", "f", "f", "f"]
    graph.update("a.py", "x = 'price'\n")
    check_text(graph, "price", "a.py 1:5 string", "b.py 1:9 name", "b.py 3:4 name", "b.py 3:13 comment")


def test_a_part_of_a_word_in_a_comment(repo: Path) -> None:
    check_text(graph_of(repo, "#- a.py\n# prices\n"), "price", "a.py 1:2 comment")


# -- tests ---------------------------------------------------------------------------------------------------------------

TESTED = """
#- pkg/cart.py
class Cart:
    def add(self, x): return total([x])
    def pay(self): return self.add(1)
    @property
    def size(self): return 1
def total(items): return sum(items)
def deep(): return deeper()
def deeper(): return deepest()
def deepest(): return 1
def only_named(): pass
class Named: pass
#- tests/conftest.py
import pytest
from pkg.cart import Cart

@pytest.fixture
def cart():
    return Cart()

@pytest.fixture
def filled(cart):
    cart.add(1)
    return cart
#- tests/test_cart.py
import unittest
import pytest
from pkg.cart import Cart, total, deep, deeper

def make(): return Cart()
def check(): return total([2])

def test_call(): total([1])
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): total([n])
def test_helper(): check()
def test_fixture(cart): cart.pay()
def test_filled(filled): pass
@pytest.mark.usefixtures("filled")
def test_marked(): pass
class TestSetup:
    def setup_method(self): self.t = total([1])
    def test_one(self): pass
class CaseSetup(unittest.TestCase):
    def setUp(self): self.cart = Cart()
    def test_two(self): pass
def test_deep(): deep()
def test_only_named(): pass
class TestNamed:
    def test_it(self): pass
def test_nothing(): pass
#- tests/test_other.py
def test_far(): pass
#- other/cart_test.py
def test_by_file_name(): pass
"""


@pytest.fixture
def tested(repo: Path) -> CodeGraph:
    return graph_of(repo, TESTED)


def check_tests(graph: CodeGraph, name: str, *expected: str, depth: int = 3) -> None:
    """`distance node: why` with the file's name left out where it is `tests/test_cart.py`."""
    listing = graph.tests_for_symbol(name, depth)
    found = [
        f"{t.distance} {t.node_id.removeprefix('tests/test_cart.py::')}: {', '.join(t.why)}" for t in listing.items
    ]
    assert found == list(expected)
    for link in listing.items:
        document = graph.document(link.span.path)
        assert document
        assert link.node_id.rpartition("::")[2] in "".join(document.lines[link.span.start - 1 : link.span.end])


def test_tests_of_a_function(tested: CodeGraph) -> None:
    check_tests(
        tested,
        "total",
        "1 test_call: calls total",
        "1 test_many: calls total",
        "1 TestSetup::test_one: setup_method calls total",
        "2 test_helper: calls check, which calls total",
        "3 test_fixture: calls Cart.pay, which calls Cart.add",
        "3 test_filled: calls filled, which calls Cart.add",
        "3 test_marked: calls filled, which calls Cart.add",
    )
    check_tests(
        tested,
        "total",
        "1 test_call: calls total",
        "1 test_many: calls total",
        "1 TestSetup::test_one: setup_method calls total",
        depth=1,
    )
    check_tests(tested, "deepest", "3 test_deep: calls deep, which calls deeper")
    check_tests(tested, "deepest", depth=2)


def test_tests_of_classes_and_methods(tested: CodeGraph) -> None:
    check_tests(
        tested,
        "Cart.add",
        "2 test_fixture: calls Cart.pay, which calls Cart.add",
        "2 test_filled: calls filled, which calls Cart.add",
        "2 test_marked: calls filled, which calls Cart.add",
    )
    check_tests(
        tested,
        "pkg.cart.Cart",
        "1 test_fixture: calls Cart.pay",
        "1 CaseSetup::test_two: setUp calls Cart",
        "2 test_filled: calls filled, which calls Cart.add",
        "2 test_marked: calls filled, which calls Cart.add",
    )


def test_tests_by_name(tested: CodeGraph) -> None:
    check_tests(tested, "only_named", "9 test_only_named: named test_only_named")
    check_tests(tested, "Named", "9 TestNamed::test_it: named TestNamed")
    check_tests(tested, "test_nothing")


def test_tests_of_a_module(tested: CodeGraph) -> None:
    found = [(t.node_id, t.why, t.distance) for t in tested.tests_for_module("pkg.cart").items]
    assert len(found) == 13
    assert found[0] == ("tests/test_cart.py::test_call", ("imports pkg.cart",), 1)
    assert found[-1] == ("other/cart_test.py::test_by_file_name", ("cart_test.py is named after it",), 2)
    assert [t.node_id for t in tested.tests_for_module("other").items] == ["tests/test_other.py::test_far"]
    assert tested.tests_for_module("nowhere").items == ()


def test_tests_of_unsaved_text(tested: CodeGraph) -> None:
    tested.update("tests/test_new.py", "from pkg.cart import deepest\ndef test_it(): deepest()\n")
    check_tests(
        tested, "deepest", "1 tests/test_new.py::test_it: calls deepest", "3 test_deep: calls deep, which calls deeper"
    )


def test_tests_that_read_a_property(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        class A:
            @property
            def size(self): return count()
        def count(): pass
        #- test_m.py
        from m import A
        def test_it(): assert A().size
        """,
    )
    assert [t.node_id for t in graph.tests_for_symbol("A.size").items] == ["test_m.py::test_it"]


@pytest.mark.parametrize(
    ("fixture", "parameter"),
    [('name="renamed"', "renamed"), ("autouse=True", "")],
    ids=["of another name", "automatic"],
)
def test_tests_of_what_a_fixture_calls(repo: Path, fixture: str, parameter: str) -> None:
    graph = graph_of(
        repo,
        f"""
        #- m.py
        def work(): pass
        #- conftest.py
        import pytest
        from m import work
        @pytest.fixture({fixture})
        def fixed(): work()
        #- test_m.py
        def test_it({parameter}): pass
        """,
    )
    assert [t.node_id for t in graph.tests_for_symbol("work").items] == ["test_m.py::test_it"]


def test_importers(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- pkg/__init__.py
        #- pkg/m.py
        x = 1
        #- pkg/a.py
        from .m import x
        #- pkg/b.py
        from . import m as other
        #- c.py
        import pkg.m
        #- d.py
        def f():
            from pkg.m import x
        #- e.py
        pkg.m
        """,
    )
    assert graph.importers_of("pkg.m") == ["c.py", "d.py", "pkg/a.py", "pkg/b.py"]
    assert graph.importers_of("nowhere") == []


def test_importers_of_a_package_by_its_dots(repo: Path) -> None:
    graph = graph_of(
        repo,
        "#- pkg/__init__.py\ndef helper(): pass\n#- pkg/a.py\nfrom . import helper\n#- pkg/sub/b.py\nfrom .. import helper\n",
    )
    assert graph.module_deps("pkg.a") == [("pkg.a", "pkg", True)]
    assert graph.importers_of("pkg") == ["pkg/a.py", "pkg/sub/b.py"]


def test_importers_of_what_lies_beside_a_script(repo: Path) -> None:
    graph = graph_of(repo, "#- scripts/run.py\nimport helper\n#- scripts/helper.py\nx = 1\n")
    assert graph.module_deps("scripts.run") == [("scripts.run", "scripts.helper", True)]
    assert graph.importers_of("scripts.helper") == ["scripts/run.py"]


# -- coverage ------------------------------------------------------------------------------------------------------------

REPORT = """<coverage><sources><source>/ci/src</source></sources><classes>
<class filename="pkg/cart.py"><lines>
<line number="2" hits="1"/><line number="3" hits="0"/><line number="6" hits="2"/>
</lines></class><class filename="gone.py"><lines/></class></classes></coverage>"""


def test_coverage(tested: CodeGraph) -> None:
    def covered(name: str) -> list[tuple[str, int, int]]:
        return [(ref.full_name, hit, measured) for ref, hit, measured in tested.coverage_of(name).items]

    assert (tested.coverage_of("total").items, tested.coverage_of("total").complete) == ((), False)
    report = write(tested.root.parent, "coverage.xml", REPORT)
    assert tested.attach_coverage_from_xml(report) == ["gone.py"]
    assert covered("pkg.cart.Cart") == [("pkg.cart.Cart", 1, 2)]
    assert covered("Cart.add") == [("pkg.cart.Cart.add", 1, 1)]
    assert covered("deep") == [("pkg.cart.deep", 0, 0)]
    assert covered("test_call") == []
    with pytest.raises(ValueError, match=r"\S"):
        tested.attach_coverage_from_xml(write(tested.root.parent, "broken.xml", "<coverage"))
    assert covered("Cart.add") == [("pkg.cart.Cart.add", 1, 1)]


def test_coverage_stays_after_an_edit_elsewhere(tested: CodeGraph) -> None:
    tested.attach_coverage_from_xml(write(tested.root.parent, "coverage.xml", REPORT))
    tested.update("tests/test_other.py", "x = 1\n")
    assert tested.coverage_of("Cart.add").items


def test_a_partial_of_a_function_without_parameters(repo: Path) -> None:
    graph = graph_of(
        repo, "#- a.py\nfrom functools import partial\ndef f(): ...\ndef g():\n    h = partial(f)\n    h()\n"
    )
    assert [site.caller.symbol.name for site in graph.who_calls("f").items] == ["g"]


def test_expressions_too_deep_to_follow_end_in_a_partial_listing(tmp_path: Path) -> None:
    deep = "x" + ".next()" * 60
    chain = "\n".join(f"def f{i}(x):\n    return f{i + 1}({deep})" for i in range(40))
    with graph_of(
        tmp_path, f"#- app.py\n{chain}\ndef f40(x):\n    return x\n\ndef main():\n    f0(1).run()\n"
    ) as graph:
        graph.facts("app.py")
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack()) + 260)
        try:
            listing = graph.calls_of("main")
        finally:
            sys.setrecursionlimit(limit)
        assert {s.callee for s in listing.items} == {"f0", "().run"}
        assert not listing.complete


def test_variable_arguments_asked_for_by_a_name(tmp_path: Path) -> None:
    """They have none; what asks for it all the same must not end the listing."""
    with graph_of(
        tmp_path,
        """
#- app.py
def shape(*args, **kwargs):
    return args["points"].draw()

def main(rest):
    shape(*rest)
""",
    ) as graph:
        [site] = [s for s in graph.calls_of("shape").items if s.callee.endswith("draw")]
        assert not site.resolved


MANGLED = """
#- a.py
class A:
    def go(self):
        self.__run()
        return self.__value

    def __run(self): pass
    def __init__(self): pass

    @property
    def __value(self): return 1

    @classmethod
    def make(cls): cls.__build()

    @classmethod
    def __build(cls): pass

class B(A):
    def __run(self): pass
    def __init__(self): pass

    @property
    def __value(self): return 2

    @classmethod
    def __build(cls): pass

    def own(self):
        self.__run()
        return self.__value

def main():
    B().go()
    B.make()
"""


def test_a_private_method_is_not_replaced_by_one_of_its_name(repo: Path) -> None:
    graph = graph_of(repo, MANGLED)

    def reached(name: str) -> list[str]:
        return [t.symbol.qualname for s in graph.calls_of(name).items for t in s.targets]

    assert reached("A.go") == ["A.__run", "A.__value"]
    assert reached("A.make") == ["A.__build"]
    assert reached("B.own") == ["B.__run", "B.__value"]
    for name in ("__run", "__value", "__build"):
        one, other = the(graph, f"A.{name}"), the(graph, f"B.{name}")
        assert graph.overrides_of(one) == []
        assert graph.overridden_by(other) == []
    assert names(graph.overrides_of(the(graph, "A.__init__"))) == ["a.B.__init__"]
    callers = {n: [s.span.start for s in graph.who_calls(the(graph, n)).items] for n in ("A.__value", "B.__value")}
    assert callers == {"A.__value": [4], "B.__value": [30]}
