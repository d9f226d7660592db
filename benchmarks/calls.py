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
import json
import os
import random
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from _common import DATA, ROOT, report, timed
from observe import OBSERVED, PACKAGES, fetch

from adapter_core.code_graph import CodeGraph, is_test_path
from adapter_core.types import Symbol, SymbolRef

sys.path.append(str(ROOT))  # the cases are read by what tests them

_CASES = ("call_cases", "call_cases_later", "call_cases_observed")
_SAMPLE = 150
_CUT = 0.3  # a function that more of the tests run tells nothing about which test to run
_DEPTHS = (1, 2, 3, 4)
_NOT_WRAPPING = {
    "staticmethod",
    "classmethod",
    "property",
    "setter",
    "deleter",
    "abstractmethod",
    "overload",
    "override",
    "final",
}
# What a coroutine or generator does begins when it is first run, by whatever runs it.
_LATER = ("generator", "coroutine", "async generator")


class Function(NamedTuple):
    """A function, class or module as both sides name it: without `<locals>` and comprehensions. The line is that of `def`."""

    path: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.name or '(module)'} {self.path}:{self.line}"


def function_of(ref: SymbolRef) -> Function:
    if ref.symbol.kind == "module":
        return Function(ref.path, "", 0)
    return Function(ref.path, ref.symbol.qualname, ref.symbol.name_line)


# -- cases ------------------------------------------------------------------------------------------------------------


def cases() -> None:
    try:
        from tests.graph.test_call_cases import found_in, read_cases
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}; ./x setup --dev installs it") from error
    rows = []
    for folder in _CASES:
        total: Counter[str] = Counter()
        for file in sorted((ROOT / "tests" / "graph" / folder).glob("*.txt")):
            counts: Counter[str] = Counter()
            for case in read_cases(file.read_text("utf-8")):
                with tempfile.TemporaryDirectory() as scratch:
                    found = found_in(case, Path(scratch))
                wrong, missed = found - case.edges - case.implicit, case.edges - found
                counts.update({
                    "programs": 1, "right": not wrong and not missed,
                    "true": len(found & case.edges), "wrong": len(wrong), "missed": len(missed),
                })  # fmt: skip
            rows.append(_case_row(folder, file.stem, counts))
            total.update(counts)
        rows.append(_case_row(folder, "all", total))
    report("call-cases", rows)


def _case_row(folder: str, topic: str, counts: Counter[str]) -> dict[str, Any]:
    true, wrong, missed = counts["true"], counts["wrong"], counts["missed"]
    return {
        "set": folder, "topic": topic, "programs": counts["programs"], "exactly right": counts["right"],
        "true positives": true, "false positives": wrong, "missed": missed,
        "precision": _share(true, true + wrong), "recall": _share(true, true + missed),
    }  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# -- what was seen ----------------------------------------------------------------------------------------------------


class Edge(NamedTuple):
    """A call that happened. A lambda as the caller stands for the scope in which it is written."""

    caller: Function
    callee: Function
    line: int
    site: str

    @property
    def is_written(self) -> bool:
        kind, _, name = self.site.partition(":")
        return kind == "call" or (bool(name) and kind in ("decorator", "await"))


@dataclass
class Seen:
    """One file of `benchmarks/observed`, in the words of both sides."""

    name: str
    edges: set[Edge] = field(default_factory=set)
    bodies: set[Edge] = field(default_factory=set)  # by the bodies of modules and classes
    kinds: dict[Function, str] = field(default_factory=dict)
    outside: set[Function] = field(default_factory=set)
    lines: dict[str, set[int]] = field(default_factory=dict)
    run: dict[str, set[Function]] = field(default_factory=dict)  # test, without parameters -> what it ran
    around: dict[str, set[Function]] = field(default_factory=dict)
    strange: list[Function] = field(default_factory=list)  # that the index does not know

    @cached_property
    def all(self) -> set[Edge]:
        return self.edges | self.bodies


