"""A language model's opinion on texts: how likely it is that each helps to answer a question."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..errors import Cancelled
from ..types import CancelToken

# Scores prompts with a model: for each the log-probability of "yes", or a pair of scores for "yes" and "no" (log-probabilities or logits).
Scorer = Callable[[Sequence[str]], Sequence[float] | Sequence[tuple[float, float]]]

PROMPT = "{text}\n\nQuestion: {question}\nDo the lines above help to answer the question? Answer yes or no.\nAnswer:"
_MAX_QUESTION = 2000


def model_prob_yes(
    scorer: Scorer, question: str, texts: Sequence[str], batch_size: int = 8, cancel: CancelToken | None = None
) -> list[float]:
    """The probability that a model answers yes to whether a text helps with the question, for each text, in their order.

    The scorer gets at most `batch_size` prompts at a time, similar lengths together, and equal texts once. A pair of scores becomes the
    probability of "yes" among the two. Raises `ValueError` where the scorer returns another number of scores, a NaN, or a log-probability
    above 0; `Cancelled` between batches.
    """
    if batch_size < 1:
        raise ValueError("batch_size must be positive")
    question_text = question.strip()[:_MAX_QUESTION]
    distinct = sorted(dict.fromkeys(texts), key=len)
    probabilities: dict[str, float] = {}
    for start in range(0, len(distinct), batch_size):
        if cancel is not None and cancel.is_set():
            raise Cancelled("The reading was stopped.")
        batch = distinct[start : start + batch_size]
        scores = scorer([PROMPT.format(text=text, question=question_text) for text in batch])
        if len(scores) != len(batch):
            raise ValueError(f"the scorer gave {len(scores)} scores for {len(batch)} texts")
        probabilities.update(zip(batch, map(_probability, scores), strict=True))
    return [probabilities[text] for text in texts]


def _probability(score: float | tuple[float, float]) -> float:
    if isinstance(score, (tuple, list)):
        yes, no = map(float, score)
        if math.isnan(yes) or math.isnan(no) or yes == no:
            if yes == no:
                return 0.5
            raise ValueError(f"no scores: {score}")
        # The one of two equivalent forms whose exponential cannot overflow.
        return 1 / (1 + math.exp(no - yes)) if yes > no else 1 - 1 / (1 + math.exp(yes - no))
    value = float(score)
    if math.isnan(value) or value > 1e-6:
        raise ValueError(f"{value} is no log-probability")
    return min(1.0, math.exp(value))
