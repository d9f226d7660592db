from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import write_tree

from .harness import Client

SHOP = '''\
#- shop/__init__.py
from .cart import Cart
#- shop/cart.py
"""Carts, and what they cost."""

from .money import Money


class Cart:
    """What a customer is about to buy.

    Prices are kept in cents, so that sums are exact.
    """

    def __init__(self, limit: int = 20) -> None:
        self.limit = limit
        self.items: list[Money] = []

    def add_item(self, price: Money) -> None:
        """Put one more item into the cart.

        Raises `ValueError` when the cart is full.
        """
        if len(self.items) >= self.limit:
            raise ValueError("the cart is full")
        self.items.append(price)

    def total(self) -> int:
        """The sum of all prices, in cents."""
        return sum(price.cents for price in self.items)
#- shop/money.py
"""Amounts of money."""


class Money:
    """An amount in cents; never a float."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


def parse_price(text: str) -> Money:
    """Read a price such as `3.50`."""
    whole, _, part = text.partition(".")
    return Money(int(whole) * 100 + int(part or 0))
#- shop/checkout.py
from shop.cart import Cart
from shop.money import parse_price


def checkout(texts):
    """Fill a cart from the texts of prices and return what it costs."""
    cart = Cart()
    for text in texts:
        cart.add_item(parse_price(text))
    return cart.total()


def refill(cart, text):
    cart.add_item(parse_price(text))
#- tests/test_cart.py
from shop.cart import Cart
from shop.money import Money


def test_total():
    cart = Cart()
    cart.add_item(Money(5))
    assert cart.total() == 5
#- README.md
# Shop

A cart holds at most twenty items.
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "shop-project", SHOP)


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts servers; each is ended after the test."""
    clients: list[Client] = []

    def start(**options: Any) -> Client:
        clients.append(Client(tmp_path / "cache", **options))
        return clients[-1]

    yield start
    for client in clients:
        client.process.kill()
        client.process.wait(10)


@pytest.fixture
def client(connect: Callable[..., Client], shop: Path) -> Client:
    """A server on a shop of this test's own, indexed."""
    client = connect(cwd=shop)
    client.initialize(shop)
    client.ready()
    return client


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path]]:
    root = write_tree(tmp_path_factory.mktemp("shared") / "shop-project", SHOP)
    client = Client(root.parent / "cache", cwd=root)
    client.initialize(root)
    client.ready()
    yield client, root
    client.process.kill()
    client.process.wait(10)


@pytest.fixture
def shared(shared_server: tuple[Client, Path]) -> Iterator[tuple[Client, Path]]:
    """A server and its shop, for tests that change no file on disk; documents and citations are cleared between them."""
    client, root = shared_server
    client.notifications.clear()
    yield client, root
    for uri in sorted(client.opened):
        client.close_document(uri)
    client.request("workspace/executeCommand", {"command": "pathline.server.clearCitations"})
