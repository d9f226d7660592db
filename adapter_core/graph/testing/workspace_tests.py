"""The tests of a workspace, and the fixtures and helpers that run for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..linking.inference import Inference
from ..snapshot.view import WorkspaceView
from .collecting.config import matches
from .inherited_tests import SET_UP, inherited_tests, is_test_case, test_classes
from .tests_map import (  # fmt: skip
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
)


class WorkspaceTests:
    """The tests of a workspace, collected file by file on demand."""

    def __init__(self, view: WorkspaceView, inference: Inference) -> None:
        self._view = view
        self._inference = inference
        self._files: dict[str, TestFile] = {}
        self._incomplete_files: dict[str, TestFile] = {}
        self._fixtures: dict[str, tuple[Fixture, ...]] = {}
        self._by_qualname: dict[str, dict[tuple[str, str], list[TestNode]]] = {}
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
        known = self._files.get(path) or (self._incomplete_files.get(path) if self._inference.expired else None)
        if known is None:
            around = {p: self._fixtures_of(p) for p in self._conftests(path)}
            hooked = any(changes_collection(self._view.text(p)) for p in around)
            found = collect_tests(
                path, self._view.text(path), self.rules, fixtures_by_file=around, hooked=hooked,
                is_test_case=lambda base: is_test_case(self._inference, path, base),
            )  # fmt: skip
            more = tuple(inherited_tests(self._inference, path, found, self.rules))
            known = replace(found, nodes=(*found.nodes, *more))
            # When the time is up, tests from base classes may be missing.
            (self._incomplete_files if self._inference.expired else self._files)[path] = known
        return known

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
        """The nodes of one test function or method, including those of classes in other files that inherit it."""
        found = list(self._nodes_in_file(path, path, qualname))
        name = qualname.rpartition(".")[2]
        if matches(name, self.rules.python_functions):
            collecting_files = [p for p, _ in test_classes(self._inference, path, qualname)] if "." in qualname else []
            for other in dict.fromkeys(collecting_files or self._inference.files_using_name(name)):
                if self._inference.expired:
                    break
                found += self._nodes_in_file(other, path, qualname) if other != path else ()
        return found

    def _nodes_in_file(self, collected: str, path: str, qualname: str) -> Sequence[TestNode]:
        """The nodes that one file collects of a function in another one."""
        if collected not in self._by_qualname:
            table: dict[tuple[str, str], list[TestNode]] = {}
            for node in self.file(collected).nodes if is_test_file(collected, self.rules) else ():
                table.setdefault((node.path, node.qualname), []).append(node)
            if self._inference.expired:
                return table.get((path, qualname), ())
            self._by_qualname[collected] = table
        return self._by_qualname[collected].get((path, qualname), ())

    def tests_seeing_fixture(self, path: str, parent: int) -> Iterator[tuple[str, int, int]]:
        """(path, scope, line) of the tests that can see a fixture: those of its class, its file, or, for a conftest, of its folder."""
        table = self._inference.table(path)
        prefix = f"{table.facts.symbols[parent].qualname}." if table is not None and parent > 0 else ""
        folder, _, file = path.rpartition("/")
        folder_prefix = f"{folder}/" if folder else ""
        for other in [p for p in self.paths() if p.startswith(folder_prefix)] if file == "conftest.py" else [path]:
            if self._inference.expired:
                return
            nodes = [node for node in self.file(other).nodes if node.path == other]
            names = {node.qualname for node in nodes if node.qualname.startswith(prefix)}
            found = self._inference.table(other) if names else None
            for index, symbol in enumerate(found.facts.symbols) if found is not None else ():
                if symbol.qualname in names:
                    yield other, index, symbol.name_line

    def class_text(self, node: TestNode) -> str:
        """The text of the class that a test is collected with; "" for a function."""
        path, _, names = node.node_id.partition("[")[0].partition("::")
        qualname = names.replace("::", ".").rpartition(".")[0]
        table = self._inference.table(path) if qualname else None
        for index in table.classes if table is not None else ():
            symbol = table.facts.symbols[index]  # type: ignore[union-attr]
            if symbol.qualname == qualname:
                return "\n".join(self._inference.lines(path)[symbol.start - 1 : symbol.end])
        return ""

    def tests_requesting_fixture(self, path: str, name: str) -> set[str]:
        """The qualified names of the tests of a file that get a fixture of that name: as a parameter, or by a mark on them, their class
        or their module."""
        return (
            {n.qualname for n in self.file(path).nodes if name in n.fixtures and n.path == path}
            if self.is_test(path)
            else set()
        )

    def tests_set_up_by(self, path: str, qualname: str) -> list[TestNode]:
        """The tests that run this function as set-up or tear-down."""
        found = {n.node_id: n for n in self.file(path).nodes if qualname in n.helpers} if self.is_test(path) else {}
        if qualname.rpartition(".")[2] in SET_UP:
            for other, prefix in test_classes(self._inference, path, qualname):
                if self._inference.expired:
                    break
                nodes = self.file(other).nodes if self.is_test(other) else ()
                found.update({n.node_id: n for n in nodes if n.node_id.startswith(prefix)})
        return list(found.values())

    def is_test(self, path: str) -> bool:
        return is_test_file(path, self.rules)

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
