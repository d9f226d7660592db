"""What a mixture adds to each weight, held against the formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.deltas import (
    build_per_layer_deltas,
    decompose_delta,
    delta_norm,
    scale_factors,
    truncate_rank,
)
from adapter_core.errors import AdapterError
from tests.adapters.models import random_adapter

SHAPES = {"q_proj": (12, 8), "v_proj": (4, 8), "up_proj": (20, 8), "down_proj": (8, 20)}
BASE = random_adapter(SHAPES, rank=3, seed=1, alpha=6.0)
SUB = random_adapter(SHAPES, rank=2, seed=2, alpha=1.0)


def delta(layer, target) -> np.ndarray:
    return layer[target].up.astype(np.float64) @ layer[target].down


def test_the_formula():
    mixed = build_per_layer_deltas(
        BASE, SUB, alpha_star=5.0, g_sub=0.3, rank=4, target_weights={"q_proj": 0.5}, layer_multipliers=[1.0, 2.0]
    )
    for i, layer in enumerate(mixed):
        for target in SHAPES:
            expected = 5 / 4 * (0.7 * delta(BASE.layers[i], target) + 0.3 * delta(SUB.layers[i], target))
            expected *= (0.5 if target == "q_proj" else 1.0) * (1.0, 2.0)[i]
            np.testing.assert_allclose(delta(layer, target), expected, atol=1e-6)


def test_scales_of_their_own():
    mixed = build_per_layer_deltas(BASE, SUB, g_sub=0.25)
    expected = 0.75 * 2.0 * delta(BASE.layers[1], "v_proj") + 0.25 * 0.5 * delta(SUB.layers[1], "v_proj")
    np.testing.assert_allclose(delta(mixed[1], "v_proj"), expected, atol=1e-6)
    plain = build_per_layer_deltas(BASE.layers)
    np.testing.assert_allclose(delta(plain[0], "v_proj"), delta(BASE.layers[0], "v_proj"), atol=1e-6)


def test_one_adapter_alone_counts_in_full():
    for given_base, given_sub in ((BASE, None), (None, BASE)):
        mixed = build_per_layer_deltas(given_base, given_sub, g_sub=0.3)
        np.testing.assert_allclose(delta(mixed[0], "q_proj"), 2.0 * delta(BASE.layers[0], "q_proj"), atol=1e-6)
    assert build_per_layer_deltas(None) == ()


def test_what_one_of_two_lacks_counts_as_zero():
    sub = Adapter(tuple({"q_proj": layer["q_proj"]} for layer in SUB.layers), SUB.rank, SUB.alpha)
    mixed = build_per_layer_deltas(BASE, sub, g_sub=0.3)
    assert set(mixed[0]) == set(SHAPES)
    np.testing.assert_allclose(delta(mixed[0], "v_proj"), 0.7 * 2.0 * delta(BASE.layers[0], "v_proj"), atol=1e-6)


def test_biases():
    bias = np.arange(4, dtype=np.float32)
    layer = {"v_proj": Factors(BASE.layers[0]["v_proj"].down, BASE.layers[0]["v_proj"].up, bias)}
    mixed = build_per_layer_deltas([layer], [layer], g_sub=0.5, beta=0.1, target_weights={"v_proj": 2.0})
    np.testing.assert_allclose(mixed[0]["v_proj"].bias, 0.2 * bias, atol=1e-6)
    assert build_per_layer_deltas(BASE)[0]["v_proj"].bias is None


def test_ablations_and_weights_of_zero():
    assert set(build_per_layer_deltas(BASE, ablate=["attn"])[0]) == {"up_proj", "down_proj"}
    assert set(build_per_layer_deltas(BASE, ablate=["mlp", "q_proj"])[0]) == {"v_proj"}
    assert set(build_per_layer_deltas(BASE, target_weights={"up_proj": 0})[0]) == set(SHAPES) - {"up_proj"}
    first, second = build_per_layer_deltas(BASE, layer_multipliers=[0, 1])
    assert (set(first), set(second)) == (set(), set(SHAPES))


def test_what_is_kept_of_a_target():
    keep = {"q_proj": 1, "up_proj": 0, "down_proj": 99}
    first, second = build_per_layer_deltas(
        BASE, per_target_keep=keep, per_target_keep_layers=[None, {"q_proj": 2, "v_proj": 1}]
    )
    assert {t: f.rank for t, f in first.items()} == {"q_proj": 1, "v_proj": 3, "up_proj": 0, "down_proj": 3}
    assert {t: f.rank for t, f in second.items()} == {"q_proj": 1, "v_proj": 1, "up_proj": 0, "down_proj": 3}
    # Nothing of rank 1 is nearer: what is lost is the rest of the singular values.
    whole = 2.0 * delta(BASE.layers[0], "q_proj")
    lost = np.linalg.norm(whole - delta(first, "q_proj"))
    assert lost == pytest.approx(np.sqrt((np.linalg.svd(whole)[1][1:] ** 2).sum()), rel=1e-4)


@pytest.mark.parametrize("budget", [0, 1, 7, 15, 1000])
def test_the_rank_budget_goes_to_the_largest_singular_values(budget):
    mixed = build_per_layer_deltas(BASE, rank_budget=budget)
    kept = sorted(v for layer in mixed for f in layer.values() for v in decompose_delta(f)[1].tolist() if v > 1e-7)
    of_all = sorted(
        v for layer in build_per_layer_deltas(BASE) for f in layer.values() for v in decompose_delta(f)[1].tolist()
    )
    np.testing.assert_allclose(kept, of_all[max(len(of_all) - budget, 0) :], rtol=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    rank=st.integers(1, 12),
    keep=st.integers(0, 12),
    seed=st.integers(0, 99),
)
def test_factors_are_decomposed_without_the_whole(rows, columns, rank, keep, seed):
    rng = np.random.default_rng(seed)
    factors = Factors(rng.standard_normal((rank, columns)), rng.standard_normal((rows, rank)))
    whole = factors.up @ factors.down
    left, values, right = decompose_delta(factors)
    np.testing.assert_allclose(left * values @ right, whole, atol=1e-9)
    assert delta_norm(factors) == pytest.approx(np.linalg.norm(whole), abs=1e-6)
    assert delta_norm(scale_factors(factors, -0.5)) == pytest.approx(0.5 * np.linalg.norm(whole), abs=1e-5)
    kept = truncate_rank(factors, keep)
    assert kept.shape == factors.shape
    best = np.linalg.svd(whole)[1][keep:]
    assert np.linalg.norm(whole - kept.up @ kept.down) <= np.sqrt((best**2).sum()) + 1e-5


def test_adapters_of_different_models():
    with pytest.raises(AdapterError, match="more layers"):
        build_per_layer_deltas(BASE, random_adapter(SHAPES, layers=3))
    with pytest.raises(AdapterError, match=r"q_proj has the shapes \(12, 8\) and \(12, 9\)"):
        build_per_layer_deltas(BASE, random_adapter({"q_proj": (12, 9)}))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none(bad):
    up = np.ones((4, 2), np.float32)
    up[1, 1] = bad
    with pytest.raises(AdapterError, match="no number"):
        build_per_layer_deltas([{"v_proj": Factors(np.ones((2, 8), np.float32), up)}])


@pytest.mark.parametrize(
    "options",
    [{"g_sub": 1.1}, {"g_sub": float("nan")}, {"alpha_star": float("inf")}, {"rank": 0, "alpha_star": 1}, {"layer_multipliers": [1]},
     {"per_target_keep": {"q_proj": -1}}, {"rank_budget": -1}],
)  # fmt: skip
def test_arguments_out_of_range(options):
    with pytest.raises(ValueError):  # noqa: PT011 - any of several sentences
        build_per_layer_deltas(BASE, SUB, **options)


def test_factors_that_do_not_fit_together():
    with pytest.raises(ValueError, match="do not fit"):
        Factors(np.ones((2, 3)), np.ones((4, 3)))
    with pytest.raises(ValueError, match="bias does not fit"):
        Factors(np.ones((2, 3)), np.ones((4, 2)), np.ones(3))
