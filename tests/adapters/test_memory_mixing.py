"""The memory as a step over logits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adapter_core.adapters.memory import Memory
from adapter_core.adapters.remembering.followers import ModelView
from adapter_core.adapters.remembering.gate import FEATURES, Gate

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

from adapter_core.adapters.remembering.mixing import MemoryStep  # noqa: E402 - after the skip

TEXT = np.array([1, 2, 3, 9, 1, 2, 4, 1, 2, 3], np.uint32)


@pytest.fixture
def memory() -> Memory:
    return Memory.build({"a": TEXT}, "digest")


@pytest.fixture
def logits():
    return torch.randn(16, generator=torch.Generator().manual_seed(1)) * 3


def test_the_softmax_of_what_comes_out_is_the_mixture(memory: Memory, logits) -> None:
    before = torch.softmax(logits.double(), -1)
    found = memory.next_distribution(
        [1, 2],
        ModelView(
            lambda tokens: before.log()[tokens].numpy(), math.log(before.max()), float(torch.special.entr(before).sum())
        ),
    )
    expected = before * found.model_weight
    expected[torch.from_numpy(found.tokens)] += torch.from_numpy(found.shares)
    mixed = MemoryStep(memory)([1, 2], logits)
    assert torch.softmax(mixed.double(), -1).numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_unnamed_tokens_keep_their_logits_and_named_ones_rise(memory: Memory, logits) -> None:
    given = logits.clone()
    mixed = MemoryStep(memory)([1, 2], logits)
    named = [3, 4]
    others = [t for t in range(16) if t not in named]
    assert torch.equal(mixed[others], given[others])
    assert (mixed[named] > given[named]).all()
    assert torch.equal(logits, given)


def test_an_unknown_context_changes_nothing(memory: Memory, logits) -> None:
    assert torch.equal(MemoryStep(memory)([12], logits), logits)
    assert torch.equal(MemoryStep(memory)([], logits), logits)


def test_impossible_tokens_stay_impossible(memory: Memory, logits) -> None:
    logits[3] = -torch.inf
    mixed = MemoryStep(memory)([9, 1, 2], logits)
    assert mixed[3] == -torch.inf
    assert torch.isfinite(mixed[4])


def test_ids_beyond_a_cut_vocabulary_are_left_out(memory: Memory, logits) -> None:
    assert len(MemoryStep(memory)([1, 2], logits[:4])) == 4
    assert torch.equal(MemoryStep(memory)([3], logits[:4]), logits[:4])  # only 9 follows


def test_half_precision_is_mixed_in_float32(memory: Memory, logits) -> None:
    mixed = MemoryStep(memory)([1, 2], logits.bfloat16())
    assert mixed.dtype == torch.float32


def test_a_believed_memory_repeats_the_repository(memory: Memory, logits) -> None:
    sure = Gate(np.zeros((FEATURES + 1, 1)), np.zeros(1), np.array([0.0] * FEATURES + [9.0]))
    step, tokens = MemoryStep(memory, sure), [9]
    while len(tokens) < 4:
        tokens.append(int(step(tokens, logits).argmax()))
    assert tokens[:3] == [9, 1, 2]
    assert tokens[3] in (3, 4)
