"""The queries of `pathline graph`: each asks the graph one thing and says how the answer is shown."""

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

_NEAREST = 5
LOOK_UP_SECONDS = (
    10.0  # that looking for the callers, references or tests of one name may take: who asks here waits for it
)
# Of these, the path of a file stands for its module, as shells complete it.
_OF_NAMES = frozenset(
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
    """One option of the command line with its argument; "" where it was given without one."""

    name: str
    value: str

    @property
    def key(self) -> str:
        return f"{self.name} {self.value}" if self.value else self.name


@dataclass
class Found:
    """The answer to one query. `known`: what it asks about is in the workspace; else `nearest` has names that look like it.

    `meant` are the symbols that a name stands for; `extra` is more for the JSON object; `lines` replace those of `items`.
    """

    items: Sequence[Any]
    shape: Shape = show.SYMBOL
    complete: bool = True
    reason: str = ""
    known: bool = True
    nearest: list[str] = field(default_factory=list)
    meant: list[SymbolRef] = field(default_factory=list)
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
            "symbols": [show.place_dict(r) for r in self.meant],
            **self.extra,
        }

    def to_lines(self) -> Iterator[Line]:
        if self.lines is not None:
            yield from self.lines()
        else:
            yield from (self.shape.to_line(item) for item in self.items)


