"""`CodeGraph`: the index of a workspace, and the questions that it answers.

    graph = CodeGraph.load_or_build("path/to/repository")
    graph.find_symbol("Flask.route")
    graph.who_calls("flask.app.Flask.dispatch_request")

An instance shows the workspace at one moment: it reads each file once and caches it. Make another after files changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from .errors import IndexStoreError
from .graph.calls.call_sites import CALLERS_SECONDS, Callers, WorkspaceCalls
from .graph.calls.gaps import Gaps
from .graph.calls.linkpass import LinkReport, link_workspace
from .graph.discovery.discover import check_root
from .graph.exporting.export import Progress, export_json, export_sqlite
from .graph.finding import dependencies, lookup
from .graph.finding.lookup import index_of, is_test_path
from .graph.finding.textsearch import occurrences
from .graph.indexing.sync import SyncOptions, SyncProgress, SyncReport
from .graph.linking.aliases import references
from .graph.linking.calls import sites
from .graph.linking.classes import hierarchy, mro
from .graph.linking.inference import Inference
from .graph.linking.results.values import Value
from .graph.snapshot.documents import Document, Documents
from .graph.snapshot.view import WorkspaceView
from .graph.storage.store import Store
from .graph.testing.coverage_xml import coverage_of, read_coverage
from .graph.testing.exercised import Exercised
from .graph.testing.likelihood import MIN_LIKELIHOOD
from .graph.testing.workspace_tests import WorkspaceTests
from .graph.workspace import open_index, refresh_index
from .types import Call, CallSite, CancelToken, Listing, ModuleFacts, Reference, Span, SymbolRef

_TEST_DEPTH = 8  # less than the distance of what is linked by name alone


class CodeGraph:
    """The index of one workspace root, with the unsaved texts of open editors over it (`open_texts`: path to text)."""

    def __init__(
        self,
        root: Path,
        store: Store,
        open_texts: Mapping[str, str] | None = None,
        name: str | None = None,
        options: SyncOptions | None = None,
    ) -> None:
        """`options`: those with which the index was built."""
        self.root = root
        self.name = name or root.name or str(root)
        self.store = store
        self.report: SyncReport | None = None
        self._options = options or SyncOptions()
        self._coverage: dict[str, Mapping[int, int]] = {}
        self.calls: WorkspaceCalls = None  # type: ignore[assignment] # set by the next line
        self.overlay(open_texts)

    def overlay(self, open_texts: Mapping[str, str] | None) -> None:
        """Clear all caches, and replace the unsaved texts (path to text)."""
        self._clear()
        self.view = WorkspaceView(self.root, self.store, open_texts, self._options.discover.max_file_bytes)
        self.inference = Inference(self.view)
        self.calls = WorkspaceCalls(self.view, self.inference, self.name)
        self.tests = WorkspaceTests(self.view, self.inference)
        self.exercised = Exercised(self.view, self.inference, self.calls, self.tests, self.name)

    @classmethod
    def load_or_build(
        cls,
        root: str | os.PathLike[str],
        ignore: Sequence[str] | None = None,
        options: SyncOptions | None = None,
        on_progress: Callable[[SyncProgress], None] | None = None,
        cancel: CancelToken | None = None,
        rebuild: bool = False,
    ) -> CodeGraph:
        """Open the index of `root`, brought up to date with the files; built where there is none.

        `ignore` holds further patterns in .gitignore syntax. Raises `RootError`, `IndexStoreError`, `Cancelled`.
        """
        path = check_root(root)
        options = options or SyncOptions()
        if ignore:
            options = replace(options, discover=replace(options.discover, ignore=tuple(ignore)))
        store, report = open_index(path, options, on_progress, cancel, rebuild)
        graph = cls(path, store, options=options)
        graph.report = report
        return graph

    def update(self, path: str, text: str | None) -> None:
        """Put unsaved text over a file in this view, or (None) take it away. The stored index is not touched."""
        texts = dict(self.documents.open_texts)
        if text is None:
            texts.pop(path, None)
        else:
            texts[path] = text
        self.overlay(texts)

    def may_have_changed(self, paths: Iterable[str]) -> None:
        """Name files that may have changed on disk since they were indexed: what depends on those that did is computed again."""
        self.view.check_for_changes(paths)

    def refresh(self, paths: Sequence[str]) -> SyncReport:
        """Update the stored index for these files (relative paths; those that are gone are removed), and clear what this graph has cached.
        For the one process that writes the index. Raises `IndexStoreError`, also where the graph is read-only or another process writes."""
        if self.store.read_only:
            raise IndexStoreError("This index is read beside another process that writes it; open it again to refresh.")
        only = tuple(os.path.normpath(path).replace(os.sep, "/") for path in paths)
        report = refresh_index(self.root, self.store, replace(self._options, only=only))
        self.report = report
        self.overlay(self.documents.open_texts)
        return report

    def link(
        self, cancel: CancelToken | None = None, on_progress: Callable[[int, int], None] | None = None
    ) -> LinkReport:
        """Resolve all calls and store the result beside the index, where `who_calls` looks it up; see `graph.calls.linkpass`."""
        report = link_workspace(self.root, self.store, cancel, on_progress)
        self.overlay(self.documents.open_texts)
        return report

    def close(self) -> None:
        """Close the store and clear all caches. The graph cannot be used afterwards."""
        self._clear()
        self.store.close()

    def _clear(self) -> None:
        """The caches hold reference cycles: up to 100 MB that would wait for Python's garbage collector."""
        if self.calls is not None and vars(self.calls):
            self.calls.close()
            for part in (self.exercised, self.tests, self.calls, self.inference, self.view):
                vars(part).clear()

    def __enter__(self) -> CodeGraph:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- files -------------------------------------------------------------------------------------------------------

    @property
    def documents(self) -> Documents:
        return self.view.documents

    @property
    def completeness(self) -> tuple[bool, str]:
        """Whether the index holds all files, and the reason if not; also a remark about how it was built."""
        complete, reason = self.store.completeness()
        if self.report is not None and self.report.reason:
            return complete and self.report.complete, self.report.reason
        return complete, reason

    def document(self, path: str) -> Document | None:
        return self.view.document(path)

    def facts(self, path: str) -> ModuleFacts | None:
        """The facts of a file as it is now: a file that changed since it was indexed is parsed on the spot."""
        return self.view.facts(path)

    def module_for_file(self, path: str) -> str:
        """The dotted name under which a file is imported."""
        return self.view.module_of(path)

    def file_for_module(self, module: str) -> str | None:
        return next((facts.path for facts in self.facts_of_module(module)), None)

    def facts_of_module(self, module: str) -> list[ModuleFacts]:
        return self.view.facts_of_module(module)

    # -- symbols -----------------------------------------------------------------------------------------------------

    def ref(self, facts: ModuleFacts, index: int) -> SymbolRef:
        return SymbolRef(self.name, facts.path, facts.module, facts.symbols[index])

    def defs_in(self, path: str) -> list[SymbolRef]:
        """Everything that a file defines, in the order of its text."""
        facts = self.facts(path)
        return [self.ref(facts, i) for i in range(1, len(facts.symbols))] if facts else []

    def find_symbol(self, name: str, at_most: int | None = None) -> list[SymbolRef]:
        """Symbols called `name`: bare (`route`), qualified (`Flask.route`), full (`flask.app.Flask.route`) or with a path
        (`src/flask/app.py:route`). An inherited member is found through the class. Exact names only; see `nearest_names`.
        With `at_most`, any `at_most` + 1 of them where there are more: the files of the others are not read."""
        return [self._at(place) for place in lookup.find(self.view, self.inference, name, at_most)]

    def nearest_names(self, name: str, limit: int = 5) -> list[str]:
        """Symbol names of the workspace that look most like `name`."""
        return lookup.nearest(self.view, name, limit)

    def symbol_at(self, path: str, line: int, column: int | None = None) -> SymbolRef | None:
        """The innermost symbol whose lines contain `line`; with a `column`, the one whose name stands there, if any does."""
        facts = self.facts(path)
        index = lookup.symbol_index_at(facts, line, column) if facts is not None else None
        return self.ref(facts, index) if facts is not None and index is not None else None

    def members(self, cls: SymbolRef, name: str) -> list[SymbolRef]:
        """Where the attribute `name` of a class is defined: in the class, or in the base that it is inherited from."""
        value = self._value(cls)
        return [self._at(place) for place in lookup.member(self.inference, value, name)] if value else []

    def bases_of(self, cls: SymbolRef) -> list[SymbolRef]:
        """The base classes of a class that are in the workspace, in the order written."""
        value = self._value(cls)
        return [r for b in mro.bases(self.inference, value) for r in self.calls.refs({b})] if value else []

    def subclasses_of(self, cls: SymbolRef) -> list[SymbolRef]:
        """The direct subclasses of a class."""
        value = self._value(cls)
        return [r for c in hierarchy.subclasses(self.inference, value) for r in self.calls.refs({c})] if value else []

    def overrides_of(self, method: SymbolRef) -> list[SymbolRef]:
        """The methods of direct and indirect subclasses that override a method."""
        value = self._value(method)
        return [r for f in hierarchy.overrides(self.inference, value) for r in self.calls.refs({f})] if value else []

    def overridden_by(self, method: SymbolRef) -> list[SymbolRef]:
        """The methods of base classes that a method overrides, nearest first."""
        value = self._value(method)
        return [r for f in hierarchy.overridden(self.inference, value) for r in self.calls.refs({f})] if value else []

    def owners_of(self, ref: SymbolRef | str) -> list[SymbolRef]:
        """The scopes in which a symbol is defined, innermost first, its module last. A name may mean several symbols."""
        found: dict[tuple[str, int], SymbolRef] = {}
        for match_ref in self._matching(ref):
            facts = self.facts(match_ref.path)
            value = self._value(match_ref)
            index = facts.symbols[value.index].parent if facts and value else -1
            while facts is not None and index >= 0:
                found.setdefault((match_ref.path, index), self.ref(facts, index))
                index = facts.symbols[index].parent
        return list(found.values())

    def resolve(self, path: str, line: int, dotted: str, column: int | None = None) -> list[SymbolRef]:
        """What the dotted name written at a line refers to; empty where that cannot be inferred. Variables of comprehensions and lambdas
        need the column of its first character."""
        facts = self.facts(path)
        return (
            self.calls.refs(lookup.values_at(self.inference, facts, line, dotted, column)) if facts is not None else []
        )

    # -- calls -------------------------------------------------------------------------------------------------------

    def calls_of(self, ref: SymbolRef | str, implicit: bool = True) -> Listing:
        """The calls within a symbol's lines, in order, as `CallSite`s; a module's are all calls of its file. With `implicit`, also
        implicit ones: by `with`, properties, operators, loops (`CallSite.implicit`)."""
        found: list[CallSite] = []
        gaps = Gaps(self.inference)
        for match_ref in self._matching(ref, gaps):
            facts, value = self.facts(match_ref.path), self._value(match_ref)
            if facts is None or value is None:
                return Listing((), False, "the file changed")
            found += self.calls.in_symbol(facts, value.index, implicit)
        return gaps.listing(found)

    def site(self, facts: ModuleFacts, call: Call) -> CallSite:
        """A call expression with its targets."""
        return self.calls.site(facts, call)

    def implicit_calls(self, path: str) -> Listing:
        """The implicit calls of a file, as `CallSite`s in the order of the text."""
        facts = self.facts(path)
        gaps = Gaps(self.inference)
        return gaps.listing([site for _, site in self.calls.implicit(facts)] if facts else [])

    def callees_of(self, ref: SymbolRef) -> list[SymbolRef]:
        """The workspace symbols that a symbol calls explicitly, each once, in order of the first call."""
        found: dict[tuple[str, int, str], SymbolRef] = {}
        for site in self.calls_of(ref, implicit=False).items:
            for target in () if site.deferred else site.targets:
                found.setdefault((target.path, target.symbol.start, target.symbol.name), target)
        return list(found.values())

    def who_calls(
        self, ref: SymbolRef | str, implicit: bool = True, limit_seconds: float | None = CALLERS_SECONDS
    ) -> Listing:
        """Where a symbol is called; for a class, where it is instantiated.

        `resolved` sites were resolved to this definition. The others match by name only (`x.send()` with an `x` of unknown type), and
        are listed for methods only; sites that resolve to something else are left out. With `implicit`, also where a property or
        special method is called implicitly (`CallSite.implicit`). After `limit_seconds` the listing holds what was found by then, and
        says so. For an unknown name the listing is empty and not complete, and `reason` names the nearest ones."""
        found: list[CallSite] = []
        with self.calls.query(limit_seconds) as gaps:
            for value in map(self._value, self._matching(ref, gaps)):
                callers = self.calls.callers(value, implicit) if value else Callers([])
                found += callers.sites
                gaps.add(callers.reason)
        found.sort(key=lambda s: (s.span.path != getattr(ref, "path", ""), s.span.path, s.span.start))
        return gaps.listing(found)

    def within(self, seconds: float | None, cancel: CancelToken | None = None) -> AbstractContextManager[bool]:
        """A context in which all queries together take at most `seconds` (None: no limit), and stop when `cancel` is set. Listings then
        hold what was found so far, and say so."""
        return self.inference.limit(seconds, cancel)

    def unresolved_calls(self, path: str | None = None) -> Listing:
        """The calls of a file, or of the whole workspace, that resolve neither to workspace symbols nor to external ones."""
        found = []
        gaps = Gaps(self.inference)
        for facts in map(self.facts, [path] if path else self.view.python_paths()):
            for call in facts.calls if facts else ():
                targets = sites.targets(self.inference, facts.path, call)  # type: ignore[union-attr]
                if facts is not None and not targets.named and not targets.external:
                    found.append(self.calls.unresolved_site(facts, call))
        return gaps.listing(found)

    def importers_of(self, module: str) -> list[str]:
        """Files that import a module, by its name or from it."""
        return dependencies.importers(self.view, self.inference, module)

    def module_deps(self, module: str | None = None) -> list[tuple[str, str, bool]]:
        """(importing module, imported module, whether it is in the workspace), of one module or of all, each pair once."""
        return dependencies.module_deps(self.view, self.inference, module)

    def import_places(self, module: str) -> dict[str, tuple[str, int]]:
        """By dotted name of what a module imports (modules, and names from them), path and line of the first import of it."""
        return dependencies.import_places(self.view, self.inference, module)

    def refs_of(self, ref: SymbolRef | str, limit_seconds: float | None = CALLERS_SECONDS) -> Listing:
        """All references to a symbol, as `Reference`s: its definition, imports, calls, reads, writes, annotations.

        Attributes of values whose type is unknown are left out, even where the listing is complete. After `limit_seconds` it holds what
        was found by then, and says so."""
        found: dict[tuple[str, int, int], Reference] = {}
        with self.calls.query(limit_seconds) as gaps:
            for match_ref in self._matching(ref, gaps):
                value = self._value(match_ref)
                for named in references.references(self.inference, (value.path, value.index)) if value else ():
                    # Where a name is bound twice, each binding is also a write to the other.
                    place = named.path, named.line, named.column
                    if place not in found or named.kind == "definition":
                        found[place] = self._reference(*place, named.kind, named.scope)
        return gaps.listing(found.values())

    def search_refs(self, text: str, kinds: Sequence[str] | None = None) -> Listing:
        """Where a text occurs in Python files, by kind (`graph.finding.textsearch.KINDS`): in code only an identifier as a whole word, in
        comments and strings any text."""
        found: list[Reference] = []
        paths = self.view.paths_with_part(text) if text.isidentifier() else self.view.python_paths()
        for path in paths:
            for line, column, kind in occurrences(self.view.text(path), text):
                if kinds is None or kind in kinds:
                    found.append(self._reference(path, line, column, kind, None))
        return Listing(tuple(found))

    def _reference(self, path: str, line: int, column: int, kind: str, scope: int | None) -> Reference:
        facts, document = self.facts(path), self.document(path)
        lines = document.lines if document else []
        owner = lookup.scope_at(facts, line) if scope is None and facts else scope or 0
        return Reference(
            Span(self.name, path, line, line), column, kind, self.ref(facts, owner) if facts else None,
            lines[line - 1].strip() if line <= len(lines) else "",
        )  # fmt: skip

    # -- tests -------------------------------------------------------------------------------------------------------

    def test_nodes(self) -> Listing:
        """Every test that pytest would collect, as `TestNode`s, as far as the source shows it."""
        return Listing(tuple(self.tests.nodes()))

    def tests_for_symbol(
        self, ref: SymbolRef | str, depth: int = _TEST_DEPTH, limit_seconds: float | None = CALLERS_SECONDS,
        least: float = MIN_LIKELIHOOD,
    ) -> Listing:  # fmt: skip
        """The tests that reach a symbol over at most `depth` calls (also through fixtures and `setUp`), or are named after it, as
        `TestLink`s, most likely first. Those less likely than `least` to run it are left out, except for a few where none is likelier.
        The limit works as for `who_calls`."""
        with self.calls.query(limit_seconds) as gaps:
            values = [v for v in map(self._value, self._matching(ref, gaps)) if v and v.kind != "module"]
            links, remarks = self.exercised.by_tests(values, depth, least)
        return gaps.listing(links, *remarks)

    def tests_for_module(self, module: str) -> Listing:
        """The tests of the files that import a module, or are named after it."""
        exists = self.facts_of_module(module) or self.view.has_package(module)
        reason = "" if exists else f"no module is called {module!r}"
        return Listing(tuple(self.exercised.module_by_tests(module, self.importers_of(module))), not reason, reason)

    def attach_coverage_from_xml(self, file: str | os.PathLike[str]) -> list[str]:
        """Read the line counts of a coverage.py report; returns its files that this workspace lacks. Raises `ValueError`, `OSError`."""
        paths = [row.path for row in self.store.files() if row.kind == "python"]
        report = read_coverage(Path(file).read_text("utf-8"), paths)
        self._coverage = dict(report.lines)
        return list(report.unmatched)

    def coverage_of(self, ref: SymbolRef | str) -> Listing:
        """(symbol, lines covered, lines measured) for each matching symbol; empty before a report is attached."""
        found = []
        gaps = Gaps(self.inference)
        for match_ref in self._matching(ref, gaps) if self._coverage else ():
            line_counts = self._coverage.get(match_ref.path)
            if line_counts is not None:
                found.append((match_ref, *coverage_of(line_counts, match_ref.symbol.start, match_ref.symbol.end)))
        return gaps.listing(found) if self._coverage else Listing((), False, "no coverage report is attached")

    # -- export ------------------------------------------------------------------------------------------------------

    def export_json(
        self, file: str | os.PathLike[str], progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> None:
        """Write everything as one JSON document; see docs/graph-export.md."""
        export_json(self, file, progress, cancel)

    def export_sqlite(
        self, file: str | os.PathLike[str], progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> None:
        """Write everything as an SQLite database; see docs/graph-export.md."""
        export_sqlite(self, file, progress, cancel)

    # -- between symbols and values ----------------------------------------------------------------------------------

    def _at(self, place: lookup.Place) -> SymbolRef:
        facts = self.facts(place[0])
        assert facts is not None
        return self.ref(facts, place[1])

    def _matching(self, ref: SymbolRef | str, gaps: Gaps | None = None) -> list[SymbolRef]:
        """The symbols that a reference or name stands for. Where a name is unknown, `gaps` gets the reason."""
        found = self.find_symbol(ref) if isinstance(ref, str) else [ref]
        if not found and gaps is not None:
            gaps.unknown(lookup.unknown_name_reason(self.view, str(ref)))
        return found

    def _value(self, ref: SymbolRef) -> Value | None:
        facts = self.facts(ref.path)
        index = index_of(facts, ref.symbol) if facts else None
        kind = "module" if index == 0 else "class" if ref.symbol.kind == "class" else "function"
        return Value(kind, ref.path, lookup.implementation(facts, index)) if facts and index is not None else None


__all__ = ["CodeGraph", "IndexStoreError", "index_of", "is_test_path"]


if __name__ == "__main__":
    # The command-line door of the graph: only here is the command line imported.
    from .cli.graph import main

    raise SystemExit(main())
