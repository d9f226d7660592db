"""The model of a command that may use one; the embedded one is installed on the first question."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import ModelError, ModelMissingError
from .progress import show_installing

if TYPE_CHECKING:
    from ..models.backend import Backend

_RETRY_SECONDS = 24 * 3600


def open_model(
    name: str | None,
    needed: bool,
    skip: bool,
    device: str | None = None,
    dtype: str | None = None,
    insecure: bool = False,
) -> tuple[Backend | None, str]:
    """(backend, "") of a command that may use a model; without one, (None, one line for the user, who is told nothing of a model that is
    not `needed`).

    The embedded model is installed on the first question in a terminal that needs it. Raises `ModelError` for a model that was named.
    """
    if skip or not needed:
        return None, ""
    from ..models.open import open_backend

    try:
        if name is None:
            _pull_embedded_once()
        return open_backend(name, device=device, dtype=dtype, insecure=insecure), ""
    except ModelError as error:
        if name is not None:
            raise
        return None, str(error)


def _pull_embedded_once() -> None:
    """Install the embedded model, in a terminal; after a failure not again for a day, so that asking stays fast."""
    from ..models.pull import pull_default
    from ..models.store import DEFAULT_NAME, find_installed
    from ..paths import models_dir

    try:
        find_installed(DEFAULT_NAME)
        return
    except ModelMissingError:
        if not sys.stderr.isatty():
            raise
    failed = models_dir() / ".pull-failed"
    with suppress(OSError):
        if time.time() - failed.stat().st_mtime < _RETRY_SECONDS:
            raise ModelMissingError("The language model is not installed; get it with: pathline model pull")
    print("Getting the embedded language model, once (93 MB; --no-model does without):", file=sys.stderr)
    try:
        with show_installing() as progress:
            pull_default(progress)
    except ModelError:
        with suppress(OSError):
            failed.parent.mkdir(parents=True, exist_ok=True)
            failed.touch()
        raise
