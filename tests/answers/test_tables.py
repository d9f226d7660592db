"""Tables of documentation are told with their rows, and checked against them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter_core.answers.composing.documentation.tables import tables_in
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from tests.answers.asking import told
from tests.support import graph_of

MARKDOWN = """
| Step | Where |
|:-----|------:|
| `open` a \\| b | first |
| close | last |
"""
GRID = """
+--------+------------+
| Step   | Where      |
+========+============+
| open   | first of   |
|        | all        |
+--------+------------+
| close  | last       |
+--------+------------+
"""
SIMPLE = """
======  =====
Step    Where
======  =====
open    first
        of all
close   last
======  =====
"""
LISTED = """
.. list-table:: Steps
   :header-rows: 1

   * - Step
     - Where
   * - open
     - first of
       all
   * - close
     - last

Behind it.
"""


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        (MARKDOWN, ("`open` a | b", "first")),
        (GRID, ("open", "first of all")),
        (SIMPLE, ("open", "first of all")),
        (LISTED, ("open", "first of all")),
    ],
)
def test_the_rows_of_all_kinds_of_tables(text: str, opening: tuple[str, str]) -> None:
    lines = text.split("\n")
    (table,) = tables_in(lines, 1, len(lines))
    assert [row.cells for row in table] == [("Step", "Where"), opening, ("close", "last")]
    assert all(row.cells[0].rpartition(" ")[2] in "\n".join(lines[row.start - 1 : row.end]) for row in table)


WORKSPACE = """
#- README.md
# Callbacks

They are called one after the other.

## Callback order

What happens in which order:

| Callback | State | Comment |
|----------|-------|---------|
| `prepare` | source | as soon as it starts |
| `before`  | source | |
| `after`   | destination | when all is done |

Behind it.
#- machine.py
def callbacks(order):
    return order
"""


def test_an_order_is_told_by_the_table_of_it(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, WORKSPACE)
    first = told(graph, "in which order are the callbacks executed?")[0]
    assert first.startswith(
        "`README.md`, “Callback order” has this table: “Callback · State · Comment”; “`prepare` · source"
    )
    claim = answer_question(graph, "in which order are the callbacks executed?").claims[0]
    assert len(claim.steps) == 4
    assert supports(graph, claim.text, claim.citations).ok
    for wrong in (
        claim.text.replace("destination", "source"),
        claim.text.replace("; “`before` · source · –”", ""),
        claim.text.replace("source · –", "– · source"),
        claim.text.replace("Callback order", "Callbacks"),
    ):
        assert wrong != claim.text
        assert not supports(graph, wrong, claim.citations).ok


def test_a_row_of_a_long_table_stands_for_itself(tmp_path: Path) -> None:
    more = "".join(f"| `step{n}` | source | number {n} |\n" for n in range(30))
    graph = graph_of(tmp_path, WORKSPACE.replace("| `before`  | source | |\n", more))
    answer = answer_question(graph, "How do I use the callback step17 of number 17?")
    row = next(c for c in answer.claims if "has a table with the row: “`step17` · source · number 17”" in c.text)
    assert supports(graph, row.text, row.citations).ok
    assert not supports(graph, row.text.replace("number 17", "number 18"), row.citations).ok


def test_lines_of_nothing_but_space_or_rules_take_no_time() -> None:
    """Each took minutes, being matched from every place to every other."""
    lines = ["a | b", " " * 100_000 + "x", "|" + " " * 100_000 + "x", "-" * 100_000 + "x", "|-" * 50_000 + "x"]
    started = time.monotonic()
    assert list(tables_in(lines, 1, len(lines))) == []
    assert time.monotonic() - started < 20


def test_a_cell_over_several_columns_and_a_list_in_a_cell_move_no_other_cell() -> None:
    simple = ["=====  ====", "Valve  Flow", "=====  ====", "inputs and", "relie  900", "=====  ===="]
    (table,) = tables_in(simple, 1, len(simple))
    assert [row.cells for row in table] == [("Valve", "Flow"), (), ("relie", "900")]
    grid = ["+---+---+", "| a | b |", "+---+---+", "| all   |", "+---+---+", "| c | d |", "+---+---+"]
    (table,) = tables_in(grid, 1, len(grid))
    assert [row.cells for row in table] == [("a", "b"), (), ("c", "d")]
    listed = """.. list-table::

   * - Model
     - Notes
   * - alpha
     - It has

       - a rotor
       - a stator""".split("\n")
    (table,) = tables_in(listed, 1, len(listed))
    assert [row.cells for row in table] == [("Model", "Notes"), ("alpha", "It has - a rotor - a stator")]


def test_what_stands_between_fences_is_no_table() -> None:
    lines = ["```text", "| a | b |", "|---|---|", "| 1 | 2 |", "```", "", "| c | d |", "|---|---|", "| 3 | 4 |"]
    (table,) = tables_in(lines, 1, len(lines), in_markdown=True)
    assert [row.cells for row in table] == [("c", "d"), ("3", "4")]


def test_the_end_of_a_long_table_is_no_table_of_its_own() -> None:
    border = "+-----+-----+"
    lines = [border, *(line for n in range(300) for line in (f"| {n:03} | {n:03} |", border))]
    (table,) = tables_in(lines, 1, len(lines))
    assert len(table) == 300
