"""Several folders, folders under several names, and documents outside of all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_server import workspace
from lsp_server.server import PathlineServer
from lsp_server.session import IndexState
from lsp_server.workspace import make_roots, places_of, without_folders
from tests.support import write_tree

from .harness import Client, RpcError

Connect = Callable[..., Client]
links = pytest.mark.skipif(os.name == "nt", reason="needs the right to make symbolic links")


def folder(path: Path | str) -> dict[str, str]:
    uri = path.as_uri() if isinstance(path, Path) else path
    return {"uri": uri, "name": uri.rpartition("/")[2]}


def open_folders(connect: Connect, *folders: Path | str) -> Client:
    client = connect()
    client.initialize(None, workspaceFolders=[folder(path) for path in folders])
    client.ready()
    return client


def change_folders(client: Client, removed: list[Any], added: list[Any] | None = None) -> None:
    event = {"removed": [folder(path) for path in removed], "added": [folder(path) for path in added or ()]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


def names_of(client: Client, query: str) -> list[str]:
    return [symbol["name"] for symbol in client.request("workspace/symbol", {"query": query})]


def test_the_closest_name_of_all_folders_comes_first(connect: Connect, tmp_path: Path) -> None:
    weak = write_tree(tmp_path / "weak", "#- a.py\n" + "".join(f"def zoom_{n}(): ...\n" for n in range(250)))
    exact = write_tree(tmp_path / "exact", "#- b.py\ndef zoom(): ...\n")
    client = open_folders(connect, weak, exact)
    found = names_of(client, "zoom")
    assert found[:2] == ["zoom", "zoom_0"]
    assert len(found) == 100


def test_the_citations_in_a_folder_go_with_it(connect: Connect, shop: Path, tmp_path: Path) -> None:
    bank = write_tree(tmp_path / "bank", "#- bank.py\ndef transfer(sum):\n    '''Move money.'''\n    return sum\n")
    client = open_folders(connect, shop, bank)
    uri = (bank / "bank.py").as_uri()
    assert client.ask("What does transfer do?", textDocument={"uri": uri})["found"]
    client.diagnostics(uri, bool)
    seen = len(client.notifications)
    change_folders(client, [shop])
    client.ready()
    assert not [m for m in client.notifications[seen:] if m["method"] == "textDocument/publishDiagnostics"]
    change_folders(client, [bank])
    assert client.diagnostics(uri, lambda items: not items, start=seen) == []


def test_the_citations_in_a_folder_that_was_deleted_go(connect: Connect, shop: Path) -> None:
    client = open_folders(connect, shop)
    assert client.ask("What does parse_price do?")["found"]
    uri = (shop / "shop/money.py").as_uri()
    client.diagnostics(uri, bool)
    seen = len(client.notifications)
    shutil.rmtree(shop / "shop")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": (shop / "shop").as_uri(), "type": 3}]})
    assert client.diagnostics(uri, lambda items: not items, start=seen) == []


def test_a_folder_that_cannot_be_indexed_keeps_no_other_from_it(connect: Connect, shop: Path, tmp_path: Path) -> None:
    gone = write_tree(tmp_path / "gone", "#- a.py\ndef f(): ...\n")
    client = open_folders(connect, gone, shop)
    gone.rename(tmp_path / "away")
    (shop / "shop/later.py").write_text("def came_later(): ...\n")
    with pytest.raises(RpcError, match=r"gone is gone"):
        client.ready()
    assert names_of(client, "came_later") == ["came_later"]


@pytest.mark.parametrize("ending", ["/", "//"])
def test_a_slash_at_the_end_makes_no_other_folder(connect: Connect, shop: Path, ending: str) -> None:
    client = open_folders(connect, shop.as_uri() + ending, shop)
    assert names_of(client, "parse_price") == ["parse_price"]
    change_folders(client, [shop.as_uri() + ending + "/"])
    assert names_of(client, "parse_price") == []


@links
def test_a_folder_that_is_open_twice_stays_until_both_are_closed(connect: Connect, shop: Path) -> None:
    link = shop.with_name("link")
    link.symlink_to(shop)
    client = open_folders(connect, link, shop)
    change_folders(client, [link])
    client.ready()
    (found,) = client.request("workspace/symbol", {"query": "parse_price"})
    assert found["location"]["uri"] == (shop / "shop/money.py").as_uri()
    assert client.ask("What does parse_price do?")["found"]
    change_folders(client, [shop])
    assert names_of(client, "parse_price") == []


@links
def test_a_folder_may_be_closed_under_another_name(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    roots, _ = make_roots([(tmp_path / "link").as_uri()])
    assert without_folders(roots, [(tmp_path / "elsewhere").as_uri()]) == roots
    assert without_folders(roots, [real.as_uri()]) == []


def test_a_folder_is_the_same_in_other_letters_where_the_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS: the real path of `/x/SHOP` is not `/x/Shop`."""
    (tmp_path / "Shop").mkdir()
    monkeypatch.setattr(workspace, "_IGNORES_CASE", True)
    monkeypatch.setattr(
        os.path, "samefile", lambda a, b: str(a).rstrip("/").casefold() == str(b).rstrip("/").casefold()
    )
    monkeypatch.setattr(os.path, "isdir", lambda path: True)
    roots, _ = make_roots([(tmp_path / "Shop").as_uri(), (tmp_path / "SHOP").as_uri()])
    assert [root.name for root in roots] == ["Shop"]
    assert places_of((tmp_path / "sHOP/a.py").as_uri(), roots, follow=True)[0].path == "a.py"
    assert places_of((tmp_path / "other/a.py").as_uri(), roots, follow=True) == []


