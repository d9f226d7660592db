"""Open the model that the user chose, in its own process."""

from __future__ import annotations

from .backend import Backend


def open_backend(model: str | None = None, idle_seconds: float = 600.0) -> Backend:
    """A backend for a model: None is the embedded default, else a Hugging Face id, a folder or a GGUF file.

    Starts nothing yet, but a GGUF file is converted on first use (half a minute). Raises `ModelMissingError` (it says
    how to get the model) when it is not installed, `ModelFileError` when its files are damaged.
    """
    from .process import ProcessBackend
    from .sources import resolve

    resolve(model)  # so that what is wrong is said here, and not by the process in the middle of an answer
    return ProcessBackend(model, idle_seconds=idle_seconds)
