"""One server, one client: what is asked is answered, from the text that the editor shows."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter_core.isolation import isolated_command
from lsp_server import check
from tests.support import write_tree

from .harness import SERVER, Client, RpcError, cursor, edit

Connect = Callable[..., Client]
Shared = tuple[Client, Path]


def test_initialize_is_quick_and_imports_no_library_of_models(connect: Connect, shop: Path) -> None:
    probe = SERVER[-1].replace(
        "sys.exit(main())",
        "import lsp_server.features.lifecycle as l; real = l.client_support\n"
        "def look(c):\n"
        "    heavy = [m for m in ('torch', 'transformers', 'numpy', 'jedi') if m in sys.modules]\n"
        "    print('HEAVY', heavy, file=sys.stderr, flush=True)\n"
        "    return real(c)\n"
        "l.client_support = look\n"
        "main()",
    )
    log = shop.parent / "stderr"
    with log.open("wb") as stderr:
        client = connect(cwd=shop, command=[*SERVER[:-1], probe], stderr=stderr)
    started = time.monotonic()
    result = client.initialize(shop)
    # Python's own start included; generous, for a busy machine.
    assert time.monotonic() - started < 5
    assert "HEAVY []" in log.read_text()
    capabilities = result["capabilities"]
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["executeCommandProvider"]["commands"] == [
        "pathline.server.ask",
        "pathline.server.clearCitations",
        "pathline.server.reindex",
    ]
    assert client.close() == 0


def test_hover_says_what_it_is_where_and_who_calls_it(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/checkout.py")
    text = client.hover(uri, 6, 12)
    assert text is not None
    assert text.startswith("```python\nclass Cart\n```\n\nWhat a customer is about to buy.")
    assert "defined at `shop/cart.py:6`" in text
    assert "constructed in at least 2 places" in text


@pytest.mark.parametrize("formats", [{"contentFormat": ["plaintext"]}, {}])
def test_a_client_that_knows_no_markdown_gets_none(connect: Connect, shop: Path, formats: dict[str, Any]) -> None:
    source = 'def price_of(*, per_unit=1):\n    """Take `x_y` * 2, see [the list].\n\n    - # no heading\n    """\n'
    (shop / "shop/plain.py").write_text(source)
    client = connect(cwd=shop)
    client.initialize(shop, capabilities={"textDocument": {"hover": formats}})
    client.ready()
    uri = client.open(shop / "shop/plain.py")
    found = client.at("textDocument/hover", uri, 0, 6)["contents"]
    assert found["kind"] == "plaintext"
    assert found["value"] == (
        "def price_of(*, per_unit=1)\n\nTake `x_y` * 2, see [the list].\n\n- # no heading\n\n"
        "defined at shop/plain.py:1 · no callers found"
    )


