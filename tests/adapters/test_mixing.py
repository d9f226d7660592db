"""Adapters on a model and off again: what they add, and that nothing of them is left."""

from __future__ import annotations

import gc
import itertools
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.mixing import register_hook_mixed_adapters
from adapter_core.adapters.options import CAP_VARIABLE
from adapter_core.adapters.targets import infer_target_shapes, layout_of
from adapter_core.errors import AdapterError, UsageError
from tests.adapters.models import FAMILIES, assert_same_bits, ids, logits, random_adapter, tiny, weights

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

DTYPES = ("float32", "bfloat16")
LOOSE = 99.0  # a cap that caps nothing


def adapter_for(model, seed: int = 0, **options) -> Adapter:
    return random_adapter(infer_target_shapes(model), seed=seed, **options)


def weight_of(model, layer: int, target: str):
    """The rows of a target's weight as (d_out, d_in), float64, whichever way the model keeps them."""
    layout = layout_of(model)
    site = layout.sites[layer][target]
    weight = model.get_submodule(f"{layout.blocks}.{layer}.{site.path}").weight.double()
    return (weight.T if site.transposed else weight)[site.start : site.stop]


def delta_of(adapter: Adapter, layer: int, target: str):
    factors = adapter.layers[layer][target]
    return adapter.scale * torch.from_numpy(factors.up.astype(np.float64) @ factors.down)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_target_gets_its_delta_and_nothing_else_changes(family):
    model = tiny(family)
    before, targets = weights(model), infer_target_shapes(model)
    plain = {(i, t): weight_of(model, i, t).clone() for i in range(2) for t in targets}
    adapter = adapter_for(model)
    for changed in targets:
        one = Adapter(tuple({changed: layer[changed]} for layer in adapter.layers), adapter.rank, adapter.alpha)
        with register_hook_mixed_adapters(model, one, delta_cap=LOOSE):
            for (layer, target), weight in plain.items():
                expected = weight + delta_of(adapter, layer, target) if target == changed else weight
                torch.testing.assert_close(weight_of(model, layer, target), expected, rtol=0, atol=1e-6)
        assert_same_bits(model, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", ["merge", "hook"])
@pytest.mark.parametrize("family", FAMILIES)
def test_on_and_off(family, backend, dtype):
    model = tiny(family, dtype)
    before, answers = weights(model), logits(model)
    adapter = adapter_for(model)
    mixed = register_hook_mixed_adapters(
        model, adapter, adapter_for(model, 1), g_sub=0.3, backend=backend, delta_cap=LOOSE
    )
    assert mixed.backend == backend
    assert not torch.equal(logits(model), answers)
    if backend == "hook":
        assert_same_bits(model, before)
    mixed.remove()
    assert_same_bits(model, before)
    assert torch.equal(logits(model), answers)
    mixed.remove()
    assert_same_bits(model, before)


@pytest.mark.parametrize("family", FAMILIES)
def test_both_backends_say_the_same(family):
    model = tiny(family)
    adapter = adapter_for(model)
    said = []
    for backend in ("merge", "hook"):
        with register_hook_mixed_adapters(model, adapter, backend=backend, delta_cap=LOOSE) as mixed:
            said.append((logits(model), mixed.delta_norms))
    torch.testing.assert_close(said[0][0], said[1][0], rtol=1e-4, atol=1e-4)
    assert said[0][1] == said[1][1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "phi3", "gpt2"])
def test_nested_and_taken_off_in_any_order(family, dtype):
    model = tiny(family, dtype)
    before = weights(model)
    adapters = [adapter_for(model, seed) for seed in range(3)]
    # What is there with only the second and third on it, as if the first had never been.
    with register_hook_mixed_adapters(model, adapters[1]), register_hook_mixed_adapters(model, adapters[2]):
        without_first = weights(model)
    for order in itertools.permutations(range(3)):
        handles = [register_hook_mixed_adapters(model, adapter) for adapter in adapters]
        handles[order[0]].remove()
        if order[0] == 0:
            assert_same_bits(model, without_first)
        handles[order[1]].remove()
        with register_hook_mixed_adapters(model, adapters[order[2]]):
            pass
        handles[order[2]].remove()
        assert_same_bits(model, before)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["merge", "hook", "auto"])), max_size=12))
