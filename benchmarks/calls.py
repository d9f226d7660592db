"""Call edges and tests of symbols, beside what is true: the cases of `tests/graph`, and what was seen when real suites ran.

    ./x bench calls [cases | edges | tests]… [--details FILE]

Default: all three, in about two minutes. `cases`: small programs whose true edges are written beside them
(needs pytest: `./x setup --dev`).
`edges`: the calls that happened while the suites of three packages ran (`benchmarks/observed`, whose README tells what that cannot
show), beside those that are found in their text. `tests`: the tests that ran a function, beside those that Pathline gives for it.
`--details`: write every missed edge, and every found one that did not happen, with its line.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _call_cases import cases
from _common import DATA, print_table, report, share
from _observed_calls import Comparison, Edge, Found, Scopes, kind_of, read_seen, static_edges
from _observed_data import OBSERVED
from _observed_suite import PACKAGES, fetch_source
from _test_links import tests

from adapter_core.code_graph import CodeGraph, is_test_path


def edges(packages: list[Comparison], details: Path | None) -> None:
    rows: list[dict[str, Any]] = []
    groups: dict[str, dict[str, list[tuple[Comparison, Edge]]]] = defaultdict(lambda: defaultdict(list))
    for package in packages:
        for edge in package.seen.edges:
            tests = is_test_path(edge.caller.path)
            names = [f"written: {kind_of(edge)}" if edge.is_written else f"not written: {kind_of(edge)}"]
            names.append(names[0].partition(":")[0] + ", all")
            names += [f"{names[1]}: by {'tests' if tests else 'code'}"] if edge.is_written else []
            for name in names:
                groups[name][package.seen.name].append((package, edge))
                groups[name]["all"].append((package, edge))
        for edge in package.seen.bodies:
            if edge.is_written:
                for name in (package.seen.name, "all"):
                    groups["written, in bodies of modules and classes"][name].append((package, edge))
    for group in sorted(groups, reverse=True):
        for name, chosen in sorted(groups[group].items(), key=lambda item: item[0] == "all"):
            total = len(chosen)
            rows.append({
                "calls": group, "package": name, "seen": total,
                "recall": sum(p.is_found(e) for p, e in chosen) / total,
                "at that line": sum(p.is_found_there(e) for p, e in chosen) / total,
                "through wrappers": sum(p.is_composed(e) for p, e in chosen) / total,
            })  # fmt: skip
    judged = [row for package in packages for row in _judged(package)]
    rows_judged = _precision_rows(judged)
    print("Edges that were seen, and are found\n")
    unknown = {p.seen.name: [str(f) for f in p.seen.strange] for p in packages if p.seen.strange}
    report("calls", rows, {"not in the index": unknown, "found edges on executed lines": rows_judged})
    print("\nEdges that are found, on executed lines\n")
    print_table(rows_judged)
    if details:
        details.write_text("\n".join(_details(packages, judged)) + "\n", "utf-8")
        print(f"\n{details}", file=sys.stderr)


def _judged(package: Comparison) -> Iterator[tuple[Comparison, Found, str]]:
    """Each found edge on a line that ran: whether it was observed there, or why that cannot be determined."""
    seen = defaultdict(list)
    for edge in package.seen.all:
        seen[edge.caller, edge.callee].append(edge.line)
    for found in package.static.found:
        symbol = package.scopes.symbol(found.callee)
        if symbol is not None and symbol.kind == "class":
            continue  # a class without a constructor of its own: nothing of the package is entered
        lines = package.seen.lines.get(found.caller.path, set())
        if any(found.first <= line <= found.last for line in seen.get((found.caller, found.callee), ())):
            verdict = "seen"
        elif found.first not in lines:
            verdict = "line did not run"
        elif found.later:
            verdict = "generator or coroutine"
        elif found.deferred:
            verdict = "in a lambda"
        elif found.wrapped and found.callee in package.seen.outside:
            verdict = "called by a wrapper from outside"
        elif found.implicit == "built-in" and found.callee in package.seen.outside:
            verdict = "called by the standard library, which is outside"
        else:
            verdict = "not seen"
        yield package, found, verdict


def _precision_rows(judged: list[tuple[Comparison, Found, str]]) -> list[dict[str, Any]]:
    rows = []
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for package, found, verdict in judged:
        for name in (package.seen.name, "all"):
            several = "one target" if found.count == 1 else "several targets"
            groups = (f"implicit: {several}", f"implicit: {found.implicit}") if found.implicit else ("all", several)
            for group in groups:
                counts[name, group][verdict] += 1
    for (name, group), count in sorted(counts.items(), key=lambda item: (item[0][0] == "all", item[0])):
        unjudged = sum(n for verdict, n in count.items() if verdict not in ("seen", "not seen"))
        rows.append({
            "package": name, "calls with": group, "found": count.total(), "cannot be judged": unjudged,
            "of them on lines that did not run": count["line did not run"], "seen": count["seen"], "not seen": count["not seen"],
            "seen of judged": share(count["seen"], count["seen"] + count["not seen"]),
        })  # fmt: skip
    return rows


def _details(packages: list[Comparison], judged: list[tuple[Comparison, Found, str]]) -> Iterator[str]:
    for package in packages:
        for edge in sorted(package.seen.edges):
            if not package.is_found(edge):
                calls = package.static.calls.get((edge.caller.path, edge.line), [])
                name = edge.site.partition(":")[2]
                there = [c for c in calls if c[0].rpartition(".")[2] == name] or calls
                how = "; ".join(f"{t} {'resolved' if r else ''} {','.join(x)}".strip() for t, r, x in there)
                composed = " COMPOSED" if package.is_composed(edge) else ""
                columns = (
                    "missed", package.seen.name, f"{kind_of(edge)}{composed}", edge.site, f"{edge.caller.path}:{edge.line}",
                    edge.caller.name, f"{edge.callee.name} {edge.callee.path}:{edge.callee.line}", f"[{how}]",
                )  # fmt: skip
                yield "\t".join(columns)
    unseen = [(p, f) for p, f, verdict in judged if verdict == "not seen"]
    unseen.sort(key=lambda item: (item[0].seen.name, item[1]))
    sample = random.Random(20).sample(unseen, min(20, len(unseen)))
    for label, (package, found) in [*(("unseen", row) for row in unseen), *(("sample", row) for row in sample)]:
        place = f"{found.caller.path}:{found.first}"
        yield "\t".join(
            map(str, (label, package.seen.name, found.count, found.text, place, found.caller.name, found.callee))
        )


def compare() -> list[Comparison]:
    found = []
    for package in PACKAGES:
        fetch_source(DATA, package.name, package.version, package.sha256)
        graph = CodeGraph.load_or_build(DATA / f"{package.name}-{package.version}")
        seen = read_seen(OBSERVED / f"{package.name}.json", graph)
        found.append(Comparison(graph, seen, static_edges(graph), Scopes(graph)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["cases", "edges", "tests", []], metavar="cases | edges | tests")
    parser.add_argument("--details", type=Path)
    options = parser.parse_args()
    parts = options.parts or ["cases", "edges", "tests"]
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PATHLINE_CACHE_DIR"] = cache
        if "cases" in parts:
            cases()
        packages = compare() if {"edges", "tests"} & set(parts) else []
        if "edges" in parts:
            edges(packages, options.details)
        if "tests" in parts:
            tests(packages)
        for package in packages:
            package.graph.close()


if __name__ == "__main__":
    main()