def test_hover_by_name_alone_says_so(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/checkout.py")
    text = client.hover(uri, 13, 10)
    assert text is not None
    assert "matched by name" in text
    assert "called in at least 2 places" in text


def test_hover_uses_unsaved_text(shared: Shared) -> None:
    client, shop = shared
    text, position = cursor('def fresh(a, b=1):\n    """Not on disk."""\n\n\nfr$0esh(2)\n')
    uri = client.open(shop / "shop/unsaved.py", text)
    shown = client.hover(uri, **{"line": position["line"], "character": position["character"]})
    assert shown is not None
    assert "def fresh(a, b=1)" in shown
    assert "Not on disk." in shown
    assert "called in at least 1 place" in shown
    client.change(uri, 2, edit((0, 4), (0, 9), "newer"), edit((4, 0), (4, 5), "newer"))
    shown = client.hover(uri, 4, 2)
    assert shown is not None
    assert "def newer(a, b=1)" in shown


def test_unsaved_text_of_another_file_counts(shared: Shared) -> None:
    client, shop = shared
    money = client.open(shop / "shop/money.py")
    client.change(money, 2, edit((8, 0), (8, 0), '    SHORT = "c"\n'), edit((3, 6), (3, 11), "Sum"))
    cart = client.open(shop / "shop/cart.py")
    client.change(cart, 2, edit((2, 19), (2, 24), "Sum"), edit((15, 30), (15, 35), "Sum"))
    text = client.hover(cart, 15, 31)
    assert text is not None
    assert "class Sum" in text
    client.close_document(money)
    assert client.hover(cart, 15, 31) is None


def test_open_files_that_are_not_indexed_stay_out_of_the_answers_about_others(client: Client, shop: Path) -> None:
    (shop / ".gitignore").write_text("generated/\n")
    (shop / "generated").mkdir()
    saved = shop / "generated/saved.py"
    saved.write_text("def zebra_saved(): pass\n")
    client.open(saved)
    client.open(shop / "generated/unsaved.py", "def zebra_unsaved(): pass\n")
    (shop / ".venv/lib").mkdir(parents=True)
    client.open(shop / ".venv/lib/unsaved.py", "def zebra_installed(): pass\n")
    client.open(shop / "shop/unsaved.py", "def zebra_here(): pass\n")
    client.open(shop / "new/folder/unsaved.py", "def zebra_in_a_new_folder(): pass\n")
    client.open(shop / "unsaved.py", "def zebra_at_the_top(): pass\n")
    found = client.request("workspace/symbol", {"query": "zebra"})
    assert [symbol["name"] for symbol in found] == ["zebra_here", "zebra_at_the_top", "zebra_in_a_new_folder"]
    assert "def zebra_saved()" in (client.hover(saved.as_uri(), 0, 5) or "")  # a request about it looks at it


def test_nothing_to_hover(shared: Shared, tmp_path: Path) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/cart.py")
    assert client.hover(uri, 1, 0) is None
    assert client.hover(uri, 9999, 9999) is None
    assert client.hover("untitled:Untitled-1", 0, 0) is None
    assert client.hover((shop / "never-opened.py").as_uri(), 0, 0) is None
    outside = client.open(tmp_path / "outside.py", "def f(): pass\n")
    assert client.hover(outside, 0, 5) is None


def test_a_form_feed_does_not_shift_the_lines(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/old.py", "import os\n\x0c\ndef one(): pass\n\u2028# x\n")
    client.change(uri, 2, edit((2, 4), (2, 7), "two"))
    text = client.hover(uri, 2, 5)
    assert text is not None
    assert "def two()" in text


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 14), ("utf-16", 11), ("utf-32", 10)])
def test_columns_are_those_of_the_client(connect: Connect, shop: Path, encoding: str, column: int) -> None:
    client = connect(cwd=shop)
    assert client.initialize(shop, encodings=[encoding])["capabilities"]["positionEncoding"] == encoding
    uri = client.open(shop / "shop/emoji.py", 'def f(): pass\n\n\nx = "😀é"; f(f)\n')
    found = client.at("textDocument/hover", uri, 3, column)
    assert found["range"]["start"] == {"line": 3, "character": column}
    assert found["range"]["end"] == {"line": 3, "character": column + 1}
    answer = client.ask("What does it do?", textDocument={"uri": uri}, position={"line": 3, "character": column})
    assert {c["path"] for claim in answer["claims"] for c in claim["citations"]} == {"shop/emoji.py"}


def test_a_latin_1_file_is_read(connect: Connect, shop: Path) -> None:
    (shop / "shop/old.py").write_bytes(
        b'# -*- coding: latin-1 -*-\ndef gr\xfc\xdfe():\n    """Gr\xfc\xdfe an alle."""\n'
    )
    (shop / "shop/wild.py").write_bytes(b'def wild():\n    """No cookie: \xff."""\n')
    (shop / "shop/use.py").write_text("from .old import grüße\nfrom .wild import wild\ngrüße()\nwild()\n", "utf-8")
    client = connect(cwd=shop)
    client.initialize(shop)
    client.ready()
    uri = client.open(shop / "shop/use.py")
    assert "Grüße an alle." in (client.hover(uri, 2, 1) or "")
    assert "No cookie: ÿ." in (client.hover(uri, 3, 1) or "")


