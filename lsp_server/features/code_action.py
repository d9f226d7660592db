"""`textDocument/codeAction`: "Ask about `x`" and "Explain `x`" on a symbol of the workspace."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from adapter_core.engine import code

from ..session import Snapshot
from ..symbols import symbol_at
from .execute_command import ASK_COMMAND

if TYPE_CHECKING:
    from adapter_core.types import SymbolRef

    from ..server import PathlineServer

_BUDGET_SECONDS = 1.0


def register(server: PathlineServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Empty])
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        only = params.context.only
        if only and types.CodeActionKind.Empty not in only:
            return []  # the client wants fixes or refactorings
        snapshot = server.session.snapshot(params.text_document.uri)
        commands = await server.run_within(lambda stop: make_commands(snapshot, params, stop), _BUDGET_SECONDS) or []
        if not snapshot.client.code_action_literals:
            return list(commands)
        return [types.CodeAction(command.title, command=command) for command in commands]


def make_commands(snapshot: Snapshot, params: types.CodeActionParams, stop: threading.Event) -> list[types.Command]:
    uri, start = params.text_document.uri, params.range.start
    place, document = snapshot.place(uri), snapshot.document(uri)
    if place is None or document is None:
        return []
    column = document.column(start.line, start.character, snapshot.encoding)
    with snapshot.graph(place.root, place.path) as graph:
        found = symbol_at(graph, place.path, start.line + 1, column)
    if found is None or stop.is_set():
        return []
    where: dict[str, Any] = {
        "textDocument": {"uri": uri},
        "position": {"line": start.line, "character": start.character},
    }
    name = found.ref.symbol.qualname
    ask = snapshot.settings.askCommand
    return [
        _command(
            f"Ask about {code(name)}",
            ask or ASK_COMMAND,
            {**where, "symbol": name} if ask else {"question": _standing_question(found.ref), **where},
        ),
        _command(
            f"Explain {code(name)}",
            ASK_COMMAND,
            {"question": f"What does {code(name)} do and how does it work?", **where},
        ),
    ]


def _standing_question(ref: SymbolRef) -> str:
    """The question about a symbol for a client that cannot prompt for one."""
    name = code(ref.symbol.qualname)
    if ref.symbol.is_callable:
        return f"What is {name} for, who calls it, and which tests cover it?"
    return f"What is {name} for, and where is it used?"


def _command(title: str, command: str, argument: dict[str, Any]) -> types.Command:
    return types.Command(title, command, arguments=[argument])
