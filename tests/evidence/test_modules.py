from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.modules import (
    RankedFile,
    modules_from_symbols,
    modules_of,
    name_matches_prompt,
    prompt_token_set,
    question_aware_modules_and_files,
)
from adapter_core.evidence.options import ModuleOptions, RerankOptions
from adapter_core.evidence.rerank import rerank_modules_and_files
from tests.support import graph_of

WORKSPACE = '''
#- shop/__init__.py
#- shop/cart.py
"""What customers put aside."""
from shop.prices import total_price
from shop.base import Store

class Cart(Store):
    """A basket of items."""

    def checkout(self, customer):
        """Charge the customer."""
        amount = total_price(self.items)
        self.save()
        return amount

class BigCart(Cart):
    pass
#- shop/prices.py
from shop.money import rounded

def total_price(entries):
    """Sum up, discounts included."""
    return rounded(sum(e.price for e in entries))
#- shop/money.py
def rounded(amount):
    return round(amount, 2)
#- shop/money.pyi
def rounded(amount: float) -> float: ...
#- shop/base.py
class Store:
    def save(self):
        """Keep it."""
#- shop/view.py
from shop.cart import Cart

def show(customer):
    return Cart().checkout(customer)
#- shop/far.py
def lonely():
    pass
#- tests/test_cart.py
from shop.cart import Cart

def test_checkout_of_an_empty_basket():
    assert Cart().checkout(None) == 0
#- docs/guide.md
# Discounts

What discounts do to a price.
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


# -- names and prompts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "prompt", "matches"),
    [
        ("url_map", "How is the URL map built?", True),
        ("urlMap", "what is url_map for", True),
        ("URLMap", "the map of a url", True),
        ("url_map", "How is the map built?", False),
        ("routes", "where is routing done", True),
        ("is_user", "which user is it", True),
        ("Flask.route", "how does flask route", True),
        ("Flask.route", "how does it route", False),
        ("_private", "what is private here", True),
        ("__init__", "init", True),
        ("the", "the of and", False),
        ("", "anything", False),
        ("x", "what is x", False),
    ],
)
def test_whether_a_prompt_speaks_of_a_name(name: str, prompt: str, matches: bool) -> None:
    assert name_matches_prompt(name, prompt_token_set(prompt)) is matches
    assert name_matches_prompt(name, list(prompt_token_set(prompt))) is matches


def test_tokens_of_a_prompt() -> None:
    assert prompt_token_set("How are the cachedEntries of url_map evicted?") == {
        "cach", "entry", "cachedentries", "url", "map", "urlmap", "evict",
    }  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_has_tokens_and_any_name_that_is_in_it_matches(text: str) -> None:
    tokens = prompt_token_set(text)
    assert all(token == token.lower() for token in tokens)
    assert name_matches_prompt(text, tokens) is bool(tokens) or len(text.split()) > 1


# -- by a question -----------------------------------------------------------------------------------------------------


def test_modules_and_files_by_a_question(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, "How are discounts summed up in a price?")
    assert modules[0].module == "shop.prices"
    assert {"shop/prices.py", "docs/guide.md"} <= {f.path for f in files[:3]}
    assert all(m.module for m in modules)
    assert [f.score for f in files] == sorted((f.score for f in files), reverse=True)
    assert "total_price matches" in modules[0].why


def test_a_name_written_as_code_lifts_its_file(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, "What about `lonely` and the discounts of a price?")
    (far,) = (m for m in modules if m.module == "shop.far")
    assert "defines lonely" in far.why
    assert files.index(far) < 3


def test_limits(graph: CodeGraph) -> None:
    question = "customer cart price store basket"
    modules, files = question_aware_modules_and_files(graph, question, 2)
    assert (len(modules), len(files)) == (2, 2)
    _, only = question_aware_modules_and_files(graph, question, options=ModuleOptions(path_glob="tests/*"))
    assert {f.path for f in only} == {"tests/test_cart.py"}
    assert question_aware_modules_and_files(graph, "quantum teleportation") == ([], [])
    assert question_aware_modules_and_files(graph, "") == ([], [])


def test_the_source_of_a_module_is_shown_rather_than_its_stub(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, "what is rounded?")
    assert {f.path for f in files[:2]} == {"shop/money.py", "shop/money.pyi"}
    assert [(m.module, m.path) for m in modules[:1]] == [("shop.money", "shop/money.py")]


def test_unsaved_text_is_ranked(graph: CodeGraph) -> None:
    graph.update("shop/far.py", "def teleport(photons):\n    '''Quantum teleportation.'''\n")
    modules, _ = question_aware_modules_and_files(graph, "quantum teleportation of photons")
    assert [m.module for m in modules] == ["shop.far"]


# -- around symbols ----------------------------------------------------------------------------------------------------


def walked(graph: CodeGraph, *seeds: str, radius: int = 2, **options: object) -> list[tuple[str, int]]:
    found = modules_from_symbols(graph, seeds, radius, options=ModuleOptions(**options))  # type: ignore[arg-type]
    return [(f.module, f.distance) for f in found]


def test_the_nearest_come_first(graph: CodeGraph) -> None:
    assert walked(graph, "Cart.checkout", radius=0) == [("shop.cart", 0)]
    near = walked(graph, "Cart.checkout", radius=1)
    assert near[0] == ("shop.cart", 0)
    assert {m for m, d in near if d == 1} == {"shop.prices", "shop.base", "shop.view", "tests.test_cart"}
    assert {m for m, _ in near[1:3]} == {"shop.base", "shop.prices"}  # called, and imported
    assert ("shop.money", 2) in walked(graph, "Cart.checkout")
    assert "shop.far" not in dict(walked(graph, "Cart.checkout", radius=9))


def test_why_and_weight_of_a_link(graph: CodeGraph) -> None:
    options = ModuleOptions()
    found = {f.module: f for f in modules_from_symbols(graph, ["Cart.checkout"], 1)}
    assert found["shop.prices"].why == ("called by checkout", "imported by shop.cart")
    assert found["shop.prices"].score == pytest.approx(options.call + options.imports)
    # It calls it, is a test of it, and imports its module.
    assert found["tests.test_cart"].score == pytest.approx(options.caller + options.test + options.importer)
    assert found["tests.test_cart"].why[0] == "calls checkout"


def test_inheritance_goes_both_ways(graph: CodeGraph) -> None:
    alone = {"call": 0.0, "caller": 0.0, "test": 0.0, "imports": 0.0, "importer": 0.0}
    found = {f.module: f for f in modules_from_symbols(graph, ["Store"], 1, options=ModuleOptions(**alone))}  # type: ignore[arg-type]
    assert found["shop.cart"].why[0] == "built on Store"
    found = {f.module: f for f in modules_from_symbols(graph, ["Cart"], 1, options=ModuleOptions(**alone))}  # type: ignore[arg-type]
    assert found["shop.base"].why[0] == "base of Cart"
    assert found["shop.base"].score == ModuleOptions().inheritance


def test_a_module_is_a_seed_too(graph: CodeGraph) -> None:
    assert walked(graph, "shop.money", radius=1) == [("shop.money", 0), ("shop.prices", 1)]


def test_names_that_mean_nothing(graph: CodeGraph) -> None:
    assert walked(graph, "nothing") == []
    assert walked(graph, "nothing", "lonely") == [("shop.far", 0)]
    assert len(modules_from_symbols(graph, ["Cart"], 3, top_k=2)) == 2


def test_the_same_whatever_the_order_of_seeds(graph: CodeGraph) -> None:
    names = ["Cart.checkout", "rounded", "Store"]
    assert modules_from_symbols(graph, names) == modules_from_symbols(graph, names[::-1])


def test_modules_of_files() -> None:
    stub, source, text = RankedFile("a.pyi", "a", 2, ("x",)), RankedFile("a.py", "a", 1), RankedFile("a.md", "", 3)
    assert modules_of([text, stub, source]) == [RankedFile("a.py", "a", 2, ("x",))]


# -- a second look -----------------------------------------------------------------------------------------------------

QUESTION = "How is a customer charged for the basket?"
NONE = {"signature": 0.0, "docstring": 0.0, "tests": 0.0, "visibility": 0.0, "neighbours": 0.0, "self_query": 0.0}


def features(graph: CodeGraph, question: str = QUESTION, **options: float) -> dict[str, tuple[str, ...]]:
    modules, files = question_aware_modules_and_files(graph, question)
    before = {f.path: f.why for f in files}
    _, after = rerank_modules_and_files(graph, question, modules, files, RerankOptions(**(NONE | options)))  # type: ignore[arg-type]
    return {f.path: f.why[len(before[f.path]) :] for f in after}


def test_without_features_nothing_moves(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, QUESTION)
    assert rerank_modules_and_files(graph, QUESTION, modules, files, RerankOptions(**NONE)) == (modules, files)  # type: ignore[arg-type]
    assert rerank_modules_and_files(graph, QUESTION, [], []) == ([], [])


def test_what_each_feature_adds(graph: CodeGraph) -> None:
    assert features(graph, signature=1.0)["shop/view.py"][0].startswith("signature +")
    docstring = features(graph, docstring=1.0)
    assert docstring["shop/cart.py"][0].startswith("docstring +")
    assert docstring["shop/view.py"] == ()
    assert features(graph, tests=1.0)["shop/cart.py"][0].startswith("tests +")
    assert features(graph, neighbours=1.0)["shop/view.py"][0].startswith("neighbours +")


def test_a_private_definition_counts_less(graph: CodeGraph) -> None:
    graph.update("shop/far.py", "def _charge_customer(basket):\n    pass\n")
    assert features(graph, visibility=0.5)["shop/far.py"] == ("private -0.50",)


def test_order_and_score_are_the_new_ones(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, "customer")
    found, judged = rerank_modules_and_files(graph, "customer", modules, files)
    assert {f.path for f in judged} == {f.path for f in files}
    assert {m.module for m in found} == {m.module for m in modules}
    assert [f.score for f in judged] == sorted((f.score for f in judged), reverse=True)
    last = {f.path: f for f in files}[judged[0].path]
    assert judged[0].why[: len(last.why)] == last.why


def test_what_is_beyond_the_depth_follows_as_it_was(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, QUESTION)
    _, judged = rerank_modules_and_files(graph, QUESTION, modules, files, RerankOptions(depth=1))
    assert judged[1:] == files[1:]
    assert judged[0].path == files[0].path


def test_further_questions(graph: CodeGraph) -> None:
    modules, files = question_aware_modules_and_files(graph, "customer basket rounding of prices")
    asked: list[str] = []

    def propose(question: str) -> list[str]:
        asked.append(question)
        return ["the rounded amount", "teleportation"]

    options = RerankOptions(**(NONE | {"self_query": 5.0}))  # type: ignore[arg-type]
    found, judged = rerank_modules_and_files(
        graph, "customer basket rounding of prices", modules, files, options, propose
    )
    assert asked == ["customer basket rounding of prices"]
    assert judged[0].path.startswith("shop/money.py")
    assert found[0].module == "shop.money"
    assert "self-queries +2.50" in judged[0].why


def test_a_glob_comes_before_the_cut(repo: Path) -> None:
    for number in range(30):
        (repo / f"router_{number}.py").write_text("def router(): 'The router, the router.'\n")
    (repo / "sub").mkdir()
    (repo / "sub" / "plain.py").write_text("def go(): return 'router'\n")
    with CodeGraph.load_or_build(repo) as graph:
        options = ModuleOptions(top=2, path_glob="sub/*")
        _, files = question_aware_modules_and_files(graph, "What is a router?", options=options)
        assert [f.path for f in files] == ["sub/plain.py"]
        assert len(question_aware_modules_and_files(graph, "What is a router?", options=ModuleOptions(top=2))[1]) == 2


# -- the project's own name --------------------------------------------------------------------------------------------

OWN_QUESTION = "How does Wigwam route?"
OWN_NAME = '''
#- src/wigwam/__init__.py
#- src/wigwam/tent.py
def wigwam(wigwam):
    """The wigwam of a wigwam."""
