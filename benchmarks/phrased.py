"""Answers that the model writes: what of them passes, bare, with the repository's memory, with its fitted adapter, with both, closed-book.

    ./x bench phrased --rows FOLDER --repos FOLDER [--set sweqa_bench …] [--repo pallets/flask …] [--questions 8] [--fit]
        [--conditions NAME …] [--show]

One attempt for each answer. `whole text`: one text over all of the evidence; the others a sentence at a time. `two`: answers of which at
least two sentences passed. `gold lines`: those that the shown citations hold, of answers that showed any; beside it the composed answers
to the same questions. `first s`: median until the first sentence, of answers that showed any; `model cpu s`: processor time of the
model's process for an answer, median, which does not depend on what else runs. Questions: up to N of each repository, of one of its
checkouts. `--fit` fits an adapter first, where there is none (minutes); one that its own judgement does not keep is left out. Rows stay
outside this repository; `--show` prints the sentences, to be read.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from _common import ROOT, report, timed
from _retrieval_data import QUESTION_SETS, Row, gold_lines, load_rows

from adapter_core import Backend, CodeGraph, answer_question, open_backend
from adapter_core.adapters.available import ForAnswers, for_answers
from adapter_core.answers.flags import with_values
from adapter_core.answers.options import AskOptions
from adapter_core.build import build_adapters, find_model
from adapter_core.build_fitted import build_fitted, build_memory
from adapter_core.models.process import ProcessBackend
from adapter_core.models.sources import resolve
from adapter_core.types import Answer, Claim

SEED = 41
COMPOSED = "composed, no model"
CONDITIONS: dict[str, dict[str, Any]] = {
    "whole text": {"adapter": "none", "memory": False, "by_sentence": False},
    "bare": {"adapter": "none", "memory": False},
    "memory": {"adapter": "none", "memory": True},
    "fitted adapter": {"adapter": "auto", "memory": False},
    "fitted adapter and memory": {"adapter": "auto", "memory": True},
    "closed-book": {"adapter": "none", "memory": False, "pack_context": False, "by_sentence": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--set", nargs="+", choices=QUESTION_SETS, default=["sweqa_bench"])
    parser.add_argument("--repo", nargs="+", default=["pallets/flask"], help="owner/name; all: every one of the sets")
    parser.add_argument("--questions", type=int, default=8, help="of each repository")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    model = str(resolve(None).folder)  # where it is installed; what is built here goes elsewhere
    os.environ["PATHLINE_CACHE_DIR"] = str(ROOT / ".setup" / "answers" / "cache")
    rows_by_checkout = chosen(load_rows(args.rows, args.repos, args.set), args.repo, args.questions)
    found: dict[str, list[Shown]] = {}
    kept = {}
    backend = open_backend(model)
    backend.load()
    try:
        for checkout, rows in rows_by_checkout.items():
            with CodeGraph.load_or_build(args.repos / checkout) as graph:
                built = make(graph, model, args.fit)
                kept[checkout] = built.manifest.kept if built.manifest is not None else None
                found.setdefault(COMPOSED, []).extend(answers(graph, rows, {"phrase": False}, None))
                for name in args.conditions:
                    values = CONDITIONS[name]
                    if values["adapter"] == "none" or built.adapter is not None:
                        options = {"phrase": True, "require_citations": False, **values}
                        found.setdefault(name, []).extend(answers(graph, rows, options, backend, args.show))
    finally:
        backend.close()
    about = {
        "repositories": sorted({row.repo for rows in rows_by_checkout.values() for row in rows}),
        "questions": sum(map(len, rows_by_checkout.values())),
        "seed": SEED,
        "adapters kept": sum(map(bool, kept.values())),
    }
    name = "phrased" if about["repositories"] == ["pallets/flask"] else "phrased_others"
    report(name, [measured(condition, own) for condition, own in found.items()], about)


def chosen(rows: Sequence[Row], repos: Sequence[str], questions: int) -> dict[str, list[Row]]:
    """For each repository, up to a number of rows about one of its checkouts, drawn by the seed."""
    found = {}
    for repo in sorted({r.repo for r in rows} if repos == ["all"] else set(repos)):
        own = [r for r in rows if r.repo == repo]
        if not own:
            continue
        checkout = random.Random(SEED).choice(sorted({r.checkout for r in own}))
        own = sorted((r for r in own if r.checkout == checkout), key=lambda r: r.id)
        found[checkout] = random.Random(SEED).sample(own, min(questions, len(own)))
    return found


def make(graph: CodeGraph, name: str, fit: bool) -> ForAnswers:
    model = find_model(name)
    folder = build_adapters(graph, model).folder
    build_memory(graph, model, folder)
    if fit:
        build_fitted(graph, model, folder)
    return for_answers(graph, model.name, model.digest)


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer, with its sentences of the kind that is measured; `first` is None where there is none, `cpu` without a model."""

    row: Row
    answer: Answer
    claims: tuple[Claim, ...]
    seconds: float
    first: float | None
    cpu: float | None


def answers(
    graph: CodeGraph, rows: Sequence[Row], values: dict[str, Any], backend: Backend | None, show: bool = False
) -> Iterator[Shown]:
    options = with_values(AskOptions(), values)
    kind = "phrased" if options.phrase else "composed"
    for row in rows:
        before = _cpu(backend)
        took, answer = timed(partial(answer_question, graph, row.question, options, backend))
        after = _cpu(backend)
        claims = tuple(c for c in answer.claims if c.kind == kind)
        first = answer.metrics.get("first_phrased_ms")
        cpu = after - before if after is not None and before is not None else None
        if show:
            print(f"\n{row.repo} | {row.question}")
            for claim in claims:
                print(f"    {claim.text}  ({', '.join(str(c.span) for c in claim.citations)})")
        yield Shown(row, answer, claims, took, first / 1000 if claims and first is not None else None, cpu)


def _cpu(backend: Backend | None) -> float | None:
    if not isinstance(backend, ProcessBackend) or backend.pid is None:
        return None
    times = psutil.Process(backend.pid).cpu_times()
    return float(times.user + times.system)


def measured(name: str, found: Sequence[Shown]) -> dict[str, Any]:
    gold = []
    for one in found:
        cited = {(c.span.path, n) for m in one.claims for c in m.citations for n in range(c.span.start, c.span.end + 1)}
        if one.claims and one.row.places:
            gold.append(len(cited & gold_lines(one.row)) / len(gold_lines(one.row)))
    firsts, cpus = (
        [v for v in values if v is not None] for values in ([f.first for f in found], [f.cpu for f in found])
    )
    return {
        "condition": name,
        "answers": len(found),
        "one": sum(len(f.claims) >= 1 for f in found),
        "two": sum(len(f.claims) >= 2 for f in found),
        "sentences": sum(len(f.claims) for f in found),
        "dropped": sum(len(f.answer.dropped) for f in found),
        "gold lines": sum(gold) / len(gold) if gold else None,
        "median s": statistics.median(f.seconds for f in found),
        "first s": statistics.median(firsts) if firsts else None,
        "model cpu s": statistics.median(cpus) if cpus else None,
        "tokens": sum(f.answer.metrics.get("new_tokens", 0) for f in found),
    }


if __name__ == "__main__":
    main()
