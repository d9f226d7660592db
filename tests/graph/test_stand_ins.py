"""What a test puts in place of a method of the product is nothing that the product's own calls may lead to; its own calls may."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core import CodeGraph
from tests.support import graph_of

ENGINE = """
#- shop/engine.py
class Engine:
    def _spin(self, n):
        return n

    def run(self):
        return self._spin(2)
#- tests/test_engine.py
from unittest.mock import MagicMock

import pytest

from shop.engine import Engine


def quiet(n): ...


class Dummy(Engine): ...


@pytest.fixture
def engine():
    return Dummy()


def test_run(engine):
    {}
    engine.run()


def test_spin(engine):
    engine._spin(3)


def test_of_the_product_itself():
    own = Engine()
    own._spin(4)
"""


def called(graph: CodeGraph) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """The callers of the method, whether each is sure, and what else it may call."""
    (ref,) = graph.find_symbol("Engine._spin")
    sites = graph.who_calls(ref, implicit=False).items
    return {s.caller.symbol.qualname: (s.sure, s.external) for s in sites if s.caller is not None and s.resolved}


@pytest.mark.parametrize(
    "statement",
    [
        "engine._spin = MagicMock()",
        "engine._spin = quiet",
        "engine._spin = lambda n: n",
        "Dummy._spin = MagicMock()",
        "setattr(engine, '_spin', MagicMock())",
    ],
)
def test_what_the_product_calls_is_its_method_whatever_a_test_puts_there(tmp_path: Path, statement: str) -> None:
    with graph_of(tmp_path, ENGINE.replace("{}", statement)) as graph:
        assert called(graph)["Engine.run"] == (True, ())


def test_what_the_test_calls_may_be_what_it_put_there(tmp_path: Path) -> None:
    with graph_of(tmp_path, ENGINE.replace("{}", "pass")) as graph:
        assert called(graph)["test_of_the_product_itself"] == (True, ())
    with graph_of(tmp_path, ENGINE.replace("{}", "engine._spin = MagicMock()")) as graph:
        sure, others = called(graph)["test_spin"]
        assert not sure
        assert others == ("unittest.mock.MagicMock()",)


def test_what_the_product_itself_puts_there_may_be_called(tmp_path: Path) -> None:
    quiet = (
        "\n\ndef quiet(n): ...\n\n\ndef muted():\n    engine = Engine()\n    engine._spin = quiet\n    return engine\n"
    )
    text = ENGINE.replace("#- tests", f"{quiet}#- tests").replace("{}", "pass")
    with graph_of(tmp_path, text) as graph:
        sure, _ = called(graph)["Engine.run"]
        assert not sure