@dataclass
class Asker:
    """Answers queries about one graph. `cwd` is where the user stands, for paths that are named from there; `limit_seconds` what the
    callers, references or tests of one name may take."""

    graph: CodeGraph
    cwd: Path
    cancel: CancelToken | None = None
    progress: Progress | None = None  # of exports
    limit_seconds: float = LOOK_UP_SECONDS

    def ask(self, query: Query) -> Found:
        """Raises `PathlineError`."""
        value = query.value
        if query.name in _OF_NAMES and (module := self._module_of(value)):
            value = module
        found: Found = getattr(self, query.name.replace("-", "_"))(value)
        return found

    # -- symbols -----------------------------------------------------------------------------------------------------

    def dump(self, _: str) -> Found:
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
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        head = [
            f"{files:,} files, {len(facts):,} of them Python with {summary['lines']:,} lines: {told}",
            f"{summary['imports']:,} imports, {summary['calls']:,} calls",
        ]
        shape = Shape(self._module_dict, lambda f: Line(f.path, 1, f.module))

        def lines() -> Iterator[Line]:
            for one in facts:
                yield from self._module_lines(one)

        return Found(facts, shape, head=head, extra={"summary": summary}, lines=lines)

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

    def defs_in(self, value: str) -> Found:
        path, nearest = self._path(value)
        paths = [path] if path else [facts.path for facts in self.graph.facts_of_module(value)]
        if not paths:
            return Found((), known=False, nearest=nearest)
        return Found([ref for one in paths for ref in self.graph.defs_in(one)])

    def find(self, name: str) -> Found:
        found = self._find(name)
        return Found(found) if found else self._unknown(name)

    def owners_of(self, name: str) -> Found:
        return self._about(name, lambda: self.graph.owners_of(name), show.SYMBOL)

    # -- calls and references ----------------------------------------------------------------------------------------

    def calls_of(self, name: str) -> Found:
        return self._about(name, lambda: self.graph.calls_of(name), show.CALL)

    def who_calls(self, name: str) -> Found:
        found = self._about(name, lambda: self.graph.who_calls(name, limit_seconds=self.limit_seconds), show.CALLER)
        found.items = list(dict.fromkeys(found.items))  # a call may be one of several that the name stands for
        return found

    def refs_of(self, name: str) -> Found:
        return self._about(name, lambda: self.graph.refs_of(name, self.limit_seconds), show.REFERENCE)

    def search(self, text: str) -> Found:
        if not text.strip():
            raise UsageError("--search needs a text to look for.")
        found = _listed(self.graph.search_refs(text), show.REFERENCE)
        found.known = bool(found.items)
        return found

    def unresolved(self, value: str) -> Found:
        if not value:
            return _listed(self.graph.unresolved_calls(), show.CALL)
        path, nearest = self._path(value)
        if not path:
            return Found((), known=False, nearest=nearest)
        return _listed(self.graph.unresolved_calls(path), show.CALL)

    # -- tests and coverage ------------------------------------------------------------------------------------------

    def tests_for(self, name: str) -> Found:
        meant = self._find(name)
        if meant and all(ref.symbol.kind == "module" for ref in meant):
            return self.tests_for_module(name)
        return self._about(
            name, lambda: self.graph.tests_for_symbol(name, limit_seconds=self.limit_seconds), show.TEST_LINK
        )

    def tests_for_module(self, module: str) -> Found:
        if not self._is_module(module):
            return Found((), known=False, nearest=self._nearest_modules(module))
        return _listed(self.graph.tests_for_module(module), show.TEST_LINK)

    def pytest_nodes(self, _: str) -> Found:
        return _listed(self.graph.test_nodes(), show.TEST_NODE)

    def coverage_xml(self, value: str) -> Found:
        file = self.cwd / value
        try:
            unmatched = self.graph.attach_coverage_from_xml(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read ({error.strerror or error}); `coverage xml` writes it.") from error
        except ValueError as error:
            raise UsageError(f"{file}: {error}") from error
        reason = f"{len(unmatched)} files of the report are none of the workspace's" if unmatched else ""
        return Found((), complete=not unmatched, reason=reason, extra={"file": str(file), "unmatched": list(unmatched)})

    def coverage_of(self, name: str) -> Found:
        found = self._about(name, lambda: self.graph.coverage_of(name), show.COVERED)
        found.items = [show.Covered(*item) for item in found.items]
        counted = {item.ref.path for item in found.items}
        missing = [path for path in dict.fromkeys(r.path for r in found.meant) if path not in counted]
        if missing:
            found.reason = f"the report does not have {', '.join(missing)}"
        return found

    # -- modules -----------------------------------------------------------------------------------------------------

    def module_deps(self, module: str) -> Found:
        if module and not self._is_module(module):
            return Found((), known=False, nearest=self._nearest_modules(module))
        pairs = self.graph.module_deps(module or None)
        places = {importing: self.graph.import_places(importing) for importing in {a for a, _, _ in pairs}}
        return Found(
            [show.Dependency(*places[a].get(b, ("", 0)), a, b, inside) for a, b, inside in pairs], show.DEPENDENCY
        )

    def _is_module(self, module: str) -> bool:
        return bool(self.graph.facts_of_module(module)) or self.graph.view.has_package(module)

    def _nearest_modules(self, module: str) -> list[str]:
        modules = {row.module for row in self.graph.store.files() if row.kind == "python" and row.module}
        tails = {name.rpartition(".")[2]: name for name in sorted(modules)}
        close = difflib.get_close_matches(module, modules, n=_NEAREST)
        close += [tails[t] for t in difflib.get_close_matches(module.rpartition(".")[2], tails, n=_NEAREST)]
        return list(dict.fromkeys(close))[:_NEAREST]

    # -- files -------------------------------------------------------------------------------------------------------

    def export(self, value: str) -> Found:
        self.graph.export_json(self.cwd / value, self.progress, self.cancel)
        return self._exported(value)

    def export_sqlite(self, value: str) -> Found:
        self.graph.export_sqlite(self.cwd / value, self.progress, self.cancel)
        return self._exported(value)

    def _exported(self, value: str) -> Found:
        from rich.filesize import decimal

        file = self.cwd / value
        size = file.stat().st_size
        return Found((), head=[f"{file} written ({decimal(size)})"], extra={"file": str(file), "bytes": size})

    # -- names -------------------------------------------------------------------------------------------------------

    def _about(self, name: str, look: Callable[[], Listing | list[Any]], shape: Shape) -> Found:
        """What `look` finds about a symbol that must exist."""
        meant = self._find(name)
        if not meant:
            return self._unknown(name)
        found = _listed(look(), shape)
        found.meant = meant
        return found

    def _find(self, name: str) -> list[SymbolRef]:
        """What a name stands for, each once: several subclasses may inherit one member."""
        found = self.graph.find_symbol(name)
        return list({(r.path, r.symbol.start, r.symbol.qualname, r.symbol.kind): r for r in found}.values())

    def _unknown(self, name: str) -> Found:
        if "/" in name and ":" not in name:
            return Found((), known=False, nearest=self._path(name)[1])
        bare = name.strip().removesuffix("()").rpartition(":")[2].rpartition(".")[2]
        return Found((), known=False, nearest=self.graph.nearest_names(bare, _NEAREST) if bare else [])

    def _path(self, value: str) -> tuple[str, list[str]]:
        """The path in the workspace of a file that may be named from its root or from where the user stands; ("", nearest)."""
        from_root = os.path.normpath(value).replace(os.sep, "/")
        for path in (from_root, self._below_root(value)):
            if self.graph.view.row(path) is not None and self.graph.facts(path) is not None:
                return path, []
        paths = [row.path for row in self.graph.store.files()]
        name = from_root.rpartition("/")[2]
        same = [p for p in paths if p.rpartition("/")[2] == name]
        return "", (same or difflib.get_close_matches(from_root, paths, n=_NEAREST))[:_NEAREST]

    def _module_of(self, value: str) -> str:
        """The module of a Python file that is named by its path; "" for everything else, and where something else has its name, too."""
        if not value.endswith((".py", ".pyi", ".pyw")):
            return ""
        facts = self.graph.facts(path) if (path := self._path(value)[0]) else None
        return facts.module if facts is not None and len(self.graph.find_symbol(facts.module)) == 1 else ""

    def _below_root(self, value: str) -> str:
        try:
            return os.path.relpath(os.path.realpath(self.cwd / value), self.graph.root).replace(os.sep, "/")
        except ValueError:  # on another drive
            return ""


def _listed(found: Listing | list[Any], shape: Shape) -> Found:
    if isinstance(found, list):
        return Found(found, shape)
    return Found(found.items, shape, found.complete, found.reason)
