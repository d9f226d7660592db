"""Which text is trained on."""

from __future__ import annotations

from collections import Counter
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.adapters.fitting.covering import select_covering
from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.packing import pack_sequences

TOKENS = st.lists(st.integers(0, 3), min_size=0, max_size=24)


def rows(tokens: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(int(t) for t in tokens[i : i + 3]) for i in range(len(tokens) - 2)}


def apart(*files: list[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Each file in a folder of its own."""
    return {f"f{n}/m.py": np.array(tokens, np.uint32) for n, tokens in enumerate(files)}


def values(sequences: np.ndarray, files: dict[str, np.ndarray], chosen: list[int]) -> dict[int, float]:
    """What each further sequence would add to those that are chosen, worked out from nothing."""
    holding = Counter(row for file in files.values() for row in rows(file))
    met = Counter(row for place in chosen for row in rows(sequences[place]))
    return {
        place: sum(log2(min(holding[r], 32)) / (1 + met[r]) ** 2 for r in rows(sequence) if holding[r] > 1)
        for place, sequence in enumerate(sequences)
        if place not in chosen
    }


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=8, max_size=8), min_size=4, max_size=12), st.lists(TOKENS, max_size=6)
)
@settings(deadline=None)
def test_each_choice_adds_the_most(texts: list[list[int]], others: list[list[int]]) -> None:
    sequences = np.array(texts, np.int64)
    files = apart(*others, *sequences)
    chosen = select_covering(sequences, files, 3).tolist()
    assert len(chosen) == 3
    for number, place in enumerate(chosen):
        left = values(sequences, files, chosen[:number])
        assert left[place] == pytest.approx(max(left.values()))


def test_what_stands_in_several_files_comes_first_and_not_twice() -> None:
    common, further = [1, 2, 3, 4], [5, 6, 7, 8]
    sequences = np.array([[9, 10, 11, 12], common, common, further, [13, 14, 15, 16]])
    files = apart([*common, 0, *further], [*common, 0, *further], [*common, 9], [9])
    assert select_covering(sequences, files, 2).tolist() == [1, 3]
    few = {path.replace("/", "_"): tokens for path, tokens in files.items()}  # all in one folder
    assert select_covering(sequences, few, 2).tolist() == [1, 3]


def test_what_one_folder_repeats_is_worth_nothing_elsewhere() -> None:
    local, common = [1, 2, 3, 4], [5, 6, 7, 8]
    sequences = np.array([local, common])
    files = {f"a/m{n}.py": np.array(local) for n in range(9)}
    files |= {f"{folder}/m.py": np.array(common) for folder in ("b", "c")} | {"d/m.py": np.array([9])}
    assert select_covering(sequences, files, 1).tolist() == [1]


def test_little_text_is_taken_whole() -> None:
    sequences = np.arange(12).reshape(3, 4)
    assert select_covering(sequences, {}, 5).tolist() == [0, 1, 2]


def test_numbers_of_large_vocabularies_are_told_apart() -> None:
    high = (1 << 20) + 1
    sequences = np.array([[1, 2, 3], [high, 2, 3], [4, 5, 6]])
    assert select_covering(sequences, apart([high, 2, 3], [high, 2, 3]), 1).tolist() == [1]


def test_the_same_text_is_chosen_in_whatever_order_files_come() -> None:
    draw = np.random.default_rng(5)
    files = {f"m{n}.py": draw.integers(0, 9, 80) for n in range(20)}
    options = FitOptions(steps=3, batch=2, length=16)
    found = pack_sequences(files, 9, options)
    assert found.shape == (6, 16)
    assert (found == pack_sequences(dict(reversed(files.items())), 9, options)).all()


def test_more_steps_than_are_chosen_by_coverage_read_the_rest_too(monkeypatch) -> None:
    monkeypatch.setattr("adapter_core.adapters.fitting.packing._MAX_CHOSEN", 4)
    draw = np.random.default_rng(7)
    common = np.arange(16)
    files = {f"f{n}/m.py": np.concatenate([draw.integers(100, 10_000, 64), common]) for n in range(12)}
    there = sum(len(tokens) + 1 for tokens in files.values()) // 16
    options = FitOptions(steps=10, batch=2, length=16)
    found = pack_sequences(files, 9, options)
    assert len(found) == len({sequence.tobytes() for sequence in found}) == 20
    few = pack_sequences(files, 9, FitOptions(steps=2, batch=2, length=16))
    assert {sequence.tobytes() for sequence in few} <= {sequence.tobytes() for sequence in found}
    assert len(pack_sequences(files, 9, FitOptions(steps=1000, batch=2, length=16))) == there
    assert len(pack_sequences(files, 9, options, reserved=3)) == 17


def test_with_a_time_limit_the_most_telling_text_comes_first() -> None:
    draw = np.random.default_rng(7)
    common = np.arange(16)
    files = {f"f{n}/m.py": np.concatenate([draw.integers(100, 10_000, 64), common]) for n in range(12)}
    options = FitOptions(steps=1_000_000, seconds=60.0, batch=2, length=16)
    found = pack_sequences(files, 9, options)
    holding = [len(rows(sequence) & rows(common)) for sequence in found]
    assert holding[0] == max(holding)
    assert len(found) == sum(len(tokens) + 1 for tokens in files.values()) // 16
