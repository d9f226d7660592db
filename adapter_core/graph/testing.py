"""Tests and code: which tests a workspace has, and which of them exercise a symbol or a module.

Found by what the text tells: calls that lead from a test, its fixtures and its `setUp` to the symbol, over a few steps; names; imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..types import Span, TestLink
from .linking import classes, fixtures, runners, sites
from .linking.evaluate import Inference
from .linking.values import Value, unbound
from .tests_map import (
    CONFIG_FILES,
    Fixture,
    PytestRules,
    TestFile,
    TestNode,
    changes_collection,
    collect_tests,
    is_test_file,
    read_fixtures,
    read_rules,
)  # fmt: skip
from .view import WorkspaceView

_MAX_REACHED = 400


@dataclass(frozen=True, slots=True)
class _Way:
    """How a target was reached so far: the last call in words, and the lines of all, the one nearest to the test first."""

    words: tuple[str, ...] = ()
    lines: tuple[Span, ...] = ()


class WorkspaceTests:
    """The tests of a workspace, worked out file by file when asked for."""

    def __init__(self, view: WorkspaceView, inference: Inference, root_name: str) -> None:
        self._view = view
        self._inference = inference
        self._root = root_name
        self._files: dict[str, TestFile] = {}
        self._fixtures: dict[str, tuple[Fixture, ...]] = {}
        self._by_qualname: dict[str, dict[str, list[TestNode]]] = {}
        self._rules: PytestRules | None = None

    @property
    def rules(self) -> PytestRules:
        """pytest's settings in the root folder."""
        if self._rules is None:
            texts = {name: self._view.text(name) for name in CONFIG_FILES}
            self._rules = read_rules({name: text for name, text in texts.items() if text})
        return self._rules

    def file(self, path: str) -> TestFile:
        """The tests and fixtures of one file."""
        if path not in self._files:
            around = {p: self._fixtures_of(p) for p in self._conftests(path)}
            hooked = any(changes_collection(self._view.text(p)) for p in around)
            self._files[path] = collect_tests(
                path, self._view.text(path), self.rules, fixtures_by_file=around, hooked=hooked
            )
        return self._files[path]

    def paths(self) -> list[str]:
        """The files in which pytest looks for tests."""
        stored = [row.path for row in self._view.store.files() if row.kind == "python"]
        paths = {p for p in (*stored, *self._view.documents.open_texts) if is_test_file(p, self.rules)}
        return sorted(paths)

    def nodes(self) -> Iterator[TestNode]:
        """Every test, file by file: one node for each set of parameters that is known."""
        for path in self.paths():
            yield from self.file(path).nodes

    def nodes_of(self, path: str, qualname: str) -> list[TestNode]:
        """The nodes of one test function or method."""
        if path not in self._by_qualname:
            table: dict[str, list[TestNode]] = {}
            for node in self.file(path).nodes if is_test_file(path, self.rules) else ():
                table.setdefault(node.qualname, []).append(node)
            self._by_qualname[path] = table
        return self._by_qualname[path].get(qualname, [])

    def for_symbol(self, target: Value, depth: int) -> list[TestLink]:
        """The tests that lead to a function or class within `depth` calls, near ones first, then those named after it."""
        found: dict[str, TestLink] = {}
        seen = {target}
        frontier: list[tuple[Value, _Way]] = [(v, _Way()) for v in self._entries(target)]
        seen.update(v for v, _ in frontier)
        for distance in range(1, depth + 1):
            following: list[tuple[Value, _Way]] = []
            for value, way in frontier:
                if self._inference.late:
                    break  # what is near was found first
                for path, owner, line in self._users(value):
                    here = _Way(way.words, (Span(self._root, path, line, line), *way.lines))
                    self._reach(path, owner, self._label(value), here, distance, found, following, seen)
            frontier = following[:_MAX_REACHED]
        self._by_name(target, found)
        return sorted(found.values(), key=lambda t: (t.distance, t.span.path, t.span.start, t.node_id))

    def for_module(self, module: str, importers: list[str]) -> list[TestLink]:
        """The tests of the files that import a module, or are named after it."""
        found: dict[str, TestLink] = {}
        last = module.rpartition(".")[2]
        for path in self.paths():
            stem = path.rpartition("/")[2].removesuffix(".py")
            named = stem in (f"test_{last}", f"{last}_test", f"test{last}")
            if path in importers or named:
                why = f"imports {module}" if path in importers else f"{path.rpartition('/')[2]} is named after it"
                for node in self.file(path).nodes:
                    self._add(found, node, (why,), 1 if path in importers else 2, ())
        return sorted(found.values(), key=lambda t: (t.distance, t.span.path, t.span.start, t.node_id))

    # -- one step back -----------------------------------------------------------------------------------------------

    def _entries(self, target: Value) -> list[Value]:
        """What is called where a symbol is used: itself; of a class also its methods, of a method what it overrides."""
        if target.kind != "class":
            return [target, *classes.overridden(self._inference, target)]
        table = self._inference.table(target.path)
        members = table.members.get(target.index, ()) if table else ()
        methods = [i for i in members if table and table.facts.symbols[i].is_callable]
        return [target, *(Value("function", target.path, i) for i in methods)]

    def _users(self, value: Value) -> Iterator[tuple[str, int, int]]:
        """(path, scope, line) of the calls of a value, written or not, and of what takes it as a fixture."""
        for path, call, traced in sites.calls_entering(self._inference, value):
            if traced:
                yield path, call.owner, call.line
        table = self._inference.table(value.path)
        symbol = table.facts.symbols[value.index] if table else None
        for path, one in runners.runs_entering(self._inference, value)[0]:
            yield path, one.operation.owner, one.operation.line
        if symbol is not None and fixtures.is_fixture(symbol):
            yield from self._fixture_users(value, fixtures.name_of(symbol))
            if fixtures.is_automatic(symbol):
                yield from self._tests_seeing(value.path, symbol.parent)

    def _fixture_users(self, value: Value, name: str) -> Iterator[tuple[str, int, int]]:
        for path in self._view.paths_using(name):
            table = self._inference.table(path)
            for index, symbol in enumerate(table.facts.symbols if table else ()):
                takes = any(p.name == name for p in symbol.parameters) or any(
                    "usefixtures" in d and name in d for d in symbol.decorators
                )
                takes = takes and (fixtures.takes_fixtures(symbol) or symbol.kind == "class")
                if takes and fixtures.fixture(self._inference, path, index, name) == unbound(value):
                    yield path, index, symbol.name_line

    def _tests_seeing(self, path: str, parent: int) -> Iterator[tuple[str, int, int]]:
        """(path, scope, line) of the tests that see a fixture: those of its class, its file, or, in a conftest, of its folder."""
        table = self._inference.table(path)
        within = f"{table.facts.symbols[parent].qualname}." if table is not None and parent > 0 else ""
        folder, _, file = path.rpartition("/")
        around = f"{folder}/" if folder else ""
        for other in [p for p in self.paths() if p.startswith(around)] if file == "conftest.py" else [path]:
            names = {node.qualname for node in self.file(other).nodes if node.qualname.startswith(within)}
            found = self._inference.table(other) if names else None
            for index, symbol in enumerate(found.facts.symbols) if found is not None else ():
                if symbol.qualname in names:
                    yield other, index, symbol.name_line

    def _reach(
        self, path: str, owner: int, label: str, way: _Way, distance: int, found: dict[str, TestLink],
        following: list[tuple[Value, _Way]], seen: set[Value],
    ) -> None:  # fmt: skip
        """A scope that calls what `label` names: a test, a helper of tests, or one step further back. `way` begins with that call."""
        table = self._inference.table(path)
        if table is None:
            return
        symbols = table.facts.symbols
        # A nested function runs, if at all, in the function around it.
        while symbols[owner].parent > 0 and symbols[symbols[owner].parent].is_callable:
            owner = symbols[owner].parent
        symbol = symbols[owner]
        why = (f"calls {label}", *(f"which {words}" for words in way.words))
        nodes = self.nodes_of(path, symbol.qualname)
        for node in nodes:
            self._add(found, node, why, distance, way.lines)
        if nodes or not symbol.is_callable:
            return
        for node in self._helped(path, symbol.qualname):
            self._add(found, node, (f"{symbol.name} {why[0]}",), distance, way.lines)
        value = Value("function", path, owner)
        if value not in seen:
            seen.add(value)
            following.append((value, _Way((f"calls {label}",), way.lines)))

    def _helped(self, path: str, qualname: str) -> list[TestNode]:
        if not is_test_file(path, self.rules):
            return []
        return [node for node in self.file(path).nodes if qualname in node.helpers]

    def _by_name(self, target: Value, found: dict[str, TestLink]) -> None:
        table = self._inference.table(target.path)
        if table is None:
            return
        name = table.facts.symbols[target.index].name.strip("_").lower()
        if len(name) < 4:
            return
        for wanted in (f"test_{name}", f"Test{table.facts.symbols[target.index].name}"):
            for path in self._view.paths_using(wanted):
                if is_test_file(path, self.rules):
                    for node in self.file(path).nodes:
                        if wanted in node.qualname.split("."):
                            self._add(found, node, (f"named {wanted}",), 9, ())

    def _add(
        self, found: dict[str, TestLink], node: TestNode, why: tuple[str, ...], distance: int, via: tuple[Span, ...]
    ) -> None:
        base = node.node_id.partition("[")[0]
        if base not in found:
            span = Span(self._root, node.path, node.start, node.end)
            found[base] = TestLink(base, span, why, distance, via)

    def _label(self, value: Value) -> str:
        table = self._inference.table(value.path)
        return table.facts.symbols[value.index].qualname if table else ""

    def _conftests(self, path: str) -> list[str]:
        folders = [""]
        for part in path.split("/")[:-1]:
            folders.append(f"{folders[-1]}/{part}" if folders[-1] else part)
        names = [f"{folder}/conftest.py" if folder else "conftest.py" for folder in folders]
        return [n for n in names if self._view.row(n) is not None or n in self._view.documents.open_texts]

    def _fixtures_of(self, path: str) -> tuple[Fixture, ...]:
        if path not in self._fixtures:
            self._fixtures[path] = read_fixtures(path, self._view.text(path))
        return self._fixtures[path]
