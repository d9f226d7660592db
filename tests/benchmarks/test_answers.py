"""The measuring tools of the answers: true facts, false mutants, absent questions, the refusal model."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import write_tree

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import _absent as absent
import _claim_facts as facts
import _claim_mutants as mutants
import _refusal as refusal
import _wordings as wordings

SOURCE = """
#- m.py
class Base:
    def run(self):
        raise NotImplementedError


class Job(Base):
    def run(self, times=3):
        if times > 5:
            return None
        self.count = times
        return helper(times)


def helper(n):
    try:
        return int(n)
    except ValueError:
        return 0
"""


def test_facts(repo: Path) -> None:
    write_tree(repo, SOURCE)
    found = facts.facts_of(repo, ["m.py"])
    said = {(f.relation, f.subject, f.object, f.extra) for f in found}
    assert said >= {
        ("calls", "Job.run", "helper", ""),
        ("calls", "helper", "int", ""),
        ("raises", "Base.run", "NotImplementedError", ""),
        ("inherits", "Job", "Base", ""),
        ("overrides", "Job.run", "Base.run", ""),
        ("default", "Job.run", "times", "3"),
        ("returns", "Job.run", "None", ""),
        ("returns_if", "Job.run", "None", "times > 5"),
        ("sets", "Job.run", "self.count", "times"),
        ("catches", "helper", "ValueError", ""),
        ("member", "Job.run", "Job", ""),
        ("defined", "helper", "m.py", ""),
    }
    assert ("calls", "helper", "run", "") not in said
    assert (
        set(wordings.sections(wordings.FIRST))
        == set(wordings.sections(wordings.EIGHTH))
        == {f.relation for f in found} | {"decorated", "takes"}
    )


def test_mutants_are_changed_and_false(repo: Path) -> None:
    write_tree(repo, SOURCE)
    found = facts.facts_of(repo, ["m.py"])
    table = facts.Table(found)
    rng = random.Random(1)
    kinds = set()
    for fact in found:
        wording = wordings.sections(wordings.FIRST)[fact.relation][0]
        true = mutants.to_sentence(fact, wording)
        for kind, mutant in mutants.mutants_of_fact(
            fact, wording, table, ["alpha", "beta"], ["helper", "run"], 20, rng
        ):
            kinds.add(kind)
            assert mutant != true
            assert (mutant.spans != true.spans) == (kind == "neighbour")
    assert kinds == set(mutants.KINDS) - {"relation"}
    (call,) = [f for f in found if (f.relation, f.object) == ("calls", "helper")]
    turned = dict(mutants.mutants_of_fact(call, "`{s}` calls `{o}`.", table, ["alpha"], [], 20, rng))
    assert turned["roles"].text == "`helper` calls `Job.run`."
    assert turned["negation"].text == "`Job.run` does not call `helper`."


def test_a_fact_told_as_another_relation_is_a_mutant() -> None:
    call = facts.Fact("calls", "f", "E", "", "m.py", 2, 2)
    both = facts.Table([call, facts.Fact("raises", "f", "E", "", "m.py", 2, 2)])
    rng = random.Random(1)
    told = [mutants.reworded_as_other_relation(call, wordings.sections(wordings.FIRST), both, rng) for _ in range(60)]
    assert None in told  # it raises it, too
    assert {t.spans for t in told if t is not None} == {(("m.py", 2, 2),)}
    three = facts.Fact("sets", "f", "x", "1", "m.py", 2, 2)
    assert mutants.reworded_as_other_relation(three, wordings.sections(wordings.FIRST), both, rng) is None


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("`f` returns `1` if `x`.", "`f` returns `1` unless `x`."),
        ("`f` is a method of `C`.", "`f` is not a method of `C`."),
        ("`f` catches `E`.", "`f` does not catch `E`."),
        ("`f` returns `1` in the branch where `x` does not hold.", "`f` returns `1` in the branch where `x` holds."),
    ],
)
def test_denials(text: str, denied: str) -> None:
    assert mutants._negated(text) == denied


def test_invented_names_are_not_there() -> None:
    names = ["parse_header_line", "send_request_body", "close_connection", "retry_after_delay", "decode_chunk"]
    questions = absent.recombined(names, {*names, "parse_body"}, 20, random.Random(3))
    assert len(questions) == 20
    assert not any(name in question.split("`") for question in questions for name in (*names, "parse_body"))
    assert absent.without_name("How does Flask's app start in flask?", "pallets/flask") == (
        "How does the project app start in the project?"
    )


def test_auroc_and_the_fitted_threshold() -> None:
    assert refusal.auroc(np.array([3.0, 2.0]), np.array([1.0])) == 1.0
    assert refusal.auroc(np.array([1.0]), np.array([1.0])) == 0.5
    assert refusal.auroc(np.array([1.0]), np.array([3.0, 0.0])) == 0.5
    rng = random.Random(5)
    asked = []
    for i in range(300):
        kind = ("answerable", "foreign")[i % 2]
        best = rng.gauss(0.7 if kind == "answerable" else 0.3, 0.1)
        asked.append(
            refusal.Asked(f"r{i % 10}", "s", kind, (best, *[rng.random() for _ in refusal.SIGNALS[1:5]], 1.0, 0.0, 0.1))
        )
    values, refused = refusal.cross_fitted(asked, 1)
    has_answer = np.array([a.kind == "answerable" for a in asked])
    assert refusal.auroc(values[has_answer], values[~has_answer]) > 0.95
    assert refused[has_answer].mean() < 0.12
    assert refused[~has_answer].mean() > 0.8
