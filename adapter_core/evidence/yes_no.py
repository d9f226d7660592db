"""A language model's opinion on texts: how likely it is that each helps to answer a question."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..errors import Cancelled
from ..types import CancelToken

# What a model makes of prompts: for each the log-probability of "yes", or a pair of scores, for "yes" and for "no" (log-probabilities or
# logits).
Scorer = Callable[[Sequence[str]], Sequence[float] | Sequence[tuple[float, float]]]

PROMPT = "{text}\n\nQuestion: {question}\nDo the lines above help to answer the question? Answer yes or no.\nAnswer:"
_MAX_QUESTION = 2000


def model_prob_yes(
    scorer: Scorer, question: str, texts: Sequence[str], batch_size: int = 8, cancel: CancelToken | None = None
) -> list[float]:
    """The probability, for each text, that a model says yes to it as help for the question, in the order of the texts.

    The scorer gets at most `batch_size` prompts at a time, those of like length together, and equal texts once. A pair of scores is turned
    into the probability of yes among the two. Raises `ValueError` where the scorer gives another number of scores, or no numbers, or a
    log-probability above 0; `Cancelled` between batches.
    """
    if batch_size < 1:
        raise ValueError("batch_size must be positive")
    asked = question.strip()[:_MAX_QUESTION]
    distinct = sorted(dict.fromkeys(texts), key=len)
    found: dict[str, float] = {}
    for start in range(0, len(distinct), batch_size):
        if cancel is not None and cancel.is_set():
            raise Cancelled("The reading was stopped.")
        batch = distinct[start : start + batch_size]
        scores = scorer([PROMPT.format(text=text, question=asked) for text in batch])
        if len(scores) != len(batch):
            raise ValueError(f"the scorer gave {len(scores)} scores for {len(batch)} texts")
        found.update(zip(batch, map(_probability, scores), strict=True))
    return [found[text] for text in texts]


def _probability(score: float | tuple[float, float]) -> float:
    if isinstance(score, (tuple, list)):
        yes, no = map(float, score)
        if math.isnan(yes) or math.isnan(no) or yes == no:
            if yes == no:
                return 0.5
            raise ValueError(f"no scores: {score}")
        # Of the two forms the one whose exponential cannot overflow.
        return 1 / (1 + math.exp(no - yes)) if yes > no else 1 - 1 / (1 + math.exp(yes - no))
    value = float(score)
    if math.isnan(value) or value > 1e-6:
        raise ValueError(f"{value} is no log-probability")
    return min(1.0, math.exp(value))
