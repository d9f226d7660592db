"""Sentences about what surrounds a symbol: each case says what is true there, and what a careless reader would say too much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.compose import candidates
from adapter_core.answers.composing.links.counts import counted_kinds
from adapter_core.answers.composing.links.known_links import KnownLinks
from adapter_core.answers.composing.links.time_budget import TimeBudget
from adapter_core.answers.kinds import answer_kind
from adapter_core.answers.options import AskOptions
from adapter_core.answers.pointing import line_in_question
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled
from adapter_core.evidence.question import analyse
from adapter_core.evidence.selection import search
from tests.support import graph_of

WORKSPACE = """
#- shop/base.py
class Store:
    def save(self, item):
        raise NotImplementedError

    def load(self):
        return []
#- shop/disk.py
from shop.base import Store


class DiskStore(Store):
    def save(self, item):
        self.items.append(item)
        self.cache[item].clear()
        item.clear()


class Other:
    def save(self, item):
        pass
#- shop/app.py
from shop.disk import DiskStore


# Handlers run in a thread each, since clients may be slow.
def handler(request):
    store = DiskStore()
    store.save(request)


def unused():
    return handler


def setup(app, register):
    app.add_route("/", view=handler)
    register(lambda: handler)


@app.route("/x")
def other(request):
    handler(request)
    handler(request)


@property
def plain(self):
    pass
#- tests/test_app.py
from shop.app import handler, other


def test_near():
    handler(None)


def test_far():
    other(None)


class TestGroup:
    def test_in_class(self):
        handler(None)


def helper():
    handler(None)
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def said(graph: CodeGraph, question: str, symbol: str) -> str:
    """Everything that could be said about a symbol for a kind of question; all of it passes the checks."""
    (ref, *_) = graph.find_symbol(symbol)
    lines = []
    for item in candidates(graph, search(graph, question, zoom=ref), 400):
        cited = tuple(c for span in item.spans if (c := cite(graph, *span, 12)))
        assert supports(graph, item.text, cited).reason == "", item.text
        if item.subject == f"{ref.path}:{ref.symbol.start}":
            lines.append(item.text)
    return "\n".join(lines)


IMPACT, COUNT, WHERE = "What if I change {}?", "How many callers has {}?", "Where is {} registered?"


@pytest.mark.parametrize(
    ("question", "symbol", "sentence"),
    [
        (IMPACT, "Store.save", "`Store.save` is overridden by `DiskStore.save`."),
        (IMPACT, "DiskStore.save", "`DiskStore.save` overrides `Store.save`."),
        (IMPACT, "Store", "`Store` is extended by `DiskStore`."),
        (IMPACT, "Store", "`Store` has 1 direct subclass."),
        (IMPACT, "handler", "`handler` is passed to `app.add_route()` in `setup`."),
        (IMPACT, "handler", "`handler` is called by `other`."),
        (
            IMPACT,
            "handler",
            "`handler` is called in the tests `tests/test_app.py::test_near` and `tests/test_app.py::TestGroup::test_in_class`.",
        ),
        (IMPACT, "handler", "`handler` is reached by calls from the test `tests/test_app.py::test_far`."),
        (COUNT, "handler", "`handler` is called at 5 places."),
        ("How many tests has {}?", "handler", "`handler` has 3 tests."),
        ("How many methods has {}?", "DiskStore", "`DiskStore` has 1 method."),
        ("How many subclasses or methods has {}?", "Store", "`Store` has 2 methods."),
        ("How many parameters does {} take?", "Store.save", "`Store.save` has 1 parameter."),
        (WHERE, "other", '`other` is decorated with `@app.route("/x")`.'),
        (
            "Why {}?",
            "handler",
            "A comment above `handler` says: “Handlers run in a thread each, since clients may be slow.”",
        ),
        ("How does {} work?", "DiskStore.save", "`DiskStore.save` calls `self.items.append()`."),
    ],
)
def test_said(graph: CodeGraph, question: str, symbol: str, sentence: str) -> None:
    assert sentence in said(graph, question.format(f"`{symbol}`"), symbol).split("\n")


