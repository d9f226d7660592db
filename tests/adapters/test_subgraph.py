"""Adapters of parts of a repository: what they are made of, and when they are made anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapter_core.adapters import subgraph
from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.bank import BankEntry
from adapter_core.adapters.options import BankOptions, GeneratorOptions
from adapter_core.adapters.subgraph import SubgraphAdapters, SubgraphMaker, from_bank, from_embedding
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError
from adapter_core.evidence.embedding import Embedder
from tests.adapters.models import random_adapter
from tests.adapters.test_build import WORKSPACE
from tests.support import graph_of, write

SHAPES = {"q_proj": (12, 8)}
CART, MONEY = "shop/cart.py", "shop/money.py"


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


class Counting:
    """A maker that counts."""

    def __init__(self, key: str = "counting") -> None:
        self.made: list[list[str]] = []
        self.maker = SubgraphMaker(key, self._make)

    def _make(self, z, paths) -> Adapter:
        assert abs(np.linalg.norm(z) - 1) < 1e-5
        self.made.append(list(paths))
        return random_adapter(SHAPES, seed=len(self.made))


def test_made_once_for_the_same_files(graph, tmp_path):
    counting = Counting()
    adapters = SubgraphAdapters(graph, "sha", counting.maker, tmp_path / "kept")
    first = adapters.of_files([MONEY, CART])
    assert adapters.of_files([CART, MONEY, CART]) is first
    assert adapters.of_files([CART]) is not first
    assert counting.made == [[CART, MONEY], [CART]]
    # Another process finds it on disk.
    again = SubgraphAdapters(graph, "sha", counting.maker, tmp_path / "kept").of_files([CART, MONEY])
    assert len(counting.made) == 2
    assert np.array_equal(again.layers[0]["q_proj"].up, first.layers[0]["q_proj"].up)


@pytest.mark.parametrize("change", ["file", "buffer", "model", "maker", "damage"])
def test_made_anew_when_anything_changes(graph, repo, tmp_path, change):
    counting, folder = Counting(), tmp_path / "kept"
    SubgraphAdapters(graph, "sha", counting.maker, folder).of_files([CART])
    model, maker = "sha", counting.maker
    if change == "file":
        write(repo, CART, "class Cart: ...\n")
    elif change == "buffer":
        graph.update(CART, "class Basket: ...\n")
    elif change == "model":
        model = "other"
    elif change == "maker":
        maker = SubgraphMaker("other", counting.maker.make)
    else:
        (kept,) = folder.iterdir()
        kept.write_bytes(kept.read_bytes()[:-40])
    if change == "file":
        with CodeGraph.load_or_build(repo) as now:
            SubgraphAdapters(now, model, maker, folder).of_files([CART])
    else:
        SubgraphAdapters(graph, model, maker, folder).of_files([CART])
    assert len(counting.made) == 2


def test_only_some_are_kept(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(subgraph, "_IN_MEMORY", 1)
    monkeypatch.setattr(subgraph, "_ON_DISK", 2)
    counting = Counting()
    adapters = SubgraphAdapters(graph, "sha", counting.maker, tmp_path / "kept")
    for paths in ([CART], [MONEY], [CART, MONEY]):
        adapters.of_files(paths)
    assert len(list((tmp_path / "kept").iterdir())) == 2
    adapters.of_files([MONEY])
    assert len(counting.made) == 3
    adapters.of_files([CART])
    assert len(counting.made) == 4


def test_a_folder_that_cannot_be_written(graph, tmp_path):
    blocked = write(tmp_path, "blocked", "a file")
    assert SubgraphAdapters(graph, "sha", Counting().maker, blocked / "kept").of_files([CART]).rank == 3


def test_what_is_not_there(graph):
    with pytest.raises(AdapterError, match="no file in this part"):
        SubgraphAdapters(graph, "sha", Counting().maker).of_files(["nowhere.py"])


def test_from_the_embedding(graph):
    maker = from_embedding(8, 2, {**SHAPES, "up_proj": (9, 8)}, GeneratorOptions(rank=2, targets=("q_proj",)))
    adapters = SubgraphAdapters(graph, "sha", maker)
    cart, money = adapters.of_files([CART]), adapters.of_files([MONEY])
    assert set(cart.layers[0]) == {"q_proj"}
    assert not np.array_equal(cart.layers[0]["q_proj"].up, money.layers[0]["q_proj"].up)
    assert from_embedding(8, 2, SHAPES).key != maker.key


def test_from_the_bank(graph):
    embedder = Embedder(graph)
    entries = [
        BankEntry(
            path, embedder.part(files=[path], linked_tests=False).z, lambda seed=seed: random_adapter(SHAPES, seed=seed)
        )
        for seed, path in enumerate((CART, MONEY))
    ]
    nearest = from_bank(entries, "v1", BankOptions(mixture_m=1))
    adapter = SubgraphAdapters(graph, "sha", nearest).of_files([MONEY])
    assert np.array_equal(adapter.layers[0]["q_proj"].up, random_adapter(SHAPES, seed=1).layers[0]["q_proj"].up)
    others = (
        from_bank(entries, "v2", BankOptions(mixture_m=1)),
        from_bank(entries, "v1"),
        from_bank(entries[:1], "v1"),
    )
    keys = {nearest.key, *(maker.key for maker in others)}
    assert len(keys) == 4