def test_after_any_sequence_the_weights_are_those_of_what_is_on(steps):
    """Putting on and taking off in any order equals putting on, in order, what is left."""
    model = tiny("phi3", "bfloat16", layers=1)
    before = weights(model)
    shapes = infer_target_shapes(model)
    adapters = [random_adapter(shapes, layers=1, seed=seed) for seed in range(4)]
    on: dict[int, tuple[object, str]] = {}
    for number, backend in steps:
        if number in on:
            on.pop(number)[0].remove()
        else:
            on[number] = register_hook_mixed_adapters(model, adapters[number], backend=backend), backend
    reached = weights(model)
    left = {number: backend for number, (_, backend) in on.items()}
    for handle, _ in on.values():
        handle.remove()
    assert_same_bits(model, before)
    handles = [
        register_hook_mixed_adapters(model, adapters[number], backend=backend) for number, backend in left.items()
    ]
    assert_same_bits(model, reached)
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_exception_while_it_is_on(dtype):
    model = tiny("llama", dtype)
    before = weights(model)
    with pytest.raises(KeyboardInterrupt), register_hook_mixed_adapters(model, adapter_for(model)):
        raise KeyboardInterrupt
    assert_same_bits(model, before)


@pytest.mark.parametrize("on_before", [False, True])
@pytest.mark.parametrize("fails_at", [0, 5, 13])
def test_an_exception_while_it_is_put_on(monkeypatch, fails_at, on_before):
    """The memory runs out, or Ctrl-C comes, between two layers."""
    from adapter_core.adapters import snapshot

    model = tiny("llama", "bfloat16")
    before, answers = weights(model), logits(model)
    handle = register_hook_mixed_adapters(model, adapter_for(model, 1)) if on_before else None
    with_one = weights(model)
    merged, calls = snapshot._merged, itertools.count()

    def failing(*arguments):
        if next(calls) == fails_at:
            raise RuntimeError("out of memory")
        return merged(*arguments)

    monkeypatch.setattr(snapshot, "_merged", failing)
    with pytest.raises(RuntimeError, match="out of memory"):
        register_hook_mixed_adapters(model, adapter_for(model))
    monkeypatch.setattr(snapshot, "_merged", merged)
    assert_same_bits(model, with_one)
    if handle is not None:
        handle.remove()
    assert_same_bits(model, before)
    assert torch.equal(logits(model), answers)


