"""`CodeGraph`: what is known about a workspace, for asking.

    graph = CodeGraph.load_or_build("path/to/repository")
    graph.find_symbol("Flask.route")
    graph.who_calls(graph.find_symbol("dispatch_request")[0])

One instance is a view for one request: it reads each file once and remembers it. Make another after the files changed.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .errors import IndexStoreError
from .graph.batch import file_kind, parse_file
from .graph.discover import check_root
from .graph.documents import Document, Documents
from .graph.link import Linker, absolute, index_of
from .graph.parse import module_name
from .graph.store import FileRow, Store
from .graph.sync import SyncOptions, SyncProgress, SyncReport
from .graph.workspace import open_index
from .types import CallSite, CancelToken, Listing, ModuleFacts, Span, Symbol, SymbolRef

_MAX_LINKED_FILES = 400
_MAX_ALIASES = 16


class CodeGraph:
    """The index of one workspace root, with the unsaved texts of open editors over it (`open_texts`: path to text)."""

    def __init__(
        self, root: Path, store: Store, open_texts: Mapping[str, str] | None = None, name: str | None = None
    ) -> None:
        self.root = root
        self.name = name or root.name or str(root)
        self.store = store
        self.documents = Documents(root, open_texts)
        self.linker = Linker(self)
        self.report: SyncReport | None = None
        self._facts: dict[str, ModuleFacts | None] = {}
        self._rows: dict[str, FileRow | None] = {}
        self._rows_by_id: dict[int, FileRow | None] = {}
        self._modules: dict[str, list[ModuleFacts]] = {}

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
        graph = cls(path, store)
        graph.report = report
        return graph

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> CodeGraph:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- files -------------------------------------------------------------------------------------------------------

    @property
    def completeness(self) -> tuple[bool, str]:
        """Whether the index holds all files, and why not; or else what is worth knowing about how it came to be."""
        complete, reason = self.store.completeness()
        if self.report is not None and self.report.reason:
            return complete and self.report.complete, self.report.reason
        return complete, reason

    def document(self, path: str) -> Document | None:
        return self.documents.get(path)

    def facts(self, path: str) -> ModuleFacts | None:
        """The facts of a file as it is now: a file that changed since it was indexed is parsed on the spot."""
        if path not in self._facts:
            self._facts[path] = self._load_facts(path)
        return self._facts[path]

    def _load_facts(self, path: str) -> ModuleFacts | None:
        row = self.row(path)
        document = self.document(path)
        if document is None:
            return None
        if row is not None and row.sha256 == document.sha256 and not document.open:
            return self.store.facts(row)
        return parse_file(path, file_kind(path), document.text)

    def row(self, path: str) -> FileRow | None:
        if path not in self._rows:
            self._rows[path] = self.store.file(path)
        return self._rows[path]

    def path_of(self, file: int) -> str | None:
        if file not in self._rows_by_id:
            self._rows_by_id[file] = self.store.file_by_id(file)
        row = self._rows_by_id[file]
        return row.path if row else None

    def module_for_file(self, path: str) -> str:
        return module_name(path)

    def file_for_module(self, module: str) -> str | None:
        found = self.facts_of_module(module)
        return found[0].path if found else None

    def facts_of_module(self, module: str) -> list[ModuleFacts]:
        if module not in self._modules:
            paths = [row.path for row in self.store.files_of_module(module)] if module else []
            paths += [p for p in self.documents.open_texts if p not in paths and module_name(p) == module]
            # A stub describes the module beside it; the source is what can be cited.
            paths.sort(key=lambda p: (p.endswith(".pyi"), p))
            self._modules[module] = [facts for p in paths if (facts := self.facts(p)) is not None]
        return self._modules[module]

    # -- symbols -----------------------------------------------------------------------------------------------------

    def ref(self, facts: ModuleFacts, index: int) -> SymbolRef:
        return SymbolRef(self.name, facts.path, facts.module, facts.symbols[index])

    def defs_in(self, path: str) -> list[SymbolRef]:
        facts = self.facts(path)
        return [self.ref(facts, i) for i in range(1, len(facts.symbols))] if facts else []

    def find_symbol(self, name: str) -> list[SymbolRef]:
        """Symbols called `name`: bare (`route`), qualified (`Flask.route`), full (`flask.app.Flask.route`) or with a path
        (`src/flask/app.py:route`). An inherited member is found through the class. Exact names only; see `nearest_names`."""
        path, _, qualified = name.rpartition(":")
        wanted = qualified.strip().removesuffix("()").split(".")
        found = [r for r in self._named(wanted[-1]) if _matches(r, wanted) and (not path or r.path == path)]
        if not found and len(wanted) > 1:
            owners = [r for r in self._named(wanted[-2]) if r.symbol.kind == "class" and _matches(r, wanted[:-1])]
            found = [m for r in owners for m in self.linker.member(r, wanted[-1])]
        if not found and not path:
            found = [self.ref(f, 0) for f in self.facts_of_module(".".join(wanted))]
            if not found and len(wanted) > 1:
                # `flask.Flask` names a re-export.
                for split in range(len(wanted) - 1, 0, -1):
                    for facts in self.facts_of_module(".".join(wanted[:split])):
                        found = self.linker.resolve(".".join(wanted[split:]), facts, 0)
                        if found:
                            return found
        return sorted(found, key=_definition_order)

    def _named(self, name: str) -> list[SymbolRef]:
        found: dict[tuple[str, int], SymbolRef] = {}
        for file, index, _ in self.store.symbols_named(name):
            path = self.path_of(file)
            row = self.row(path) if path else None
            facts = self.facts(path) if path else None
            if facts is None or row is None or path is None:
                continue
            unchanged = self._is_stored(path, row)
            if unchanged and index < len(facts.symbols):
                found[(path, index)] = self.ref(facts, index)
            elif not unchanged:
                found.update({(path, i): self.ref(facts, i) for i, s in enumerate(facts.symbols) if s.name == name})
        for path in self.documents.open_texts:
            facts = self.facts(path)
            if facts is not None:
                found.update({(path, i): self.ref(facts, i) for i, s in enumerate(facts.symbols) if s.name == name})
        return list(found.values())

    def _is_stored(self, path: str, row: FileRow) -> bool:
        document = self.document(path)
        return document is not None and not document.open and document.sha256 == row.sha256

    def nearest_names(self, name: str, limit: int = 5) -> list[str]:
        """Symbol names of the workspace that look most like `name`."""
        names = self.store.all_names()
        lower: dict[str, str] = {}
        for n in names:
            if len(n) > 2:
                lower.setdefault(n.lower(), n)
        close = difflib.get_close_matches(name.lower(), lower, n=limit, cutoff=0.6)
        return [lower[n] for n in close]

    def symbol_at(self, path: str, line: int, column: int | None = None) -> SymbolRef | None:
        """The innermost symbol whose lines contain `line`; with a `column`, the one whose name stands there, if any does."""
        facts = self.facts(path)
        if facts is None:
            return None
        best: int | None = None
        for index, symbol in enumerate(facts.symbols):
            if not symbol.start <= line <= symbol.end:
                continue
            on_name = symbol.name_line == line and column is not None
            if index and on_name and symbol.name_column <= (column or 0) <= symbol.name_column + len(symbol.name):
                return self.ref(facts, index)
            if best is None or symbol.end - symbol.start <= facts.symbols[best].end - facts.symbols[best].start:
                best = index
        return self.ref(facts, best) if best is not None else None

    def owner_at(self, facts: ModuleFacts, line: int) -> int:
        """The index of the innermost scope (module, class, function) that contains a line."""
        best = 0
        for index, symbol in enumerate(facts.symbols):
            if symbol.start <= line <= symbol.end and (symbol.is_callable or symbol.kind == "class"):
                best = index
        return best

    def resolve(self, path: str, line: int, dotted: str) -> list[SymbolRef]:
        """What `dotted`, as written at a line, refers to. Empty where the text does not tell."""
        facts = self.facts(path)
        return self.linker.resolve(dotted, facts, self.owner_at(facts, line)) if facts else []

    # -- calls -------------------------------------------------------------------------------------------------------

    def calls_of(self, ref: SymbolRef) -> Listing:
        """Calls within a symbol's lines, in order, as `CallSite`s whose `caller` is the symbol and `callee` the text."""
        facts = self.facts(ref.path)
        index = index_of(facts, ref.symbol) if facts else None
        if facts is None or index is None:
            return Listing((), False, "the file changed")
        inside = _within(facts, index)
        sites = [
            CallSite(
                Span(self.name, ref.path, call.line, call.line), ref, call.callee,
                bool(self.linker.resolve(call.callee, facts, call.owner)),
            )
            for call in facts.calls
            if call.owner in inside
        ]  # fmt: skip
        return Listing(tuple(sites))

    def callees_of(self, ref: SymbolRef) -> list[SymbolRef]:
        """The workspace symbols that a symbol calls, each once, in order of the first call."""
        facts = self.facts(ref.path)
        index = index_of(facts, ref.symbol) if facts else None
        if facts is None or index is None:
            return []
        inside = _within(facts, index)
        found: dict[tuple[str, int], SymbolRef] = {}
        for call in facts.calls:
            if call.owner in inside and not call.deferred:
                for target in self.linker.resolve(call.callee, facts, call.owner):
                    found.setdefault((target.path, target.symbol.start), target)
        return list(found.values())

    def who_calls(self, ref: SymbolRef, max_files: int = _MAX_LINKED_FILES) -> Listing:
        """Where a symbol is called. A class is called where it is constructed.

        `resolved` sites were traced to this very definition. The others match by name only (`x.send()` with an `x` of unknown
        type), and are given for methods alone; a site that was traced to something else is left out.
        """
        symbol = ref.symbol
        name = symbol.name
        if name == "__init__":
            owner = self.facts(ref.path)
            name = owner.symbols[symbol.parent].name if owner and symbol.parent > 0 else name
        by_file: dict[str, set[str]] = {}
        for called in self._names_of(name):
            for file, _, _, _ in self.store.calls_named(called):
                path = self.path_of(file)
                if path:
                    by_file.setdefault(path, set()).add(called)
            for path in self.documents.open_texts:
                by_file.setdefault(path, set()).add(called)
        sites: list[CallSite] = []
        paths = sorted(by_file, key=lambda p: (p != ref.path, p))
        for path in paths[:max_files]:
            sites.extend(self._calls_in(path, by_file[path], ref))
        complete = len(paths) <= max_files
        return Listing(
            tuple(sites), complete, "" if complete else f"only {max_files} of {len(paths)} files were linked"
        )

    def _calls_in(self, path: str, names: set[str], ref: SymbolRef) -> list[CallSite]:
        facts = self.facts(path)
        found: list[CallSite] = []
        for call in facts.calls if facts else ():
            if call.name not in names or facts is None:
                continue
            targets = [] if call.deferred else self.linker.resolve(call.callee, facts, call.owner)
            hit = any(_same(t, ref) or (ref.symbol.name == "__init__" and _is_parent(t, ref)) for t in targets)
            by_name = not targets and ref.symbol.kind in ("method", "property") and "." in call.callee
            if (hit or by_name) and call.name != "super":
                caller = self.ref(facts, call.owner)
                found.append(CallSite(Span(self.name, path, call.line, call.line), caller, call.callee, hit))
        return found

    def _names_of(self, name: str) -> list[str]:
        """A name, and the names under which files import it (`from m import name as alias`), again and again."""
        names = [name]
        for current in names:
            for file in self.store.files_importing(current):
                path = self.path_of(file)
                facts = self.facts(path) if path else None
                for item in facts.imports if facts else ():
                    if item.name == current and item.alias not in names and len(names) < _MAX_ALIASES:
                        names.append(item.alias)
        return names

    def importers_of(self, module: str) -> list[str]:
        """Files that import a module, by its name or from it."""
        found = []
        for file in self.store.files_importing(module.rpartition(".")[2]):
            path = self.path_of(file)
            facts = self.facts(path) if path else None
            for item in facts.imports if facts else ():
                target = absolute(facts, item) if facts else ""
                if target == module or (item.name and f"{target}.{item.name}" == module):
                    found.append(path or "")
                    break
        return found

    def tests_for_symbol(self, ref: SymbolRef) -> Listing:
        """Test functions that call a symbol, traced ones first."""
        calls = self.who_calls(ref)
        tests: dict[tuple[str, int], SymbolRef] = {}
        for site in sorted(calls.items, key=lambda s: not s.resolved):
            caller = site.caller
            if caller is not None and is_test_path(caller.path) and caller.symbol.name.startswith("test"):
                tests.setdefault((caller.path, caller.symbol.start), caller)
        return Listing(tuple(tests.values()), calls.complete, calls.reason)

    def update(self, path: str, text: str | None) -> None:
        """Put unsaved text over a file in this view, or (None) take it away. The stored index is not touched."""
        if text is None:
            self.documents.open_texts.pop(path, None)
        else:
            self.documents.open_texts[path] = text
        self.documents = Documents(self.root, self.documents.open_texts)
        self._facts.clear()
        self._modules.clear()


