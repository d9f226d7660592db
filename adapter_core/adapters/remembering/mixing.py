"""The memory as a step between a model's logits and the choice of a token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..memory import Memory
from .followers import ModelView
from .gate import Gate

if TYPE_CHECKING:
    import torch


class MemoryStep:
    """Mixes a memory into logits, position by position: after the model, before penalties, masks and sampling."""

    def __init__(self, memory: Memory, gate: Gate | None = None) -> None:
        self._memory = memory
        self._gate = gate

    def __call__(self, tokens: Sequence[int], logits: torch.Tensor) -> torch.Tensor:
        """New logits (vocabulary,) float32, after `tokens`; `logits` is not changed.

        Their softmax is the mixture. Tokens that are not in the prediction keep their logits, so that penalties affect them as before;
        the others are raised.
        """
        import torch

        mixed = logits.to(torch.float32, copy=True)
        total = torch.logsumexp(mixed, dim=-1)

        def logs(tokens: np.ndarray) -> np.ndarray:
            found = np.full(len(tokens), -np.inf)
            inside = tokens < len(mixed)
            found[inside] = (mixed[torch.from_numpy(tokens[inside]).to(mixed.device)] - total).cpu().numpy()
            return found

        entropy = torch.special.entr(torch.softmax(mixed, dim=-1)).sum()
        model = ModelView(logs, float(mixed.max() - total), float(entropy))
        predicted = self._memory.next_distribution(tokens, model, self._gate)
        # A vocabulary that was cut would not have the last of the tokenizer's ids.
        inside = predicted.tokens < len(mixed)
        if predicted.model_weight <= 0 or not inside.any():
            return mixed
        at = torch.from_numpy(predicted.tokens[inside]).to(mixed.device)
        shares = torch.from_numpy(predicted.shares[inside]).to(mixed.device, torch.float32)
        raised = torch.logaddexp(mixed[at] - total, shares.log() - math.log(predicted.model_weight))
        mixed[at] = raised + total
        return mixed
