"""Answers and evidence as plain JSON values. The shape is stable: `"schema": 1`, see docs/protocol.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from ..types import Answer, Citation, Claim, Evidence
from .render import to_markdown

SCHEMA = 1


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "question": answer.question,
        "text": answer.text,
        "found": answer.found,
        "claims": [
            {
                "text": c.text,
                "lead": c.lead,
                "steps": list(c.steps),
                "kind": c.kind,
                "citations": [citation_to_dict(x) for x in c.citations],
            }
            for c in answer.claims
        ],
        "evidence": [evidence_to_dict(e, with_kind=False) for e in answer.evidence],
        "dropped": [asdict(d) for d in answer.dropped],
        "complete": answer.complete,
        "reason": answer.reason,
        "provenance": asdict(answer.provenance),
        "metrics": answer.metrics,
    }


def with_claims(answer: Answer, claims: Sequence[Claim]) -> Answer:
    """The answer with other claims, also in its text; the text above and below the claims is kept."""
    old_text = to_markdown(answer.claims)
    text = answer.text.replace(old_text, to_markdown(claims), 1) if old_text else answer.text
    return replace(answer, claims=tuple(claims), text=text)


def join_reasons(*reasons: str) -> str:
    """Several reasons as one, each once. Some are whole sentences, as errors are; in a list of reasons they have no full stop."""
    return "; ".join(dict.fromkeys(reason.rstrip(".") for reason in reasons if reason))


def citation_to_dict(citation: Citation) -> dict[str, Any]:
    span = citation.span
    return {
        "root": span.root,
        "path": span.path,
        "start": span.start,
        "end": span.end,
        "sha256": citation.sha256,
        "resolves": citation.resolves,
        "fresh": citation.fresh,
        "supports": citation.supports,
    }


def evidence_to_dict(item: Evidence, with_kind: bool = True) -> dict[str, Any]:
    span = item.span
    found: dict[str, Any] = {
        "root": span.root,
        "path": span.path,
        "start": span.start,
        "end": span.end,
        "symbol": item.symbol,
    }
    if with_kind:
        found["kind"] = item.kind
    return found | {"score": item.score, "why": list(item.why)}
