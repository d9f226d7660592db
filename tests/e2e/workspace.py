"""The small package that the editors open in these tests."""

from __future__ import annotations

from pathlib import Path

LOYALTY_QUESTION = "How is the loyalty discount of a customer computed?"
UNKNOWN_QUESTION = "Where is the zirconium spectrometer calibrated?"

LOYALTY_FILE = "shop/loyalty.py"

FILES = {
    "pyproject.toml": """\
[project]
name = "shop"
version = "1.0"
""",
    "shop/__init__.py": '"""A shop: orders, customers and what they pay."""\n',
    LOYALTY_FILE: '''\
"""Loyalty: what a customer saves by staying."""

BEST_PERCENT = 15


class UnknownCustomer(LookupError):
    """There is no customer of that name."""


def loyalty_discount(years: int) -> int:
    """Return the loyalty discount of a customer, in percent.

    Each full year is worth two percent, up to `BEST_PERCENT`.
    """
    if years < 0:
        raise ValueError("a customer cannot come from the future")
    return min(2 * years, BEST_PERCENT)


def years_of(customers: dict[str, int], name: str) -> int:
    """Return for how many years `name` has been a customer."""
    if name not in customers:
        raise UnknownCustomer(name)
    return customers[name]
''',
    "shop/orders.py": '''\
"""Orders and their totals."""

from shop.loyalty import loyalty_discount, years_of


class Order:
    """What one customer buys at once."""

    def __init__(self, customer: str, prices: list[int]) -> None:
        self.customer = customer
        self.prices = prices

    def total(self, customers: dict[str, int]) -> int:
        """Return the sum to pay, in cents, after the loyalty discount."""
        discount = loyalty_discount(years_of(customers, self.customer))
        return sum(self.prices) * (100 - discount) // 100
''',
    "tests/test_loyalty.py": """\
from shop.loyalty import loyalty_discount


def test_the_discount_has_a_limit():
    assert loyalty_discount(40) == 15
""",
}


def write_workspace(root: Path) -> None:
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")


def line_of(path: str, start: str) -> int:
    """The 1-based number of the first line of `path` that begins with `start`."""
    return next(number for number, line in enumerate(FILES[path].split("\n"), 1) if line.startswith(start))
