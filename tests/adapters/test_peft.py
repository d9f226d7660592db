"""Adapters between Pathline and the `peft` library: what is written is loaded there with equal logits, and the other way round."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.mixing import register_hook_mixed_adapters
from adapter_core.adapters.peft import load_peft, save_peft_like
from adapter_core.adapters.targets import infer_target_shapes
from adapter_core.errors import AdapterError, AdapterFileError
from tests.adapters.models import FAMILIES, logits, random_adapter, tiny

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")
peft = pytest.importorskip("peft", reason="needs what ./x setup --dev installs")

LOOSE = 99.0


def adapted(model, adapter: Adapter):
    with register_hook_mixed_adapters(model, adapter, delta_cap=LOOSE):
        return logits(model)


def in_peft(family: str, folder: Path):
    return logits(peft.PeftModel.from_pretrained(tiny(family), str(folder)).eval())


def config_of(folder: Path) -> dict:
    return json.loads((folder / "adapter_config.json").read_text())


@pytest.mark.parametrize("family", FAMILIES)
def test_peft_loads_what_we_write(family, tmp_path):
    model = tiny(family)
    adapter = random_adapter(infer_target_shapes(model))
    save_peft_like(tmp_path, adapter, model)
    ours = adapted(model, adapter)
    torch.testing.assert_close(in_peft(family, tmp_path), ours, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(ours, logits(model), atol=1e-2)
    back = load_peft(tmp_path, model)
    torch.testing.assert_close(adapted(model, back), ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "targets", "names"),
    [
        ("llama", ("q_proj", "v_proj"), ["q_proj", "v_proj"]),
        ("phi3", ("k_proj", "up_proj"), ["gate_up_proj", "qkv_proj"]),
        ("gpt2", ("o_proj",), ["attn.c_proj"]),
        ("gpt2", ("o_proj", "down_proj"), ["c_proj"]),
    ],
)
def test_some_targets(family, targets, names, tmp_path):
    model = tiny(family)
    adapter = random_adapter({t: s for t, s in infer_target_shapes(model).items() if t in targets})
    save_peft_like(tmp_path, adapter, model, base_model="some/model")
    assert config_of(tmp_path)["target_modules"] == names
    assert config_of(tmp_path)["base_model_name_or_path"] == "some/model"
    torch.testing.assert_close(in_peft(family, tmp_path), adapted(model, adapter), rtol=1e-4, atol=1e-4)


def test_layers_that_differ(tmp_path):
    model = tiny("llama")
    whole = random_adapter(infer_target_shapes(model))
    wide = random_adapter(infer_target_shapes(model), rank=5, seed=9)
    # One target of its own rank in one layer, another in the other.
    adapter = Adapter(({"q_proj": whole.layers[0]["q_proj"]}, {"up_proj": wide.layers[0]["up_proj"]}), 3, 6.0)
    save_peft_like(tmp_path, adapter, model)
    assert config_of(tmp_path)["target_modules"] == ["model.layers.0.self_attn.q_proj", "model.layers.1.mlp.up_proj"]
    torch.testing.assert_close(in_peft("llama", tmp_path), adapted(model, adapter), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        adapted(model, load_peft(tmp_path, model)), adapted(model, adapter), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("rslora", [False, True])
@pytest.mark.parametrize(
    ("family", "targets"), [("llama", "all-linear"), ("phi3", "all-linear"), ("gpt2", ["c_attn", "c_fc"])]
)
def test_we_load_what_peft_makes(family, targets, rslora, tmp_path):
    """Made by PEFT itself, fused modules with one pair of factors included."""
    first = targets[0] if isinstance(targets, list) else "o_proj"
    config = peft.LoraConfig(
        r=4, lora_alpha=6, target_modules=targets, task_type="CAUSAL_LM", init_lora_weights=False, use_rslora=rslora,
        rank_pattern={first: 2}, alpha_pattern={first: 3}, fan_in_fan_out=family == "gpt2",
    )  # fmt: skip
    torch.manual_seed(5)
    theirs = peft.get_peft_model(tiny(family), config).eval()
    theirs.save_pretrained(str(tmp_path))
    model = tiny(family)
    adapter = load_peft(tmp_path, model)
    torch.testing.assert_close(adapted(model, adapter), logits(theirs), rtol=1e-4, atol=1e-4)
    save_peft_like(tmp_path / "again", adapter, model)
    torch.testing.assert_close(in_peft(family, tmp_path / "again"), logits(theirs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"init_lora_weights": True},
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": "orthogonal"},
        {"init_lora_weights": "eva", "eva_config": peft.EvaConfig()},
        {"layers_to_transform": [1], "lora_dropout": 0.5},
        {"rank_pattern": {r"^model\.layers\.0\.self_attn\.q_proj": 2, r".*layers\.\d+\..*v_proj": 3}},
        {"alpha_pattern": {r"layers.1.self_attn.(q|v)_proj": 3, "proj": 99}},
    ],
)
def test_what_peft_may_say_beside_ranks_and_scales(options, tmp_path):
    torch.manual_seed(5)
    base = {"r": 4, "lora_alpha": 6, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}
    theirs = peft.get_peft_model(tiny("llama"), peft.LoraConfig(**base, **options)).eval()
    for name, parameter in theirs.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    theirs.save_pretrained(str(tmp_path))
    model = tiny("llama")
    expected = in_peft("llama", tmp_path)
    assert not torch.allclose(expected, logits(model), atol=1e-2)
    torch.testing.assert_close(adapted(model, load_peft(tmp_path, model)), expected, rtol=1e-4, atol=1e-4)


def test_bfloat16_weights_of_peft(tmp_path):
    config = peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    theirs = peft.get_peft_model(tiny("llama"), config)
    # PEFT keeps adapters in float32 unless told otherwise.
    theirs.to(torch.bfloat16)
    theirs.save_pretrained(str(tmp_path))
    loaded = load_peft(tmp_path, tiny("llama")).layers[0]["q_proj"]
    assert loaded.up.dtype == np.float32
    expected = (
        theirs.base_model.model.model.layers[0].self_attn.q_proj.lora_B["default"].weight.float().detach().numpy()
    )
    np.testing.assert_array_equal(loaded.up, expected)


def test_the_same_bytes_for_the_same_adapter(tmp_path):
    model = tiny("phi3")
    adapter = random_adapter(infer_target_shapes(model))
    for name in ("a", "b"):
        save_peft_like(tmp_path / name, adapter, model)
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_what_breaks_off_leaves_the_old_adapter(tmp_path, monkeypatch):
    model = tiny("llama")
    old, new = (random_adapter(infer_target_shapes(model), rank=rank) for rank in (2, 3))
    save_peft_like(tmp_path, old, model)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(*_: object, **__: object) -> bytes:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("safetensors.numpy.save", fail)
        with pytest.raises(OSError, match="No space"):
            save_peft_like(tmp_path, new, model)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    # Killed between its two files, it leaves none that is loaded.
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.suffix == ".json":
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            save_peft_like(tmp_path, new, model)
    with pytest.raises(AdapterFileError):
        load_peft(tmp_path, model)
    save_peft_like(tmp_path, new, model)
    assert load_peft(tmp_path, model).rank == 3


def test_a_model_without_weights_gives_the_names(tmp_path):
    from transformers import AutoModelForCausalLM

    model = tiny("llama")
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(model.config)
    adapter = random_adapter(infer_target_shapes(empty))
    save_peft_like(tmp_path, adapter, empty)
    torch.testing.assert_close(in_peft("llama", tmp_path), adapted(model, adapter), rtol=1e-4, atol=1e-4)


def test_biases(tmp_path):
    model = tiny("llama")
    one = random_adapter({"q_proj": (32, 32)}).layers[0]["q_proj"]
    zeros = Adapter(({"q_proj": Factors(one.down, one.up, np.zeros(32, np.float32))}, {}), 3, 3.0)
    save_peft_like(tmp_path, zeros, model)
    ones = Adapter(({"q_proj": Factors(one.down, one.up, np.ones(32, np.float32))}, {}), 3, 3.0)
    with pytest.raises(AdapterError, match="biases"):
        save_peft_like(tmp_path, ones, model)


def test_an_adapter_for_another_model(tmp_path):
    llama, gpt2 = tiny("llama"), tiny("gpt2")
    adapter = random_adapter(infer_target_shapes(llama))
    with pytest.raises(AdapterError, match=r"k_proj is of shape \(16, 32\), the model's of \(32, 32\)"):
        save_peft_like(tmp_path, adapter, gpt2)
    with pytest.raises(AdapterError, match="3 layers"):
        save_peft_like(tmp_path, random_adapter(infer_target_shapes(llama), layers=3), llama)
    save_peft_like(tmp_path, adapter, llama)
    with pytest.raises(AdapterFileError, match=r"changes model\.layers\.0.*no part of this model"):
        load_peft(tmp_path, gpt2)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    model = tiny("llama")
    save_peft_like(tmp_path, random_adapter(infer_target_shapes(model)), model)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"peft_type": "IA3"}, "'IA3'; only LORA"),
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"r": 0}, "out of range"),
        ({"r": "8"}, "out of range"),
        ({"lora_alpha": None}, "cannot be read"),
        ({"rank_pattern": [1]}, "cannot be read"),
        ({"rank_pattern": {"(": 3}}, "a pattern that is none"),
        # These would take minutes and more.
        ({"rank_pattern": {"(.*)*(.*)*X": 3}}, "too complicated"),
        ({"alpha_pattern": {".*.*.*.*.*X": 3}}, "too complicated"),
        ({"alpha_pattern": {"(.|.)" * 40: 3}}, "too complicated"),
        ({"alpha_pattern": {"a?" * 60: 3}}, "too complicated"),
        ({"init_lora_weights": "pissa_niter_4"}, "init_lora_weights"),
        ({"init_lora_weights": "olora"}, "init_lora_weights"),
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
        ({"bias": "all"}, "bias"),
        ({"layer_replication": [[0, 2]]}, "layer_replication"),
        ({"loftq_config": {"loftq_bits": 4}}, "loftq_config"),
        ({"what_comes_next_year": {"strength": 3}}, "what_comes_next_year"),
    ],
)
def test_configurations_that_are_refused(written, change, match):
    (written / "adapter_config.json").write_text(json.dumps(config_of(written) | change))
    with pytest.raises(AdapterFileError, match=match):
        load_peft(written, tiny("llama"))


def test_files_that_are_refused(written):
    model = tiny("llama")

    def check(match: str) -> None:
        with pytest.raises(AdapterFileError, match=match):
            load_peft(written, model)

    weights = written / "adapter_model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-10])
    check("cut or damaged")
    from safetensors.numpy import load, save_file

    tensors = load(data)
    key = next(k for k in tensors if k.endswith("q_proj.lora_A.weight"))
    for changed, match in (
        ({k: v for k, v in tensors.items() if k != key}, "only one of its two"),
        (tensors | {key: np.ones((3, 31), np.float32)}, "another model"),
        (tensors | {key: np.ones(3, np.float32)}, "no matrix"),
        (tensors | {key: np.full_like(tensors[key], np.inf)}, "no number"),
        (tensors | {"base_model.model.lm_head.lora_A.weight": np.ones((3, 32), np.float32)}, "changes lm_head"),
    ):
        save_file(changed, weights)
        check(match)
    weights.unlink()
    check("safetensors is missing")
    (written / "adapter_model.bin").write_bytes(b"\x80\x04")
    check("only as a pickle")
    (written / "adapter_config.json").write_text("[]")
    check("no object")
    (written / "adapter_config.json").unlink()
    check("is missing")
