"""`textDocument/hover`: signature, first words of the docstring, where it is defined, and how many call it.

From the index and the open documents alone. It waits for no model, no jedi and no walk over the disk, and gives up
after a moment.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from adapter_core.errors import PathlineError
from adapter_core.types import SymbolRef

from ..documents import Document
from ..markdown import code_block, code_span, docstring_head
from ..positions import to_units
from ..session import Snapshot
from ..symbols import Found, symbol_at, word_at

if TYPE_CHECKING:
    from ..server import PathlineServer
    from ..workspace import Root

log = logging.getLogger(__name__)

_BUDGET_SECONDS = 1.0
_CALLERS_BUDGET_SECONDS = 0.5
# Above this many call sites of that name, they are counted and not traced.
_MAX_TRACED = 300


@dataclass(frozen=True, slots=True)
class Described:
    """What a hover says, but for the callers: those may take too long."""

    root: Root
    ref: SymbolRef
    body: str
    where: str
    range: types.Range | None


def register(server: PathlineServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        snapshot = server.session.snapshot()
        uri, position = params.text_document.uri, params.position
        described = await server.look_up(
            lambda _: describe(snapshot, uri, position.line, position.character), _BUDGET_SECONDS
        )
        if described is None:
            return None
        callers = await server.look_up(
            lambda _: callers_of(snapshot, described.root, described.ref), _CALLERS_BUDGET_SECONDS
        )
        text = f"{described.body}\n\n{' · '.join(filter(None, (described.where, callers)))}"
        kind = types.MarkupKind.Markdown if snapshot.client.markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, text), described.range)


def describe(snapshot: Snapshot, uri: str, line: int, units: int) -> Described | None:
    """The symbol at a position of an open document.

    None where there is none, or the document is none of the workspace's.
    """
    place, document = snapshot.place(uri), snapshot.document(uri)
    if place is None or document is None:
        return None
    column = document.column(line, units, snapshot.encoding)
    with snapshot.graph(place.root, place.path) as graph:
        found = symbol_at(graph, place.path, line + 1, column)
    if found is None:
        return None
    parts = [_signature(found.ref), docstring_head(found.ref.symbol.docstring)]
    return Described(
        place.root,
        found.ref,
        "\n\n".join(filter(None, parts)),
        _where(found),
        _word_range(document, line, column, snapshot.encoding),
    )


def callers_of(snapshot: Snapshot, root: Root, ref: SymbolRef) -> str:
    """How often a symbol is called, and how sure that is: calls through what the text does not show are never seen."""
    symbol = ref.symbol
    if symbol.kind not in ("class", "function", "method"):
        return ""
    called, call = ("constructed", "construction") if symbol.kind == "class" else ("called", "call")
    with snapshot.graph(root, ref.path) as graph:
        try:
            by_name = len(graph.view.paths_using(symbol.name))
            if by_name > _MAX_TRACED:
                return f"named in {by_name:,} files, calls not traced"
            calls = graph.who_calls(ref)
            indexed, _ = graph.completeness
        except PathlineError as error:
            log.warning("%s", error)
            return ""
    traced = sum(site.resolved for site in calls.items)
    named = len(calls.items) - traced
    if not traced and not named:
        return "no callers found" if indexed else "callers are not indexed yet"
    text = f"{called} in at least {_places(traced)}" if traced else f"no {call} traced"
    if named:
        text += f", by name perhaps in {_places(named)}{' more' if traced else ''}"
    return text if calls.complete and indexed else f"{text} (counted in part of the files)"


def _signature(ref: SymbolRef) -> str:
    symbol = ref.symbol
    if symbol.kind == "section":
        return code_block(symbol.qualname)
    decorators = [f"@{name}" for name in symbol.decorators if name in ("property", "classmethod", "staticmethod")]
    text = symbol.signature or (f"module {ref.module}" if symbol.kind == "module" else symbol.qualname)
    return code_block("\n".join([*decorators, text]), "python")


def _where(found: Found) -> str:
    ref = found.ref
    place = f"defined at {code_span(f'{ref.path}:{ref.symbol.name_line}')}"
    return place if found.certain else f"matched by name, the only one of this workspace: {place}"


def _places(count: int) -> str:
    return f"{count:,} place" if count == 1 else f"{count:,} places"


def _word_range(document: Document, line: int, column: int, encoding: str) -> types.Range | None:
    text = document.line(line)
    word = word_at(text, column)
    if word is None:
        return None
    first, last = to_units(text, word.column, encoding), to_units(text, word.column + len(word.name), encoding)
    return types.Range(types.Position(line, first), types.Position(line, last))
