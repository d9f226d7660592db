"""Are composed answers true, useful, and silent where there is nothing to say? Without a model, on questions with known places.

    ./x bench answers --rows FOLDER --repos FOLDER [--part composed refusal latency bits] [--sets sweqa_bench …] [--each N]

Part `composed`: resolves, fresh, supports; answers with at least two sentences; gold lines that the citations show, beside the first lines
of the evidence, as many; names and facts of the reference answer that the answer says, beside as many characters of the evidence, of
the lines that the reference cites, and of lines drawn from anywhere.

Part `refusal`: every question asked of its own repository, another repository's question, a question about a name that is put together
of the repository's own words; and the first sentence of the docstring of a function, with the function there and taken out. AUROC and
refusals, cross-fitted by repository; the weights and the threshold fitted on all are what `adapter_core/answers/options.py` holds. With
all sets the questions of `questions.py` are asked, too.

Part `latency` (by name only): from the request to evidence, first sentence and answer, p50 and p95 over `--each` questions of each
repository that has as many, one after the other in one process.

Part `bits` (by name only; needs the model): bits per byte of the reference answer after the pack that the model reads (`_answer_bits.py`).

Rows are other people's text: they stay outside this repository (`_retrieval_data.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import questions
from _absent import foreign_questions, recombined, removed
from _answer_bits import bits
from _answer_scores import Reference, references, score
from _answer_speed import latencies
from _common import ROOT, print_table, report, share
from _refusal import SIGNALS, Asked, auroc, cross_fitted, fit
from _retrieval_data import OWN_SET, QUESTION_SETS, Row, load_rows
from _retrieval_scores import by_repository, interval, mean_of

from adapter_core.answers.options import RefusalOptions
from adapter_core.answers.refusal import is_answerable, signals
from adapter_core.answers.runner import answer_question
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.selection import search

PARTS = ("composed", "refusal", "latency", "bits")
SEED = 23
MAX_REMOVED = 12  # of one checkout
MEANS = ("crashed", "found", "two sentences", "sentences", "cited lines", "resolves", "fresh", "supports", "dropped")
TEXTS = ("", ", evidence", ", gold lines", ", random lines")
COMPARED = (
    *("gold lines", "evidence, equal lines"),
    *(f"{what}{whose}" for what in ("identifiers", "facts") for whose in TEXTS),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=QUESTION_SETS, default=list(QUESTION_SETS))
    parser.add_argument("--part", nargs="+", choices=PARTS, default=["composed", "refusal"])
    parser.add_argument("--each", type=int, default=12, help="questions of a repository, for latency and bits")
    parser.add_argument(
        "--scratch", type=Path, default=ROOT / ".setup" / "answers", help="indexes, signals of questions"
    )
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    rows = load_rows(args.rows, args.repos, args.sets)
    known = references(args.rows, args.sets)
    cache = args.scratch / "cache"
    if "bits" in args.part:
        report("answer_bits", bits(rows, known, args.repos, cache, args.each, SEED), {"seed": SEED})
    if "latency" in args.part:
        report("answer_latency", latencies(rows, args.repos, cache, args.each, SEED), {"seed": SEED})
    if not {"composed", "refusal"} & set(args.part):
        return
    whole = set(args.sets) == set(QUESTION_SETS)
    jobs = [(args.repos / name, job, args.part) for name, job in jobs_of(rows, known, "refusal" in args.part).items()]
    if "refusal" in args.part and whole:
        # They are asked in other words than the code's, which the development questions seldom are.
        packages = args.scratch / "packages"
        further = jobs_of(questions.load(packages), {}, True)
        jobs += [(packages / name, job, ["refusal"]) for name, job in further.items()]
    scored: list[dict[str, float]] = [{} for _ in rows]
    asked_questions: list[Asked] = []
    context = get_context("spawn")
    with ProcessPoolExecutor(args.processes, context, _prepare, (args.scratch / "cache",)) as pool:
        futures = [pool.submit(one_checkout, root, *job, parts) for root, job, parts in jobs]
        for (root, job, parts), future in zip(jobs, futures, strict=True):
            results, signals_found = future.result()
            for (i, _, _, _), result in zip(job[0], results, strict=True):
                if "composed" in parts:
                    scored[i] = result
            asked_questions += signals_found
            print(f"{root.name}: {len(job[0])} questions", file=sys.stderr)
    if "composed" in args.part:
        table = composed_table(rows, scored)
        report("answers", table, about(rows)) if whole else print_table(table)
    if "refusal" in args.part:
        (args.scratch / "signals.json").write_text(json.dumps([astuple(a) for a in asked_questions]), "utf-8")
        table, constants = refusal_table(asked_questions)
        report("refusal", table, {**about(rows), "fitted": constants}) if whole else print_table(table)
        print("\nfitted on all: " + ", ".join(f"{k}={v:.3f}" for k, v in constants.items()))


Job = tuple[
    list[tuple[int, Row, Reference, str]], int
]  # (row number, row, reference, another repository's question), seed


def jobs_of(rows: list[Row], known: dict[str, Reference], with_foreign: bool) -> dict[str, Job]:
    """The rows of each checkout, the largest first, so that two processes end together."""
    foreign = foreign_questions(rows, SEED) if with_foreign and len({r.repo for r in rows}) > 1 else [""] * len(rows)
    found: dict[str, Job] = {}
    for i, (row, foreign_question) in enumerate(zip(rows, foreign, strict=True)):
        found.setdefault(row.checkout, ([], SEED))[0].append((i, row, known.get(row.id, Reference()), foreign_question))
    return dict(sorted(found.items(), key=lambda item: -len(item[1][0])))


def _prepare(cache: Path) -> None:
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)


def one_checkout(
    root: Path, job: list[tuple[int, Row, Reference, str]], seed: int, parts: list[str]
) -> tuple[list[dict[str, float]], list[Asked]]:
    scored: list[dict[str, float]] = []
    questions_asked: list[Asked] = []
    with CodeGraph.load_or_build(root) as graph:
        rng = random.Random(f"{seed} {root.name}")
        names = list(graph.store.all_names())
        invented = recombined(names, set(names), len(job), rng) if "refusal" in parts else []
        if job and "composed" in parts:
            composed_score(graph, job[0][1], Reference())  # the first one reads the index in
        for number, (_, row, reference, foreign) in enumerate(job):
            scored.append(composed_score(graph, row, reference) if "composed" in parts else {})
            if "refusal" in parts:
                questions = [("answerable", row.question), ("foreign", foreign)]
                questions += [("recombined", invented[number])] if number < len(invented) else []
                for kind, question in questions:
                    own = signals(graph, search(graph, question))
                    questions_asked.append(Asked(row.repo, row.set, kind, tuple(own[name] for name in SIGNALS)))
        for removal in removed(graph, min(len(job), MAX_REMOVED), rng) if "refusal" in parts else ():
            for kind, text in (("present", None), ("removed", removal.text)):
                graph.update(removal.path, text)
                own = signals(graph, search(graph, removal.question))
                questions_asked.append(Asked(job[0][1].repo, job[0][1].set, kind, tuple(own[name] for name in SIGNALS)))
            graph.update(removal.path, None)
    return scored, questions_asked


def composed_score(graph: CodeGraph, row: Row, reference: Reference) -> dict[str, float]:
    """The scores of one answer; that there is none, where making it failed."""
    try:
        answer = answer_question(graph, row.question)
    except (RecursionError, ValueError) as error:
        print(f"{row.id}: {error!r}", file=sys.stderr)
        return {"crashed": 1.0}
    return {"crashed": 0.0, **score(graph, row, reference, answer)}


def about(rows: list[Row]) -> dict[str, Any]:
    return {"questions": len(rows), "repositories": len({r.repo for r in rows}), "seed": SEED}


def composed_table(rows: list[Row], scored: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Each set, then all: means over questions; for gold lines and names the mean over repositories with its interval."""
    table = []
    for name in (*dict.fromkeys(r.set for r in rows), "all"):
        part = [(r, s) for r, s in zip(rows, scored, strict=True) if name in ("all", r.set)]
        own_rows, own = [r for r, _ in part], [s for _, s in part]
        line: dict[str, Any] = {"set": name, "rows": len(part), **{m: mean_of(own, m) for m in MEANS}}
        times = sorted(s["ms"] for s in own if "ms" in s)
        line["ms, median"], line["ms, p95"] = times[len(times) // 2], times[int(len(times) * 0.95)]
        for measure in COMPARED:
            values = by_repository(own_rows, own, measure)
            if values:
                mean, low, high = interval(values)
                line[measure] = f"{mean:.3f} ({low:.3f} to {high:.3f})" if name == "all" else round(mean, 3)
        table.append(line)
    return table


def refusal_table(questions: list[Asked]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    values, refused = cross_fitted(questions, SEED)
    best = np.array([a.signals[SIGNALS.index("best")] for a in questions])
    table: list[dict[str, Any]] = []
    for kind, of, own_set in (
        ("foreign", ["foreign"], False),
        ("recombined", ["recombined"], False),
        ("both", ["foreign", "recombined"], False),
        ("removed, beside present", ["removed"], False),
        ("foreign, own questions", ["foreign"], True),
        ("both, own questions", ["foreign", "recombined"], True),
    ):
        in_sets = np.array([(a.set == OWN_SET) == own_set for a in questions])
        absent = in_sets & np.array([a.kind in of for a in questions])
        has_answer = in_sets & np.array(
            [a.kind == ("present" if of == ["removed"] else "answerable") for a in questions]
        )
        table.append(
            {
                "absent questions": kind,
                "n": int(absent.sum()),
                "AUROC": auroc(values[has_answer], values[absent]),
                "AUROC of the best span alone": auroc(best[has_answer], best[absent]),
                "refused": share(float(refused[absent].sum()), float(absent.sum())),
            }
        )
    by_set: dict[str, list[bool]] = defaultdict(list)
    for a, was_refused in zip(questions, refused, strict=True):
        if a.kind == "answerable":
            by_set[a.set].append(bool(was_refused))
            if a.set != OWN_SET:
                by_set["development sets"].append(bool(was_refused))
    for name, own in by_set.items():
        table.append({"answerable questions": name, "n": len(own), "falsely refused": sum(own) / len(own)})
    model = fit(questions)
    constants = {"bias": model.bias, **{f"{n}_weight": w for n, w in zip(SIGNALS, model.weights, strict=True)}}
    constants["threshold"] = model.threshold
    shipped = RefusalOptions()
    held = [not is_answerable(dict(zip(SIGNALS, a.signals, strict=True)), shipped) for a in questions]
    for name, sets in (("", {a.set for a in questions} - {OWN_SET}), (", own questions", {OWN_SET})):
        for kind in ("answerable", "foreign", "recombined", "present", "removed"):
            own = [h for a, h in zip(questions, held, strict=True) if a.kind == kind and a.set in sets]
            table.append(
                {"with the constants shipped": kind + name, "n": len(own), "refused": share(sum(own), len(own))}
            )
    return table, constants


if __name__ == "__main__":
    main()
