"""How an answer is put together: in which order its sentences are read, and what its opening says of how their subjects are linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.candidate import Candidate
from adapter_core.answers.composing.reading_order import (
    arrange_with_opening,
    edges_between,
    sort_for_reading,
    subject_symbols,
)
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

SOURCE = """
#- m.py
class Base:
    def go(self): ...


class Own(Base):
    def go(self):
        return 1


def last():
    return Own()


def middle(x):
    if x:
        last()


def first(x):
    middle(x)
    last()
"""


def about(graph: CodeGraph, name: str, line: int | None = None) -> Candidate:
    (ref, *_) = graph.find_symbol(name)
    line = line or ref.symbol.start
    return Candidate(f"`{name}`.", "quote", ((ref.path, line, line),), f"{ref.path}:{ref.symbol.start}", 0, line)


def told(graph: CodeGraph, names: str, sum_up: bool = True) -> list[str]:
    items = [about(graph, n) for n in names.split()]
    return [c.text for c in (arrange_with_opening(graph, items, items) if sum_up else sort_for_reading(graph, items))]


def test_the_best_one_comes_first_and_then_what_it_calls(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    assert told(graph, "middle first last", False) == ["`middle`.", "`last`.", "`first`."]
    assert told(graph, "first last middle", False) == ["`first`.", "`middle`.", "`last`."]


def test_an_opening_says_how_they_are_linked(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    opening = "How they fit together: `last` is called by `first` and `middle`; `first` calls `middle`."
    assert told(graph, "first middle last")[0] == opening
    inside = about(graph, "Own", graph.find_symbol("Own")[0].symbol.end)
    assert arrange_with_opening(graph, [inside, about(graph, "Base")], [inside, about(graph, "Base")])[0].text == (
        "`Base` is extended by `Own`."
    )
    assert told(graph, "first Base") == ["`first`.", "`Base`."]


def test_the_opening_cites_each_link_and_is_verified(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    items = [about(graph, n) for n in "first middle last Own Base".split()]
    (opening, *_) = arrange_with_opening(graph, items, items)
    cited = tuple(c for span in opening.spans if (c := cite(graph, *span, 12)))
    assert supports(graph, opening.text, cited).reason == ""
    swapped = opening.text.replace("`first` calls `middle`", "`middle` calls `first`")
    assert not supports(graph, swapped, cited).ok


def test_one_link_that_is_shown_already_is_not_told_again(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    line = graph.find_symbol("last")[0].symbol.start + 6  # `last()` in `middle`
    items = [about(graph, "middle", line), about(graph, "last")]
    assert [c.text for c in arrange_with_opening(graph, items, items)] == ["`middle`.", "`last`."]


def test_what_calls_itself_or_in_a_circle_is_ordered_too(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\ndef a():\n    a()\n    b()\n\n\ndef b():\n    a()\n")
    items = [about(graph, "b"), about(graph, "a")]
    assert {(e.source, e.target) for e in edges_between(graph, subject_symbols(graph, items))} == {
        (("m.py", 1), ("m.py", 6)),
        (("m.py", 6), ("m.py", 1)),
    }
    assert told(graph, "b a", False) == ["`b`.", "`a`."]


@pytest.mark.parametrize("question", ["Where does `handle` find and store what it frobs?"])
def test_within_a_function_sentences_stand_in_the_order_of_the_code(repo: Path, question: str) -> None:
    graph = graph_of(
        repo,
        """
        #- m.py
        def handle(self, key):
            if key in self.frobs:
                self.found = key
                return self.frobs[key]
            self.missed.append(key)
            store(key, self.frobs)
            return find(key)


        def store(key, frobs):
            frobs[key] = 1


        def find(key):
            return key.frobs
        """,
    )
    answer = answer_question(graph, question)
    own = [c.citations[-1].span.start for c in answer.claims if "`handle`" in c.text.split(":")[0]]
    assert len(own) > 1
    assert own[1:] == sorted(own[1:])


TOGETHER = """
#- shop.py
class Request: ...


class Ready:
    def prepare(self): ...


class Adapter:
    def send(self): ...


class Session:
    def __init__(self):
        self.adapter = Adapter()

    def ready(self, request):
        ready = Ready()
        ready.prepare()
        return ready


class One: ...


class Two: ...


class Both(One, Two): ...
#- tests/test_shop.py
from shop import Session


def test_session():
    Session()