@pytest.mark.parametrize(
    ("question", "symbol", "never"),
    [
        (IMPACT, "Store.save", "Other.save"),
        (IMPACT, "Store.save", "parameter."),
        (COUNT, "handler", "tests."),
        (IMPACT, "Other.save", "overrides"),
        (IMPACT, "Store.load", "overridden"),
        (IMPACT, "handler", "register()"),
        (IMPACT, "handler", "helper`,"),
        (IMPACT, "unused", "is called"),
        ("How does {} work?", "DiskStore.save", "calls `item.clear"),
        ("How does {} work?", "DiskStore.save", "calls `self.cache"),
    ],
)
def test_never_said(graph: CodeGraph, question: str, symbol: str, never: str) -> None:
    assert never not in said(graph, question.format(f"`{symbol}`"), symbol)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What if I change `Store.save`?", "impact"),
        ("What breaks if handler is removed?", "impact"),
        ("What would be the impact of renaming Store?", "impact"),
        ("What happens when a request arrives?", "what"),
        ("How many methods does Store have?", "count"),
        ("How often is handler called?", "count"),
        ("Which classes extend Store?", "inheritance"),
        ("What check ensures that each subclass is added once?", "what"),
        ("What does `no_proxy` do when overriding the environment?", "what"),
        ("Which helper function is used to split paths?", "what"),
        ("Which methods are called when a record is saved?", "what"),
        ("Which classes use `Store`?", "callers"),
        ("Where is `handler` used?", "callers"),
        ("Why does the test of the handler check the log?", "why"),
        ("How does Skip decide when a test is skipped?", "how"),
        ("Where is the core test runner implemented?", "where"),
        ("Is there a test that covers `handler`, and what tests exercise it?", "tests"),
        ("How is `handler` tested?", "tests"),
        ("How is the layout passed to the native call?", "how"),
        ("What overrides `Store.save`?", "inheritance"),
        ("Where is handler registered?", "registered"),
        ("How is `handler` registered?", "registered"),
        ("How are handlers registered?", "how"),
        ("Which tests cover handler?", "tests"),
        ("Who calls handler?", "callers"),
        ("Why is a lock taken?", "why"),
    ],
)
def test_kinds_of_answers(text: str, kind: str) -> None:
    assert answer_kind(analyse(text)) == kind


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What if I change `Store.save`?", "`Store.save` is overridden by `DiskStore.save`."),
        ("How often is `handler` called?", "`handler` is called at 5 places."),
        ("Where is `handler` registered?", "`handler` is passed to `app.add_route()` in `setup`."),
        ("What overrides `Store.save`?", "`Store.save` is overridden by `DiskStore.save`."),
        ("How many methods does Store have?", "`Store` has 2 methods."),
        ("Why does `handler` use a thread?", "“Handlers run in a thread each, since clients may be slow.”"),
    ],
)
def test_the_answer_says_what_its_kind_asks_for(graph: CodeGraph, question: str, sentence: str) -> None:
    assert sentence in answer_question(graph, question).text


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("`handler` is called at 4 places.", ("shop/app.py", 5, 5)),
        ("`Store` has 3 methods.", ("shop/base.py", 1, 1)),
        ("`handler` is passed to `register()` in `setup`.", ("shop/app.py", 14, 16)),
        ("`app.add_route()` is passed to `handler` in `setup`.", ("shop/app.py", 14, 16)),
        ("`handler` is passed to `app.add_route()` in `unused`.", ("shop/app.py", 14, 16)),
        ("`unused` is reached by calls from the test `tests/test_app.py::test_far`.", ("tests/test_app.py", 1, 12)),
        ("`handler` is reached by calls from the test `tests/test_app.py::helper`.", ("tests/test_app.py", 4, 20)),
    ],
)
def test_the_verifier_rejects(graph: CodeGraph, sentence: str, place: tuple[str, int, int]) -> None:
    citation = cite(graph, *place, 40)
    assert citation is not None
    assert not supports(graph, sentence, (citation,)).ok


