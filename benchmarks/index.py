"""How fast and how large is the index, beside the floor: a bare `ast.parse` of the same files with the same number of processes, in
the same run. Files are edited on the way, in a copy of the folder.

./x bench index [FOLDER …] [--build] [--scale]      default: Django 5.2; `--build`: building alone, of each folder once;
                                                    `--scale`: cost per line from 10,000 to 2,000,000 lines, with a plot
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from _common import DATA, ROOT, report, temporary_cache, timed
from _floor import floor

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discovery.discover import discover
from adapter_core.graph.indexing.sync import SyncOptions
from adapter_core.types import SymbolRef

# A fresh process that opens the index, answers, and says how much memory it has, all in KiB; "idle": only the interpreter.
_MEMORY = """
import os, sys, psutil
sys.path.insert(0, {root!r})
if {what!r} != "idle":
    from adapter_core.code_graph import CodeGraph
    graph = CodeGraph.load_or_build({folder!r})
    for name in ("save", "get_queryset", "Model.save", "HttpResponse"):
        refs = graph.find_symbol(name)
        graph.who_calls(refs[0]) if refs and {what!r} == "asked" else None
print(psutil.Process().memory_info().rss // 1024)
"""
_SEARCH_STAGES = ("search tables",)
_SIZES = (10_000, 50_000, 200_000, 500_000, 1_000_000, 2_000_000)
_LINK_SECONDS = 900.0  # after which the rest is left unlinked
_PROBE = b"\n\ndef pathline_probe():\n    return pathline_target()\n\n\ndef pathline_target():\n    pass\n"


class Builds(NamedTuple):
    """The cheapest of several runs: seconds and CPU seconds of the floor, seconds of a cold build, its CPU seconds by stage."""

    floor: float
    floor_cpu: float
    cold: float
    stages: dict[str, float]

    @property
    def search(self) -> float:
        return sum(self.stages[stage] for stage in _SEARCH_STAGES)


@contextmanager
def copy_of(folder: Path) -> Iterator[Path]:
    """A copy of the indexed files of a folder, since files are edited: a killed run must not leave edits in the folder itself."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, folder.name)
        for file in discover(folder).files:
            target = root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / file.path, target)
        yield root


