"""The version of an index follows every module that shapes what is stored, also after one is split or moved."""

from __future__ import annotations

from pathlib import Path

from adapter_core.graph.storage import version

from ..test_architecture import imported_at_run_time

ROOT = Path(version.__file__).parents[3]
GRAPH = "adapter_core.graph."
BEGINNINGS = ("indexing/batch", "parsing/parse", "storage/store", "discovery/discover", "discovery/roots")
# What is imported by these, and shapes no row: caches, what is let go of, and this version itself.
WITHOUT_EFFECT = {"memory/garbage", "memory/recent", "storage/sqlite_files", "storage/version"}


def test_all_that_shapes_an_index_is_in_its_version() -> None:
    waiting, found = list(BEGINNINGS), set(BEGINNINGS)
    while waiting:
        for name in imported_at_run_time(ROOT / "adapter_core" / "graph" / f"{waiting.pop()}.py"):
            module = name.removeprefix(GRAPH).replace(".", "/")
            file = ROOT / "adapter_core" / "graph" / f"{module}.py"
            if name.startswith(GRAPH) and file.is_file() and module not in found | WITHOUT_EFFECT:
                found.add(module)
                waiting.append(module)
    assert found == set(version._SHAPING)
