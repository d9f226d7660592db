"""Questions made from a repository: which ones, and that only their tokens are trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.adapters.fit import fit_adapter
from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.packing import Sequences, interleave_rows
from adapter_core.adapters.fitting.questions import QuestionRow, pack_question_rows, question_rows
from adapter_core.adapters.fitting.windows import encode
from adapter_core.models.loading import load_model
from adapter_core.models.sources import resolve

from ..models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures

SOURCE = '''
class Box:
    """A rectangle with sides along the axes. It may be empty.

    Longer text.
    """

    width = 1

    @property
    def area(self):
        """Multiply the ``width`` by the :attr:`height`, in square units."""
        # Sides are measured in whole units, so that
        # nothing is rounded. Ever.
        result = self.width * self.height
        return result

    def short(self):
        """Too short."""
        return 1

    def nothing(self):
        """This one has nothing but what it says of itself."""


def test_boxes_of_no_width_are_empty():
    # x = Box()
    box = Box()
    assert not box.area
'''


def test_docstrings_comments_and_tests() -> None:
    rows = question_rows({"shapes/box.py": SOURCE})
    assert [(row.kind, row.question) for row in rows] == [
        ("docstring", "A rectangle with sides along the axes"),
        ("docstring", "Multiply the width by the height, in square units"),
        ("comment", "Sides are measured in whole units, so that nothing is rounded"),
        ("test", "boxes of no width are empty"),
    ]
    places = {row.question.split()[0]: row.place for row in rows}
    assert places["Multiply"].startswith("    @property\n    def area(self):\n        # Sides are")
    assert "square units" not in places["Multiply"]
    assert places["Sides"] == "        result = self.width * self.height\n        return result"
    assert places["boxes"].startswith("    # x = Box()") or places["boxes"].startswith("    box = Box()")
    assert "test_boxes" not in places["boxes"]


def test_what_is_asked_twice_tells_no_place() -> None:
    other = 'def f(a):\n    """a rectangle with sides along the axes."""\n    return a\n'
    rows = question_rows({"a.py": SOURCE, "b.py": other, "broken.py": "def ("})
    assert "A rectangle with sides along the axes" not in [row.question for row in rows]


@pytest.fixture
def loaded(tiny_llama):  # noqa: F811
    return load_model(resolve(str(tiny_llama)), dtype="float32", device="cpu")


def rows(count: int) -> list[QuestionRow]:
    return [
        QuestionRow("docstring", f"{i}.py", f"what is the number {i} good for", f"def f{i}():\n    return {i}\n")
        for i in range(count)
    ]


def test_only_questions_count(loaded) -> None:
    tokens, asked = pack_question_rows(loaded.tokenizer, rows(40), 7, 96, 5, seed=1)
    again = pack_question_rows(loaded.tokenizer, rows(40), 7, 96, 5, seed=1)
    assert np.array_equal(tokens, again[0])
    assert np.array_equal(asked, again[1])
    assert tokens.shape == asked.shape == (5, 96)
    for own, mask in zip(tokens, asked, strict=True):
        starts = np.flatnonzero(mask[1:] & ~mask[:-1]) + 1
        assert len(starts) >= 1
        for start in starts:
            text = loaded.tokenizer.decode(own[start:].tolist())
            assert text.startswith("what is the number")
            assert loaded.tokenizer.decode(own[:start].tolist()).endswith("\n")
        assert (own[~mask] == 7).any()


def test_a_long_place_is_cut_at_its_end(loaded) -> None:
    long = QuestionRow("docstring", "a.py", "where does it begin", "begin here\n" + "x = 1\n" * 500)
    tokens, asked = pack_question_rows(loaded.tokenizer, [long], 0, 64, 9, seed=0)
    assert tokens.shape == (1, 64)
    assert asked[0, -1]
    assert loaded.tokenizer.decode(tokens[0].tolist()[1:]).startswith("begin here")
    assert loaded.tokenizer.decode(tokens[0][asked[0]].tolist()) == "where does it begin"
    assert pack_question_rows(loaded.tokenizer, [], 0, 64, 9, seed=0)[0].shape == (0, 64)


@given(st.integers(0, 20), st.integers(0, 20), st.floats(0, 1), st.integers(1, 30), st.integers(1, 3))
def test_weaving(texts: int, asked: int, share: float, steps: int, batch: int) -> None:
    text = np.arange(texts)[:, None].repeat(2, 1)
    of_rows = Sequences(-1 - np.arange(asked)[:, None].repeat(2, 1), np.zeros((asked, 2), bool))
    options = FitOptions(questions=share, steps=steps, batch=batch, length=2)
    found = interleave_rows(text, of_rows, options)
    available = texts // batch + (asked // batch if share else 0)
    assert len(found) == batch * min(steps, available)
    assert (found.loss_mask[:, 0] == (found.tokens[:, 0] >= 0)).all()
    for own, kind in ((found.tokens[found.loss_mask[:, 0], 0], 1), (found.tokens[~found.loss_mask[:, 0], 0], -1)):
        assert (np.diff(own) == kind).all()  # each in its order, none twice
    if steps <= min(texts // batch, asked // batch):
        assert abs((~found.loss_mask[:, 0]).sum() / batch - share * steps) <= 1


def test_training_on_questions_makes_them_likelier(loaded) -> None:
    options = FitOptions(rank=2, steps=12, batch=2, length=64, warm_up=2, rate=1e-2, questions=1.0)
    files = {"a.py": encode(loaded.tokenizer, ["def overlaps(self, other): return self.start <= other.end\n" * 40])[0]}
    fitted = fit_adapter(loaded, files, options, rows=rows(200))
    assert fitted.losses[-1] < fitted.losses[0] - 0.3
    mixed = fit_adapter(loaded, files, replace(options, questions=0.5), rows=rows(200))
    assert mixed.data != fitted.data
    assert mixed.data != fit_adapter(loaded, files, replace(options, questions=0.0), rows=rows(200)).data
