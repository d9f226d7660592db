"""The memory of a repository: counts that can be subtracted, predictions, files."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter_core.adapters.memory import Memory, tokenizer_digest
from adapter_core.adapters.remembering import followers, store
from adapter_core.adapters.remembering.counts import (
    EMPTY,
    LENGTHS,
    MAX_TOKEN,
    add,
    context_hashes,
    context_keys,
    count,
)
from adapter_core.adapters.remembering.followers import ModelView
from adapter_core.adapters.remembering.gate import FEATURES, MODEL_EXPONENT, Gate, concatenate_stats
from adapter_core.errors import AdapterFileError, UsageError

DIGEST = "of a tokenizer"
texts = st.lists(st.integers(0, 6), max_size=30).map(lambda ids: np.array(ids, np.uint32))
edits = st.lists(st.tuples(st.sampled_from("abc"), st.none() | texts), max_size=12)


def array(*ids: int) -> np.ndarray:
    return np.array(ids, np.uint32)


def said(logs: Callable[[np.ndarray], np.ndarray]) -> ModelView:
    """A model that gives these log probabilities, and is half sure."""
    return ModelView(logs, math.log(0.5), 2.0)


# All tokens are alike to it.
EVEN = said(lambda tokens: np.full(len(tokens), math.log(0.01)))


def test_counts_are_those_of_a_plain_count() -> None:
    files = [array(1, 2, 3, 1, 2, 4, 1, 2, 3), array(2, 3), array(9), array()]
    plain: Counter[int] = Counter()
    for file in files:
        for at in range(1, len(file)):
            for key in context_keys(file[:at].tolist()):
                plain[key | int(file[at])] += 1
    found = count(files)
    assert dict(zip(found.keys.tolist(), found.numbers.tolist(), strict=True)) == plain
    assert found.keys.tolist() == sorted(plain)


def test_one_position_is_hashed_as_the_whole_array_is() -> None:
    tokens = array(5, MAX_TOKEN, 0, 17, 5, 3, 8, 5, 1, 2)
    hashes = context_hashes(tokens)
    for at in range(1, len(tokens) + 1):
        whole = [int(own[at - k]) >> 20 << 20 for k, own in zip(LENGTHS, hashes, strict=True) if k <= at]
        assert context_keys(tokens[:at].tolist()) == whole


def test_contexts_stop_at_the_border_of_a_file() -> None:
    apart, together = count([array(1, 2), array(3, 4)]), count([array(1, 2, 3, 4)])
    assert len(apart) == 2
    assert len(together) == 3 + 2 + 1


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_what_was_added_can_be_taken_away(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    a, b = count(first), count(second)
    both = add(a, b)
    assert_equal(both, count(first + second))
    assert_equal(add(both, b, -1), a)
    assert_equal(add(both, both, -1), EMPTY)


@settings(deadline=None)
@given(edits)
def test_edits_leave_what_the_final_files_build(changes: list[tuple[str, np.ndarray | None]]) -> None:
    memory, files = Memory.build({}, DIGEST), {}
    for path, tokens in changes:
        memory.update(path, tokens)
        files[path] = tokens
    fresh = Memory.build({p: t for p, t in files.items() if t is not None}, DIGEST)
    assert_equal(memory.counts, fresh.counts)
    assert memory.files.keys() == fresh.files.keys()
    for context in ([1], [2, 1], [3, 3, 3], [0, 1, 2, 3, 4]):
        assert_same_prediction(memory, fresh, context)


def test_an_edit_for_which_memory_runs_out_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    memory = Memory.build({"a": array(1, 2, 3), "b": array(4, 5)}, "digest", {"a": "1", "b": "2"})
    with monkeypatch.context() as patch:
        patch.setattr("adapter_core.adapters.memory.add", fail)
        with pytest.raises(MemoryError):
            memory.change({"a": array(7), "c": array(8, 9), "b": None}, {"a": "3", "c": "4"})
    assert ({*memory.files}, dict(memory.versions)) == ({"a", "b"}, {"a": "1", "b": "2"})
    memory.change({"a": array(7), "c": array(8, 9), "b": None}, {"a": "3", "c": "4"})
    new = Memory.build({"a": array(7), "c": array(8, 9)}, "digest")
    assert (memory.counts.keys.tolist(), memory.counts.numbers.tolist()) == (
        new.counts.keys.tolist(),
        new.counts.numbers.tolist(),
    )
    assert dict(memory.versions) == {"a": "3", "c": "4"}


def test_a_prediction_is_a_mixture_that_longer_contexts_decide() -> None:
    memory = Memory.build({"a": array(1, 2, 3, 9, 1, 2, 4), "b": array(8, 2, 5)}, DIGEST)
    found = memory.next_distribution([1, 2], EVEN)
    assert found.tokens.tolist() == [3, 4, 5]
    assert found.model_weight + found.shares.sum() == pytest.approx(1)
    # 5 followed only the last token, 3 and 4 both of them.
    assert found.shares[0] == found.shares[1] > found.shares[2] > 0


def test_among_what_followed_the_model_and_the_counts_decide() -> None:
    memory = Memory.build({"a": array(1, 3, 1, 3, 1, 4)}, DIGEST)
    odds = [EVEN, said(lambda tokens: np.log(np.where(tokens == 4, 0.4, 0.01)))]
    (three, four), (less, more) = (memory.next_distribution([1], model).shares for model in odds)
    assert three / four == pytest.approx(2 ** (1 - MODEL_EXPONENT))
    assert less / more == pytest.approx(2 ** (1 - MODEL_EXPONENT) * (0.01 / 0.4) ** MODEL_EXPONENT)


def test_what_the_model_thinks_impossible_stays_so() -> None:
    memory = Memory.build({"a": array(1, 3, 1, 4)}, DIGEST)
    found = memory.next_distribution([1], said(lambda tokens: np.where(tokens == 3, -np.inf, -1.0)))
    assert found.tokens.tolist() == [3, 4]
    assert found.shares[0] == 0 < found.shares[1]
    none = memory.next_distribution([1], said(lambda tokens: np.full(len(tokens), -np.inf)))
    assert np.isfinite(none.shares).all()


def test_nothing_known_leaves_everything_to_the_model() -> None:
    memory = Memory.build({"a": array(1, 2, 3)}, DIGEST)
    for context in ([], [7], [3]):
        found = memory.next_distribution(context, EVEN)
        assert (found.model_weight, len(found.tokens)) == (1.0, 0)
    assert Memory.build({}, DIGEST).next_distribution([1], EVEN).model_weight == 1.0


@settings(deadline=None)
@given(
    st.lists(texts, min_size=1, max_size=3), st.lists(st.integers(0, 6), min_size=2, max_size=12),
    st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(4, 8),
)  # fmt: skip
def test_whole_texts_are_scored_as_position_by_position(
    files: list[np.ndarray], ids: list[int], seed: int, first: int, vocabulary: int
) -> None:
    memory = Memory.build({str(i): f for i, f in enumerate(files)}, DIGEST)
    first = min(first, len(ids) - 1)
    draws = np.random.default_rng(seed).normal(size=(len(ids) - first, vocabulary))
    logs = draws - np.log(np.exp(draws).sum(axis=1, keepdims=True))
    chosen = np.array([row[i] if i < vocabulary else -np.inf for row, i in zip(logs, ids[first:], strict=True)])
    gate = Gate.fitted()
    tokens = np.array(ids, np.uint32)
    mixed = gate.mix(memory.stats_of(tokens, logs, first), chosen)
    parts = [memory.stats_of(tokens, logs[i : i + 2], first + i) for i in range(0, len(logs), 2)]
    assert gate.mix(concatenate_stats(parts), chosen) == pytest.approx(mixed)
    for row, at in enumerate(range(first, len(ids))):
        own = logs[row]
        of = lambda t, own=own: np.array([own[i] if i < vocabulary else -np.inf for i in t.tolist()])  # noqa: E731
        found = memory.next_distribution(ids[:at], ModelView(of, float(own.max()), -float(np.exp(own) @ own)))
        share = dict(zip(found.tokens.tolist(), found.shares.tolist(), strict=True)).get(ids[at], 0.0)
        assert math.exp(mixed[row]) == pytest.approx(found.model_weight * math.exp(chosen[row]) + share, abs=1e-12)


def test_what_almost_anything_follows_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory.build({"a": array(1, 2, 3, 1, 2, 4, 1, 2, 5, 7, 2, 6)}, DIGEST)
    monkeypatch.setattr(followers, "_MAX_FOLLOWERS", 3)
    assert memory.next_distribution([1, 2], EVEN).tokens.tolist() == [3, 4, 5]  # 6 followed the 2 alone
    assert memory.stats_of(array(1, 2, 3), np.log(np.full((2, 9), 0.1))).totals[1].tolist() == [0, 3, 0, 0, 0, 0]


def test_what_is_known_of_a_text() -> None:
    memory = Memory.build({"a": array(1, 2, 3, 1, 2, 4, 1, 2, 3)}, DIGEST)
    known = memory.stats_of(array(1, 2, 3), np.log(np.full((2, 5), 0.2)))
    assert known.totals.tolist() == [[3, 0, 0, 0, 0, 0], [3, 3, 0, 0, 0, 0]]
    assert known.kinds.tolist() == [[1, 0, 0, 0, 0, 0], [2, 2, 0, 0, 0, 0]]
    assert known.peaks[1, :2] == pytest.approx([2 / 3, 2 / 3])
    assert np.exp(known.tops) == pytest.approx([0.2, 0.2])
    assert known.entropies == pytest.approx([math.log(5)] * 2)
    assert np.exp(known.masses[1, :2]) == pytest.approx([0.4, 0.4])
    raised = 2 ** (1 - MODEL_EXPONENT)
    assert known.shares[1, :2] == pytest.approx([raised / (1 + raised)] * 2)
    assert known.shares[0, 0] == 1


def test_a_surer_model_leaves_less_to_the_memory() -> None:
    memory = Memory.build({"a": array(1, 2)}, DIGEST)
    unsure, sure = (
        memory.next_distribution([1], EVEN._replace(top=math.log(p), entropy=e)) for p, e in ((0.2, 3.0), (0.99, 0.1))
    )
    assert sure.model_weight > unsure.model_weight


def test_what_came_more_often_is_believed_more() -> None:
    once, often = (Memory.build({"a": array(*[1, 2] * n)}, DIGEST) for n in (1, 40))
    assert often.next_distribution([1], EVEN).model_weight < once.next_distribution([1], EVEN).model_weight


def test_the_gate_that_comes_with_the_package_fits_what_is_looked_at() -> None:
    gate = Gate.fitted()
    assert len(LENGTHS) + 6 == FEATURES
    assert gate.hidden.shape == (FEATURES + 1, len(gate.out))
    assert gate.direct.shape == (FEATURES + 1,)


def test_a_saved_memory_comes_back_mapped_and_equal(tmp_path: Path) -> None:
    memory = Memory.build({"b/ü.py": array(1, 2, 3, 4, 5, 6, 7), "a.py": array(4, 5), "empty.py": array()}, DIGEST)
    memory.save(tmp_path / "m")
    found = Memory.load(tmp_path / "m", DIGEST)
    assert isinstance(found.counts.keys, np.memmap)
    assert_equal(found.counts, memory.counts)
    assert {p: t.tolist() for p, t in found.files.items()} == {p: t.tolist() for p, t in memory.files.items()}
    assert_same_prediction(found, memory, [1, 2, 3])
    found.update("a.py", None)
    memory.update("a.py", None)
    assert_equal(found.counts, memory.counts)
    found.save(tmp_path / "m")  # over the file that was mapped
    assert not isinstance(found.counts.keys, np.memmap)
    assert_equal(Memory.load(tmp_path / "m", DIGEST).counts, memory.counts)
    memory.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "m"]


def test_an_empty_memory_is_stored_too(tmp_path: Path) -> None:
    Memory.build({}, DIGEST).save(tmp_path / "m")
    assert len(Memory.load(tmp_path / "m", DIGEST).counts) == 0


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    file = tmp_path / "m"
    Memory.build({"a": array(*range(50))}, DIGEST).save(file)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(AdapterFileError, match=r"build it anew|give a file"):
        Memory.load(file, DIGEST)


def test_any_changed_byte_of_what_is_stored_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "m"
    Memory.build({"a": array(*range(30))}, DIGEST).save(file)
    data = file.read_bytes()
    refused = 0
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            Memory.load(file, DIGEST)
        except AdapterFileError:
            refused += 1
    padding = len(data) - refused
    assert padding < 4 * 64


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY\x01\x00",
        b"PK\x03\x04 something else",
        b"PLMEMORY",
        struct.pack("<8sIII", b"PLMEMORY", 99, 0, 0),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(AdapterFileError):
        Memory.load(tmp_path / "m", DIGEST)


@pytest.mark.parametrize(
    "change",
    [
        {"tokenizer": None},
        {"paths": ["a.py"]},
        {"versions": [1, 2]},
        {"arrays": {"keys": [-1, 0]}},
        {"arrays": {name: ["a", 0] for name in store.ARRAYS}},
        None,
    ],
)
def test_headers_that_lack_something_are_refused(tmp_path: Path, change: dict | None) -> None:
    file = tmp_path / "memory"
    Memory.build({"a": array(1, 2, 3), "b": array(4)}, "digest").save(file)
    header, _ = store.read(file)
    data = file.read_bytes()
    length = store._PREFIX.unpack(data[: store._PREFIX.size])[3]
    text = b"[" * 100_000 if change is None else json.dumps({**header, **change}).encode()
    start = store._PREFIX.pack(b"PLMEMORY", 2, zlib.crc32(text), len(text)) + text
    file.write_bytes(start + bytes(-len(start) % 64) + data[-(-(store._PREFIX.size + length) // 64) * 64 :])
    with pytest.raises(AdapterFileError, match="damaged"):
        Memory.load(file, "digest")
    with pytest.raises(AdapterFileError, match="damaged"):
        store.read_header(file)


def test_files_that_are_not_those_of_the_tokens_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "memory"
    Memory.build({"a": array(1, 2, 3), "b": array(4)}, "digest").save(file)
    header, arrays = store.read(file)
    for ends in ([3], [3, 5], [4, 3], [-1, 4]):
        store.write(file, header, {**arrays, "ends": np.array(ends)})
        with pytest.raises(AdapterFileError, match="damaged"):
            Memory.load(file, "digest")


def test_a_missing_file_and_another_tokenizer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterFileError, match="cannot be read"):
        Memory.load(tmp_path / "m", DIGEST)
    Memory.build({"a": array(1, 2)}, DIGEST).save(tmp_path / "m")
    with pytest.raises(AdapterFileError, match="another model's tokenizer"):
        Memory.load(tmp_path / "m", "of another")


def test_a_vocabulary_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="vocabulary"):
        Memory.build({"a": array(1, MAX_TOKEN + 1)}, DIGEST)


def test_tokenizers_are_told_apart() -> None:
    class Plain:
        def __init__(self, words: dict[str, int]) -> None:
            self._words = words

        def get_vocab(self) -> dict[str, int]:
            return self._words

    assert tokenizer_digest(Plain({"a": 0, "b": 1})) == tokenizer_digest(Plain({"b": 1, "a": 0}))
    assert tokenizer_digest(Plain({"a": 0, "b": 1})) != tokenizer_digest(Plain({"a": 1, "b": 0}))


def assert_equal(found, expected) -> None:
    assert found.keys.tolist() == expected.keys.tolist()
    assert found.numbers.tolist() == expected.numbers.tolist()


def assert_same_prediction(first: Memory, second: Memory, context: list[int]) -> None:
    a, b = first.next_distribution(context, EVEN), second.next_distribution(context, EVEN)
    assert (a.tokens.tolist(), a.shares.tolist(), a.model_weight) == (
        b.tokens.tolist(),
        b.shares.tolist(),
        b.model_weight,
    )