def read_seen(file: Path, graph: CodeGraph) -> Seen:
    data = json.loads(file.read_text("utf-8"))
    seen = Seen(data["package"])
    scopes = Scopes(graph)
    functions: list[Function] = []
    for number, qualname, _, line, kind in data["functions"]:
        function = Function(data["files"][number], _plain(qualname), line if kind != "module" else 0)
        functions.append(function)
        seen.kinds[function] = kind
        if kind != "lambda" and scopes.symbol(function) is None:
            seen.strange.append(function)
    for key, edges in (("edges", seen.edges), ("body_edges", seen.bodies)):
        for caller, callee, line, site in data[key]:
            if seen.kinds[functions[callee]] in ("module", "class"):
                continue  # an import, a class statement
            where = data["sites"][site]
            edges.add(Edge(scopes.named(functions[caller]), functions[callee], line, where))
    seen.outside = {functions[i] for i in data["outside"]}
    seen.lines = {path: {n for a, b in runs for n in range(a, b + 1)} for path, runs in data["lines"].items()}
    for node, (_, _, run, around) in data["tests"].items():
        base = node.partition("[")[0]
        seen.run.setdefault(base, set()).update(functions[i] for i in data["sets"][run])
        seen.around.setdefault(base, set()).update(functions[i] for i in data["sets"][around])
    return seen


