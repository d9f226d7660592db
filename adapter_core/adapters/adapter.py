"""What an adapter is: low-rank factors for the linear layers of a model (LoRA: Hu et al., arXiv 2106.09685)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Factors:
    """`down` (rank, d_in) and `up` (d_out, rank), float32: LoRA's A and B. The delta of a weight of shape (d_out, d_in) is
    `scale * up @ down`. `bias` (d_out,), if there is one, is added to the layer's output, unscaled."""

    down: np.ndarray
    up: np.ndarray
    bias: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.down.ndim != 2 or self.up.ndim != 2 or self.down.shape[0] != self.up.shape[1]:
            raise ValueError(f"factors do not fit together: down {self.down.shape}, up {self.up.shape}")
        if self.bias is not None and self.bias.shape != self.up.shape[:1]:
            raise ValueError(f"the bias does not fit: {self.bias.shape} beside up {self.up.shape}")

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    @property
    def shape(self) -> tuple[int, int]:
        """(d_out, d_in) of the weight that the factors change."""
        return self.up.shape[0], self.down.shape[1]


# Target ("q_proj", "gate_proj", … or a fused layer's part) to its factors.
LayerFactors = Mapping[str, Factors]


@dataclass(frozen=True, slots=True)
class Adapter:
    """`layers[i]` holds the factors of the model's i-th block, by target; a missing target is left unchanged. Each delta is
    scaled by `alpha / rank`."""

    layers: tuple[LayerFactors, ...]
    rank: int
    alpha: float

    @property
    def scale(self) -> float:
        return self.alpha / self.rank
