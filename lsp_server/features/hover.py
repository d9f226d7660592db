"""`textDocument/hover`: signature, first words of the docstring, where it is defined, and how many call it.

From the index and the open documents. It waits for no model and no walk over the disk, and gives up after a short time. If they do not
resolve the name, type inference is tried, also for a short time; its result, or its timeout, is marked as such.
"""

from __future__ import annotations

import asyncio
import logging
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
from ..symbols import ResolvedSymbol, inferred_at, symbol_at, word_at

if TYPE_CHECKING:
    from adapter_core.engine import Inspection, JediClient

    from ..server import PathlineServer
    from ..workspace import Root

log = logging.getLogger(__name__)

_BUDGET_SECONDS = 1.0
_CALLERS_BUDGET_SECONDS = 0.3
_INFERENCE_SECONDS = 0.4  # after an edit it takes longer; it then continues, and the next hover gets its result
# Above this many call sites of that name, they are counted and not traced.
_MAX_TRACED = 300
_MAX_OTHERS = 3
_CALLERS_SECONDS = 1.0  # a hover is not waited for
_LATE = "Pathline did not find out in time what this is; try again in a moment."
_NOT_COUNTED = "callers not counted in time"


@dataclass(frozen=True, slots=True)
class HoverContent:
    """The content of a hover, without the callers, which may take too long. `ref` None: the symbol is outside the workspace."""

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
        found: HoverContent | str | None = await server.run_within(
            lambda _: hover_content(snapshot, uri, position.line, position.character), _BUDGET_SECONDS, _LATE
        )
        content = found if isinstance(found, HoverContent) else None
        kind = types.MarkupKind.Markdown if snapshot.client.markdown else types.MarkupKind.PlainText
        if content is None or not content.certain:
            inferred = await _infer(server, snapshot, uri, position.line, position.character)
            content = _with_inference(content, inferred, style_of(snapshot.client))
        if content is None:
            return types.Hover(types.MarkupContent(kind, found)) if isinstance(found, str) else None
        root, ref = content.root, content.ref
        callers: str | None = None
        if ref is not None:
            callers = await server.run_within(
                lambda _: callers_of(snapshot, root, ref), _CALLERS_BUDGET_SECONDS, _NOT_COUNTED
            )
        text = f"{content.body}\n\n{' · '.join(filter(None, (content.where, callers)))}"
        return types.Hover(types.MarkupContent(kind, text), content.range)


def style_of(client: ClientSupport) -> Style:
    return MARKDOWN if client.markdown else PLAIN_TEXT


def hover_content(snapshot: Snapshot, uri: str, line: int, units: int) -> HoverContent | None:
    """The hover for the symbol at a position of an open document.

    None if there is none, or the document is outside the workspace.
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
    word_range = _word_range(document, line, column, snapshot.encoding)
    return _content_of(place.root, found, _location_text(found, style), word_range, style)


def inferred_content(
    snapshot: Snapshot, uri: str, line: int, units: int, jedi: JediClient, stop: threading.Event
) -> HoverContent | str | None:
    """The hover from type inference for a position of an open document; a string is the reason for which inference failed."""
    place, document = snapshot.place(uri), snapshot.document(uri)
    if place is None or document is None or not is_python(place.path):
        return None
    column = document.column(line, units, snapshot.encoding)
    with snapshot.graph(place.root, place.path) as graph:
        found, inspection = inferred_at(graph, place.path, line + 1, column, jedi, stop, _INFERENCE_SECONDS)
    word_range, word = _word_range(document, line, column, snapshot.encoding), word_at(document.line(line), column)
    if inspection is None or word is None:
        return None
    style = style_of(snapshot.client)
    if found is not None:
        return _content_of(place.root, found, f"inferred: {_location_text(found, style)}", word_range, style)
    if inspection.outside:
        body, where = _external_content(word.name, inspection, style)
        return HoverContent(place.root, None, body, where, word_range, True)
    return inspection.reason if inspection.status in ("late", "failed") else None


async def _infer(
    server: PathlineServer, snapshot: Snapshot, uri: str, line: int, units: int
) -> HoverContent | str | None:
    """`inferred_content`, not in the pool of look-ups, whose threads it would block."""
    stop = threading.Event()
    work = asyncio.get_running_loop().run_in_executor(
        None, inferred_content, snapshot, uri, line, units, server.engine.jedi, stop
    )
    try:
        return await asyncio.wait_for(work, _INFERENCE_SECONDS + _BUDGET_SECONDS)
    except asyncio.TimeoutError:
        return "type inference took too long"
    except PathlineError as error:
        server.index_failed(error)
        return None
    finally:
        stop.set()


def _with_inference(
    content: HoverContent | None, inferred: HoverContent | str | None, style: Style
) -> HoverContent | None:
    if isinstance(inferred, HoverContent):
        return inferred
    if content is not None and inferred:
        return replace(content, where=f"{content.where} · not checked, {style.line(inferred)}")
    return content


def _content_of(
    root: Root, found: ResolvedSymbol, where: str, word_range: types.Range | None, style: Style
) -> HoverContent:
    parts = [_signature(found.ref, style), docstring_head(found.ref.symbol.docstring, style.line)]
    return HoverContent(root, found.ref, "\n\n".join(filter(None, parts)), where, word_range, found.certain)


def _external_content(word: str, inspection: Inspection, style: Style) -> tuple[str, str]:
    """(body, location text) of a symbol that is defined outside the workspace."""
    found = inspection.outside[0]
    place = f"{found.file}:{found.line}" if found.line is not None else found.file
    where = f"{style.code(found.full_name)}{f' in {style.code(place)}' if place else ''}, outside this workspace"
    if found.kind == "instance":
        return style.block(f"{word}: {inspection.type or found.full_name}", "python"), f"inferred: {where}"
    head = {"class": "class ", "function": "def ", "module": "module "}.get(found.kind, "")
    body = style.block(head + (found.signature or found.full_name), "python")
    return "\n\n".join(filter(None, (body, style.line(found.doc)))), f"inferred: {where}"


def callers_of(snapshot: Snapshot, root: Root, ref: SymbolRef) -> str:
    """How often a symbol is called, and how certain that is; dynamic calls that the text does not show are never counted."""
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


def _location_text(found: ResolvedSymbol, style: Style) -> str:
    place = f"defined at {_place(found.ref, style)}"
    if found.others:
        places = [_place(other, style) for other in found.others[:_MAX_OTHERS]]
        more = f" and {len(found.others) - len(places)} more" if len(found.others) > len(places) else ""
        return f"{place} · it may also be that at {', '.join(places)}{more}"
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
