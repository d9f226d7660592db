"""An index that is damaged, deleted, too slow, or cannot be written."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from lsprotocol import types

from adapter_core.graph.processes import indexer_worker
from adapter_core.graph.storage import store as storage
from adapter_core.graph.workspace import delete_index, index_path
from lsp_server.features import hover
from lsp_server.server import PathlineServer
from lsp_server.session import IndexState, Snapshot, UnreadableIndexError
from lsp_server.workspace import Root, make_roots
from tests.support import write_tree

from .harness import Client

Connect = Callable[..., Client]


def wait_for_symbol(client: Client, name: str) -> None:
    deadline = time.monotonic() + 30
    while not (found := client.request("workspace/symbol", {"query": name})) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [symbol["name"] for symbol in found] == [name]


def databases(shop: Path) -> list[Path]:
    return list((shop.parent / "cache/index").rglob("*.sqlite"))


def test_an_index_that_is_deleted_is_missed_and_built_anew(client: Client, shop: Path) -> None:
    (database,) = databases(shop)
    delete_index(database)
    assert not client.request("workspace/symbol", {"query": "parse_price"})
    message = client.wait_for(lambda m: m["method"] == "window/logMessage" and "gone" in m["params"]["message"])
    assert message["params"]["message"] == (
        "Pathline: the index of shop-project is gone from the cache folder and is built anew."
    )
    wait_for_symbol(client, "parse_price")
    delete_index(database)
    assert client.ask("What does parse_price do?")["found"]


def test_of_several_indexes_the_damaged_one_is_built_anew_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    roots = tuple(make_roots([write_tree(tmp_path / name, "#- a.py\n").as_uri() for name in ("good", "bad")])[0])
    told: list[tuple[str, bool]] = []

    class Index:
        def __init__(self, root: Root) -> None:
            self.root = root

        def sync(self, rebuild: bool = False) -> None:
            told.append((self.root.name, rebuild))

    server = PathlineServer()
    monkeypatch.setattr(server.engine, "index", Index)
    monkeypatch.setattr(server, "note", lambda message: None)
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"SQLite format 3\0" + b"\0" * 4080)
    server.session.roots = roots
    server.session.indexes = {"bad": IndexState(damaged)}

    def read_damaged(snapshot: Snapshot) -> None:
        with snapshot.graph(roots[1]) as graph:
            raise storage.damaged(f"what it says is wrong: {graph.root}")

    async def look_up(times: int) -> None:
        snapshot = server.session.snapshot()
        for _ in range(times):
            assert await server.run_within(lambda _: read_damaged(snapshot), 10) is None

    asyncio.run(look_up(2))
    assert told == [("bad", True)], "once a minute"
    server.index_failed(UnreadableIndexError(roots[0], "as well"))
    assert told == [("bad", True), ("good", True)]


def test_a_slow_look_up_says_that_it_was_one(monkeypatch: pytest.MonkeyPatch, shop: Path) -> None:
    server = PathlineServer()
    roots, _ = make_roots([shop.as_uri()])
    server.session.roots = tuple(roots)
    notes: list[str] = []
    monkeypatch.setattr(server, "note", notes.append)
    monkeypatch.setattr(hover, "_BUDGET_SECONDS", 0.01)
    monkeypatch.setattr(hover, "hover_content", lambda *_: time.sleep(0.5))
    monkeypatch.setattr(hover, "inferred_content", lambda *_: None)
    handler = cast(Any, server.protocol.fm.features["textDocument/hover"])
    params = types.HoverParams(types.TextDocumentIdentifier((shop / "shop/cart.py").as_uri()), types.Position(0, 0))
    found = asyncio.run(handler(params))
    assert found.contents.value == "Pathline did not find out in time what this is; try again in a moment."
    assert notes == ["a look-up took longer than 0.01 s and was given up; try again in a moment"]


def test_an_index_that_cannot_be_written_is_not_said_to_be_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On a full disk: nothing is parsed once more for an index in memory that this process would throw away."""
    root = write_tree(tmp_path / "root", "#- a.py\n" + "".join(f"def f{n}(): ...\n" for n in range(5000)))
    monkeypatch.setenv("PATHLINE_CACHE_DIR", str(tmp_path / "cache"))
    opened: list[Path | None] = []
    open_store = storage.Store.__init__

    def opening(store: storage.Store, path: Path | None, read_only: bool = False) -> None:
        opened.append(path)
        open_store(store, path, read_only)
        store._db.execute("PRAGMA max_page_count = 1")

    monkeypatch.setattr(storage.Store, "__init__", opening)
    sent: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    event = indexer_worker._try_sync(root, False, None, cast(Any, type("Pipe", (), {"send": staticmethod(sent.put)})))
    assert event is not None
    assert event["event"] == "unwritable"
    assert "database or disk is full" in event["reason"]
    assert "memory" not in event["reason"]
    assert opened == [index_path(root)]
