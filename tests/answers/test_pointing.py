"""What a user points at, and questions that say no more than that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.options import AskOptions, Cursor
from adapter_core.answers.pointing import expand_question, focus_name, parse_line_name, zoom_symbol
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import UsageError
from tests.support import graph_of

SOURCE = """
#- shop/cart.py
\"\"\"What is bought.\"\"\"


class Cart:
    \"\"\"What somebody is about to buy.\"\"\"

    def pay(self, card):
        \"\"\"Take the money.

        The card is asked only once.
        \"\"\"
        if not self.items:
            raise ValueError("nothing to pay")
        self.log.warning("charging %s", card)
        # The bank rounds, so the sum is rounded here.
        amount = round(self.total, 2)
        card.charge(amount)
        return amount
#- shop/stock.py
def going(line):
    \"\"\"What is going on in a line, what happens here.\"\"\"
    return line
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with graph_of(tmp_path_factory.mktemp("pointing") / "ws", SOURCE) as graph:
        yield graph


def told(graph: CodeGraph, question: str, zoom: str) -> list[str]:
    return [c.text for c in answer_question(graph, question, AskOptions(zoom=zoom)).claims]


@pytest.mark.parametrize(
    "question", ["what happens here?", "What's going on?", "explain this line", "please tell me about it"]
)
def test_a_question_that_only_points_is_about_what_is_pointed_at(graph: CodeGraph, question: str) -> None:
    sentences = told(graph, question, "shop/cart.py:16")
    assert sentences[0] == "In `Cart.pay`, when `self.items`: `amount = round(self.total, 2)`"
    assert not any("going" in sentence for sentence in sentences)


def test_the_line_itself_comes_first(graph: CodeGraph) -> None:
    assert told(graph, "what is this line about?", "shop/cart.py:10")[0] == "`Cart.pay`: “The card is asked only once.”"
    assert "nothing to pay" in told(graph, "what happens here?", "shop/cart.py:12")[0]


def test_a_class_and_a_module(graph: CodeGraph) -> None:
    assert "`Cart`: “What somebody is about to buy.”" in told(graph, "what is this?", "Cart")
    assert "The module `shop.cart`: “What is bought.”" in told(graph, "how does this file fit together", "shop/cart.py")


def test_a_question_with_words_of_its_own_is_left_as_it_is(graph: CodeGraph) -> None:
    (pay,) = graph.find_symbol("Cart.pay")
    for question in ("why is this done?", "who calls this?", "what happens here with `card`?", "what is charged here?"):
        assert expand_question(question, pay) == question
    assert expand_question("what does this do?", None) == "what does this do?"
    assert expand_question("what happens at shop/cart.py:12?", pay) == "What does `Cart.pay` do?"


def test_the_line_of_a_zoom(graph: CodeGraph, tmp_path: Path) -> None:
    assert parse_line_name(graph, "shop/cart.py:12") == ("shop/cart.py", 12)
    assert parse_line_name(graph, "cart.py:12") == ("shop/cart.py", 12)
    for name in (None, "Cart.pay", "shop/cart.py", "shop.cart:Cart", "nowhere.py:3"):
        assert parse_line_name(graph, name) is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop/cart.py:99", "shop/cart.py has 18 lines; 'shop/cart.py:99' is none of them."),
        ("shop/qqq.py:3", "There is no file 'shop/qqq.py' in this workspace."),
        ("lib/cart.py", "There is no file 'lib/cart.py' in this workspace. Did you mean shop/cart.py?"),
        ("Crt", "There is no symbol 'Crt' in this workspace. Did you mean Cart"),
    ],
)
def test_what_cannot_be_pointed_at(graph: CodeGraph, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        zoom_symbol(graph, name)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("what happens here?", "shop/cart.py:13"),
        ("explain this line", "shop/cart.py:13"),
        ("what does this do?", "shop.cart.Cart.pay"),
        ("Who calls it?", "shop.cart.Cart.pay"),
        ("why is the card asked here?", "shop.cart.Cart.pay"),
        ("Which tests cover pay?", "shop.cart.Cart.pay"),
        ("Where is the session cookie saved?", None),
        ("How is it decided which of the two banks has to round the sum?", None),
        ("What is this project about?", None),
        ("What does repay do?", None),
    ],
)
def test_a_question_is_about_what_is_at_the_cursor_where_it_speaks_of_it(question: str, meant: str | None) -> None:
    looked_up: list[str] = []

    def find_symbol() -> str:
        looked_up.append(question)
        return "shop.cart.Cart.pay"

    cursor = Cursor("shop/cart.py:13", "pay", find_symbol)
    assert focus_name(question, None, cursor) == meant
    assert focus_name(question, None, None) is None
    # Type inference is not waited for where the question has nothing to do with the cursor.
    assert bool(looked_up) == (meant == "shop.cart.Cart.pay")
    if meant != cursor.line:
        assert focus_name(question, "Other", cursor) == "Other"
    assert focus_name("what does this do?", None, Cursor("shop/cart.py:13")) == "shop/cart.py:13"
