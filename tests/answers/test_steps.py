"""What a function does from its first statement to its last, told in one sentence where a question asks for a course of events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adapter_core.graph as graph_package
from adapter_core.answers.checking.quoted_statements import statements_hold
from adapter_core.answers.citations import cite
from adapter_core.answers.composing.candidate import Candidate, SentenceBuilder
from adapter_core.answers.composing.links.common_caller import common_caller
from adapter_core.answers.composing.statements.steps import step_sentences
from adapter_core.answers.export import answer_to_dict
from adapter_core.answers.kinds import asks_course
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph, index_of
from adapter_core.evidence.question import analyse
from adapter_core.types import Claim
from tests.support import graph_of, write

WORKSPACE = """
#- shop/till.py
import logging

from shop.books import enter

log = logging.getLogger(__name__)


class Till:
    def handle(self, order):
        '''Take the money for an order.'''
        log.debug("an order")
        if order.empty:
            raise ValueError("nothing to pay")
        price = self.price_of(order)
        try:
            paid = self.charge(order.card, price)
        except OSError as broken:
            self.cancel(order, broken)
            return None
        for listener in self.listeners:
            listener.paid(order)
        return enter(order, paid)

    def price_of(self, order):
        return sum(order.prices)

    def charge(self, card, price):
        '''Charge a card.'''
        return card.debit(price)

    def cancel(self, order, broken):
        order.broken = broken

#- shop/books.py
def enter(order, paid):
    '''Enter what was paid.'''
    return order, paid
"""
HANDLE = (
    'In `Till.handle`, in the order written: (1) when `order.empty`: `raise ValueError("nothing to pay")`; '
    "(2) `price = self.price_of(order)`, then `paid = self.charge(order.card, price)`; "
    "(3) when it catches `OSError`: `self.cancel(order, broken)`, then `return None`; "
    "(4) for each `listener in self.listeners`: `listener.paid(order)`; "
    "(5) `return enter(order, paid)`"
)


def told(graph: CodeGraph, name: str) -> list[Candidate]:
    ref = graph.find_symbol(name)[0]
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    assert facts is not None
    assert document is not None
    index = index_of(facts, ref.symbol)
    assert index is not None
    return list(step_sentences(SentenceBuilder(facts, index, 0), graph, ref, document.lines, {}))


def stands(graph: CodeGraph, sentence: str, spans: tuple[tuple[str, int, int], ...]) -> bool:
    cited = [cite(graph, path, a, b, 12) for path, a, b in spans]
    return statements_hold(graph, sentence, tuple(c for c in cited if c is not None))


def test_the_statements_that_tell_most_with_their_conditions(repo: Path) -> None:
    (item,) = told(graph_of(repo, WORKSPACE), "Till.handle")
    assert item.text == HANDLE  # nothing of what is logged
    assert all(path == "shop/till.py" for path, _, _ in item.spans)
    assert not told(graph_of(repo, WORKSPACE), "Till.cancel")  # one statement is no course


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(1) when `order.empty`: ", "(1) unless `order.empty`: "),
        ("`OSError`", "`KeyError`"),
        ("(4) for each `listener in self.listeners`: ", "(4) when `paid`: "),
        ("`price = self.price_of(order)`, then ", "`price = self.cancel(order)`, then "),
        ("In `Till.handle`", "In `Till.charge`"),
        (
            "`price = self.price_of(order)`, then `paid = self.charge(order.card, price)`",
            "`paid = self.charge(order.card, price)`, then `price = self.price_of(order)`",
        ),
        ("(5) `return enter(order, paid)`", "(5) `return enter(order, paid)`; and more"),
    ],
)
def test_one_word_that_is_another_is_seen(repo: Path, right: str, wrong: str) -> None:
    graph = graph_of(repo, WORKSPACE)
    (item,) = told(graph, "Till.handle")
    assert stands(graph, item.text, item.spans)
    assert right in item.text
    assert not stands(graph, item.text.replace(right, wrong), item.spans)


BRANCHES = """
#- m.py
def sort_of(x, deep, log):
    if x is None:
        raise ValueError("nothing")
    for part in x.parts:
        if part.skip:
            continue
        if part.ready:
            start(part)
        elif part.late:
            warn(part)
        else:
            stop(part)
    first = 0
    second = first
    if deep:
        y = dive(x)
    return finish(x)


