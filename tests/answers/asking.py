"""Answers as a user sees them."""

from __future__ import annotations

from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph


def told(graph: CodeGraph, question: str) -> list[str]:
    """The sentences of the answer, none of which was dropped by the checks."""
    answer = answer_question(graph, question)
    assert not answer.dropped
    return [claim.text for claim in answer.claims]
