"""Which weights of which model an adapter changes."""

from __future__ import annotations

import pytest

from adapter_core.adapters.targets import (
    TARGETS,
    infer_target_names,
    infer_target_shapes,
    layout_of,
    parse_target_shapes,
    parse_targets,
    shapes_from_config,
    shapes_from_dims,
)
from adapter_core.errors import AdapterError, UsageError
from adapter_core.evidence.model_shape import read_dims
from tests.adapters.models import FAMILIES, tiny

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

GROUPED = {
    "q_proj": (32, 32), "k_proj": (16, 32), "v_proj": (16, 32), "o_proj": (32, 32),
    "gate_proj": (56, 32), "up_proj": (56, 32), "down_proj": (32, 56),
}  # fmt: skip
SHAPES = {
    "llama": GROUPED,
    "qwen2": GROUPED,
    "qwen3": GROUPED | {"q_proj": (48, 32), "k_proj": (24, 32), "v_proj": (24, 32), "o_proj": (32, 48)},
    "mistral": GROUPED,
    "phi3": GROUPED,
    "gpt2": {
        "q_proj": (32, 32), "k_proj": (32, 32), "v_proj": (32, 32), "o_proj": (32, 32), "up_proj": (128, 32), "down_proj": (32, 128),
    },
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_of_a_model_and_of_its_configuration(family):
    model = tiny(family)
    assert infer_target_shapes(model) == SHAPES[family]
    assert list(infer_target_shapes(model)) == [t for t in TARGETS if t in SHAPES[family]]
    assert shapes_from_dims(read_dims(model.config.to_dict())) == SHAPES[family]
    assert shapes_from_config(model.config.to_dict()) == SHAPES[family]


def test_own_names_of_fused_and_transposed_layers():
    assert infer_target_names(tiny("llama"))["k_proj"] == "self_attn.k_proj"
    phi = infer_target_names(tiny("phi3"))
    assert (phi["q_proj"], phi["v_proj"], phi["gate_proj"], phi["up_proj"]) == (
        "self_attn.qkv_proj", "self_attn.qkv_proj", "mlp.gate_up_proj", "mlp.gate_up_proj",
    )  # fmt: skip
    gpt2 = infer_target_names(tiny("gpt2"))
    assert (gpt2["k_proj"], gpt2["o_proj"], gpt2["up_proj"], gpt2["down_proj"]) == (
        "attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj",
    )  # fmt: skip


def test_rows_of_fused_layers_with_shared_keys():
    (sites, _) = layout_of(tiny("phi3")).sites
    assert [(sites[t].start, sites[t].stop) for t in ("q_proj", "k_proj", "v_proj")] == [(0, 32), (32, 48), (48, 64)]
    assert [(sites[t].start, sites[t].stop) for t in ("gate_proj", "up_proj")] == [(0, 56), (56, 112)]
    assert not sites["q_proj"].covers_module
    assert sites["down_proj"].covers_module


def test_conv1d_is_transposed():
    (sites, _) = layout_of(tiny("gpt2")).sites
    assert all(site.transposed for site in sites.values())
    assert (sites["v_proj"].start, sites["v_proj"].stop, sites["v_proj"].width) == (64, 96, 96)


def test_the_blocks_of_the_language_model_are_meant():
    """A model with another stack of blocks, a longer one, beside its decoder."""

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vision = torch.nn.ModuleList(torch.nn.ModuleDict({"fc1": torch.nn.Linear(3, 5)}) for _ in range(4))
            self.text = tiny("llama")
            self.config = self.text.config

    assert layout_of(Both()).blocks == "text.model.layers"


def other(family: str):
    """A tiny model of a family that keeps its layers in another way."""
    import transformers as t

    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    old = {"vocab_size": 20, "n_positions": 32, "n_embd": 16, "n_layer": 1, "n_head": 4}
    mlp = {"intermediate_size": 32}
    config, cls = {
        "gpt_neox": (t.GPTNeoXConfig(**sizes, **mlp), t.GPTNeoXForCausalLM),
        "falcon": (t.FalconConfig(**sizes), t.FalconForCausalLM),
        "mixtral": (t.MixtralConfig(**sizes, **mlp, num_key_value_heads=1, num_local_experts=2), t.MixtralForCausalLM),
        "qwen2_moe": (
            t.Qwen2MoeConfig(
                **sizes, **mlp, num_key_value_heads=1, num_experts=2, moe_intermediate_size=8, shared_expert_intermediate_size=8
            ),
            t.Qwen2MoeForCausalLM,
        ),
        "gemma2": (t.Gemma2Config(**sizes, **mlp, num_key_value_heads=1, head_dim=6), t.Gemma2ForCausalLM),
        "glm": (t.GlmConfig(**sizes, **mlp, num_key_value_heads=1, head_dim=8, pad_token_id=0), t.GlmForCausalLM),
        "starcoder2": (t.Starcoder2Config(**sizes, **mlp, num_key_value_heads=1), t.Starcoder2ForCausalLM),
        "phi": (t.PhiConfig(**sizes, **mlp), t.PhiForCausalLM),
        "opt": (t.OPTConfig(**sizes, ffn_dim=32, word_embed_proj_dim=16), t.OPTForCausalLM),
        "gpt_neo": (
            t.GPTNeoConfig(vocab_size=20, hidden_size=16, num_layers=1, num_heads=2, attention_types=[[["global"], 1]]),
            t.GPTNeoForCausalLM,
        ),
        "gptj": (t.GPTJConfig(**old, rotary_dim=4), t.GPTJForCausalLM),
        "codegen": (t.CodeGenConfig(**old, rotary_dim=4), t.CodeGenForCausalLM),
        "bigcode": (t.GPTBigCodeConfig(**old, multi_query=True), t.GPTBigCodeForCausalLM),
        "bigcode, own keys": (t.GPTBigCodeConfig(**old, multi_query=False), t.GPTBigCodeForCausalLM),
    }[family]  # fmt: skip
    return cls(config)


ATTENTION_ONLY = {"q_proj", "k_proj", "v_proj", "o_proj"}
UNGATED = set(TARGETS) - {"gate_proj"}


@pytest.mark.parametrize(
    ("family", "targets"),
    [
        ("mixtral", ATTENTION_ONLY),
        ("qwen2_moe", ATTENTION_ONLY),
        ("gemma2", set(TARGETS)),
        ("glm", set(TARGETS)),
        ("starcoder2", UNGATED),
        ("phi", UNGATED),
        ("opt", UNGATED),
        ("gpt_neo", UNGATED),
        ("gptj", UNGATED),
        ("codegen", {"o_proj", "up_proj", "down_proj"}),
        ("bigcode", UNGATED),
        ("bigcode, own keys", {"o_proj", "up_proj", "down_proj"}),
    ],
)
def test_other_families(family, targets):
    """What the configuration alone tells is what the model has: an adapter that is built for it fits."""
    model = other(family)
    assert set(infer_target_shapes(model)) == targets
    assert shapes_from_config(model.config.to_dict()) == infer_target_shapes(model)


@pytest.mark.parametrize("family", ["gpt_neox", "falcon"])
def test_families_without_sites(family):
    model = other(family)
    with pytest.raises(AdapterError, match="No layers"):
        infer_target_shapes(model)
    with pytest.raises(AdapterError, match=f"type {family}"):
        shapes_from_config(model.config.to_dict())


def test_the_language_model_of_several_parts():
    llama = tiny("llama").config.to_dict()
    told = {"model_type": "llava", "vision_config": {"hidden_size": 7}, "text_config": llama}
    assert shapes_from_config(told) == SHAPES["llama"]
    assert "gate_proj" not in shapes_from_config({**told, "text_config": llama | {"num_experts": 8}})


def test_blocks_that_differ_are_refused():
    model = tiny("llama")
    model.model.layers[1].mlp.up_proj = torch.nn.Linear(32, 60, bias=False)
    with pytest.raises(AdapterError, match=r"differ in the shape of up_proj"):
        infer_target_shapes(model)


def test_something_without_blocks():
    with pytest.raises(AdapterError, match="Linear"):
        infer_target_shapes(torch.nn.Linear(2, 2))


def test_parse_target_shapes():
    assert parse_target_shapes("v_proj=1024:4096, q_proj = 4096:4096") == {
        "q_proj": (4096, 4096),
        "v_proj": (1024, 4096),
    }
    assert list(parse_target_shapes("v_proj=1:2,q_proj=1:2")) == ["q_proj", "v_proj"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no shape"),
        ("q_proj", "no shape of a target"),
        ("q_proj=4096", "no shape of a target"),
        ("q_proj=4096:x", "no shape of a target"),
        ("q_proj=0:4", "no shape of a target"),
        ("q_proj=-1:4", "no shape of a target"),
        ("q_proj=1:99999999999", "no shape of a target"),
        ("c_attn=4:4", "no target"),
        ("q_proj=4:4,q_proj=4:4", "two shapes"),
    ],
)
def test_parse_target_shapes_says_what_is_wrong(text, message):
    with pytest.raises(UsageError, match=message):
        parse_target_shapes(text)


def test_parse_targets():
    assert parse_targets("v_proj,q_proj") == ("q_proj", "v_proj")
    assert parse_targets("mlp,q_proj") == ("q_proj", "gate_proj", "up_proj", "down_proj")
    assert parse_targets("all") == TARGETS
    for wrong in ("", ",", "lm_head"):
        with pytest.raises(UsageError):
            parse_targets(wrong)
