"""Attention while training gives what PyTorch's own gives, forwards and backwards."""

from __future__ import annotations

import pytest

from adapter_core.adapters.fitting.attention import attention_for_training
from adapter_core.adapters.fitting.loss import mean_loss

from .models import ids, tiny


def gradient(model, batch):
    import torch

    hidden = []
    handle = model.get_input_embeddings().register_forward_hook(lambda *a: hidden.append(a[2].requires_grad_()) or a[2])
    try:
        with torch.enable_grad():
            logits = model(input_ids=batch, use_cache=False).logits
            logits.square().mean().backward()
    finally:
        handle.remove()
    return logits.detach(), hidden[0].grad


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "mistral", "phi3", "gpt2"])
def test_the_same_values_and_gradients(family: str) -> None:
    torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
    model = tiny(family)
    assert model.config._attn_implementation == "sdpa"
    expected = gradient(model, ids())
    with attention_for_training(model):
        assert model.config._attn_implementation != "sdpa"
        found = gradient(model, ids())
    assert model.config._attn_implementation == "sdpa"
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_the_model_is_as_before_after_an_error() -> None:
    pytest.importorskip("torch", reason="needs what ./x setup installs")
    model = tiny("llama")
    with pytest.raises(ZeroDivisionError), attention_for_training(model):
        raise ZeroDivisionError
    assert model.config._attn_implementation == "sdpa"


def test_another_attention_is_left_alone() -> None:
    pytest.importorskip("torch", reason="needs what ./x setup installs")
    model = tiny("llama")
    model.set_attn_implementation("eager")
    with attention_for_training(model):
        assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-5), ("bfloat16", 2e-2)])
def test_the_loss_is_the_mean_cross_entropy(dtype: str, close: float) -> None:
    torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
    generator = torch.Generator().manual_seed(5)
    head = torch.nn.Linear(16, 50, bias=False).requires_grad_(False)
    head.weight.copy_(torch.randn(50, 16, generator=generator))
    values = torch.randn(300, 16, generator=generator)
    targets = torch.randint(0, 50, (300,), generator=generator)
    wanted = values.clone().requires_grad_()
    expected = torch.nn.functional.cross_entropy(head(wanted), targets)
    expected.backward()
    head, hidden = head.to(getattr(torch, dtype)), values.to(getattr(torch, dtype)).requires_grad_()
    loss = mean_loss(hidden, head, targets)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=close)
    assert float((hidden.grad.float() - wanted.grad).norm() / wanted.grad.norm()) < close


def test_a_token_that_the_model_rules_out_costs_much_but_no_infinity() -> None:
    torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
    head = torch.nn.Linear(2, 3, bias=False).requires_grad_(False)
    head.weight.copy_(torch.tensor([[1000.0, 0.0], [0.0, 1000.0], [-1000.0, 0.0]]))
    hidden = torch.tensor([[1.0, 0.0]], requires_grad=True)
    loss = mean_loss(hidden, head, torch.tensor([2]))
    assert 80 < float(loss.detach()) < 100