def test_code_actions_on_symbols_only(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/checkout.py")

    def actions(line: int, character: int, **context: Any) -> list[dict[str, Any]]:
        place = {"line": line, "character": character}
        span = {"start": place, "end": place}
        params = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": [], **context}}
        return client.request("textDocument/codeAction", params)

    ask, explain = actions(6, 12)
    assert [ask["title"], explain["title"]] == ["Ask about `Cart`", "Explain `Cart`"]
    assert ask["command"]["command"] == explain["command"]["command"] == "pathline.server.ask"
    (argument,) = explain["command"]["arguments"]
    assert argument["position"] == {"line": 6, "character": 12}
    answer = client.request("workspace/executeCommand", explain["command"])
    assert answer["found"]
    assert any(citation["path"] == "shop/cart.py" for claim in answer["claims"] for citation in claim["citations"])
    assert actions(6, 12, only=["quickfix"]) == []
    assert actions(7, 9) == []


def test_the_ask_action_carries_the_command_of_the_client(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, options={"askCommand": "my.prompt"})
    client.ready()
    uri = client.open(shop / "shop/checkout.py")
    place = {"line": 6, "character": 12}
    params = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    command = client.request("textDocument/codeAction", params)[0]["command"]
    assert command["command"] == "my.prompt"
    assert command["arguments"] == [{"textDocument": {"uri": uri}, "position": place, "symbol": "Cart"}]


def test_symbols_of_a_document_and_of_the_workspace(shared: Shared) -> None:
    client, shop = shared
    uri = client.open(shop / "shop/cart.py")
    (cart,) = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert cart["name"] == "Cart"
    assert [child["name"] for child in cart["children"]] == ["__init__", "add_item", "total"]
    found = client.request("workspace/symbol", {"query": "adit"})
    assert [(s["name"], s["containerName"]) for s in found] == [("add_item", "shop.cart.Cart")]
    for query, first in (
        ("Cart.total", "total"),
        ("shop.cart.total", "total"),
        (".total", "total"),
        ("Money.total", None),
    ):
        found = client.request("workspace/symbol", {"query": query})
        assert (found[0]["name"] if found else None) == first, query
    client.open(shop / "shop/unsaved.py", "def not_on_disk(): pass\n")
    assert [s["name"] for s in client.request("workspace/symbol", {"query": "notondisk"})] == ["not_on_disk"]
    assert client.request("workspace/symbol", {"query": ""}) == []


def test_no_more_symbols_than_the_limit_and_none_twice(client: Client, shop: Path) -> None:
    (shop / "shop/many.py").write_text("".join(f"class C{n}:\n    def zig(self): ...\n" for n in range(150)))
    (shop / "shop/more.py").write_text("".join(f"class D{n}:\n    def ziggy(self): ...\n" for n in range(150)))
    client.ready()
    found = client.request("workspace/symbol", {"query": "zig"})
    assert [s["name"] for s in found] == ["zig"] * 150 + ["ziggy"] * 50
    assert [s["containerName"] for s in client.request("workspace/symbol", {"query": "D149.zi"})] == ["shop.more.D149"]
    (shop / "shop/many.py").write_text("".join(f"class C{n}:\n    def zig(self): ...\n" for n in range(250)))
    client.ready()
    assert len(client.request("workspace/symbol", {"query": "zig"})) == 200


def test_saved_and_changed_files_are_indexed_again(client: Client, shop: Path) -> None:
    (shop / "shop/later.py").write_text("def came_later(): pass\n")
    change = {"uri": (shop / "shop/later.py").as_uri(), "type": 1}
    client.notify("workspace/didChangeWatchedFiles", {"changes": [change]})
    deadline = time.monotonic() + 20
    while not client.request("workspace/symbol", {"query": "came_later"}) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [s["name"] for s in client.request("workspace/symbol", {"query": "came_later"})] == ["came_later"]


def test_bad_settings_are_reported_once(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, options={"useModel": "no", "model": 3, "other": 1})
    message = client.wait_for(lambda m: m["method"] == "window/showMessage")["params"]
    assert message["type"] == 2
    assert "pathline.useModel must be true or false" in message["message"]
    assert "pathline.model must be a string" in message["message"]
    client.ready()
    assert len([m for m in client.notifications if m["method"] == "window/showMessage"]) == 1


def test_settings_are_pulled_where_the_client_offers_them(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, capabilities={"workspace": {"configuration": True}})
    client.configuration = {"askCommand": "my.prompt"}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.ready()
    uri = client.open(shop / "shop/checkout.py")
    place = {"line": 6, "character": 12}
    params = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    assert client.request("textDocument/codeAction", params)[0]["command"] == "my.prompt"
    assert [r["params"]["items"] for r in client.requests if r["method"] == "workspace/configuration"] == [
        [{"section": "pathline"}]
    ]


def test_every_request_gets_one_response(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)

    def check_error(code: int, method: str, params: Any = None) -> None:
        with pytest.raises(RpcError) as error:
            client.request(method, params)
        assert error.value.code == code

    check_error(-32002, "textDocument/hover", {})
    client.initialize(shop)
    check_error(-32600, "initialize", {"capabilities": {}, "processId": None, "rootUri": None})
    check_error(-32602, "textDocument/hover", {"textDocument": 7})
    check_error(-32601, "textDocument/notAMethod", {})
    check_error(-32602, "workspace/executeCommand", {"command": "pathline.server.none"})
    check_error(-32602, "workspace/executeCommand", {"command": "pathline.server.ask"})
    client.send_raw(b"{broken")
    client.send_raw(b"[1, 2]")
    client.send_raw(b'{"jsonrpc": "2.0"}')
    client.send_raw(b'{"jsonrpc": "2.0", "id": 99, "result": "of no request"}')
    client.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": "file:///none.py", "version": 1}, "contentChanges": [{"text": ""}]},
    )
    client.notify("textDocument/didOpen", {"broken": True})
    client.notify("no/suchNotification", {})
    client.ready()
    assert [error["code"] for error in client.errors] == [-32700, -32600, -32600]
    client.request("shutdown")
    check_error(
        -32600, "textDocument/hover", {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}}
    )
    client.notify("exit")
    assert client.process.wait(10) == 0