@pytest.mark.parametrize("fails_at", [0, 3, 13])
def test_an_interrupt_while_weights_are_exchanged(monkeypatch, fails_at):
    from adapter_core.adapters import snapshot

    model = tiny("llama")
    before = weights(model)
    calls = itertools.count()

    class Interrupted(snapshot._PatchedParameter):
        @property
        def merged(self):
            if next(calls) == fails_at:
                raise KeyboardInterrupt
            return self.kept

        @merged.setter
        def merged(self, tensor):
            self.kept = tensor

    monkeypatch.setattr(snapshot, "_PatchedParameter", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        register_hook_mixed_adapters(model, adapter_for(model))
    monkeypatch.undo()
    assert_same_bits(model, before)
    with register_hook_mixed_adapters(model, adapter_for(model)):
        pass
    assert_same_bits(model, before)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("fails_at", [0, 3, 13])
def test_an_interrupt_while_it_is_taken_off(monkeypatch, fails_at, nested):
    """Ctrl-C at the end of a `with`: nobody is left who could take it off later."""
    from adapter_core.adapters import snapshot

    model = tiny("llama", "bfloat16")
    before = weights(model)
    other = register_hook_mixed_adapters(model, adapter_for(model, 1)) if nested else None
    with_other = weights(model)
    same, calls = snapshot._not_moved, itertools.count()

    def interrupted(*arguments):
        if next(calls) == fails_at:
            raise KeyboardInterrupt
        return same(*arguments)

    with pytest.raises(KeyboardInterrupt), register_hook_mixed_adapters(model, adapter_for(model)):
        monkeypatch.setattr(snapshot, "_not_moved", interrupted)
    monkeypatch.undo()
    assert_same_bits(model, with_other)
    if other is not None:
        other.remove()
    assert_same_bits(model, before)
    with register_hook_mixed_adapters(model, adapter_for(model)):
        pass
    assert_same_bits(model, before)


def test_a_wrong_adapter_leaves_no_hook_behind():
    model = tiny("llama")
    before, answers = weights(model), logits(model)
    good = adapter_for(model)
    wrong = Adapter((good.layers[0], {**good.layers[1], "down_proj": good.layers[1]["up_proj"]}), good.rank, good.alpha)
    for backend in ("merge", "hook"):
        with pytest.raises(AdapterError, match=r"down_proj is of shape \(56, 32\), the model's of \(32, 56\)"):
            register_hook_mixed_adapters(model, wrong, backend=backend)
    with pytest.raises(AdapterError, match="3 layers, and this one has 2"):
        register_hook_mixed_adapters(model, random_adapter(infer_target_shapes(model), layers=3))
    with pytest.raises(AdapterError, match="no gate_proj"):
        register_hook_mixed_adapters(tiny("gpt2"), random_adapter({"gate_proj": (128, 32)}))
    assert_same_bits(model, before)
    assert torch.equal(logits(model), answers)
    assert not any(module._forward_hooks for module in model.modules())


def test_the_cap():
    model = tiny("phi3")
    before = {t: weight_of(model, 0, t).clone() for t in infer_target_shapes(model)}
    with register_hook_mixed_adapters(model, adapter_for(model, size=5.0), delta_cap=0.05) as mixed:
        assert mixed.capped == 14
        for target, weight in before.items():
            share = float((weight_of(model, 0, target) - weight).norm() / weight.norm())
            assert share == pytest.approx(0.05, rel=1e-3)
        assert mixed.delta_norms == pytest.approx(dict.fromkeys(before, 0.05))
    with register_hook_mixed_adapters(model, adapter_for(model, size=1e-4), delta_cap=0.05) as mixed:
        assert mixed.capped == 0
        assert all(0 < norm < 0.05 for norm in mixed.delta_norms.values())


def test_the_cap_of_one_does_not_see_the_other():
    model = tiny("llama")
    alone = register_hook_mixed_adapters(model, adapter_for(model), delta_cap=0.05)
    second = register_hook_mixed_adapters(model, adapter_for(model), delta_cap=0.05)
    assert second.delta_norms == alone.delta_norms
    alone.remove()
    second.remove()


def test_the_cap_follows_weights_that_change():
    model = tiny("llama")
    adapter = adapter_for(model)

    def norm() -> float:
        with register_hook_mixed_adapters(model, adapter, delta_cap=LOOSE) as mixed:
            return mixed.delta_norms["o_proj"]

    before = norm()
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(2)
    assert norm() == pytest.approx(before / 2)
    model.double()
    assert norm() == pytest.approx(before / 2)


def test_the_cap_of_the_environment(monkeypatch):
    model = tiny("llama")
    adapter = adapter_for(model, size=5.0)

    def norm(**options) -> float:
        with register_hook_mixed_adapters(model, adapter, **options) as mixed:
            return mixed.delta_norms["q_proj"]

    assert norm() == pytest.approx(0.1)
    monkeypatch.setenv(CAP_VARIABLE, "0.02")
    assert norm() == pytest.approx(0.02)
    assert norm(delta_cap=0.03) == pytest.approx(0.03)
    assert norm(delta_cap=0) == 0
    for wrong in ("much", "-1", "nan"):
        monkeypatch.setenv(CAP_VARIABLE, wrong)
        with pytest.raises(UsageError, match=CAP_VARIABLE):
            norm()


def test_norms_for_telemetry():
    model = tiny("gpt2")
    adapter = adapter_for(model)
    one = Adapter(({}, {"k_proj": adapter.layers[1]["k_proj"]}), adapter.rank, adapter.alpha)
    weight = weight_of(model, 1, "k_proj").clone()
    with register_hook_mixed_adapters(model, one, delta_cap=LOOSE) as mixed:
        expected = float(delta_of(one, 1, "k_proj").norm() / weight.norm())
        assert mixed.delta_norms == pytest.approx({"k_proj": expected}, rel=1e-4)
        assert mixed.layer_norms["k_proj"] == pytest.approx((0.0, expected), rel=1e-4)
        assert [*mixed] == [mixed]


@pytest.mark.parametrize("backend", ["merge", "hook"])
def test_biases_pass_beside_the_weights(backend):
    model = tiny("phi3")
    before, answers = weights(model), logits(model)
    zero = Factors(np.zeros((1, 32), np.float32), np.zeros((16, 1), np.float32), np.ones(16, np.float32))
    layout = layout_of(model)
    module = model.get_submodule(f"{layout.blocks}.0.self_attn.qkv_proj")
    x = torch.ones(1, 32)
    plain = module(x)
    with register_hook_mixed_adapters(model, [{"k_proj": zero}, {}], beta=0.5, backend=backend):
        difference = module(x) - plain
        torch.testing.assert_close(difference[0, 32:48], torch.full((16,), 0.5), rtol=0, atol=1e-6)
        assert not difference[0, :32].any()
        assert not difference[0, 48:].any()
    assert_same_bits(model, before)
    assert torch.equal(logits(model), answers)


class Int8Linear(torch.nn.Module):
    """Rows of 8-bit integers with a scale each."""

    def __init__(self, linear):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        scale = linear.weight.abs().amax(1, keepdim=True) / 127
        self.weight = torch.nn.Parameter((linear.weight / scale).round().to(torch.int8), requires_grad=False)
        self.scale = torch.nn.Parameter(scale, requires_grad=False)

    def forward(self, x):
        return torch.nn.functional.linear(x, self.weight.to(x.dtype) * self.scale)


@pytest.mark.parametrize("family", ["llama", "phi3"])
def test_weights_of_integers_take_a_side_path(family):
    model = tiny(family)
    adapter = adapter_for(model)
    with register_hook_mixed_adapters(model, adapter, delta_cap=LOOSE) as mixed:
        exact = mixed.delta_norms
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear) and name != "lm_head":
                setattr(module, name, Int8Linear(child))
    before, answers = weights(model), logits(model)
    assert infer_target_shapes(model) == infer_target_shapes(tiny(family))
    with pytest.raises(AdapterError, match="no floats"):
        register_hook_mixed_adapters(model, adapter, backend="merge")
    with register_hook_mixed_adapters(model, adapter, delta_cap=LOOSE) as mixed:
        assert mixed.backend == "hook"
        assert not torch.equal(logits(model), answers)
        # The norm of the weight is estimated, from what it makes of random numbers.
        assert mixed.delta_norms == pytest.approx(exact, rel=0.25)
    assert_same_bits(model, before)
    assert torch.equal(logits(model), answers)