def measure(root: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The table of one folder, whose files are edited and put back."""
    found = discover(root)
    python = [str(root / f.path) for f in found.files if f.kind == "python"]
    processes = os.cpu_count() or 1
    options = SyncOptions(workers=processes)
    builds = _builds(root, python, options)
    base = builds.floor
    with temporary_cache() as cache:
        graph = CodeGraph.load_or_build(root, options=options)
        files, symbols = graph.store.counts()
        graph.close()
        warm, graph = timed(lambda: CodeGraph.load_or_build(root, options=options))
        assert graph.report
        assert graph.report.parsed == 0
        edits = _edits(graph, root)
        looks = _look_ups(graph)
        graph.close()
        # A process of its own that has answered nothing: as an editor's indexer links, and its server asks then.
        with CodeGraph.load_or_build(root, options=options) as graph:
            linking, link_cpu, linked = _linking(graph)
        with CodeGraph.load_or_build(root, options=options) as graph:
            looks["who calls it, first, calls linked"] = _callers(graph)
        disk = sum(f.stat().st_size for f in cache.rglob("*") if f.is_file())
        idle, opened, after_queries = (_memory(root, what) for what in ("idle", "opened", "asked"))
    rows: list[dict[str, Any]] = [
        {"what": f"floor: ast.parse, {processes} processes", "seconds": base, "x floor": 1.0},
        {"what": "cold build, with the search's tables", "seconds": builds.cold, "x floor": builds.cold / base},
        {"what": "warm start, nothing changed", "seconds": warm, "x floor": warm / base},
        *_cpu_rows(builds),
        {"what": "calls linked, in the background", "seconds": linking, "x floor": linking / base},
        {"what": "CPU: calls linked", "seconds": link_cpu, "x floor": link_cpu / builds.floor_cpu},
        *_time_rows({"edit": edits, **looks}),
    ]
    lines = sum(Path(f).read_bytes().count(b"\n") for f in python)
    extra = {
        "folder": root.name, "files": files, "python_files": len(python), "lines": lines, "symbols": symbols,
        "bytes": sum(f.size for f in found.files), "database_bytes": disk, "files_linked": linked,
        "memory_mb": {"idle interpreter": idle / 1024, "index opened": opened / 1024, "after callers of four names": after_queries / 1024},
    }  # fmt: skip
    return rows, extra


def _builds(root: Path, python: list[str], options: SyncOptions) -> Builds:
    """In turn, so that whatever else the machine does falls on all of them alike."""
    floors, floor_cpu, colds, stages = [], [], [], []
    for _ in range(3):
        before = _children_cpu()
        floors.append(timed(lambda: floor(python, options.workers or 1))[0])
        floor_cpu.append(_children_cpu() - before)
        seconds, spent = _cold(root, options)
        colds.append(seconds)
        stages.append(spent)
    return Builds(min(floors), min(floor_cpu), min(colds), min(stages, key=lambda s: s["all"]))


def _linking(graph: CodeGraph) -> tuple[float, float, int]:
    """Seconds, CPU seconds, and the files whose calls were linked."""
    before = time.process_time()
    enough = threading.Event()
    timer = threading.Timer(_LINK_SECONDS, enough.set)
    timer.start()
    seconds, linked = timed(lambda: graph.link(cancel=enough))
    timer.cancel()
    return seconds, time.process_time() - before, linked.linked


def _cpu_rows(builds: Builds) -> list[dict[str, Any]]:
    rest = builds.stages["all"] - builds.search
    spent = {
        "CPU: floor": builds.floor_cpu, "CPU: the graph": rest, "CPU: the search's tables": builds.search,
        **{f"  of it: {stage}": seconds for stage, seconds in builds.stages.items() if stage != "all"},
    }  # fmt: skip
    return [{"what": what, "seconds": s, "x floor": s / builds.floor_cpu} for what, s in spent.items()]


def _time_rows(times: dict[str, list[float]]) -> list[dict[str, Any]]:
    return [
        *({"what": f"{name}, p50", "seconds": _percentile(of, 0.5)} for name, of in times.items()),
        *({"what": f"{name}, p95", "seconds": _percentile(of, 0.95)} for name, of in times.items()),
        *({"what": f"{name}, most", "seconds": max(of)} for name, of in times.items() if name.startswith("who calls")),
    ]


def build(root: Path) -> dict[str, Any]:
    """One cold build beside the floor, and a warm start."""
    python = [str(root / f.path) for f in discover(root).files if f.kind == "python"]
    processes = os.cpu_count() or 1
    before = _children_cpu()
    base = timed(lambda: floor(python, processes))[0]
    base_cpu = _children_cpu() - before
    cold, spent = _cold(root, SyncOptions(workers=processes))
    search = sum(spent[stage] for stage in _SEARCH_STAGES)
    with temporary_cache():
        CodeGraph.load_or_build(root).close()
        warm, graph = timed(lambda: CodeGraph.load_or_build(root))
        graph.close()
    return {
        "folder": root.name, "python files": len(python), "lines": sum(Path(f).read_bytes().count(b"\n") for f in python),
        "floor, s": base, "cold, s": cold, "x floor": cold / base, "warm / cold": warm / cold,
        "CPU, graph / floor": (spent["all"] - search) / base_cpu, "CPU, search tables / floor": search / base_cpu,
    }  # fmt: skip


def _cold(root: Path, options: SyncOptions) -> tuple[float, dict[str, float]]:
    """Seconds, and CPU seconds by stage; "all": of this process and its children, their start and the messages between included."""
    with temporary_cache():
        before = _children_cpu() + time.process_time()
        seconds, graph = timed(lambda: CodeGraph.load_or_build(root, options=options))
        assert graph.report
        spent = {**graph.report.stages, "all": _children_cpu() + time.process_time() - before}
        graph.close()
    return seconds, spent


def _children_cpu() -> float:
    """CPU seconds of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _edits(graph: CodeGraph, root: Path, count: int = 60) -> list[float]:
    """From the changed file on disk to its new symbols found, and linked: who calls one of them."""
    rows = [r for r in graph.store.files() if r.kind == "python" and r.size > 500]
    times = []
    for row in random.Random(3).sample(rows, min(count, len(rows))):
        file = root / row.path
        original = file.read_bytes()
        try:
            file.write_bytes(original + _PROBE)

            def work(path: str = row.path) -> Any:
                graph.refresh([path])
                (target,) = [r for r in graph.find_symbol("pathline_target") if r.path == path]
                return graph.who_calls(target)

            seconds, callers = timed(work)
            assert any(site.resolved for site in callers.items)
            times.append(seconds)
        finally:
            file.write_bytes(original)
            graph.refresh([row.path])
    return times


def _look_ups(graph: CodeGraph, count: int = 200) -> dict[str, list[float]]:
    """Times of look-ups of symbols drawn at random; callers twice: first, and repeated."""
    refs = _drawn(graph, count)
    first = _callers(graph)
    return {
        "symbols of a file": [timed(lambda r=r: graph.defs_in(r.path))[0] for r in refs],
        "symbol at a position": [
            timed(lambda r=r: graph.symbol_at(r.path, r.symbol.name_line, r.symbol.name_column))[0] for r in refs
        ],
        "find a symbol by its qualified name": [
            timed(lambda r=r: graph.find_symbol(r.symbol.qualname))[0] for r in refs
        ],
        "who calls it, first": first,
        "who calls it, again": _callers(graph),
    }


def _callers(graph: CodeGraph, count: int = 200) -> list[float]:
    """Times of finding the callers of the functions and classes among `count` symbols drawn at random."""
    called = [r for r in _drawn(graph, count) if r.symbol.is_definition]
    return [timed(lambda r=r: graph.who_calls(r))[0] for r in called]


def _drawn(graph: CodeGraph, count: int) -> list[SymbolRef]:
    rng = random.Random(4)
    rows = [r for r in graph.store.files() if r.kind == "python" and r.symbols > 1]
    return [rng.choice(graph.defs_in(r.path)) for r in rng.sample(rows, min(count, len(rows)))]


def _memory(folder: Path, what: str) -> int:
    code = _MEMORY.format(root=str(ROOT), folder=str(folder), what=what)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.strip())


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def scale(source: Path) -> list[dict[str, Any]]:
    """Cost per line, on copies of the source's files under fresh names until there are that many lines."""
    files = [(f.path, (source / f.path).read_bytes()) for f in discover(source).files if f.kind == "python" and f.size]
    rows = []
    for size in _SIZES:
        with tempfile.TemporaryDirectory() as folder, temporary_cache() as cache:
            root, lines, copies = Path(folder, "repo"), 0, 0
            while lines < size:
                for path, data in files:
                    file = root / f"part{copies}" / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    # Its own text: the same content twice would be told by its hash.
                    file.write_bytes(data + f"\n# copy {copies}\n".encode())
                    lines += data.count(b"\n") + 1
                    if lines >= size:
                        break
                copies += 1
            python = [str(p) for p in root.rglob("*.py")]
            processes = os.cpu_count() or 1
            base = timed(lambda python=python, processes=processes: floor(python, processes))[0]
            cold, graph = timed(lambda root=root: CodeGraph.load_or_build(root))
            graph.close()
            disk = sum(f.stat().st_size for f in cache.rglob("*") if f.is_file())
            rows.append({
                "lines": lines, "files": len(python), "cold build, s": cold, "x floor": cold / base,
                "µs a line": cold / lines * 1e6, "database bytes a line": disk / lines,
            })  # fmt: skip
            shutil.rmtree(root)
    return rows