def test_wrong_parameters_are_named(shared: Shared) -> None:
    client, _ = shared
    for method, params, told in (
        ("textDocument/hover", {}, "`params.textDocument`: required field missing; `params.position`: required"),
        ("textDocument/hover", {"textDocument": 7, "position": {"line": 0}}, "`params.textDocument.uri`: "),
        ("textDocument/hover", {"textDocument": {"uri": "a"}, "position": {"line": 0}}, "`params.position.character`"),
        ("textDocument/documentSymbol", None, "`params"),
        ("workspace/executeCommand", {"arguments": []}, "`params.command`: "),
    ):
        with pytest.raises(RpcError) as error:
            client.request(method, params)
        assert error.value.code == -32602
        assert told in error.value.message


def test_messages_that_no_client_should_send(connect: Connect, shop: Path) -> None:
    log = shop.parent / "stderr"
    with log.open("wb") as stderr:
        client = connect(stderr=stderr)
        client.initialize(shop)
        client._results |= {number: queue.SimpleQueue() for number in range(70, 80)}

        def code(message: str) -> int | None:
            client.send_raw(('{"jsonrpc": "2.0", ' + message).encode())
            return client.error_code(json.loads("{" + message.partition(",")[0] + "}")["id"])

        assert code('"id": 70, "method": "pathline/none"}') == -32601
        assert code('"id": 71, "method": "pathline/none", "params": {}}') == -32601
        assert code('"id": 72, "method": 5}') == -32600
        for raw, identified in (
            ('{"id": 74, "method": "shutdown"}', True),
            ('{"jsonrpc": "1.0", "id": 75, "result": 1}', False),
        ):
            client.send_raw(raw.encode())
            assert not identified or client.error_code(json.loads(raw)["id"]) == -32600
        assert code('"id": 73, "method": "pathline/ask", "params": ' + '{"a":' * 100_000) == -32700
        for raw in (
            '"method": "$/cancelRequest", "params": {"id": {"a": 1}}}',
            '"method": "pathline/unknown"}',
            '"id": {"a": 1}, "method": "textDocument/hover", "params": {}}',
            '"id": [1], "result": 1}',
        ):
            client.send_raw(('{"jsonrpc": "2.0", ' + raw).encode())
        client.ready()
        assert [error["code"] for error in client.errors] == [-32600, -32600, -32600]
        client.close()
    assert "Traceback" not in log.read_text("utf-8")


def test_exit_without_shutdown_is_code_1(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop)
    client.notify("exit")
    assert client.process.wait(10) == 1


def test_no_folder_is_open(connect: Connect, tmp_path: Path) -> None:
    client = connect()
    client.initialize(None)
    uri = client.open(tmp_path / "a.py", "def f(): pass\n")
    assert client.hover(uri, 0, 5) is None
    with pytest.raises(RpcError, match="No folder is open"):
        client.ask("What is f?")
    assert client.close() == 0