def test_a_model_that_is_moved_while_an_adapter_is_on():
    model = tiny("llama", "bfloat16")
    plain = {name: tensor.float() for name, tensor in weights(model).items()}
    first = register_hook_mixed_adapters(model, adapter_for(model))
    second = register_hook_mixed_adapters(model, adapter_for(model, 1), backend="hook")
    model.float()
    logits(model)
    first.remove()
    second.remove()
    assert_same_bits(model, plain)


def test_memory_is_used_again_within_a_limit(monkeypatch):
    from adapter_core.adapters import snapshot

    model = tiny("llama")
    weight = model.model.layers[0].mlp.up_proj.weight

    def merged_at() -> int:
        with register_hook_mixed_adapters(model, adapter_for(model)):
            return weight.data_ptr()

    pristine, first = weight.data_ptr(), merged_at()
    assert first == merged_at() != pristine
    with register_hook_mixed_adapters(model, adapter_for(model)):
        nested = register_hook_mixed_adapters(model, adapter_for(model, 1))
        assert weight.data_ptr() not in (pristine, first)
        nested.remove()
    assert weight.data_ptr() == pristine
    monkeypatch.setattr(snapshot, "SPARE_BYTES", 0)
    merged_at()
    assert weight not in snapshot.REGISTRY._spares


