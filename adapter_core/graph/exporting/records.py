"""Everything that a graph knows, as plain records: dictionaries of numbers, texts and lists, table by table.

Their meaning is described in docs/graph-export.md. Ids are assigned in the order of paths and lines, and records contain nothing volatile,
so the same files give the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from ...types import Call, CallSite, CancelToken, Listing, ModuleFacts, Symbol, SymbolRef, check_cancelled
from ..finding import lookup
from ..linking.inference import Inference
from ..linking.names.modules import resolved_module
from ..snapshot.documents import Document
from ..storage.store import Store

# (done, total, the file that is worked on)
Progress = Callable[[int, int, str], None]
Record = dict[str, Any]


class Graph(Protocol):
    """The part of `CodeGraph` that is read."""

    root: Path
    name: str
    store: Store
    inference: Inference

    @property
    def completeness(self) -> tuple[bool, str]: ...

    def document(self, path: str) -> Document | None: ...

    def facts(self, path: str) -> ModuleFacts | None: ...

    def facts_of_module(self, module: str) -> list[ModuleFacts]: ...

    def ref(self, facts: ModuleFacts, index: int) -> SymbolRef: ...

    def site(self, facts: ModuleFacts, call: Call) -> CallSite: ...

    def implicit_calls(self, path: str) -> Listing: ...

    def overridden_by(self, method: SymbolRef) -> list[SymbolRef]: ...

    def test_nodes(self) -> Listing: ...


class Records:
    """One pass over a graph. Read the tables in the order given here: the ids of lambdas are known after the calls."""

    def __init__(self, graph: Graph, progress: Progress | None = None, cancel: CancelToken | None = None) -> None:
        self._graph = graph
        self._progress = progress
        self._cancel = cancel
        self._paths: list[str] = []
        self._file_ids: dict[str, int] = {}
        self._first_symbol_id: dict[str, int] = {}  # of each file: the id of its first symbol
        self._indexes: dict[str, dict[tuple[str, int, str], int]] = {}
        self._lambdas: dict[tuple[str, int, int], Record] = {}
        self._problems = {row.path: row.problem for row in graph.store.files()}
        self._incomplete: list[str] = []
        self._next_id = 1
        self._done = 0
        self._total = 3 * len(self._problems)  # each file is read once, and linked twice
        graph.inference.incomplete = False

    def tables(self) -> Iterator[tuple[str, Iterator[Record]]]:
        """Name and records of each table. Raises `Cancelled`."""
        self._number()
        yield "files", self._files()
        yield "symbols", self._symbols()
        yield "imports", self._imports()
        yield "inheritance", self._inheritance()
        yield "overrides", self._overrides()
        yield "calls", self._calls()
        yield "implicit_calls", self._implicit_calls()
        yield "lambdas", iter(self._lambdas.values())
        yield "tests", self._tests()
        if self._progress is not None:
            self._progress(self._total, self._total, "")

    def completeness(self) -> tuple[bool, str]:
        """Whether the records are complete, and the reason if not; known when the last table has been read."""
        complete, reason = self._graph.completeness
        reasons = [reason] if reason else []
        if self._graph.inference.incomplete:
            reasons.append("some of it is too entangled to be followed to its end")
        reasons += self._incomplete
        return complete and len(reasons) == bool(reason), "; ".join(dict.fromkeys(reasons))

    # -- steps -------------------------------------------------------------------------------------------------------

    def _number(self) -> None:
        """Assign an id to every symbol, so that references can be written first."""
        for path in sorted(self._problems):
            self._step(path)
            facts = self._graph.facts(path)
            if facts is None or self._graph.document(path) is None:
                continue  # vanished since it was indexed
            self._paths.append(path)
            self._file_ids[path] = len(self._paths)
            self._first_symbol_id[path] = self._next_id
            self._next_id += len(facts.symbols)

    def _step(self, path: str) -> None:
        self._check()
        if self._progress is not None:
            self._progress(self._done, self._total, path)
        self._done += 1

    def _check(self) -> None:
        check_cancelled(self._cancel, "The export was stopped; the target is as it was.")

    def _all_facts(self) -> Iterator[ModuleFacts]:
        for path in self._paths:
            self._check()
            facts = self._graph.facts(path)
            if facts is not None:
                yield facts

    # -- tables ------------------------------------------------------------------------------------------------------

    def _files(self) -> Iterator[Record]:
        for facts in self._all_facts():
            document = self._graph.document(facts.path)
            # In this one line, problems with the bytes come first, and those of the parser last.
            decoding_problem = self._problems[facts.path].removesuffix("; ".join(facts.problems)).removesuffix("; ")
            yield {
                "id": self._file_ids[facts.path],
                "path": facts.path,
                "kind": "python" if self._is_python(facts) else "text",
                "module": facts.module if self._is_python(facts) else None,
                "sha256": document.sha256 if document is not None else "",
                "lines": facts.line_count,
                "problems": [*([decoding_problem] if decoding_problem else []), *facts.problems],
            }

    def _symbols(self) -> Iterator[Record]:
        for facts in self._all_facts():
            for index, symbol in enumerate(facts.symbols):
                yield self._symbol(facts, self._first_symbol_id[facts.path] + index, symbol)

    def _symbol(self, facts: ModuleFacts, number: int, symbol: Symbol) -> Record:
        ref = SymbolRef(self._graph.name, facts.path, facts.module, symbol)
        return {
            "id": number,
            "file": self._file_ids[facts.path],
            "parent": self._first_symbol_id[facts.path] + symbol.parent
            if symbol.parent >= 0 and symbol.kind != "module"
            else None,
            **symbol_record(ref),
            "parameters": [p._asdict() for p in symbol.parameters],
            "returns": symbol.returns,
            "decorators": list(symbol.decorators),
            "bases": list(symbol.bases),
            "docstring": symbol.docstring,
            "conditional": symbol.conditional,
        }

    def _imports(self) -> Iterator[Record]:
        for facts in self._all_facts():
            for item in facts.imports:
                target = resolved_module(self._graph.inference, facts, item)
                yield {
                    "file": self._file_ids[facts.path],
                    "owner": self._first_symbol_id[facts.path] + item.owner,
                    "line": item.line,
                    "module": "." * item.level + item.module,
                    "name": item.name,
                    "alias": item.alias,
                    "target": target,
                    "target_file": self._file_imported(target, item.name),
                    "conditional": item.conditional,
                    "typing_only": item.typing_only,
                }

    def _file_imported(self, module: str, name: str | None) -> int | None:
        """The file that an import reads: that of the submodule, where the name is one."""
        for dotted in (f"{module}.{name}", module) if name else (module,):
            for facts in self._graph.facts_of_module(dotted):
                if facts.path in self._file_ids:
                    return self._file_ids[facts.path]
        return None

    def _inheritance(self) -> Iterator[Record]:
        for facts in self._all_facts():
            for index, symbol in enumerate(facts.symbols):
                for position, text in enumerate(symbol.bases):
                    # Of `Generic[T]` the class is `Generic`.
                    values = self._graph.inference.infer_text(
                        facts.path, max(symbol.parent, 0), text.partition("[")[0], symbol.start
                    )
                    classes = sorted(
                        (v.path, v.index) for v in values if v.kind == "class" and v.path in self._first_symbol_id
                    )
                    outside = sorted({v.path for v in values if v.kind == "external"})
                    edges: list[tuple[int | None, str | None]] = [
                        (self._first_symbol_id[p] + i, None) for p, i in classes
                    ]
                    edges += [(None, name) for name in outside]
                    for base, external in edges or [(None, None)]:
                        yield {
                            "class": self._first_symbol_id[facts.path] + index,
                            "position": position,
                            "text": text,
                            "base": base,
                            "external": external,
                        }

    def _overrides(self) -> Iterator[Record]:
        for facts in self._all_facts():
            for index, symbol in enumerate(facts.symbols):
                if symbol.kind not in ("method", "property") or lookup.implementation(facts, index) != index:
                    continue
                replaced = self._graph.overridden_by(self._graph.ref(facts, index))
                for distance, ref in enumerate(replaced, 1):
                    number = self._id_of(ref)
                    if number is not None:
                        yield {
                            "method": self._first_symbol_id[facts.path] + index,
                            "overridden": number,
                            "distance": distance,
                        }

    def _calls(self) -> Iterator[Record]:
        number = 0
        for facts in self._all_facts():
            self._step(facts.path)
            for call in facts.calls:
                number += 1
                site = self._graph.site(facts, call)
                yield {
                    "id": number,
                    "file": self._file_ids[facts.path],
                    "owner": self._first_symbol_id[facts.path] + call.owner,
                    "line": call.line,
                    "callee": call.callee,
                    "start": call.start,
                    "end": call.end,
                    "form": call.form,
                    "resolution": resolution(site),
                    "targets": self._ids_of(site.targets),
                    "enters": self._ids_of(site.enters),
                    "external": list(site.external),
                }

    def _implicit_calls(self) -> Iterator[Record]:
        number = 0
        for facts in self._all_facts():
            self._step(facts.path)
            with self._graph.inference.tracking_incomplete():
                # That a file does not parse is listed among its problems.
                listing = self._graph.implicit_calls(facts.path)
            for site in listing.items:
                number += 1
                yield {
                    "id": number,
                    "file": self._file_ids[facts.path],
                    "owner": self._id_of(site.caller),
                    "line": site.span.start,
                    "last_line": site.span.end,
                    "implicit": site.implicit,
                    "callee": site.callee,
                    "deferred": site.deferred,
                    "targets": self._ids_of(site.targets),
                    "enters": self._ids_of(site.enters),
                }

    def _tests(self) -> Iterator[Record]:
        nodes = self._graph.test_nodes()
        if not nodes.complete:
            self._incomplete.append(nodes.reason or "not all tests can be told from the text")
        for node in nodes.items:
            self._check()
            yield {
                "node_id": node.node_id,
                "file": self._file_ids.get(node.path),
                "symbol": self._id_at(node.path, node.qualname, node.start),
                "qualname": node.qualname,
                "start": node.start,
                "end": node.end,
                "parameters_known": node.parameters_known,
                "fixtures": list(node.fixtures),
                "conditional": node.conditional,
            }

    # -- ids ---------------------------------------------------------------------------------------------------------

    def _ids_of(self, refs: tuple[SymbolRef, ...]) -> list[int]:
        return [number for ref in refs if (number := self._id_of(ref)) is not None]

    def _id_of(self, ref: SymbolRef) -> int | None:
        """The id of a symbol; a lambda, which is not in the facts, gets one on first use."""
        if ref.path not in self._first_symbol_id:
            return None
        index = self._index(ref.path).get((ref.symbol.qualname, ref.symbol.start, ref.symbol.kind))
        if index is not None:
            return self._first_symbol_id[ref.path] + index
        if ref.symbol.name != "<lambda>":
            return None
        key = (ref.path, ref.symbol.start, ref.symbol.name_column)
        facts = self._graph.facts(ref.path)
        if key not in self._lambdas and facts is not None:
            self._lambdas[key] = self._symbol(facts, self._next_id, ref.symbol)
            self._next_id += 1
        number: int = self._lambdas[key]["id"]
        return number

    def _id_at(self, path: str, qualname: str, start: int) -> int | None:
        """The id of a function by its name and first line."""
        for kind in ("function", "method", "property"):
            index = self._index(path).get((qualname, start, kind))
            if index is not None:
                return self._first_symbol_id[path] + index
        return None

    def _index(self, path: str) -> dict[tuple[str, int, str], int]:
        if path not in self._indexes:
            facts = self._graph.facts(path) if path in self._first_symbol_id else None
            found: dict[tuple[str, int, str], int] = {}
            for index, symbol in enumerate(facts.symbols if facts else ()):
                found.setdefault((symbol.qualname, symbol.start, symbol.kind), index)
            self._indexes[path] = found
        return self._indexes[path]

    @staticmethod
    def _is_python(facts: ModuleFacts) -> bool:
        return facts.path.lower().endswith((".py", ".pyi", ".pyw"))


def symbol_record(ref: SymbolRef) -> Record:
    """The names and place of a symbol."""
    symbol = ref.symbol
    return {
        "name": symbol.name,
        "qualname": symbol.qualname,
        "full_name": ref.full_name,
        "kind": symbol.kind,
        "start": symbol.start,
        "end": symbol.end,
        "name_line": symbol.name_line,
        "name_column": symbol.name_column,
        "signature": symbol.signature,
        "visibility": symbol.visibility,
        "traits": list(symbol.traits),
    }


def resolution(site: CallSite, otherwise: str = "unresolved") -> str:
    """How a call was resolved: "resolved" in the workspace, "external", or `otherwise` ("unresolved", "by_name")."""
    return "resolved" if site.resolved else "external" if site.external else otherwise
