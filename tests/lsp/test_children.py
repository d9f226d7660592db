"""The processes of the graph, driven without a server: the indexer and jedi."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from adapter_core.graph.processes.indexer import Indexer, open_reader
from adapter_core.graph.processes.jedi_client import Definition, JediClient
from tests.support import write_tree

Events = queue.SimpleQueue[dict[str, Any]]


@pytest.fixture
def indexer(shop: Path) -> Iterator[tuple[Indexer, Events]]:
    events: Events = queue.SimpleQueue()
    indexer = Indexer(shop, events.put)
    yield indexer, events
    indexer.close()


@pytest.fixture(scope="module")
def jedi() -> Iterator[JediClient]:
    client = JediClient()
    yield client
    client.close()


def result(events: Events) -> dict[str, Any]:
    while (event := events.get(timeout=30))["event"] in ("progress", "busy"):
        pass
    return event


def test_the_indexer_reports_what_it_wrote(indexer: tuple[Indexer, Events], shop: Path) -> None:
    client, events = indexer
    client.sync()
    first = result(events)
    assert (first["event"], first["files"], first["parsed"], first["complete"]) == ("synced", 6, 6, True)
    (shop / "shop/new.py").write_text("def new(): pass\n")
    (shop / "README.md").unlink()
    client.sync()
    second = result(events)
    assert (second["files"], second["parsed"], second["removed"]) == (6, 1, 1)
    assert second["generation"] > first["generation"]
    reader = open_reader(shop, Path(second["database"]))
    assert reader.symbols_named("new")
    reader.close()


def test_without_an_index_there_is_an_empty_incomplete_one(shop: Path) -> None:
    reader = open_reader(shop)
    assert reader.counts() == (0, 0)
    assert not reader.completeness()[0]


def test_the_indexer_waits_for_another_writer(indexer: tuple[Indexer, Events], shop: Path) -> None:
    client, events = indexer
    client.sync()
    database = Path(result(events)["database"])
    with FileLock(database.with_suffix(".lock")):
        client.sync()
        assert events.get(timeout=30)["event"] == "busy"
    assert result(events)["event"] == "synced"


def test_the_indexer_starts_again_after_it_died(indexer: tuple[Indexer, Events]) -> None:
    client, events = indexer
    client.sync()
    result(events)
    assert client.pid is not None
    psutil.Process(client.pid).kill()
    client.sync()
    found = result(events)
    if found["event"] == "died":  # it was still dying when it was asked
        client.sync()
        found = result(events)
    assert found["event"] == "synced"


def test_a_root_that_vanished_is_reported(tmp_path: Path) -> None:
    events: Events = queue.SimpleQueue()
    indexer = Indexer(tmp_path / "none", events.put)
    indexer.sync()
    found = result(events)
    indexer.close()
    assert found["event"] == "failed"
    assert "There is no folder" in found["reason"]


def infer(jedi: JediClient, root: Path, text: str, line: int, column: int) -> list[tuple[str, int, str]]:
    (root / "use.py").write_text(text)
    return [(d.path, d.line, d.name) for d in jedi.inspect(root, "use.py", text, line, column).definitions]


def test_jedi_knows_types(jedi: JediClient, tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "ws",
        "#- src/made.py\nclass Thing:\n    def run(self):\n        return self\n\n\ndef make():\n    return Thing()\n",
    )
    text = "from made import make\n\nthing = make()\nthing.run().run()\n"
    assert infer(jedi, root, text, 4, 7) == [("src/made.py", 2, "run")]
    assert infer(jedi, root, text, 4, 13) == [("src/made.py", 2, "run")]
    assert infer(jedi, root, text, 4, 0) == [("src/made.py", 1, "Thing")]
    assert infer(jedi, root, "import os\nos.path.join\n", 2, 9) == []  # outside the workspace
    assert infer(jedi, root, text, 99, 99) == []


def test_jedi_is_killed_when_it_takes_too_long(tmp_path: Path) -> None:
    client = JediClient(limit_seconds=0.0001, start_seconds=0.0)
    started = time.monotonic()
    assert client.inspect(tmp_path, "a.py", "x = 1\nx\n", 2, 0).definitions == ()
    assert time.monotonic() - started < 3
    assert client.pid is None
    client.close()


def test_jedi_stops_on_cancel(tmp_path: Path) -> None:
    client = JediClient()
    cancel = threading.Event()
    cancel.set()
    assert client.inspect(tmp_path, "a.py", "x = 1\nx\n", 2, 0, cancel).definitions == ()
    assert client.pid is None
    client.close()
    assert client.inspect(tmp_path, "a.py", "x = 1\nx\n", 2, 0).definitions == ()


def test_jedi_keeps_no_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    root = write_tree(tmp_path / "ws", "#- made.py\nclass Thing: pass\n")
    client = JediClient()
    text = "import made\nmade.Thing\n"
    assert client.inspect(root, "use.py", text, 2, 6).definitions == (Definition("made.py", 1, 6, "Thing"),)
    client.close()
    assert list(tmp_path.rglob("*.pkl")) == []
    assert list(tmp_path.rglob("PARSO-CACHE-LOCK")) == []
