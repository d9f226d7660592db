"""Which tests are given for a symbol, in which order, and what is said where that is doubtful."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.testing import likelihood
from adapter_core.types import TestLink
from tests.support import write


def graph_of(folder: Path, **files: str) -> CodeGraph:
    for name, text in files.items():
        write(folder, name.replace("_in_", "/") + ".py", text)
    return CodeGraph.load_or_build(folder)


def nodes(graph: CodeGraph, name: str, **options: float) -> list[str]:
    return [link.node_id for link in graph.tests_for_symbol(name, **options).items]  # type: ignore[arg-type]


def links(graph: CodeGraph, name: str) -> dict[str, TestLink]:
    return {link.node_id: link for link in graph.tests_for_symbol(name, least=0.0).items}


SHOP = """
def total(prices):
    return sum(prices)

def report(prices):
    return str(total(prices))

def page(prices):
    if prices:
        return report(prices)
    return ""
"""


def test_who_calls_it_comes_before_who_calls_what_calls_it(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        shop=SHOP,
        test_a="from shop import page, report, total\n"
        "def test_page(): page([1])\n"
        "def test_report(): report([1])\n"
        "def test_sum(): total([1])\n",
    ) as graph:
        assert nodes(graph, "total") == ["test_a.py::test_sum", "test_a.py::test_report", "test_a.py::test_page"]
        found = graph.tests_for_symbol("total").items
        assert [link.likely for link in found] == sorted((link.likely for link in found), reverse=True)
        assert (found[2].why, [at.start for at in found[2].via]) == (("calls page", "which calls report"), [2, 10, 6])


def test_of_two_that_are_as_near_the_one_that_is_named_after_it_comes_first(tmp_path: Path) -> None:
    calling = "from shop import total\ndef test_a(): total([1])\ndef test_total(): total([1])\n"
    with graph_of(tmp_path, shop=SHOP, test_a=calling, test_shop=calling) as graph:
        found = nodes(graph, "total")
        assert (found[0], found[-1]) == ("test_shop.py::test_total", "test_a.py::test_a")
        assert set(found[1:-1]) == {"test_shop.py::test_a", "test_a.py::test_total"}


def test_what_a_test_does_itself_comes_before_what_its_fixture_does(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        shop=SHOP,
        test_a="import pytest\nfrom shop import total\n"
        "@pytest.fixture\ndef paid(): return total([1])\n"
        "def test_first(paid): pass\n"
        "def test_other(): x = total([2])\n",
    ) as graph:
        assert nodes(graph, "total") == ["test_a.py::test_other", "test_a.py::test_first"]


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        ("    f()\n", ("", False)),
        ("    if a:\n        f()\n", ("if", False)),
        ("    for x in a:\n        f()\n", ("", False)),
        ("    with a:\n\n        # said\n        f()\n", ("", False)),
        ("    if a:\n        pass\n    else:\n        with a:\n            f()\n", ("if", False)),
        ("    try:\n        a()\n    except KeyError:\n        if a:\n            f()\n", ("except", False)),
        ("    if a:\n        return 1\n    f()\n", ("", True)),
        ("    try:\n        f()\n    finally:\n        pass\n", ("", False)),
    ],
)
def test_conditions(body: str, condition: tuple[str, bool]) -> None:
    lines = ["def g(a):", *body.split("\n")]
    line = next(number for number, text in enumerate(lines, 1) if text.strip() == "f()")
    assert likelihood.conditions(lines, 1, line) == condition


def test_a_call_in_an_except_is_less_likely_than_one_that_always_runs(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def f(): pass\n"
        "def always():\n    f()\n"
        "def perhaps(a):\n    if a:\n        f()\n"
        "def seldom(a):\n    try:\n        a()\n    except KeyError:\n        f()\n",
        test_m="import m\ndef test_a(): m.seldom(len)\ndef test_b(): m.perhaps(1)\ndef test_c(): m.always()\n",
    ) as graph:
        assert nodes(graph, "f") == ["test_m.py::test_c", "test_m.py::test_b", "test_m.py::test_a"]


LONG = "def f0(): pass\n" + "".join(
    f"def f{n}(a):\n    try:\n        return a()\n    except KeyError:\n        f{n - 1}(a)\n" for n in range(1, 4)
)


def test_unlikely_ones_are_left_out_which_is_said(tmp_path: Path) -> None:
    with graph_of(
        tmp_path, m=LONG, test_m="import m\ndef test_a(): m.f0()\ndef test_b(): m.f3(len)\ndef test_c(): m.f3(len)\n"
    ) as graph:
        found = graph.tests_for_symbol("f0")
        assert [link.node_id for link in found.items] == ["test_m.py::test_a"]
        assert not found.complete
        assert found.reason == "2 tests that may lead there, but less likely, are left out"
        every = graph.tests_for_symbol("f0", least=0.0)
        assert (len(every.items), every.complete, every.reason) == (3, True, "")


def test_where_none_is_likely_a_few_are_given_which_is_said(tmp_path: Path) -> None:
    tests = "".join(f"def test_{name}(): m.f3(len)\n" for name in "abcde")
    with graph_of(tmp_path, m=LONG, test_m=f"import m\n{tests}") as graph:
        found = graph.tests_for_symbol("f0")
        assert [link.node_id for link in found.items] == [f"test_m.py::test_{name}" for name in "abc"]
        assert (found.complete, found.reason) == (False, "no test is likely to lead there; these are the likeliest")


MIXIN = """
class Base:
    def make(self):
        raise NotImplementedError
    def test_get(self):
        assert self.make().get() == 1
    def test_put(self):
        self.make().put()
