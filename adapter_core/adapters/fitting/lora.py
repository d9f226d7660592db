"""Low-rank factors beside the linear layers of a model, for training and for scoring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...errors import ModelError
from ..adapter import Adapter
from ..targets import TARGETS

_BLOCK = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.")


def linear_layers(model: Any, targets: Sequence[str] = TARGETS) -> dict[tuple[int, str], Any]:
    """The model's linear layers of these names, by block and name. Raises `ModelError` where there is none."""
    import torch

    found: dict[tuple[int, str], Any] = {}
    for name, module in model.named_modules():
        block, last = _BLOCK.search(name), name.rpartition(".")[2]
        if block and last in targets and isinstance(module, torch.nn.Linear):
            found[int(block[1]), last] = module
    if not found:
        raise ModelError("This model has no linear layers of the names that an adapter can be fitted to.")
    return found


class TrainedFactors:
    """`down` (rank, d_in) and `up` (d_out, rank) as float32 parameters, whose product is added to the layer's output while attached.

    As LoRA begins: `down` uniform within ±1/sqrt(d_in), `up` zero, so that the model is at first what it was.
    """

    def __init__(self, layer: Any, rank: int, scale: float, generator: Any) -> None:
        import torch

        bound = layer.in_features**-0.5
        down = (torch.rand((rank, layer.in_features), generator=generator) * 2 - 1) * bound
        place = layer.weight.device
        self.down = torch.nn.Parameter(down.to(place))
        self.up = torch.nn.Parameter(torch.zeros((layer.out_features, rank), device=place))
        self._scale = scale
        self._handle = layer.register_forward_hook(self._add)

    def _add(self, layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        # In the model's number format; the parameters themselves stay in float32, or small steps would be rounded away.
        layer_input = inputs[0]
        projected = layer_input @ self.down.to(layer_input.dtype).T
        return output + projected @ (self.up * self._scale).to(layer_input.dtype).T

    def detach(self) -> None:
        self._handle.remove()


@contextmanager
def adapter_attached(model: Any, adapter: Adapter | None, scale: float = 1.0) -> Iterator[None]:
    """A context in which the model has `scale` times the adapter's deltas; its weights are not changed."""
    import torch

    handles = []
    try:
        if adapter is not None and scale:
            layers = linear_layers(model)
            for block, targets in enumerate(adapter.layers):
                for target, factors in targets.items():
                    layer = layers[block, target]
                    place = {"device": layer.weight.device, "dtype": layer.weight.dtype}
                    down = torch.from_numpy(np.ascontiguousarray(factors.down.T)).to(**place)
                    up = torch.from_numpy(np.ascontiguousarray(factors.up.T) * (adapter.scale * scale)).to(**place)
                    handles.append(layer.register_forward_hook(_delta_hook(down, up)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _delta_hook(down: Any, up: Any) -> Any:
    def add(layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        return output + (inputs[0] @ down) @ up

    return add
