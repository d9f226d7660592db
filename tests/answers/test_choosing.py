"""Which sentences are chosen: those that add something, on lines not shown yet, as long as they tell enough."""

from __future__ import annotations

from adapter_core.answers.composing.candidate import Candidate
from adapter_core.answers.composing.choose import choose
from adapter_core.answers.composing.sentence_scores import lexical_scores

WEIGHTS = {"cach": 2.0, "clear": 1.0, "expir": 1.0}


def sentence(
    text: str, kind: str = "quote", line: int = 1, about: str = "m.py:1", path: str = "m.py", named: bool = False
) -> Candidate:
    return Candidate(text, kind, ((path, line, line),), about, 0, line, named)


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


def scores(items: list[Candidate], question: str = "", kind: str = "how") -> list[float]:
    return lexical_scores(items, kind, WEIGHTS, question)


def test_what_shares_a_word_with_the_question_and_not_its_subject_counts_less() -> None:
    subject = [sentence("In `f`: `cache.clear()`", about="m.py:1"), sentence("In `f`: `expire(x)`", about="m.py:1")]
    beside = sentence("In `g`: `expire(y)`", about="m.py:9")
    of_subject, other = scores([*subject, beside])[1:]
    assert other < of_subject


def test_the_name_of_the_function_around_a_statement_says_little_of_it() -> None:
    by_name = sentence("In `clear_cache`: `y = x + 1`", about="m.py:1")
    by_statement = sentence("In `f`: `clear(cache)`", about="m.py:1")
    around, own = scores([by_name, by_statement])
    assert around < own
    named = sentence("In `clear_cache`: `y = x + 1`", about="m.py:1", named=True)
    assert scores([named])[0] > scores([by_name])[0]


def test_errors_count_less_where_nobody_asks_for_them() -> None:
    items = [
        sentence("`f` raises `CacheError` when `clear`.", "raises"),
        sentence("`f` sets `cache` when `clear`.", "sets"),
    ]
    main, asked = (scores(items, q) for q in ("How is the cache cleared?", "How does clearing the cache fail?"))
    assert main[0] / main[1] < asked[0] / asked[1]


def test_where_conditions_are_asked_for_they_count_more() -> None:
    items = [sentence("In `f`, when `x`: `clear(cache)`"), sentence("In `f`: `clear(cache)`")]
    plain, asked = (scores(items, q) for q in ("How is it cleared?", "Under what conditions is it cleared?"))
    assert plain[0] / plain[1] < asked[0] / asked[1]


def test_links_of_what_was_not_asked_about_are_nearly_left_out() -> None:
    items = [
        sentence("`cache` is called by `a`.", "callers", named=True),
        sentence("In `g`: `clear(cache)`", about="m.py:9"),
    ]
    named, other = scores(items, "Who calls `cache`?", "callers")
    assert other < 0.3 * named


def test_the_definition_that_is_asked_for_comes_before_what_uses_it() -> None:
    where = Candidate("`cache` is defined in `m.py`.", "where", (("m.py", 1, 1),), "m.py:1", 0, 0, True)
    use = sentence("In `f`: `clear(cache, expire)`", about="m.py:9")
    assert choose([use, where], scores([use, where], "", "where"), WEIGHTS, 2)[0] is where


def test_what_stands_among_the_steps_of_a_function_is_not_told_again() -> None:
    steps = Candidate("cache clear", "steps", (("m.py", 1, 6),), "m.py:1", 0, 1)
    mostly = Candidate("cache clear expire in there", "branch", (("m.py", 4, 7),), "m.py:1", 0, 5)
    beside = Candidate("cache beside it", "quote", (("m.py", 20, 22),), "m.py:1", 0, 6)
    assert chosen([steps, mostly, beside]) == [steps.text, beside.text]
    assert chosen([mostly, beside]) == [mostly.text, beside.text]


def test_what_was_just_said_of_another_symbol_comes_after_what_was_not() -> None:
    twins = [
        sentence(f"`Client.{verb}` takes cache (default clear)", "signature", n, f"m.py:{n}")
        for n, verb in enumerate(("get", "head", "post"), 1)
    ]
    other = sentence("`Cache` takes clear (default cache)", "signature", 9, "m.py:9")
    assert chosen([*twins, other], limit=2) == [twins[0].text, other.text]
    assert chosen(twins, limit=3)[0] == twins[0].text