"""
CACHES = """
class One:
    def get(self): return 1
    def put(self): pass
class Two:
    def get(self): return 1
    def put(self): pass
"""


def test_tests_that_a_class_inherits_from_another_file(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        caches=CACHES,
        tests_in___init__=MIXIN,
        tests_in_test_one="from caches import One\nfrom . import Base\n"
        "class TestOne(Base):\n    def make(self): return One()\n    def test_put(self): pass\n",
        tests_in_test_two="import unittest\nfrom caches import Two\nfrom tests import Base\n"
        "class TwoTest(unittest.TestCase, Base):\n    def make(self): return Two()\n",
    ) as graph:
        assert {node.node_id for node in graph.test_nodes().items} == {
            "tests/test_one.py::TestOne::test_get", "tests/test_one.py::TestOne::test_put",
            "tests/test_two.py::TwoTest::test_get", "tests/test_two.py::TwoTest::test_put",
        }  # fmt: skip
        # Which class `self` is depends on the one that is collected: the one that is named after it comes first.
        assert nodes(graph, "Two.get")[0] == "tests/test_two.py::TwoTest::test_get"
        link = links(graph, "Two.get")["tests/test_two.py::TwoTest::test_get"]
        assert (link.span.path, link.span.start, link.span.end) == ("tests/__init__.py", 5, 6)
        assert "tests/test_one.py::TestOne::test_put" not in nodes(graph, "Two.put")


def test_test_cases_by_a_base_class_of_the_workspace(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def start(): pass\ndef work(): pass\n",
        tests_in_base="import unittest\nimport m\n"
        "class Fixed(unittest.TestCase):\n    def setUp(self): m.start()\n"
        "class Plain:\n    pass\n",
        tests_in_test_it="from tests.base import Fixed, Plain\nimport m\n"
        "class Working(Fixed):\n    def test_work(self): m.work()\n"
        "class Idle(Plain):\n    def test_idle(self): m.work()\n",
    ) as graph:
        assert [node.node_id for node in graph.test_nodes().items] == ["tests/test_it.py::Working::test_work"]
        assert nodes(graph, "work") == ["tests/test_it.py::Working::test_work"]
        (link,) = graph.tests_for_symbol("start").items
        assert (link.node_id, link.why) == ("tests/test_it.py::Working::test_work", ("setUp calls start",))


def test_a_class_in_a_test_runs_with_it(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def f(): pass\n",
        test_m="import m, json\n"
        "def test_it():\n    class Plain:\n        def default(self, o): return m.f()\n    json.dumps(Plain())\n",
    ) as graph:
        assert nodes(graph, "f") == ["test_m.py::test_it"]


def test_what_code_outside_may_call_is_guessed(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="import json, threading\n"
        "class Encoder(json.JSONEncoder):\n    def default(self, o): return helper(o)\n"
        "def helper(o): return str(o)\n"
        "class App:\n    def __call__(self, request): return request\n"
        "def run(app): return app.name\n"
        "def on_open(): pass\nTABLE = {'open': on_open}\n"
        "def handle(name): return TABLE[name.strip()]\n",
        test_m="import m\n"
        "def test_encoder(): m.Encoder().encode({})\n"
        "def test_app(): m.run(m.App())\n"
        "def test_open(): m.handle('open')\n",
    ) as graph:
        for name, node in (
            ("Encoder.default", "test_encoder"), ("helper", "test_encoder"), ("App.__call__", "test_app"), ("on_open", "test_open"),
        ):  # fmt: skip
            found = links(graph, name)
            assert list(found) == [f"test_m.py::{node}"], name
            assert found[f"test_m.py::{node}"].guessed, name
        assert not links(graph, "handle")["test_m.py::test_open"].guessed


WORDS = likelihood.words("src/shop/cart.py", "Cart.add_item", "")


@given(
    st.integers(10, 980).map(lambda n: n / 1000), st.integers(10, 980).map(lambda n: n / 1000), st.integers(1, 7), st.booleans(), st.booleans(),
    st.sampled_from(["test_add_item", "test_other", "TestCart.test_it"]), st.sampled_from(["", "cart.add_item(1)"]),
)  # fmt: skip
def test_what_makes_a_test_likelier(
    one: float, other: float, distance: int, set_up: bool, guessed: bool, name: str, text: str
) -> None:
    def of(way: float, distance: int, set_up: bool, guessed: bool, text: str) -> float:
        return likelihood.test_likelihood(
            way, distance, set_up, guessed, WORDS, likelihood.words("tests/test_x.py", name, text)
        )

    here = of(one, distance, set_up, guessed, text)
    assert 0 < here < 1
    assert (of(other, distance, set_up, guessed, text) >= here) == (other >= one)
    assert of(one, distance + 1, set_up, guessed, text) < here
    assert of(one, distance, True, guessed, text) <= here
    assert of(one, distance, set_up, True, text) <= here
    assert of(one, distance, set_up, guessed, "cart.add_item(1)") >= here


def test_fixtures_of_classes_and_marks(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def start(): pass\ndef other(): pass\ndef shared(): pass\n",
        fixtures="import pytest, m\n@pytest.fixture\ndef lent(): m.shared()\n",
        conftest="import pytest, m\n@pytest.fixture\ndef marked(): m.start()\n",
        test_a="import pytest, m\n"
        "class Base:\n    @pytest.fixture\n    def made(self): m.start()\n"
        "class TestOne(Base):\n    def test_base(self, made): pass\n"
        "class TestTwo(TestOne):\n    @pytest.fixture\n    def made(self): m.other()\n    def test_own(self, made): pass\n"
        "@pytest.mark.usefixtures('marked')\nclass TestMarked:\n    def test_marked(self): pass\n",
        test_b="import pytest\npytestmark = pytest.mark.usefixtures('marked')\ndef test_whole_module(): pass\n",
        test_c="from fixtures import lent\ndef test_imported(lent): pass\n",
    ) as graph:
        assert set(nodes(graph, "start")) >= {
            "test_a.py::TestOne::test_base", "test_a.py::TestMarked::test_marked", "test_b.py::test_whole_module",
        }  # fmt: skip
        assert "test_a.py::TestTwo::test_own" not in nodes(graph, "start")
        assert nodes(graph, "other")[0] == "test_a.py::TestTwo::test_own"
        assert "test_a.py::TestTwo::test_base" in nodes(graph, "other", least=0.0)
        assert nodes(graph, "shared") == ["test_c.py::test_imported"]


def test_classes_and_functions_that_a_test_module_imports(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def f(): pass\n",
        tests_in_suite_in___init__="",
        tests_in_suite_in_test_one="import m\nclass TestOne:\n    def test_it(self): m.f()\ndef test_free(): m.f()\n",
        # As pytest has it: the folder above the outermost package is where imports look.
        tests_in_suite_in_test_two="from suite.test_one import TestOne, test_free\n",
    ) as graph:
        expected = {
            f"tests/suite/test_{file}.py::{name}"
            for file in ("one", "two")
            for name in ("TestOne::test_it", "test_free")
        }
        assert {node.node_id for node in graph.test_nodes().items} == expected
        assert set(nodes(graph, "f")) == expected


def test_a_call_of_what_a_method_replaces_may_enter_it_but_not_a_constructor(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="class Base:\n    def __init__(self): self.x = 1\n    def run(self): return 1\n"
        "class Sub(Base):\n    def __init__(self): self.x = 2\n    def run(self): return 2\n",
        test_m="from m import Base, Sub\ndef test_base(): Base().run()\ndef test_sub(): Sub().run()\n",
    ) as graph:
        assert nodes(graph, "Sub.__init__") == ["test_m.py::test_sub"]
        assert nodes(graph, "Sub.run")[0] == "test_m.py::test_sub"
        assert set(links(graph, "Sub.run")) == {"test_m.py::test_base", "test_m.py::test_sub"}


def test_set_up_of_a_base_class_in_another_file_helps_the_tests_below(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="def clean(): pass\n",
        tests_in_base="import m\nclass Cleaning:\n    def teardown_method(self): m.clean()\n",
        tests_in_test_a="from tests.base import Cleaning\nclass TestA(Cleaning):\n    def test_it(self): pass\n",
        tests_in_test_b="class TestB:\n    def test_it(self): pass\n",
    ) as graph:
        (link,) = graph.tests_for_symbol("clean").items
        assert (link.node_id, link.why) == ("tests/test_a.py::TestA::test_it", ("teardown_method calls clean",))


def test_a_name_alone_tells_more_where_the_file_is_named_too(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        parsing="def tokens(): pass\n",
        test_other="def test_tokens(): pass\n",
        test_parsing="def test_tokens(): pass\n",
    ) as graph:
        found = graph.tests_for_symbol("tokens").items
        assert [(link.node_id, link.distance) for link in found] == [
            ("test_parsing.py::test_tokens", 9), ("test_other.py::test_tokens", 9),
        ]  # fmt: skip


DECORATING = """
import functools

