"""How fast is indexing, beside the floor: a bare `ast.parse` of the same files with the same number of processes, in the same run.

./x bench index [FOLDER]        default: Django 5.2
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _common import DATA, ROOT, report, timed

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.discover import discover
from adapter_core.graph.sync import SyncOptions

_FLOOR = (
    "import sys; sys.path.insert(0, {path!r}); from index import parse_all; parse_all(sys.stdin.read().split('\\0'))"
)


def parse_all(files: list[str]) -> None:
    """The floor: read and `ast.parse`, nothing else."""
    for file in files:
        try:
            ast.parse(Path(file).read_bytes())
        except (SyntaxError, ValueError):
            continue


def floor(files: list[str], processes: int) -> None:
    """`parse_all` over plain child processes, files dealt out in turn by size."""
    files = sorted(files, key=lambda f: -os.path.getsize(f))
    code = _FLOOR.format(path=str(Path(__file__).parent))
    children = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdin=subprocess.PIPE, cwd=ROOT)
        for _ in range(processes)
    ]
    for number, child in enumerate(children):
        assert child.stdin
        child.stdin.write("\0".join(files[number::processes]).encode())
        child.stdin.close()
    for child in children:
        child.wait()


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else DATA / "Django-5.2").resolve()
    found = discover(root)
    python = [str(root / f.path) for f in found.files if f.kind == "python"]
    size = sum(f.size for f in found.files)
    processes = os.cpu_count() or 1
    floor_seconds = min(timed(lambda: floor(python, processes))[0] for _ in range(2))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PATHLINE_CACHE_DIR"] = cache
        options = SyncOptions(workers=processes)
        cold, graph = timed(lambda: CodeGraph.load_or_build(root, options=options))
        files, symbols = graph.store.counts()
        graph.close()
        warm, graph = timed(lambda: CodeGraph.load_or_build(root, options=options))
        assert graph.report
        assert graph.report.parsed == 0
        graph.close()
        edited = root / next(f.path for f in found.files if f.kind == "python" and 10_000 < f.size < 50_000)
        original = edited.read_bytes()
        try:
            edited.write_bytes(original + b"\n# edited\n")
            edit, graph = timed(lambda: CodeGraph.load_or_build(root, options=options))
            assert graph.report
            assert graph.report.parsed == 1
            graph.close()
        finally:
            edited.write_bytes(original)
        disk = sum(f.stat().st_size for f in Path(cache).rglob("*") if f.is_file())
    rows = [
        {"what": f"floor: ast.parse, {processes} processes", "seconds": floor_seconds, "x floor": 1.0},
        {"what": "cold build (facts and postings)", "seconds": cold, "x floor": cold / floor_seconds},
        {"what": "warm start, nothing changed", "seconds": warm, "x floor": warm / floor_seconds},
        {"what": "warm start, one file edited", "seconds": edit, "x floor": edit / floor_seconds},
    ]
    extra = {
        "folder": root.name,
        "files": files,
        "python_files": len(python),
        "bytes": size,
        "symbols": symbols,
        "database_bytes": disk,
    }
    print(f"{root.name}: {files:,} files, {size / 1e6:.1f} MB, {symbols:,} symbols; database {disk / 1e6:.0f} MB\n")
    report("index", rows, extra)


if __name__ == "__main__":
    main()
