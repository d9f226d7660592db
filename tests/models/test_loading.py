from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from adapter_core.errors import ModelError, ModelFileError, ModelMissingError
from adapter_core.installation import how_to_install
from adapter_core.models import loading
from adapter_core.models.loading import computing
from adapter_core.models.local import LocalBackend
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")


@pytest.fixture
def copy(tiny_llama, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "copy"))


def check_refused(folder: Path, match: str) -> None:
    with pytest.raises(ModelFileError, match=match) as caught:
        LocalBackend(str(folder), device="cpu").load()
    assert "\n" not in str(caught.value)


def test_what_load_says_about_the_model(tiny_llama):
    info = LocalBackend(str(tiny_llama), dtype="float32", device="cpu").load()
    assert (info.name, info.context, info.dtype, info.device) == (str(tiny_llama), 500_000, "float32", "cpu")
    assert info.digest == resolve(str(tiny_llama)).digest


@pytest.mark.parametrize("damage", ["cut", "header", "empty"])
def test_damaged_safetensors(copy, damage):
    weights = copy / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes({"cut": data[:-100], "header": b"\xff" * 16 + data[16:], "empty": b""}[damage])
    check_refused(copy, "cannot be loaded")


def test_weights_that_are_missing_are_not_made_up(copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    check_refused(copy, "lack 1 of the model's weights")


def test_code_of_the_model_is_not_run(copy):
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own.py").write_text("raise SystemExit('it ran')")
    check_refused(copy, "code of its own")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"model_type": "no-such"}', '{"model_type": "llama", "hidden_size": 7}']
)
def test_a_broken_configuration(copy, text):
    (copy / "config.json").write_text(text)
    with pytest.raises(ModelError):
        LocalBackend(str(copy), device="cpu").load()


def test_a_device_or_format_that_is_not_there(tiny_llama):
    with pytest.raises(ModelError, match="no device 'nonsense'"):
        LocalBackend(str(tiny_llama), device="nonsense").load()
    with pytest.raises(ModelError, match="no number format"):
        LocalBackend(str(tiny_llama), device="cpu", dtype="int3").load()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried …"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    ],
)
def test_running_out_of_memory_is_said_and_survived(tiny_llama, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    backend = LocalBackend(str(tiny_llama), device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr("adapter_core.models.local.load_model", fail)
        with pytest.raises(ModelError, match="not enough memory"):
            backend.load()
    backend.load()
    with pytest.raises(ModelError, match="not enough memory"), computing():
        fail()


def test_without_the_libraries(tiny_llama, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(ModelMissingError, match=re.escape(f"torch and transformers: {how_to_install('model')}.")):
        LocalBackend(str(tiny_llama)).load()


def test_the_number_format_follows_the_hardware(monkeypatch):
    cpu = torch.device("cpu")
    for abilities, expected in [({}, torch.float32), ({"avx2": True}, torch.float32), ({"bf16": True}, torch.bfloat16)]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda abilities=abilities: abilities)
        assert loading.pick_dtype(cpu) == expected
