"""One JSON line for each answer: its citations and whether they held, the selected files, the time of each stage.

The text of the answer is never in it, that of the question only on request.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..code_graph import CodeGraph
from ..errors import UsageError
from ..types import Answer

SCHEMA = 1
# The time marks of an answer in order: each is the milliseconds from the question to the end of a stage.
_STAGES = ("evidence", "phrased", "composed", "read", "total")


def answer_record(graph: CodeGraph, answer: Answer, with_question: bool = False) -> dict[str, Any]:
    """The record of one answer. Rates are shares of the shown citations, None without citations; `citations_must`: the number of shown
    sentences, each of which must have one. `retries`: how often the model was asked again; `delta_norms`: the size of the adapter's deltas
    as a share of the weights, by target."""
    citations = [c for claim in answer.claims for c in claim.citations]
    files = list(dict.fromkeys(e.span.path for e in answer.evidence))
    modules = {graph.module_for_file(path) for path in files if path.endswith((".py", ".pyi", ".pyw"))}

    def rate(name: str) -> float | None:
        return round(sum(getattr(c, name) for c in citations) / len(citations), 4) if citations else None

    metrics = answer.metrics
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "found": answer.found,
        "complete": answer.complete,
        "sentences": len(answer.claims),
        "dropped": len(answer.dropped),
        "citations_total": len(citations),
        "citations_must": len(answer.claims),
        "resolves": rate("resolves"),
        "fresh": rate("fresh"),
        "supports": rate("supports"),
        "modules_selected": len(modules),
        "files_selected": len(files),
        "elapsed_sec": round(metrics.get("total_ms", 0.0) / 1000, 4),
        "elapsed_by_stage": stage_seconds(metrics),
        "retries": metrics.get("retries", 0),
        "delta_norms": metrics.get("delta_norms", {}),
        "tokens": {"prompt": metrics.get("prompt_tokens", 0), "new": metrics.get("new_tokens", 0)},
        "model": answer.provenance.model,
        "adapter": answer.provenance.adapter,
        "commit": answer.provenance.commit,
        "tree": answer.provenance.tree,
    }
    if with_question:
        record["question"] = answer.question
    return record


def stage_seconds(metrics: dict[str, Any]) -> dict[str, float]:
    """The seconds of each stage, from the time marks; the last stage, up to the total, is "finishing"."""
    seconds: dict[str, float] = {}
    previous_mark = 0.0
    for name in _STAGES:
        mark = metrics.get(f"{name}_ms")
        if mark is not None:
            seconds["finishing" if name == "total" else name] = round(max(0.0, mark - previous_mark) / 1000, 4)
            previous_mark = mark
    return seconds


def write_record(file: Path, record: dict[str, Any]) -> None:
    """Append one line. Raises `UsageError` if the file cannot be written."""
    line = json.dumps(record, ensure_ascii=False) + "\n"
    try:
        with file.open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.write(line)
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}); name another file for telemetry.") from error