"""


def test_what_a_question_names_is_linked_over_its_members(repo: Path) -> None:
    answer = answer_question(graph_of(repo, TOGETHER), "How do Session, Ready and Adapter fit together?")
    assert answer.dropped == ()
    assert answer.claims[0].text == (
        "How they fit together: `Adapter` is constructed by `Session.__init__`; `Ready` is constructed by `Session.ready`; "
        "`Session.ready` calls `Ready.prepare`."
    )


def test_what_extends_several_of_them_is_told(repo: Path) -> None:
    graph = graph_of(repo, TOGETHER)
    items = [about(graph, "One"), about(graph, "Two")]
    assert arrange_with_opening(graph, items, items)[0].text == "`Both` extends `One` and `Two`."


def test_a_member_is_asked_about_in_plain_words(repo: Path) -> None:
    graph = graph_of(repo, TOGETHER)
    for question in ("Who calls the prepare method of Ready?", "Who calls Ready's prepare method?"):
        assert answer_question(graph, question).claims[0].text == "`Ready.prepare` is called by `Session.ready`."


def test_a_class_that_only_its_own_methods_make_is_no_link(repo: Path) -> None:
    graph = graph_of(repo, "#- m.py\nclass A:\n    def copy(self):\n        return A()\n")
    items = [about(graph, "A"), about(graph, "A.copy", 3)]
    assert [c.text for c in arrange_with_opening(graph, items, items)] == ["`A`.", "`A.copy`."]


def test_a_name_that_is_not_there_is_said_not_to_be(repo: Path) -> None:
    graph = graph_of(repo, TOGETHER)
    answer = answer_question(graph, "How does `Session.ready` prepare a request with `Adapter`, Session and frob_all?")
    assert answer.text.startswith("Not found in this workspace: `frob_all`. What comes nearest:\n\n- ")
    assert not answer_question(graph, "How does `Session.ready` prepare?").text.startswith("Not found")


def test_whose_method_an_inherited_one_is_is_cited(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- base.py
        class Base:
            def found(self): ...
        #- m.py
        from base import Base


        class Own(Base):
            def handle(self):
                return self.found()
        """,
    )
    items = [about(graph, "Own.handle", 5), about(graph, "Base.found")]
    (opening, *_) = arrange_with_opening(graph, items, items)
    cited = tuple(c for span in opening.spans if (c := cite(graph, *span, 12)))
    assert "`Own.handle` calls `Base.found`" in opening.text
    assert supports(graph, opening.text, cited).reason == ""


MANY = """
#- shop/errors.py
class ShopError(Exception):
    pass


def report(error):
    return error
#- shop/first.py
from shop.errors import ShopError, report


def first():
    report(1)
    raise ShopError("first")


def second():
    report(2)
    raise ShopError("second")
#- shop/more.py
{}
#- tests/test_shop.py
from shop.errors import ShopError, report


def test_report():
    report(ShopError("test"))
"""
THIRD = "from shop.errors import ShopError, report\n\n\ndef third():\n    report(3)\n    raise ShopError('third')\n"
RENAMED = "from shop.errors import ShopError as E, report as r\n\n\ndef third():\n    r(3)\n    raise E('third')\n"
UNKNOWN = "def third(report, ShopError):\n    report(3)\n    raise ShopError('third')\n"


@pytest.mark.parametrize(
    ("more", "others"),
    [("", ""), (THIRD, ", among others"), (UNKNOWN, ", perhaps among others"), (RENAMED, ", perhaps among others")],
)
def test_what_is_told_of_some_callers_does_not_say_that_they_are_all(repo: Path, more: str, others: str) -> None:
    graph = graph_of(repo, MANY.replace("{}", more))
    items = [about(graph, n) for n in "first second report ShopError".split()]
    (opening, *_) = arrange_with_opening(graph, items, items)
    assert opening.text == (
        f"How they fit together: `ShopError` is constructed by `first` and `second`{others}; "
        f"`report` is called by `first` and `second`{others}."
    )
    cited = tuple(c for span in opening.spans if (c := cite(graph, *span, 12)))
    assert supports(graph, opening.text, cited).reason == ""


def test_a_call_that_is_known_to_lead_elsewhere_is_of_no_other_caller(repo: Path) -> None:
    other = "class Board:\n    def report(self, x): ...\n\n\ndef third():\n    Board().report(3)\n"
    graph = graph_of(repo, MANY.replace("{}", other))
    items = [about(graph, n) for n in "first second shop.errors.report".split()]
    assert arrange_with_opening(graph, items, items)[0].text == "`report` is called by `first` and `second`."


def test_some_subclasses_are_told_to_be_some(repo: Path) -> None:
    graph = graph_of(repo, f"{SOURCE}\n\nclass Further(Base): ...\n")
    items = [about(graph, "Own"), about(graph, "Base")]
    assert arrange_with_opening(graph, items, items)[0].text == "`Base` is extended by `Own`, among others."


def test_callers_of_one_name_are_told_apart_by_their_modules(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- shop/calm.py
        def fetch(): ...
        #- shop/one.py
        from shop.calm import fetch


        class Side:
            def shut(self):
                fetch()
        #- shop/two.py
        from shop.calm import fetch


        class Side:
            def shut(self):
                fetch()
        """,
    )
    items = [about(graph, n) for n in ("fetch", "shop.one.Side.shut", "shop.two.Side.shut")]
    (opening, *_) = arrange_with_opening(graph, items, items)
    assert opening.text == "`fetch` is called by `shop.one.Side.shut` and `shop.two.Side.shut`."


def test_only_who_asks_how_it_works_is_told_how_others_hang_together(repo: Path) -> None:
    graph = graph_of(repo, SOURCE)
    items = [about(graph, n) for n in "first middle last".split()]
    assert arrange_with_opening(graph, items, items, asks_workings=False)[0].text == "`first`."
    (middle,) = graph.find_symbol("middle")
    assert arrange_with_opening(graph, items, items, [middle], asks_workings=False)[0].text == (
        "How they fit together: `first` calls `middle`; `middle` may call `last`."
    )
