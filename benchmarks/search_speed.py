"""How long a question takes, from its words to the packed evidence: 200 questions to Django.

    ./x bench search_speed [FOLDER] [--questions 200] [--tokens 900]

The questions are first sentences of docstrings of Django's own functions, drawn by seed. Each is asked once in one open graph, and once
in a view of its own over the same store, which has read no file and remembers nothing (what a request after an edit meets). CPU seconds
stand beside elapsed ones: on a busy machine only they compare.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _common import DATA, report
from _docstring_queries import MAX_WORDS, MIN_WORDS, documented

from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.evidence.context import pack_context
from adapter_core.evidence.options import ContextOptions, SelectionOptions
from adapter_core.evidence.selection import search

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "Django-5.2")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=ContextOptions().tokens)
    args = parser.parse_args()
    sentences = questions(args.folder, args.questions)
    context = ContextOptions(tokens=args.tokens)
    with CodeGraph.load_or_build(args.folder) as graph:
        first = CodeGraph(graph.root, graph.store)
        table = [
            line("the first, in a new process", [costs(lambda: answer(first, sentences[0], context))]),
            line("one open graph", [costs(lambda q=q: answer(graph, q, context)) for q in sentences]),
            line(
                "a new view for each",
                [costs(lambda q=q: answer(CodeGraph(graph.root, graph.store), q, context)) for q in sentences],
            ),
        ]
        files, symbols = graph.store.counts()[:2]
    report(
        "search_speed", table, {"folder": args.folder.name, "files": files, "symbols": symbols, "tokens": args.tokens}
    )


def questions(folder: Path, count: int) -> list[str]:
    """Different first sentences from the product's own functions."""
    found = {
        d.sentence: None
        for path in sorted(folder.rglob("*.py"))
        for d in documented(path, folder)
        if d.function is not None
        and not is_test_path(d.function.path)
        and MIN_WORDS <= len(d.sentence.split()) <= MAX_WORDS
    }
    if len(found) < count:
        sys.exit(f"{folder} has only {len(found)} documented functions to ask about.")
    return random.Random(SEED).sample(list(found), count)


def answer(graph: CodeGraph, question: str, context: ContextOptions) -> int:
    return len(pack_context(search(graph, question, SelectionOptions()).passages, context).text)


def costs(work: Callable[[], Any]) -> tuple[float, float]:
    """Elapsed and CPU seconds."""
    elapsed, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - elapsed, time.process_time() - cpu


def line(what: str, measured: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds."""
    row: dict[str, Any] = {"asked in": what, "questions": len(measured)}
    for name, values in zip(("elapsed", "CPU"), zip(*measured, strict=True), strict=True):
        row[f"{name} p50 ms"] = 1000 * statistics.median(values)
        row[f"{name} p95 ms"] = 1000 * (statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0])
    return row


if __name__ == "__main__":
    main()
