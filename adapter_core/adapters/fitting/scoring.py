"""How well a model predicts given text: log probabilities of its tokens, bits per byte."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...types import CancelToken, check_cancelled
from ..memory import Memory
from ..remembering.gate import ContextStats, Gate, concatenate_stats
from .windows import Window

_BATCH_TOKENS = 1024
_ROWS = 256


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Scores of the predicted tokens of a window: `chosen` (n,) float32, the model's log probability (natural) of each; `known`: the
    statistics of the memory there, if one was passed."""

    chosen: np.ndarray
    known: ContextStats | None = None

    def with_memory(self, gate: Gate | None = None) -> np.ndarray:
        """Log probabilities (n,) under model and memory, mixed by `gate` (None: the fitted one). Needs `known`."""
        assert self.known is not None
        return (gate or Gate.fitted()).mix(self.known, self.chosen)


def score_windows(
    model: Any, windows: Sequence[Window], cancel: CancelToken | None = None, memory: Memory | None = None
) -> list[TokenScores]:
    """Reads all windows, short ones in batches. Raises `Cancelled`."""
    found: dict[int, TokenScores] = {}
    for batch in _batches(windows):
        check_cancelled(cancel)
        found.update(zip(batch, _read(model, [windows[i] for i in batch], memory), strict=True))
    return [found[i] for i in range(len(windows))]


def bits_per_byte(windows: Sequence[Window], chosen: Sequence[np.ndarray]) -> float:
    """Mean over all bytes of the windows together, of log probabilities as in `TokenScores.chosen`."""
    return -sum(float(c.sum()) for c in chosen) / math.log(2) / sum(w.size for w in windows)


def _batches(windows: Sequence[Window]) -> list[list[int]]:
    batches: list[list[int]] = []
    for index in sorted(range(len(windows)), key=lambda i: (-len(windows[i].tokens), i)):
        if batches and len(windows[batches[-1][0]].tokens) * (len(batches[-1]) + 1) <= _BATCH_TOKENS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _read(model: Any, batch: Sequence[Window], memory: Memory | None) -> list[TokenScores]:
    """One forward pass. Padding stands at the right, where attention never looks from the left."""
    import torch

    longest = max(len(w.tokens) for w in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    for row, window in enumerate(batch):
        ids[row, : len(window.tokens)] = torch.from_numpy(window.tokens.astype(np.int64))
    ids = ids.to(model.device)
    found, head = [], model.get_output_embeddings()
    with torch.inference_mode():
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        for row, window in enumerate(batch):
            last = len(window.tokens)
            # The vocabulary's logits are the largest thing here: only those that are asked for, one text at a time.
            scores = head(hidden[row, window.first - 1 : last - 1]).float()
            total = torch.logsumexp(scores, dim=-1)
            chosen = scores.gather(-1, ids[row, window.first : last, None])[:, 0] - total
            known = _memory_stats(memory, window, scores - total[:, None]) if memory is not None else None
            found.append(TokenScores(chosen.cpu().numpy(), known))
    return found


def _memory_stats(memory: Memory, window: Window, logs: Any) -> ContextStats:
    """The memory's statistics of a window, some rows at a time, since each row may have many followers."""
    parts = [
        memory.stats_of(window.tokens, logs[start : start + _ROWS].cpu().numpy(), window.first + start)
        for start in range(0, max(len(logs), 1), _ROWS)
    ]
    return concatenate_stats(parts)