def test_the_lines_of_a_count_show_what_is_counted(graph: CodeGraph) -> None:
    answer = answer_question(graph, "How many methods does `Store` have?")
    claim = next(c for c in answer.claims if c.text == "`Store` has 2 methods.")
    shown = [graph.document(c.span.path).lines[c.span.start - 1].strip() for c in claim.citations]  # type: ignore[union-attr]
    assert shown == ["def save(self, item):", "def load(self):", "class Store:"]


def test_callers_whose_line_names_it_come_first(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        class Endpoint:
            pass


        class View:
            endpoint_class = Endpoint

            def get(self):
                return self.endpoint_class()


        def build():
            return Endpoint()
        """,
    )
    answer = answer_question(graph, "Who calls `Endpoint`?")
    assert "`Endpoint` is constructed by `build` and `View.get`." in [c.text for c in answer.claims]


def test_a_test_that_is_far_is_shown_with_the_calls_that_lead_from_it(graph: CodeGraph) -> None:
    answer = answer_question(graph, "Which tests cover `handler`?")
    claim = next(c for c in answer.claims if "is reached by calls from" in c.text)
    shown = [graph.document(c.span.path).lines[c.span.start - 1].strip() for c in claim.citations]  # type: ignore[union-attr]
    assert shown == ["other(None)", "handler(request)", "def handler(request):"]


def test_callers_are_told_of_what_is_asked_about_however_much_else_there_is_to_say(tmp_path: Path) -> None:
    items = "".join(f"        :param p{n}: the {n}th thing that the store is told when it saves.\n" for n in range(80))
    parameters = ", ".join(f"p{n}" for n in range(80))
    saving = f'class Store:\n    def save(self, {parameters}):\n        """Save.\n\n{items}        """\n'
    using = "\n\ndef flush(store: Store):\n    store.save()\n\n\ndef make():\n    return Store()\n"
    (tmp_path / "store.py").write_text(saving + using)
    with CodeGraph.load_or_build(tmp_path) as graph:
        answer = answer_question(graph, "Who calls Store.save?")
    assert "`Store.save` is called by `flush`." in [c.text for c in answer.claims]
    assert not any("`make`" in c.text for c in answer.claims)  # which calls `Store`, and that is not asked


CALLERS = """
#- shop/app.py
class Shop:
    def reply(self, text):
        return text

    def close(self):
        return self.reply("closed")


current: "Shop" = local_value()


class Mirror:
    def reply(self, other):
        return other.reply(1)
#- shop/use.py
from shop.app import Shop


def make(kind):
    return Shop() if kind else object()


def ask(kind):
    shop = make(kind)
    return shop.reply("yes")


def blind(thing):
    return thing.stop()


class Engine:
    def stop(self): ...


class Relay:
    def stop(self, other):
        other.stop()
#- tests/test_shop.py
from shop.app import Shop


def test_reply():
    assert Shop().reply("a") == "a"
"""


def shown(repo: Path, question: str) -> list[str]:
    """The sentences that an answer shows: those that were verified."""
    answer = answer_question(graph_of(repo, CALLERS), question)
    assert answer.dropped == ()
    return [c.text for c in answer.claims]


def test_product_callers_come_first_and_tests_in_one_clause(repo: Path) -> None:
    told = shown(repo, "Who calls `Shop.reply`?")
    assert told[0] == "`Shop.reply` is called by `Shop.close`, perhaps among others."
    assert "`Shop.reply` is also called in the test `tests/test_shop.py::test_reply`, for example." in told


def test_calls_by_name_alone_are_told_where_no_other_is_known(repo: Path) -> None:
    told = shown(repo, "Who calls `Engine.stop`?")
    assert told[0] == "By name alone: `blind` calls `thing.stop()`; `Relay.stop` calls `other.stop()`."


def test_calls_of_a_name_that_two_classes_have_are_told_once(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        #- shop/a.py
        class Cache:
            def get(self, key):
                return key


        def first(cache):
            return cache.get(1)
        #- shop/b.py
        class Store:
            def get(self, key):
                return key


        def second(store):
            return store.get(1)
        """,
    )
    told = [c.text for c in answer_question(graph, "Who calls get?").claims]
    assert told == ["By name alone: `first` calls `cache.get()`; `second` calls `store.get()`."]


