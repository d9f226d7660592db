"""What links files, as features: the import graph with a flow of mass along it, and which tests reach which files.

Unlike the factors of one file this is worked out anew each time: an edge depends on which modules there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ..code_graph import CodeGraph, is_test_path
from ..graph.linking import modules
from ..graph.linking.modules import imported_modules
from ..types import ModuleFacts
from .factors import imported_names

Step = Callable[[str], None]  # called with each path before it is looked at


@dataclass(frozen=True)
class ImportGraph:
    """`module_of[path]`: each Python file's module; `files_of[module]`: the other way round.

    `inside[path]`: the workspace's modules that a file imports; `outside[path]`: the first names of the others; `importers[module]`:
    the files that import it.
    """

    module_of: dict[str, str] = field(default_factory=dict)
    files_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    outside: dict[str, frozenset[str]] = field(default_factory=dict)
    importers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def import_graph(graph: CodeGraph, step: Step | None = None) -> ImportGraph:
    """The imports of all Python files of a workspace."""
    found = ImportGraph()
    for path in graph.view.python_paths():
        if step is not None:
            step(path)
        facts = graph.facts(path)
        if facts is None:
            continue
        found.module_of[path] = facts.module
        found.files_of[facts.module].append(path)
        targets = {pair for item in facts.imports for pair in imported_modules(graph.inference, facts, item)}
        found.inside[path] = frozenset(name for name, is_inside in targets if is_inside and name != facts.module)
        found.outside[path] = frozenset(name.partition(".")[0] for name, is_inside in targets if not is_inside)
        for name in found.inside[path]:
            found.importers[name].add(path)
    return found


def masses(imports: ImportGraph, paths: Collection[str], hops: int, damp: float) -> dict[str, float]:
    """How much each file counts: the given ones 1, and what flows from them along imports in `hops` steps, `damp` of it at each step.

    A file hands its mass in equal parts to the files that it imports (PageRank, cut short). The sums are formed in the order of
    paths, so that they do not depend on the order of `paths`.
    """
    total = {path: 1.0 for path in sorted(paths) if path in imports.module_of}
    flowing = dict(total)
    for _ in range(hops):
        following: dict[str, float] = {}
        for path in sorted(flowing):
            targets = sorted({p for module in imports.inside[path] for p in imports.files_of.get(module, ())})
            for target in targets:
                following[target] = following.get(target, 0.0) + damp * flowing[path] / len(targets)
        for path, mass in following.items():
            total[path] = total.get(path, 0.0) + mass
        flowing = following
    return total


def topology_features(imports: ImportGraph, mass: Mapping[str, float]) -> dict[str, float]:
    """The import graph around files, each with its mass: edges, what is imported, and how many import and are imported (in powers of two).

    Test files are left out: what they import is told by the tests.
    """
    found: dict[str, float] = defaultdict(float)
    for path in sorted(mass):
        if is_test_path(path):
            continue
        own, weight = imports.module_of[path], mass[path]
        importers = sum(not is_test_path(p) for p in imports.importers.get(own, ()))
        for name in sorted(imports.inside[path]):
            found[f"edge:{own}>{name}"] += weight
            found[f"imports:{name}"] += weight
        for name in sorted(imports.outside[path]):
            found[f"outside:{name}"] += weight
        found[f"in:{importers.bit_length()}"] += weight
        found[f"out:{len(imports.inside[path]).bit_length()}"] += weight
    return dict(found)


def links_of_tests(graph: CodeGraph, step: Step | None = None) -> dict[str, frozenset[str]]:
    """For each test file the product files that it names: by imports, and by what they re-export (`from flask import Flask` names the
    file that defines `Flask`)."""
    known: dict[str, frozenset[str]] = {}
    links: dict[str, frozenset[str]] = {}
    for path in graph.view.python_paths():
        if not is_test_path(path):
            continue
        if step is not None:
            step(path)
        facts = graph.facts(path)
        if facts is not None:
            names = _dotted_names(facts)
            reached = {p for name in names for p in _defining_files(graph, name, known)}
            links[path] = frozenset(p for p in reached if not is_test_path(p))
    return links


def link_features(links: Mapping[str, frozenset[str]], module_of: Mapping[str, str]) -> Counter[str]:
    """Which tests name which modules, as features."""
    found: Counter[str] = Counter()
    for test, targets in links.items():
        name = module_of[test].rpartition(".")[2]
        for target in targets:
            found[f"tests:{module_of[target]}"] += 1
            found[f"edge:{name}>{module_of[target]}"] += 1
    return found


def _dotted_names(facts: ModuleFacts) -> set[str]:
    """What a file imports, and calls through an imported name (`flask.Flask()`)."""
    imported = imported_names(facts)
    found = set(imported.values())
    for call in facts.calls:
        head, dot, rest = call.callee.partition(".")
        if dot and head in imported and "(" not in rest and "[" not in rest:
            found.add(f"{imported[head]}.{rest}")
    return found


def _defining_files(graph: CodeGraph, name: str, known: dict[str, frozenset[str]]) -> frozenset[str]:
    """The files of the module, class or function that a dotted name means."""
    if name not in known:
        found = {facts.path for facts in graph.facts_of_module(name)}
        module, _, last = name.rpartition(".")
        around = graph.facts_of_module(module) if module and not found else []
        if around:
            values = modules.attribute(graph.inference, module, last)
            # A decorated definition stands where it is written, whatever its decorator makes of it.
            found = {v.by[0] if v.by else v.path for v in values if v.by or v.kind in ("class", "function")}
            found = found or {facts.path for facts in around}
        known[name] = frozenset(found)
    return known[name]
