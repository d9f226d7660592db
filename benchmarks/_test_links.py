"""The tests that ran a function, beside those that Pathline gives for it."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from _common import report, share, timed
from _observed_calls import Comparison, Function

from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.types import SymbolRef

_SAMPLE = 150
_CUT = 0.3  # a function that more of the tests run tells nothing about which test to run
_DEPTHS = (1, 2, 3, 4)
_FIRST = (1, 3, 5, 10)
_DEFAULT = "default"


class Query(NamedTuple):
    """For one function of the code, the tests that ran it (`run`, with set-up and tear-down `wide`), and those found, by method."""

    package: str
    share: float  # of all tests, those that ran it
    run: set[str]
    wide: set[str]  # with set-up and tear-down
    found_tests: dict[str, list[str]]  # in the order in which they are given
    seconds: float
    complete: bool


def tests(packages: list[Comparison]) -> None:
    queries = [query for package in packages for query in _ask(package)]
    rows = []
    names = list(dict.fromkeys(q.package for q in queries))
    for name in [*names, "all"]:
        for cut in (True, False):
            chosen = [q for q in queries if name in (q.package, "all") and (not cut or q.share <= _CUT)]
            for way in chosen[0].found_tests:
                rows.append({
                    "package": name, "functions": f"run by at most {_CUT:.0%} of the tests" if cut else "all",
                    "count": len(chosen), "found by": way, **_scores(chosen, way),
                })  # fmt: skip
    times = sorted(q.seconds for q in queries)
    print("Tests that ran a function, and those that are given for it\n")
    report("tests", rows, {
        "seconds a query, median": statistics.median(times), "seconds a query, p95": times[int(len(times) * 0.95)],
        "functions sampled per package": _SAMPLE,
        "said to be all": sum(q.complete for q in queries) / len(queries),
    })  # fmt: skip
    print(
        f"\na query: median {statistics.median(times) * 1e3:.1f} ms, p95 {times[int(len(times) * 0.95)] * 1e3:.0f} ms"
    )


def _ask(package: Comparison) -> Iterator[Query]:
    seen = package.seen
    ran: dict[Function, set[str]] = defaultdict(set)
    set_up_and_tear_down: dict[Function, set[str]] = defaultdict(set)
    for table, sets in ((ran, seen.run), (set_up_and_tear_down, seen.set_up_and_tear_down)):
        for test, functions in sets.items():
            for function in functions:
                table[function].add(test)
    code = sorted(f for f in ran if not is_test_path(f.path) and package.scopes.symbol(f) is not None)
    # A graph that was not asked anything yet, so that times are those of somebody who asks.
    with CodeGraph.load_or_build(package.graph.root) as graph:
        for function in random.Random(150).sample(code, min(_SAMPLE, len(code))):
            symbol = package.scopes.symbol(function)
            assert symbol
            ref = SymbolRef(graph.name, function.path, graph.module_for_file(function.path), symbol)
            seconds, found_tests = timed(lambda ref=ref: graph.tests_for_symbol(ref))
            ways = {_DEFAULT: _nodes(found_tests.items)}
            ways["default, calls of the text alone"] = _nodes(link for link in found_tests.items if not link.guessed)
            for depth in _DEPTHS:
                found = graph.tests_for_symbol(ref, depth=depth, least=0.0).items
                ways[f"at most {depth} call{'s' * (depth > 1)}, all"] = _nodes(x for x in found if not x.guessed)
            ways["name only"] = _nodes(graph.tests_for_symbol(ref, depth=0).items)
            ways["import of the module"] = _nodes(graph.tests_for_module(ref.module).items)
            run = ran[function]
            wide = run | set_up_and_tear_down.get(function, set())
            yield Query(seen.name, len(run) / len(seen.run), run, wide, ways, seconds, found_tests.complete)


def _nodes(links: Iterable[Any]) -> list[str]:
    return [link.node_id for link in links]


def _scores(queries: list[Query], way: str) -> dict[str, Any]:
    """Over all pairs of a function and a test, and ("mean") function by function."""

    def score(truth: Callable[[Query], set[str]]) -> tuple[float | None, float | None, float | None, float | None]:
        both = [
            (len(truth(q).intersection(q.found_tests[way])), len(truth(q)), len(q.found_tests[way])) for q in queries
        ]
        hits = sum(h for h, _, _ in both)
        answered = [h / g for h, _, g in both if g]
        return (
            share(hits, sum(t for _, t, _ in both)), statistics.mean(h / t for h, t, _ in both),
            share(hits, sum(g for _, _, g in both)), statistics.mean(answered) if answered else None,
        )  # fmt: skip

    recall, mean_recall, precision, mean_precision = score(lambda q: q.run)
    wide_recall, _, wide_precision, wide_mean = score(lambda q: q.wide)
    return {
        "some given": sum(bool(q.found_tests[way]) for q in queries) / len(queries),
        "some right": sum(not q.run.isdisjoint(q.found_tests[way]) for q in queries) / len(queries),
        "right among the first 3": sum(not q.run.isdisjoint(q.found_tests[way][:3]) for q in queries) / len(queries),
        **{f"precision@{k}": _first(queries, way, k) for k in _FIRST},
        "recall": recall, "mean recall": mean_recall, "precision": precision, "mean precision": mean_precision,
        "recall, set-up too": wide_recall, "precision, set-up too": wide_precision, "mean precision, set-up too": wide_mean,
    }  # fmt: skip


def _first(queries: list[Query], way: str, count: int) -> float | None:
    """The share of right tests among the first `count`, averaged over functions with at least one found test."""
    firsts = [(query.found_tests[way][:count], query.run) for query in queries if query.found_tests[way]]
    return statistics.mean(sum(node in run for node in nodes) / len(nodes) for nodes, run in firsts) if firsts else None
