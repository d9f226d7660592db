"""`pathline/ask`: a question, answered with partial results, progress and a cancel that reaches the work."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcRequestCancelled

from adapter_core.engine import join_reasons
from adapter_core.errors import Cancelled, PathlineError, UsageError

from ..documents import Document
from ..freshness import Located, documents_on_disk, up_to_date, without_stale
from ..memory import release_memory
from ..protocol import ASK
from ..session import UnreadableIndexError

if TYPE_CHECKING:
    from ..answering import Question
    from ..server import PathlineServer

log = logging.getLogger(__name__)

REQUEST_FAILED = -32803
_MAX_QUESTION = 20_000
_MAX_NAME = 200
_MAX_TRIES = 2
_CATCH_UP_SECONDS = 2.0
_INDEX_BEHIND = "files that changed are still being indexed; ask again in a moment"


def register(server: PathlineServer) -> None:
    @server.feature(ASK)
    async def ask(params: Any) -> dict[str, Any]:
        question = read_question(params)
        return await run_question(server, question, params.get("workDoneToken"), params.get("partialResultToken"))


def read_question(value: Any) -> Question:
    """Parse the question of a request or a command. Raises `JsonRpcInvalidParams` with the problem."""
    from ..answering import Question

    if not isinstance(value, Mapping):
        raise JsonRpcInvalidParams(
            'The parameters must be an object, for example {"question": "Where is the cache cleared?"}.'
        )
    text = value.get("question")
    if not isinstance(text, str) or not text.strip():
        raise JsonRpcInvalidParams("`question` must be a string that is not empty.")
    if len(text) > _MAX_QUESTION:
        raise JsonRpcInvalidParams(f"The question has {len(text):,} characters; ask one of up to {_MAX_QUESTION:,}.")
    document, position, phrase = value.get("textDocument"), value.get("position"), value.get("phrase") or False
    uri = document.get("uri") if isinstance(document, Mapping) else None
    if document is not None and not isinstance(uri, str):
        raise JsonRpcInvalidParams("`textDocument` must be an object with a `uri`.")
    if not isinstance(phrase, bool):
        raise JsonRpcInvalidParams("`phrase` must be true or false.")
    again = value.get("again") or False
    if not isinstance(again, bool):
        raise JsonRpcInvalidParams("`again` must be true or false.")
    conversation = value.get("conversation")
    if conversation is not None and not (isinstance(conversation, str) and 0 < len(conversation) <= _MAX_NAME):
        raise JsonRpcInvalidParams(f"`conversation` must be a string of 1 to {_MAX_NAME} characters.")
    return Question(text, uri, _position(position), phrase, conversation, again)


def _position(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    line, character = (value.get("line"), value.get("character")) if isinstance(value, Mapping) else (None, None)
    if not isinstance(line, int) or not isinstance(character, int) or line < 0 or character < 0:
        raise JsonRpcInvalidParams("`position` must be an object with `line` and `character`.")
    return line, character


def no_folder() -> JsonRpcException:
    return JsonRpcException("No folder is open; open the folder of a project to ask about it.", REQUEST_FAILED)


async def run_question(
    server: PathlineServer, question: Question, work_done: Any = None, partial: Any = None
) -> dict[str, Any]:
    """The answer as JSON. Its citations are shown as diagnostics. When the task is cancelled, the work stops."""
    if not server.session.roots:
        raise no_folder()
    cancel = threading.Event()
    progress = _Progress(server, work_done, cancel)
    try:
        answer = await _answer(server, question, cancel, progress, partial)
    except UsageError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    except Cancelled as error:
        raise JsonRpcRequestCancelled("The answer was stopped.") from error
    except UnreadableIndexError as error:
        server.index_failed(error)
        message = "The index could not be read and is built anew; ask again in a moment."
        raise JsonRpcException(message, REQUEST_FAILED) from error
    except PathlineError as error:
        raise JsonRpcException(str(error), REQUEST_FAILED) from error
    finally:
        cancel.set()
        progress.end()
        with suppress(RuntimeError):  # the server is going down
            server.answers.submit(release_memory)
    server.cited.show(answer)
    return answer


async def _answer(
    server: PathlineServer, question: Question, cancel: threading.Event, progress: _Progress, partial: Any
) -> dict[str, Any]:
    """Answer, and try once more if cited lines were edited in the meantime."""
    from ..answering import root_of

    pool = server.phrasing if question.phrase else server.answers
    loop = asyncio.get_running_loop()
    root = await loop.run_in_executor(pool, root_of, server.session.snapshot(), question)
    current = await server.catch_up(root, _CATCH_UP_SECONDS, cancel)
    for attempt in range(1, _MAX_TRIES + 1):
        # The first try's sentences stand until the result comes: a client adds what it is sent to what it has.
        located, stale, remember = await _try(server, question, cancel, progress, partial if attempt == 1 else None)
        if not stale:
            break
        log.info("%d cited lines were edited while the answer was made (try %d)", stale, attempt)
    remember()
    value = (without_stale(located) if stale else located).to_json()
    if value["complete"] and not current:
        value |= {"complete": False, "reason": join_reasons(value["reason"], _INDEX_BEHIND)}
    return value


async def _try(
    server: PathlineServer, question: Question, cancel: threading.Event, progress: _Progress, partial: Any
) -> tuple[Located, int, Callable[[], None]]:
    """One attempt, on a snapshot of now: (the answer with lines moved by later edits, the number of stale citations, `remember`)."""
    from ..answering import answer

    loop = asyncio.get_running_loop()
    documents = server.session.documents
    with server.session.line_moves() as moves:
        snapshot = server.session.snapshot(question.uri)
        if not snapshot.roots:  # closed meanwhile
            raise no_folder()

        def on_loop(name: str, value: Any) -> None:
            # Events after the end of the request are dropped: the client no longer accepts its tokens.
            if cancel.is_set():
                return
            if name == "stage":
                progress.report(value)
            elif partial is not None and not moves.closed_of(value.uris):  # of these it is not known what is on disk
                claim, stale = up_to_date(value, moves, documents.all())
                if not stale:
                    partial_answer = {"claims": claim.to_json()["claims"]}
                    server.protocol.notify(types.PROGRESS, types.ProgressParams(partial, partial_answer))

        def emit(name: str, value: Any) -> None:
            loop.call_soon_threadsafe(on_loop, name, value)

        pool = server.phrasing if question.phrase else server.answers
        located, remember = await loop.run_in_executor(
            pool, answer, snapshot, question, server.engine, server.conversations, cancel, emit
        )
        on_disk: dict[str, Document] = {}
        # Others may be closed while these are read.
        while unread := located.cited_uris - documents.all().keys() - on_disk.keys():
            on_disk |= await loop.run_in_executor(pool, documents_on_disk, unread)
        moves.reread(on_disk)
        return *up_to_date(located, moves, {**on_disk, **documents.all()}), remember


class _Progress:
    """Work-done progress under the client's token, if it sent one. Its cancel button sets `cancel`."""

    def __init__(self, server: PathlineServer, token: Any, cancel: threading.Event) -> None:
        self._progress = server.work_done_progress
        self._token = token if isinstance(token, (str, int)) and not isinstance(token, bool) else None
        if self._token is None:
            return
        self._progress.begin(self._token, types.WorkDoneProgressBegin("Pathline: answering", cancellable=True))
        self._progress.tokens[self._token].add_done_callback(lambda _: cancel.set())

    def report(self, stage: str) -> None:
        if self._token is not None:
            self._progress.report(self._token, types.WorkDoneProgressReport(message=stage))

    def end(self) -> None:
        if self._token is not None:
            self._progress.end(self._token, types.WorkDoneProgressEnd())
            self._progress.tokens.pop(self._token, None)
