"""The dictionary that keeps what was used last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapter_core.graph.memory.recent import Recent


def test_what_is_new_pushes_out_what_is_oldest() -> None:
    kept: Recent[str, int] = Recent(2)
    for key in "abc":
        kept[key] = 1
    assert list(kept) == ["b", "c"]


def test_what_was_asked_for_stays_once_more() -> None:
    kept: Recent[str, int] = Recent(2)
    kept["a"], kept["b"] = 1, 2
    assert kept["a"] == 1
    kept["c"] = 3
    assert sorted(kept) == ["a", "c"]
    kept["d"], kept["e"] = 4, 5
    assert sorted(kept) == ["d", "e"]


def test_the_newest_stays_however_heavy() -> None:
    kept: Recent[str, str] = Recent(3, len)
    kept["a"] = "aa"
    assert kept["a"] == "aa"
    kept["b"] = "bbbbb"
    assert list(kept) == ["b"]


def test_all_may_be_let_go() -> None:
    gone: list[str] = []
    kept: Recent[str, str] = Recent(3, len, gone.append)
    kept["a"], kept["b"] = "aa", "b"
    assert kept["a"] == "aa"
    kept.clear()
    assert gone == ["aa", "b"]
    kept["c"], kept["a"], kept["d"] = "c", "a", "d"  # there is room for three again
    assert list(kept) == ["c", "a", "d"]
    kept["e"] = "e"  # and none counts as asked for
    assert list(kept) == ["a", "d", "e"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 6), st.booleans()), max_size=60))
def test_the_weight_is_bounded_and_values_are_the_last_ones(steps: list[tuple[str, int, bool]]) -> None:
    kept: Recent[str, int] = Recent(8, lambda value: value)
    told: dict[str, int] = {}
    for key, value, ask in steps:
        if ask:
            assert key not in kept or kept[key] == told[key]
            continue
        kept[key] = told[key] = value
        assert key in kept
        assert sum(kept.values()) <= 8 or len(kept) == 1
