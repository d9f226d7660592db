"""Cancel a forward pass between two layers: with a large model on a CPU, one pass over a chunk of a prompt takes long."""

from __future__ import annotations

from typing import Any

from ..types import CancelToken, check_cancelled
from .interpret import is_block


class Breaker:
    """A context in which a pass of the model raises `Cancelled` before the next layer once `cancel` is set. It changes nothing else."""

    def __init__(self, model: Any, cancel: CancelToken | None) -> None:
        self._cancel = cancel
        self._handles: list[Any] = []
        self._blocks: list[Any] = []
        if cancel is not None:
            lists = (module for module in model.modules() if type(module).__name__ == "ModuleList" and len(module))
            self._blocks = next(([*blocks] for blocks in lists if is_block(blocks[0], model)), [])

    def __enter__(self) -> None:
        self._handles = [block.register_forward_pre_hook(self._check_cancelled) for block in self._blocks]

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _check_cancelled(self, module: Any, args: Any) -> None:
        check_cancelled(self._cancel)
