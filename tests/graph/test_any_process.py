"""What is found does not depend on the process that finds it: sets of texts have another order in each (`PYTHONHASHSEED`)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

from adapter_core.graph.linking.results.values import Value, external, instance

REPOSITORY = Path(__file__).parents[2]

# Prints what each call and operation leads to, in the order in which it is told, and how many questions met a limit.
_TOLD = """
import sys
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.calls import sites
from adapter_core.graph.linking.implicit.targets import implicit_calls
from adapter_core.graph.linking.local.implicit_sites import operations_of

def told(targets):
    return [[v[:3] for v in some] for some in targets[:2]], targets[2:]

met = 0
with CodeGraph.load_or_build(sys.argv[1]) as graph:
    inference = graph.calls._inference
    for row in graph.store.files():
        facts = graph.facts(row.path)
        for call in facts.calls:
            inference.incomplete = False
            found = sites.targets(inference, row.path, call)
            met += inference.incomplete
            print(row.path, call.start, told((found.named, found.entered, found.external, found.open)))
        for operation in operations_of(inference, row.path):
            for one in implicit_calls(inference, row.path, operation):
                found = one.targets
                print(row.path, operation.start, one.method, told((found.named, found.entered, found.external, found.open)))
print(met)
"""


def _told(folder: Path, cache: Path, seed: str) -> list[str]:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PATHLINE_CACHE_DIR": str(cache),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", _TOLD, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


def test_calls_that_meet_the_limit_lead_to_the_same_in_every_process(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    source = Path(asyncio.__file__).parent
    shutil.copytree(source, folder / "asyncio", ignore=shutil.ignore_patterns("__pycache__"))
    first, *others = [_told(folder, tmp_path / seed, seed) for seed in ("1", "2", "3")]
    assert int(first[-1]) > 50
    assert len(first) > 2_000
    for other in others:
        assert other == first


def test_the_order_of_values_is_that_of_every_process() -> None:
    """Hashes come of the text alone."""
    cls = Value("class", "pkg/mod.py", 3)
    method = Value("function", "pkg/mod.py", 4, instance(cls), ("pkg/mod.py", 9))
    assert hash(external("os.path")) == zlib.crc32(b"os.path")
    assert hash(cls) == hash(instance(cls)) != hash(method)
    assert len({cls, instance(cls), method, method._replace(by=None), external("os"), external("os")}) == 5
