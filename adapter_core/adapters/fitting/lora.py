"""Low-rank factors beside the linear layers of a model, for training and for scoring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ...errors import ModelError
from ..adapter import Adapter
from ..deltas import scale_factors
from ..side_path import SidePath
from ..targets import TARGETS, Site, layout_of, match_sites


def trainable_sites(model: Any, targets: Sequence[str] = TARGETS) -> dict[tuple[int, str], tuple[Any, Site]]:
    """The module and the site of each of these targets in the model, by block and target: those that an adapter can be put on. Raises
    `AdapterError` for a model without any, `ModelError` where it has none of these."""
    layout = layout_of(model)
    blocks = model.get_submodule(layout.blocks)
    found = {
        (number, target): (blocks[number].get_submodule(site.path), site)
        for number, sites in enumerate(layout.sites)
        for target, site in sites.items()
        if target in targets
    }
    if not found:
        raise ModelError(f"This model has no layers that an adapter of {', '.join(targets)} could be fitted to.")
    return found


class TrainedFactors:
    """`down` (rank, d_in) and `up` (d_out, rank) as float32 parameters, whose product is added to the site's output while attached.

    As LoRA begins: `down` uniform within ±1/sqrt(d_in), `up` zero, so that the model is at first what it was.
    """

    def __init__(self, module: Any, site: Site, rank: int, scale: float, generator: Any) -> None:
        import torch

        d_out, d_in = site.shape
        down = (torch.rand((rank, d_in), generator=generator) * 2 - 1) * d_in**-0.5
        place = module.weight.device
        self.down = torch.nn.Parameter(down.to(place))
        self.up = torch.nn.Parameter(torch.zeros((d_out, rank), device=place))
        self._module, self._site, self._scale = module, site, scale
        self._handle: Any = None

    def attach(self) -> None:
        self._handle = self._module.register_forward_hook(self._add)

    def _add(self, module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        # In the model's number format; the parameters themselves stay in float32, or small steps would be rounded away.
        layer_input = inputs[0]
        projected = layer_input @ self.down.to(layer_input.dtype).T
        added = projected @ (self.up * self._scale).to(layer_input.dtype).T
        if self._site.covers_module:
            return output + added
        output = output.clone()
        output[..., self._site.start : self._site.stop] += added
        return output

    def detach(self) -> None:
        """Idempotent."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None


@contextmanager
def adapter_attached(model: Any, adapter: Adapter | None, scale: float = 1.0) -> Iterator[None]:
    """A context in which the model has `scale` times the adapter's deltas; its weights are not changed. Raises `AdapterError` where the
    adapter does not fit the model."""
    paths: list[SidePath] = []
    try:
        if adapter is not None and scale:
            layout = layout_of(model)
            blocks = model.get_submodule(layout.blocks)
            for block, _, site, factors in match_sites(layout, adapter.layers, len(adapter.layers)):
                module = blocks[block].get_submodule(site.path)
                scaled = replace(scale_factors(factors, adapter.scale * scale), bias=factors.bias)
                paths.append(SidePath(module, site, scaled))
                paths[-1].attach()
        yield
    finally:
        for path in paths:
            path.remove()
