"""The queries of `pathline graph`: each makes one graph query and names the shape in which its result is shown."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UsageError
from . import graph_show as show
from .graph_show import Line, Shape

if TYPE_CHECKING:
    from ..code_graph import CodeGraph
    from ..graph.exporting.records import Progress
    from ..types import CancelToken, Listing, ModuleFacts, SymbolRef

_MAX_NEAREST = 5
LOOK_UP_SECONDS = (
    10.0  # that looking for the callers, references or tests of one name may take: who asks here waits for it
)
# For these, the path of a file stands for its module, since shells complete paths.
_NAME_QUERIES = frozenset(
    (
        "find",
        "owners-of",
        "calls-of",
        "who-calls",
        "refs-of",
        "tests-for",
        "tests-for-module",
        "module-deps",
        "coverage-of",
    )
)


class Query(NamedTuple):
    """One option of the command line with its argument ("": none)."""

    name: str
    value: str

    @property
    def key(self) -> str:
        return f"{self.name} {self.value}" if self.value else self.name


@dataclass
class QueryResult:
    """The result of one query. `known`: its subject is in the workspace; if not, `nearest` has similar names.

    `matches` are the symbols of that name; `extra` is added to the JSON object; `lines` replaces the lines of `items`.
    """

    items: Sequence[Any]
    shape: Shape = show.SYMBOL
    complete: bool = True
    reason: str = ""
    known: bool = True
    nearest: list[str] = field(default_factory=list)
    matches: list[SymbolRef] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    lines: Callable[[], Iterator[Line]] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "found": self.known,
            "items": [self.shape.to_dict(item) for item in self.items],
            "complete": self.complete and self.known,
            "reason": self.reason or ("" if self.known else "nothing in this workspace is called so"),
            "nearest_names": self.nearest,
            "symbols": [show.place_dict(r) for r in self.matches],
            **self.extra,
        }

    def to_lines(self) -> Iterator[Line]:
        if self.lines is not None:
            yield from self.lines()
        else:
            yield from (self.shape.to_line(item) for item in self.items)


@dataclass
class QueryRunner:
    """Runs queries on one graph. `cwd`: the user's working folder, for relative paths; `limit_seconds`: the time limit of looking up
    callers, references or tests of one name."""

    graph: CodeGraph
    cwd: Path
    cancel: CancelToken | None = None
    progress: Progress | None = None  # of exports
    limit_seconds: float = LOOK_UP_SECONDS

    def run_query(self, query: Query) -> QueryResult:
        """Raises `PathlineError`."""
        value = query.value
        if query.name in _NAME_QUERIES and (module := self._module_of(value)):
            value = module
        found: QueryResult = getattr(self, query.name.replace("-", "_"))(value)
        return found

    # -- symbols -----------------------------------------------------------------------------------------------------

    def dump(self, _: str) -> QueryResult:
        """Every module with what it defines, and what there is of each kind."""
        facts = [f for row in self.graph.store.files() if row.kind == "python" and (f := self.graph.facts(row.path))]
        kinds = Counter(s.kind for f in facts for s in f.symbols)
        files, _symbols = self.graph.store.counts()
        summary = {
            "files": files,
            "modules": len(facts),
            "lines": sum(f.line_count for f in facts),
            "symbols": {kind: kinds[kind] for kind in sorted(kinds)},
            "imports": sum(len(f.imports) for f in facts),
            "calls": sum(len(f.calls) for f in facts),
            "with_problems": sum(bool(f.problems) for f in facts),
        }
        kinds_text = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        head = [
            f"{files:,} files, {len(facts):,} of them Python with {summary['lines']:,} lines: {kinds_text}",
            f"{summary['imports']:,} imports, {summary['calls']:,} calls",
        ]
        shape = Shape(self._module_dict, lambda f: Line(f.path, 1, f.module))

        def lines() -> Iterator[Line]:
            for one in facts:
                yield from self._module_lines(one)

        return QueryResult(facts, shape, head=head, extra={"summary": summary}, lines=lines)

    def _module_dict(self, facts: ModuleFacts) -> dict[str, Any]:
        return {
            "path": facts.path,
            "module": facts.module,
            "lines": facts.line_count,
            "problems": list(facts.problems),
            "symbols": [show.symbol_dict(self.graph.ref(facts, i)) for i in range(1, len(facts.symbols))],
        }

    def _module_lines(self, facts: ModuleFacts) -> Iterator[Line]:
        depths: list[int] = []
        for index, symbol in enumerate(facts.symbols):
            depths.append(depths[symbol.parent] + 1 if index and 0 <= symbol.parent < index else 0)
            if not index:
                yield Line(facts.path, 1, facts.module, "; ".join(facts.problems))
                continue
            note = " ".join([*symbol.traits, symbol.kind])
            yield Line(facts.path, symbol.name_line, symbol.signature or symbol.name, note, depths[index])

    def defs_in(self, value: str) -> QueryResult:
        path, nearest = self._resolve_path(value)
        paths = [path] if path else [facts.path for facts in self.graph.facts_of_module(value)]
        if not paths:
            return QueryResult((), known=False, nearest=nearest)
        return QueryResult([ref for one in paths for ref in self.graph.defs_in(one)])

    def find(self, name: str) -> QueryResult:
        found = self._find_each_once(name)
        return QueryResult(found) if found else self._unknown_name(name)

    def owners_of(self, name: str) -> QueryResult:
        return self._query_symbols(name, lambda: self.graph.owners_of(name), show.SYMBOL)

    # -- calls and references ----------------------------------------------------------------------------------------

    def calls_of(self, name: str) -> QueryResult:
        return self._query_symbols(name, lambda: self.graph.calls_of(name), show.CALL)

    def who_calls(self, name: str) -> QueryResult:
        found = self._query_symbols(
            name, lambda: self.graph.who_calls(name, limit_seconds=self.limit_seconds), show.CALLER
        )
        found.items = list(dict.fromkeys(found.items))  # a call may be one of several that the name stands for
        return found

    def refs_of(self, name: str) -> QueryResult:
        return self._query_symbols(name, lambda: self.graph.refs_of(name, self.limit_seconds), show.REFERENCE)

    def search(self, text: str) -> QueryResult:
        if not text.strip():
            raise UsageError("--search needs a text to look for.")
        found = _result_of(self.graph.search_refs(text), show.REFERENCE)
        found.known = bool(found.items)
        return found

    def unresolved(self, value: str) -> QueryResult:
        if not value:
            return _result_of(self.graph.unresolved_calls(), show.CALL)
        path, nearest = self._resolve_path(value)
        if not path:
            return QueryResult((), known=False, nearest=nearest)
        return _result_of(self.graph.unresolved_calls(path), show.CALL)

    # -- tests and coverage ------------------------------------------------------------------------------------------

    def tests_for(self, name: str) -> QueryResult:
        matches = self._find_each_once(name)
        if matches and all(ref.symbol.kind == "module" for ref in matches):
            return self.tests_for_module(name)
        return self._query_symbols(
            name, lambda: self.graph.tests_for_symbol(name, limit_seconds=self.limit_seconds), show.TEST_LINK
        )

    def tests_for_module(self, module: str) -> QueryResult:
        if not self._is_module(module):
            return QueryResult((), known=False, nearest=self._nearest_modules(module))
        return _result_of(self.graph.tests_for_module(module), show.TEST_LINK)

    def pytest_nodes(self, _: str) -> QueryResult:
        return _result_of(self.graph.test_nodes(), show.TEST_NODE)

    def coverage_xml(self, value: str) -> QueryResult:
        file = self.cwd / value
        try:
            unmatched = self.graph.attach_coverage_from_xml(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read ({error.strerror or error}); `coverage xml` writes it.") from error
        except ValueError as error:
            raise UsageError(f"{file}: {error}") from error
        reason = f"{len(unmatched)} files of the report are none of the workspace's" if unmatched else ""
        return QueryResult(
            (), complete=not unmatched, reason=reason, extra={"file": str(file), "unmatched": list(unmatched)}
        )

    def coverage_of(self, name: str) -> QueryResult:
        found = self._query_symbols(name, lambda: self.graph.coverage_of(name), show.COVERED)
        found.items = [show.Covered(*item) for item in found.items]
        counted = {item.ref.path for item in found.items}
        missing = [path for path in dict.fromkeys(r.path for r in found.matches) if path not in counted]
        if missing:
            found.reason = f"the report does not have {', '.join(missing)}"
        return found

    # -- modules -----------------------------------------------------------------------------------------------------

    def module_deps(self, module: str) -> QueryResult:
        if module and not self._is_module(module):
            return QueryResult((), known=False, nearest=self._nearest_modules(module))
        pairs = self.graph.module_deps(module or None)
        places = {importing: self.graph.import_places(importing) for importing in {a for a, _, _ in pairs}}
        return QueryResult(
            [show.Dependency(*places[a].get(b, ("", 0)), a, b, inside) for a, b, inside in pairs], show.DEPENDENCY
        )

    def _is_module(self, module: str) -> bool:
        return bool(self.graph.facts_of_module(module)) or self.graph.view.has_package(module)

    def _nearest_modules(self, module: str) -> list[str]:
        modules = {row.module for row in self.graph.store.files() if row.kind == "python" and row.module}
        tails = {name.rpartition(".")[2]: name for name in sorted(modules)}
        close = difflib.get_close_matches(module, modules, n=_MAX_NEAREST)
        close += [tails[t] for t in difflib.get_close_matches(module.rpartition(".")[2], tails, n=_MAX_NEAREST)]
        return list(dict.fromkeys(close))[:_MAX_NEAREST]

    # -- files -------------------------------------------------------------------------------------------------------

    def export(self, value: str) -> QueryResult:
        self.graph.export_json(self.cwd / value, self.progress, self.cancel)
        return self._export_result(value)

    def export_sqlite(self, value: str) -> QueryResult:
        self.graph.export_sqlite(self.cwd / value, self.progress, self.cancel)
        return self._export_result(value)

    def _export_result(self, value: str) -> QueryResult:
        from rich.filesize import decimal

        file = self.cwd / value
        size = file.stat().st_size
        return QueryResult((), head=[f"{file} written ({decimal(size)})"], extra={"file": str(file), "bytes": size})

    # -- names -------------------------------------------------------------------------------------------------------

    def _query_symbols(self, name: str, look: Callable[[], Listing | list[Any]], shape: Shape) -> QueryResult:
        """The result of `look` for a name that must be defined in the workspace."""
        matches = self._find_each_once(name)
        if not matches:
            return self._unknown_name(name)
        found = _result_of(look(), shape)
        found.matches = matches
        return found

    def _find_each_once(self, name: str) -> list[SymbolRef]:
        """The symbols of a name, each once: several subclasses may inherit one member."""
        found = self.graph.find_symbol(name)
        return list({(r.path, r.symbol.start, r.symbol.qualname, r.symbol.kind): r for r in found}.values())

    def _unknown_name(self, name: str) -> QueryResult:
        if "/" in name and ":" not in name:
            return QueryResult((), known=False, nearest=self._resolve_path(name)[1])
        bare = name.strip().removesuffix("()").rpartition(":")[2].rpartition(".")[2]
        return QueryResult((), known=False, nearest=self.graph.nearest_names(bare, _MAX_NEAREST) if bare else [])

    def _resolve_path(self, value: str) -> tuple[str, list[str]]:
        """(workspace path, []) of a file that is named relative to the root or to the working folder; else ("", nearest paths)."""
        from_root = os.path.normpath(value).replace(os.sep, "/")
        for path in (from_root, self._below_root(value)):
            if self.graph.view.row(path) is not None and self.graph.facts(path) is not None:
                return path, []
        paths = [row.path for row in self.graph.store.files()]
        name = from_root.rpartition("/")[2]
        same = [p for p in paths if p.rpartition("/")[2] == name]
        return "", (same or difflib.get_close_matches(from_root, paths, n=_MAX_NEAREST))[:_MAX_NEAREST]

    def _module_of(self, value: str) -> str:
        """The module of the Python file at this path; "" for anything else, and if the module's name is ambiguous."""
        if not value.endswith((".py", ".pyi", ".pyw")):
            return ""
        facts = self.graph.facts(path) if (path := self._resolve_path(value)[0]) else None
        return facts.module if facts is not None and len(self.graph.find_symbol(facts.module)) == 1 else ""

    def _below_root(self, value: str) -> str:
        try:
            return os.path.relpath(os.path.realpath(self.cwd / value), self.graph.root).replace(os.sep, "/")
        except ValueError:  # on another drive
            return ""


def _result_of(found: Listing | list[Any], shape: Shape) -> QueryResult:
    if isinstance(found, list):
        return QueryResult(found, shape)
    return QueryResult(found.items, shape, found.complete, found.reason)
