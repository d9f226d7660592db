"""The options of finding and packing evidence. Each default stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """`top` spans are returned. With a zoom symbol, its neighbours up to `zoom_radius` steps away are looked at.

    The workspace holds no answer where the best span contains less than `min_coverage + short_margin / n` of the information
    of the question's n terms (their idf): a short question must be met more fully.

    `max_lines`: a longer definition is cut to its deciding lines.
    """

    top: int = 8
    zoom_radius: int = 1
    min_coverage: float = 0.15
    short_margin: float = 0.4
    max_lines: int = 40
    path_glob: str | None = None


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """`tokens`: the budget of the packed evidence, in the model's own tokens (or an estimate without a model)."""

    tokens: int = 900