def test_what_is_at_a_cursor_outside_of_all_folders_is_not_looked_up_elsewhere(
    connect: Connect, shop: Path, tmp_path: Path
) -> None:
    client = open_folders(connect, shop)
    uri = client.open(tmp_path / "outside.py", "def parse_price(x):\n    return x\n")
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 6}}
    for question in ("What does this return?", "What does this function do?", "Which tests cover this function?"):
        answer = client.ask(question, **place)
        assert (answer["found"], answer["claims"]) == (False, [])
        assert answer["text"].startswith(
            "outside.py lies in none of the folders that are open, so what is at its cursor"
        )
    # What is asked by its name may be meant, and it is said that the file was not looked at.
    answer = client.ask("What does parse_price do?", **place)
    assert answer["found"]
    assert "outside.py lies in none of the folders that are open" in answer["reason"]
    assert "outside.py" not in client.ask("What does parse_price do?")["reason"]


def test_a_cursor_in_a_text_is_no_place_to_ask_about(shared: tuple[Client, Path]) -> None:
    """It was the error that there is no symbol `README.md:3`."""
    client, shop = shared
    place = {"textDocument": {"uri": client.open(shop / "README.md")}, "position": {"line": 2, "character": 3}}
    assert not client.ask("What does this do?", **place)["found"]
    assert client.ask("What does parse_price do?", **place)["found"]


def test_a_folder_that_gets_the_name_of_another_gets_not_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / "one/app", tmp_path / "two/app"]
    for folder in folders:
        folder.mkdir(parents=True)
    first, second = (folder.as_uri() for folder in folders)
    server = PathlineServer()
    monkeypatch.setattr(server.engine, "set_roots", lambda roots: None)
    server.set_roots(tuple(make_roots([first, second])[0]))
    for root in server.session.roots:
        server.session.indexes[root.name] = IndexState(root.real / "its own.db")
    kept = without_folders(server.session.roots, [first, second])
    server.set_roots(tuple(make_roots([second, first], kept)[0]))
    for root in server.session.roots:
        state = server.session.indexes.get(root.name)
        assert state is None or state.database == root.real / "its own.db"
