"""Entropy of a repository, of a part of it and of a question; prior weights of targets."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.adapters.capacity import entropy_bits, entropy_score, scale_capacity
from adapter_core.adapters.options import CapacityOptions
from adapter_core.adapters.priors import kbann_priors
from adapter_core.adapters.targets import TARGETS
from adapter_core.evidence.embedding import build_repo_embedding
from tests.support import graph_of, write_tree

SPREAD = "".join(f"#- shop/part{n}.py\ndef basket_{n}():\n    return 1\n" for n in range(8))
TOGETHER = "#- shop/all.py\n" + "".join(f"def basket_{n}():\n    return 1\n" for n in range(8))


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_entropy_is_between_nothing_and_all_alike(counts):
    bits = entropy_bits(counts)
    assert 0 <= bits <= math.log2(max(sum(c > 0 for c in counts), 1)) + 1e-9


def test_entropy_of_repositories_and_parts(tmp_path: Path):
    with graph_of(tmp_path / "a", SPREAD) as spread, graph_of(tmp_path / "b", TOGETHER) as together:
        assert entropy_score(spread) == pytest.approx(3 / 12)  # 8 modules alike: 3 bits
        assert entropy_score(together) == 0
        assert entropy_score(spread, files=["shop/part0.py", "shop/part1.py"]) == pytest.approx(1 / 12)
        assert entropy_score(spread, files=["shop/part0.py"]) == entropy_score(spread, files=[]) == 0


def test_entropy_of_questions(tmp_path: Path):
    tests = "#- tests/test_parts.py\ndef test_basket(): ...\n"
    with graph_of(
        tmp_path, SPREAD + "#- shop/money.py\ndef invoice_total():\n    '''The invoice.'''\n" + tests
    ) as graph:
        everywhere, one_place = (
            entropy_score(graph, question=q) for q in ("Where are baskets?", "Where is the invoice made?")
        )
        assert 0 <= one_place < everywhere <= 1
        assert entropy_score(graph, question="quantum kumquats") == 0


def test_scale_capacity():
    options = CapacityOptions(rank_min=4, rank_max=16, g_min=0.2, g_max=0.8)
    capacities = [scale_capacity(score, options) for score in (0, 0.5, 1)]
    assert [c.rank for c in capacities] == [4, 10, 16]
    assert [c.g_sub for c in capacities] == pytest.approx([0.8, 0.5, 0.2])
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="from 0 to 1"):
            scale_capacity(wrong)


CALLING = "#- a.py\nimport b\n" + "".join(f"def r{n}():\n    b.s{n}(b.t{n}())\n" for n in range(30))
TELLING = "#- a.py\n" + "".join(f"def r{n}():\n    '''Weighs apples{n} against pears{n}.'''\n" for n in range(30))


def test_priors_follow_what_the_repository_holds(tmp_path: Path):
    calling = kbann_priors(build_repo_embedding(write_tree(tmp_path / "a", CALLING)))
    telling = kbann_priors(build_repo_embedding(write_tree(tmp_path / "b", TELLING)))
    for priors in (calling, telling):
        assert list(priors) == list(TARGETS)
        assert sum(priors.values()) / len(priors) == pytest.approx(1)
        assert all(0.5 <= weight <= 1.5 for weight in priors.values())
    assert calling["q_proj"] > telling["q_proj"]
    assert telling["gate_proj"] > calling["gate_proj"]
    assert list(kbann_priors(build_repo_embedding(tmp_path / "a"), ["q_proj", "o_proj"])) == ["q_proj", "o_proj"]


def test_priors_of_nothing(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert kbann_priors(build_repo_embedding(tmp_path / "empty")) == dict.fromkeys(TARGETS, 1.0)