def is_test_path(path: str) -> bool:
    parts = path.lower().split("/")
    name = parts[-1]
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or any(
        p in ("test", "tests", "testing") for p in parts[:-1]
    )  # fmt: skip


def _within(facts: ModuleFacts, index: int) -> set[int]:
    """A symbol and everything defined in it."""
    inside = {index}
    for i in range(index + 1, len(facts.symbols)):
        if facts.symbols[i].parent in inside:
            inside.add(i)
    return inside


def _matches(ref: SymbolRef, wanted: list[str]) -> bool:
    full = ref.full_name.split(".")
    return full[-len(wanted) :] == wanted


def _same(a: SymbolRef, b: SymbolRef) -> bool:
    return a.path == b.path and a.symbol.start == b.symbol.start and a.symbol.name == b.symbol.name


def _is_parent(cls: SymbolRef, method: SymbolRef) -> bool:
    return cls.path == method.path and method.symbol.qualname == f"{cls.symbol.qualname}.{method.symbol.name}"


_KIND_ORDER = {
    "class": 0,
    "function": 1,
    "method": 2,
    "property": 3,
    "module": 4,
    "constant": 5,
    "type_alias": 5,
    "variable": 6,
}


def _definition_order(ref: SymbolRef) -> tuple[bool, int, int, str, int]:
    """Product code before tests, classes before functions, public and short paths first."""
    symbol: Symbol = ref.symbol
    return is_test_path(ref.path), _KIND_ORDER.get(symbol.kind, 9), ref.path.count("/"), ref.path, symbol.start


__all__ = ["CodeGraph", "IndexStoreError", "is_test_path"]
