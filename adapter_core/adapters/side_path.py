"""A delta beside a layer instead of in its weight: the layer's input goes through the factors, and the result is added to its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .adapter import Factors
from .targets import Site

if TYPE_CHECKING:
    import torch


class SidePath:
    """The factors of one target on one module, and their bias. `factored` False: only the bias is added."""

    def __init__(self, module: Any, site: Site, factors: Factors, factored: bool = True) -> None:
        self.factored = factored
        self._module, self._site, self._factors = module, site, factors
        self._handle: Any = None
        # By device and number format of what comes by: a model may be moved while the path is on it.
        self._tensors: dict[tuple[Any, Any], tuple[Any, Any, Any]] = {}

    def attach(self) -> None:
        if self._handle is None:
            self._handle = self._module.register_forward_hook(self._forward)

    def remove(self) -> None:
        """Idempotent."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        self._tensors.clear()

    def _forward(self, module: Any, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        import torch

        up, down, bias = self._factors_on(output.device, output.dtype)
        added = bias
        if self.factored:
            through = torch.nn.functional.linear(torch.nn.functional.linear(args[0].to(output.dtype), down), up)
            added = through if bias is None else through + bias
        if added is None:
            return output
        if self._site.covers_module:
            return output + added
        # Not in place: autograd may need what came out.
        output = output.clone()
        output[..., self._site.start : self._site.stop] += added
        return output

    def _factors_on(self, device: Any, dtype: Any) -> tuple[Any, Any, Any]:
        if (device, dtype) not in self._tensors:
            import torch

            with torch.inference_mode(False):
                arrays = (self._factors.up, self._factors.down, self._factors.bias)
                up, down, bias = (
                    None if a is None else torch.from_numpy(np.require(a, np.float32, ["C", "W"])).to(device, dtype)
                    for a in arrays
                )
            self._tensors[device, dtype] = up, down, bias
        return self._tensors[device, dtype]
