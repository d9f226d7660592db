"""What changed on disk reaches the index, also where a sync fails and where much changes at once."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import lsp_server.engine_client as engine_client
from lsp_server.engine_client import RootIndex
from lsp_server.features.watched_files import changed_paths
from lsp_server.server import PathlineServer
from lsp_server.workspace import Root

from .harness import Client, RpcError

QUESTION = "What does parse_price do?"
ROOT = Root("x", "file:///x", "/x", Path("/x"))


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, list[str] | None]]:
    """What the indexer is told to do: whether to build anew, and which files to look at (None: all)."""
    told: list[tuple[bool, list[str] | None]] = []

    def indexer(*_: Any) -> Any:
        return SimpleNamespace(
            pid=None,
            set_linking=lambda linking: None,
            sync=lambda rebuild, paths: told.append((rebuild, paths)),
            close=lambda: None,
        )

    monkeypatch.setattr(engine_client, "Indexer", indexer)
    return told


def run(work: Callable[[RootIndex], None]) -> None:
    async def on_loop() -> None:
        index = RootIndex(ROOT, asyncio.get_running_loop(), lambda *_: None)
        work(index)
        index.abandon()

    asyncio.run(on_loop())


Syncs = list[tuple[bool, "list[str] | None"]]


def test_a_sync_after_one_that_failed_looks_at_everything(syncs: Syncs) -> None:
    def work(index: RootIndex) -> None:
        index.sync(paths=["a.py"])
        index._handle_event({"event": "failed", "reason": "the disk is full"})
        index.sync(paths=["b.py"])
        assert index.unsynced == {"a.py"}
        index._handle_event({"event": "synced"})
        assert index.unsynced == frozenset()
        index.sync(paths=["c.py"])

    run(work)
    assert syncs == [(False, ["a.py"]), (False, None), (False, ["c.py"])]


def test_a_wish_to_build_anew_outlives_the_indexer(syncs: Syncs) -> None:
    def work(index: RootIndex) -> None:
        index.sync(rebuild=True, paths=["a.py"])
        index._handle_event({"event": "died", "reason": "killed"})
        index.sync_soon(["b.py"])  # a file is saved before it is started again
        index.sync(paths=())
        index._handle_event({"event": "synced"})
        index.sync(paths=["c.py"])

    run(work)
    assert syncs == [(True, ["a.py"]), (True, None), (False, ["c.py"])]


def test_a_branch_switch_is_one_change() -> None:
    """It took ten seconds for 16,000 files when each was noted by itself."""
    count = 16_000
    inner = Root("y", "file:///x/inner", "/x/inner", Path("/x/inner"))
    told: list[tuple[Root, Any]] = []
    server = PathlineServer()
    server.session.roots = (ROOT, inner)
    cast(Any, server).sync_soon = lambda root, paths: told.append((root, paths))
    handler = server.protocol.fm.features["workspace/didChangeWatchedFiles"]
    changes = [SimpleNamespace(uri=f"file:///x/pkg/m{number}.py") for number in range(count)]
    started = time.monotonic()
    handler(SimpleNamespace(changes=[*changes, SimpleNamespace(uri="file:///x/inner/a.py")]))
    assert time.monotonic() - started < 5
    assert [(root.name, len(paths)) for root, paths in told] == [("x", count + 1), ("y", 1)]


def test_a_folder_that_changed_may_have_changed_anything() -> None:
    assert changed_paths(["file:///x/a.py", "file:///x/pkg", "file:///x/b.py"], [ROOT]) == {ROOT: None}
    assert changed_paths(["file:///x/a.py", "file:///elsewhere/b.py"], [ROOT]) == {ROOT: {"a.py"}}


def test_that_a_folder_is_gone_is_told_once_and_in_an_editors_words(client: Client, shop: Path) -> None:
    uri = client.open(shop / "shop/cart.py")
    away = shop.with_name("away")
    shop.rename(away)
    for _ in range(2):
        assert "is gone" in client.ask(QUESTION)["reason"]
        with pytest.raises(RpcError, match="is gone"):
            client.ready()
    client.hover(uri, 5, 7)
    messages = [m["params"]["message"] for m in client.notifications if m["method"] == "window/showMessage"]
    assert len(messages) == 1
    assert f"The folder {shop} is gone" in messages[0]
    assert "--repo" not in messages[0]
    away.rename(shop)
    client.ready()
    assert client.ask(QUESTION)["found"]
    shutil.rmtree(shop)
    assert "is gone" in client.ask(QUESTION)["reason"]
    messages = [m["params"]["message"] for m in client.notifications if m["method"] == "window/showMessage"]
    assert len(messages) == 2
