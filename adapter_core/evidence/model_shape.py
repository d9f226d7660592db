"""The shape of a language model from its `config.json` alone: nothing is loaded, imported or fetched for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelFileError, ModelMissingError
from ..model_names import is_hub_id, looks_like_path
from ..paths import models_dir

_MAX_BYTES = 10_000_000
# Each dimension's names in the configurations of model families, the commonest first.
_FIELD_NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "d_model": ("hidden_size", "n_embd", "d_model", "n_embed", "dim"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv"),
    "intermediate": ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size", "hidden_dim"),
    "vocab": ("vocab_size",),
    "head_dim": ("head_dim", "d_kv"),
}
# The keys under which a model of several parts has the configuration of its language model.
TEXT_PARTS = ("text_config", "llm_config", "language_config")


@dataclass(frozen=True, slots=True)
class ModelDims:
    """`d_model` is the width of the residual stream; queries are `heads * head_dim` wide, keys and values `kv_heads * head_dim`, the
    feed-forward part `intermediate`. `vocab` is 0 where the configuration lacks it."""

    layers: int
    d_model: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    model_type: str

    @property
    def query_width(self) -> int:
        return self.heads * self.head_dim

    @property
    def key_width(self) -> int:
        return self.kv_heads * self.head_dim


def auto_model_dims(model_id: str, cache_dir: str | os.PathLike[str] | None = None) -> tuple[int, int]:
    """(layers, d_model) of a model; see `model_dims`."""
    dims = model_dims(model_id, cache_dir)
    return dims.layers, dims.d_model


def model_dims(model_id: str, cache_dir: str | os.PathLike[str] | None = None) -> ModelDims:
    """The shape of a model on this machine: a folder (written with a leading `.`, `~`, `/` or drive letter), an installed name, or a
    Hugging Face id.

    `cache_dir`: where to look, a folder of models by name or in the layout of the Hugging Face cache; None: Pathline's own models, then
    the user's Hugging Face cache. Raises `ModelMissingError` where there is no such model, `ModelFileError` where its configuration
    cannot be read or lacks a number.
    """
    file = _config_file(model_id, Path(cache_dir) if cache_dir is not None else None)
    return read_dims(read_config(file), str(file))


def read_dims(config: Mapping[str, Any], source: str = "config.json") -> ModelDims:
    """The shape in a configuration; for a model of several parts, that of its language model. Raises `ModelFileError`."""
    for part in TEXT_PARTS:
        if isinstance(config.get(part), Mapping):
            config = {**config, **config[part]}
            break

    def number(field: str, default: int | None = None) -> int:
        for name in _FIELD_NAMES[field]:
            value = config.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
        if default is None:
            raise ModelFileError(f"{source} does not tell {field} ({', '.join(_FIELD_NAMES[field])}).")
        return default

    d_model = number("d_model")
    heads = number("heads")
    # Falcon's first models share one key head among all, and say so by a flag.
    shares_key_head = config.get("multi_query") is True and not config.get("new_decoder_architecture")
    return ModelDims(
        number("layers"), d_model, heads, number("kv_heads", 1 if shares_key_head else heads), number("head_dim", d_model // heads),
        number("intermediate", 4 * d_model), number("vocab", 0), str(config.get("model_type", "")),
    )  # fmt: skip


def _config_file(model_id: str, cache: Path | None) -> Path:
    if looks_like_path(model_id):
        folder = Path(model_id).expanduser()
        file = folder if folder.name == "config.json" else folder / "config.json"
        if not file.is_file():
            raise ModelMissingError(f"There is no model at {folder}: it holds no config.json.")
        return file
    if not is_hub_id(model_id):
        raise ModelMissingError(
            f"{model_id[:80]!r} is no model: name a folder (./…), an installed model or an id such as org/name."
        )
    for file in _config_candidates(model_id, cache):
        if file.is_file():
            return file
    raise ModelMissingError(f"The model {model_id} is not on this machine: run `pathline model pull {model_id}`.")


def _config_candidates(model_id: str, cache: Path | None) -> Iterator[Path]:
    """Where a model's configuration may lie, the likeliest first."""
    folders = [cache] if cache is not None else [models_dir(), _hub_cache()]
    for folder in folders:
        yield folder / model_id / "config.json"
        yield from (p / "config.json" for p in _entries_of(folder) if p.name.lower() == model_id.lower())
        repository = folder / f"models--{model_id.replace('/', '--')}"
        for ref_name in ("main", *sorted(p.name for p in _entries_of(repository / "refs"))):
            try:
                commit = (repository / "refs" / ref_name).read_text("ascii").strip()
            except (OSError, ValueError):
                continue
            # A ref is a line in a file that others wrote: it names a folder beside it, never a path.
            if commit.isalnum():
                yield repository / "snapshots" / commit / "config.json"


def _hub_cache() -> Path:
    """The user's Hugging Face cache, as huggingface_hub finds it."""
    configured = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if configured:
        return Path(configured).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{cache}/huggingface").expanduser() / "hub"


def _entries_of(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def read_config(file: Path) -> Mapping[str, Any]:
    """The parsed `config.json`. Raises `ModelFileError` where it is unreadable or not an object."""
    try:
        with file.open("rb") as stream:
            data = json.loads(stream.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{file} cannot be read: {error}.") from error
    if not isinstance(data, Mapping):
        raise ModelFileError(f"{file} is no configuration of a model.")
    return data
