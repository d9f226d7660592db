"""The data of the verifier's model: roles of wordings, sentences made by grammar, weights that are learned, written and read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import fit_roles
from _wordings_by_grammar import generated, varied, verb_forms

from adapter_core.answers.checking import role_model
from adapter_core.answers.checking.role_features import PAIRS, TRIPLES
from adapter_core.answers.checking.role_model import RoleModel


@pytest.mark.parametrize(
    ("wording", "relation", "roles"),
    [
        ("`{o}` is called by `{s}`.", "calls", ("y", "x")),
        ("`{s}` is a method of `{o}`.", "member", ("y", "x")),
        ("`@{o}` decorates `{s}`.", "decorated", ("x", "y")),
        ("If `{e}`, `{s}` returns `{o}`.", "returns_if", ("e", "x", "y")),
        ("`{e}` is stored in `{o}` by `{s}`.", "sets", ("v", "t", "x")),
    ],
)
def test_the_roles_of_a_wording(wording: str, relation: str, roles: tuple[str, ...]) -> None:
    told = fit_roles.parse_wording(wording, relation)
    assert told is not None
    assert told.roles == roles


def test_a_wording_without_all_names_tells_nothing() -> None:
    assert fit_roles.parse_wording("`{s}` calls something.", "calls") is None


def test_every_relation_is_told_in_sentences_made_by_grammar() -> None:
    made = generated(20, seed=3)
    assert set(made) == {*PAIRS, *TRIPLES}
    assert made == generated(20, seed=3)
    assert made != generated(20, seed=4)
    assert all(fit_roles.parse_wording(w, relation) is not None for relation, some in made.items() for w in some)


def test_forms_of_verbs() -> None:
    assert verb_forms("hand back") == {"Vb": "hand back", "V3": "hands back", "Vg": "handing back", "Vp": "handed back"}
    assert verb_forms("catch")["V3"] == "catches"
    assert verb_forms("wrap")["Vg"] == "wrapping"


def test_an_aside_leaves_the_wording_in_order() -> None:
    assert {varied("`{s}` calls `{o}`.", seed).replace("`{s}` calls `{o}`", "") for seed in range(9)} != {"."}
    assert varied("Who calls `{o}`? `{s}` does.", 1) == "Who calls `{o}`? `{s}` does."


def test_what_is_learned_reads_what_it_has_not_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        told
        for verb in ("calls", "invokes", "runs", "uses")
        for told in (
            fit_roles.parse_wording(f"`{{s}}` {verb} `{{o}}`.", "calls"),
            fit_roles.parse_wording(f"`{{o}}` is {verb.removesuffix('s')}ed by `{{s}}`.", "calls"),
        )
        if told is not None
    ]
    fit_roles.write(tmp_path / "roles.txt", fit_roles.fit(some))
    monkeypatch.setattr(role_model, "_FILE", tmp_path / "roles.txt")
    model: RoleModel = role_model.load_role_model.__wrapped__()
    active, passive = (
        fit_roles.parse_wording("`{s}` triggers `{o}`.", "calls"),
        fit_roles.parse_wording("`{o}` is triggered by `{s}`.", "calls"),
    )
    assert active is not None
    assert passive is not None
    assert model.role_probabilities(active.words, "calls")[("x", "y")] > 0.6
    assert model.role_probabilities(passive.words, "calls")[("y", "x")] > 0.6