def test_what_a_class_assigns_in_the_lines_found_is_told_with_who_reads_it(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        class Screen:
            LIMIT = 3
            hint: str

            def up(self): ...

            def down(self): ...

            DISPATCH = {
                "KEY_UP": up,
                "KEY_DOWN": down,
                "KEY_PAGE": down,
            }


        def loop(screen, key):
            return Screen.DISPATCH[key](screen)
        """,
    )
    (ref, *_) = graph.find_symbol("Screen")
    texts = {c.text for c in candidates(graph, search(graph, "What is in DISPATCH and LIMIT?", zoom=ref), 200)}
    assert {
        "`Screen.LIMIT` is assigned as `LIMIT = 3`.",
        "`Screen.DISPATCH` is defined in `m.py`.",
        "In `loop`: `return Screen.DISPATCH[key](screen)`",
    } <= texts
    assert not any("hint" in text for text in texts)


def test_another_one_of_that_name_is_not_asked_about(repo: Path) -> None:
    graph = graph_of(
        repo,
        "#- m.py\nclass A:\n    def send(self): ...\n\n    def go(self):\n        self.send()\n\n\n"
        "def send(): ...\n\n\ndef other():\n    send()\n",
    )
    assert [c.text for c in answer_question(graph, "Who calls A.send?").claims] == ["`A.send` is called by `A.go`."]


IMPORTED = """
#- src/shop/__init__.py
from .cart import Cart as Cart
from . import prices
#- src/shop/cart.py
from shop.prices import tax as with_tax

class Cart:
    def total(self):
        return with_tax(1)

    def _hidden(self):
        return 2
#- src/shop/prices.py
LIMIT = 3

def tax(price):
    return price * 1.2

def unused(price):
    return price
#- src/shop/other.py
from shop.elsewhere import Cart
import shop.cart

def make():
    return shop.cart.Cart()
#- tests/test_cart.py
from shop import Cart

def test_total():
    assert Cart().total()

def test_none():
    assert not Cart().items
#- tests/test_prices.py
import shop.prices

def test_tax():
    assert shop.prices.tax(3)
#- pyproject.toml
[tool.setuptools]
package-dir = {"" = "src"}
"""


def told(repo: Path, question: str) -> list[str]:
    return [c.text for c in answer_question(graph_of(repo, IMPORTED), question).claims]


@pytest.mark.parametrize(
    "question", ["What breaks if I rename Cart?", "what if I change `Cart`", "What depends on Cart?"]
)
def test_a_change_meets_those_who_import_it(repo: Path, question: str) -> None:
    texts = told(repo, question)
    assert (
        "`Cart` is imported by `shop` and `tests.test_cart`." in texts
    )  # and not by `shop.other`: that is another one
    assert "`Cart` is constructed by `make`." in texts


def test_a_change_of_a_module_meets_those_who_import_it(repo: Path) -> None:
    texts = told(repo, "What breaks if I rename shop.prices?")
    assert texts[0] == "`shop.prices` is imported by `shop`, `shop.cart` and `tests.test_prices`."


@pytest.mark.parametrize(
    "question",
    ["Which tests exercise src/shop/cart.py?", "which tests cover shop/cart.py", "What tests are there for shop.cart?"],
)
def test_tests_of_a_file_are_those_of_what_is_in_it(repo: Path, question: str) -> None:
    texts = told(repo, question)
    assert texts == [
        "`Cart` is called in the tests `tests/test_cart.py::test_total` and `tests/test_cart.py::test_none`.",
        "`Cart.total` is called in the test `tests/test_cart.py::test_total`.",
    ]
    texts = told(repo, "Which tests exercise src/shop/prices.py?")
    assert "`shop.prices` is imported by `tests.test_prices`." in texts
    assert "`tax` is called in the test `tests/test_prices.py::test_tax`." in texts
    assert not any("unused" in text for text in texts)


def test_who_uses_a_file(repo: Path) -> None:
    texts = told(repo, "Who uses src/shop/prices.py?")
    assert "`shop.prices` is imported by `shop`, `shop.cart` and `tests.test_prices`." in texts


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How many methods does Cart have?", ("methods",)),
        ("How many arguments does `tax` take?", ("parameters",)),
        ("How many times is `tax` called?", ("places",)),
        ("How often is `tax` used?", ("places",)),
        ("How many direct subclasses and overrides does Cart have?", ("subclasses", "overrides")),
        ("What is the number of tests of `tax`?", ("tests",)),
        ("How many times does it retry?", ()),
        ("How many calls does `tax` make?", ()),
        ("How many threads run the tests?", ()),
        ("How many carts can a customer have?", ()),
        ("Why are there many tests?", ()),
    ],
)
def test_what_is_to_be_counted(question: str, kinds: tuple[str, ...]) -> None:
    assert counted_kinds(question) == kinds


@pytest.mark.parametrize(
    "question",
    [
        "How many carts can a customer have?",
        "How many tests cover the discount of a customer?",
        "How many workers are there?",
    ],
)
def test_nothing_else_is_counted_than_what_is_asked_for(repo: Path, question: str) -> None:
    texts = told(repo, question)
    assert not any("as the index counts" in t or " has " in t or " is called at " in t for t in texts)


@pytest.mark.parametrize(
    "question",
    [
        "What does `Job.at` accept?",
        "What does Job.at expect as input?",
        "What can be passed to `Job.at`?",
        "What must I pass to Job.at?",
    ],
)
def test_what_something_accepts_are_its_parameters(repo: Path, question: str) -> None:
    graph = graph_of(
        repo,
        """
        #- jobs.py
        class Job:
            def at(self, moment, zone=None):
                \"\"\"Run the job at a particular time of each day.\"\"\"
                if self.unit not in ("days", "hours"):
                    raise ValueError("no time of a day")
                self.moment = parse(moment)
                self.zone = lookup(zone)
                return self
        """,
    )
    claims = answer_question(graph, question).claims[:3]
    assert "`Job.at` takes `moment` and optionally `zone` (default `None`)." in [c.text for c in claims]


def test_what_is_done_in_a_function_within_one_is_told(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- sessions.py
        class SessionMiddleware:
            \"\"\"Keeps a session.\"\"\"

            def handle(self, scope, send):
                async def send_signed(message):
                    if message.starts:
                        cookie = self.signer.sign(message.session)
                        message.headers.append(cookie)
                    await send(message)

                return self.app(scope, send_signed)
        """,
    )
    texts = [c.text for c in answer_question(graph, "How is the session cookie signed?").claims]
    assert any(
        "`SessionMiddleware.handle.send_signed`" in t and "self.signer.sign(message.session)" in t for t in texts
    )


