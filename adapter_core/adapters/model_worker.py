"""The program of the model's process, with adapters: `models.worker` and what puts adaptations on the model."""

from __future__ import annotations

from ..models.serving import Serving
from ..models.worker import main as serve


def main() -> int:
    """Serve until the parent goes away."""
    return serve(_serving)


def _serving() -> Serving:
    from .serving import AdapterServing  # NumPy, which the greeting does not wait for

    return AdapterServing()
