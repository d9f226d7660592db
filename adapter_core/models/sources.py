"""Resolve a model's name to its files (the forms of names: `adapter_core/model_names.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelFileError, ModelMissingError
from ..installation import how_to_install
from ..model_names import is_address, is_hub_id, looks_like_path
from .store import DEFAULT_NAME, cached_sha256, installed, model_folder, verify, weights_digest

_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """`name` as the user knows it, `folder` with config.json, safetensors and tokenizer, `digest` of the weights."""

    name: str
    folder: Path
    digest: str


def resolve(model: str | None = None) -> ModelSource:
    """What to load: None or "" is the embedded default; else an installed name, folder, GGUF file or Hugging Face id.

    Nothing is downloaded; a GGUF file is converted on first use. Raises `ModelMissingError` when the model is not on
    this machine and `ModelFileError` when its files cannot be used.
    """
    if not model or is_default(model):
        return _installed_source(model_folder(DEFAULT_NAME))
    if looks_like_path(model):
        path = Path(model).expanduser().absolute()
        if path.suffix.lower() == ".gguf":
            return _gguf_source(path)
        return _folder_source(model, path)
    for folder in installed():
        if folder.name.lower() == model.lower():
            return _installed_source(folder)
    if not is_hub_id(model):
        raise ModelMissingError(
            f"{_quoted_name(model)} is no model: name a folder (./…), a .gguf file or a Hugging Face id such as org/name."
        )
    return _hub_source(model)


def is_default(model: str | None) -> bool:
    return not model or model.lower() in ("default", DEFAULT_NAME.lower())


def absolute_name(model: str | None) -> str | None:
    """The same model for a process with another working folder."""
    if model and looks_like_path(model) and not is_address(model):
        return str(Path(model).expanduser().absolute())
    return model


def check_folder(display_name: str, folder: Path) -> None:
    """Raises `ModelFileError` unless `folder` holds a configuration and safetensors, and no adapter, which transformers would load too."""
    try:
        files = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise ModelFileError(f"{display_name} cannot be read: {error.strerror}.") from error
    if "config.json" not in files:
        raise ModelFileError(f"{display_name} holds no model: there is no config.json in it.")
    if "adapter_config.json" in files:
        raise ModelFileError(
            f"{display_name} holds an adapter beside the model (adapter_config.json), which would become part of it: put the adapter into "
            "a folder of its own."
        )
    if any(file.endswith(".safetensors") for file in files):
        return
    pickles = sorted(file for file in files if file.endswith(_PICKLES))
    if pickles:
        raise ModelFileError(
            f"{display_name} holds its weights only as a pickle ({pickles[0]}), which can run code and is never read here: "
            "convert it to safetensors."
        )
    raise ModelFileError(f"{display_name} holds no weights: there is no .safetensors file in it.")


def _installed_source(folder: Path) -> ModelSource:
    try:
        manifest = verify(folder)
    except ModelMissingError as error:
        if folder.name == DEFAULT_NAME:
            raise ModelMissingError(
                "The language model is not installed: run `pathline model pull` (once, 93 MB)."
            ) from error
        raise
    return ModelSource(manifest.name, folder, manifest.digest)


def _folder_source(model: str, folder: Path) -> ModelSource:
    if not folder.exists():
        raise ModelMissingError(f"There is no model at {folder}.")
    if not folder.is_dir():
        raise ModelFileError(
            f"{folder} is a file: name the folder that holds config.json and the safetensors, or a .gguf file."
        )
    check_folder(str(folder), folder)
    return ModelSource(model, folder, weights_digest(folder))


def _gguf_source(path: Path) -> ModelSource:
    if not path.is_file():
        raise ModelMissingError(f"There is no model file {path}.")
    from .pull import ensure_gguf  # pull needs this module

    folder = ensure_gguf(path, cached_sha256(path))
    return ModelSource(path.name, folder, verify(folder).digest)


def _hub_source(model: str) -> ModelSource:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError as error:
        raise missing_libraries() from error
    config = try_to_load_from_cache(model, "config.json")
    if not isinstance(config, str):
        hint = f" For the folder of that name, write ./{model}." if Path(model).is_dir() else ""
        raise ModelMissingError(f"The model {model} is not on this machine: run `pathline model pull {model}`.{hint}")
    # The absolute folder is what gets loaded: transformers would try a relative folder of that name first.
    folder = Path(config).absolute().parent
    check_folder(model, folder)
    return ModelSource(model, folder, weights_digest(folder))


def missing_libraries(names: Sequence[str] = ()) -> ModelMissingError:
    """The error for libraries that are not installed: the named ones, or torch and transformers."""
    return ModelMissingError(
        f"The language model needs {', '.join(names) or 'torch and transformers'}: {how_to_install('model')}."
    )


def _quoted_name(model: str) -> str:
    return repr(model if len(model) <= 80 else model[:77] + "…")