def test_a_plain_name_is_counted_of(repo: Path) -> None:
    assert told(repo, "How many parameters does tax have?")[0] == "`tax` has 1 parameter."
    assert told(repo, "How many tests cover tax?")[0] == "`tax` has 2 tests."
    assert told(repo, "How often is tax called?")[0] == "`tax` is called at 2 places."


@pytest.mark.parametrize(
    "question",
    ["How many tests are there?", "How many files does the repo have?", "how many classes does shop define?"],
)
def test_how_many_of_all_is_not_answered_with_something_else(repo: Path, question: str) -> None:
    answer = answer_question(graph_of(repo, IMPORTED), question)
    assert not answer.found
    assert answer.text == "Not found in this workspace."
    assert "`pathline graph --dump` counts what the whole workspace has" in answer.reason


NOTHING = """
#- a.py
class Base:
    def run(self):
        \"\"\"Runs the base.\"\"\"
        return self.stop()

    def stop(self):
        \"\"\"Stops the base.\"\"\"
        return 1

class Sub(Base):
    def stop(self):
        return 2

def lonely(base):
    \"\"\"Nobody needs it.\"\"\"
    return base
#- tests/test_a.py
from a import Base

def test_stop():
    assert Base().run()
"""


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("Who calls `lonely`?", "no call of lonely was found; what is told is what else is known of it"),
        (
            "Which tests cover `lonely`?",
            "no test that leads to lonely was found; what is told is what else is known of it",
        ),
        (
            "What overrides `Base.run`?",
            "no subclass or override of Base.run was found; what is told is what else is known of it",
        ),
        ("Who calls `Base.stop`?", ""),
        ("What overrides `Base.stop`?", ""),
        ("Which classes extend `Base`?", ""),
        ("Who calls `Base`?", ""),
        ("What does `lonely` do?", ""),
    ],
)
def test_that_there_is_no_link_is_said(repo: Path, question: str, note: str) -> None:
    answer = answer_question(graph_of(repo, NOTHING), question)
    assert (answer.found, answer.reason) == (True, note)


