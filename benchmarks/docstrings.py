"""Does a description find its function? First sentences of docstrings against packages from which those docstrings are removed.

    ./x bench docstrings [--per-package 120] [--others 25] [--ablate [SIGNAL …]]

The packages (`docstring_packages.txt`) were chosen before the first run and are in no set that ranking is tuned on. A hit is a returned
span of at most 60 lines that overlaps the function; a class or module that merely holds it is longer, or shows other lines of itself.
MRR and recall over the first ten spans, mean over packages, with a bootstrap over packages. Other retrievers run on the first
`--others` functions of each package, beside Pathline on the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _baselines import BASELINES, run_baselines
from _common import ROOT, report
from _docstring_queries import Query, copy_of, queries
from _retrieval_data import Place
from _retrieval_ours import ABLATIONS, OURS, place_of, retrieve, variants
from _retrieval_scores import MAX_SPAN_LINES, interval

from adapter_core.code_graph import CodeGraph

PROCESSES = 2
SEED = 11
CUTOFF = 10

# For each system, what it returned for each query that it was asked.
Ranked = dict[str, dict[Query, Sequence[Place]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-package", type=int, default=120, help="functions of a package, at most")
    parser.add_argument(
        "--others", type=int, default=25, help="of these, how many other retrievers are asked for (0: none)"
    )
    parser.add_argument("--ablate", nargs="*", choices=sorted(ABLATIONS), help="without each signal (default: all)")
    parser.add_argument(
        "--scratch", type=Path, default=ROOT / ".setup" / "retrieval", help="packages, indexes, cached results"
    )
    args = parser.parse_args()
    removed = () if args.ablate is None else tuple(args.ablate or ABLATIONS)
    asked = by_package(queries(args.scratch / "docstrings", args.per_package, SEED))
    table = rows_of("all", ours(asked, args.scratch, removed))
    if args.others:
        some = {package: own[: args.others] for package, own in asked.items()}
        known = ours(some, args.scratch, ())
        table += rows_of(f"{args.others} of each package", known | others(some, args.scratch))
    report("docstrings", table, {"packages": len(asked), "queries": sum(map(len, asked.values())), "seed": SEED})


def by_package(found: Iterable[Query]) -> dict[str, list[Query]]:
    packages: dict[str, list[Query]] = defaultdict(list)
    for query in found:
        packages[query.package].append(query)
    return dict(packages)


def ours(asked: dict[str, list[Query]], scratch: Path, removed: tuple[str, ...]) -> Ranked:
    """Pathline and its variants."""
    results: Ranked = defaultdict(dict)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _prepare, (scratch / "cache",)) as pool:
        jobs = [
            pool.submit(_one_package, copy_of(scratch / "docstrings", package), own, removed)
            for package, own in asked.items()
        ]
        for own, job in zip(asked.values(), jobs, strict=True):
            for system, ranked in job.result().items():
                results[system].update(zip(own, ranked, strict=True))
    return dict(results)


def _prepare(cache: Path) -> None:
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)


def _one_package(root: Path, asked: Sequence[Query], removed: tuple[str, ...]) -> dict[str, list[list[Place]]]:
    with CodeGraph.load_or_build(root) as graph:
        return {
            v.name: [[place_of(e) for e in retrieve(graph, query.sentence, v.ranking)] for query in asked]
            for v in variants(removed)
        }


def others(asked: dict[str, list[Query]], scratch: Path) -> Ranked:
    """The other retrievers on the same copies."""
    jobs = [(copy_of(scratch / "docstrings", package), [q.sentence for q in own]) for package, own in asked.items()]
    results: Ranked = {}
    for system, found in run_baselines(tuple(BASELINES), jobs, scratch, PROCESSES).items():
        pairs = (
            (q, r) for own, ranked in zip(asked.values(), found, strict=True) for q, r in zip(own, ranked, strict=True)
        )
        results[BASELINES[system]] = dict(pairs)
    return results


def rank_of(query: Query, places: Sequence[Place]) -> int | None:
    """The rank, from 1, of the first span that shows the function; None where none of the first ten does."""
    for rank, place in enumerate(places[:CUTOFF], 1):
        if place.length <= MAX_SPAN_LINES and place.overlaps(query.function):
            return rank
    return None


def rows_of(which: str, results: Ranked) -> list[dict[str, Any]]:
    table = []
    for system, ranked in results.items():
        ranks: dict[str, list[int | None]] = defaultdict(list)
        for query, places in ranked.items():
            ranks[query.package].append(rank_of(query, places))
        line: dict[str, Any] = {"queries": which, "number": len(ranked), "system": system}
        for name, value in (
            ("MRR@10", lambda rank: 1 / rank if rank else 0.0),
            ("recall@1", lambda rank: float(rank == 1)),
            ("recall@10", lambda rank: float(rank is not None)),
        ):
            mean, low, high = interval({p: statistics.mean(value(r) for r in own) for p, own in ranks.items()})
            line[name], line[f"{name}, 95 %"] = mean, f"{low:.3f} to {high:.3f}"
        table.append(line)
    return table


if __name__ == "__main__":
    main()
