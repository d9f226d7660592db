"""Tune the numeric options of ranking on questions with known places, and say what the tuning is worth on repositories it did not see.

    ./x bench tune_ranking --rows FOLDER --repos FOLDER [--fields NAME …] [--folds 4] [--passes 2] [--docstrings 15]

Objective: the mean over sets of gold-line recall at 900 and 2,000 tokens, function@5 and file@1, with the MRR of docstring queries
(of the packages set aside for tuning) as one more set. Coordinate search, seeded. For each fold the search sees only the other
repositories; "held out" scores every row with the options found without its repository. Then the search runs on all rows and prints
the options. Nothing is written but the table: rows stay outside this repository.

Graphs stay open in two processes and everything that does not depend on the options is remembered, so a trial takes seconds.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import pkgutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import docstrings
from _common import ROOT, print_table
from _docstring_queries import Query, copy_of, queries, tuned_on
from _retrieval_data import QUESTION_SETS, Row, load_rows
from _retrieval_ours import found_by
from _retrieval_packing import Tokens, load_tokens
from _retrieval_scores import score
from _tuning import Scored, folds, gain_interval, numeric_fields, objective, search, set_scores

import adapter_core.evidence
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.options import RankingOptions
from adapter_core.models.store import DEFAULT_NAME, model_folder

PROCESSES = 2
SEED = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """One checkout or package with the questions about it."""

    root: Path
    questions: tuple[Row | Query, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(QUESTION_SETS))
    parser.add_argument("--fields", nargs="*", default=[], help="only these options (default: all that are numbers)")
    parser.add_argument("--folds", type=int, default=4, help="0: no cross-validation, only the search on all rows")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--docstrings", type=int, default=15, help="queries of each package (0: none)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scratch", type=Path, default=ROOT / ".setup" / "retrieval")
    args = parser.parse_args()
    base = RankingOptions()
    names = numeric_fields(base, args.fields)
    with Trials(units(args), args.scratch / "cache") as trials:
        start = trials(base)
        print(
            f"{len(start)} questions, {len(names)} options; {trials.seconds:.1f} s for the first trial", file=sys.stderr
        )
        table = [{"options": "as they are", "objective": objective(start), **set_scores(start)}]
        if args.folds:
            table += cross_validate(base, names, trials, args)
        best = search(base, names, trials, lambda _: True, args.passes, args.seed)
        table.append({"options": "tuned on all", "objective": objective(trials(best)), **set_scores(trials(best))})
        print_table(table)
        print(f"\n{trials.count} trials, the last in {trials.seconds:.1f} s. Tuned on all rows:\n")
        for name, value in asdict(best).items():
            if value != getattr(base, name):
                print(f"    {name}: float = {value:.4g}  # {getattr(base, name):.4g}")


def cross_validate(
    base: RankingOptions, names: Sequence[str], trials: Trials, args: argparse.Namespace
) -> list[dict[str, Any]]:
    """A row for each fold (its gain on the rows it was tuned on), and one for all rows, each scored by the fold that did not see it."""
    start = trials(base)
    table: list[dict[str, Any]] = []
    held_out = list(start)
    for number, fold in enumerate(folds(start, args.folds, args.seed), 1):
        found = search(base, names, trials, lambda row, fold=fold: row.repo not in fold, args.passes, args.seed)
        scored = trials(found)
        for i, row in enumerate(scored):
            if row.repo in fold:
                held_out[i] = row
        inside, before = ([r for r in rows if r.repo not in fold] for rows in (scored, start))
        table.append(
            {
                "options": f"fold {number}, where tuned",
                "objective": objective(inside),
                "gain": objective(inside) - objective(before),
                **set_scores(inside),
            }
        )
        print(f"fold {number}: {trials.count} trials", file=sys.stderr)
    gain, low, high = gain_interval(start, held_out, args.seed)
    return [
        *table,
        {
            "options": "held out",
            "objective": objective(held_out),
            "gain": gain,
            "gain, 95 %": f"{low:+.4f} to {high:+.4f}",
            **set_scores(held_out),
        },
    ]


def units(args: argparse.Namespace) -> list[Unit]:
    questions_by_root: dict[Path, list[Row | Query]] = defaultdict(list)
    for row in load_rows(args.rows, args.repos, args.sets):
        questions_by_root[args.repos / row.checkout].append(row)
    if args.docstrings:
        drawn: dict[str, int] = defaultdict(int)
        for query in queries(args.scratch / "docstrings", docstrings.PER_PACKAGE, docstrings.SEED):
            if query.package in tuned_on() and drawn[query.package] < args.docstrings:
                drawn[query.package] += 1
                questions_by_root[copy_of(args.scratch / "docstrings", query.package)].append(query)
    return [Unit(root, tuple(own)) for root, own in questions_by_root.items()]


class Trials:
    """Scores of all questions for some options, remembered. Two processes hold the graphs, each half of the questions."""

    def __init__(self, units: Sequence[Unit], cache: Path) -> None:
        parts: list[list[Unit]] = [[] for _ in range(PROCESSES)]
        for unit in sorted(units, key=lambda u: -len(u.questions)):
            min(parts, key=lambda p: sum(len(u.questions) for u in p)).append(unit)
        model = model_folder(DEFAULT_NAME)
        self._pools = [
            ProcessPoolExecutor(1, get_context("spawn"), _open_units, (part, cache, model)) for part in parts if part
        ]
        self._known: dict[RankingOptions, list[Scored]] = {}
        self.count = 0
        self.seconds = 0.0

    def __call__(self, options: RankingOptions) -> list[Scored]:
        if options not in self._known:
            started = time.perf_counter()
            jobs = [pool.submit(_score_all, options) for pool in self._pools]
            self._known[options] = [row for job in jobs for row in job.result()]
            self.count += 1
            self.seconds = time.perf_counter() - started
        return self._known[options]

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *exc: object) -> None:
        for pool in self._pools:
            pool.shutdown()


# -- in the processes --------------------------------------------------------------------------------------------------

_opened: list[tuple[CodeGraph, Unit]] = []
_tokens: list[Tokens] = []


def _open_units(units: Sequence[Unit], cache: Path, model: Path) -> None:
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)
    _widen_caches()
    _tokens.append(load_tokens(model))
    _opened.extend((CodeGraph.load_or_build(unit.root), unit) for unit in units)


def _widen_caches() -> None:
    """What retrieval remembers of a file for one question shall last for all trials."""
    for info in pkgutil.iter_modules(adapter_core.evidence.__path__, "adapter_core.evidence."):
        module = importlib.import_module(info.name)
        for name, value in list(vars(module).items()):
            if hasattr(value, "cache_parameters") and value.__module__ == module.__name__:
                setattr(module, name, functools.lru_cache(maxsize=20_000)(value.__wrapped__))


def _score_all(options: RankingOptions) -> list[Scored]:
    scored = []
    for graph, unit in _opened:
        for question in unit.questions:
            if isinstance(question, Row):
                found = found_by(graph, question.question, options, _tokens[0])
                scored.append(Scored(question.set, question.repo, score(question, found)))
            else:
                found = found_by(graph, question.sentence, options, _tokens[0])
                scored.append(Scored("docstrings", question.package, docstrings.score(question, found)))
    return scored


if __name__ == "__main__":
    main()
