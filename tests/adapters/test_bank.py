"""The bank: which adapters are near, and what their mixture is."""

from __future__ import annotations

import numpy as np
import pytest

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.bank import BankEntry, adapters_bank, load_embeddings, nearest, save_embeddings
from adapter_core.errors import AdapterError, AdapterFileError
from tests.adapters.models import random_adapter

SHAPES = {"q_proj": (6, 4), "up_proj": (10, 4)}
DIRECTIONS = {"north": [0, 1, 0], "east": [1, 0, 0], "north-east": [1, 1, 0], "south": [0, -1, 0]}


def entry(name: str, z, adapter: Adapter) -> BankEntry:
    return BankEntry(name, np.array(z, np.float32), lambda: adapter)


ADAPTERS = {name: random_adapter(SHAPES, seed=seed, rank=2, alpha=3.0) for seed, name in enumerate(DIRECTIONS)}
BANK = [entry(name, z, ADAPTERS[name]) for name, z in DIRECTIONS.items()]
NORTH = np.array([0.0, 2.0, 0.0])


def delta(adapter: Adapter, target: str = "q_proj") -> np.ndarray:
    factors = adapter.layers[1][target]
    return adapter.scale * factors.up.astype(np.float64) @ factors.down


def test_the_nearest_come_first():
    assert [(e.name, c) for e, c in nearest(BANK, NORTH, 4)] == [
        ("north", 1.0), ("north-east", pytest.approx(0.5**0.5)), ("east", 0.0), ("south", -1.0),
    ]  # fmt: skip
    assert [e.name for e, _ in nearest(BANK, np.zeros(3), 2)] == ["east", "north"]
    assert [e.name for e, _ in nearest(BANK[::-1], np.zeros(3), 2)] == ["east", "north"]
    with pytest.raises(ValueError, match="cannot be compared"):
        nearest(BANK, np.zeros(4), 2)


def test_concatenated_with_uniform_weights():
    mixture = adapters_bank(BANK, NORTH, mixture_m=3)
    assert (mixture.names, mixture.weights) == (("north", "north-east", "east"), pytest.approx((1 / 3,) * 3))
    assert mixture.adapter.rank == 6
    assert mixture.adapter.scale == pytest.approx(1.5)
    for target in SHAPES:
        expected = sum(delta(ADAPTERS[name], target) for name in mixture.names) / 3
        np.testing.assert_allclose(delta(mixture.adapter, target), expected, atol=1e-6)


def test_weighted_by_cosine():
    mixture = adapters_bank(BANK, NORTH, mixture_m=4, weighting="cosine")
    total = 1 + 0.5**0.5
    assert mixture.weights == pytest.approx((1 / total, 0.5**0.5 / total, 0, 0))
    expected = (delta(ADAPTERS["north"]) + 0.5**0.5 * delta(ADAPTERS["north-east"])) / total
    np.testing.assert_allclose(delta(mixture.adapter), expected, atol=1e-6)
    nothing_near = adapters_bank(BANK[3:], NORTH, mixture_m=4, weighting="cosine")
    assert (nothing_near.names, nothing_near.weights) == (("south",), (1.0,))


def test_ranks_and_scales_that_differ():
    big = random_adapter(SHAPES, seed=9, rank=5, alpha=1.0)
    only = Adapter(tuple({"q_proj": layer["q_proj"]} for layer in big.layers), 5, 1.0)
    mixture = adapters_bank([entry("a", [1, 0, 0], ADAPTERS["north"]), entry("b", [1, 0, 0], only)], NORTH)
    np.testing.assert_allclose(delta(mixture.adapter), 0.5 * (delta(ADAPTERS["north"]) + delta(only)), atol=1e-6)
    np.testing.assert_allclose(delta(mixture.adapter, "up_proj"), 0.5 * delta(ADAPTERS["north"], "up_proj"), atol=1e-6)
    with pytest.raises(AdapterError, match="differ in rank or scale"):
        adapters_bank([entry("a", [1, 0, 0], ADAPTERS["north"]), entry("b", [1, 0, 0], only)], NORTH, combine="average")


def test_averaged_factors_keep_the_rank():
    mixture = adapters_bank(BANK, NORTH, mixture_m=2, combine="average")
    assert (mixture.adapter.rank, mixture.adapter.alpha) == (2, 3.0)
    ups = [ADAPTERS[name].layers[0]["q_proj"].up for name in mixture.names]
    np.testing.assert_allclose(mixture.adapter.layers[0]["q_proj"].up, (ups[0] + ups[1]) / 2, atol=1e-7)


@pytest.mark.parametrize("order", [("north", "only"), ("only", "north")])
def test_factors_of_a_target_that_not_all_have_are_not_averaged(order):
    only = Adapter(tuple({"q_proj": layer["q_proj"]} for layer in ADAPTERS["east"].layers), 2, 3.0)
    adapters = {"north": ADAPTERS["north"], "only": only}
    entries = [entry(str(number), [1, 0, 0], adapters[name]) for number, name in enumerate(order)]
    with pytest.raises(AdapterError, match="up_proj at one rank"):
        adapters_bank(entries, NORTH, combine="average")


@pytest.mark.parametrize("combine", ["concat", "average"])
def test_biases_are_averaged(combine):
    def with_bias(name: str, bias: float) -> BankEntry:
        layers = tuple(
            {t: Factors(f.down, f.up, np.full(f.shape[0], bias, np.float32)) for t, f in layer.items()}
            for layer in ADAPTERS[name].layers
        )
        return entry(name, DIRECTIONS[name], Adapter(layers, 2, 3.0))

    mixture = adapters_bank([with_bias("north", 1.0), with_bias("east", 2.0)], NORTH, combine=combine)
    np.testing.assert_allclose(mixture.adapter.layers[0]["q_proj"].bias, np.full(6, 1.5), atol=1e-6)


def test_what_cannot_be_mixed():
    with pytest.raises(AdapterError, match="holds no adapter"):
        adapters_bank([], NORTH)
    other = entry("other", [0, 1, 0], random_adapter({"q_proj": (7, 4)}))
    with pytest.raises(AdapterError, match="several shapes"):
        adapters_bank([BANK[0], other], NORTH)
    longer = entry("longer", [0, 1, 0], random_adapter(SHAPES, layers=3))
    with pytest.raises(AdapterError, match="different models"):
        adapters_bank([BANK[0], longer], NORTH)
    for wrong in ({"mixture_m": 0}, {"weighting": "best"}, {"combine": "sum"}):
        with pytest.raises(ValueError, match="mixture_m"):
            adapters_bank(BANK, NORTH, **wrong)


def test_embeddings_on_disk(tmp_path):
    named = [(e.name, e.z) for e in BANK]
    save_embeddings(tmp_path / "a.npz", named)
    save_embeddings(tmp_path / "b.npz", named)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = load_embeddings(tmp_path / "a.npz")
    assert [name for name, _ in loaded] == list(DIRECTIONS)
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(named, loaded, strict=True))
    save_embeddings(tmp_path / "none.npz", [])
    assert load_embeddings(tmp_path / "none.npz") == []
    np.savez(tmp_path / "c.npz", z=np.ones(3))
    with pytest.raises(AdapterFileError, match="no bank"):
        load_embeddings(tmp_path / "c.npz")
