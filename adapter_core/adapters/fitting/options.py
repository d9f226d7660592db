"""The options of fitting an adapter. Each default stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError
from ..targets import TARGETS


@dataclass(frozen=True, slots=True)
class FitOptions:
    """`steps` of `batch` sequences of `length` tokens each, one pass over packed text; with `seconds`, as many steps as fit in that time,
    at most `steps`.

    `alpha`: deltas are scaled by alpha / rank. `first_block`: the share of the model's blocks, from the bottom, that are not adapted; those
    below the first adapted block need no backward pass. `tokens_per_file`: only a part of this length is read of a larger file. `covering`:
    choose the text by coverage (`covering.py`) instead of at random; with `seconds`, the most informative comes first. `rate`: AdamW's
    learning rate, after `warm_up` steps, falling linearly to a tenth. `clip`: the largest norm of a step's gradient. `questions`: the share
    of the steps that train log P(question | place) on rows made from the repository (`questions.py`) instead of on its text: the model then
    reads much better, and predicts text less well than with text alone (docs/adapters.md). `prose`: the share of the text that comes from
    elsewhere, so that other text does not suffer (`prose.py`). `averaged`: the adapter is the mean of its states after this share of the
    steps, the last ones.
    """

    rank: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] = TARGETS
    first_block: float = 0.0
    steps: int = 112
    seconds: float | None = None
    batch: int = 2
    length: int = 256
    tokens_per_file: int = 4096
    covering: bool = True
    rate: float = 3e-3
    warm_up: int = 8
    clip: float = 1.0
    questions: float = 0.0
    prose: float = 1 / 16
    averaged: float = 0.25
    seed: int = 0
    checkpoint_every: int = 10
    low_priority: bool = False

    def __post_init__(self) -> None:
        # Steps that are averaged must begin after their number is known; see `fit.py`.
        if not (0 <= self.prose <= 0.5 and 0 <= self.averaged <= 0.5):
            raise UsageError("The shares of other prose and of averaged steps of a fit are numbers from 0 to 0.5.")


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """Development text: about `windows` windows of `length` tokens, `functions` function bodies, and `general` windows of prose that has
    nothing to do with the repository. An adapter is kept at the best of `scales` at which the first two improve by more than `least` (a
    share of the bits per byte; 0: by any amount, so of a fit that does nothing chance may keep one) and the third gets worse by at most
    `most_harm`. Also reported: how well the model reads for `questions` questions among `places` places, of each of which `place_tokens`
    are read."""

    windows: int = 8
    length: int = 512
    functions: int = 12
    general: int = 8
    scales: tuple[float, ...] = (0.5, 0.75, 1.0)
    least: float = 0.0
    most_harm: float = 0.01
    questions: int = 16
    places: int = 8
    place_tokens: int = 128
