"""Tiny models of several families with random weights, made on the spot, and adapters that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from adapter_core.adapters.adapter import Adapter, Factors

FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "phi3", "gpt2")
VOCAB = 97


def tiny(family: str, dtype: str = "float32", layers: int = 2, **settings: Any) -> Any:
    """`settings`: of the configuration, for all families but gpt2."""
    torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
    t = pytest.importorskip("transformers", reason="needs what ./x setup installs")
    torch.manual_seed(11)
    decoder = {
        "vocab_size": VOCAB, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": layers, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 64, "initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 1,
        "pad_token_id": 1, **settings,
    }  # fmt: skip
    gpt2 = {
        "vocab_size": VOCAB,
        "n_positions": 64,
        "n_embd": 32,
        "n_layer": layers,
        "n_head": 4,
        "initializer_range": 0.2,
    }
    experts = {
        "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2,
    }  # fmt: skip
    config, cls = {
        "llama": (t.LlamaConfig(**decoder), t.LlamaForCausalLM),
        "qwen2": (t.Qwen2Config(**decoder), t.Qwen2ForCausalLM),
        # Heads wider than the stream shared among them, as Qwen3 has them.
        "qwen3": (t.Qwen3Config(**decoder, head_dim=12), t.Qwen3ForCausalLM),
        "mistral": (t.MistralConfig(**decoder, head_dim=8), t.MistralForCausalLM),
        "phi3": (t.Phi3Config(**decoder), t.Phi3ForCausalLM),
        "gpt2": (t.GPT2Config(**gpt2, bos_token_id=0, eos_token_id=1), t.GPT2LMHeadModel),
        # Some of its layers are experts.
        "qwen2_moe": (t.Qwen2MoeConfig(**decoder, **experts), t.Qwen2MoeForCausalLM),
        # What these do behind their output layer is not seen there.
        "granite": (t.GraniteConfig(**decoder, logits_scaling=8.0), t.GraniteForCausalLM),
        "gemma2": (t.Gemma2Config(**decoder, head_dim=8), t.Gemma2ForCausalLM),
        "cohere": (t.CohereConfig(**decoder), t.CohereForCausalLM),
        "biased": (t.LlamaConfig(**decoder), t.LlamaForCausalLM),
    }[family]
    model = cls(config)
    if family == "biased":
        model.lm_head.bias = torch.nn.Parameter(torch.zeros(VOCAB))
    return model.eval().requires_grad_(False).to(getattr(torch, dtype))


def random_adapter(
    shapes: Mapping[str, tuple[int, int]],
    layers: int = 2,
    rank: int = 3,
    seed: int = 0,
    alpha: float = 6.0,
    size: float = 0.02,
) -> Adapter:
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * size**0.5).astype(np.float32)

    return Adapter(
        tuple({t: Factors(normal(rank, i), normal(o, rank)) for t, (o, i) in shapes.items()} for _ in range(layers)),
        rank,
        alpha,
    )


def ids() -> Any:
    import torch

    return torch.randint(0, VOCAB, (2, 9), generator=torch.Generator().manual_seed(3))


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(input_ids=ids()).logits


def weights(model: Any) -> dict[str, Any]:
    """A copy of every weight, as it is in memory."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def assert_same_bits(model: Any, before: Mapping[str, Any]) -> None:
    import torch

    after = model.state_dict()
    assert after.keys() == before.keys()
    for name, tensor in before.items():
        assert after[name].dtype == tensor.dtype
        assert torch.equal(after[name].contiguous().view(torch.uint8), tensor.contiguous().view(torch.uint8)), name