def warned(func):
    @functools.wraps(func)
    def wrapper(*args):
        return func(*args)
    return wrapper

def logged(level):
    def decorate(func):
        def wrapper(*args):
            return func(*args)
        return wrapper
    return decorate

class Counted:
    def __init__(self, func):
        self.func = func

    def __call__(self, *args):
        return self.func(*args)
"""
DECORATED = """
from deco import Counted, logged, warned

class Middleware:
    @warned
    def process(self, x):
        return clean(x)

def clean(x):
    return x

@logged("info")
@warned
def both(x):
    return x

@Counted
def tallied(x):
    return x

def page(x):
    return Middleware().process(x)
"""


def test_a_test_of_a_decorator_does_not_reach_all_that_it_decorates(tmp_path: Path) -> None:
    local = "from deco import Counted, logged, warned\n" + "".join(
        f"def test_{name}():\n    @{decorator}\n    def parse(x): return x\n    parse(1)\n"
        for name, decorator in (("warned", "warned"), ("logged", "logged('x')"), ("counted", "Counted"))
    )
    calling = "from app import both, page, tallied\n" + "".join(
        f"def test_{name}(): {name}(1)\n" for name in ("page", "both", "tallied")
    )
    with graph_of(tmp_path, deco=DECORATING, app=DECORATED, test_deco=local, test_app=calling) as graph:
        for name, test in (
            ("Middleware.process", "page"), ("clean", "page"), ("both", "both"), ("tallied", "tallied"),
        ):  # fmt: skip
            assert set(links(graph, name)) == {f"test_app.py::test_{test}"}, name
        assert "test_deco.py::test_warned" in links(graph, "warned")
        # That the wrapper calls it is told all the same.
        assert any(
            site.caller is not None and site.caller.symbol.name == "wrapper" for site in graph.who_calls("both").items
        )


def test_whether_the_calls_surely_lead_there(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        m="class A:\n    def run(self): target()\nclass B(A):\n    def run(self): pass\n"
        "def target(): pass\ndef plain(): target()\ndef asked(x):\n    if x:\n        target()\n"
        "def any_of(kind):\n    {'a': A, 'b': B}[kind]().run()\ndef make(): return A()\n",
        test_m="from m import any_of, asked, make, plain\ndef test_plain(): plain()\ndef test_asked(): asked(1)\n"
        "def test_any(): any_of('a')\ndef test_made(): make().run()\n",
    ) as graph:
        found = {name.rpartition("_")[2]: link.uncertain for name, link in links(graph, "target").items()}
        assert found == {"plain": False, "asked": True, "any": True, "made": True}
