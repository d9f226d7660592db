"""Which sentences are chosen: those that add something, on lines not shown yet, as long as they tell enough."""

from __future__ import annotations

from adapter_core.answers.composing.candidate import Candidate
from adapter_core.answers.composing.choose import choose, lexical_scores

WEIGHTS = {"cach": 2.0, "clear": 1.0, "expir": 1.0}


def sentence(text: str, kind: str = "quote", line: int = 1, about: str = "m.py:1", path: str = "m.py") -> Candidate:
    return Candidate(text, kind, ((path, line, line),), about, 0, line)


def chosen(items: list[Candidate], question: str = "", kind: str = "how", limit: int = 6) -> list[str]:
    return [c.text for c in choose(items, lexical_scores(items, kind, WEIGHTS, question), WEIGHTS, limit)]


def test_what_tells_little_is_left_out_though_there_is_room() -> None:
    good = [sentence(f"cache clear expire {n}", "branch", n, f"m.py:{n}") for n in range(1, 4)]
    filler = [sentence(f"nothing of it {n}", "bare", n, f"m.py:{n}") for n in range(4, 9)]
    assert chosen([*filler, *good]) == [c.text for c in good]


def test_the_first_one_is_told_however_weak() -> None:
    assert chosen([sentence("nothing of it", "bare")]) == ["nothing of it"]


def test_the_same_lines_are_not_told_twice_where_others_are_there() -> None:
    first, same = sentence("cache clear", "branch", 1), sentence("cache clear again", "calls", 1)
    other = sentence("cache clear elsewhere", "returns", 9)
    assert chosen([first, same, other], limit=2) == [first.text, other.text]


def test_the_kind_that_a_question_names_comes_in() -> None:
    raises, sets = sentence("cache clear", "raises", 3), sentence("cache clear", "sets", 5)
    first = sentence("expire", "doc", 1)
    items = [first, raises, sets]
    scores = lexical_scores(items, "what", WEIGHTS, "Which exception is raised when the cache is cleared?")
    assert scores[1] > scores[2]
    before = lexical_scores(items, "what", WEIGHTS, "What happens when the cache is cleared?")
    assert scores[1] > before[1]


def test_a_test_counts_less_where_nobody_asks_about_tests() -> None:
    items = [sentence("cache clear", path="tests/test_m.py"), sentence("cache clear", path="m.py")]
    scores = lexical_scores(items, "how", WEIGHTS)
    assert scores[0] < scores[1]
    asked = lexical_scores(items, "tests", WEIGHTS)
    assert asked[0] == asked[1]
