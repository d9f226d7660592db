"""Looking into a model while it runs."""

from __future__ import annotations

import pytest

from adapter_core.errors import ModelError
from adapter_core.models.interpret import block_out_hook, get_W, is_block
from tests.adapters.models import FAMILIES, ids, tiny

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")


def blocks_of(model):
    return model.transformer.h if hasattr(model, "transformer") else model.model.layers


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks(family):
    model = tiny(family)
    assert [m for m in model.modules() if is_block(m, model)] == list(blocks_of(model))


def test_lists_that_are_no_blocks():
    model = tiny("llama")
    model.extra = torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(3))
    assert not is_block(model.extra[0], model)
    assert not is_block(model.lm_head, model)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_leaves_the_blocks(family):
    model = tiny(family)
    kept: list[torch.Tensor] = []
    handles = [b.register_forward_hook(block_out_hook(kept)) for b in blocks_of(model)]
    with torch.no_grad():
        told = model(input_ids=ids(), output_hidden_states=True)
        plain = model(input_ids=ids()).logits
    for handle in handles:
        handle.remove()
    assert len(kept) == 4
    assert torch.equal(kept[0], told.hidden_states[1])
    assert torch.equal(kept[2], kept[0])
    assert torch.equal(plain, told.logits)


def test_weights():
    llama, gpt2 = tiny("llama"), tiny("gpt2")
    assert get_W(llama, "model.layers.1.mlp.up_proj").shape == (56, 32)
    assert get_W(gpt2, "transformer.h.0.mlp.c_fc").shape == (128, 32)
    assert torch.equal(get_W(gpt2, "transformer.h.0.mlp.c_fc").T, gpt2.transformer.h[0].mlp.c_fc.weight)
    for path in ("model.layers.9.mlp.up_proj", "model.layers.1.mlp", "model.norm"):
        with pytest.raises(ModelError):
            get_W(llama, path)
