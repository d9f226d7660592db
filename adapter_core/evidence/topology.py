"""The links between files as features: the import graph with a flow of mass along it, and which tests reach which files.

Unlike the factors of one file these are not cached: an edge depends on which modules exist.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ..code_graph import CodeGraph, is_test_path
from ..graph.finding.dependencies import absolute_module, imported_modules
from ..types import ModuleFacts
from .factors import imported_names

Step = Callable[[str], None]  # called with each path before it is read


@dataclass(frozen=True, slots=True)
class _ModuleNames:
    """A module's top-level names: those that it defines, alias to dotted name of those that it imports, modules of its star imports."""

    defined: frozenset[str]
    imported: Mapping[str, str]
    stars: tuple[str, ...]


@dataclass(frozen=True)
class ImportGraph:
    """`module_of[path]`: each Python file's module; `files_of[module]`: the other way round.

    `inside[path]`: the workspace's modules that a file imports; `outside[path]`: the top-level packages of the others;
    `importers[module]`: the files that import it. `mentioned[path]`: for a test file the dotted names that it imports, or calls through
    an import.
    """

    module_of: dict[str, str] = field(default_factory=dict)
    files_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    outside: dict[str, frozenset[str]] = field(default_factory=dict)
    importers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    mentioned: dict[str, frozenset[str]] = field(default_factory=dict)
    _names: dict[str, _ModuleNames] = field(default_factory=dict)

    def add(self, facts: ModuleFacts, targets: Collection[tuple[str, bool]]) -> None:
        """Add a file. `targets`: (module, whether it is in the workspace) for each module that it imports."""
        path, imported = facts.path, imported_names(facts)
        self.module_of[path] = facts.module
        self.files_of[facts.module].append(path)
        self.inside[path] = frozenset(name for name, is_inside in targets if is_inside and name != facts.module)
        self.outside[path] = frozenset(name.partition(".")[0] for name, is_inside in targets if not is_inside)
        for name in self.inside[path]:
            self.importers[name].add(path)
        if is_test_path(path):
            self.mentioned[path] = frozenset(_mentioned_names(facts, imported))
        defined = frozenset(s.name for s in facts.symbols[1:] if s.parent == 0)
        stars = tuple(absolute_module(facts, item) for item in facts.imports if item.name == "*")
        self._names[path] = _ModuleNames(defined, imported, stars)

    def defining_files(self, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The files of the module or definition with a dotted name; re-exports are followed to the definition. Empty for a name outside
        the workspace."""
        if name in self.files_of:
            return frozenset(self.files_of[name])
        module, _, last = name.rpartition(".")
        if not module or name in seen:
            return frozenset()
        files: set[str] = set()
        for path in self.files_of.get(module, ()):
            names = self._names[path]
            if last in names.defined:
                files.add(path)
            elif last in names.imported:
                files |= self.defining_files(names.imported[last], seen | {name})
            else:
                for star in names.stars:
                    files |= self.defining_files(f"{star}.{last}", seen | {name})
        # `app.Flask.run` is defined where `app.Flask` is.
        return frozenset(files) or (self.defining_files(module, seen | {name}) if "." in module else frozenset())


def _mentioned_names(facts: ModuleFacts, imported: Mapping[str, str]) -> Iterator[str]:
    yield from imported.values()
    for call in facts.calls:
        head, dot, rest = call.callee.partition(".")
        if dot and head in imported and "(" not in rest and "[" not in rest:
            yield f"{imported[head]}.{rest}"


def import_graph(graph: CodeGraph, step: Step | None = None) -> ImportGraph:
    """The imports of all Python files of a workspace."""
    imports = ImportGraph()
    for path in graph.view.python_paths():
        if step is not None:
            step(path)
        facts = graph.facts(path)
        if facts is not None:
            imports.add(facts, {pair for i in facts.imports for pair in imported_modules(graph.inference, facts, i)})
    return imports


def file_masses(imports: ImportGraph, paths: Collection[str], hops: int, damp: float) -> dict[str, float]:
    """The weight of each file: 1 for the given ones, plus what flows from them along imports in `hops` steps, `damp` of it at each step.

    A file passes its mass in equal parts to the files that it imports (PageRank, cut short). The sums are formed in the order of sorted
    paths, so that they do not depend on the order of `paths`.
    """
    total = {path: 1.0 for path in sorted(paths) if path in imports.module_of}
    flow = dict(total)
    for _ in range(hops):
        next_flow: dict[str, float] = {}
        for path in sorted(flow):
            targets = sorted({p for module in imports.inside[path] for p in imports.files_of.get(module, ())})
            for target in targets:
                next_flow[target] = next_flow.get(target, 0.0) + damp * flow[path] / len(targets)
        for path, mass in next_flow.items():
            total[path] = total.get(path, 0.0) + mass
        flow = next_flow
    return total


def topology_features(imports: ImportGraph, mass: Mapping[str, float]) -> dict[str, float]:
    """Features of the imports of files, weighted by their masses: edges, imported modules, and in- and out-degree (in powers of two).

    Test files are left out: their imports are features of the tests (`link_features`).
    """
    features: dict[str, float] = defaultdict(float)
    for path in sorted(mass):
        if is_test_path(path):
            continue
        module, weight = imports.module_of[path], mass[path]
        importers = sum(not is_test_path(p) for p in imports.importers.get(module, ()))
        for name in sorted(imports.inside[path]):
            features[f"edge:{module}>{name}"] += weight
            features[f"imports:{name}"] += weight
        for name in sorted(imports.outside[path]):
            features[f"outside:{name}"] += weight
        features[f"in:{importers.bit_length()}"] += weight
        features[f"out:{len(imports.inside[path]).bit_length()}"] += weight
    return dict(features)


def product_files_of_tests(imports: ImportGraph) -> dict[str, frozenset[str]]:
    """For each test file the product files that it names by its imports, with re-exports followed (`from flask import Flask` names the file
    that defines `Flask`)."""
    files_of_name: dict[str, frozenset[str]] = {}
    links: dict[str, frozenset[str]] = {}
    for test, names in imports.mentioned.items():
        for name in names - files_of_name.keys():
            files_of_name[name] = imports.defining_files(name)
        links[test] = frozenset(path for name in names for path in files_of_name[name] if not is_test_path(path))
    return links


def link_features(links: Mapping[str, frozenset[str]], module_of: Mapping[str, str]) -> Counter[str]:
    """Which tests name which modules, as features."""
    features: Counter[str] = Counter()
    for test, targets in links.items():
        name = module_of[test].rpartition(".")[2]
        for target in targets:
            features[f"tests:{module_of[target]}"] += 1
            features[f"edge:{name}>{module_of[target]}"] += 1
    return features
