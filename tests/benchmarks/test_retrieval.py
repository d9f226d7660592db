"""The measure itself: what counts as gold, what of a pack counts as shown, what a removed docstring leaves, how tuning is held out."""

from __future__ import annotations

import ast
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import _docstring_queries as docstring_queries
import _tuning as tuning
import docstrings
from _retrieval_data import Place, Row, all_gold_lines, gold_lines, load_rows
from _retrieval_packing import Tokens, lines_within, pack_places
from _retrieval_scores import Found, interval, ratio_interval, score

# A token is a character: budgets can be read off the text.
CHARACTERS = Tokens("characters", lambda texts: [len(t) for t in texts], lambda text, n: min(n, len(text)))


def row(*places: Place, functions: tuple[Place, ...] = (), files: tuple[str, ...] = ()) -> Row:
    paths = files or tuple(dict.fromkeys(p.path for p in places))
    return Row("id", "sweqa_bench", "sweqa_bench", "o/r", "c", "question", paths, places, functions, functions, "o+r@c")


def found(*places: Place, shown: tuple[Place, ...] = ()) -> Found:
    return Found(places, {900: shown, 2000: shown})


def test_gold_is_the_smallest_place_of_each_file_capped_at_sixty_lines() -> None:
    asked = row(Place("a.py", 1, 200), Place("a.py", 300, 301), Place("b.py", 5, 104))
    assert gold_lines(asked) == {("a.py", 300), ("a.py", 301), *(("b.py", n) for n in range(5, 65))}
    assert len(all_gold_lines(asked)) == 60 + 2 + 60


def test_line_recall_is_the_share_of_gold_lines_that_are_shown() -> None:
    scores = score(row(Place("a.py", 1, 4)), found(shown=(Place("a.py", 3, 9), Place("b.py", 1, 2))))
    assert scores["lines@900"] == 0.5


def test_a_span_over_sixty_lines_is_no_hit_of_a_function() -> None:
    asked = row(Place("a.py", 10, 12), functions=(Place("a.py", 10, 20),))
    assert score(asked, found(Place("a.py", 1, 61)))["function@5"] == 0
    assert score(asked, found(Place("a.py", 1, 60)))["function@5"] == 1
    assert score(asked, found(*[Place("b.py", 1, 2)] * 5, Place("a.py", 20, 21)))["function@5"] == 0
    assert score(asked, found(*[Place("b.py", 1, 2)] * 5, Place("a.py", 20, 21)))["function@10"] == 1


