"""What links files, as features: the import graph with a flow of mass along it, and which tests reach which files.

Unlike the factors of one file this is worked out anew each time: an edge depends on which modules there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ..code_graph import CodeGraph, is_test_path
from ..graph.finding.dependencies import absolute_module, imported_modules
from ..types import ModuleFacts
from .factors import imported_names

Step = Callable[[str], None]  # called with each path before it is looked at


@dataclass(frozen=True, slots=True)
class _Names:
    """What a module calls its own: names that it defines, dotted names that it imports by alias, modules of its star imports."""

    defined: frozenset[str]
    imported: Mapping[str, str]
    stars: tuple[str, ...]


@dataclass(frozen=True)
class ImportGraph:
    """`module_of[path]`: each Python file's module; `files_of[module]`: the other way round.

    `inside[path]`: the workspace's modules that a file imports; `outside[path]`: the first names of the others; `importers[module]`:
    the files that import it. `mentioned[path]`: for a test file the dotted names that it imports, or calls through an import.
    """

    module_of: dict[str, str] = field(default_factory=dict)
    files_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    outside: dict[str, frozenset[str]] = field(default_factory=dict)
    importers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    mentioned: dict[str, frozenset[str]] = field(default_factory=dict)
    _names: dict[str, _Names] = field(default_factory=dict)

    def add(self, facts: ModuleFacts, targets: Collection[tuple[str, bool]]) -> None:
        """One file, with the modules that it imports and whether each is in the workspace."""
        path, imported = facts.path, imported_names(facts)
        self.module_of[path] = facts.module
        self.files_of[facts.module].append(path)
        self.inside[path] = frozenset(name for name, is_inside in targets if is_inside and name != facts.module)
        self.outside[path] = frozenset(name.partition(".")[0] for name, is_inside in targets if not is_inside)
        for name in self.inside[path]:
            self.importers[name].add(path)
        if is_test_path(path):
            self.mentioned[path] = frozenset(_mentioned(facts, imported))
        defined = frozenset(s.name for s in facts.symbols[1:] if s.parent == 0)
        stars = tuple(absolute_module(facts, item) for item in facts.imports if item.name == "*")
        self._names[path] = _Names(defined, imported, stars)

    def defining_files(self, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The files of the module, or of the definition in one, that a dotted name means; re-exports are followed to where it is
        written. Empty for what is outside the workspace."""
        if name in self.files_of:
            return frozenset(self.files_of[name])
        module, _, last = name.rpartition(".")
        if not module or name in seen:
            return frozenset()
        found: set[str] = set()
        for path in self.files_of.get(module, ()):
            names = self._names[path]
            if last in names.defined:
                found.add(path)
            elif last in names.imported:
                found |= self.defining_files(names.imported[last], seen | {name})
            else:
                for star in names.stars:
                    found |= self.defining_files(f"{star}.{last}", seen | {name})
        # `app.Flask.run` is written where `app.Flask` is.
        return frozenset(found) or (self.defining_files(module, seen | {name}) if "." in module else frozenset())


def _mentioned(facts: ModuleFacts, imported: Mapping[str, str]) -> Iterator[str]:
    yield from imported.values()
    for call in facts.calls:
        head, dot, rest = call.callee.partition(".")
        if dot and head in imported and "(" not in rest and "[" not in rest:
            yield f"{imported[head]}.{rest}"


def import_graph(graph: CodeGraph, step: Step | None = None) -> ImportGraph:
    """The imports of all Python files of a workspace."""
    found = ImportGraph()
    for path in graph.view.python_paths():
        if step is not None:
            step(path)
        facts = graph.facts(path)
        if facts is not None:
            found.add(facts, {pair for i in facts.imports for pair in imported_modules(graph.inference, facts, i)})
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


def links_of_tests(imports: ImportGraph) -> dict[str, frozenset[str]]:
    """For each test file the product files that it names: by imports, and by what they re-export (`from flask import Flask` names the
    file that defines `Flask`)."""
    known: dict[str, frozenset[str]] = {}
    links: dict[str, frozenset[str]] = {}
    for test, names in imports.mentioned.items():
        for name in names - known.keys():
            known[name] = imports.defining_files(name)
        links[test] = frozenset(path for name in names for path in known[name] if not is_test_path(path))
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
