"""The language server: one client, its session, and the features that answer it."""

from __future__ import annotations

import asyncio
import logging
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
from .memory import release_memory
from .protocol import Protocol, make_converter
from .session import IndexState, Session, UnreadableIndexError
from .transport import Writer, start_reading
from .watchdog import Shutdown, Watchdog
from .workspace import Root

log = logging.getLogger(__name__)

T = TypeVar("T")

_END_OF_INPUT_SECONDS = 2.0
_REBUILD_SECONDS = 60.0
_RELEASE_SECONDS = 0.5  # after a look-up, before its memory is returned to the system
_POLL_SECONDS = 0.05  # between two checks of the cancel token


class PathlineServer(LanguageServer):
    """Features run on the loop thread. Their work runs in pools: `lookups` must be quick, `answers` may take a while, and
    `phrasing` waits for the model.

    Reading the client's messages uses none of them, so a cancel always gets through.
    """

    protocol: Protocol

    def __init__(self, process_shutdown: Shutdown | None = None) -> None:
        super().__init__("pathline", __version__, protocol_cls=Protocol, converter_factory=make_converter)
        self.session = Session()
        self.conversations = Conversations()
        self.engine = Engine(self._on_index_event)
        self.cited = CitedLines(self)
        self.index_progress = IndexProgress(self)
        self.process_shutdown = process_shutdown or Shutdown()
        self.watchdog = Watchdog(lambda why: self.process_shutdown.run(1, why))
        self.lookups = ThreadPoolExecutor(2, thread_name_prefix="lookup")
        self.answers = ThreadPoolExecutor(2, thread_name_prefix="answer")
        # One, since a model serves one call at a time; and apart, since loading one cannot be cancelled.
        self.phrasing = ThreadPoolExecutor(1, thread_name_prefix="phrase")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._rebuilt: dict[
            Path, float
        ] = {}  # when the index of a folder was last built anew since it could not be read
        self._release_pending = False  # memory is released soon, or as soon as an answer's thread is free
        self._warned: dict[str, str] = {}  # by root, the last reason that was reported about its index
        register_features(self)

    # -- running -----------------------------------------------------------------------------------------------------

    def serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Serve until the client disconnects. Does not return: the process ends."""
        self.process_shutdown.add_cleanup(self.engine.close)
        self.watchdog.start()
        try:
            asyncio.run(self._serve(incoming, outgoing))
        except KeyboardInterrupt:
            self.process_shutdown.run(130, "interrupted")
        self.process_shutdown.run(1, "the event loop ended")

    async def _serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        loop = asyncio.get_running_loop()
        self.protocol.set_writer(Writer(outgoing, lambda: self.process_shutdown.run(1, "the client no longer reads")))

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
        self.process_shutdown.run(0 if self.protocol.was_shut_down else 1, why)

    # -- work --------------------------------------------------------------------------------------------------------

    async def run_within(self, work: Callable[[threading.Event], T], budget: float, late: T | None = None) -> T | None:
        """The result of `work` on a worker thread; `late` when it takes longer than `budget` seconds, which the client's log then says;
        None when the index cannot be read.

        `work` gets an event that is set when nobody waits for it any longer.
        """
        stop = threading.Event()
        future = asyncio.get_running_loop().run_in_executor(self.lookups, work, stop)
        try:
            return await asyncio.wait_for(future, budget)
        except asyncio.TimeoutError:
            self.note(f"a look-up took longer than {budget:g} s and was given up; try again in a moment")
            return late
        except PathlineError as error:
            self.index_failed(error)
            return None
        finally:
            stop.set()
            self._release_memory_soon()

    def _release_memory_soon(self) -> None:
        """Schedule one release for all look-ups of a moment: a hover is followed by others."""
        if not self._release_pending:
            self._release_pending = True
            asyncio.get_running_loop().call_later(_RELEASE_SECONDS, self._release_memory)

    def _release_memory(self) -> None:
        def begin() -> None:
            self._release_pending = False  # later look-ups schedule the next one
            release_memory()

        with suppress(RuntimeError):  # the server is going down
            self.answers.submit(begin)

    def index_failed(self, error: Exception) -> None:
        """Build anew the index that could not be read, at most once a minute, and no other."""
        log.warning("a look-up failed: %s", error)
        index = self.engine.index(error.root) if isinstance(error, UnreadableIndexError) else None
        if not isinstance(error, UnreadableIndexError) or index is None:
            return
        now = time.monotonic()
        if error.gone:
            self.note(f"the index of {error.root.name} is gone from the cache folder and is built anew")
            index.sync()
        elif now - self._rebuilt.get(error.root.real, float("-inf")) > _REBUILD_SECONDS:
            self.note(f"the index of {error.root.name} could not be read and is built anew")
            self._rebuilt[error.root.real] = now
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

    def note(self, message: str) -> None:
        """Say something in the client's log, which interrupts nobody."""
        log.info("%s", message)
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, f"Pathline: {message}."))

    def set_roots(self, roots: tuple[Root, ...]) -> None:
        """Set the workspace folders."""
        staying = {(root.real, root.name) for root in roots}
        for root in set(self.session.roots) - set(roots):
            self.index_progress.on_event(root, {"event": "closed"})
            if (root.real, root.name) not in staying:  # else it is the same folder under another spelling
                # Also if the name is still used: a new folder of this name has another database.
                self.session.indexes.pop(root.name, None)
                self.cited.folder_closed(root)
        self.session.roots = roots
        self.engine.set_roots(roots)

    def sync_soon(self, root: Root, paths: Iterable[str] | None) -> None:
        """Index these changed files (None: anything may have changed) soon; until then, look-ups read them from disk."""
        index = self.engine.index(root)
        if index is not None:
            index.sync_soon(paths)
            self._note_unsynced(root)

    async def catch_up(self, root: Root, seconds: float, cancel: threading.Event) -> bool:
        """Update the index of a folder, for at most `seconds` and until `cancel` is set. Returns whether it finished; a failure is reported
        with the answer.

        Not every client watches files (Neovim on Linux does not), and none reports a change at once.
        """
        index = self.engine.index(root)
        if index is None:
            return False  # called between `initialize` and `initialized`, or the folder was closed
        sync = asyncio.ensure_future(index.sync_and_wait())
        # A failure is reported with the answer; this only marks the exception as retrieved.
        sync.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        end = asyncio.get_running_loop().time() + seconds
        try:
            while not sync.done() and not cancel.is_set() and asyncio.get_running_loop().time() < end:
                await asyncio.wait([sync], timeout=_POLL_SECONDS)
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
            state = replace(state, database=Path(event["database"]), trouble="")
            self.session.indexes[root.name] = state
            self._note_unsynced(root)
            self._warn_once(root, event["reason"])
        elif kind in ("failed", "died", "unwritable"):
            reason = str(event.get("reason", ""))
            self.session.indexes[root.name] = replace(state, trouble=reason)
            self._warn_once(root, reason)
        self.index_progress.on_event(root, event)

    def _warn_once(self, root: Root, reason: str) -> None:
        """Show a warning, unless it was the last one for this root: each question and each save may cause it again."""
        if reason and reason != self._warned.get(root.name):
            self.show(f"Pathline: {reason}", types.MessageType.Warning)
        self._warned[root.name] = reason

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors go to the log: the user can do nothing about them, and responses carry those of requests."""
        if source is not FeatureRequestError:  # those are logged where they are answered
            log.error("%s: %s", getattr(source, "__name__", source), error, exc_info=error)