def test_folders_come_and_go(connect: Connect, shop: Path, tmp_path: Path) -> None:
    bank = write_tree(tmp_path / "bank", "#- bank.py\ndef transfer(): pass\n")
    client = connect()
    client.initialize(shop)
    client.ready()
    event: dict[str, Any] = {"added": [{"uri": bank.as_uri(), "name": "bank"}], "removed": []}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    client.ready()
    assert [s["name"] for s in client.request("workspace/symbol", {"query": "transfer"})] == ["transfer"]
    event = {"added": [], "removed": [{"uri": shop.as_uri(), "name": "shop-project"}]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    assert client.request("workspace/symbol", {"query": "checkout"}) == []
    uri = client.open(bank / "bank.py")
    answer = client.ask("What does transfer do?", textDocument={"uri": uri}, position={"line": 0, "character": 5})
    assert {c["root"] for claim in answer["claims"] for c in claim["citations"]} <= {"bank"}


def test_an_answer_says_that_of_several_folders_one_was_asked(connect: Connect, shop: Path, tmp_path: Path) -> None:
    bank = write_tree(tmp_path / "bank", "#- bank.py\ndef transfer(sum): return sum\n")
    client = connect()
    client.initialize(shop, workspaceFolders=[{"uri": root.as_uri(), "name": root.name} for root in (shop, bank)])
    client.ready()
    told = "only the folder shop-project was asked"
    assert told in client.ask("What does transfer do?")["reason"]
    assert told in client.ask("What does transfer do?", textDocument={"uri": "untitled:Untitled-1"})["reason"]
    answer = client.ask("What does transfer do?", textDocument={"uri": (bank / "bank.py").as_uri()})
    assert answer["found"]
    assert told not in answer["reason"]


def test_a_folder_keeps_its_name_and_its_index_when_one_of_the_same_name_goes(connect: Connect, tmp_path: Path) -> None:
    left = write_tree(tmp_path / "left" / "app", "#- left.py\ndef turn(ring): return ring\n")
    right = write_tree(tmp_path / "right" / "app", "#- right.py\ndef bake(cake): return cake\n")
    client = connect()
    client.initialize(left, workspaceFolders=[{"uri": root.as_uri(), "name": "app"} for root in (left, right)])
    client.ready()
    event = {"added": [], "removed": [{"uri": left.as_uri(), "name": "app"}]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    assert {c["root"] for claim in client.ask("What does bake do?")["claims"] for c in claim["citations"]} == {"app-2"}
    (right / "right.py").write_text("def roast(nut): return nut\n")
    client.ready()
    assert client.ask("What does roast do?")["found"]


def test_two_servers_share_one_index(connect: Connect, shop: Path) -> None:
    first, second = connect(), connect()
    for client in (first, second):
        client.initialize(shop)
    for client in (first, second):
        client.ready()
        assert client.request("workspace/symbol", {"query": "checkout"})
    first.process.kill()
    (shop / "shop/later.py").write_text("def came_later(): pass\n")
    second.ready()
    assert [s["name"] for s in second.request("workspace/symbol", {"query": "came_later"})] == ["came_later"]


@pytest.mark.skipif(os.name == "nt", reason="needs the right to make symbolic links")
def test_a_linked_workspace_keeps_the_spelling_of_the_client(connect: Connect, shop: Path) -> None:
    link = shop.parent / "link"
    link.symlink_to(shop)
    client = connect()
    client.initialize(link)
    client.ready()
    (found,) = client.request("workspace/symbol", {"query": "parse_price"})
    assert found["location"]["uri"] == (link / "shop/money.py").as_uri()
    uri = client.open(shop / "shop/money.py")  # opened by its real path
    assert "class Money" in (client.hover(uri, 3, 7) or "")


@pytest.mark.skipif(os.name == "nt", reason="needs the right to make symbolic links")
def test_of_a_file_that_is_open_twice_the_document_that_is_asked_about_counts(client: Client, shop: Path) -> None:
    link = shop.parent / "link"
    link.symlink_to(shop)
    text = (shop / "shop/money.py").read_text("utf-8")
    edited, same = client.open(shop / "shop/money.py"), client.open(link / "shop/money.py")
    client.change(edited, 2, {"text": "\n" * 10 + text})
    for uri, line in ((edited, 20), (same, 10)):
        found = client.at("textDocument/hover", uri, line, 6)
        assert f"defined at `shop/money.py:{line + 1}`" in found["contents"]["value"]
        (first, *_) = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
        assert first["selectionRange"]["start"]["line"] == line - 7
        answer = client.ask("What does it return?", textDocument={"uri": uri}, position={"line": line, "character": 6})
        cited = [c for claim in answer["claims"] for c in claim["citations"] if c["path"] == "shop/money.py"]
        assert cited
        assert {c["location"]["uri"] for c in cited} == {uri}
        assert all(line < c["start"] <= line + 5 for c in cited)


@pytest.mark.parametrize("arguments", [[], ["--stdio"]])
def test_clients_may_name_the_transport(connect: Connect, shop: Path, arguments: list[str]) -> None:
    client = connect(command=isolated_command("adapter_core.cli.main", "lsp", *arguments))
    client.initialize(shop)
    assert client.close() == 0


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_in_a_terminal_it_says_what_it_waits_for(shop: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    env = {**os.environ, "PATHLINE_CACHE_DIR": str(tmp_path / "cache")}
    child = subprocess.Popen(SERVER, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    limit = threading.Timer(30, child.kill)
    limit.start()
    try:
        assert child.stderr is not None
        assert b"waits for an editor" in child.stderr.readline()
    finally:
        limit.cancel()
        child.kill()
        child.communicate(timeout=10)
        os.close(ours)
        os.close(theirs)


def test_the_check_tries_a_folder_out(shop: Path, tmp_path: Path) -> None:
    def run_check(path: Path) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PATHLINE_CACHE_DIR": str(tmp_path / "cache")}
        command = isolated_command("adapter_core.cli.main", "lsp", "--check", str(path))
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    done = run_check(shop)
    assert done.returncode == 0, done.stderr
    assert [line.split("ms")[-1].split(":")[0].strip() for line in done.stdout.splitlines()] == [
        "started",
        "indexed",
        "answered",
        "ended",
    ]
    assert "run `pathline model pull`" in done.stdout  # why it is answered without a model
    missing = run_check(shop / "none")
    assert missing.returncode == 2
    assert "is not a folder" in missing.stderr


def test_the_check_does_not_wait_for_ever(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = [sys.executable, "-c", "import time; time.sleep(100)"]
    monkeypatch.setattr(check, "isolated_command", lambda module: silent)
    monkeypatch.setattr(check, "_SILENCE_SECONDS", 0.5)
    started = time.monotonic()
    assert check.check(str(shop)) == 1
    assert time.monotonic() - started < 60
    assert "failed: no answer to initialize" in capsys.readouterr().err


def test_settings_that_nobody_set_later_are_those_of_the_beginning(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, options={"askCommand": "my.prompt"}, capabilities={"workspace": {"configuration": True}})
    client.configuration = None
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.notify("workspace/didChangeConfiguration", {"settings": {"pathline": {"showDiagnostics": False}}})
    client.ready()
    uri = client.open(shop / "shop/checkout.py")
    place = {"line": 6, "character": 12}
    params = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    assert client.request("textDocument/codeAction", params)[0]["command"] == "my.prompt"


def test_a_document_with_a_name_that_no_file_can_have_spoils_no_other(client: Client, shop: Path) -> None:
    uri = f"{shop.as_uri()}/{'n' * 260}.py"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "x = 1\n"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    assert [s["name"] for s in client.request("workspace/symbol", {"query": "parse_price"})] == ["parse_price"]


def test_what_was_written_to_disk_and_read_by_the_editor_is_known_before_it_is_indexed(
    client: Client, shop: Path
) -> None:
    file = shop / "shop/checkout.py"
    uri = client.open(file)
    text = file.read_text("utf-8") + "\n\ndef read_again_from_disk():\n    return parse_price('1')\n"
    file.write_text(text, "utf-8")
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
    client.notify("textDocument/didChange", change)
    found = client.request("workspace/symbol", {"query": "read_again_from_disk"})
    assert [s["name"] for s in found] == ["read_again_from_disk"]
