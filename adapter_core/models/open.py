"""Open the model that the user chose: in its own process, or on a server that the user names."""

from __future__ import annotations

from ..errors import UsageError
from ..model_names import is_address
from .backend import DEVICES, DTYPES, Backend

# By name: `adapters` is above `models`, and its module is imported by the process alone.
_WORKER = "adapter_core.adapters.model_worker"


def open_backend(
    model: str | None = None,
    idle_seconds: float = 600.0,
    *,
    device: str | None = None,
    dtype: str | None = None,
    insecure: bool = False,
) -> Backend:
    """A backend for a model: None is the embedded default, else a Hugging Face id, a folder, a GGUF file, or an OpenAI-compatible address
    with the model's name after a #: "http://localhost:8000/v1#qwen3-4b" (the API key comes from `PATHLINE_API_KEY`).
    Plain http is only allowed to this machine, unless `insecure` is set.

    `device` "auto" (None), "cpu", "cuda" or "mps"; `dtype` "auto" (None), "bfloat16", "float16" or "float32". Starts nothing yet, but a
    GGUF file is converted on first use (half a minute). Raises `ModelMissingError` (it says how to get the model) when it is not
    installed, `ModelFileError` when its files are damaged, `UsageError` for a device or format that there is not.
    """
    from .process import ProcessBackend
    from .sources import resolve

    if model is not None and is_address(model):
        from .remote import open_remote

        url, _, name = model.partition("#")
        return open_remote(url, name, insecure=insecure)

    resolve(model)  # so that an error is raised here, and not by the process in the middle of an answer
    for value, known in ((device, DEVICES), (dtype, DTYPES)):
        if value not in (None, *known):
            raise UsageError(f"{value!r} cannot be chosen for the model: use one of {', '.join(known)}.")
    return ProcessBackend(model, dtype=dtype, device=device, idle_seconds=idle_seconds, worker=_WORKER)
