"""What two runs of a suite showed, by code object: who calls whom, and which test runs what."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _observed_suite import WORK, Suite
from _written_scopes import Key, Scope, Text, read_texts, site


@dataclass
class Observed:
    """All that two runs of a suite showed, by code object."""

    edges: set[tuple[Key, Key, int, str]] = field(default_factory=set)  # caller, callee, line of the call, site
    body_edges: set[tuple[Key, Key, int, str]] = field(default_factory=set)  # those with a module or class body
    outside: set[Key] = field(default_factory=set)
    seen: set[Key] = field(default_factory=set)
    # For each test, what it executed by coverage; "run", and "around" for setup and teardown.
    tests: dict[str, dict[str, set[Key]]] = field(default_factory=dict)
    started: dict[str, set[Key]] = field(
        default_factory=dict
    )  # for each test, the functions that the profiler saw begin
    lines: dict[str, list[int]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Key | None] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)  # code objects that the source does not explain


def add_profile(observed: Observed, raw: dict[str, Any], texts: dict[str, Text]) -> None:
    scopes: dict[str, Scope] = {}
    for number, row in raw["codes"].items():
        key = Key(*row)
        scope = texts[key.path].scopes.get(key)
        if scope is None:
            observed.unknown[f"{key.path} {key.qualname}"] += 1
        else:
            scopes[number] = scope
    observed.seen.update(scope.owner_scope.key for scope in scopes.values())
    for caller_id, callee_id, instruction, earlier, *position in raw["edges"]:
        caller, callee = scopes.get(str(caller_id)), scopes.get(str(callee_id))
        if caller is None or callee is None or callee.kind == "comprehension":
            continue
        where = site(texts[caller.key.path], instruction, earlier, tuple(position))
        caller = caller.owner_scope
        target = observed.body_edges if caller.is_body or callee.is_body else observed.edges
        target.add((caller.key, callee.key, position[0] or 0, where))
    observed.outside.update(
        scope.key for i in raw["outside"] if (scope := scopes.get(str(i))) and scope.kind != "comprehension"
    )
    for test, _, ids in raw["started"]:
        found = (scopes[str(i)] for i in ids if str(i) in scopes)
        observed.started.setdefault(test, set()).update(scope.key for scope in found if scope.is_function)
    observed.outcomes = raw["outcomes"]
    observed.functions = {test: Key(*row) if row else None for test, row in raw["functions"].items()}


def add_coverage(observed: Observed, raw: dict[str, dict[int, list[str]]], texts: dict[str, Text]) -> None:
    for path, lines in raw.items():
        if path not in texts:
            continue
        observed.lines[path] = sorted(lines)
        owners = texts[path].owners()
        for line, contexts in lines.items():
            owner = owners.get(line)
            if owner is None:
                continue
            observed.seen.add(owner.key)
            for context in contexts:
                test, _, phase = context.rpartition("|")
                if test:
                    sets = observed.tests.setdefault(test, {"run": set(), "around": set()})
                    sets["run" if phase == "run" else "around"].add(owner.key)


def settle_names(observed: Observed) -> None:
    """Merge the observations of tests whose parameter ids differ in each run, such as by the time, under the name without parameters."""
    bare = {test: test.partition("[")[0] for test in observed.outcomes.keys() ^ observed.tests.keys()}
    for test, name in bare.items():
        if name == test:
            continue
        for part, keys in observed.tests.pop(test, {}).items():
            observed.tests.setdefault(name, {"run": set(), "around": set()})[part].update(keys)
        if keys := observed.started.pop(test, set()):
            observed.started.setdefault(name, set()).update(keys)
        if test in observed.outcomes:
            observed.functions[name] = observed.functions.pop(test)
            # Alphabetically "failed" comes before "passed", and that before "skipped".
            outcome = observed.outcomes.pop(test)
            observed.outcomes[name] = min(outcome, observed.outcomes.get(name, outcome))


def observe(suite: Suite) -> tuple[Observed, dict[str, Text]]:
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        scratch = Path(folder)
        profile = suite.profile(scratch)
        coverage = suite.coverage(scratch)
    # Coverage also tells of templates that were compiled to Python, and of modules in archives.
    ran = {path for path, lines in coverage.items() if lines and path.endswith(".py") and (suite.tree / path).is_file()}
    texts = read_texts(suite.tree, ran | {row[0] for row in profile["codes"].values()})
    observed = Observed()
    add_profile(observed, profile, texts)
    add_coverage(observed, coverage, texts)
    settle_names(observed)
    return observed, texts
