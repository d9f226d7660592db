"""Guessed tokens change the speed and not the text."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.models.backend import Finished, GenerationOptions, ModelInfo, TextChunk
from adapter_core.models.blocks import STRIDE, WIDTH, BlockReader, can_read_blocks
from adapter_core.models.generate import Writing
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.lookup import Lookup
from adapter_core.models.reader import Reader
from adapter_core.models.serving import Applied
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason='needs the extra "pathline[model]"')

from tests.adapters.models import FAMILIES, VOCAB, tiny  # noqa: E402 - after the skip

DTYPES = ("float32", "bfloat16")
TOKENS = st.lists(st.integers(0, 3), max_size=40)


# Guessing.


def longest_run_before(tokens: list[int], shortest: int, count: int) -> list[int]:
    """By definition: what followed the last earlier occurrence of the longest end of at most three tokens."""
    for size in range(3, shortest - 1, -1):
        for at in range(len(tokens) - 1, size - 1, -1):
            if size <= len(tokens) and tokens[at - size : at] == tokens[len(tokens) - size :]:
                return tokens[at : at + count]
    return []


@given(TOKENS, TOKENS, st.sampled_from([1, 3]), st.integers(0, 7))
def test_a_guess_is_what_followed_the_longest_run_last(prompt, written, shortest, count):
    lookup, tokens = Lookup(prompt, shortest), list(prompt)
    for token in written:
        lookup.add(token)
        tokens.append(token)
        assert lookup.guess(count) == longest_run_before(tokens, shortest, count)


def test_a_guess_may_run_into_what_it_is_made_of():
    assert Lookup([7, 1, 2, 1, 2], 1).guess(4) == [1, 2]
    assert Lookup([5, 5, 5], 1).guess(4) == [5]
    assert Lookup([1, 2, 3], 1).guess(4) == []
    assert Lookup([], 1).guess(4) == []


# Passes of several tokens.


def loaded_tiny(family: str, dtype: str, tokenizer) -> LoadedModel:
    model = tiny(family, dtype)
    info = ModelInfo(family, family, 64, dtype, "cpu")
    return LoadedModel(model, tokenizer, torch.device("cpu"), info, frozenset({1}))


def repetitive(length: int, vocabulary: int, seed: int = 0) -> list[int]:
    phrase = torch.randint(3, vocabulary, (9,), generator=torch.Generator().manual_seed(seed)).tolist()
    return (phrase * (length // 9 + 1))[:length]


def run(loaded, prompt, applied=None, **options) -> tuple[str, Finished]:
    *chunks, end = Writing(loaded, prompt, GenerationOptions(**options)).events(loaded, None, applied)
    assert isinstance(end, Finished)
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))
    return text, dataclasses.replace(end, prefill_seconds=0.0, decode_seconds=0.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_writes_what_transformers_writes(tiny_tokenizer, family):
    """Up to the model's last position, which what fills up a pass must not overstep."""
    loaded = loaded_tiny(family, "float32", tiny_tokenizer)
    assert can_read_blocks(loaded)
    prompt = repetitive(30, VOCAB)
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        whole = loaded.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=34, max_new_tokens=34
        )
    expected = tiny_tokenizer.decode(whole[0, 30:].tolist(), skip_special_tokens=True)
    for lookup in (True, False):
        text, end = run(loaded, prompt, repetition_penalty=1.0, max_new_tokens=50, min_new_tokens=50, lookup=lookup)
        assert (text, end.new_tokens) == (expected, 34)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_writes_the_same_with_and_without(tiny_tokenizer, family, dtype):
    loaded = loaded_tiny(family, dtype, tiny_tokenizer)
    for seed in range(6):
        prompt = repetitive(30, VOCAB, seed)
        options = {"max_new_tokens": 34, "min_new_tokens": 34, "repetition_penalty": 1.05}
        assert run(loaded, prompt, **options, lookup=True) == run(loaded, prompt, **options, lookup=False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"repetition_penalty": 1.3},
        {"do_sample": True, "temperature": 0.8, "seed": 3},
        {"do_sample": True, "temperature": 1.2, "top_p": 0.9, "seed": 4},
        {"stop": ("fox", "er")},
        {"min_new_tokens": 80},
        {"max_new_tokens": 3},
        {"max_new_tokens": 1},
    ],
)
def test_the_text_is_the_same_whatever_chooses_it(tiny_llama, dtype, options):
    loaded = load_model(resolve(str(tiny_llama)), dtype, "cpu")
    settings = {"max_new_tokens": 80, "repetition_penalty": 1.0, **options}
    for seed in range(3):
        prompt = repetitive(60, 370, seed)
        assert run(loaded, prompt, **settings, lookup=True) == run(loaded, prompt, **settings, lookup=False)


