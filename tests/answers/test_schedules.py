"""From options to numbers for layers and targets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.adapters.targets import ATTENTION, MLP
from adapter_core.answers.options import LAYER_SCHEDULES
from adapter_core.answers.writing.schedules import (
    kept_by_layer,
    kept_by_target,
    layer_multipliers,
    layer_third,
    raise_subgraph_share,
    raise_top_layers,
    target_weights_of,
    weighted_mean,
)
from adapter_core.errors import UsageError


@given(st.sampled_from(LAYER_SCHEDULES), st.integers(3, 80))
def test_a_schedule_moves_weight_and_adds_little(schedule: str, layers: int) -> None:
    found = layer_multipliers(schedule, layers)
    assert len(found) == layers
    assert all(f >= 0 for f in found)
    assert sum(found) / layers == pytest.approx(1.0, abs=0.25)


def test_shapes_of_schedules() -> None:
    assert layer_multipliers("flat", 4) == [1, 1, 1, 1]
    assert layer_multipliers("linear", 3) == [0.5, 1.0, 1.5]
    assert layer_multipliers("cosine", 3) == [1.5, 1.0, 0.5]
    hump = layer_multipliers("hump", 5)
    assert hump[2] == max(hump)
    assert layer_multipliers("top", 6) == [0, 0, 0, 0, 3, 3]
    assert layer_multipliers("top", 4) == [0, 0, 2, 2]
    with pytest.raises(UsageError, match="layer schedule"):
        layer_multipliers("round", 4)


@given(st.integers(1, 100))
def test_thirds_cover_all_layers_from_the_top(layers: int) -> None:
    found = [layer_third(i, layers) for i in range(layers)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0
    assert set(found) <= {0, 1, 2}


def test_the_kind_of_a_question_shifts_targets() -> None:
    where = target_weights_of({}, "where", True)
    assert {where[t] for t in ATTENTION} == {1.2}
    assert {where[t] for t in MLP} == {0.8}
    what = target_weights_of({"q_proj": 2.0}, "what", True)
    assert (what["q_proj"], what["up_proj"]) == (1.6, 1.2)
    assert target_weights_of({}, "how", True) == {}
    assert target_weights_of({"q_proj": 2.0, "k_proj": 1.0}, "where", False) == {"q_proj": 2.0}
    with pytest.raises(UsageError, match="'c_attn' is none of"):
        target_weights_of({"c_attn": 1.0}, "where", False)


def test_tiers_keep_by_third_and_group() -> None:
    found = kept_by_layer({"attn": (8, 4, 2), "mlp": (3, 2, 1), "q_proj": (1, 1, 1)}, 6)
    assert [layer["v_proj"] for layer in found] == [2, 2, 4, 4, 8, 8]
    assert [layer["up_proj"] for layer in found] == [1, 1, 2, 2, 3, 3]
    assert {layer["q_proj"] for layer in found} == {1}
    with pytest.raises(UsageError, match="'head'"):
        kept_by_layer({"head": (1, 1, 1)}, 6)


def test_kept_by_target_is_the_stricter_one() -> None:
    assert kept_by_target({}, None) == {}
    assert set(kept_by_target({}, 4).values()) == {4}
    found = kept_by_target({"q_proj": 2, "k_proj": 9}, 4)
    assert (found["q_proj"], found["k_proj"], found["v_proj"]) == (2, 4, 4)
    assert kept_by_target({"q_proj": 2}, None) == {"q_proj": 2}


def test_the_second_stage_raises_the_top_and_the_subgraph() -> None:
    assert raise_top_layers([1.0] * 6) == [1, 1, 1, 1, 1.3, 1.3]
    assert raise_subgraph_share(0.5) == 0.6
    assert raise_subgraph_share(0.95) == 1.0


def test_blended_entropy() -> None:
    assert weighted_mean([0.2, 0.4, 0.9], (1, 1, 0)) == pytest.approx(0.3)
    for weights in ((0, 0, 0), (1, -1, 1), (1, 1)):
        with pytest.raises(UsageError, match="three numbers"):
            weighted_mean([0.2, 0.4, 0.9], weights)