@pytest.mark.parametrize(
    "question", ["a.py:4", "What happens at a.py:4?", "a.py:4: AssertionError", "Why does File a.py, line 4 fail?"]
)
def test_what_stands_at_a_named_line_is_told_first(repo: Path, question: str) -> None:
    answer = answer_question(graph_of(repo, NOTHING), question)
    assert answer.claims[0].text == "In `Base.run`: `return self.stop()`"
    assert [str(c.span) for c in answer.claims[0].citations] == ["a.py:4"]


@pytest.mark.parametrize("question", ["What is at a.py:400?", "a.py:2 and a.py:4", "nothing.py:4", "README.md:1"])
def test_other_places_are_no_line_of_a_function(repo: Path, question: str) -> None:
    assert line_in_question(graph_of(repo, NOTHING), question) is None


SPREAD = """
#- shop/cart.py
class Cart:
    def total(self):
        return 1
#- shop/use.py
from shop.cart import (
    # the only one
    Cart as Basket,
)

def make():
    return Basket()
#- shop/other.py
def lazily():
    from shop import cart
    return cart.Cart()
#- tests/part-1/test_cart.py
from shop.cart import Cart

def test_total():
    assert Cart().total()
"""


def test_imports_on_several_lines_and_in_odd_folders_are_told(repo: Path) -> None:
    graph = graph_of(repo, SPREAD)
    answer = answer_question(graph, "What breaks if I rename Cart?")
    assert answer.dropped == ()
    (claim,) = [c for c in answer.claims if " imported by " in c.text]
    assert claim.text == "`Cart` is imported by `shop.use` and `tests/part-1/test_cart.py`."
    assert [str(c.span) for c in claim.citations] == ["shop/use.py:1-3", "tests/part-1/test_cart.py:1"]
    answer = answer_question(graph, "Which tests cover shop/cart.py?")
    assert answer.dropped == ()
    assert {c.text for c in answer.claims} == {
        "`Cart.total` is called in the test `tests/part-1/test_cart.py::test_total`.",
        "`shop.cart` is imported by `tests/part-1/test_cart.py`.",
    }
    answer = answer_question(graph, "What is in here?", AskOptions(zoom="tests/part-1/test_cart.py"))
    assert answer.claims[0].text == "The module `tests/part-1/test_cart.py` defines `test_total`."
    answer = answer_question(graph, "Who uses shop/cart.py?")
    assert "`shop.cart` is imported by `shop.other`, `shop.use` and `tests/part-1/test_cart.py`." in [
        c.text for c in answer.claims
    ]


def test_the_last_of_many_bases_is_cited(tmp_path: Path) -> None:
    bases = [f"Base{n}" for n in range(20)]
    source = (
        "".join(f"class {b}:\n    pass\n" for b in bases)
        + "class Whole(\n"
        + "".join(f"    {b},\n" for b in bases)
        + "):\n    pass\n"
    )
    with graph_of(tmp_path, f"#- m.py\n{source}") as graph:
        answer = answer_question(graph, "What extends `Base19`?")
        (claim,) = [c for c in answer.claims if c.text == "`Base19` is extended by `Whole`."]
        lines = source.split("\n")
        shown = [lines[n - 1].strip() for c in claim.citations for n in range(c.span.start, c.span.end + 1)]
        assert "Base19," in shown
        assert "class Whole(" in shown


