"""Caches that outlive no question."""

from __future__ import annotations

from adapter_core.graph.memory.request_cache import clear_request_caches, on_clear, request_cache
from adapter_core.graph.outline import outline_of


def test_results_are_remembered_until_all_are_forgotten() -> None:
    asked: list[int] = []

    @request_cache(2)
    def squared(number: int) -> int:
        """A square."""
        asked.append(number)
        return number * number

    assert [squared(3), squared(3), squared(2)] == [9, 9, 4]
    assert asked == [3, 2]
    clear_request_caches()
    assert squared(3) == 9
    assert asked == [3, 2, 3]
    squared(4)
    squared(5)  # pushes out the oldest
    squared(3)
    assert asked == [3, 2, 3, 4, 5, 3]
    assert squared.__doc__ == "A square."


def test_heavy_results_push_out_more_than_light_ones() -> None:
    asked: list[str] = []

    @request_cache(10, weight=len)
    def last(text: str) -> str | None:
        asked.append(text)
        return text[-1:] or None

    assert [last(t) for t in ("abcd", "efgh", "abcd", "")] == ["d", "h", "d", None]
    assert asked == ["abcd", "efgh", ""]
    assert last("") is None  # a result like any other
    assert asked == ["abcd", "efgh", ""]
    assert last("ten letters, and more") == "e"  # heavier than all that may be kept: it stays, alone
    assert [last("ten letters, and more"), last("abcd")] == ["e", "d"]
    assert asked == ["abcd", "efgh", "", "ten letters, and more", "abcd"]
    clear_request_caches()
    last("abcd")
    assert asked[-1] == "abcd"
    assert len(asked) == 6


def test_the_newest_stay_however_heavy_they_are() -> None:
    asked: list[str] = []

    @request_cache(3, weight=len, min_entries=2)
    def first(text: str) -> str:
        asked.append(text)
        return text[0]

    assert [first(t) for t in ("first", "second", "first", "second", "third", "first")] == list("fsfstf")
    assert asked == ["first", "second", "third", "first"]


def test_others_are_told() -> None:
    told: list[bool] = []
    on_clear(lambda: told.append(True))
    clear_request_caches()
    assert told == [True]


def test_syntax_trees_are_let_go() -> None:
    text = "def f(): pass\n"
    first = outline_of(text)
    assert outline_of(text) is first
    clear_request_caches()
    assert outline_of(text) is not first
    assert outline_of(text).definitions.keys() == first.definitions.keys()
