"""Memory that answers leave behind goes back to the system."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from adapter_core.graph.outline import outline_of
from lsp_server import memory
from lsp_server import server as server_module
from lsp_server.server import PathlineServer


def test_memory_is_given_back_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(memory, "ctypes", SimpleNamespace(CDLL=lambda name: SimpleNamespace(malloc_trim=given.append)))
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    memory.release_memory()
    assert given == [0]
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="win32"))
    memory.release_memory()
    assert given == [0]


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_a_library_that_cannot_give_back_is_no_trouble(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def without(name: object) -> object:
        raise error

    monkeypatch.setattr(memory, "ctypes", SimpleNamespace(CDLL=without))
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    memory.release_memory()


def test_it_is_given_back_once_for_the_look_ups_of_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(server_module, "release_memory", lambda: given.append(True))
    monkeypatch.setattr(server_module, "_RELEASE_SECONDS", 0.05)

    async def look_up_twice() -> None:
        server = PathlineServer()
        for _ in range(2):
            assert [await server.run_within(lambda stop: 1, 5.0) for _ in range(3)] == [1, 1, 1]
            before = len(given)
            while len(given) == before:
                await asyncio.sleep(0.01)
        server.answers.shutdown()

    asyncio.run(asyncio.wait_for(look_up_twice(), 30))
    assert given == [True, True]


def test_look_ups_while_answers_are_made_wait_for_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(server_module, "release_memory", lambda: given.append(True))
    monkeypatch.setattr(server_module, "_RELEASE_SECONDS", 0.0)

    async def look_up_while_busy() -> None:
        server = PathlineServer()
        done = threading.Event()
        for _ in range(2):
            server.answers.submit(done.wait)
        for _ in range(5):
            assert await server.run_within(lambda stop: 1, 5.0) == 1
            await asyncio.sleep(0.01)
        done.set()
        server.answers.shutdown()

    asyncio.run(asyncio.wait_for(look_up_while_busy(), 30))
    assert given == [True]


def test_what_is_remembered_for_a_question_is_forgotten() -> None:
    text = "def remembered(): pass\n"
    first = outline_of(text)
    memory.release_memory()
    assert outline_of(text) is not first
