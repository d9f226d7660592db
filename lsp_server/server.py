"""The language server: one client, its session, and the features that answer it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from adapter_core import __version__
from adapter_core.errors import PathlineError

from .conversations import Conversations
from .engine_client import Engine
from .features import register_features
from .features.cited_lines import CitedLines
from .features.index_progress import IndexProgress
from .memory import give_back
from .protocol import Protocol, make_converter
from .session import IndexState, Session
from .transport import Writer, start_reading
from .watchdog import Ending, Watchdog
from .workspace import Root

log = logging.getLogger(__name__)

T = TypeVar("T")

_END_OF_INPUT_SECONDS = 2.0
_REBUILD_SECONDS = 60.0
_GIVE_BACK_SECONDS = 0.5  # after a look-up, what it no longer needs goes back to the system
_LOOK_EVERY_SECONDS = 0.05  # whether what waits was cancelled


class PathlineServer(LanguageServer):
    """Features run on the loop thread. Their work runs in pools: `lookups` must be quick, `answers` may take a while, and
    `phrasing` waits for the model.

    Reading the client's messages uses none of them, so a cancel always gets through.
    """

    protocol: Protocol

    def __init__(self, ending: Ending | None = None) -> None:
        super().__init__("pathline", __version__, protocol_cls=Protocol, converter_factory=make_converter)
        self.session = Session()
        self.conversations = Conversations()
        self.engine = Engine(self._on_index_event)
        self.cited = CitedLines(self)
        self.index_progress = IndexProgress(self)
        self.ending = ending or Ending()
        self.watchdog = Watchdog(lambda why: self.ending.now(1, why))
        self.lookups = ThreadPoolExecutor(2, thread_name_prefix="lookup")
        self.answers = ThreadPoolExecutor(2, thread_name_prefix="answer")
        # One, since a model serves one call at a time; and apart, since loading one cannot be cancelled.
        self.phrasing = ThreadPoolExecutor(1, thread_name_prefix="phrase")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._rebuilt = float("-inf")
        self._giving_back = False  # soon, or as soon as an answer's thread is free
        self._told: dict[str, str] = {}  # what was last said about the index of each root
        register_features(self)

    # -- running -----------------------------------------------------------------------------------------------------

    def serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Serve until the client goes. Does not return: the process ends."""
        self.ending.before(self.engine.close)
        self.watchdog.start()
        try:
            asyncio.run(self._serve(incoming, outgoing))
        except KeyboardInterrupt:
            self.ending.now(130, "interrupted")
        self.ending.now(1, "the event loop ended")

    async def _serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        loop = asyncio.get_running_loop()
        self.protocol.set_writer(Writer(outgoing, lambda: self.ending.now(1, "the client no longer reads")))

        def received(body: bytes) -> None:
            loop.call_soon_threadsafe(self.protocol.handle_body, body)

        def ended() -> None:
            # Behind the messages that were read before it; but a loop that is stuck in a write does not keep us alive.
            loop.call_soon_threadsafe(self.end, "the client closed the stream")
            threading.Event().wait(_END_OF_INPUT_SECONDS)
            self.end("the client closed the stream")

        start_reading(incoming, received, ended)
        await asyncio.Event().wait()

    def end(self, why: str) -> None:
        """End the process: with code 0 if the client has asked for it with `shutdown`, else 1."""
        self.ending.now(0 if self.protocol.was_shut_down else 1, why)

    # -- work --------------------------------------------------------------------------------------------------------

    async def look_up(self, work: Callable[[threading.Event], T], budget: float) -> T | None:
        """The result of quick work on a worker thread; None when the budget (seconds) is over.

        The event that `work` gets tells it when nobody waits any longer.
        """
        stop = threading.Event()
        future = asyncio.get_running_loop().run_in_executor(self.lookups, work, stop)
        try:
            return await asyncio.wait_for(future, budget)
        except asyncio.TimeoutError:
            log.info("a look-up took longer than %.1f s and was given up", budget)
            return None
        except (PathlineError, sqlite3.Error) as error:
            self.index_failed(error)
            return None
        finally:
            stop.set()
            self._give_back_soon()

    def _give_back_soon(self) -> None:
        """Once for all the look-ups of a moment: a hover is followed by others."""
        if not self._giving_back:
            self._giving_back = True
            asyncio.get_running_loop().call_later(_GIVE_BACK_SECONDS, self._give_back)

    def _give_back(self) -> None:
        def begin() -> None:
            self._giving_back = False  # what is looked up from now on is for the next time
            give_back()

        with suppress(RuntimeError):  # the server is going down
            self.answers.submit(begin)

    def index_failed(self, error: Exception) -> None:
        """The index could not be read: build it anew, though not again and again."""
        log.warning("the index cannot be read: %s", error)
        now = time.monotonic()
        if now - self._rebuilt > _REBUILD_SECONDS:
            self._rebuilt = now
            for index in self.engine.indexes():
                index.sync(rebuild=True)

    def spawn(self, coroutine: Any) -> None:
        """Run a coroutine beside the requests; its failure is logged."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task failed", exc_info=task.exception())

    # -- the client --------------------------------------------------------------------------------------------------

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self.window_show_message(types.ShowMessageParams(kind, message))

    def set_roots(self, roots: tuple[Root, ...]) -> None:
        """The workspace folders are these now."""
        gone = set(self.session.roots) - set(roots)
        for root in gone:
            self.index_progress.on_event(root, {"event": "closed"})
            # Not by what is left: a new folder may have the name, and has another database.
            self.session.indexes.pop(root.name, None)
        self.session.roots = roots
        self.engine.set_roots(roots)

    def sync_soon(self, root: Root, paths: Iterable[str] | None) -> None:
        """Index what changed on disk (None: anything), and until that is done do not rest on what was there before."""
        index = self.engine.index(root)
        if index is not None:
            index.sync_soon(paths)
            self._note_unsynced(root)

    async def catch_up(self, root: Root, seconds: float, cancel: threading.Event) -> bool:
        """Bring the index of a folder up to date with the files, for at most so long and until `cancel` is set; whether it is, or why not
        is told with the answer.

        Not every client watches files (Neovim on Linux does not), and none tells of a change at once.
        """
        index = self.engine.index(root)
        if index is None:
            return False  # asked between `initialize` and `initialized`, or the folder was closed
        sync = asyncio.ensure_future(index.synced())
        # Why one failed is told with the answer; here it is only not to be missed.
        sync.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        end = asyncio.get_running_loop().time() + seconds
        try:
            while not sync.done() and not cancel.is_set() and asyncio.get_running_loop().time() < end:
                await asyncio.wait([sync], timeout=_LOOK_EVERY_SECONDS)
            return sync.done()
        finally:
            sync.cancel()

    def _note_unsynced(self, root: Root) -> None:
        index = self.engine.index(root)
        state = self.session.indexes.get(root.name, IndexState())
        if index is not None and index.unsynced != state.unsynced:
            self.session.indexes[root.name] = replace(state, unsynced=index.unsynced)

    def _on_index_event(self, root: Root, event: dict[str, Any]) -> None:
        if root not in self.session.roots:
            return
        kind = event.get("event")
        state = self.session.indexes.get(root.name, IndexState())
        if kind == "synced":
            state = replace(state, database=Path(event["database"]), generation=event["generation"], trouble="")
            self.session.indexes[root.name] = state
            self._note_unsynced(root)
            self._warn_once(root, event["reason"])
        elif kind in ("failed", "died", "unwritable"):
            reason = str(event.get("reason", ""))
            self.session.indexes[root.name] = replace(state, trouble=reason)
            self._warn_once(root, reason)
        self.index_progress.on_event(root, event)

    def _warn_once(self, root: Root, reason: str) -> None:
        """Each question and each save may meet the same again; it is told when it begins."""
        if reason and reason != self._told.get(root.name):
            self.show(f"Pathline: {reason}", types.MessageType.Warning)
        self._told[root.name] = reason

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors go to the log: the user can do nothing about them, and responses carry those of requests."""
        if source is not FeatureRequestError:  # those are logged where they are answered
            log.error("%s: %s", getattr(source, "__name__", source), error, exc_info=error)
