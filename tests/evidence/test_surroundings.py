"""What surrounds a definition speaks for it: the rest of its file, and what calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.options import RankingOptions, SelectionOptions
from adapter_core.evidence.question import analyse
from adapter_core.evidence.ranking import rank
from adapter_core.evidence.search_index import SearchIndex
from adapter_core.evidence.selection import search
from tests.support import graph_of

# Two definitions that say the same; the file of one of them speaks of the rest of the question.
TWINS = """
#- shop/basket.py
def total(prices):
    return sum(prices)

def clear(prices):
    prices.clear()

#- shop/invoice.py
def total(prices):
    return sum(prices)

def address(customer):
    return customer.street
"""


def scores_of(graph: CodeGraph, question: str, options: RankingOptions | None = None) -> dict[str, float]:
    """Path and name of each definition that matches to its score."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        scores = rank(index, analyse(question), options).scores
        found = {}
        for document in scores.nonzero()[0]:
            path = index.paths[index.file_of[document]]
            facts = graph.facts(path)
            assert facts is not None
            found[f"{path}::{facts.symbols[index.symbol_of[document]].name}"] = float(scores[document])
        return found


def first(graph: CodeGraph, question: str, options: RankingOptions | None = None) -> str:
    evidence = search(graph, question, SelectionOptions(ranking=options or RankingOptions())).evidence[0]
    return f"{evidence.span.path}::{evidence.symbol}"


# -- the rest of a file ------------------------------------------------------------------------------------------------


def test_a_definition_in_a_file_that_speaks_of_the_rest_of_the_question_comes_first(tmp_path: Path) -> None:
    question = "how is the total of prices found for a customer?"
    # Without the sum over the file, which would prefer it, too.
    alone = RankingOptions(file_weight=0.0)
    with graph_of(tmp_path, TWINS) as graph:
        without = scores_of(graph, question, RankingOptions(file_weight=0.0, file_coverage_power=0.0))
        assert without["shop/basket.py::total"] == without["shop/invoice.py::total"]
        found = scores_of(graph, question, alone)
        assert found["shop/basket.py::total"] < found["shop/invoice.py::total"]
        assert first(graph, question, alone) == "shop/invoice.py::total"


def test_a_file_that_holds_all_words_loses_nothing(tmp_path: Path) -> None:
    question = "total prices of a customer"
    with graph_of(tmp_path, TWINS) as graph:
        without = scores_of(graph, question, RankingOptions(file_coverage_power=0.0))
        found = scores_of(graph, question)
        assert found["shop/invoice.py::total"] == pytest.approx(without["shop/invoice.py::total"])
        assert found["shop/basket.py::total"] < without["shop/basket.py::total"]


def test_of_a_report_the_rest_of_a_file_says_nothing(tmp_path: Path) -> None:
    report = "The total of prices is wrong for a customer\n\n" + "I have put three things into it and paid. " * 20
    with graph_of(tmp_path, TWINS) as graph:
        assert analyse(report).is_report
        without = scores_of(graph, report, RankingOptions(file_coverage_power=0.0))
        assert scores_of(graph, report) == without


def test_the_text_of_an_open_editor_is_the_rest_of_its_file(tmp_path: Path) -> None:
    question = "how is the total of prices found for a customer?"
    alone = RankingOptions(file_weight=0.0)
    with graph_of(tmp_path, TWINS) as graph:
        moved = {
            "shop/basket.py": "def total(prices):\n    return sum(prices)\n\ndef address(customer):\n    return customer\n",
            "shop/invoice.py": "def total(prices):\n    return sum(prices)\n",
        }
        graph.overlay(moved)
        found = scores_of(graph, question, alone)
        assert found["shop/basket.py::total"] > found["shop/invoice.py::total"]


# -- calls -------------------------------------------------------------------------------------------------------------

CALLS = """
#- store/first.py
def keep_row(row):
    return fold(row)

#- store/second.py
def keep_line(row):
    return row

#- store/third.py
def fold(row):
    return row
"""


@pytest.mark.parametrize("asked", ["where is a row kept?", "how is a row kept?"])
def test_calls_count_where_something_is_done_and_how(tmp_path: Path, asked: str) -> None:
    with graph_of(tmp_path, CALLS) as graph:
        found = {e.symbol: e for e in search(graph, asked).evidence}
        assert "calls fold" in found["keep_row"].why
        assert "called by keep_row" in found["fold"].why


def test_a_method_of_dicts_is_no_call_of_ones_own(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- store/rows.py
class Rows:
    def get(self, row):
        return row

    def first(self, row):
        return self.get(row)

#- store/lines.py
def line_of_row(row, lines):
    return lines.get(row)
""",
    ) as graph:
        options = SelectionOptions(ranking=RankingOptions(region_lines=1))
        why = {e.symbol: e.why for e in search(graph, "how does one get a row of lines?", options).evidence}
        assert "calls Rows.get" not in why["line_of_row"]
        assert "calls Rows.get" in why["Rows.first"]


def test_a_name_that_three_results_bear_is_nobodys_call(tmp_path: Path) -> None:
    def reasons(bearers: int) -> list[str]:
        bears = "\n".join(f"#- store/part{n}.py\ndef fold(row):\n    return row, {n}\n" for n in range(bearers))
        caller = "#- store/rows.py\ndef keep_row(row):\n    return fold(row)\n"
        with graph_of(tmp_path / str(bearers), f"{bears}\n{caller}") as graph:
            found = search(graph, "how is a row kept?").evidence
            return [why for e in found if e.symbol == "keep_row" for why in e.why]

    assert "calls fold" in reasons(2)
    assert "calls fold" not in reasons(3)
