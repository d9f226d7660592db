"""Which symbol a position names."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from lsp_server.features.hover import _location_text
from lsp_server.features.symbols import nested
from lsp_server.markdown import MARKDOWN
from lsp_server.symbols import ResolvedSymbol, symbol_at
from tests.support import graph_of

from .harness import Client, cursor

Connect = Callable[..., Client]

MODULE = """def helper(): ...
def other(): ...


if helper:
    def either(): ...
else:
    def either(): ...


"""


def found_at(folder: Path, marked: str) -> ResolvedSymbol | None:
    text, position = cursor(MODULE + marked)
    with graph_of(folder, f"#- m.py\n{text}") as graph:
        return symbol_at(graph, "m.py", position["line"] + 1, position["character"])


@pytest.mark.parametrize(
    "marked",
    [
        "x = [hel$0per for helper in range(3)]",
        "x = [helper for hel$0per in range(3)]",
        "x = {helper: other for helper, oth$0er in {}.items()}",
        "x = lambda helper: hel$0per(1)",
        "x = lambda hel$0per: helper(1)",
        "x = [lambda other: hel$0per(other) for helper in range(3)]",
    ],
)
def test_variables_of_an_expression_are_not_what_the_module_calls_so(tmp_path: Path, marked: str) -> None:
    assert found_at(tmp_path, marked) is None


@pytest.mark.parametrize(
    ("marked", "line"),
    [
        ("x = [y for y in hel$0per()]", 1),
        ("x = [helper for helper in hel$0per()]", 1),
        ("x = lambda y=hel$0per: y", 1),
        ("x = [other for helper in range(3)] + [oth$0er]", 2),
        ("y = {'é😀': hel$0per}", 1),
        ("def f(x: 'hel$0per'): ...", 1),
    ],
)
def test_names_of_the_module_are_found(tmp_path: Path, marked: str, line: int) -> None:
    found = found_at(tmp_path, marked)
    assert found is not None
    assert (found.ref.symbol.start, found.certain, found.others) == (line, True, ())


def test_what_a_name_may_be_as_well_is_said(tmp_path: Path) -> None:
    found = found_at(tmp_path, "eit$0her()")
    assert found is not None
    assert _location_text(found, MARKDOWN) == "defined at `m.py:6` · it may also be that at `m.py:8`"


def test_a_client_without_nested_symbols_gets_them_one_after_the_other(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, capabilities={"textDocument": {"documentSymbol": {}}})
    client.ready()
    uri = client.open(shop / "shop/cart.py")
    found = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [(symbol["name"], symbol["containerName"]) for symbol in found] == [
        ("Cart", "shop.cart"),
        ("__init__", "shop.cart.Cart"),
        ("add_item", "shop.cart.Cart"),
        ("total", "shop.cart.Cart"),
    ]
    assert {symbol["location"]["uri"] for symbol in found} == {uri}
    assert "range" not in found[0]


def test_a_client_without_literals_of_code_actions_gets_commands(connect: Connect, shop: Path) -> None:
    client = connect(cwd=shop)
    client.initialize(shop, capabilities={})
    client.ready()
    uri = client.open(shop / "shop/checkout.py")
    place = {"line": 6, "character": 12}
    params = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    ask, explain = client.request("textDocument/codeAction", params)
    assert (ask["title"], ask["command"]) == ("Ask about `Cart`", "pathline.server.ask")
    assert client.request("workspace/executeCommand", {key: explain[key] for key in ("command", "arguments")})["found"]


def test_what_has_the_name_comes_first(tmp_path: Path) -> None:
    found = found_at(tmp_path, "if x:\n    def second(): ...\nelse:\n    second = helper\nsec$0ond()")
    assert found is not None
    assert [ref.symbol.name for ref in (found.ref, *found.others)] == ["second", "helper"]


def test_a_class_of_very_many_fields() -> None:
    """A generated file; when each field copied the list of those before it, this took half a minute."""
    span = types.Range(types.Position(0, 0), types.Position(0, 0))
    count = 150_000
    made = {n: types.DocumentSymbol(f"F{n}", types.SymbolKind.Field, span, span) for n in range(1, count)}
    started = time.monotonic()
    top = nested(made, {n: 0 if n == 1 else 1 for n in made})
    assert time.monotonic() - started < 10
    assert top == [made[1]]
    assert made[1].children == [made[n] for n in range(2, count)]