def test_numbers_that_overflow_when_they_are_added_up_are_refused():
    model = tiny("llama")
    before = weights(model)
    for size in (1e15, 1e19, 1e30):
        rng = np.random.default_rng(0)
        up = (rng.standard_normal((32, 2)) * size).astype(np.float32)
        huge = Adapter(({"q_proj": Factors(rng.standard_normal((2, 32)).astype(np.float32), up)}, {}), 2, 2.0)
        if size < 1e19:
            with register_hook_mixed_adapters(model, huge, delta_cap=0.1) as mixed:
                assert mixed.delta_norms["q_proj"] <= 0.1 + 1e-6
        else:
            with pytest.raises(AdapterError, match="too large"):
                register_hook_mixed_adapters(model, huge, delta_cap=0.1)
        assert_same_bits(model, before)


def test_part_of_a_model_and_the_whole_share_their_weights():
    model = tiny("llama")
    before = weights(model)
    outer = register_hook_mixed_adapters(model, adapter_for(model))
    inner = register_hook_mixed_adapters(model.model, adapter_for(model, 1))
    outer.remove()
    inner.remove()
    assert_same_bits(model, before)


def test_it_can_be_trained_after_inference_mode():
    model = tiny("llama")
    with torch.inference_mode():
        mixed = register_hook_mixed_adapters(model, adapter_for(model))
    model.model.embed_tokens.weight.requires_grad_(True)
    model(input_ids=ids()).logits.sum().backward()
    assert model.model.embed_tokens.weight.grad is not None
    mixed.remove()


def test_a_model_that_is_let_go_is_freed():
    from adapter_core.adapters import snapshot

    gc.collect()
    before = len(snapshot.REGISTRY._entries())
    for bias in (False, True):
        model = tiny("llama")
        adapter = adapter_for(model)
        if bias:
            adapter = Adapter(
                tuple(
                    {t: Factors(f.down, f.up, np.ones(len(f.up), np.float32)) for t, f in layer.items()}
                    for layer in adapter.layers
                ),
                adapter.rank,
                adapter.alpha,
            )
        register_hook_mixed_adapters(model, adapter)
        layer = model.model.layers[0].self_attn.q_proj
        assert len(snapshot.REGISTRY._entries()) > before
        gone = [weakref.ref(thing) for thing in (model, layer, layer.weight)]
        del model, layer
        gc.collect()
        assert [reference() for reference in gone] == [None, None, None]
        assert len(snapshot.REGISTRY._entries()) == before


def test_wrong_names():
    model = tiny("llama")
    with pytest.raises(UsageError, match="use one of auto, merge, hook"):
        register_hook_mixed_adapters(model, adapter_for(model), backend="local")
    with pytest.raises(UsageError, match="cannot be left out"):
        register_hook_mixed_adapters(model, adapter_for(model), ablate=["attention"])


def test_an_adapter_of_nothing():
    model = tiny("llama")
    before = weights(model)
    with register_hook_mixed_adapters(model, None) as mixed:
        assert mixed.delta_norms == {}
        assert_same_bits(model, before)


@pytest.mark.model
def test_the_embedded_model():
    from adapter_core.adapters.generator import generate_lora_from_embedding
    from adapter_core.errors import ModelMissingError
    from adapter_core.models.loading import load_model
    from adapter_core.models.sources import resolve

    try:
        source = resolve(None)
    except ModelMissingError as error:
        pytest.skip(str(error))
    loaded = load_model(source, device="cpu")
    model, shapes = loaded.model, infer_target_shapes(loaded.model)
    before = weights(model)
    config = model.config
    base, sub = (
        generate_lora_from_embedding(
            np.sin(np.arange(1536) + 1.0), config.hidden_size, config.num_hidden_layers, seed=seed, target_shapes=shapes
        )
        for seed in (0, 1)
    )
    given = torch.tensor([loaded.tokenizer("def overlaps(self, other):")["input_ids"]])
    with torch.inference_mode():
        plain = model(input_ids=given).logits
        outer = register_hook_mixed_adapters(model, base)
        inner = register_hook_mixed_adapters(model, base, sub, g_sub=0.5)
        outer.remove()
        assert not torch.equal(model(input_ids=given).logits, plain)
        inner.remove()
        assert torch.equal(model(input_ids=given).logits, plain)
    assert_same_bits(model, before)