def _plain(qualname: str) -> str:
    """`f.<locals>.<listcomp>.<lambda>` as the graph has it: `f.<lambda>`; of a lambda in a lambda the outer one is not told."""
    parts = [
        p for p in qualname.split(".") if p not in ("<locals>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
    ]
    while "<lambda>" in parts[:-1]:
        parts.remove("<lambda>")
    return ".".join(p for p in parts if p != "<module>")


class Scopes:
    """The functions, classes and modules of the index, by name and line."""

    def __init__(self, graph: CodeGraph) -> None:
        self._graph = graph
        self._known: dict[str, dict[str, list[Symbol]]] = {}

    def _of(self, path: str) -> dict[str, list[Symbol]]:
        if path not in self._known:
            table: dict[str, list[Symbol]] = {}
            facts = self._graph.facts(path)
            for symbol in facts.symbols if facts else ():
                if symbol.is_callable or symbol.kind == "class":
                    table.setdefault(symbol.qualname, []).append(symbol)
            self._known[path] = table
        return self._known[path]

    def symbol(self, function: Function) -> Symbol | None:
        if not function.name:
            facts = self._graph.facts(function.path)
            return facts.symbols[0] if facts else None
        return next((s for s in self._of(function.path).get(function.name, ()) if s.name_line == function.line), None)

    def named(self, function: Function) -> Function:
        """A lambda's named scope; anything else is its own."""
        if not function.name.endswith("<lambda>"):
            return function
        around = function.name.removesuffix("<lambda>").removesuffix(".")
        for symbol in self._of(function.path).get(around, ()):
            if symbol.start <= function.line <= symbol.end:
                return Function(function.path, around, symbol.name_line)
        return Function(function.path, around, 0)


# -- what is found ----------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """One call of the text with one function that it may enter."""

    caller: Function
    callee: Function
    first: int
    last: int
    text: str  # what is called, as written
    deferred: bool
    count: int  # of what the call may enter
    later: bool  # a generator or coroutine
    wrapped: bool  # by decorators that may put something else in its place


@dataclass
class Static:
    """All edges that the graph has."""

    found: list[Found] = field(default_factory=list)
    named: set[tuple[Function, Function]] = field(default_factory=set)  # what a reader would say is called
    # For each line of a file, the calls on it: (as written, whether traced into the workspace, and out of it).
    calls: dict[tuple[str, int], list[tuple[str, bool, tuple[str, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def static_edges(graph: CodeGraph) -> Static:
    static = Static()
    for row in graph.store.files():
        facts = graph.facts(row.path)
        text = graph.view.text(row.path) if facts and facts.calls else ""
        for call in facts.calls if facts else ():
            assert facts
            site = graph.site(facts, call)
            assert site.caller
            caller = function_of(site.caller)
            first = text.count("\n", 0, call.start) + 1
            last = first + text.count("\n", call.start, call.end)
            for target in (*site.targets, *site.enters):
                static.named.add((caller, function_of(target)))
            for line in range(first, last + 1):
                static.calls[row.path, line].append((call.callee, site.resolved, site.external))
            for target in site.enters:
                symbol = target.symbol
                decorators = {d.partition("(")[0].rpartition(".")[2] for d in symbol.decorators}
                static.found.append(
                    Found(
                        caller, function_of(target), first, last, call.callee, call.deferred, len(site.enters),
                        symbol.is_generator or symbol.is_async, bool(decorators - _NOT_WRAPPING),
                    )
                )  # fmt: skip
    return static


# -- edges ------------------------------------------------------------------------------------------------------------


@dataclass
class Comparison:
    """The edges of one package, seen and found."""

    graph: CodeGraph
    seen: Seen
    static: Static
    scopes: Scopes

    @cached_property
    def pairs(self) -> set[tuple[Function, Function]]:
        return {(f.caller, f.callee) for f in self.static.found}

    @cached_property
    def at_lines(self) -> dict[tuple[Function, Function], list[Found]]:
        table: dict[tuple[Function, Function], list[Found]] = defaultdict(list)
        for found in self.static.found:
            table[found.caller, found.callee].append(found)
        return table

    @cached_property
    def wrappers(self) -> dict[Function, set[Function]]:
        """The decorated functions that a wrapper was seen to call; a wrapper is written in one of their decorators."""
        table: dict[Function, set[Function]] = defaultdict(set)
        for edge in self.seen.all:
            around = edge.caller.name.split(".")[:-1]
            symbol = self.scopes.symbol(edge.callee) if around else None
            names = {d.partition("(")[0].rpartition(".")[2] for d in symbol.decorators} if symbol else set()
            if names & set(around):
                table[edge.caller].add(edge.callee)
        return table

    @cached_property
    def callers(self) -> dict[Function, set[Function]]:
        table: dict[Function, set[Function]] = defaultdict(set)
        for edge in self.seen.all:
            table[edge.callee].add(edge.caller)
        return table

    def is_found(self, edge: Edge) -> bool:
        return (edge.caller, edge.callee) in self.pairs

    def is_found_there(self, edge: Edge) -> bool:
        return any(f.first <= edge.line <= f.last for f in self.at_lines.get((edge.caller, edge.callee), ()))

    def is_composed(self, edge: Edge) -> bool:
        """Found, or one half of a call through a wrapper of which the whole was found."""
        if self.is_found(edge):
            return True
        if any((edge.caller, inner) in self.static.named for inner in self.wrappers.get(edge.callee, ())):
            return True
        return edge.callee in self.wrappers.get(edge.caller, ()) and any(
            (caller, edge.callee) in self.static.named for caller in self.callers[edge.caller]
        )


def kind_of(edge: Edge) -> str:
    """What is written where it happened, and, for calls, how the name there goes with what was entered."""
    kind, _, name = edge.site.partition(":")
    if not edge.is_written:
        return kind
    last = edge.callee.name.rpartition(".")[2]
    if kind != "call":
        return f"{kind} @" if kind == "decorator" else kind
    if last == name:
        return "call: its name"
    if last in ("__init__", "__new__"):
        return "call: constructor"
    if last.startswith("__") and last.endswith("__"):
        return f"call: {'__call__' if last == '__call__' else 'special method'}"
    return "call: lambda" if last == "<lambda>" else "call: another name"


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
    """Each found edge on a line that ran: whether it was seen there, or why that cannot be told."""
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
        else:
            verdict = "not seen"
        yield package, found, verdict


def _precision_rows(judged: list[tuple[Comparison, Found, str]]) -> list[dict[str, Any]]:
    rows = []
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for package, found, verdict in judged:
        for name in (package.seen.name, "all"):
            for group in ("all", "one target" if found.count == 1 else "several targets"):
                counts[name, group][verdict] += 1
    for (name, group), count in sorted(counts.items(), key=lambda item: (item[0][0] == "all", item[0])):
        unjudged = sum(n for verdict, n in count.items() if verdict not in ("seen", "not seen"))
        rows.append({
            "package": name, "calls with": group, "found": count.total(), "cannot be judged": unjudged,
            "of them on lines that did not run": count["line did not run"], "seen": count["seen"], "not seen": count["not seen"],
            "seen of judged": _share(count["seen"], count["seen"] + count["not seen"]),
        })  # fmt: skip
    return rows


def _details(packages: list[Comparison], judged: list[tuple[Comparison, Found, str]]) -> Iterator[str]:
    for package in packages:
        for edge in sorted(package.seen.edges):
            if edge.is_written and not package.is_found(edge):
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


# -- tests ------------------------------------------------------------------------------------------------------------


class Query(NamedTuple):
    """For one function of the code, the tests that ran it, and those that were given, by way of finding."""

    package: str
    share: float  # of all tests, those that ran it
    run: set[str]
    wide: set[str]  # with set-up and tear-down
    given: dict[str, set[str]]
    seconds: float


def tests(packages: list[Comparison]) -> None:
    queries = [query for package in packages for query in _ask(package)]
    rows = []
    names = list(dict.fromkeys(q.package for q in queries))
    for name in [*names, "all"]:
        for cut in (True, False):
            chosen = [q for q in queries if name in (q.package, "all") and (not cut or q.share <= _CUT)]
            for way in chosen[0].given:
                rows.append({
                    "package": name, "functions": f"run by at most {_CUT:.0%} of the tests" if cut else "all",
                    "count": len(chosen), "found by": way, **_scores(chosen, way),
                })  # fmt: skip
    times = sorted(q.seconds for q in queries)
    print("Tests that ran a function, and those that are given for it\n")
    report("tests", rows, {
        "seconds a query, median": statistics.median(times), "seconds a query, p95": times[int(len(times) * 0.95)],
        "functions sampled per package": _SAMPLE,
    })  # fmt: skip
    print(
        f"\na query: median {statistics.median(times) * 1e3:.1f} ms, p95 {times[int(len(times) * 0.95)] * 1e3:.0f} ms"
    )


def _ask(package: Comparison) -> Iterator[Query]:
    seen = package.seen
    ran: dict[Function, set[str]] = defaultdict(set)
    around: dict[Function, set[str]] = defaultdict(set)
    for table, sets in ((ran, seen.run), (around, seen.around)):
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
            seconds, given = timed(lambda ref=ref: graph.tests_for_symbol(ref))
            depths = {d: graph.tests_for_symbol(ref, depth=d) if d != 3 else given for d in _DEPTHS}
            ways = {f"at most {d} call{'s' * (d > 1)}": _nodes(depths[d].items) for d in _DEPTHS}
            ways["name only"] = _nodes(graph.tests_for_symbol(ref, depth=0).items)
            ways["import of the module"] = _nodes(graph.tests_for_module(ref.module).items)
            run = ran[function]
            yield Query(seen.name, len(run) / len(seen.run), run, run | around.get(function, set()), ways, seconds)


def _nodes(links: Iterable[Any]) -> set[str]:
    return {link.node_id for link in links}


def _scores(queries: list[Query], way: str) -> dict[str, Any]:
    """Over all pairs of a function and a test, and ("mean") function by function."""

    def score(truth: Callable[[Query], set[str]]) -> tuple[float | None, float | None, float | None, float | None]:
        both = [(len(q.given[way] & truth(q)), len(truth(q)), len(q.given[way])) for q in queries]
        hits = sum(h for h, _, _ in both)
        answered = [h / g for h, _, g in both if g]
        return (
            _share(hits, sum(t for _, t, _ in both)), statistics.mean(h / t for h, t, _ in both),
            _share(hits, sum(g for _, _, g in both)), statistics.mean(answered) if answered else None,
        )  # fmt: skip

    recall, mean_recall, precision, mean_precision = score(lambda q: q.run)
    wide_recall, _, wide_precision, wide_mean = score(lambda q: q.wide)
    return {
        "some given": sum(bool(q.given[way]) for q in queries) / len(queries),
        "some right": sum(bool(q.given[way] & q.run) for q in queries) / len(queries),
        "recall": recall, "mean recall": mean_recall, "precision": precision, "mean precision": mean_precision,
        "recall, set-up too": wide_recall, "precision, set-up too": wide_precision, "mean precision, set-up too": wide_mean,
    }  # fmt: skip


# -- all --------------------------------------------------------------------------------------------------------------


def print_table(rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    cells = [
        [f"{v:.3g}" if isinstance(v, float) else "" if v is None else str(v) for v in row.values()] for row in rows
    ]
    widths = [max(len(c), *(len(row[i]) for row in cells)) for i, c in enumerate(columns)]
    for line in [columns, ["-" * w for w in widths], *cells]:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def compare() -> list[Comparison]:
    found = []
    for package in PACKAGES:
        fetch(DATA, package.name, package.version, package.sha256)
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
