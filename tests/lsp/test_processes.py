"""Whatever happens to the server, its children or its editor: nothing stays behind, and what lives on goes on working."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import write_tree

from .harness import SERVER, Client, RpcError, edit

Connect = Callable[..., Client]


def wait_until(condition: Callable[[], Any], timeout: float = 10.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def family(client: Client) -> list[psutil.Process]:
    """The server and everything below it."""
    server = psutil.Process(client.process.pid)
    return [server, *server.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def with_all_children(client: Client, shop: Path) -> list[psutil.Process]:
    """Make the server start its indexer and jedi; returns the family."""
    uri = client.open(shop / "shop/checkout.py")
    client.ask("What is it?", textDocument={"uri": uri}, position={"line": 13, "character": 10})
    processes = family(client)
    commands = " ".join(part for p in processes for part in p.cmdline())
    assert "indexer_worker" in commands
    assert "jedi_worker" in commands
    return processes


def test_the_end_of_input_ends_everything(client: Client, shop: Path) -> None:
    processes = with_all_children(client, shop)
    assert client.process.stdin is not None
    client.process.stdin.close()
    wait_until(lambda: gone(processes))
    assert client.process.wait(5) == 1


def test_exit_does_not_wait_for_work(client: Client, shop: Path) -> None:
    processes = with_all_children(client, shop)
    client.start_request("pathline/ask", {"question": "What does add_item do? " * 400})
    client.request("shutdown")
    client.notify("exit")
    wait_until(lambda: gone(processes), 5)
    assert client.process.wait(5) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_server_leaves_no_children(client: Client, shop: Path, number: int) -> None:
    processes = with_all_children(client, shop)
    client.process.send_signal(number)
    wait_until(lambda: gone(processes))


def test_a_client_that_stopped_reading_ends_everything(tmp_path: Path) -> None:
    read, write = os.pipe()
    env = {**os.environ, "PATHLINE_CACHE_DIR": str(tmp_path / "cache")}
    server = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=write, env=env)
    os.close(write)
    os.close(read)
    assert server.stdin is not None
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()
    assert server.wait(10) == 1
    server.stdin.close()


def test_the_death_of_the_editor_is_noticed(tmp_path: Path, shop: Path) -> None:
    """The editor dies while another process still holds the server's streams open, as a terminal multiplexer may."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import json, os, subprocess, sys, time\n"
        "read, write = map(int, sys.argv[2:4])\n"
        "server = subprocess.Popen(json.loads(sys.argv[1]), stdin=read, stdout=subprocess.DEVNULL)\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    read, write = os.pipe()
    os.set_inheritable(read, True)
    command = [sys.executable, str(script), json.dumps(SERVER), str(read), str(write)]
    env = {**os.environ, "PATHLINE_CACHE_DIR": str(tmp_path / "cache")}
    editor = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, close_fds=False)
    assert editor.stdout is not None
    server = psutil.Process(int(editor.stdout.readline()))
    params = {"processId": editor.pid, "rootUri": shop.as_uri(), "capabilities": {}}
    for message in (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "initialized", "params": {}},
    ):
        body = json.dumps(message).encode()
        os.write(write, b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    wait_until(lambda: server.children())
    processes = [server, *server.children(recursive=True)]
    editor.kill()
    editor.wait()
    # The pipe stays open here: only the watchdog can notice.
    wait_until(lambda: gone(processes), 10)
    os.close(read)
    os.close(write)


def test_the_death_of_the_children_is_survived(client: Client, shop: Path) -> None:
    processes = with_all_children(client, shop)
    for child in processes[1:]:
        child.kill()
    (shop / "shop/later.py").write_text("def came_later(): pass\n")
    client.ready()
    assert [s["name"] for s in client.request("workspace/symbol", {"query": "came_later"})] == ["came_later"]
    with_all_children(client, shop)


def test_hover_answers_while_the_index_is_built(connect: Connect, tmp_path: Path) -> None:
    body = "".join(
        f"def function_{n}(a, b):\n    '''Number {n}.'''\n    return function_{n}(b, a)\n\n\n" for n in range(400)
    )
    big = write_tree(tmp_path / "big", "".join(f"#- package/module_{n}.py\n{body}" for n in range(60)))
    client = connect()
    client.initialize(big)
    uri = client.open(big / "package/module_0.py")
    for version in range(2, 7):
        client.change(uri, version, edit((0, 4), (0, 14), f"renamed_{version}"), edit((0, 4), (0, 13), "function_0"))
        started = time.monotonic()
        text = client.hover(uri, 5, 6)
        assert text is not None
        assert "def function_1(a, b)" in text
        assert time.monotonic() - started < 3
    begin = client.wait_for(lambda m: m["method"] == "$/progress" and m["params"]["value"]["kind"] == "begin", 30)
    assert begin["params"]["value"]["title"] == "Pathline: indexing"
    processes = family(client)
    client.request("shutdown")
    client.notify("exit")
    wait_until(lambda: gone(processes))


def test_a_cache_folder_that_cannot_be_written(connect: Connect, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    client = connect()
    client.initialize(shop)
    client.ready()
    assert client.ask("What does add_item raise when the cart is full?")["found"]
    assert client.request("workspace/symbol", {"query": "checkout"})
    assert client.close() == 0


def test_a_corrupt_index_is_built_anew(connect: Connect, shop: Path, tmp_path: Path) -> None:
    client = connect()
    client.initialize(shop)
    client.ready()
    client.close()
    (database,) = (tmp_path / "cache").rglob("*.sqlite")
    for file in database.parent.iterdir():
        file.write_bytes(b"this is no database" * 1000)
    client = connect()
    client.initialize(shop)
    client.ready()
    assert client.ask("What does add_item raise when the cart is full?")["found"]


def test_damage_that_a_question_meets_is_mended(connect: Connect, shop: Path, tmp_path: Path) -> None:
    client = connect()
    client.initialize(shop)
    client.ready()
    (database,) = (tmp_path / "cache").rglob("*.sqlite")
    with sqlite3.connect(database) as db:
        db.execute("UPDATE blocks SET data = randomblob(length(data))")
    db.close()
    with pytest.raises(RpcError, match="built anew"):
        client.ask("What does add_item raise when the cart is full?")

    def answered() -> bool:
        try:
            return bool(client.ask("What does add_item raise when the cart is full?")["found"])
        except RpcError:
            return False

    wait_until(answered, 60.0)


def test_prints_cannot_break_the_protocol(connect: Connect, shop: Path) -> None:
    noisy = SERVER[-1].replace(
        "sys.exit(main())",
        "import lsp_server.features.lifecycle as l; import os; real = l.client_support\n"
        "def loud(c):\n"
        "    print('noise'); sys.stdout.flush(); os.write(1, b'Content-Length: 3\\r\\n\\r\\nxxx'); os.system('echo noise; cat')\n"
        "    return real(c)\n"
        "l.client_support = loud\n"
        "main()",
    )
    client = connect(command=[*SERVER[:-1], noisy], environment={"PYTHONUNBUFFERED": "1"})
    client.initialize(shop)
    client.ready()
    assert client.close() == 0
