"""The setting `linkCalls` reaches the process that links."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapter_core.graph.processes.indexer import Indexer
from lsp_server.engine_client import Engine
from lsp_server.features.configuration import apply_settings
from lsp_server.session import Session
from lsp_server.workspace import Root


class Child:
    """Stands for the indexer's process, and keeps what it is told."""

    alive = True

    def __init__(self, told: list[dict[str, Any]]) -> None:
        self._told = told

    def send(self, message: dict[str, Any]) -> bool:
        self._told.append(message)
        return True

    def kill(self) -> None:
        self.alive = False


class Server:
    """As much of the server as settings are applied to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = Session()


def test_the_setting_reaches_every_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(Indexer, "_start", lambda self: Child(told))

    async def serve() -> None:
        server: Any = Server(Engine(lambda root, event: None))
        apply_settings(server, {"linkCalls": False})
        server.engine.set_roots((Root("one", tmp_path.as_uri(), str(tmp_path), tmp_path.resolve()),))
        assert [m.get("link") for m in told if "link" in m] == [False]
        apply_settings(server, {})
        apply_settings(server, {"linkCalls": True})
        assert [m["link"] for m in told if "link" in m] == [False, True]
        server.engine.close()

    asyncio.run(serve())
