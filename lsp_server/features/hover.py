"""`textDocument/hover`: signature, first words of the docstring, where it is defined, and how many call it.

From the index and the open documents. It waits for no model and no walk over the disk, and gives up after a moment. Where
they do not tell, type inference is asked, for a moment too; what it says, or that it was too late, is marked.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from adapter_core.engine import is_python
from adapter_core.errors import PathlineError
from adapter_core.types import SymbolRef

from ..documents import Document
from ..markdown import MARKDOWN, PLAIN_TEXT, Style, docstring_head
from ..positions import to_units
from ..session import ClientSupport, Snapshot
from ..symbols import Found, inferred_at, symbol_at, word_at

if TYPE_CHECKING:
    from adapter_core.engine import Inspection, JediClient

    from ..server import PathlineServer
    from ..workspace import Root

log = logging.getLogger(__name__)

_BUDGET_SECONDS = 1.0
_CALLERS_BUDGET_SECONDS = 0.3
_INFERENCE_SECONDS = 0.4  # of a text that was just edited it takes longer, goes on, and tells the next hover
# Above this many call sites of that name, they are counted and not traced.
_MAX_TRACED = 300
_MOST_OTHERS = 3
_CALLERS_SECONDS = 1.0  # a hover is not waited for


@dataclass(frozen=True, slots=True)
class Described:
    """What a hover says, but for the callers: those may take too long. `ref` None: it is outside the workspace."""

    root: Root
    ref: SymbolRef | None
    body: str
    where: str
    range: types.Range | None
    certain: bool


def register(server: PathlineServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        uri, position = params.text_document.uri, params.position
        snapshot = server.session.snapshot(uri)
        described = await server.look_up(
            lambda _: describe(snapshot, uri, position.line, position.character), _BUDGET_SECONDS
        )
        if described is None or not described.certain:
            inferred = await _infer(server, snapshot, uri, position.line, position.character)
            described = _told_by_inference(described, inferred, style_of(snapshot.client))
        if described is None:
            return None
        root, ref = described.root, described.ref
        callers: str | None = None
        if ref is not None:
            callers = await server.look_up(lambda _: callers_of(snapshot, root, ref), _CALLERS_BUDGET_SECONDS)
        text = f"{described.body}\n\n{' · '.join(filter(None, (described.where, callers)))}"
        kind = types.MarkupKind.Markdown if snapshot.client.markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, text), described.range)


def style_of(client: ClientSupport) -> Style:
    return MARKDOWN if client.markdown else PLAIN_TEXT


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
    style = style_of(snapshot.client)
    around = _word_range(document, line, column, snapshot.encoding)
    return _described(place.root, found, _where(found, style), around, style)


def describe_inferred(
    snapshot: Snapshot, uri: str, line: int, units: int, jedi: JediClient, stop: threading.Event
) -> Described | str | None:
    """What type inference says about a position of an open document; as text, why it did not come to say anything."""
    place, document = snapshot.place(uri), snapshot.document(uri)
    if place is None or document is None or not is_python(place.path):
        return None
    column = document.column(line, units, snapshot.encoding)
    with snapshot.graph(place.root, place.path) as graph:
        found, said = inferred_at(graph, place.path, line + 1, column, jedi, stop, _INFERENCE_SECONDS)
    around, word = _word_range(document, line, column, snapshot.encoding), word_at(document.line(line), column)
    if said is None or word is None:
        return None
    style = style_of(snapshot.client)
    if found is not None:
        return _described(place.root, found, f"inferred: {_where(found, style)}", around, style)
    if said.outside:
        body, where = _outside(word.name, said, style)
        return Described(place.root, None, body, where, around, True)
    return said.reason if said.status in ("late", "failed") else None


async def _infer(server: PathlineServer, snapshot: Snapshot, uri: str, line: int, units: int) -> Described | str | None:
    """`describe_inferred` beside the look-ups, which it would keep from others."""
    stop = threading.Event()
    work = asyncio.get_running_loop().run_in_executor(
        None, describe_inferred, snapshot, uri, line, units, server.engine.jedi, stop
    )
    try:
        return await asyncio.wait_for(work, _INFERENCE_SECONDS + _BUDGET_SECONDS)
    except asyncio.TimeoutError:
        return "type inference took too long"
    except (PathlineError, sqlite3.Error) as error:
        server.index_failed(error)
        return None
    finally:
        stop.set()


def _told_by_inference(own: Described | None, inferred: Described | str | None, style: Style) -> Described | None:
    if isinstance(inferred, Described):
        return inferred
    if own is not None and inferred:
        return replace(own, where=f"{own.where} · not checked, {style.line(inferred)}")
    return own


def _described(root: Root, found: Found, where: str, around: types.Range | None, style: Style) -> Described:
    parts = [_signature(found.ref, style), docstring_head(found.ref.symbol.docstring, style.line)]
    return Described(root, found.ref, "\n\n".join(filter(None, parts)), where, around, found.certain)


def _outside(word: str, said: Inspection, style: Style) -> tuple[str, str]:
    """The body and the place of what is defined outside the workspace."""
    found = said.outside[0]
    place = f"{found.file}:{found.line}" if found.line is not None else found.file
    where = f"{style.code(found.full_name)}{f' in {style.code(place)}' if place else ''}, outside this workspace"
    if found.kind == "instance":
        return style.block(f"{word}: {said.type or found.full_name}", "python"), f"inferred: {where}"
    head = {"class": "class ", "function": "def ", "module": "module "}.get(found.kind, "")
    body = style.block(head + (found.signature or found.full_name), "python")
    return "\n\n".join(filter(None, (body, style.line(found.doc)))), f"inferred: {where}"


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
            calls = graph.who_calls(ref, implicit=False, limit_seconds=_CALLERS_SECONDS)
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


def _signature(ref: SymbolRef, style: Style) -> str:
    symbol = ref.symbol
    if symbol.kind == "section":
        return style.block(symbol.qualname, "")
    decorators = [f"@{name}" for name in symbol.decorators if name in ("property", "classmethod", "staticmethod")]
    text = symbol.signature or (f"module {ref.module}" if symbol.kind == "module" else symbol.qualname)
    return style.block("\n".join([*decorators, text]), "python")


def _where(found: Found, style: Style) -> str:
    place = f"defined at {_place(found.ref, style)}"
    if found.others:
        shown = [_place(other, style) for other in found.others[:_MOST_OTHERS]]
        more = f" and {len(found.others) - len(shown)} more" if len(found.others) > len(shown) else ""
        return f"{place} · it may also be that at {', '.join(shown)}{more}"
    return place if found.certain else f"matched by name, the only one of this workspace: {place}"


def _place(ref: SymbolRef, style: Style) -> str:
    return style.code(f"{ref.path}:{ref.symbol.name_line}")


def _places(count: int) -> str:
    return f"{count:,} place" if count == 1 else f"{count:,} places"


def _word_range(document: Document, line: int, column: int, encoding: str) -> types.Range | None:
    text = document.line(line)
    word = word_at(text, column)
    if word is None:
        return None
    first, last = to_units(text, word.column, encoding), to_units(text, word.column + len(word.name), encoding)
    return types.Range(types.Position(line, first), types.Position(line, last))