def test_what_the_gold_names_is_gold_too_and_may_be_a_class(tmp_path: Path) -> None:
    folder, repos = tmp_path / "rows", tmp_path / "repos"
    (repos / "o+r@c").mkdir(parents=True)
    (repos / "o+r@c" / "a.py").write_text(
        "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    )
    folder.mkdir()
    gold = [
        {"path": "a.py", "start_line": 1, "end_line": 1, "symbol": "A"},
        {"path": "a.py", "start_line": 3, "end_line": 3},
    ]
    raw = {"id": "1", "repo": "o/r", "commit": "c", "question": "?", "gold": gold}
    (folder / "sweqa_bench.jsonl").write_text(json.dumps(raw) + "\n")
    (asked,) = load_rows(folder, repos, ["sweqa_bench"])
    assert asked.functions == (Place("a.py", 2, 3),)
    assert asked.definitions == (Place("a.py", 2, 3), Place("a.py", 1, 6))
    scores = score(asked, found(Place("a.py", 5, 6)))
    assert (scores["function@5"], scores["symbol@5"]) == (0, 1)


def test_files_count_once_in_the_ranking() -> None:
    asked = row(files=("b.py", "c.py"))
    scores = score(asked, found(Place("a.py", 1, 2), Place("a.py", 5, 6), Place("b.py", 1, 2)))
    assert (scores["file@1"], scores["file@5"]) == (0, 1)
    assert scores["ndcg@10"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert "lines@900" not in scores
    assert "function@5" not in scores


def test_a_pack_shows_lines_that_end_within_the_budget(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    text, parts = pack_places([Place("a.py", 1, 3)], tmp_path)
    assert text == "[1] a.py:1-3\none\ntwo\nthree"
    assert lines_within(text, parts, len(text), CHARACTERS) == [Place("a.py", 1, 3)]
    assert lines_within(text, parts, len(text) - 1, CHARACTERS) == [Place("a.py", 1, 2)]
    assert lines_within(text, parts, len("[1] a.py:1-3\n"), CHARACTERS) == []


def test_a_pack_of_overlapping_places_holds_each_line_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\n".join("abcdefgh"))
    text, parts = pack_places([Place("a.py", 3, 5), Place("a.py", 1, 8)], tmp_path)
    assert [place for place, _ in parts] == [Place("a.py", 3, 5), Place("a.py", 1, 2), Place("a.py", 6, 8)]
    assert text.startswith("[1] a.py:3-5\nc\nd\ne\n\n[2] a.py:1-2\n")


def test_a_pack_that_does_not_hold_what_it_claims_is_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        lines_within("[1] a.py:1\nx", [(Place("a.py", 1, 1), "y")], 900, CHARACTERS)


def test_the_interval_draws_repositories_and_the_ratio_draws_them_together() -> None:
    ours = {"a": 0.2, "b": 0.4, "c": 0.9}
    mean, low, high = interval(ours)
    assert mean == pytest.approx(0.5)
    assert low < mean < high
    half = {repo: value / 2 for repo, value in ours.items()}
    assert ratio_interval(ours, half) == pytest.approx((2, 2, 2))
    with pytest.raises(ValueError, match="same repositories"):
        ratio_interval(ours, {"a": 0.1})


SOURCE = '''class A:
    def f(self):
        """Read the whole of a file, in one go.

        More.
        """
        return 1

    def g(self): "Say what is left of it here."; return 2

    def h(self):
        """Do nothing at all, of any kind."""
'''


def test_a_description_is_found_by_spans_as_they_are_and_widened_to_sixty_lines() -> None:
    query = docstring_queries.Query("package", "Opens the door.", Place("a.py", 100, 104))
    places = found(Place("a.py", 200, 300), Place("a.py", 120, 121), Place("a.py", 3, 4), Place("a.py", 104, 106))
    scores = docstrings.score(query, places)
    assert (scores["MRR@10"], scores["MRR@10 of 60 lines"]) == (1 / 4, 1 / 2)
    assert docstrings.widened(Place("a.py", 120, 121)) == Place("a.py", 91, 150)
    assert docstrings.widened(Place("a.py", 3, 4)) == Place("a.py", 1, 60)
    assert docstrings.widened(Place("a.py", 200, 300)) == Place("a.py", 200, 300)


def test_removed_docstrings_leave_the_lines_where_they_were(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(SOURCE)
    functions = [d for d in docstring_queries.documented(file, tmp_path) if d.function is not None]
    assert [(d.sentence, d.function) for d in functions] == [
        ("Read the whole of a file, in one go.", Place("a.py", 2, 7)),
        ("Say what is left of it here.", Place("a.py", 9, 9)),
    ]
    left = docstring_queries.without(file.read_bytes(), [d.expression for d in functions]).decode()
    assert "whole" not in left
    assert "left of it" not in left
    lines = {
        node.name: (node.lineno, node.end_lineno)
        for node in ast.walk(ast.parse(left))
        if isinstance(node, ast.FunctionDef)
    }
    assert lines == {"f": (2, 7), "g": (9, 9), "h": (11, 12)}


def test_a_first_sentence_is_one_line_of_prose() -> None:
    text = "Make a :class:`Thing` of\n    two parts. And more.\n\nRest."
    assert docstring_queries.first_sentence(text) == "Make a `Thing` of two parts."
    assert docstring_queries.first_sentence("No full stop\n\nRest") == "No full stop"


@dataclass(frozen=True)
class Weights:
    """Options of a toy ranking that is best at 4 and 0.5."""

    weight: float = 1.0
    length_b: float = 0.9
    count: int = 3


def evaluate(options: Weights) -> list[tuning.Scored]:
    value = 1 / (1 + abs(math.log(max(options.weight, 1e-6) / 4))) - abs(options.length_b - 0.5)
    # In one repository the opposite holds: a search that looks at it is led astray.
    return [
        *(tuning.Scored("set", repo, {"file@1": value}) for repo in "abc"),
        tuning.Scored("set", "odd", {"file@1": -20 * value}),
    ]


def test_search_moves_numeric_options_to_what_the_rows_it_may_see_prefer() -> None:
    names = tuning.numeric_fields(Weights())
    assert names == ["weight", "length_b"]
    best = tuning.search(Weights(), names, evaluate, lambda r: r.repo != "odd", passes=3, seed=1)
    assert 2.5 < best.weight < 6.5
    assert 0.3 < best.length_b < 0.6
    assert best.count == 3
    led_astray = tuning.search(Weights(), names, evaluate, lambda r: True, passes=1, seed=1)
    assert tuning.objective(evaluate(led_astray)[:3]) < tuning.objective(evaluate(Weights())[:3])


def test_folds_hold_every_repository_once() -> None:
    rows = [tuning.Scored("s", repo, {}) for repo in "aaaabbbccd"]
    parts = tuning.folds(rows, 2, seed=1)
    assert sorted(r for part in parts for r in part) == list("abcd")
    assert sorted(sum(row.repo in part for row in rows) for part in parts) == [5, 5]
    with pytest.raises(ValueError, match="no numeric options: count"):
        tuning.numeric_fields(Weights(), ["count"])
