"""The deterministic generator: the same bits everywhere, and what each of its arguments does."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.deltas import delta_norm
from adapter_core.adapters.generator import generate_lora_from_embedding, generate_lora_from_embedding_torch
from adapter_core.adapters.options import LAYER_GATES

SHAPES = {"q_proj": (24, 16), "k_proj": (8, 16), "gate_proj": (40, 16), "up_proj": (40, 16), "down_proj": (16, 40)}


def embedding(seed: int = 0, size: int = 64) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(size).astype(np.float32)


def generate(z: np.ndarray, **options) -> Adapter:
    options = {"target_shapes": SHAPES, **options}
    return generate_lora_from_embedding(z, 16, 3, **options)


def digest(adapter: Adapter) -> str:
    found = hashlib.sha256()
    for layer in adapter.layers:
        for target in sorted(layer):
            for array in (layer[target].down, layer[target].up):
                found.update(array.astype("<f4").tobytes())
    return found.hexdigest()[:16]


def norms(adapter: Adapter, target: str) -> list[float]:
    return [delta_norm(layer[target]) for layer in adapter.layers]


def cosine(a: Adapter, b: Adapter) -> float:
    """Of all deltas together."""
    flat = [np.concatenate([(f.up @ f.down).ravel() for layer in x.layers for f in layer.values()]) for x in (a, b)]
    return float(flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1]))


def test_the_same_bytes_on_every_platform():
    """If this fails, saved embeddings and adapters no longer belong together: raise `generator.VERSION`."""
    z = (np.arange(64) - 20) / 32
    assert digest(generate(z)) == "13fe4c9f31fb5cf1"
    assert digest(generate(z, rounded=False, layer_gate="hump", rank=3, seed=5, map_cap=0.2)) == "aa9d53c0d21a66a7"


def test_shapes_rank_and_scale():
    adapter = generate(embedding(), rank=5)
    assert (adapter.rank, adapter.scale, len(adapter.layers)) == (5, 1.0, 3)
    for layer in adapter.layers:
        assert {target: factors.shape for target, factors in layer.items()} == SHAPES
        assert all(f.rank == 5 and f.up.dtype == f.down.dtype == np.float32 and f.bias is None for f in layer.values())


def test_without_shapes_targets_are_square():
    adapter = generate_lora_from_embedding(embedding(), 16, 2, targets=["v_proj"])
    assert {t: f.shape for t, f in adapter.layers[0].items()} == {"v_proj": (16, 16)}


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    rank=st.integers(1, 6),
    gate=st.sampled_from(LAYER_GATES),
    rounded=st.booleans(),
    cap=st.just(0.0) | st.floats(0.01, 2),
)
def test_the_torch_twin_has_the_same_numbers(seed, rank, gate, rounded, cap):
    torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
    z = embedding(seed)
    options = {"rank": rank, "seed": seed, "layer_gate": gate, "rounded": rounded, "map_cap": cap, "learn_bias": True}
    ours = generate(z, **options)
    theirs = generate_lora_from_embedding_torch(torch.from_numpy(z), 16, 3, target_shapes=SHAPES, **options)
    for layer, twin in zip(ours.layers, theirs, strict=True):
        assert list(layer) == list(twin)
        for target, factors in layer.items():
            for name in ("down", "up", "bias"):
                np.testing.assert_allclose(getattr(factors, name), twin[target][name].numpy(), rtol=0, atol=1e-6)
            assert delta_norm(factors) <= cap


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1e-30, 1e30), seed=st.integers(0, 100))
def test_the_length_of_the_embedding_does_not_matter(factor, seed):
    z = embedding(seed).astype(np.float64)
    ours, scaled = generate(z), generate(z * factor)
    for layer, other in zip(ours.layers, scaled.layers, strict=True):
        for target in layer:
            np.testing.assert_allclose(layer[target].up, other[target].up, rtol=2e-3, atol=2e-5)
            np.testing.assert_array_equal(layer[target].down, other[target].down)


def test_an_embedding_of_zeros_gives_a_delta_of_zeros():
    assert all(norm == 0 for target in SHAPES for norm in norms(generate(np.zeros(64)), target))


def test_other_embeddings_and_seeds_give_other_deltas():
    ours = generate(embedding(1))
    assert cosine(ours, generate(embedding(1))) == pytest.approx(1)
    assert abs(cosine(ours, generate(embedding(2)))) < 0.5
    assert abs(cosine(ours, generate(embedding(1), seed=1))) < 0.3
    assert cosine(ours, generate(-embedding(1), layer_gate="linear")) < -0.5


def test_each_target_takes_its_own_segment():
    z = embedding()
    changed = z.copy()
    changed[-12:] = -changed[-12:]  # the segment of down_proj, the last of five targets
    before, after = generate(z, layer_gate="linear"), generate(changed, layer_gate="linear")
    for target in SHAPES:
        same = all(np.array_equal(a[target].up, b[target].up) for a, b in zip(before.layers, after.layers, strict=True))
        assert same == (target != "down_proj")


def test_gate_and_up_read_the_same_directions():
    for layer in generate(embedding()).layers:
        assert np.array_equal(layer["gate_proj"].down, layer["up_proj"].down)
        assert not np.array_equal(layer["gate_proj"].up, layer["up_proj"].up)
        assert not np.array_equal(layer["gate_proj"].down, layer["q_proj"].down)


def test_layer_gates():
    def total(gate: str) -> list[float]:
        # Without caps and over many components, what is left is the gate.
        adapter = generate_lora_from_embedding(
            embedding(3), 64, 5, rank=64, targets=["q_proj"], layer_gate=gate, map_cap=99
        )
        return norms(adapter, "q_proj")

    linear, cosine_, hump, mean = (total(g) for g in ("linear", "cosine", "hump", "zmean"))
    assert linear == sorted(linear)
    assert cosine_ == sorted(cosine_)
    assert cosine_[0] < linear[0]
    assert max(hump) == hump[2]
    assert max(hump[0], hump[4]) < min(hump[1:4])
    assert max(mean) < 3 * min(mean)


def test_weights_and_caps():
    plain = generate(embedding(), map_cap=99)
    weighted = generate(embedding(), map_cap=99, target_weights={"q_proj": 0.5, "k_proj": 0})
    for layer, other in zip(plain.layers, weighted.layers, strict=True):
        assert delta_norm(other["q_proj"]) == pytest.approx(0.5 * delta_norm(layer["q_proj"]), rel=1e-2)
        assert delta_norm(other["k_proj"]) == 0
        assert np.array_equal(other["down_proj"].up, layer["down_proj"].up)
    largest = max(norms(plain, "q_proj"))
    capped = generate(embedding(), map_cap=largest / 3)
    assert all(0.98 * largest / 3 < norm <= largest / 3 for norm in norms(capped, "q_proj") if norm > largest / 4)


def test_rounded_factors_fit_a_16_bit_float():
    for layer in generate(embedding()).layers:
        for factors in layer.values():
            assert np.array_equal(factors.up, factors.up.astype(np.float16).astype(np.float32))
            assert np.array_equal(factors.down, factors.down.astype(np.float16).astype(np.float32))
    exact = generate(embedding(), rounded=False).layers[0]["q_proj"].down
    assert not np.array_equal(exact, exact.astype(np.float16).astype(np.float32))


def test_learn_bias_adds_zeros():
    bias = generate(embedding(), learn_bias=True).layers[0]["gate_proj"].bias
    assert bias is not None
    assert bias.shape == (40,)
    assert not bias.any()


@pytest.mark.parametrize(
    ("z", "options"),
    [
        (embedding(), {"rank": 0}),
        (embedding(), {"layer_gate": "sine"}),
        (embedding(), {"targets": ["c_attn"]}),
        (embedding(), {"targets": []}),
        (embedding(), {"targets": ["o_proj"]}),
        (embedding(), {"map_cap": -1}),
        (embedding(), {"target_weights": {"q_proj": float("nan")}}),
        (np.array([1.0, np.nan] * 8), {}),
        (np.ones(3), {}),
        (np.ones(0), {}),
    ],
)
def test_what_is_out_of_range(z, options):
    with pytest.raises(ValueError):  # noqa: PT011 - any of several sentences
        generate(z, **options)
