"""Does retrieval put the right lines before the reader? Pathline beside other retrievers on questions with known places.

    ./x bench retrieval --rows FOLDER --repos FOLDER [--only ours] [--sets sweqa_bench …] [--ablate] [--details FILE]

FOLDER of `--rows` holds one JSON-lines file for each set, that of `--repos` a checkout `owner+name@commit` for each row
(`_retrieval_data.py`). Rows and per-row results are other people's text: they stay outside this repository.

Headline: the share of gold lines within the first 900 and the first 2,000 tokens of the packed evidence, averaged by repository,
with a bootstrap over repositories. All packs are counted by one tokenizer in one block format; other retrievers' ranked chunks are
packed in order, each line once, and cut at the budget.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _baselines import BASELINES, packed, run_baselines
from _common import ROOT, print_table, report
from _retrieval_data import ALL_SETS, LINE_SETS, Row, load_rows
from _retrieval_ours import ABLATIONS, OURS, run_repository, variants
from _retrieval_packing import BUDGETS, load_tokens
from _retrieval_scores import Found, by_repository, interval, mean_of, ratio_interval, score

from adapter_core.models.store import DEFAULT_NAME, model_folder

PROCESSES = 2
SECONDS = ("function@5", "function@10", "symbol@5", "symbol@10", "file@1", "file@5", "ndcg@10")

# For each system what it found, in the order of the rows.
Results = dict[str, list[Found]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=ALL_SETS, default=list(ALL_SETS))
    parser.add_argument("--only", choices=("ours",), help="Pathline alone: the quick run for tuning; nothing is kept")
    parser.add_argument(
        "--ablate", nargs="*", choices=sorted(ABLATIONS), help="Pathline without each signal (default: all)"
    )
    parser.add_argument(
        "--scratch", type=Path, default=ROOT / ".setup" / "retrieval", help="indexes and cached results"
    )
    parser.add_argument("--details", type=Path, help="scores of each row, JSON lines; outside this repository")
    args = parser.parse_args()
    if args.details and args.details.resolve().is_relative_to(ROOT):
        parser.error("--details: rows do not enter this repository; name a file elsewhere")
    removed = () if args.ablate is None else tuple(args.ablate or ABLATIONS)
    rows = load_rows(args.rows, args.repos, args.sets)
    results, seconds = pathline_results(rows, args.repos, args.scratch, removed)
    if args.only != "ours":
        results |= baseline_results(rows, args.repos, args.scratch)
    scores = {system: [score(r, f) for r, f in zip(rows, found, strict=True)] for system, found in results.items()}
    lines, groups = headline(rows, scores), by_group(rows, scores)
    about = {
        "questions": len(rows),
        "repositories": len({r.repo for r in rows}),
        "row_ids_sha256": hashlib.sha256("\n".join(sorted(r.id for r in rows)).encode()).hexdigest()[:16],
        "tokens": load_tokens().name,
        "milliseconds": round(seconds * 1000),
    }
    print("\nFunctions and files, mean over the rows of a set\n")
    print_table(groups)
    print("\nGold lines shown, mean over repositories\n")
    if args.only or set(args.sets) != set(ALL_SETS):
        print_table(lines)
    else:
        report("retrieval", lines, {**about, "sets": groups})
    print("\n" + ", ".join(f"{key} {value}" for key, value in about.items()))
    if args.details:
        write_details(args.details, rows, results, scores)


def pathline_results(rows: list[Row], repos: Path, scratch: Path, removed: tuple[str, ...]) -> tuple[Results, float]:
    """Pathline and its variants over all rows, one checkout at a time in each of two processes."""
    model = model_folder(DEFAULT_NAME)
    places = by_checkout(rows)
    results: dict[str, dict[int, Found]] = defaultdict(dict)
    spent = 0.0
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _prepare, (scratch / "cache",)) as pool:
        jobs = [
            pool.submit(_one_checkout, repos / checkout, [rows[i].question for i in places[checkout]], removed, model)
            for checkout in places
        ]
        for checkout, job in zip(places, jobs, strict=True):
            found, seconds = job.result()
            spent += seconds * len(places[checkout])
            for system, own in found.items():
                results[system].update(zip(places[checkout], own, strict=True))
    return {s: [own[i] for i in range(len(rows))] for s, own in results.items()}, spent / max(1, len(rows))


def _prepare(cache: Path) -> None:
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)


def _one_checkout(root: Path, questions: list[str], removed: tuple[str, ...], model: Path) -> tuple[Results, float]:
    return run_repository(root, questions, variants(removed), load_tokens(model))


def baseline_results(rows: list[Row], repos: Path, scratch: Path) -> Results:
    """The other retrievers over the same rows."""
    places = by_checkout(rows)
    jobs = [(repos / checkout, [rows[i].question for i in own]) for checkout, own in places.items()]
    tokens = load_tokens()
    results: Results = {}
    for system, found in run_baselines(tuple(BASELINES), jobs, scratch, PROCESSES).items():
        by_row: dict[int, Found] = {}
        for (root, _), own, ranked in zip(jobs, places.values(), found, strict=True):
            by_row.update((i, packed(spans, root, tokens)) for i, spans in zip(own, ranked, strict=True))
        results[BASELINES[system]] = [by_row[i] for i in range(len(rows))]
    return results


def by_checkout(rows: list[Row]) -> dict[str, list[int]]:
    """Positions of the rows of each checkout; the largest first, so that two processes end together."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        places[row.checkout].append(i)
    return dict(sorted(places.items(), key=lambda item: -len(item[1])))


