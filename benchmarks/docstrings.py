"""Does a description find its function? First sentences of docstrings against packages from which those docstrings are removed.

    ./x bench docstrings [--per-package 120] [--others 25] [--ablate [SIGNAL …]]

The packages (`docstring_packages.txt`) were chosen before the first run and are in no set that ranking is tuned on. A hit is a returned
span of at most 60 lines that overlaps the function; a class or module that merely holds it is longer, or shows other lines of itself.
MRR and recall over the first ten spans, mean over packages, with a bootstrap over packages. Ten spans are 600 lines of one system and
270 of another: so "of 60 lines" counts each span as widened to as many, and `shown@900` and `shown@2000` ask whether a line of the function
stands within so many tokens of the packed evidence.
Other retrievers run on the first `--others` functions of each package, beside Pathline on the same.
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

from _baselines import BASELINES, packed, run_baselines
from _common import ROOT, report
from _docstring_queries import Query, copy_of, queries, tuned_on
from _retrieval_data import Place
from _retrieval_ours import ABLATIONS, run_repository, variants
from _retrieval_packing import BUDGETS, load_tokens
from _retrieval_scores import MAX_SPAN_LINES, Found, interval

from adapter_core.models.store import DEFAULT_NAME, model_folder

PROCESSES = 2
SEED = 11
PER_PACKAGE = 120
CUTOFF = 10

# For each system, what it gave for each query that it was asked.
Ranked = dict[str, dict[Query, Found]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-package", type=int, default=PER_PACKAGE, help="functions of a package, at most")
    parser.add_argument(
        "--others", type=int, default=25, help="of these, how many other retrievers are asked for (0: none)"
    )
    parser.add_argument("--ablate", nargs="*", choices=sorted(ABLATIONS), help="without each signal (default: all)")
    parser.add_argument(
        "--scratch", type=Path, default=ROOT / ".setup" / "retrieval", help="packages, indexes, cached results"
    )
    args = parser.parse_args()
    removed = () if args.ablate is None else tuple(args.ablate or ABLATIONS)
    queries_by_package = by_package(queries(args.scratch / "docstrings", args.per_package, SEED))
    found = pathline_results(queries_by_package, args.scratch, removed)
    unseen = {s: {q: f for q, f in own.items() if q.package not in tuned_on()} for s, own in found.items()}
    table = rows_of("all", found) + rows_of("of packages not tuned on", unseen)
    if args.others:
        some = {package: own[: args.others] for package, own in queries_by_package.items()}
        known = pathline_results(some, args.scratch, ())
        table += rows_of(f"{args.others} of each package", known | baseline_results(some, args.scratch))
    report(
        "docstrings",
        table,
        {"packages": len(queries_by_package), "queries": sum(map(len, queries_by_package.values())), "seed": SEED},
    )


def by_package(found: Iterable[Query]) -> dict[str, list[Query]]:
    packages: dict[str, list[Query]] = defaultdict(list)
    for query in found:
        packages[query.package].append(query)
    return dict(packages)


def pathline_results(queries_by_package: dict[str, list[Query]], scratch: Path, removed: tuple[str, ...]) -> Ranked:
    """Pathline and its variants."""
    results: Ranked = defaultdict(dict)
    model = model_folder(DEFAULT_NAME)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _prepare, (scratch / "cache",)) as pool:
        jobs = [
            pool.submit(_one_package, copy_of(scratch / "docstrings", package), own, removed, model)
            for package, own in queries_by_package.items()
        ]
        for own, job in zip(queries_by_package.values(), jobs, strict=True):
            for system, ranked in job.result().items():
                results[system].update(zip(own, ranked, strict=True))
    return dict(results)


def _prepare(cache: Path) -> None:
    os.environ["PATHLINE_CACHE_DIR"] = str(cache)


def _one_package(root: Path, queries: Sequence[Query], removed: tuple[str, ...], model: Path) -> dict[str, list[Found]]:
    return run_repository(root, [q.sentence for q in queries], variants(removed), load_tokens(model))[0]


def baseline_results(queries_by_package: dict[str, list[Query]], scratch: Path) -> Ranked:
    """The other retrievers on the same copies."""
    jobs = [
        (copy_of(scratch / "docstrings", package), [q.sentence for q in own])
        for package, own in queries_by_package.items()
    ]
    tokens = load_tokens()
    results: Ranked = {}
    for system, found in run_baselines(tuple(BASELINES), jobs, scratch, PROCESSES).items():
        own: dict[Query, Found] = {}
        for (root, _), package, ranked in zip(jobs, queries_by_package.values(), found, strict=True):
            own.update((query, packed(places, root, tokens)) for query, places in zip(package, ranked, strict=True))
        results[BASELINES[system]] = own
    return results


def rank_of(query: Query, places: Sequence[Place]) -> int | None:
    """The rank, from 1, of the first span that shows the function; None where none of the first ten does."""
    for rank, place in enumerate(places[:CUTOFF], 1):
        if place.length <= MAX_SPAN_LINES and place.overlaps(query.function):
            return rank
    return None


def widened(place: Place) -> Place:
    """A span with as much before as after it until it has 60 lines; a longer one as it is."""
    start = max(1, place.start - max(0, MAX_SPAN_LINES - place.length) // 2)
    return Place(place.path, start, max(place.end, start + MAX_SPAN_LINES - 1))


def score(query: Query, found: Found) -> dict[str, float]:
    rank = rank_of(query, found.places)
    rank_wide = rank_of(query, [widened(p) for p in found.places])
    scores = {
        f"MRR@{CUTOFF}": 1 / rank if rank else 0.0,
        "recall@1": float(rank == 1),
        f"recall@{CUTOFF}": float(rank is not None),
        f"MRR@{CUTOFF} of 60 lines": 1 / rank_wide if rank_wide else 0.0,
        f"recall@{CUTOFF} of 60 lines": float(rank_wide is not None),
    }
    for budget in BUDGETS:
        scores[f"shown@{budget}"] = float(any(p.overlaps(query.function) for p in found.packs[budget]))
    return scores


def rows_of(which: str, results: Ranked) -> list[dict[str, Any]]:
    """A row for each system: means over packages, with intervals of MRR and of `shown`."""
    table = []
    for system, by_query in results.items():
        packages: dict[str, list[dict[str, float]]] = defaultdict(list)
        for query, found in by_query.items():
            packages[query.package].append(score(query, found))
        line: dict[str, Any] = {"queries": which, "number": len(by_query), "system": system}
        for name in next(iter(packages.values()))[0]:
            mean, low, high = interval({p: statistics.mean(s[name] for s in own) for p, own in packages.items()})
            line[name] = mean
            if name.startswith(("MRR", "shown")):
                line[f"{name}, 95 %"] = f"{low:.3f} to {high:.3f}"
        table.append(line)
    return table


if __name__ == "__main__":
    main()
