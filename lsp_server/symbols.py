"""Resolve the symbol at a position, and convert locations of the workspace to LSP ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter_core.types import CancelToken, SymbolRef

from .positions import to_units

if TYPE_CHECKING:
    from adapter_core import CodeGraph
    from adapter_core.engine import Inspection, JediClient

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_RECEIVER = re.compile(r"(?:super\(\)|[^\W\d]\w*)(?:\.[^\W\d]\w*)*\.\Z")


@dataclass(frozen=True, slots=True)
class Word:
    """The identifier at a position.

    `dotted` includes its receiver (`self.app.run`); None if that is a call or an index, which the text does not resolve.
    """

    name: str
    dotted: str | None
    column: int

    @property
    def is_attribute(self) -> bool:
        return self.dotted != self.name


@dataclass(frozen=True, slots=True)
class ResolvedSymbol:
    """`certain`: traced by scope, import or inference; otherwise the only symbol of that name. `others`: further symbols that it may be,
    depending on control flow."""

    ref: SymbolRef
    certain: bool
    others: tuple[SymbolRef, ...] = ()


def word_at(line: str, column: int) -> Word | None:
    """The identifier at a column: one that contains it or ends at it."""
    for match in _IDENTIFIER.finditer(line):
        if match.start() <= column <= match.end():
            before = line[: match.start()]
            receiver = _RECEIVER.search(before)
            if receiver is None:
                return Word(match[0], None if before.endswith(".") else match[0], match.start())
            preceded = before[: receiver.start()]
            dotted = None if preceded.endswith((".", ")", "]")) else receiver[0] + match[0]
            return Word(match[0], dotted, match.start())
    return None


def symbol_at(
    graph: CodeGraph,
    path: str,
    line: int,
    column: int,
    jedi: JediClient | None = None,
    cancel: CancelToken | None = None,
) -> ResolvedSymbol | None:
    """The workspace symbol that the identifier at `line` (1-based) and `column` names.

    With `jedi`, type inference is used if the text does not resolve it; that may take its time limit.
    """
    document = graph.document(path)
    if document is None or not 1 <= line <= len(document.lines):
        return None
    word = word_at(document.lines[line - 1], column)
    if word is None:
        return None
    definition = graph.symbol_at(path, line, column)
    if definition is not None and _is_definition_of(definition, line, word):
        return ResolvedSymbol(definition, True)
    if word.dotted is not None:
        begins = word.column + len(word.name) - len(word.dotted)
        refs = graph.resolve(path, line, word.dotted, begins)
        # A name may be bound to a symbol of another name; a reader expects one of the same name first.
        refs.sort(key=lambda ref: ref.symbol.name != word.name)
        if refs:
            return ResolvedSymbol(refs[0], True, tuple(refs[1:]))
    if jedi is not None:
        found, _ = inferred_at(graph, path, line, column, jedi, cancel)
        if found is not None:
            return found
    if word.is_attribute:
        # `x.dispatch` with an unknown `x`: when the workspace has one `dispatch`, that is the one to show, and to say
        # how sure.
        members = [
            ref
            for ref in graph.find_symbol(word.name)
            if ref.symbol.kind in ("method", "property", "function", "class")
        ]
        if len(members) == 1:
            return ResolvedSymbol(members[0], False)
    return None


def inferred_at(
    graph: CodeGraph,
    path: str,
    line: int,
    column: int,
    jedi: JediClient,
    cancel: CancelToken | None = None,
    limit: float | None = None,
) -> tuple[ResolvedSymbol | None, Inspection | None]:
    """Type inference for the identifier at a position: (the workspace's symbol or None, the whole inspection).

    None and None where there is no identifier. May take `limit` seconds, or the client's own limit.
    """
    document = graph.document(path)
    if document is None or not 1 <= line <= len(document.lines):
        return None, None
    word = word_at(document.lines[line - 1], column)
    if word is None:
        return None, None
    folders = graph.store.roots().folders
    inspection = jedi.inspect(graph.root, path, document.text, line, word.column, cancel, folders=folders, limit=limit)
    for place in inspection.definitions:
        found = graph.symbol_at(place.path, place.line, place.column)
        if found is not None and found.symbol.name == place.name and found.symbol.name_line == place.line:
            return ResolvedSymbol(found, True), inspection
    return None, inspection


def _is_definition_of(ref: SymbolRef, line: int, word: Word) -> bool:
    symbol = ref.symbol
    return symbol.name_line == line and symbol.name_column == word.column and symbol.name == word.name


def zoom_name(graph: CodeGraph, ref: SymbolRef) -> str | None:
    """A name with which `CodeGraph.find_symbol` finds this symbol; None if there is none."""
    for name in (f"{ref.path}:{ref.symbol.qualname}", ref.full_name):
        for found in graph.find_symbol(name)[:1]:
            if found.path == ref.path and (found.symbol.start == ref.symbol.start or "overload" in ref.symbol.traits):
                return name
    return None


def line_range(graph: CodeGraph, path: str, start: int, end: int, encoding: str) -> dict[str, Any]:
    """The LSP range of whole lines `start..end` (1-based): from column 0 of the first to the end of the last."""
    document = graph.document(path)
    last = document.lines[end - 1] if document is not None and 1 <= end <= len(document.lines) else ""
    return {
        "start": {"line": start - 1, "character": 0},
        "end": {"line": end - 1, "character": to_units(last, len(last), encoding)},
    }


def name_range(graph: CodeGraph, ref: SymbolRef, encoding: str) -> dict[str, Any]:
    """The LSP range of a symbol's name where it is defined."""
    symbol = ref.symbol
    document = graph.document(ref.path)
    known = document is not None and 1 <= symbol.name_line <= len(document.lines)
    line = document.lines[symbol.name_line - 1] if document is not None and known else ""
    first, last = symbol.name_column, symbol.name_column + len(symbol.name)
    return {
        "start": {"line": symbol.name_line - 1, "character": to_units(line, first, encoding)},
        "end": {"line": symbol.name_line - 1, "character": to_units(line, last, encoding)},
    }
