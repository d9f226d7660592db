"""The sentence that an answer begins with, where the question asks for one thing of a kind: a place, a result, a default, a reason.

The other sentences stand behind it in the order of the code, which says how it comes to that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ...graph import terms
from .asked_result import says_result, says_result_in_words
from .candidate import Candidate
from .sentence_scores import DOMINANT_KINDS, asked_kinds, gives_reason

_DEFAULT = re.compile(r"(?<!by )\bdefaults?\b", re.I)
_TELLS_DEFAULT = re.compile(r"\(default `|\bdefault\w* |`[^`\n]*`: “[^”]*\bdefault", re.I)


_MOST = 0.6  # of the question's words, by weight, that a sentence on a default must have: else it is another one's


def leading_sentence(
    chosen: Sequence[Candidate], kind: str, question: str, weights: Mapping[str, float]
) -> Candidate | None:
    """Of the chosen sentences (best first) the one that answers the question's kind; None if the question asks for no one thing, or none of
    them does. `kind`: of the answer; `weights`: of the question's terms."""
    if any(item.kind in DOMINANT_KINDS - {"default"} for item in chosen):
        return None
    for test in _tests_for(kind, question, weights):
        for pool in ([item for item in chosen if item.named], chosen):
            found = next((item for item in pool if test(item)), None)
            if found is not None:
                return found
    return None


def _tests_for(kind: str, question: str, weights: Mapping[str, float]) -> list[Callable[[Candidate], bool]]:
    """What the sentence must be, the surest first."""
    if kind == "where":
        return [lambda item: item.kind == "act", lambda item: True]
    if kind == "why":
        return [lambda item: item.role == "main" and gives_reason(item)]
    if kind not in ("what", "other"):
        return []
    if _DEFAULT.search(question):
        return [lambda item: item.kind == "default", lambda item: _tells_default(item, weights)]
    asked = asked_kinds(question)
    if "returns" in asked:
        return [says_result_in_words, lambda item: item.kind == "returns", says_result]
    if "raises" in asked:
        return [lambda item: item.kind == "raises"]
    return []


def _tells_default(item: Candidate, weights: Mapping[str, float]) -> bool:
    said = terms.distinct(item.text)
    held = sum(weight for term, weight in weights.items() if term in said)
    return bool(_TELLS_DEFAULT.search(item.text)) and held >= _MOST * sum(weights.values())
