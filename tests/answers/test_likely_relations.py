"""Words against lines: what these show is kept in any words that can mean it, and rejected turned, denied or told as another."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.answers.checking.lexicon import forms_of, look_up
from adapter_core.answers.checking.likely_relations import MIN_ROLES_PROBABILITY, word_sequence
from adapter_core.answers.checking.role_features import PAIRS, ROLES, TRIPLES
from adapter_core.answers.checking.role_model import load_role_model, orders
from adapter_core.answers.checking.sentence import read_sentence
from adapter_core.answers.checking.word_forms import labels, words_of
from adapter_core.answers.verify import relates_names
from adapter_core.code_graph import CodeGraph
from tests.answers.test_relations import CLASS, GET, PUT, RUN, SAVE, WORKSPACE, verdict
from tests.support import graph_of

TOLD = [
    ("A direct callee of `{}` is `{}`.", "Store.put", "self.check", PUT),
    ("What you receive from `{}` is `{}`.", "Store.get", "default", GET),
    ("Handing bad input to `{}` ends in `{}`.", "Store.get", "KeyError", GET),
    ("`{}` keeps going when `{}` is raised, since it catches it.", "Store.save", "OSError", SAVE),
    ("To call `{}`, you supply `{}`.", "Store.put", "value", PUT),
    ("`{1}` passes its methods on to its subclass `{0}`.", "Store", "Base", CLASS),
    ("In place of `{1}`, the subclass has `{0}`.", "Store.save", "Base.save", SAVE),
    ("For the definition of `{1}`, see `{0}`.", "app/store.py", "Store.put", PUT),
]
BOUND = [
    ("`{}` leaves `{}` at `{}`.", ("Store.save", "self.failed", "error"), SAVE),
    ("`{1}` is where `{0}` stores `{2}`.", ("Store.save", "self.failed", "error"), SAVE),
    ("An omitted `{1}` means `{2}` in `{0}`.", ("Store.get", "timeout", "30"), GET),
    ("`{1}` need not be passed to `{0}`: it defaults to `{2}`.", ("Store.get", "timeout", "30"), GET),
]


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


@pytest.mark.parametrize(("wording", "who", "what", "place"), TOLD)
def test_what_the_lines_show_may_be_told_in_any_words_but_not_turned(
    graph: CodeGraph, wording: str, who: str, what: str, place: str
) -> None:
    assert verdict(graph, wording.format(who, what), place) == ""
    assert verdict(graph, wording.format(what, who), place) != ""


@pytest.mark.parametrize(("wording", "names", "place"), BOUND)
def test_what_is_bound_and_what_to(graph: CodeGraph, wording: str, names: tuple[str, str, str], place: str) -> None:
    who, target, value = names
    assert verdict(graph, wording.format(who, target, value), place) == ""
    assert verdict(graph, wording.format(who, value, target), place) != ""


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("The class to which `g` belongs is `f`.", "member"),
        ("`g` belongs to the parameters that `f` accepts.", "takes"),
        ("`g` is part of the signature of `f` as a parameter.", "takes"),
        ("With `f`, the method `g` is overridden.", "overrides"),
        ("Whoever looks for the definition of `g` will find it in the file `f`.", "defined"),
        ("`f` takes a parameter called `g`.", "takes"),
        ("`f` makes `g` and returns it.", "returns"),
        ("Callers of `f` should be ready for `g`, which it raises.", "raises"),
        ("In some cases `f` will end in `g` being raised.", "raises"),
        ("In the class statement of `f`, `g` appears as a base.", "inherits"),
        ("`g` has an override in `f`.", "overrides"),
        ("`g` is an exception for which `f` has a handler.", "catches"),
        ("`f` updates `x`, assigning `v` to it.", "sets"),
        ("`x` starts out as `v`, which `f` assigns.", "sets"),
        ("The default value that `f` gives its argument `x` is `v`.", "default"),
        ("`x` is a parameter that `f` declares with `v` as the default value.", "default"),
    ],
)
def test_clauses_that_are_not_in_the_order_of_a_plain_sentence(text: str, relation: str) -> None:
    about = word_sequence(read_sentence(text))
    assert about is not None
    shares = load_role_model().role_probabilities(about.words, relation)
    role = {"f": "x", "g": "y", "x": "t", "v": "v"}
    assert shares[tuple(role[name.text] for name in about.names)] >= MIN_ROLES_PROBABILITY


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("`Store.put` does not let `self.check` do the rest.", PUT),
        ("`Store.put` never lets `self.check` do the rest.", PUT),
        ("`Store.put` lets `self.check` do the rest twice.", PUT),
        ("An omitted `timeout` does not mean `30` in `Store.get`.", GET),
        ("If `timeout` is not omitted, `Store.get` goes with `30`.", GET),
        ("`Store.get` comes up with `default` provided that `key in self.data`.", GET),
        ("`Store.get` comes up with `default` unless `default is not None`.", GET),
        ("The superclass of `Store.put` is `self.check`.", PUT),
        ("`Store.put` swallows `self.check` in an `except` clause.", PUT),
        ("What you receive from `Store.get` is `KeyError`.", GET),
        ("`run` owes its existence to `Store.get`, its parent class.", RUN),
    ],
)
def test_denied_counted_or_told_as_another_relation(graph: CodeGraph, sentence: str, place: str) -> None:
    assert verdict(graph, sentence, place) != ""


@pytest.mark.parametrize(
    ("sentence", "place", "holds"),
    [
        ("`Store.get` looks for `key` among `self.data`.", GET, True),
        ("`Store.get` looks for `key` among `self.file`.", GET, False),
        ("`Store.put` looks for `key` among `self.data`.", GET, False),
        ("`Store.get` does not look for `key` among `self.data`.", GET, False),
        # What the lines show to be set must not be told the wrong way round.
        ("`Store.save` frobs `error` with `self.failed`.", SAVE, False),
    ],
)
def test_of_words_that_tell_no_relation_only_who_has_to_do_with_what(
    graph: CodeGraph, sentence: str, place: str, holds: bool
) -> None:
    assert (verdict(graph, sentence, place) == "") is holds


def test_an_except_clause_denies_nothing(graph: CodeGraph) -> None:
    assert verdict(graph, "`Store.save` swallows `OSError` in an `except` clause.", SAVE) == ""
    assert verdict(graph, "`Store.save` swallows everything except `OSError`.", SAVE) != ""


def test_what_the_verifier_relates() -> None:
    assert relates_names("`f` is the one that frobs `g`.")
    assert relates_names("`f` calls `g`, `h` and `i`.")
    assert not relates_names("`f` is fast.")
    assert not relates_names("`f`, `g`, `h` and `i` are fast.")


def test_a_name_that_is_named_again_is_it() -> None:
    words = words_of(read_sentence("`f` ends with `x`, so `x` is what `f` gives."))
    assert words == ("\x020\x03", "ends", "with", "\x021\x03", ",", "so", "it", "is", "what", "it", "gives")


def test_only_two_or_three_names_and_no_quotation() -> None:
    assert word_sequence(read_sentence("`f` runs.")) is None
    assert word_sequence(read_sentence("`f` calls `g`, `h` and `i`.")) is None
    assert word_sequence(read_sentence("`f` says “this is so” to `g`.")) is None
    assert word_sequence(read_sentence("`f` calls `g`.")) is not None


def test_what_a_word_can_be_depends_on_the_relation() -> None:
    assert labels("invoked", "calls") == ("Vown.ed",)
    assert labels("invoked", "inherits") == ("Vother.ed",)
    assert labels("superclass", "inherits") == ("Nown.done",)
    assert labels("inside", "calls") == labels("within", "raises") == ("p:in",)


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("call", "call calls calling called called"),
        ("catch", "catch catches catching caught caught"),
        ("emit", "emit emits emitting emitted emitted"),
        ("die", "die dies dying died died"),
        ("carry", "carry carries carrying carried carried"),
        ("override", "override overrides overriding overrode overridden"),
        ("set", "set sets setting set set"),
    ],
)
def test_the_forms_of_verbs(verb: str, forms: str) -> None:
    assert " ".join(forms_of(verb).values()) == forms
    known = [look_up(form) for form in forms.split()]
    assert [word.lemma for word in known if word is not None] == [verb] * len(known)


def test_both_spellings_of_a_form() -> None:
    assert look_up("labeled") == look_up("labelled")


NAMES = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True)


@given(st.lists(NAMES, min_size=2, max_size=2, unique=True), st.sampled_from([wording for wording, *_ in TOLD]))
def test_names_do_not_matter(names: list[str], wording: str) -> None:
    shares = [
        load_role_model().role_probabilities(words_of(read_sentence(wording.format(*some))), relation)
        for some in (names, ["f", "g"])
        for relation in PAIRS
    ]
    assert shares[: len(PAIRS)] == shares[len(PAIRS) :]


@given(
    st.lists(
        st.sampled_from(
            "a is was called calls by in from of to it that what when default value handler not x , :".split()
        ),
        max_size=12,
    ),
    st.sampled_from([*PAIRS, *TRIPLES]),
)
def test_shares_add_up_for_any_words(words: list[str], relation: str) -> None:
    text = " ".join([*words, *(f"`{name}`" for name in "abc"[: len(ROLES[relation])]), *words])
    read = words_of(read_sentence(text))
    shares = load_role_model().role_probabilities(read, relation)
    assert list(shares) == orders(relation)
    assert math.isclose(sum(shares.values()), 1)
    assert math.isclose(sum(load_role_model().relation_probabilities(read, 2).values()), 1)
