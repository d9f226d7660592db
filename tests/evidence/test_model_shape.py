from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapter_core.errors import ModelFileError, ModelMissingError
from adapter_core.evidence.model_shape import ModelDims, auto_model_dims, model_dims, read_dims
from adapter_core.paths import models_dir

LLAMA = {
    "model_type": "llama", "num_hidden_layers": 30, "hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3,
    "intermediate_size": 1536, "vocab_size": 49152,
}  # fmt: skip
COMMIT = "12fd25f77366fa6b3b4b768ec3050bf629380bac"


def put(folder: Path, config: object = LLAMA) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config), "utf-8")
    return folder


def hub(cache: Path, name: str, config: object, commit: str = COMMIT) -> None:
    repository = cache / f"models--{name.replace('/', '--')}"
    put(repository / "snapshots" / commit, config)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(commit)


@pytest.mark.parametrize(
    ("config", "dims"),
    [
        (LLAMA, ModelDims(30, 576, 9, 3, 64, 1536, 49152, "llama")),
        (LLAMA | {"head_dim": 128}, ModelDims(30, 576, 9, 3, 128, 1536, 49152, "llama")),
        (
            {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_inner": None, "vocab_size": 50257},
            ModelDims(12, 768, 12, 12, 64, 3072, 50257, "gpt2"),
        ),
        (
            {"model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544, "num_attention_heads": 71, "multi_query": True},
            ModelDims(32, 4544, 71, 1, 64, 18176, 0, "falcon"),
        ),
        (
            {"model_type": "opt", "num_hidden_layers": 24, "hidden_size": 2048, "num_attention_heads": 32, "ffn_dim": 8192},
            ModelDims(24, 2048, 32, 32, 64, 8192, 0, "opt"),
        ),
        (
            {"model_type": "gemma3", "hidden_size": 1, "text_config": {**LLAMA, "model_type": "gemma3_text"}},
            ModelDims(30, 576, 9, 3, 64, 1536, 49152, "gemma3_text"),
        ),
    ],
)  # fmt: skip
def test_families_of_models(config: dict[str, Any], dims: ModelDims) -> None:
    assert read_dims(config) == dims


def test_widths() -> None:
    dims = read_dims(LLAMA)
    assert (dims.query_width, dims.key_width) == (576, 192)


def test_a_number_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelFileError, match="layers"):
        read_dims({"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": True})


def test_a_folder_is_written_as_one(tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    assert auto_model_dims(str(folder)) == (30, 576)
    assert auto_model_dims("./model") == (30, 576)
    assert auto_model_dims(str(folder / "config.json")) == (30, 576)
    # A folder of the opened repository is never taken for a model that is called so.
    with pytest.raises(ModelMissingError):
        auto_model_dims("model")


def test_an_installed_model_in_any_case() -> None:
    put(models_dir() / "Tiny-Instruct")
    assert auto_model_dims("tiny-instruct") == (30, 576)


def test_the_cache_of_hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(tmp_path / "hub", "org/name", LLAMA)
    assert auto_model_dims("org/name", tmp_path / "hub") == (30, 576)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert auto_model_dims("org/name") == (30, 576)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(ModelMissingError, match="pathline model pull org/name"):
        auto_model_dims("org/name")


def test_a_ref_leads_nowhere_else(tmp_path: Path) -> None:
    hub(tmp_path, "org/name", LLAMA)
    put(tmp_path / "outside")
    (tmp_path / "models--org--name" / "refs" / "main").write_text("../../../outside")
    with pytest.raises(ModelMissingError):
        auto_model_dims("org/name", tmp_path)


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "x--y", "a b", "org/../../etc"])
def test_what_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError):
        model_dims(name, tmp_path)


@pytest.mark.parametrize("config", ["{", "[]", "null", "[" * 100_000])
def test_what_is_no_configuration(config: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        model_dims(str(put(tmp_path / "model", config)))


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom adapter_core.evidence import model_shape\n"
        "print([m for m in ('torch', 'transformers', 'huggingface_hub', 'numpy', 'socket') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