#- src/wigwam/first.py
def connect(route):
    """Takes a route."""
#- src/wigwam/second.py
def second_thing():
    return route

def third_thing():
    return route

def fourth_thing():
    return route
'''


def test_the_projects_own_name_does_not_decide_which_module_is_meant(repo: Path) -> None:
    with graph_of(repo, OWN_NAME) as graph:
        modules, files = question_aware_modules_and_files(graph, OWN_QUESTION)
        assert (modules[0].module, files[0].path) == ("wigwam.first", "src/wigwam/first.py")


def test_reranking_weighs_the_projects_own_name_as_ranking_does(repo: Path) -> None:
    with graph_of(repo, OWN_NAME) as graph:
        ranked = [RankedFile(f"src/wigwam/{n}.py", f"wigwam.{n}", s) for n, s in (("tent", 0.55), ("first", 0.5))]
        by_words = RerankOptions(visibility=0)
        assert rerank_modules_and_files(graph, OWN_QUESTION, ranked, ranked, by_words)[1][0].path.endswith("first.py")
        asked_further = RerankOptions(signature=0, docstring=0, visibility=0)
        again = rerank_modules_and_files(graph, "thing", ranked, ranked, asked_further, lambda _: [OWN_QUESTION])
        assert again[1][0].path.endswith("first.py")
