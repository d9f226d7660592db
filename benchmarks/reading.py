"""Does the model's vote choose better sentences? Share of chosen sentences that stand on lines which reference answers cite.

    ./x bench reading ROWS.jsonl… --repos FOLDER [--rows 90] [--seed 3]

Rows: JSON lines with `repo` (owner/name), `commit`, `question` and `gold` [{path, start_line, end_line}]. FOLDER holds a checkout
of each as `owner+name-COMMIT8`. Rows without lines, or without a checkout, are left out. Only a digest of the rows is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
from pathlib import Path
from typing import Any

from _common import report

from adapter_core.answers.compose import Candidate, candidates
from adapter_core.answers.composing.choose import choose
from adapter_core.answers.composing.sentence_scores import lexical_scores, mix
from adapter_core.answers.options import ComposeOptions, ReadingOptions
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.selection import search
from adapter_core.models.process import ProcessBackend

WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 50.0)
MAX_GOLD_LINES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=90)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    rows = [json.loads(line) for file in args.files for line in file.read_text("utf-8").split("\n") if line]
    rows = [r for r in rows if checkout(args.repos, r).is_dir() and gold_lines(r)]
    random.Random(args.seed).shuffle(rows)
    rows = rows[: args.rows]
    backend = ProcessBackend()
    measured: dict[float, list[tuple[float, float, float]]] = {w: [] for w in WEIGHTS}
    try:
        for row in rows:
            for weight, values in measure(row, checkout(args.repos, row), backend).items():
                measured[weight].append(values)
    finally:
        backend.close()
    base = [v[0] for v in measured[0.0]]
    table = []
    for weight, values in measured.items():
        gains = [v[0] - b for v, b in zip(values, base, strict=True)]
        table.append(
            {
                "weight": weight,
                "sentences on gold lines": statistics.mean(v[0] for v in values),
                "answers with one": statistics.mean(v[1] for v in values),
                "gold lines cited": statistics.mean(v[2] for v in values),
                "gain": statistics.mean(gains),
                "standard error": statistics.stdev(gains) / len(gains) ** 0.5,
            }
        )
    digest = hashlib.sha256("\n".join(sorted(r["id"] for r in rows)).encode()).hexdigest()[:16]
    report(
        "reading",
        table,
        {"questions": len(base), "repositories": len({r["repo"] for r in rows}), "row_ids_sha256": digest},
    )


def measure(row: dict[str, Any], root: Path, backend: ProcessBackend) -> dict[float, tuple[float, float, float]]:
    gold = gold_lines(row)
    reading = ReadingOptions()
    with CodeGraph.load_or_build(root) as graph:
        found = search(graph, row["question"])
        items = candidates(graph, found, ComposeOptions().max_candidates)
        if len(items) < 3:
            return {}
        lexical = lexical_scores(items, found.question.kind, found.weights, found.question.text[:300])
        order = sorted(range(len(items)), key=lambda i: -lexical[i])[: reading.max_sentences]
        votes: list[float | None] = [None] * len(items)
        question = row["question"].strip()[: reading.max_question_chars]
        for i, vote in zip(order, backend.score([items[i].text for i in order], question), strict=True):
            votes[i] = vote
        chosen = {
            w: choose(items, mix(lexical, votes, w), found.weights, ComposeOptions().max_sentences) for w in WEIGHTS
        }
    return {w: shares(picked, gold) for w, picked in chosen.items()}


def shares(chosen: list[Candidate], gold: set[tuple[str, int]]) -> tuple[float, float, float]:
    """Sentences on gold lines, whether there is one, and the share of gold lines that are cited."""
    lines = [{(path, n) for path, a, b in item.spans for n in range(a, b + 1)} for item in chosen]
    hits = [bool(own & gold) for own in lines]
    cited = set().union(*lines) if lines else set()
    return statistics.mean(hits) if hits else 0.0, float(any(hits)), len(cited & gold) / len(gold)


def gold_lines(row: dict[str, Any]) -> set[tuple[str, int]]:
    return {
        (g["path"], n)
        for g in row["gold"]
        if g.get("start_line")
        for n in range(g["start_line"], min(g["end_line"], g["start_line"] + MAX_GOLD_LINES - 1) + 1)
    }


def checkout(repos: Path, row: dict[str, Any]) -> Path:
    return repos / f"{row['repo'].replace('/', '+')}-{row['commit'][:8]}"


if __name__ == "__main__":
    main()
