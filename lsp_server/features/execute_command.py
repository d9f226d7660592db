"""`workspace/executeCommand`: our three commands, for clients with and without a plugin.

pygls would run an async command where no cancel reaches it; as a plain async request it is cancelled like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from adapter_core.engine import join_reasons

if TYPE_CHECKING:
    from ..server import PathlineServer

ASK_COMMAND = "pathline.server.ask"
CLEAR_COMMAND = "pathline.server.clearCitations"
REINDEX_COMMAND = "pathline.server.reindex"

_MAX_CHARACTERS = 300


def register(server: PathlineServer) -> None:
    from .ask import REQUEST_FAILED, read_question, run_question

    async def ask(*arguments: Any) -> dict[str, Any]:
        if len(arguments) != 1:
            raise JsonRpcInvalidParams(
                f"{ASK_COMMAND} takes one argument: an object with a `question`, or the question."
            )
        (argument,) = arguments
        # Where commands are typed (Helix, Kakoune), a question is a word in quotes.
        question = {"question": argument} if isinstance(argument, str) else argument
        answer = await run_question(server, read_question(question))
        server.show(first_sentences(answer))
        return answer

    async def clear(*_: Any) -> None:
        server.cited.clear()

    async def reindex(*_: Any) -> None:
        """All folders, whatever becomes of one of them."""
        syncs = [index.sync_and_wait() for index in server.engine.indexes()]
        results = await asyncio.gather(*syncs, return_exceptions=True)
        failures = [str(result) for result in results if isinstance(result, BaseException)]
        if failures:
            raise JsonRpcException(join_reasons(*failures), REQUEST_FAILED)

    commands: dict[str, Callable[..., Awaitable[Any]]] = {
        ASK_COMMAND: ask,
        CLEAR_COMMAND: clear,
        REINDEX_COMMAND: reindex,
    }
    for name, handler in commands.items():
        server.command(name)(handler)  # so that the server advertises them

    @server.feature(types.WORKSPACE_EXECUTE_COMMAND)
    async def execute_command(params: types.ExecuteCommandParams) -> Any:
        handler = commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}; there are {', '.join(commands)}.")
        return await handler(*(params.arguments or ()))


def first_sentences(answer: dict[str, Any]) -> str:
    """The first sentences of an answer, each with its places, as many as fit a message."""
    if not answer["claims"]:
        return str(answer["text"])
    sentences: list[str] = []
    for claim in answer["claims"]:
        places = ", ".join(f"{c['path']}:{c['start']}" for c in claim["citations"])
        sentence = f"{claim['text']} ({places})"
        if sentences and sum(map(len, sentences)) + len(sentence) > _MAX_CHARACTERS:
            break
        sentences.append(sentence)
    return " ".join(sentences)
