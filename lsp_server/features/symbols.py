"""`textDocument/documentSymbol` and `workspace/symbol`, from the index and the open documents."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from lsprotocol import types

from adapter_core.types import Symbol, SymbolRef

from ..session import Snapshot
from ..symbols import line_range, name_range

if TYPE_CHECKING:
    from adapter_core import CodeGraph

    from ..server import PathlineServer

T = TypeVar("T")

_BUDGET_SECONDS = 2.0
_MAX_RESULTS = 200
_MAX_NAMES = 100

_KINDS = {
    "module": types.SymbolKind.Module,
    "class": types.SymbolKind.Class,
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "property": types.SymbolKind.Property,
    "variable": types.SymbolKind.Variable,
    "constant": types.SymbolKind.Constant,
    "field": types.SymbolKind.Field,
    "enum_member": types.SymbolKind.EnumMember,
    "type_alias": types.SymbolKind.Interface,
    "section": types.SymbolKind.String,
}


def register(server: PathlineServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def document_symbol(
        params: types.DocumentSymbolParams,
    ) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
        uri = params.text_document.uri
        snapshot = server.session.snapshot(uri)
        if snapshot.client.nested_symbols:
            return await server.run_within(lambda _: document_symbols(snapshot, uri), _BUDGET_SECONDS)
        return await server.run_within(lambda _: flat_symbols(snapshot, uri), _BUDGET_SECONDS)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def workspace_symbol(params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation] | None:
        snapshot = server.session.snapshot()
        return await server.run_within(lambda stop: workspace_symbols(snapshot, params.query, stop), _BUDGET_SECONDS)


def document_symbols(snapshot: Snapshot, uri: str) -> list[types.DocumentSymbol] | None:
    def told(graph: CodeGraph, refs: dict[int, SymbolRef]) -> list[types.DocumentSymbol]:
        symbols = {index: _document_symbol(graph, ref, snapshot.encoding) for index, ref in refs.items()}
        return nested(symbols, {index: ref.symbol.parent for index, ref in refs.items()})

    return _of_document(snapshot, uri, told)


def flat_symbols(snapshot: Snapshot, uri: str) -> list[types.SymbolInformation] | None:
    """The symbols of a document for a client that takes no nested ones."""

    def told(graph: CodeGraph, refs: dict[int, SymbolRef]) -> list[types.SymbolInformation]:
        return [_symbol_information(graph, ref, uri, snapshot.encoding) for ref in refs.values()]

    return _of_document(snapshot, uri, told)


def _of_document(snapshot: Snapshot, uri: str, told: Callable[[CodeGraph, dict[int, SymbolRef]], T]) -> T | None:
    """What is told of the symbols of a document, which are given by their index; None for one that is in no folder."""
    place = snapshot.place(uri)
    if place is None:
        return None
    with snapshot.graph(place.root, place.path) as graph:
        facts = graph.facts(place.path)
        if facts is None:
            return None
        return told(graph, {index: graph.ref(facts, index) for index in range(1, len(facts.symbols))})


def nested(symbols: dict[int, types.DocumentSymbol], parents: dict[int, int]) -> list[types.DocumentSymbol]:
    """The top-level symbols; all others become children of their parent."""
    top: list[types.DocumentSymbol] = []
    children: defaultdict[int, list[types.DocumentSymbol]] = defaultdict(list)
    for index, item in symbols.items():
        (children[parents[index]] if parents[index] in symbols else top).append(item)
    for index, items in children.items():
        symbols[index].children = items
    return top


def _document_symbol(graph: CodeGraph, ref: SymbolRef, encoding: str) -> types.DocumentSymbol:
    symbol = ref.symbol
    whole = _range(line_range(graph, ref.path, symbol.start, symbol.end, encoding))
    name = _range(name_range(graph, ref, encoding))
    inside = whole.start <= name.start and name.end <= whole.end
    return types.DocumentSymbol(
        symbol.name or "?", kind_of(symbol), whole, name if inside else types.Range(whole.start, whole.start),
        detail=symbol.signature or None,
    )  # fmt: skip


def workspace_symbols(snapshot: Snapshot, query: str, stop: threading.Event) -> list[types.SymbolInformation]:
    """Symbols whose name contains the letters of the query in order; the closest names first.

    Of a dotted query (`Cart.total`) the last part matches the name, and the rest its container.
    """
    owner, _, last = "".join(query.lower().split()).rpartition(".")
    letters = last or owner.rpartition(".")[2]
    if not letters:
        return []
    # By name, of all folders together, so that an exact match in one comes before a weak one in another.
    found: defaultdict[str, list[types.SymbolInformation]] = defaultdict(list)
    for root in snapshot.roots:
        with snapshot.graph(root) as graph:
            for name, ref in islice(_matches(graph, letters, owner if last else "", stop), _MAX_RESULTS):
                uri = snapshot.uri_of(root, ref.path)
                found[name].append(_symbol_information(graph, ref, uri, snapshot.encoding))
    return [item for name in _closest(set(found), letters) for item in found[name]][:_MAX_RESULTS]


def _matches(graph: CodeGraph, letters: str, owner: str, stop: threading.Event) -> Iterator[tuple[str, SymbolRef]]:
    """The symbols by the closest names, with their names; with `owner`, those whose container has its letters in order."""
    for name in _closest(_matching_names(graph, letters), letters):
        # Thousands of classes may define a name (`__init__`): no more are looked up than are returned.
        for ref in graph.find_symbol(name, None if owner else _MAX_RESULTS):
            if stop.is_set():
                return
            if not owner or _contains_in_order(ref.full_name.rpartition(".")[0], owner):
                yield name, ref


def _matching_names(graph: CodeGraph, letters: str) -> set[str]:
    opened = (ref.symbol.name for path in graph.documents.open_texts for ref in graph.defs_in(path))
    return {
        name
        for name in (*graph.store.all_names(), *opened)
        if name.isidentifier() and _contains_in_order(name, letters)
    }


def _closest(names: set[str], letters: str) -> list[str]:
    return sorted(names, key=lambda name: (_distance(name.lower(), letters), len(name), name))[:_MAX_NAMES]


def _contains_in_order(name: str, letters: str) -> bool:
    rest = iter(name.lower())
    return all(letter in rest for letter in letters)


def _distance(name: str, letters: str) -> int:
    return 0 if name == letters else 1 if name.startswith(letters) else 2 if letters in name else 3


def _symbol_information(graph: CodeGraph, ref: SymbolRef, uri: str, encoding: str) -> types.SymbolInformation:
    location = types.Location(uri, _range(name_range(graph, ref, encoding)))
    container = ref.full_name.rpartition(".")[0] if ref.symbol.kind != "section" else ref.path
    return types.SymbolInformation(location, ref.symbol.name, kind_of(ref.symbol), container_name=container or None)


def kind_of(symbol: Symbol) -> types.SymbolKind:
    return _KINDS.get(symbol.kind, types.SymbolKind.Variable)


def _range(value: dict[str, dict[str, int]]) -> types.Range:
    start, end = value["start"], value["end"]
    return types.Range(types.Position(start["line"], start["character"]), types.Position(end["line"], end["character"]))
