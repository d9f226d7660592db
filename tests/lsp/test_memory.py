"""Memory that answers leave behind goes back to the system."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lsp_server import memory


def test_memory_is_given_back_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(memory, "ctypes", SimpleNamespace(CDLL=lambda name: SimpleNamespace(malloc_trim=given.append)))
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    memory.give_back()
    assert given == [0]
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="win32"))
    memory.give_back()
    assert given == [0]


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_a_library_that_cannot_give_back_is_no_trouble(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def without(name: object) -> object:
        raise error

    monkeypatch.setattr(memory, "ctypes", SimpleNamespace(CDLL=without))
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    memory.give_back()
