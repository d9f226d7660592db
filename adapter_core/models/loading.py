"""Load a model from files: device, number format, tokenizer, and one-sentence errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, ModelFileError, ModelMemoryError, PathlineError
from .backend import DTYPES, ModelInfo
from .environment import library_environment
from .sources import ModelSource, missing_libraries

if TYPE_CHECKING:
    import torch

_DEFAULT_CONTEXT = 2048


@dataclass(slots=True)
class LoadedModel:
    """A causal language model ready for use. `end_ids` are the tokens that end a text."""

    model: Any
    tokenizer: Any
    device: torch.device
    info: ModelInfo
    end_ids: frozenset[int]


def load_model(source: ModelSource, dtype: str | None = None, device: str | None = None) -> LoadedModel:
    """Load from `source.folder`: safetensors only, no code of the model's own, no network.

    `dtype` ("bfloat16", "float16", "float32") and `device` ("cpu", "cuda", "mps"): None or "auto" is what this machine does best.
    Raises `ModelMissingError` without the libraries, `ModelFileError` for files that cannot be used, else `ModelError`.
    """
    for name, value in library_environment().items():
        os.environ.setdefault(name, value)
    try:
        import torch
        import transformers
    except ImportError as error:
        raise missing_libraries() from error

    transformers.utils.logging.disable_progress_bar()
    place = pick_device(device)
    number = pick_dtype(place, dtype)
    folder = str(source.folder)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, report = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=number,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except MemoryError:
        raise
    except Exception as error:  # a foreign file can break the loaders in any way
        if is_out_of_memory(error):
            raise
        raise ModelFileError(_loading_problem(source.name, error)) from error
    missing = sorted(report.get("missing_keys", ()))
    if missing:
        # transformers would fill these with random numbers and say so only in its log.
        raise ModelFileError(
            f"The files of {source.name} lack {len(missing)} of the model's weights ({missing[0]}, …)."
        )
    model.to(place).eval().requires_grad_(False)
    info = ModelInfo(
        source.name, source.digest, _context(model, tokenizer), str(number).removeprefix("torch."), str(place)
    )
    return LoadedModel(model, tokenizer, torch.device(place), info, _end_ids(model, tokenizer))


def pick_device(name: str | None = None) -> torch.device:
    """The named device, else CUDA, else Apple's GPU, else the CPU. Raises `ModelError` when it is not there."""
    import torch

    if name and name != "auto":
        try:
            device = torch.device(name)
            torch.empty(1, device=device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise ModelError(f"There is no device {name!r} for the model on this machine.") from error
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def pick_dtype(device: torch.device, name: str | None = None) -> torch.dtype:
    """bfloat16 where the hardware multiplies it (elsewhere it is emulated, slower than float32), else float32."""
    import torch

    if name and name != "auto":
        if name not in DTYPES:
            raise ModelError(f"{name!r} is no number format for a model: use one of {', '.join(DTYPES)}.")
        return getattr(torch, name)  # type: ignore[no-any-return, unused-ignore]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "mps":
        return torch.bfloat16 if torch.backends.mps.is_macos_or_newer(14, 0) else torch.float32
    abilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")) else torch.float32


@contextmanager
def computing() -> Iterator[None]:
    """Word what the hardware refuses while a model runs: every error leaves as a `ModelError`, `ModelMemoryError` where memory ran out."""
    try:
        yield
    except PathlineError:
        raise
    except (RuntimeError, ValueError, IndexError, TypeError, KeyError, MemoryError) as error:
        if is_out_of_memory(error):
            raise ModelMemoryError(
                "There is not enough memory for the model here: close other programs or use a smaller model."
            ) from error
        raise ModelError(f"The model failed while computing ({type(error).__name__}: {first_line(error)}).") from error


def is_out_of_memory(error: BaseException) -> bool:
    """torch reports it as a class of its own on GPUs and as a plain RuntimeError on the CPU."""
    text = str(error)
    return (
        isinstance(error, MemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "not enough memory" in text
    )


def _loading_problem(name: str, error: Exception) -> str:
    text = str(error)
    if "trust_remote_code" in text or "custom code" in text:
        return f"{name} needs Python code of its own, which is never run here: use a model of a standard architecture."
    if "model type" in text and "not recognize" in text:
        return f"{name} is of an architecture that the installed transformers does not know: use another model."
    return f"{name} cannot be loaded ({type(error).__name__}: {first_line(error)})."


def first_line(error: BaseException) -> str:
    """The first line of a library's error; its class if it has no message."""
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:300]


def _context(model: Any, tokenizer: Any) -> int:
    config = model.config.get_text_config()
    length = getattr(config, "max_position_embeddings", None) or tokenizer.model_max_length
    return int(length) if length and length < 10**9 else _DEFAULT_CONTEXT


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """Both sources count: chat fine-tunes often set the end of a turn in only one of them."""
    ids: set[int] = set()
    for value in (getattr(model.generation_config, "eos_token_id", None), tokenizer.eos_token_id):
        ids.update(value if isinstance(value, (list, tuple)) else [value] if value is not None else [])
    return frozenset(ids)
