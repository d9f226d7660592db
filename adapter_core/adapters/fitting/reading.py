"""How well a model reads for the questions of a repository itself: does log P(question | place) put the right one of several places first?

A small figure beside bits per byte, on development files: those of a few hundred pairs of question and place (`questions.py`) that are
drawn, each among its neighbours, which are mostly of the same file. `./x bench adapter_reading` measures the same over whole searches.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from ...models.loading import LoadedModel
from ...models.scoring import ScoringOptions, score
from ...types import CancelToken
from ..adapter import Adapter
from .lora import adapter_attached
from .options import JudgeOptions
from .questions import QuestionRow


def mean_reciprocal_rank(
    loaded: LoadedModel,
    rows: Sequence[QuestionRow],
    adapter: Adapter | None,
    scale: float = 1.0,
    options: JudgeOptions | None = None,
    cancel: CancelToken | None = None,
) -> float | None:
    """MRR (0 to 1, higher is better) over at most `options.questions` of `rows`, each against the places of its neighbours; None if there
    are too few rows. The choice of rows is deterministic. Raises `Cancelled` and `ModelError`."""
    options = options or JudgeOptions()
    docstrings = [row for row in rows if row.kind == "docstring"]
    if options.questions < 1 or len(docstrings) < options.places:
        return None
    chosen = sorted(random.Random(0).sample(range(len(docstrings)), min(options.questions, len(docstrings))))
    reading = ScoringOptions(context_tokens=options.place_tokens)
    ranks = []
    with adapter_attached(loaded.model, adapter, scale):
        for number in chosen:
            first = max(min(number - options.places // 2, len(docstrings) - options.places), 0)
            places = [row.place for row in docstrings[first : first + options.places]]
            found = score(loaded, places, docstrings[number].question, reading, cancel)
            right = found[number - first]
            ranks.append(sum(value >= right for value in found))
    return sum(1 / rank for rank in ranks) / len(ranks)
