"""How long a composed answer takes from the request on: to its evidence, to its first sentence, to its last.

"processor" is the time that this process computed: what the answer would take if nothing else ran.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from _retrieval_data import Row

from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph

STEPS = ("evidence", "first sentence", "answer", "answer, processor")


def latencies(rows: Sequence[Row], repos: Path, cache: Path, each: int, seed: int) -> list[dict[str, Any]]:
    """One row of the table for each repository with at least `each` questions about one checkout, and one for all. One process, one
    question after the other, each asked once, with calls linked as the indexer does it when nothing else is to be done. The first
    question of a checkout reads its index in and stands apart, under `cold`."""
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)
    by_checkout: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_checkout[row.checkout].append(row)
    largest = {own[0].repo: own for own in sorted(by_checkout.values(), key=len) if len(own) > each}
    table, everything = [], []
    for repo, own in sorted(largest.items()):
        sample = random.Random(seed).sample(own, each + 1)
        with CodeGraph.load_or_build(repos / own[0].checkout) as graph:
            graph.link()
            cold, *found = [_times(graph, row.question) for row in sample]
        everything += found
        table.append({"repository": repo, **_shares(found), "cold": cold["answer"]})
    table.append({"repository": "all", **_shares(everything)})
    return table


def _times(graph: CodeGraph, question: str) -> dict[str, float]:
    """Milliseconds to each step; a refusal has no first sentence."""
    found: dict[str, float] = {}
    started, computed = perf_counter(), process_time()

    def seen(name: str, value: Any) -> None:
        step = {"evidence": "evidence", "claim": "first sentence"}.get(name)
        if step is not None:
            found.setdefault(step, (perf_counter() - started) * 1000)

    answer_question(graph, question, on_event=seen)
    found["answer"] = (perf_counter() - started) * 1000
    found["answer, processor"] = (process_time() - computed) * 1000
    return found


def _shares(found: Sequence[dict[str, float]]) -> dict[str, Any]:
    line: dict[str, Any] = {"questions": len(found)}
    for step in STEPS:
        times = sorted(one[step] for one in found if step in one)
        if times:
            line |= {
                f"{step}, p50": times[len(times) // 2],
                f"{step}, p95": times[min(len(times) - 1, int(len(times) * 0.95))],
            }
    return line
