"""One composed answer beside other texts of its length: what its citations show of the gold lines, what it names of the reference.

The other texts: the evidence it was made from, the lines that the reference cites, and lines drawn from anywhere in the repository.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from _retrieval_data import LINE_SETS, Row, gold_lines, lines_of

from adapter_core.answers.citations import check
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Answer, Evidence

_IDENTIFIER = re.compile(r"`([^`\n]{2,80})`|\b(\w*[^\W\d_]_\w+|[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b")
_MAX_NAMES = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference answer of a row, and its separate statements (`facts`) if the row has them."""

    text: str = ""
    facts: tuple[str, ...] = ()


def score(graph: CodeGraph, row: Row, reference: Reference, answer: Answer) -> dict[str, float]:
    """The scores that a row allows. Equal lines: of the evidence, in its order, as many as the answer cites. A fact counts as told
    where each name that it writes as code is in the text (facts without one are left out)."""
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
    texts = {"": answer.text, **comparison_texts(graph, row, answer)}
    names = identifiers(reference.text)
    facts = [identifiers(fact) for fact in reference.facts]
    facts = [fact for fact in facts if fact]
    for whose, text in texts.items():
        text = text[: len(answer.text)]
        if names:
            scores[f"identifiers{whose}"] = recall(names, text)
        if facts:
            scores[f"facts{whose}"] = sum(recall(fact, text) == 1 for fact in facts) / len(facts)
    return scores


def comparison_texts(graph: CodeGraph, row: Row, answer: Answer) -> dict[str, str]:
    """Texts to compare with an answer, which are then cut to its length."""

    def text_of(path: str, start: int, end: int) -> str:
        return "\n".join(lines_of(graph.root / path)[start - 1 : end])

    rng = random.Random(row.id)
    paths = [r.path for r in graph.store.files() if r.kind == "python"]
    drawn: list[str] = []
    while sum(map(len, drawn)) < len(answer.text) and len(drawn) < 20:
        path = rng.choice(paths)
        start = rng.randint(1, max(1, len(lines_of(graph.root / path)) - 10))
        drawn.append(text_of(path, start, start + 9))
    found = {", evidence": "\n".join(e.text for e in answer.evidence), ", random lines": "\n".join(drawn)}
    if row.places:
        found[", gold lines"] = "\n".join(text_of(p.path, p.start, p.end) for p in row.places)
    return found


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


def references(folder: Path, sets: Iterable[str]) -> dict[str, Reference]:
    """The reference answers, by row."""
    import json

    found = {}
    for name in sets:
        for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n"):
            raw = json.loads(line) if line else {}
            if raw:
                found[raw["id"]] = Reference(raw.get("reference_answer") or "", tuple(raw.get("facts") or ()))
    return found
