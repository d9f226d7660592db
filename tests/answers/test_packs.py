"""What is selected, and what the model gets to read of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.models.backend import Adaptation
from adapter_core.types import Answer, CancelToken
from tests.answers.fakes import Writer
from tests.support import graph_of

WORKSPACE = '''
#- shop/prices.py
"""All about prices."""


def discount(price, share):
    """The price after a discount."""
    return price * (1 - share)


def total_price(prices):
    """The total of all prices, after the discount of each."""
    logger = make_logger()
    logger.begin()
    logger.note("begun")
    logger.note("going on")
    logger.note("still going on")
    logger.end()
    return sum(discount(price, 0) for price in prices)
#- shop/stock.py
def restock(item):
    """Order more of an item, at a price."""
    return item.order()
#- shop/till.py
from shop.prices import total_price


def pay(cart):
    """Take the total price of a cart, and the discount off it."""
    return total_price(cart.prices)
'''
QUESTION = "How is the total price worked out after the discount?"
GOOD = "`total_price` calls `discount` for each price."


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


def asked(graph: CodeGraph, backend: Writer | None = None, **values: Any) -> tuple[Answer, str]:
    """The answer and the first prompt."""
    backend = backend or Writer(GOOD)
    answer = answer_question(graph, QUESTION, with_values(AskOptions(phrase=True), values), backend)
    return answer, backend.asked[0]


def blocks(prompt: str) -> list[str]:
    """What each `[n] path:start-end` block is of."""
    return [line.partition(" ")[2] for line in prompt.split("\n") if line.startswith("[")]


def test_without_packing_the_model_sees_the_question_alone(graph: CodeGraph) -> None:
    answer, prompt = asked(graph, pack_context=False)
    assert prompt == f"Question: {QUESTION}\nAnswer:"
    assert [c.text for c in answer.claims] == [GOOD]  # held against what was found all the same


def test_heads_show_files_without_bodies(graph: CodeGraph) -> None:
    _, prompt = asked(graph, pack_mode="heads")
    assert '"""All about prices."""' in prompt
    assert "def total_price(prices):" in prompt
    assert "sum(discount" not in prompt
    assert "sum(discount" in asked(graph)[1]


def test_windows_cut_what_does_not_answer(graph: CodeGraph) -> None:
    _, prompt = asked(graph, function_first=True, ff_window_lines=5)
    assert "sum(discount" in prompt
    assert "still going on" not in prompt
    assert "lines left out" in prompt
    _, whole = asked(graph, pack_mode="windows")
    assert "still going on" in whole


def test_the_budget_of_tokens_holds(graph: CodeGraph) -> None:
    answer, prompt = asked(graph, context_tokens=20)
    assert answer.metrics["pack_tokens"] <= 20
    assert len(blocks(prompt)) < len(blocks(asked(graph)[1]))


def test_functions_come_first(graph: CodeGraph) -> None:
    _, prompt = asked(graph, function_first=True)
    assert blocks(prompt)[0].startswith("shop/prices.py:10") or blocks(prompt)[0].startswith("shop/till.py:4")


def values_of_functions(graph: CodeGraph, **values: Any) -> list[str]:
    from adapter_core.answers.selecting import select
    from adapter_core.answers.writing.packs import ModelReader, ranked_function_windows
    from adapter_core.evidence.selection import search

    options = with_values(AskOptions(), {"function_first": True, **values})
    found = search(graph, QUESTION)
    windows = ranked_function_windows(
        graph, QUESTION, found, select(graph, QUESTION, found, options), options.packing, ModelReader(Writer(), None)
    )
    return [w.symbol.symbol.name for w in windows if w.symbol is not None]


def test_the_knobs_of_function_first(graph: CodeGraph) -> None:
    everything = values_of_functions(graph, ff_threshold=0, ff_noise_penalty=0)
    assert set(everything) == {"discount", "total_price", "restock", "pay"}
    assert len(values_of_functions(graph, ff_threshold=0, ff_noise_penalty=0, ff_max_candidates=2)) == 2
    assert "restock" not in values_of_functions(graph, ff_threshold=0.6, ff_noise_penalty=0)
    # Most of the lines of `total_price` are about logging.
    noisy = values_of_functions(graph, ff_threshold=0, ff_noise_penalty=5)
    assert "total_price" not in noisy
    assert "total_price" in everything


class Opinionated(Writer):
    """Says yes to what names a word."""

    def __init__(self, word: str) -> None:
        super().__init__(GOOD)
        self.word = word

    def score(
        self, context: Sequence[str], continuation: str, cancel: CancelToken | None = None,
        adaptation: Adaptation | None = None,
    ) -> list[float]:  # fmt: skip
        self.scored.append((list(context), continuation, adaptation))
        return [-0.1 if (self.word in c) == (continuation == "yes") else -3.0 for c in context]


def test_the_models_yes_orders_the_windows_and_is_off_by_default(graph: CodeGraph) -> None:
    values = {"function_first": True, "ff_threshold": 0, "ff_noise_penalty": 0}
    off = Opinionated("restock")
    _, plain = asked(graph, off, **values)
    assert not off.scored
    on = Opinionated("def restock")
    _, ordered = asked(graph, on, **values, model_prob_yes=True)
    assert blocks(ordered)[0].startswith("shop/stock.py:1")
    assert not blocks(plain)[0].startswith("shop/stock.py:1")
    assert {word for _, word, _ in on.scored} == {"yes", "no"}


def test_the_model_reads_no_more_than_its_budget(graph: CodeGraph) -> None:
    backend = Opinionated("restock")
    values = {"function_first": True, "ff_threshold": 0, "ff_noise_penalty": 0, "model_prob_yes": True}
    asked(graph, backend, **values, prob_yes_tokens=80)
    prompts = {p for texts, word, _ in backend.scored if word == "yes" for p in texts}
    assert 0 < sum(len(p.split()) for p in prompts) <= 80
    assert len(prompts) < 4


def test_what_is_said_of_two_places_cites_both(graph: CodeGraph) -> None:
    said = "`pay` returns `total_price(cart.prices)`, and `restock` returns `item.order()`."
    answer, _ = asked(graph, Writer(said))
    (claim,) = answer.claims
    assert claim.text == said
    assert {c.span.path for c in claim.citations} == {"shop/till.py", "shop/stock.py"}
    assert sum(c.span.end - c.span.start + 1 for c in claim.citations) <= 12


# -- selection ----------------------------------------------------------------------------------------------------------


def test_around_a_zoom_symbol_nothing_else_is_looked_at(graph: CodeGraph) -> None:
    def paths(**values: Any) -> set[str]:
        options = with_values(AskOptions(), {"zoom_symbol": "discount", "zoom_radius": 0, **values})
        return {e.span.path for e in answer_question(graph, QUESTION, options).evidence}

    assert "shop/till.py" in paths()
    assert paths(of_sources="zoom") == {"shop/prices.py"}
    assert paths(of_sources="zoom", zoom_radius=2) >= {"shop/prices.py", "shop/till.py"}


def test_a_second_look_may_order_anew(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from adapter_core.answers import selecting

    def look(graph: Any, question: str, modules: Any, files: Any) -> Any:
        raised = [replace(f, score=f.score * (50 if f.path == "shop/till.py" else 1)) for f in files]
        return modules, sorted(raised, key=lambda f: -f.score)

    told: list[str] = []

    def order(**values: Any) -> list[str]:
        options = with_values(AskOptions(verbose=True), values)
        answer = answer_question(
            graph, QUESTION, options, on_event=lambda n, v: told.append(v) if n == "detail" else None
        )
        return [e.span.path for e in answer.evidence]

    before = order()
    assert not any(t.startswith("reranked") for t in told)
    monkeypatch.setattr(selecting, "rerank_modules_and_files", look)
    assert order() == before
    assert order(rerank=True)[0] == "shop/till.py" != before[0]
    assert any(t.startswith("reranked: ") and "shop/till.py ×50.00" in t for t in told)


def test_the_second_look_itself_changes_scores(graph: CodeGraph) -> None:
    from adapter_core.answers.selecting import select
    from adapter_core.evidence.selection import search

    found = search(graph, QUESTION)
    gains = select(graph, QUESTION, found, with_values(AskOptions(), {"rerank": True})).gains
    assert gains["shop/prices.py"] > 1
    assert select(graph, QUESTION, found, AskOptions()).gains == {}