def plot(rows: list[dict[str, Any]], target: Path) -> None:
    """The cost per line as an SVG, so that no plotting library is needed."""
    width, height, left, bottom = 640, 300, 70, 50
    top_cost = max(row["µs a line"] for row in rows) * 1.2
    step = (width - left - 20) / (len(rows) - 1)
    points = [
        (left + i * step, height - bottom - row["µs a line"] / top_cost * (height - bottom - 20))
        for i, row in enumerate(rows)
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<path d="M{left} 20V{height - bottom}H{width - 10}" fill="none" stroke="#444"/>',
        f'<polyline points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}" fill="none" stroke="#2563eb" stroke-width="2"/>',
        f'<text x="{left}" y="14">Cold build, µs a line (both cores)</text>',
    ]
    for (x, y), row in zip(points, rows, strict=True):
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="#2563eb"/>')
        parts.append(f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{row["µs a line"]:.1f}</text>')
        parts.append(f'<text x="{x:.0f}" y="{height - bottom + 18}" text-anchor="middle">{row["lines"]:,}</text>')
    parts.append(
        f'<text x="{(width + left) / 2:.0f}" y="{height - 8}" text-anchor="middle">lines of Python</text></svg>'
    )
    target.write_text("\n".join(parts) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[DATA / "Django-5.2"])
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--scale", action="store_true")
    options = parser.parse_args()
    if options.scale:
        rows = scale(options.folders[0].resolve())
        report("index-scale", rows, {"source": options.folders[0].name})
        plot(rows, ROOT / "benchmarks" / "results" / "index-scale.svg")
        return
    if options.build:
        rows = [build(folder.resolve()) for folder in options.folders]
        report("index-build", rows, {})
        return
    for folder in options.folders:
        with copy_of(folder.resolve()) as root:
            rows, extra = measure(root)
        print(
            f"{extra['folder']}: {extra['files']:,} files, {extra['lines']:,} lines, {extra['symbols']:,} symbols; "
            f"database {extra['database_bytes'] / 1e6:.0f} MB; memory {extra['memory_mb']}\n"
        )
        name = "index" if folder == DATA / "Django-5.2" else f"index-{folder.name.lower()}"
        report(name, rows, extra)


if __name__ == "__main__":
    main()
