"""One composed answer beside the evidence it was made from: what its citations show of the gold lines, what it names of the reference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from _retrieval_data import LINE_SETS, Row, gold_lines

from adapter_core.answers.citations import check
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Answer, Evidence

_IDENTIFIER = re.compile(r"`([^`\n]{2,80})`|\b(\w*[^\W\d_]_\w+|[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b")
_MAX_NAMES = 60


def score(graph: CodeGraph, row: Row, reference: str, answer: Answer) -> dict[str, float]:
    """The scores that a row allows. Equal lines: of the evidence, in its order, as many as the answer cites."""
    citations = [check(graph, c) for claim in answer.claims for c in claim.citations]
    cited = {(c.span.path, n) for c in citations for n in range(c.span.start, c.span.end + 1)}
    scores: dict[str, float] = {
        "found": float(answer.found),
        "sentences": float(len(answer.claims)),
        "two sentences": float(len(answer.claims) >= 2),
        "cited lines": float(len(cited)),
        "dropped": float(len(answer.dropped)),
        "ms": float(answer.metrics["total_ms"]),
    }
    if citations:
        scores["resolves"] = sum(c.resolves for c in citations) / len(citations)
        scores["fresh"] = sum(c.fresh for c in citations) / len(citations)
        scores["supports"] = sum(c.supports for claim in answer.claims for c in claim.citations) / len(citations)
    if row.set in LINE_SETS and row.places:
        gold = gold_lines(row)
        scores["gold lines"] = len(gold & cited) / len(gold)
        scores["evidence, equal lines"] = len(gold & first_lines(answer.evidence, len(cited))) / len(gold)
    names = identifiers(reference)
    if names:
        text = answer.text
        evidence = "\n".join(e.text for e in answer.evidence)[: len(text)]
        scores["identifiers"] = recall(names, text)
        scores["evidence, equal text"] = recall(names, evidence)
    return scores


def first_lines(evidence: Iterable[Evidence], count: int) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for item in evidence:
        for n in range(item.span.start, item.span.end + 1):
            if len(found) >= count:
                return found
            found.add((item.span.path, n))
    return found


def identifiers(text: str) -> set[str]:
    """The last parts of the names that a reference answer writes as code, or that look like it."""
    found: set[str] = set()
    for match in _IDENTIFIER.finditer(text):
        name = (match[1] or match[2]).strip().removesuffix("()").rpartition(".")[2]
        if re.fullmatch(r"[A-Za-z_]\w{2,}", name):
            found.add(name)
    return set(sorted(found)[:_MAX_NAMES])


def recall(names: set[str], text: str) -> float:
    words = set(re.findall(r"\w+", text))
    return len(names & words) / len(names)


def references(folder: Path, sets: Iterable[str]) -> dict[str, str]:
    """Reference answers by row."""
    import json

    found = {}
    for name in sets:
        for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n"):
            raw = json.loads(line) if line else {}
            if raw.get("reference_answer"):
                found[raw["id"]] = raw["reference_answer"]
    return found