def headline(rows: list[Row], scores: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Gold-line recall for each budget and system: all line sets with interval and ratio, each set, and against all gold places."""
    table = []
    for budget in BUDGETS:
        for system, own in scores.items():
            line: dict[str, Any] = {"tokens": budget, "system": system}
            for label, name in (("recall", f"lines@{budget}"), ("all gold", f"all lines@{budget}")):
                values = by_repository(rows, own, name)
                if not values:
                    return []
                mean, low, high = interval(values)
                line[label] = mean
                line[f"{label}, 95 %"] = f"{low:.3f} to {high:.3f}"
                if system != OURS:
                    ratio, low, high = ratio_interval(by_repository(rows, scores[OURS], name), values)
                    line[f"Pathline / it, {label}"] = f"{ratio:.2f} ({low:.2f} to {high:.2f})"
            for name in LINE_SETS:
                part = [(r, s) for r, s in zip(rows, own, strict=True) if r.set == name]
                by_repo = by_repository([r for r, _ in part], [s for _, s in part], f"lines@{budget}")
                line[name] = sum(by_repo.values()) / len(by_repo) if by_repo else None
            table.append(line)
    return table


def by_group(rows: list[Row], scores: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Functions and files of each set, by system."""
    table = []
    for group in dict.fromkeys(r.group for r in rows):
        for system, own in scores.items():
            part = [s for r, s in zip(rows, own, strict=True) if r.group == group]
            table.append(
                {
                    "set": group,
                    "system": system,
                    "rows": len(part),
                    "with functions": sum("function@5" in s for s in part),
                    **{name: mean_of(part, name) for name in SECONDS},
                }
            )
    return table


def write_details(target: Path, rows: list[Row], results: Results, scores: dict[str, list[dict[str, float]]]) -> None:
    with target.open("w", encoding="utf-8") as file:
        for system, found in results.items():
            for row, own, values in zip(rows, found, scores[system], strict=True):
                places = [f"{p.path}:{p.start}-{p.end}" for p in own.places]
                file.write(
                    json.dumps({"system": system, "id": row.id, "set": row.set, **values, "places": places}) + "\n"
                )


if __name__ == "__main__":
    sys.exit(main())
