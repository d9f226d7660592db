"""Answers that the model writes: what of them passes, bare, with the repository's memory, with its fitted adapter, with both, closed-book.

    ./x bench phrased --rows FOLDER --repos FOLDER [--set sweqa_bench --repo pallets/flask --questions 8] [--fit]

One attempt for each answer. `two`: answers of which at least two sentences passed. `gold lines`: those that the shown citations hold,
of answers that showed any; beside it the composed answers to the same questions. `--fit` fits an adapter first, where there is none
(minutes); one that its own judgement does not keep is left out. Rows stay outside this repository.
"""

from __future__ import annotations

import argparse
import os
import random
from functools import partial
from pathlib import Path
from typing import Any

from _common import ROOT, report, timed
from _retrieval_data import QUESTION_SETS, Row, gold_lines, load_rows

from adapter_core import Backend, CodeGraph, answer_question, open_backend
from adapter_core.adapters.available import ForAnswers, for_answers
from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.build import build_adapters, find_model
from adapter_core.build_fitted import build_fitted, build_memory
from adapter_core.models.sources import resolve
from adapter_core.types import Answer

SEED = 41
CONDITIONS: dict[str, dict[str, Any]] = {
    "bare": {"adapter": "none", "memory": False},
    "memory": {"adapter": "none", "memory": True},
    "fitted adapter": {"adapter": "auto", "memory": False},
    "fitted adapter and memory": {"adapter": "auto", "memory": True},
    "closed-book": {"adapter": "none", "memory": False, "pack_context": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--set", choices=QUESTION_SETS, default="sweqa_bench")
    parser.add_argument("--repo", default="pallets/flask")
    parser.add_argument("--questions", type=int, default=8)
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    model = str(resolve(None).folder)  # where it is installed; what is built here goes elsewhere
    os.environ["PATHLINE_CACHE_DIR"] = str(ROOT / ".setup" / "answers" / "cache")
    rows = [r for r in load_rows(args.rows, args.repos, [args.set]) if r.repo == args.repo]
    checkout = random.Random(SEED).choice(sorted({r.checkout for r in rows}))
    rows = sorted((r for r in rows if r.checkout == checkout), key=lambda r: r.id)
    rows = random.Random(SEED).sample(rows, min(args.questions, len(rows)))
    with CodeGraph.load_or_build(args.repos / checkout) as graph:
        built = make(graph, model, args.fit)
        table = [measured("composed, no model", graph, rows, {"phrase": False}, None)]
        backend = open_backend(model)
        try:
            for name, values in CONDITIONS.items():
                if values["adapter"] == "none" or built.adapter is not None:
                    given = {"phrase": True, "require_citations": False, **values}
                    table.append(measured(name, graph, rows, given, backend))
        finally:
            backend.close()
    kept = built.manifest.kept if built.manifest is not None else None
    report("phrased", table, {"repository": args.repo, "questions": len(rows), "seed": SEED, "adapter kept": kept})


def make(graph: CodeGraph, name: str, fit: bool) -> ForAnswers:
    model = find_model(name)
    folder = build_adapters(graph, model).folder
    build_memory(graph, model, folder)
    if fit:
        build_fitted(graph, model, folder)
    return for_answers(graph, model.name, model.digest)


def measured(
    name: str, graph: CodeGraph, rows: list[Row], values: dict[str, Any], backend: Backend | None
) -> dict[str, Any]:
    options = with_values(AskOptions(), values)
    answers: list[Answer] = []
    seconds = []
    for row in rows:
        took, answer = timed(partial(answer_question, graph, row.question, options, backend))
        seconds.append(took)
        answers.append(answer)
    kind = "phrased" if options.phrase else "composed"
    shown = [[c for c in a.claims if c.kind == kind] for a in answers]
    gold = []
    for row, claims in zip(rows, shown, strict=True):
        cited = {(c.span.path, n) for m in claims for c in m.citations for n in range(c.span.start, c.span.end + 1)}
        if claims and row.places:
            gold.append(len(cited & gold_lines(row)) / len(gold_lines(row)))
    return {
        "condition": name,
        "answers": len(rows),
        "one": sum(len(s) >= 1 for s in shown),
        "two": sum(len(s) >= 2 for s in shown),
        "sentences": sum(map(len, shown)),
        "dropped": sum(len(a.dropped) for a in answers),
        "gold lines": sum(gold) / len(gold) if gold else None,
        "median s": sorted(seconds)[len(seconds) // 2],
        "tokens": sum(a.metrics.get("new_tokens", 0) for a in answers),
    }


if __name__ == "__main__":
    main()
