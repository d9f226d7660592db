"""Tests and code: which tests a workspace has, and which of them exercise a symbol or a module.

Found by what the text tells: calls that lead from a test, its fixtures and its `setUp` to the symbol, over a few steps; names; imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...types import Span, TestLink
from ..calls.call_sites import WorkspaceCalls
from ..linking.evaluate import Inference
from ..linking.values import Value
from ..snapshot.view import WorkspaceView
from . import likelihood
from .collecting.config import matches
from .inherited import SET_UP, inherited, is_test_case, test_classes
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
from .ways import Ways

_UNLIKELY = 3  # that are given where no test is likely
_MOST_LATE = 40  # files that name a test are looked at when the time is up


def _order(link: TestLink) -> tuple[float, int, str, int, str]:
    return -link.likely, link.distance, link.span.path, link.span.start, link.node_id


class WorkspaceTests:
    """The tests of a workspace, worked out file by file when asked for."""

    def __init__(self, view: WorkspaceView, inference: Inference, calls: WorkspaceCalls, root_name: str) -> None:
        self._view = view
        self._inference = inference
        self._root = root_name
        self._ways = Ways(view, inference, calls, self, root_name)
        self._words: dict[str, likelihood.Words] = {}
        self._files: dict[str, TestFile] = {}
        self._late: dict[str, TestFile] = {}
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
        known = self._files.get(path) or (self._late.get(path) if self._inference.late else None)
        if known is None:
            around = {p: self._fixtures_of(p) for p in self._conftests(path)}
            hooked = any(changes_collection(self._view.text(p)) for p in around)
            found = collect_tests(
                path, self._view.text(path), self.rules, fixtures_by_file=around, hooked=hooked,
                is_test_case=lambda base: is_test_case(self._inference, path, base),
            )  # fmt: skip
            more = tuple(inherited(self._inference, path, found, self.rules))
            known = replace(found, nodes=(*found.nodes, *more))
            # Of what is found late, what bases bring may lack.
            (self._late if self._inference.late else self._files)[path] = known
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
        """The nodes of one test function or method, those of classes in other files that inherit it included."""
        found = list(self._own(path, path, qualname))
        name = qualname.rpartition(".")[2]
        if matches(name, self.rules.python_functions):
            others = [p for p, _ in test_classes(self._inference, path, qualname)] if "." in qualname else []
            for other in dict.fromkeys(others or self._inference.files_naming(name)):
                if self._inference.late:
                    break
                found += self._own(other, path, qualname) if other != path else ()
        return found

    def _own(self, collected: str, path: str, qualname: str) -> Sequence[TestNode]:
        """The nodes that are collected in one file of a function that stands in a file."""
        if collected not in self._by_qualname:
            table: dict[tuple[str, str], list[TestNode]] = {}
            for node in self.file(collected).nodes if is_test_file(collected, self.rules) else ():
                table.setdefault((node.path, node.qualname), []).append(node)
            if self._inference.late:
                return table.get((path, qualname), ())
            self._by_qualname[collected] = table
        return self._by_qualname[collected].get((path, qualname), ())

    def for_symbols(self, targets: Iterable[Value], depth: int, least: float) -> tuple[list[TestLink], list[str]]:
        """The tests that lead to functions or classes within `depth` calls, likely ones first, and those named after it. Those that are
        less likely than `least` to run it are left out, but for a few where none is likelier. And why there may be more."""
        found: dict[str, TestLink] = {}
        notes: list[str] = []
        for target in targets:
            for link in self._for_symbol(target, depth, notes):
                found[link.node_id] = max(link, found.get(link.node_id, link), key=lambda one: one.likely)
        links = sorted(found.values(), key=_order)
        likely = [link for link in links if link.likely >= least]
        if len(likely) == len(links):
            return links, list(dict.fromkeys(notes))
        if not likely:
            return links[:_UNLIKELY], [
                *dict.fromkeys(notes),
                "no test is likely to lead there; these are the likeliest",
            ]
        left = len(links) - len(likely)
        return likely, [
            *dict.fromkeys(notes),
            f"{left} test{'s' * (left > 1)} that may lead there, but less likely, are left out",
        ]

    def _for_symbol(self, target: Value, depth: int, notes: list[str]) -> list[TestLink]:
        found: dict[str, TestLink] = {}
        table = self._inference.table(target.path)
        if table is None:
            return []
        wanted = likelihood.words(target.path, table.facts.symbols[target.index].qualname)
        for node, way in self._ways.to(target, depth, notes) if depth else ():
            words = self._words_of(node)
            likely = likelihood.of_test(way.likely, way.distance, way.set_up, way.guessed, wanted, words)
            why = (way.words[0], *(f"which {more}" for more in way.words[1:]))
            self._add(found, node, why, way.distance, way.lines, round(likely, 3), way.guessed)
        self._by_name(target, wanted, found)
        return list(found.values())

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

    # -- for the ways that lead here -----------------------------------------------------------------------------------------------

    def seeing(self, path: str, parent: int) -> Iterator[tuple[str, int, int]]:
        """(path, scope, line) of the tests that see a fixture: those of its class, its file, or, in a conftest, of its folder."""
        table = self._inference.table(path)
        within = f"{table.facts.symbols[parent].qualname}." if table is not None and parent > 0 else ""
        folder, _, file = path.rpartition("/")
        around = f"{folder}/" if folder else ""
        for other in [p for p in self.paths() if p.startswith(around)] if file == "conftest.py" else [path]:
            if self._inference.late:
                return
            nodes = [node for node in self.file(other).nodes if node.path == other]
            names = {node.qualname for node in nodes if node.qualname.startswith(within)}
            found = self._inference.table(other) if names else None
            for index, symbol in enumerate(found.facts.symbols) if found is not None else ():
                if symbol.qualname in names:
                    yield other, index, symbol.name_line

    def class_text(self, node: TestNode) -> str:
        """The text of the class that a test is collected with; "" of a function."""
        path, _, names = node.node_id.partition("[")[0].partition("::")
        qualname = names.replace("::", ".").rpartition(".")[0]
        table = self._inference.table(path) if qualname else None
        for index in table.classes if table is not None else ():
            symbol = table.facts.symbols[index]  # type: ignore[union-attr]
            if symbol.qualname == qualname:
                return "\n".join(self._inference.lines(path)[symbol.start - 1 : symbol.end])
        return ""

    def asking(self, path: str, name: str) -> set[str]:
        """The qualified names of the tests of a file that get a fixture of that name: as a parameter, or by a mark on them, their class
        or their module."""
        return (
            {n.qualname for n in self.file(path).nodes if name in n.fixtures and n.path == path}
            if self._is_test(path)
            else set()
        )

    def helped(self, path: str, qualname: str) -> list[TestNode]:
        """The nodes for which a function of that name runs before or after."""
        found = {n.node_id: n for n in self.file(path).nodes if qualname in n.helpers} if self._is_test(path) else {}
        if qualname.rpartition(".")[2] in SET_UP:
            for other, prefix in test_classes(self._inference, path, qualname):
                if self._inference.late:
                    break
                nodes = self.file(other).nodes if self._is_test(other) else ()
                found.update({n.node_id: n for n in nodes if n.node_id.startswith(prefix)})
        return list(found.values())

    def _is_test(self, path: str) -> bool:
        return is_test_file(path, self.rules)

    def _by_name(self, target: Value, about: likelihood.Words, found: dict[str, TestLink]) -> None:
        table = self._inference.table(target.path)
        if table is None:
            return
        name = table.facts.symbols[target.index].name.strip("_").lower()
        if len(name) < 4:
            return
        for wanted in (f"test_{name}", f"Test{table.facts.symbols[target.index].name}"):
            for number, path in enumerate(self._view.paths_using(wanted)):
                if self._inference.late and number >= _MOST_LATE:
                    break
                if is_test_file(path, self.rules):
                    for node in self.file(path).nodes:
                        if wanted in node.qualname.split("."):
                            likely = likelihood.by_name(about, self._words_of(node))
                            self._add(found, node, (f"named {wanted}",), 9, (), likely)

    def _add(
        self, found: dict[str, TestLink], node: TestNode, why: tuple[str, ...], distance: int, via: tuple[Span, ...],
        likely: float = 0.5, guessed: bool = False,
    ) -> None:  # fmt: skip
        base = node.node_id.partition("[")[0]
        if base not in found or likely > found[base].likely:
            span = Span(self._root, node.path, node.start, node.end)
            found[base] = TestLink(base, span, why, distance, via, likely, guessed)

    def _words_of(self, node: TestNode) -> likelihood.Words:
        base = node.node_id.partition("[")[0]
        if base not in self._words:
            text = "\n".join(self._inference.lines(node.path)[node.start - 1 : node.end])
            path, _, names = base.partition("::")
            self._words[base] = likelihood.words(path, names.replace("::", "."), text)
        return self._words[base]

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