def test_what_a_lambda_calls_is_told_as_it_stands(tmp_path: Path) -> None:
    """Whether and where the lambda runs is another matter."""
    graph = graph_of(
        tmp_path,
        """
#- app.py
def refresh(name):
    return name


def main(loop):
    loop.call_later(5, lambda: refresh("a"))


def clean(name):
    return name


def both(loop):
    loop.call_later(5, lambda: clean("a"))
    clean("b")
#- tests/test_app.py
from app import clean


def test_later():
    assert [lambda: clean("a")]


def test_now():
    assert clean("b")
""",
    )
    only = answer_question(graph, "Who calls refresh?")
    assert [c.text for c in only.claims] == ['In `main`: `loop.call_later(5, lambda: refresh("a"))`']
    assert not only.dropped
    assert "no call" not in only.reason
    texts = [c.text for c in answer_question(graph, "Who calls clean?").claims]
    assert texts[0] == "`clean` is called by `both`."
    tests = [c.text for c in answer_question(graph, "Which tests cover clean?").claims]
    assert "`clean` is called in the test `tests/test_app.py::test_now`." in tests


def test_an_answer_ends_with_its_time_for_links_and_says_so(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    whole = answer_question(graph, "What breaks if I change Store?")
    assert any("is extended by" in c.text for c in whole.claims)
    assert "time limit" not in whole.reason
    graph.overlay({})
    budget = TimeBudget(graph, 0.0)
    found = search(graph, "Who calls handler?")
    late = candidates(graph, found, 60, KnownLinks(graph, budget))
    assert budget.over
    assert not any(c.kind == "callers" for c in late)
    assert late
    options = AskOptions(compose=replace(AskOptions().compose, link_seconds=1e-9))
    assert "until a time limit" in answer_question(graph, "What breaks if I change Store?", options).reason


def test_the_time_of_what_is_within_what_counts_once(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    with graph.within(0.0):
        inner = graph.who_calls("handler", limit_seconds=60)
        assert not inner.complete
        assert "time limit" in inner.reason
        assert not graph.calls_of("handler").complete
    assert graph.calls_of("handler").complete  # nothing of it stays


class _Set:
    """A token that is set from some look at it on."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.mark.parametrize("looks", [0, 1, 5, 25, 125])
def test_a_cancelled_answer_ends_wherever_it_is(tmp_path: Path, looks: int) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    with pytest.raises(Cancelled):
        answer_question(graph, "What breaks if I change DiskStore.save?", cancel=_Set(looks))
    assert answer_question(graph, "What breaks if I change DiskStore.save?").found


def test_a_default_is_not_all_that_a_parameter_may_be(tmp_path: Path) -> None:
    source = """
def run(value):
    return value


def given(run=run):
    return run(1)


def named():
    return run(2)
"""
    with graph_of(tmp_path, f"#- shop/run.py\n{source}") as graph:
        texts = [claim.text for claim in answer_question(graph, "Who calls run?").claims]
    assert "`run` is called by `named`." in texts
    assert "`run` is called by `given`, judged by inferred types." in texts


def test_calls_that_may_be_others_are_not_counted(tmp_path: Path) -> None:
    source = """
class Base:
    def price(self):
        return 1


class Dear(Base):
    def price(self):
        return 2


KINDS = {"a": Base, "b": Dear}


def either(name):
    return KINDS[name]().price()


def plain():
    return Base().price()
"""
    with graph_of(tmp_path, f"#- shop/run.py\n{source}") as graph:
        price = [claim.text for claim in answer_question(graph, "How many places call Base.price?").claims]
        dear = [claim.text for claim in answer_question(graph, "How often is plain called?").claims]
        kinds = [claim.text for claim in answer_question(graph, "How many overrides does Base.price have?").claims]
    assert not any("is called at" in text for text in (*price, *dear))
    assert "`Base.price` has 1 override." in kinds
