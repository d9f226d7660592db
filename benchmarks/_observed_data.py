"""An observation as the JSON file that is kept of it: names, lines and numbers, no source."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _common import ROOT
from _observation import Observed
from _observed_suite import TOOLS, WORK, Suite
from _written_scopes import Key, Text

FORMAT = 1
OBSERVED = ROOT / "benchmarks" / "observed"
MAX_BYTES = 1_000_000


def dump(data: dict[str, Any]) -> str:
    """JSON with one entry of a list or object to a line, so that a change of the data can be read as a diff."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_block(value)}" for key, value in data.items()) + "\n}\n"


def _block(value: Any) -> str:
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{_compact(k)}:{_compact(v)}" for k, v in value.items()) + "\n}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(map(_compact, value)) + "\n]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def as_data(suite: Suite, observed: Observed, texts: dict[str, Text], every: int = 1) -> dict[str, Any]:
    """The file's content, with every `every`-th test."""
    package = suite.package
    files = sorted(texts)
    functions = sorted(observed.seen)
    file_numbers = {path: i for i, path in enumerate(files)}
    numbers = {key: i for i, key in enumerate(functions)}
    every_edge = observed.edges | observed.body_edges
    sites = sorted({edge[3] for edge in every_edge})
    site_numbers = {name: i for i, name in enumerate(sites)}

    def rows(edges: set[tuple[Key, Key, int, str]]) -> list[list[int]]:
        return sorted([numbers[a], numbers[b], line, site_numbers[where]] for a, b, line, where in edges)

    nodes = sorted(observed.outcomes)[::every]
    sets: dict[tuple[int, ...], int] = {}

    def number_of_set(test: str, part: str) -> int:
        keys = observed.tests.get(test, {}).get(part, ())
        return sets.setdefault(tuple(sorted(numbers[key] for key in keys)), len(sets))

    tests: dict[str, list[Any]] = {}
    for test in nodes:
        key = observed.functions.get(test)
        function = numbers.get(key) if key else None
        tests[test] = [
            function, observed.outcomes[test], number_of_set(test, "run"), number_of_set(test, "around"),
        ]  # fmt: skip
    return {
        "format": FORMAT,
        "package": package.name,
        "version": package.version,
        "sha256": package.sha256,
        "python": ".".join(map(str, sys.version_info[:3])),
        "command": " ".join(["python", *suite.command]),
        "requirements": sorted([*TOOLS, *package.requirements], key=str.lower),
        "outcomes": dict(sorted(Counter(observed.outcomes.values()).items())),
        "agreement": agreement(observed),
        "tests_sampled_every": every,
        "files": files,
        "functions": [
            [file_numbers[k.path], k.qualname, k.line, texts[k.path].scopes[k].line, texts[k.path].scopes[k].kind]
            for k in functions
        ],
        "sites": sites,
        "edges": rows(observed.edges),
        "body_edges": rows(observed.body_edges),
        "outside": sorted(numbers[key] for key in observed.outside),
        "sets": [list(members) for members in sets],
        "tests": tests,
        "lines": {path: list(_runs(observed.lines[path])) for path in files if observed.lines.get(path)},
    }


def agreement(observed: Observed) -> dict[str, int]:
    """Pairs of a test and a function that both runs saw, and those that only one saw: two readings that share no code."""
    ours = {(test, key) for test, keys in observed.started.items() for key in keys}
    theirs = {(test, key) for test, parts in observed.tests.items() for keys in parts.values() for key in keys}
    return {"both": len(ours & theirs), "only profiler": len(ours - theirs), "only coverage": len(theirs - ours)}


def _runs(lines: Sequence[int]) -> Iterator[list[int]]:
    """[first, last] of each run of consecutive lines."""
    start = 0
    for i, line in enumerate(lines):
        if i + 1 == len(lines) or lines[i + 1] != line + 1:
            yield [lines[start], line]
            start = i + 1


def write(suite: Suite, observed: Observed, texts: dict[str, Text]) -> Path:
    every = 1
    while len((text := dump(as_data(suite, observed, texts, every))).encode()) > MAX_BYTES and every < 64:
        every += 1
    if str(ROOT) in text or str(WORK.resolve()) in text:
        raise SystemExit("A path of this machine got into the data; nothing was written.")
    OBSERVED.mkdir(exist_ok=True)
    target = OBSERVED / f"{suite.package.name}.json"
    target.write_text(text, "utf-8")
    return target
