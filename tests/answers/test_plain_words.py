"""Plain words about two or three names: who does what to whom, in all the forms that grammar has."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.checking.likely_relations import (
    MIN_RELATION_PROBABILITY,
    MIN_ROLES_PROBABILITY,
    word_sequence,
)
from adapter_core.answers.checking.role_model import load_role_model
from adapter_core.answers.checking.sentence import read_sentence
from adapter_core.code_graph import CodeGraph
from tests.answers.test_relations import WORKSPACE, verdict
from tests.support import graph_of


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def reads(text: str, relation: str, roles: dict[str, str]) -> float:
    """How likely the words tell this relation with these roles; 0 where they hardly tell it."""
    about = word_sequence(read_sentence(text))
    assert about is not None
    likely = load_role_model().relation_probabilities(about.words, len(about.names))[relation]
    order = tuple(roles[name.text.lstrip("@")] for name in about.names)
    return (
        load_role_model().role_probabilities(about.words, relation)[order] if likely >= MIN_RELATION_PROBABILITY else 0
    )


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("`f` invokes `g`.", "calls"),
        ("`g` gets invoked from `f`.", "calls"),
        ("In `f`, `g` is called.", "calls"),
        ("`f` makes a call to `g`.", "calls"),
        ("A call to `g` can be found in `f`.", "calls"),
        ("The call of `g` happens in `f`.", "calls"),
        ("It is `f` that calls `g`.", "calls"),
        ("`g` is what `f` calls.", "calls"),
        ("What `f` calls is `g`.", "calls"),
        ("`g` is one of the functions that `f` calls.", "calls"),
        ("`f` is one of the callers of `g`.", "calls"),
        ("`g` has `f` as one of its callers.", "calls"),
        ("By calling `g`, `f` does its work.", "calls"),
        ("When `f` runs, `g` gets called.", "calls"),
        ("`g` runs as a part of `f`.", "calls"),
        ("`f` is responsible for calling `g`.", "calls"),
        ("`f` ends up calling `g`.", "calls"),
        ("`g` comes out of `f`.", "raises"),
        ("`f` is where `g` is raised.", "raises"),
        ("Calling `f` may raise `g`.", "raises"),
        ("`g` is the return value of `f`.", "returns"),
        ("`f` has `g` as its return value.", "returns"),
        ("`f`'s return value is `g`.", "returns"),
        ("Returning `g` is what `f` does.", "returns"),
        ("`g` is what comes back from a call to `f`.", "returns"),
        ("If `g` occurs, `f` catches it.", "catches"),
        ("`f` has a handler for `g`.", "catches"),
        ("`g` is passed to `f`.", "takes"),
        ("`f` is called with `g`.", "takes"),
        ("The parameters of `f` include `g`.", "takes"),
        ("`f` is derived from `g`.", "inherits"),
        ("From `g`, `f` inherits its behaviour.", "inherits"),
        ("`g` is subclassed by `f`.", "inherits"),
        ("`g` serves as a base for `f`.", "inherits"),
        ("`g` has the subclass `f`.", "inherits"),
        ("`f` is a `g`.", "inherits"),
        ("The override of `g` is `f`.", "overrides"),
        ("`f` provides its own version of `g`.", "overrides"),
        ("`f` has the method `g`.", "member"),
        ("`g` belongs to `f`.", "member"),
        ("It is the class `f` that `g` belongs to.", "member"),
        ("One finds `g` in `f`.", "defined"),
        # Clauses that are not in the order of a plain sentence.
        ("`g` is among the exceptions which `f` raises.", "raises"),
        ("A `g` raised in the block of `f` is caught by its handler.", "catches"),
        ("Callers of `f` get `g` back as the result.", "returns"),
        ("The caller of `f` is given `g`.", "returns"),
        ("From `f` you get back `g`.", "returns"),
        ("You can pass `g` to `f`.", "takes"),
        ("`f` is parameterised by `g`.", "takes"),
        ("`g` sits above `f` in the class hierarchy.", "inherits"),
        ("Among the subclasses of `g` we find `f`.", "inherits"),
        ("Open `f` to see how `g` is defined.", "defined"),
        ("In `f` you can see the definition of `g`.", "defined"),
    ],
)
def test_who_does_what(text: str, relation: str) -> None:
    assert reads(text, relation, {"f": "x", "g": "y"}) >= MIN_ROLES_PROBABILITY
    assert reads(text, relation, {"f": "y", "g": "x"}) < MIN_ROLES_PROBABILITY


@pytest.mark.parametrize(
    ("text", "relation", "roles"),
    [
        ("`f`, as anyone can see from its source, raises `g`.", "raises", {"f": "x", "g": "y"}),
        ("`g` is used by `f` in a `raise` statement.", "raises", {"f": "x", "g": "y"}),
        ("A decorator applied to `f` is `@g`.", "decorated", {"f": "y", "g": "x"}),
        ("`f` checks `c` and returns `g` when it is true.", "returns_if", {"f": "x", "g": "y", "c": "e"}),
        ("Having determined that `c` is true, `f` returns `g`.", "returns_if", {"f": "x", "g": "y", "c": "e"}),
    ],
)
def test_asides_and_conditions(text: str, relation: str, roles: dict[str, str]) -> None:
    assert reads(text, relation, roles) >= MIN_ROLES_PROBABILITY


def test_a_denial_is_not_lost_where_plainer_words_take_its_place(graph: CodeGraph) -> None:
    assert verdict(graph, "`Store.get` does not take the place of the inherited `Base.get`, which it overrides.", GET)


def test_a_denial_of_more_than_its_kind_is_not_decided(graph: CodeGraph) -> None:
    assert verdict(graph, "`Store.put` is not a function with a parameter named `key`.", "app/store.py:17-21")


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("`f` puts `v` into `x`.", "sets"),
        ("In `f`, `v` is assigned to `x`.", "sets"),
        ("`x` is assigned `v` by `f`.", "sets"),
        ("`x` becomes `v` in `f`.", "sets"),
        ("`v` is what `f` assigns to `x`.", "sets"),
        ("It is to `v` that `x` is set in `f`.", "sets"),
        ("What `f` assigns to `x` is `v`.", "sets"),
        ("In the body of `f` we find `x` being set to `v`.", "sets"),
        ("When `f` is called without `x`, the value is `v`.", "default"),
        ("If you do not pass `x` to `f`, `v` is used.", "default"),
        ("`x` is optional in `f`; its default is `v`.", "default"),
        ("Left out, the argument `x` of `f` is `v`.", "default"),
        ("By default, `f` takes `x` to be `v`.", "default"),
        ("`v` gets stored in `x` when `f` runs.", "sets"),
        ("`x` takes on the value `v` through an assignment in `f`.", "sets"),
        ("`f` sets the default of its parameter `x` to `v`.", "default"),
        ("`v` is used by `f` as the default value for the parameter `x`.", "default"),
        ("The function `f` is declared with `x` defaulting to `v`.", "default"),
        ("As its default, the parameter `x` of `f` has `v`.", "default"),
        ("Callers of `f` who leave `x` unspecified get the default value `v` for it.", "default"),
        ("`v` is the default of `x` in `f`.", "default"),
        ("The default of `x` in `f` is `v`.", "default"),
        ("`f` takes `x`, which defaults to `v`.", "default"),
        ("`f` uses `v` as the default for `x`.", "default"),
        ("The argument `x` of `f` is `v` by default.", "default"),
        ("If `x` is omitted, `f` uses `v`.", "default"),
        ("When no `x` is given, `f` falls back to `v`.", "default"),
        ("`x` is `v` in `f` unless told otherwise.", "default"),
    ],
)
def test_what_is_bound_to_what(text: str, relation: str) -> None:
    assert reads(text, relation, {"f": "x", "x": "t", "v": "v"}) >= MIN_ROLES_PROBABILITY
    assert reads(text, relation, {"f": "x", "x": "v", "v": "t"}) < MIN_ROLES_PROBABILITY


GET, PUT, SAVE, RUN = "app/store.py:8-15", "app/store.py:17-21", "app/store.py:23-29", "app/main.py:4-6"
CLASS = "app/store.py:5"


@pytest.mark.parametrize(
    ("wording", "first", "second", "place"),
    [
        ("`{}` leans on `{}`.", "Store.put", "self.check", PUT),
        ("`{}` frobnicates `{}`.", "Store.put", "self.save", PUT),
        ("`{}` has an `except` clause for `{}`.", "Store.save", "OSError", SAVE),
        ("There is a handler in `{}` that covers `{}`.", "Store.save", "OSError", SAVE),
        ("Whoever calls `{}` has to expect `{}`.", "Store.get", "KeyError", GET),
        ("`{}` is a kind of `{}`.", "Store", "Base", CLASS),
        ("`{}` gets its behaviour from `{}`.", "Store", "Base", CLASS),
        ("`{}` stands in for `{}`.", "Store.save", "Base.save", SAVE),
        ("Among the callers of `{1}` is `{0}`.", "run", "Store.put", RUN),
    ],
)
def test_what_is_said_in_new_words_holds_one_way(
    graph: CodeGraph, wording: str, first: str, second: str, place: str
) -> None:
    assert verdict(graph, wording.format(first, second), place) == ""
    assert verdict(graph, wording.format(second, first), place) != ""


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("`Store.put` avoids `self.check`.", PUT),
        ("`Store.put` is not what calls `self.check`.", PUT),
        ("`Store.get` hands back `default` on condition that `key in self.data`.", GET),
        ("`Store.get` hands back `default` only if `key in self.data`.", GET),
        ("Under the condition `key in self.data`, what `Store.get` returns is `default`.", GET),
        ("`Store.put` throws `self.check`.", PUT),
        ("Having been called from `self.check`, `Store.put` runs.", PUT),
    ],
)
def test_what_is_false_in_new_words(graph: CodeGraph, sentence: str, place: str) -> None:
    assert verdict(graph, sentence, place) != ""


def test_a_condition_may_be_the_only_one(graph: CodeGraph) -> None:
    assert verdict(graph, "`Store.get` hands back `default` only if `default is not None`.", GET) == ""
    assert verdict(graph, "`Store.get` returns `self.data[key]` only when `key in self.data`.", GET) == ""