def counted(monkeypatch) -> list[int]:
    passes: list[int] = []
    real = BlockReader.predict
    monkeypatch.setattr(BlockReader, "predict", lambda self, ids: passes.append(len(ids)) or real(self, ids))
    return passes


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_memory_is_part_of_what_guesses_are_held_against(tiny_llama, monkeypatch, dtype):
    """One that makes the model repeat its prompt: nearly all guesses are right, and passes few; one that forbids that: none are."""
    loaded = load_model(resolve(str(tiny_llama)), dtype, "cpu")
    phrase = repetitive(9, 370)
    prompt = phrase * 5

    def repeat(tokens, logits):
        return torch.nn.functional.one_hot(torch.tensor(phrase[len(tokens) % 9]), len(logits)) * 100.0

    def never(tokens, logits):
        return logits - repeat(tokens, logits)

    passes = counted(monkeypatch)
    for step, most in ((repeat, 90 // 8 + 1), (never, 89)):
        settings = {"max_new_tokens": 90, "repetition_penalty": 1.0, "min_new_tokens": 90}
        expected = run(loaded, prompt, Applied(step=step), **settings, lookup=False)
        assert len(passes) == 89
        passes.clear()
        assert run(loaded, prompt, Applied(step=step), **settings) == expected
        assert len(passes) <= most
        assert max(passes) <= WIDTH
        passes.clear()


def logits_by(loaded, prompt, after, sizes) -> list[torch.Tensor]:
    """The logits after each of the tokens `after`, read in passes of these sizes."""
    reader = Reader(loaded)
    reader.read(prompt)
    blocks = BlockReader(loaded, reader.beginning(len(prompt)))
    rows, at = [], 0
    for size in sizes:
        rows += [row.clone() for row in blocks.predict(after[at : at + size])]
        blocks.keep(size)
        at += size
    return rows


def assert_rows_alike(loaded, text: list[int], start: int, dtype: str) -> None:
    prompt, after = text[:start], text[start : start + 24]
    single = logits_by(loaded, prompt, after, [1] * 24)
    for sizes in ([8, 8, 8], [3, 8, 1, 5, 7], [1, 8, 8, 7]):
        for row, expected in zip(logits_by(loaded, prompt, after, sizes), single, strict=True):
            if dtype == "bfloat16":
                assert torch.equal(row, expected)
            else:
                assert torch.allclose(row, expected, atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", [5, STRIDE - 10, STRIDE, 2 * STRIDE - 3])
def test_logits_are_those_of_single_tokens(tiny_llama, start, dtype):
    """In 16 bits bit for bit, also where another stride begins."""
    loaded = load_model(resolve(str(tiny_llama)), dtype, "cpu")
    text = torch.randint(3, 370, (start + 24,), generator=torch.Generator().manual_seed(start)).tolist()
    assert_rows_alike(loaded, text, start, dtype)


@pytest.mark.model
def test_logits_of_the_embedded_model_are_those_of_single_tokens(embedded):
    loaded = load_model(resolve(), "bfloat16", "cpu")
    text = loaded.tokenizer(Path(__file__).read_text("utf-8"))["input_ids"]
    for start in (37, STRIDE - 10):
        assert_rows_alike(loaded, text, start, "bfloat16")


def test_what_is_guessed_wrongly_leaves_no_trace(tiny_llama):
    loaded = load_model(resolve(str(tiny_llama)), "bfloat16", "cpu")
    text = torch.randint(3, 370, (60,), generator=torch.Generator().manual_seed(1)).tolist()
    reader = Reader(loaded)
    reader.read(text[:40])
    layers = reader.beginning(40)
    blocks, clean = BlockReader(loaded, layers), BlockReader(loaded, layers)
    blocks.predict([text[40], 7, 8, 9, 10])
    blocks.keep(1)
    clean.predict([text[40]])
    clean.keep(1)
    assert torch.equal(blocks.predict(text[41:44]), clean.predict(text[41:44]))


def test_other_models_are_written_with_token_by_token(tiny_llama, monkeypatch):
    loaded = load_model(resolve(str(tiny_llama)), "float32", "cpu")
    prompt = repetitive(40, 370)
    expected = run(loaded, prompt, max_new_tokens=30)
    passes = counted(monkeypatch)
    for name, value in (("model_type", "bloom"), ("rope_parameters", {"rope_type": "dynamic"})):
        with monkeypatch.context() as patch:
            patch.setattr(loaded.model.config, name, value)
            assert not can_read_blocks(loaded)
            assert run(loaded, prompt, max_new_tokens=30) == expected
    assert passes == []
