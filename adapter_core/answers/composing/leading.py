"""The sentence that an answer begins with, where the question asks for one thing of a kind: a place, a result, a default, a reason.

The other sentences stand behind it in the order of the code, which says how it comes to that."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .asked_result import says_result, says_result_in_words
from .candidate import Candidate
from .sentence_scores import DOMINANT_KINDS, asked_kinds, gives_reason

_DEFAULT = re.compile(r"(?<!by )\bdefaults?\b", re.I)
_TELLS_DEFAULT = re.compile(r"\(default `|\bdefault\w* |`[^`\n]*`: “[^”]*\bdefault", re.I)


def leading_sentence(chosen: Sequence[Candidate], kind: str, question: str) -> Candidate | None:
    """Of the chosen sentences (best first) the one that answers the question's kind; None if the question asks for no one thing, or none of
    them does. `kind`: of the answer."""
    if any(item.kind in DOMINANT_KINDS - {"default"} for item in chosen):
        return None
    for test in _tests_for(kind, question):
        for pool in ([item for item in chosen if item.named], chosen):
            found = next((item for item in pool if test(item)), None)
            if found is not None:
                return found
    return None


def _tests_for(kind: str, question: str) -> list[Callable[[Candidate], bool]]:
    """What the sentence must be, the surest first."""
    if kind == "where":
        return [lambda item: item.kind == "act", lambda item: True]
    if kind == "why":
        return [lambda item: item.role == "main" and gives_reason(item)]
    if kind not in ("what", "other"):
        return []
    if _DEFAULT.search(question):
        return [lambda item: item.kind == "default", lambda item: bool(_TELLS_DEFAULT.search(item.text))]
    asked = asked_kinds(question)
    if "returns" in asked:
        return [says_result_in_words, lambda item: item.kind == "returns", says_result]
    if "raises" in asked:
        return [lambda item: item.kind == "raises"]
    return []
