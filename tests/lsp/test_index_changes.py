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


def test_changes_that_keep_coming_put_off_no_sync_for_ever(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_client, "_QUIET_SECONDS", 0.5)
    monkeypatch.setattr(engine_client, "_MAX_DELAY_SECONDS", 0.6)

    async def on_loop() -> None:
        index = RootIndex(ROOT, asyncio.get_running_loop(), lambda *_: None)
        index.sync_soon(["a.py"])
        deadline = time.monotonic() + 30
        while not syncs and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            index.sync_soon(["b.lock"])
        index.abandon()

    asyncio.run(on_loop())
    assert syncs == [(False, ["a.py", "b.lock"])]


def test_a_closed_folder_is_not_indexed_again(syncs: Syncs) -> None:
    def work(index: RootIndex) -> None:
        index.sync()
        index.sync()
        index.abandon()
        index._handle_event({"event": "synced"})
        index.sync_soon(["a.py"])
        index.sync()

    run(work)
    assert syncs == [(False, None)]


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
    uris = ["file:///x/a.py", "file:///x/pkg", "file:///x/pkg.v2"]
    assert changed_paths(uris, [ROOT]) == {ROOT: {"a.py", "pkg", "pkg.v2"}}
    many = [f"file:///x/out/{number}.o" for number in range(1000)]
    assert changed_paths([*uris, *many], [ROOT]) == {ROOT: None}
    many = [f"file:///x/.git/objects/{number}" for number in range(1000)]
    assert changed_paths([*uris, *many], [ROOT]) == {ROOT: {"a.py", "pkg", "pkg.v2"}}
    assert changed_paths(["file:///x/a.py", "file:///elsewhere/b.py"], [ROOT]) == {ROOT: {"a.py"}}


def test_a_folder_that_is_renamed_or_deleted_is_indexed_again(connect: Callable[..., Client], shop: Path) -> None:
    """An editor reports it by its own name: a client that watches is asked for that, too."""
    client = connect(cwd=shop)
    watching = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    client.initialize(shop, capabilities=watching)
    client.ready()
    (watchers,) = (
        registration["registerOptions"]["watchers"]
        for message in client.requests
        if message["method"] == "client/registerCapability"
        for registration in message["params"]["registrations"]
    )
    assert {"globPattern": "**/*", "kind": 5} in watchers

    def check_places(query: str, expected: list[str]) -> None:
        deadline, found = time.monotonic() + 30, None
        while found != expected and time.monotonic() < deadline:
            symbols = client.request("workspace/symbol", {"query": query})
            found = [symbol["location"]["uri"] for symbol in symbols]
            time.sleep(0.1)
        assert found == expected

    check_places("parse_price", [(shop / "shop/money.py").as_uri()])
    (shop / "shop").rename(shop / "store.v2")
    changes = [{"uri": (shop / "shop").as_uri(), "type": 3}, {"uri": (shop / "store.v2").as_uri(), "type": 1}]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    check_places("parse_price", [(shop / "store.v2/money.py").as_uri()])
    shutil.rmtree(shop / "store.v2")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": (shop / "store.v2").as_uri(), "type": 3}]})
    check_places("parse_price", [])


def test_that_the_index_cannot_be_written_is_found_out_once_in_a_while(syncs: Syncs, tmp_path: Path) -> None:
    """Each attempt parses what it then cannot store."""
    reasons: list[str] = []

    async def on_loop() -> None:
        root = Root("x", tmp_path.as_uri(), str(tmp_path), tmp_path)
        index = RootIndex(root, asyncio.get_running_loop(), lambda *_: None)
        index.sync()
        index._handle_event({"event": "unwritable", "reason": "the disk is full"})  # the user's cache folder
        index._handle_event({"event": "unwritable", "reason": "the disk is full"})  # the private one
        for _ in range(3):
            try:
                await index.sync_and_wait()
            except RuntimeError as error:
                reasons.append(str(error))
        assert len(syncs) == 2
        index._retry_at = 0.0  # later
        waiting = asyncio.ensure_future(index.sync_and_wait())
        await asyncio.sleep(0)
        index._handle_event({"event": "synced"})
        await waiting
        index.close()

    asyncio.run(on_loop())
    assert reasons == ["the disk is full"] * 3
    assert syncs == [(False, None)] * 3


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
