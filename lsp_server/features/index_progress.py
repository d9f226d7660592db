"""`window/workDoneProgress` while a workspace is indexed."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from ..server import PathlineServer
    from ..workspace import Root

log = logging.getLogger(__name__)

TITLE = "Pathline: indexing"


class IndexProgress:
    """One progress for each sync that has files to read, shown from its first report to its end."""

    def __init__(self, server: PathlineServer) -> None:
        self._server = server
        self._running: dict[Root, asyncio.Queue[dict[str, Any]]] = {}

    def on_event(self, root: Root, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if not self._server.session.client.progress:
            return
        if root not in self._running:
            if kind not in ("progress", "busy"):
                return
            self._running[root] = asyncio.Queue()
            self._server.spawn(self._show(root, self._running[root]))
        self._running[root].put_nowait(event)
        if kind not in ("progress", "busy"):
            del self._running[root]

    async def _show(self, root: Root, events: asyncio.Queue[dict[str, Any]]) -> None:
        progress = self._server.work_done_progress
        token = str(uuid.uuid4())
        try:
            await progress.create_async(token)
        except JsonRpcException as error:
            log.info("the client shows no progress: %s", error)
            return
        progress.begin(token, types.WorkDoneProgressBegin(TITLE, message=root.name, percentage=0, cancellable=False))
        event = await events.get()
        while event["event"] in ("progress", "busy"):
            # Only the latest report matters.
            while not events.empty() and event["event"] in ("progress", "busy"):
                event = events.get_nowait()
            if event["event"] in ("progress", "busy"):
                progress.report(token, _report(event))
                event = await events.get()
        progress.end(token, types.WorkDoneProgressEnd(message=_ending(event)))
        progress.tokens.pop(token, None)


def _report(event: dict[str, Any]) -> types.WorkDoneProgressReport:
    if event["event"] == "busy":
        return types.WorkDoneProgressReport(message="waiting for another Pathline process")
    done, total = event["done"], event["total"]
    message = f"{done:,} of {total:,} files"
    if event.get("seconds_left"):
        message += f", about {max(1, round(event['seconds_left']))} s left"
    return types.WorkDoneProgressReport(message=message, percentage=100 * done // total if total else 100)


def _ending(event: dict[str, Any]) -> str:
    if event["event"] == "synced":
        return f"{event['files']:,} files, {event['symbols']:,} symbols"
    return str(event.get("reason", ""))
