"""Which place a model puts first for a question: the rank of the right one among its neighbours."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from adapter_core.adapters.fitting.options import JudgeOptions
from adapter_core.adapters.fitting.questions import QuestionRow
from adapter_core.adapters.fitting.reading import mean_reciprocal_rank

ROWS = [QuestionRow("docstring", f"{n // 4}.py", f"question {n}", f"place {n}") for n in range(12)]
OPTIONS = JudgeOptions(questions=5, places=4)


def judged(monkeypatch, score, rows=ROWS, options=OPTIONS):
    pytest.importorskip("torch", reason="needs what ./x setup installs")
    asked: list[tuple[list[str], str]] = []

    def instead(loaded, places, question, reading, cancel):
        assert reading.context_tokens == options.place_tokens
        asked.append((places, question))
        return [score(place.split()[1], question.split()[1]) for place in places]

    monkeypatch.setattr("adapter_core.adapters.fitting.reading.score", instead)
    return mean_reciprocal_rank(SimpleNamespace(model=None), rows, None, 1.0, options), asked


def test_each_question_stands_among_its_neighbours(monkeypatch) -> None:
    found, asked = judged(monkeypatch, lambda place, question: float(place == question))
    assert found == 1.0
    assert len(asked) == 5
    for places, question in asked:
        numbers = [int(place.split()[1]) for place in places]
        assert numbers == list(range(numbers[0], numbers[0] + 4))
        assert int(question.split()[1]) in numbers


def test_one_that_cannot_tell_gets_the_worst_rank(monkeypatch) -> None:
    assert judged(monkeypatch, lambda place, question: 0.0)[0] == 1 / 4
    assert judged(monkeypatch, lambda place, question: -float(place == question))[0] == 1 / 4


def test_comments_are_not_asked_for_and_few_rows_tell_nothing(monkeypatch) -> None:
    comments = [QuestionRow("comment", "a.py", f"question {n}", f"place {n}") for n in range(12)]
    assert judged(monkeypatch, lambda *_: 0.0, comments)[0] is None
    assert judged(monkeypatch, lambda *_: 0.0, ROWS[:3])[0] is None
    assert judged(monkeypatch, lambda *_: 0.0, options=JudgeOptions(questions=0))[0] is None
