from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.errors import Cancelled
from adapter_core.evidence.context import model_prob_yes


def by_length(prompts: Sequence[str]) -> list[float]:
    return [-float(prompt.count("x")) for prompt in prompts]


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 7))
def test_in_order_whatever_the_batches(lengths: list[int], size: int) -> None:
    batches: list[int] = []

    def scorer(prompts: Sequence[str]) -> list[float]:
        batches.append(len(prompts))
        return by_length(prompts)

    found = model_prob_yes(scorer, "?", ["x" * n for n in lengths], size)
    assert found == [math.exp(-n) for n in lengths]
    assert sum(batches) == len(set(lengths))
    assert all(n <= size for n in batches)
    assert len(batches) == -(-len(set(lengths)) // size)


def test_the_question_and_the_text_are_asked() -> None:
    seen: list[str] = []

    def scorer(prompts: Sequence[str]) -> list[float]:
        seen.extend(prompts)
        return [0.0] * len(prompts)

    assert model_prob_yes(scorer, " Where is {it}? ", ["def {f}(): {}"]) == [1.0]
    assert "def {f}(): {}" in seen[0]
    assert "Question: Where is {it}?\n" in seen[0]


@pytest.mark.parametrize(
    ("yes", "no", "probability"),
    [(0, 0, 0.5), (math.log(0.3), math.log(0.1), 0.75), (1e4, -1e4, 1), (-1e4, 1e4, 0), (-math.inf, 0, 0), (0, -math.inf, 1),
     (-math.inf, -math.inf, 0.5)],
)  # fmt: skip
def test_pairs_of_scores(yes: float, no: float, probability: float) -> None:
    assert model_prob_yes(lambda prompts: [(yes, no)] * len(prompts), "?", ["a"]) == [pytest.approx(probability)]


@pytest.mark.parametrize("scores", [[], [0.0, 0.0], [0.5], [math.nan], [(math.nan, 0.0)]])
def test_what_is_no_score(scores: list[float]) -> None:
    with pytest.raises(ValueError, match=r"score|log-probability"):
        model_prob_yes(lambda prompts: scores, "?", ["a"])


def test_stopping_between_batches() -> None:
    stop = threading.Event()

    def scorer(prompts: Sequence[str]) -> list[float]:
        stop.set()
        return by_length(prompts)

    with pytest.raises(Cancelled):
        model_prob_yes(scorer, "?", ["a", "b"], 1, stop)
    with pytest.raises(ValueError, match="positive"):
        model_prob_yes(by_length, "?", [], 0)
