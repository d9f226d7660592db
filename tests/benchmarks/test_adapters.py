"""The measure itself: what is held out, what counts as a new line, what the controls are made of."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs what ./x setup installs")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import _adapter_table as bench
import adapter_reading as reading
from _adapter_data import PACKAGES, Repository, digest, names, new_lines, with_context
from _adapter_runs import cosine, mean_adapter, shared_files
from _memory_gate import fit_gate

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.fitting.split import BUILD, HELD_OUT
from adapter_core.adapters.fitting.windows import Window, encode
from adapter_core.adapters.remembering.gate import ContextStats, Gate, concatenate_stats

from ..models.conftest import tiny_tokenizer  # noqa: F401 - a fixture

TEXTS = {
    "a/one.py": "def area(width):\n    return width\n" * 40,
    "b/two.py": "class Router:\n    def match(self, request): pass\n" * 40,
    "c/held.py": "def area(width):\n    return width + 1\n\nx = 1\n",
}
PARTS = {"a/one.py": BUILD, "b/two.py": BUILD, "c/held.py": HELD_OUT}


@pytest.fixture
def repository(tiny_tokenizer) -> Repository:  # noqa: F811
    tokens = dict(zip(TEXTS, encode(tiny_tokenizer, list(TEXTS.values())), strict=True))
    return Repository("tiny", Path(), TEXTS, tokens, PARTS)


def adapter(seed: int, rank: int = 2) -> Adapter:
    draw = np.random.default_rng(seed)

    def factors() -> Factors:
        return Factors(draw.normal(size=(rank, 5)).astype("f4"), draw.normal(size=(4, rank)).astype("f4"))

    return Adapter(tuple({"q_proj": factors(), "up_proj": factors()} for _ in range(2)), rank, 2.0 * rank)


def delta(given: Adapter, block: int, target: str) -> np.ndarray:
    own = given.layers[block][target]
    return given.scale * own.up @ own.down


def test_packages_are_pinned_by_version_and_hash() -> None:
    lines = [line for line in PACKAGES.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    assert len(lines) == len(names()) >= 6
    assert all(" --hash=sha256:" in line for line in lines)


def test_the_mean_of_adapters_is_the_mean_of_their_deltas() -> None:
    some = [adapter(1), adapter(2), adapter(3, rank=3)]
    mean = mean_adapter(some)
    for block in range(2):
        for target in ("q_proj", "up_proj"):
            expected = sum(delta(a, block, target) for a in some) / 3
            assert delta(mean, block, target) == pytest.approx(expected, abs=1e-5)


def test_cosines_are_those_of_the_deltas() -> None:
    a, b = adapter(1), adapter(2)
    flat = [np.concatenate([delta(x, i, t).ravel() for i in range(2) for t in ("q_proj", "up_proj")]) for x in (a, b)]
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine(a, b) == pytest.approx(expected, abs=1e-6)
    assert cosine(a, a) == pytest.approx(1)


def test_new_lines_are_those_that_no_build_file_has(repository: Repository, tiny_tokenizer) -> None:  # noqa: F811
    tokens = repository.tokens["c/held.py"]
    ((mask, size),) = new_lines(repository, tiny_tokenizer, [Window("c/held.py", tokens, 1, 1)])
    text = tiny_tokenizer.decode(tokens[1:][mask].tolist())
    assert "return width + 1" in text
    assert "x = 1" in text
    assert "def" not in text
    assert size == len(text.encode())


def test_more_context_comes_from_build_files_and_is_not_scored(repository: Repository, tiny_tokenizer) -> None:  # noqa: F811
    tokens = repository.tokens["c/held.py"]
    window = Window("c/held.py", tokens[9:], 1, 7, start=9)
    longer = with_context(repository, tiny_tokenizer, window)
    assert longer.tokens[longer.first :].tolist() == window.tokens[1:].tolist()
    assert (longer.size, longer.start) == (7, 9)
    before = tiny_tokenizer.decode(longer.tokens[: longer.first - 1].tolist())
    assert "return width\n" in before
    assert "width + 1" not in before


def test_a_shared_adapter_sees_each_repository_equally(repository: Repository) -> None:
    large = Repository("large", Path(), TEXTS, {p: np.tile(t, 30) for p, t in repository.tokens.items()}, PARTS)
    found = shared_files([repository, large], 2000, 0)
    sizes = {name: sum(len(t) for p, t in found.items() if p.startswith(name)) for name in ("tiny", "large")}
    assert all("held" not in path for path in found)
    assert sizes["large"] <= 2 * 4096
    assert sizes["tiny"] == sum(len(repository.tokens[p]) for p in ("a/one.py", "b/two.py"))


def test_another_window_is_another_result() -> None:
    one = Window("a", np.arange(9, dtype=np.uint32), 1, 8)
    others = [Window("b", one.tokens, 1, 8), Window("a", one.tokens[1:], 1, 8), Window("a", one.tokens, 2, 8)]
    assert len({digest([w]) for w in [one, *others]}) == 4


def test_a_change_is_of_all_windows_together_with_an_interval_around_it() -> None:
    class Subject:
        windows = {f"{HELD_OUT} text": [Window("a", np.arange(3), 1, size) for size in (10, 30, 20)]}

    before = [np.array([-1.0, -1.0]), np.array([-3.0, -3.0]), np.array([-2.0, -2.0])]
    now = [0.9 * before[0], 0.8 * before[1], 0.9 * before[2]]
    value, low, high = bench.change(bench.TEXT, Subject(), now, before)  # type: ignore[arg-type]
    assert value == pytest.approx(-15)
    assert -20.01 < low < value < high < -9.99
    assert bench.rate(bench.TEXT, Subject(), before) == pytest.approx(12 / np.log(2) / 60)  # type: ignore[arg-type]


def test_the_first_right_span_decides_and_ties_keep_their_order() -> None:
    assert reading.reciprocal_rank([0.1, 0.9, 0.5], [True, False, True]) == 0.5
    assert reading.reciprocal_rank([1.0, 1.0], [False, True]) == 0.5
    assert reading.reciprocal_rank([1.0], [False]) == 0.0


def test_an_adapter_that_orders_better_gains() -> None:
    gold = (False, True, False)
    read = reading.Read((3.0, 2.0, 1.0), {reading.MODEL: (0.0, -1.0, -2.0), "adapter": (-1.0, 0.0, -2.0)}, gold)
    missed = reading.Read((1.0,), {reading.MODEL: (), "adapter": ()}, (False,))
    rows = {row["order"]: row for row in reading.table({"tiny": [read, missed]})}
    assert rows[reading.MODEL]["MRR"] == 0.25
    assert rows["adapter"]["MRR"] == 0.5
    assert rows["adapter"]["gain by the adapter"] == 0.25
    assert rows["lexical"]["MRR"] == 0.25
    assert (rows["lexical"]["questions"], rows["lexical"]["in the top 20"]) == (2, 1)


def test_a_gate_is_learned_from_what_helped() -> None:
    """Where the memory is right and the model is not, it is believed; where it is wrong, it is not."""
    shape = (400, 6)
    many, alone = np.full(shape, 4), np.full(400, -1.0)
    wrong = ContextStats(many, many, np.ones(shape), np.full(shape, -1.0), np.zeros(shape), alone, -alone)
    hit = (np.random.default_rng(0).random((400, 1)) < 0.9) * np.ones(shape)
    right = replace(wrong, shares=hit)
    chosen = np.full(400, -3.0)
    trusting, doubting = (fit_gate(concatenate_stats([known] * 20), np.tile(chosen, 20)) for known in (right, wrong))
    assert trusting.mix(right, chosen).sum() > Gate.fitted().mix(right, chosen).sum()
    assert np.prod(1 - trusting.of(wrong)[0]) < 0.2
    assert np.prod(1 - doubting.of(wrong)[0]) > 0.9
    assert len(concatenate_stats([wrong, right])) == 800