def forever(x):
    zero(x)
    while True:
        one(x)
        if x:
            return two(x)
        three(x)


def whatever(x):
    try:
        one(x)
        two(x)
    except:
        raise
    finally:
        three(x)


def too_long(x):
    one(x)
    two(x)
    if x:
        return (LONG)
    three(x)


def long_ones(x):
    if x:
        raise Wrong("LONG")
    y = one("LONG")
    two(
        "LONG",
LINES    )
    return three("LONG")


def mostly(x):
    one(x)
    if x:
        five(x)
    y = "LONG" + four(x)
    two(x)
    three(x)
""".replace("LINES", "        x,\n" * 14).replace("LONG", "x" * 170)


def test_branches_are_told_from_outside_in_and_each_exit_is_a_step(repo: Path) -> None:
    graph = graph_of(repo, BRANCHES)
    (item,) = told(graph, "sort_of")
    assert item.text == (
        'In `sort_of`, in the order written: (1) when `x is None`: `raise ValueError("nothing")`; '
        "(2) for each `part in x.parts`, when `part.skip`: `continue`; "
        "(3) in the same loop, when `part.ready`: `start(part)`; "
        "(4) otherwise, when `part.late`: `warn(part)`; "
        "(5) otherwise: `stop(part)`; "
        "(6) … when `deep`: `y = dive(x)`; "
        "(7) `return finish(x)`"
    )
    assert stands(graph, item.text, item.spans)
    for right, wrong in (
        ("(5) otherwise: `stop(part)`", "(5) otherwise: `warn(part)`"),
        ("(4) otherwise, when `part.late`", "(4) otherwise, unless `part.late`"),
        ("(5) otherwise: ", "(5) when `part.late`: "),
        ("(1) when `x is None`", "(1) otherwise"),
    ):
        assert right in item.text
        assert not stands(graph, item.text.replace(right, wrong), item.spans)


def test_an_exit_that_cannot_be_told_would_be_misleading(repo: Path) -> None:
    assert not told(graph_of(repo, BRANCHES), "too_long")


@pytest.mark.parametrize(
    ("name", "course", "wrong"),
    [
        (
            "forever",
            "(1) `zero(x)`; (2) again and again: `one(x)`; (3) in the same loop, when `x`: `return two(x)`; "
            "(4) in the same loop: `three(x)`",
            ("(2) again and again: ", "(2) "),
        ),
        (
            "whatever",
            "(1) `one(x)`, then `two(x)`; (2) when it catches anything: `raise`; (3) in `finally`: `three(x)`",
            ("(1) `one(x)`", "(1) in `finally`: `one(x)`"),
        ),
        (
            "long_ones",
            "(1) when `x`: raises `Wrong`; "
            "(2) sets `y` to the result of `one()`, then calls `two()`, then returns the result of `three()`",
            ("calls `two()`", "calls `three()`"),
        ),
    ],
)
def test_what_runs_again_in_any_case_or_is_long(repo: Path, name: str, course: str, wrong: tuple[str, str]) -> None:
    graph = graph_of(repo, BRANCHES)
    (item,) = told(graph, name)
    assert item.text == f"In `{name}`, in the order written: {course}"
    assert stands(graph, item.text, item.spans)
    assert not stands(graph, item.text.replace(*wrong), item.spans)


def test_of_what_the_question_names_twice_as_much_is_told(repo: Path) -> None:
    body = "".join(f"    if x.a{n}:\n        do{n}(x)\n" for n in range(14))
    graph = graph_of(repo, f"#- m.py\ndef many(x):\n{body}    return x.done()\n")
    (item,) = told(graph, "many")
    assert "; (12) … `return x.done()`" in item.text  # of anything else the most that a reader takes in
    assert stands(graph, item.text, item.spans)
    answer = answer_question(graph, "Explain `many`")
    assert any("; (15) `return x.done()`" in claim.text for claim in answer.claims)


@pytest.mark.parametrize(
    ("body", "course"),
    [
        # On one line: in the order of the text.
        (
            "    one(x)\n    if x: two(x); return three(x)\n",
            "(1) `one(x)`; (2) when `x`: `two(x)`, then `return three(x)`",
        ),
        # "otherwise" turns round all that was said, so that it is not said of the inner one of two tests.
        (
            "    if x:\n        if y:\n            one(x)\n        else:\n            two(x)\n    three(x)\n",
            "(1) when `x`, when `y`: `one(x)`; (2) when `x`, unless `y`: `two(x)`; (3) `three(x)`",
        ),
        (
            "    if x:\n        z = 1\n    elif y:\n        one(x)\n    else:\n        two(x)\n    three(x)\n",
            "(1) … unless `x`, when `y`: `one(x)`; (2) unless `x`, unless `y`: `two(x)`; (3) `three(x)`",
        ),
        # What binds a name that is spoken of is told, too.
        (
            "    one(x)\n    y = False\n    for z in x:\n        if z.ok:\n            y = True\n"
            "    if not y:\n        raise KeyError(x)\n",
            "(1) `one(x)`, then `y = False`; (2) for each `z in x`, when `z.ok`: `y = True`; "
            "(3) unless `y`: `raise KeyError(x)`",
        ),
        # Behind an exit nothing follows, but what a handler goes on to.
        (
            "    try:\n        return x.read(y)\n    except KeyError:\n        pass\n    z = one(x)\n    return two(z)\n",
            "(1) `return x.read(y)`; (2) when it catches `KeyError`: `pass`; (3) `z = one(x)`, then `return two(z)`",
        ),
        (
            "    with suppress(KeyError):\n        return one(x)\n    two(x)\n    return three(x)\n",
            "(1) in `with suppress(KeyError)`: `return one(x)`; (2) `two(x)`, then `return three(x)`",
        ),
        (
            "    one(x)\n    while 0:\n        two(x)\n    three(x)\n    return four(x)\n",
            None,  # what never runs is no step, and what is left is one
        ),
        (
            "    if y:\n        return one(x)\n    try:\n        two(x)\n    finally:\n        finally_done(x)\n",
            "(1) when `y`: `return one(x)`; (2) `two(x)`; (3) in `finally`: `finally_done(x)`",
        ),
        (
            '    one(x)\n    if y:\n        raise make_error(x, "LONG")\n    return two(x)\n',
            "(1) `one(x)`; (2) when `y`: raises the result of `make_error()`; (3) `return two(x)`",
        ),
        ('    one(x)\n    if y:\n        raise x.err.with_traceback("LONG")\n    return two(x)\n', None),
        ('    one(x)\n    if y == "a  b":\n        two(x)\n    return three(x)\n', None),
        (
            '    one(x)\n    if y:\n        two(x)\n    three(x)\n    x.a = "LONG"\n',
            "(1) `one(x)`; (2) when `y`: `two(x)`; (3) `three(x)`; …",
        ),
    ],
)
def test_hard_ones(repo: Path, body: str, course: str | None) -> None:
    graph = graph_of(repo, f"#- m.py\ndef f(x, y):\n{body.replace('LONG', 'x' * 170)}")
    found = [(item.text, item.spans) for item in told(graph, "f")]
    assert [text for text, _ in found] == ([f"In `f`, in the order written: {course}"] if course else [])
    assert all(stands(graph, *one) for one in found)


@pytest.mark.parametrize(
    "wrong",
    [
        "(1) `one(x)`; (2) `two(x)`; (3) `return three(x)`",  # without its condition
        "(1) `one(x)`, then `one(x)`; (2) when `y`: `two(x)`; (3) `return three(x)`",
        "(2) `one(x)`; (1) when `y`: `two(x)`; (3) `return three(x)`",
        "(1) `one(x)`; (2) when `y`: `two(x)`",  # without its exit
        "(1) … `one(x)`; (2) when `y`: `two(x)`; (3) `return three(x)`",
    ],
)
def test_what_is_not_told_like_this_does_not_stand(repo: Path, wrong: str) -> None:
    graph = graph_of(repo, "#- m.py\ndef f(x, y):\n    one(x)\n    if y:\n        two(x)\n    return three(x)\n")
    spans = (("m.py", 1, 5),)
    right = "(1) `one(x)`; (2) when `y`: `two(x)`; (3) `return three(x)`"
    assert stands(graph, f"In `f`, in the order written: {right}", spans)
    assert not stands(graph, f"In `f`, in the order written: {wrong}", spans)


def test_a_very_long_line_takes_no_time(repo: Path) -> None:
    """It hung where the time to quote a line grew with the square of its length."""
    many = '"a", ' * 60_000
    graph = graph_of(repo, f"#- m.py\ndef f(x, y):\n    one(x)\n    y = [{many}]\n    two(x)\n    return three(x)\n")
    assert len(told(graph, "f")) == 1


def test_what_is_left_out_is_marked(repo: Path) -> None:
    graph = graph_of(repo, BRANCHES)
    (item,) = told(graph, "mostly")
    assert (
        item.text
        == "In `mostly`, in the order written: (1) `one(x)`; (2) when `x`: `five(x)`; (3) … `two(x)`, then `three(x)`"
    )
    assert stands(graph, item.text, item.spans)


def test_what_is_not_cited_does_not_stand(repo: Path) -> None:
    graph = graph_of(repo, WORKSPACE)
    (item,) = told(graph, "Till.handle")
    for left_out in range(len(item.spans)):
        assert not stands(graph, item.text, item.spans[:left_out] + item.spans[left_out + 1 :])


def test_of_our_own_functions_every_sentence_stands(repo: Path) -> None:
    ours = Path(graph_package.__file__).parent
    for name in (
        "indexing/sync.py",
        "discovery/discover.py",
        "parsing/repair.py",
        "linking/inference.py",
        "storage/segments.py",
    ):
        write(repo, f"ours/{name}", (ours / name).read_text("utf-8"))
    graph = CodeGraph.load_or_build(repo)
    found = 0
    for path in [record.path for record in graph.store.files()]:
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        for index, symbol in enumerate(facts.symbols):
            if symbol.is_callable:
                for item in step_sentences(
                    SentenceBuilder(facts, index, 0), graph, graph.ref(facts, index), document.lines, {}
                ):
                    found += 1
                    assert stands(graph, item.text, item.spans), item.text
                    assert all(symbol.start <= a <= b <= symbol.end for _, a, b in item.spans)
                    assert len(re.findall(r"\(\d+\) ", item.text)) <= 12
    assert found > 40


def test_it_is_told_where_a_course_is_asked_for_and_in_place_of_single_statements(repo: Path) -> None:
    graph = graph_of(repo, WORKSPACE)
    asked = answer_question(graph, "What happens when the till handles an order?")
    assert HANDLE in [c.text for c in asked.claims]
    assert not asked.dropped
    assert len(asked.claims) <= 4
    other = answer_question(graph, "Where is `Till.handle` defined?")
    assert not any("in the order written: (1)" in c.text for c in other.claims)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happens when a view raises an exception?", True),
        ("Trace the data flow from the reader to the writer", True),
        ("In which order are the hooks called?", True),
        ("Explain `Till.handle`", True),
        ("How does the scheduler work?", True),
        ("What does the parser do with tabs?", True),
        ("How does the parser decide what a tab is?", True),
        ("Where is the cache cleared?", False),
        ("Where is an order placed?", False),
        ("What is the default step size?", False),
        ("Where is the trace id set?", False),
        ("Where is the Transformer class defined?", False),
        ("What is the default sort order?", False),
        ("Which classes extend Till?", False),
        ("Why is the lock taken twice?", False),
    ],
)
def test_which_questions_ask_for_a_course(question: str, expected: bool) -> None:
    assert asks_course(analyse(question)) is expected


def test_things_meet_in_the_function_that_calls_most_of_them(repo: Path) -> None:
    graph = graph_of(repo, WORKSPACE)
    charge, enter, price = (graph.find_symbol(n)[0] for n in ("Till.charge", "enter", "Till.price_of"))
    point = common_caller(graph, [charge, enter, price])
    assert point is not None
    assert point.symbol.qualname == "Till.handle"
    assert common_caller(graph, [charge]) is None  # nothing meets there
    answer = answer_question(graph, "What happens when a card is charged and what was paid is entered?")
    purpose, course, *_ = (claim.text for claim in answer.claims)
    assert purpose == "`Till.handle`: “Take the money for an order.”"
    assert course.startswith("In `Till.handle`, in the order written: (1)")


def test_tests_are_no_common_callers(repo: Path) -> None:
    graph = graph_of(repo, WORKSPACE)
    write(
        repo,
        "tests/test_till.py",
        "from shop.books import enter\nfrom shop.till import Till\n\n\n"
        "def test_both():\n    till = Till()\n    till.cancel(1, 2)\n    till.charge(1, 2)\n    enter(1, 2)\n",
    )
    graph = graph_of(repo, WORKSPACE)
    cancel, enter = graph.find_symbol("Till.cancel")[0], graph.find_symbol("enter")[0]
    point = common_caller(graph, [cancel, enter])
    assert point is not None
    assert point.path == "shop/till.py"


def test_each_step_may_have_a_line_of_its_own() -> None:
    written = 'In `f`, in the order written: (1) `a("; (2) ")`; (2) when `b`: `c`; …'
    claim = Claim(written, "composed", (), ('(1) `a("; (2) ")`', "(2) when `b`: `c`; …"))
    assert claim.lead == "In `f`, in the order written:"
    assert Claim("The docs say: (1) one; (2) two", "phrased", ()).lead == "The docs say: (1) one; (2) two"


def test_the_answer_carries_its_steps(repo: Path) -> None:
    answer = answer_question(graph_of(repo, WORKSPACE), "What happens in `Till.handle`, step by step?")
    claims = answer_to_dict(answer)["claims"]
    (told,) = [claim for claim in claims if claim["text"] == HANDLE]
    assert told["lead"] == "In `Till.handle`, in the order written:"
    assert [step[:4] for step in told["steps"]] == [f"({number}) " for number in range(1, 6)]
    for claim in claims:
        assert claim["text"] == " ".join(filter(None, (claim["lead"], "; ".join(claim["steps"]))))


def test_a_finally_that_is_written_oddly_is_cited_all_the_same(repo: Path) -> None:
    body = "    try:\n        one(x)\n        two(x)\n    finally \\\n        :\n        three(x)\n"
    graph = graph_of(repo, f"#- m.py\ndef f(x):\n{body}")
    (item,) = told(graph, "f")
    assert item.spans[0][1] > 0
    assert stands(graph, item.text, item.spans)


def test_what_is_too_long_to_be_checked_is_not_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(repo, WORKSPACE)
    question = "What does `Till.handle` do, step by step?"
    assert any(", in the order written: " in c.text for c in answer_question(graph, question).claims)
    monkeypatch.setattr("adapter_core.answers.composing.statements.steps.MAX_CHARS", 100)
    answer = answer_question(graph, question)
    assert not any(", in the order written: (1)" in c.text for c in answer.claims)
    assert not answer.dropped


def test_what_a_test_asks_about_is_introduced_and_what_is_set_on_an_object_is_told(repo: Path) -> None:
    body = "\n".join(
        f"        self.prepare_{n}(all_of_the_orders_of_this_day, {n}, 'a long way to say it')" for n in range(14)
    )
    source = f"""
#- shop/till.py
class Till:
    def handle(self, orders):
{body}
        for order in orders:
            answer = self.bank.send(order)
            if answer.moved:
                raise ValueError("the bank has moved")
            if answer.refused:
                continue
            if order.open:
                if order.paid is not None:
                    self.last = order
        return orders
"""
    (found,) = told(graph_of(repo / "long", source), "Till.handle")
    assert "`answer = self.bank.send(order)`" in found.text
    (found,) = told(graph_of(repo / "short", source.replace(body, "")), "Till.handle")
    assert "`self.last = order`" in found.text
