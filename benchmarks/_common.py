"""What the benchmarks share: where the data is, the machine in words, a table and a JSON file for each run."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".setup" / "data"
RESULTS = ROOT / "benchmarks" / "results"


@contextmanager
def temporary_cache() -> Iterator[Path]:
    """An empty cache folder of Pathline's, in this process and in those that it starts, for as long as this lasts."""
    before = os.environ.get("PATHLINE_CACHE_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PATHLINE_CACHE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["PATHLINE_CACHE_DIR"]
            else:
                os.environ["PATHLINE_CACHE_DIR"] = before


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def listed_packages(file: Path) -> list[str]:
    """The names of the packages that a file of requirements pins, in order."""
    return [line.split("==")[0] for line in file.read_text("utf-8").split("\n") if "==" in line]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what `work` returned."""
    started = perf_counter()
    value = work()
    return perf_counter() - started, value


def median_of(times: int, work: Callable[[], Any]) -> float:
    return statistics.median(timed(work)[0] for _ in range(times))


def report(name: str, rows: Sequence[dict[str, Any]], extra: dict[str, Any] | None = None) -> None:
    """Print the rows as a table and keep them under `benchmarks/results/NAME.json`."""
    print_table(rows)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps({"machine": machine(), **(extra or {}), "rows": list(rows)}, indent=2) + "\n", "utf-8")
    print(f"\n{target.relative_to(ROOT)}", file=sys.stderr)


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(c)) for c in columns] for row in rows]
    widths = [max(len(c), *(len(row[i]) for row in cells)) for i, c in enumerate(columns)]
    for line in [columns, ["-" * w for w in widths], *cells]:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
