from __future__ import annotations

import inspect
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled
from adapter_core.evidence import factors, feature_cache
from adapter_core.evidence.embedding import Embedder, build_repo_embedding, build_subgraph_embedding_from_graph
from adapter_core.evidence.factors import VIEWS, file_features
from adapter_core.evidence.feature_cache import FeatureCache
from adapter_core.evidence.hashing import ONE, Counts, add, count, feature_hash, hashed, log_weights, unit
from adapter_core.evidence.options import EmbeddingOptions
from adapter_core.evidence.repo_embedding import RepoEmbedding
from adapter_core.evidence.topology import file_masses, import_graph, product_files_of_tests, topology_features
from adapter_core.graph.storage import version
from tests.support import graph_of, write, write_tree

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = "841beac8d4588bffed0baef26d34bf740ec7916ab5130c82c1bb83163dda2e3a"  # of WORKSPACE, with text and two hops
WORKSPACE = '''
#- shop/__init__.py
"""A shop that sells things."""
from shop.cart import Cart
#- shop/cart.py
"""What customers put aside."""
import decimal
from shop.prices import total_price


class Cart(dict):
    """A basket of items, each with its quantity."""

    def checkout(self, customer: "Customer") -> decimal.Decimal:
        """Charge the customer and empty the basket."""
        amount = total_price(self.items())
        self.charge(customer, amount)
        return amount

    def charge(self, customer, amount):
        customer.wallet.withdraw(amount)


class Customer:
    wallet: "Wallet"
#- shop/prices.py
def total_price(entries):
    """Sum up, discounts included."""
    return sum(discounted(e) for e in entries)


def discounted(entry):
    return entry.price * entry.rebate
#- tests/test_cart.py
from shop import Cart

def test_checkout_charges(customer):
    assert Cart().checkout(customer) == 0
#- tools/report.py
import csv
#- README.md
Shop
====

Groceries by bicycle.
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def same(a: RepoEmbedding, b: RepoEmbedding) -> bool:
    return all(np.array_equal(a.view(v), b.view(v)) for v in VIEWS) and a.z.tobytes() == b.z.tobytes()


# -- hashing -----------------------------------------------------------------------------------------------------------


def test_hashes_are_these_everywhere() -> None:
    assert [feature_hash(f) for f in ("", "term:cart", "term:größe", "\ud800")] == [
        13315826010584246654,
        11080608440618559404,
        14967685815285108799,
        7565979985205285692,
    ]


@given(st.integers(0, 2**40))
def test_log_weights_run_straight_between_powers_of_two(n: int) -> None:
    (weight,) = log_weights(np.array([n * ONE])).tolist()
    exact = np.log2(1 + n)
    assert -0.087 < weight / ONE - exact < 1e-9
    if (n + 1) & n == 0:
        assert weight == exact * ONE


@given(st.lists(st.dictionaries(st.text(max_size=8), st.integers(1, 50), max_size=20), max_size=6), st.randoms())
def test_sums_do_not_depend_on_order_or_grouping(files: list[dict[str, int]], rng: object) -> None:
    together: dict[str, int] = {}
    for file in files:
        for feature, n in file.items():
            together[feature] = together.get(feature, 0) + n
    shuffled = list(files)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = hashed(count(together), 64), hashed(add(count(f) for f in shuffled), 64)
    assert np.array_equal(one[0], other[0])
    assert one[1] == other[1]


@given(st.dictionaries(st.text(max_size=8), st.integers(1, 1000), max_size=200), st.integers(1, 300))
def test_density_is_what_the_features_give(features: dict[str, int], dim: int) -> None:
    sums, density = hashed(count(features), dim)
    places = [(feature_hash(f) >> 1) % dim for f in features]
    assert density.features == len(features)
    assert density.occurrences == sum(features.values())
    assert density.collisions == sum(places.count(p) > 1 for p in places)
    assert density.non_zeros == np.count_nonzero(sums) <= len(set(places))


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=50))
def test_unit_length(values: list[int]) -> None:
    for vector in (np.array(values), np.array(values, float)):
        length = np.linalg.norm(unit(vector))
        assert length == pytest.approx(1 if any(values) else 0)


def test_inner_products_are_kept_on_average() -> None:
    """Two sets that share half of their features: the cosine of their hashed vectors is near one half, with no bias to one side."""
    found = []
    for trial in range(60):
        shared, own, others = (range(trial * 900 + a, trial * 900 + a + 300) for a in (0, 300, 600))
        a, b = (hashed(count({f"f{i}": 1 for i in [*shared, *part]}), 512)[0] for part in (own, others))
        found.append(float(unit(a) @ unit(b)))
    assert np.mean(found) == pytest.approx(0.5, abs=4 * np.std(found) / len(found) ** 0.5)
    assert np.std(found) < 0.08


# -- what is said ------------------------------------------------------------------------------------------------------


def test_factors_of_a_file(graph: CodeGraph) -> None:
    facts, document = graph.facts("shop/cart.py"), graph.document("shop/cart.py")
    assert facts
    assert document
    views = file_features(facts, document.lines, EmbeddingOptions(include_text=True))
    assert {"class:Cart", "method:checkout", "term:customer", "parameter:amount"} <= views["sym"].keys()
    assert views["doc"].keys() >= {"basket", "quantity"}
    assert not views["doc"].keys() & {"the", "and", "its"}
    assert {"package:shop", "package:shop.cart", "folder:shop"} <= views["mod"].keys()
    assert {"annotation:Customer", "annotation:Decimal"} <= views["types"].keys()
    assert {"callee:shop.prices.total_price", "callee:shop.cart.Cart.charge", "edge:checkout>total_price"} <= views[
        "calls"
    ].keys()
    assert "callee:items" not in views["calls"]
    assert views["text"]["customer"] == 8
    assert "tests" not in views


def test_a_test_file_says_what_is_tested_and_nothing_else(graph: CodeGraph) -> None:
    facts, document = graph.facts("tests/test_cart.py"), graph.document("tests/test_cart.py")
    assert facts
    assert document
    views = file_features(facts, document.lines, EmbeddingOptions())
    assert views.keys() == {"tests"}
    assert views["tests"].keys() == {
        "import:shop.Cart", "term:checkout", "term:charg", "term:testcheckoutcharges", "fixture:customer", "callee:shop.Cart",
        "callee:checkout",
    }  # fmt: skip


def test_text_stops_at_its_limits(graph: CodeGraph) -> None:
    facts = graph.facts("README.md")
    assert facts
    lines = ["alpha beta", "gamma delta", "epsilon"]

    def text(**limits: int) -> list[str]:
        return list(file_features(facts, lines, EmbeddingOptions(include_text=True, **limits)).get("text", {}))  # type: ignore[arg-type]

    assert text() == ["alpha", "beta", "gamma", "delta", "epsilon"]
    assert text(max_text_tokens=3) == ["alpha", "beta", "gamma"]
    assert text(text_max_bytes=12) == ["alpha", "beta"]
    assert text(max_text_tokens=0) == []


def test_links_between_files(graph: CodeGraph) -> None:
    imports = import_graph(graph)
    assert imports.inside["shop/cart.py"] == {"shop.prices"}
    assert imports.outside["shop/cart.py"] == {"decimal"}
    assert imports.importers["shop.cart"] == {"shop/__init__.py"}
    # `from shop import Cart` names the file that defines it, not the one that passes it on.
    assert product_files_of_tests(imports) == {"tests/test_cart.py": {"shop/cart.py"}}
    features = topology_features(imports, file_masses(imports, ["shop/cart.py"], 0, 0.85))
    assert features == {
        "edge:shop.cart>shop.prices": 1, "imports:shop.prices": 1, "outside:decimal": 1, "in:1": 1, "out:1": 1,
    }  # fmt: skip


def test_what_a_test_names_is_followed_to_where_it_is_written(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- a/__init__.py
        from .b import *
        from .loop import ghost
        from . import c as renamed
        #- a/b.py
        from a.d import deep as shallow
        class B:
            def method(self): ...
        #- a/c.py
        def f(): ...
        #- a/d.py
        deep = 1
        #- a/loop.py
        from a import ghost
        #- test_it.py
        import a, json
        from a import shallow, ghost
        def test(): a.B.method(); a.renamed.f(); json.loads("")
        """,
    )
    # `ghost` is written nowhere; then it is said of the modules through which its name goes in a circle.
    named = {"a/__init__.py", "a/b.py", "a/c.py", "a/d.py", "a/loop.py"}
    assert product_files_of_tests(import_graph(graph)) == {"test_it.py": named}


def test_mass_flows_along_imports(graph: CodeGraph) -> None:
    imports = import_graph(graph)
    assert file_masses(imports, ["shop/__init__.py"], 0, 0.5) == {"shop/__init__.py": 1}
    assert file_masses(imports, ["shop/__init__.py"], 1, 0.5) == {"shop/__init__.py": 1, "shop/cart.py": 0.5}
    assert file_masses(imports, ["shop/__init__.py"], 9, 0.5) == {
        "shop/__init__.py": 1, "shop/cart.py": 0.5, "shop/prices.py": 0.25,
    }  # fmt: skip


def test_mass_goes_round_a_cycle_without_end(repo: Path) -> None:
    imports = import_graph(graph_of(repo, "#- a.py\nimport b\n#- b.py\nimport a\n"))
    found = file_masses(imports, ["a.py"], 40, 0.5)
    assert found["a.py"] + found["b.py"] == pytest.approx(2)


# -- the whole ---------------------------------------------------------------------------------------------------------


def test_lengths_and_views(repo: Path) -> None:
    write_tree(repo, WORKSPACE)
    found = build_repo_embedding(repo)
    assert found.z.shape == (1536,)
    assert all(found.view(v).dtype == np.float32 for v in VIEWS)
    assert np.linalg.norm(found.z) == pytest.approx(1)
    assert {v: round(float(np.linalg.norm(found.view(v))), 5) for v in VIEWS} == {v: float(v != "text") for v in VIEWS}
    weights = found.options
    total = sum(weights.weight(v) * found.view(v).astype(float) for v in VIEWS)
    assert found.z == pytest.approx(total / np.linalg.norm(total), abs=1e-6)
    assert found.files == 6
    assert found.density["tests"].features == 9


def test_the_same_bytes_everywhere(repo: Path) -> None:
    """The bytes that every platform and Python version must give: whoever changes what features there are changes them here, too."""
    write_tree(repo, WORKSPACE)
    assert build_repo_embedding(repo, include_text=True, graph_prop_hops=2).sha256 == GOLDEN


def test_neither_process_nor_place_nor_order_matters(repo: Path, tmp_path: Path) -> None:
    write_tree(repo, WORKSPACE)
    here = build_repo_embedding(repo, include_text=True, graph_prop_hops=2)
    elsewhere = tmp_path / "another name"
    for path in sorted((p.relative_to(repo) for p in repo.rglob("*.*")), reverse=True):
        write(elsewhere, path.as_posix(), (repo / path).read_bytes().replace(b"\n", b"\r\n"))
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from adapter_core.evidence.embedding import build_repo_embedding\n"
        "print(build_repo_embedding(sys.argv[1], include_text=True, graph_prop_hops=2).sha256)"
    )
    environment = {
        "PYTHONHASHSEED": "77",
        "LC_ALL": "C",
        "PATHLINE_CACHE_DIR": str(tmp_path / "other cache"),
        "HOME": str(tmp_path),
    }
    there = subprocess.run(
        [sys.executable, "-c", code, str(elsewhere)], capture_output=True, text=True, check=True, env=environment
    )
    assert there.stdout.strip() == here.sha256


def test_options_are_checked() -> None:
    for wrong in ({"dim": 0}, {"graph_prop_hops": -1}, {"graph_prop_damp": 1.5}):
        with pytest.raises(ValueError, match="must be"):
            EmbeddingOptions(**wrong)  # type: ignore[arg-type]


def test_an_empty_repository_is_all_zeros(repo: Path) -> None:
    found = build_repo_embedding(repo)
    assert not found.z.any()
    assert found.files == 0


# -- parts -------------------------------------------------------------------------------------------------------------


def test_a_part_is_its_files_and_the_tests_that_name_them(graph: CodeGraph) -> None:
    by_module = build_subgraph_embedding_from_graph(graph, include_modules=["shop.cart"])
    by_file = build_subgraph_embedding_from_graph(graph, include_files=["shop/cart.py"])
    assert same(by_module, by_file)
    assert by_file.files == 2
    assert by_file.z_tests.any()
    prices = build_subgraph_embedding_from_graph(graph, include_files=["shop/prices.py"])
    assert prices.files == 1
    assert not prices.z_tests.any()
    assert Embedder(graph).part(files=["shop/cart.py"], linked_tests=False).files == 1


def test_a_package_is_all_modules_below_it(graph: CodeGraph) -> None:
    files = ["shop/__init__.py", "shop/cart.py", "shop/prices.py"]
    assert same(
        build_subgraph_embedding_from_graph(graph, include_modules=["shop"]),
        build_subgraph_embedding_from_graph(graph, include_files=files[::-1]),
    )
    assert build_subgraph_embedding_from_graph(graph, include_modules=["sho", "nothing"]).files == 0


def test_all_of_a_graph_is_the_repository(graph: CodeGraph) -> None:
    assert same(build_subgraph_embedding_from_graph(graph), build_repo_embedding(graph.root))


def test_a_hop_brings_in_what_is_imported(graph: CodeGraph) -> None:
    options = EmbeddingOptions(graph_prop_hops=1)
    near = build_subgraph_embedding_from_graph(graph, include_files=["shop/__init__.py"])
    wide = build_subgraph_embedding_from_graph(graph, include_files=["shop/__init__.py"], options=options)
    assert wide.density["top"].features > near.density["top"].features
    assert wide.density["top"].occurrences < near.density["top"].occurrences + wide.density["top"].features
    assert np.array_equal(near.z_sym, wide.z_sym)


def test_unsaved_text_counts(graph: CodeGraph) -> None:
    graph.update("shop/prices.py", "def total_price(entries):\n    return invoice(entries)\n")
    changed = build_subgraph_embedding_from_graph(graph)
    write(graph.root, "shop/prices.py", "def total_price(entries):\n    return invoice(entries)\n")
    assert same(changed, build_repo_embedding(graph.root))


def test_other_weights_afterwards(graph: CodeGraph) -> None:
    found = build_subgraph_embedding_from_graph(graph)
    assert found.reweighted({}) == pytest.approx(found.z, abs=1e-6)
    assert np.array_equal(found.reweighted({v: float(v == "doc") for v in VIEWS}), found.z_doc)
    again = build_subgraph_embedding_from_graph(graph, options=replace(found.options, calls_weight=0.0))
    assert found.reweighted({"calls": 0.0}) == pytest.approx(again.z, abs=1e-6)


# -- progress, memory, files -------------------------------------------------------------------------------------------


def test_progress_and_stopping(graph: CodeGraph) -> None:
    seen: list[tuple[int, int, str]] = []
    Embedder(graph, progress=lambda *step: seen.append(step)).whole()
    done = [d for d, _, _ in seen]
    assert done == list(range(len(seen)))
    assert all(d < total for d, total, _ in seen)
    assert {path for _, _, path in seen} == {row.path for row in graph.store.files()}
    assert seen[-1][:2] == (len(seen) - 1, len(seen))
    stop = threading.Event()

    def stop_soon(done: int, total: int, path: str) -> None:
        if done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        Embedder(graph, progress=stop_soon, cancel=stop).whole()


def test_what_is_known_is_not_counted_again(repo: Path, tmp_path: Path) -> None:
    write_tree(repo, WORKSPACE)
    features = FeatureCache()
    first = build_repo_embedding(repo, features=features)
    assert (features.hits, features.misses) == (0, 6)
    features.save(tmp_path / "features.npz")
    write(repo, "shop/prices.py", "def total_price(entries):\n    return 1\n")
    known = FeatureCache.load(tmp_path / "features.npz")
    second = build_repo_embedding(repo, features=known)
    assert (known.hits, known.misses) == (5, 1)
    assert same(second, build_repo_embedding(repo))
    assert not same(first, second)
    known.save(tmp_path / "features.npz")
    again = FeatureCache.load(tmp_path / "features.npz")
    build_repo_embedding(repo, features=again)
    assert again.misses == 0


def test_the_code_that_shapes_features_is_in_their_version() -> None:
    used = {m.__name__ for value in vars(factors).values() if (m := inspect.getmodule(value)) is not None}
    ours = {name.removeprefix("adapter_core.").replace(".", "/") for name in used if name.startswith("adapter_core.")}
    assert {"graph/linking/names/modules", "graph/source", "graph/terms"} <= ours
    of_the_index = {"types", *(f"graph/{name}" for name in version._SHAPING)}
    # What options say is part of the key of each file's features.
    assert ours - of_the_index - {"evidence/options"} <= set(feature_cache._FEATURE_MODULES)


def test_other_limits_of_text_are_other_features(graph: CodeGraph) -> None:
    features = FeatureCache()
    for options in (
        EmbeddingOptions(),
        EmbeddingOptions(include_text=True),
        EmbeddingOptions(include_text=True, max_text_tokens=2),
    ):
        kept = Embedder(graph, options, features).whole()
        assert same(kept, Embedder(graph, options).whole())


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "features.npz").write_bytes(content)
    assert FeatureCache.load(tmp_path / "features.npz")._entries == {}


def test_to_files_and_back(graph: CodeGraph, tmp_path: Path) -> None:
    found = build_subgraph_embedding_from_graph(graph, options=EmbeddingOptions(include_text=True, dim=64))
    found.save(tmp_path / "out" / "embedding")
    back = RepoEmbedding.load(tmp_path / "out" / "embedding")
    assert same(found, back)
    assert (back.density, back.files, back.options) == (found.density, found.files, found.options)
    told = json.loads((tmp_path / "out" / "embedding" / "embedding.json").read_text("utf-8"))
    assert told["views"]["calls"]["features"] == found.density["calls"].features
    assert told["sha256"] == found.sha256


def test_damaged_files_are_told(graph: CodeGraph, tmp_path: Path) -> None:
    found = build_subgraph_embedding_from_graph(graph)
    found.save(tmp_path)
    with np.load(tmp_path / "embedding.npz") as data:
        arrays = dict(data)
    np.savez(tmp_path / "embedding.npz", **{**arrays, "z": arrays["z_sym"]})
    with pytest.raises(ValueError, match="damaged"):
        RepoEmbedding.load(tmp_path)
    np.savez(tmp_path / "embedding.npz", **{**arrays, "z": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="can be read"):
        RepoEmbedding.load(tmp_path)
    (tmp_path / "embedding.json").unlink()
    with pytest.raises(OSError, match=r"embedding\.json"):
        RepoEmbedding.load(tmp_path)


def test_no_features() -> None:
    none = add([])
    assert isinstance(none, Counts)
    assert not hashed(none, 8)[0].any()
