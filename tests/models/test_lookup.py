"""Guessed tokens change the speed and not the text."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.models.backend import Finished, GenerationOptions, ModelInfo, TextChunk
from adapter_core.models.decoder import Decoder, can_decode
from adapter_core.models.generate import Writing
from adapter_core.models.loading import LoadedModel, load_model
from adapter_core.models.lookup import MAX_GUESSED, RUN, Lookup
from adapter_core.models.reader import Reader
from adapter_core.models.serving import Applied
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

from tests.adapters.models import FAMILIES, VOCAB, tiny  # noqa: E402 - after the skip

DTYPES = ("float32", "bfloat16")
TOKENS = st.lists(st.integers(0, 3), max_size=40)


# Guessing.


def followed_before(tokens: list[int], count: int) -> list[int]:
    """By definition: what followed the last earlier occurrence of the run at the end."""
    for at in range(len(tokens) - 1, RUN - 1, -1):
        if tokens[at - RUN : at] == tokens[-RUN:]:
            return tokens[at : at + count]
    return []


@given(TOKENS, TOKENS, st.integers(0, 7))
def test_a_guess_is_what_followed_the_same_run_last(prompt, written, count):
    lookup, tokens = Lookup(prompt), list(prompt)
    for token in written:
        lookup.add(token)
        tokens.append(token)
        assert lookup.guess(count) == followed_before(tokens, count)


def test_a_guess_may_run_into_what_it_is_made_of():
    assert Lookup([7, 1, 2, 3, 1, 2, 3]).guess(4) == [1, 2, 3]
    assert Lookup([5, 5, 5, 5]).guess(4) == [5]
    assert Lookup([1, 2, 3, 4]).guess(4) == []
    assert Lookup([1, 2]).guess(4) == []


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
    """Up to the model's last position."""
    loaded = loaded_tiny(family, "float32", tiny_tokenizer)
    assert can_decode(loaded)
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
    real = Decoder.predict
    monkeypatch.setattr(Decoder, "predict", lambda self, ids: passes.append(len(ids)) or real(self, ids))
    return passes


def test_a_memory_is_part_of_what_guesses_are_held_against(tiny_llama, monkeypatch):
    """One that makes the model repeat its prompt: nearly all guesses are right, and passes few; one that does so but for some tokens."""
    loaded = load_model(resolve(str(tiny_llama)), "float32", "cpu")
    phrase = repetitive(9, 370)
    prompt = phrase * 5

    def repeat(tokens, logits):
        return torch.nn.functional.one_hot(torch.tensor(phrase[len(tokens) % 9]), len(logits)) * 100.0

    def mostly(tokens, logits):
        return logits - repeat(tokens, logits) if len(tokens) % 13 == 0 else repeat(tokens, logits)

    passes = counted(monkeypatch)
    for step, most in ((repeat, 90 // 8 + 1), (mostly, 60)):
        settings = {"max_new_tokens": 90, "repetition_penalty": 1.0, "min_new_tokens": 90}
        expected = run(loaded, prompt, Applied(step=step), **settings, lookup=False)
        assert len(passes) == 89
        passes.clear()
        assert run(loaded, prompt, Applied(step=step), **settings) == expected
        assert len(passes) <= most
        assert max(passes) == 1 + MAX_GUESSED
        passes.clear()


def test_in_16_bits_nothing_is_guessed(tiny_llama, monkeypatch):
    """Wider passes would round to another text."""
    loaded = load_model(resolve(str(tiny_llama)), "bfloat16", "cpu")
    passes = counted(monkeypatch)
    run(loaded, repetitive(45, 370), Applied(), max_new_tokens=20, min_new_tokens=20)
    assert passes == [1] * 19


def logits_by(loaded, prompt, after, sizes) -> list[torch.Tensor]:
    """The logits after each of the tokens `after`, read in passes of these sizes."""
    reader = Reader(loaded)
    reader.read(prompt)
    decoder = Decoder(loaded, reader.beginning(len(prompt)))
    rows, at = [], 0
    for size in sizes:
        rows += [row.clone() for row in decoder.predict(after[at : at + size])]
        decoder.keep(size)
        at += size
    return rows


@pytest.mark.parametrize("start", [5, 502, 512, 1021])
def test_logits_are_those_of_single_tokens_and_of_the_model(tiny_llama, start):
    """Also where the memory grows."""
    loaded = load_model(resolve(str(tiny_llama)), "float32", "cpu")
    text = torch.randint(3, 370, (start + 24,), generator=torch.Generator().manual_seed(start)).tolist()
    with torch.inference_mode():
        whole = loaded.model(input_ids=torch.tensor([text])).logits[0, start:]
    for sizes in ([1] * 24, [8, 8, 8], [3, 8, 1, 5, 7]):
        rows = logits_by(loaded, text[:start], text[start:], sizes)
        assert torch.allclose(torch.stack(rows), whole, atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_guessed_wrongly_leaves_no_trace(tiny_llama, dtype):
    loaded = load_model(resolve(str(tiny_llama)), dtype, "cpu")
    text = torch.randint(3, 370, (60,), generator=torch.Generator().manual_seed(1)).tolist()
    reader = Reader(loaded)
    reader.read(text[:40])
    layers = reader.beginning(40)
    before = [keys.clone() for keys, _ in layers]
    guessing, clean = Decoder(loaded, layers), Decoder(loaded, layers)
    first = guessing.predict([text[40], 7, 8, 9, 10])[0]
    guessing.keep(1)
    assert torch.allclose(first, clean.predict([text[40]])[0], atol=1e-3 if dtype == "float32" else 2.0)
    clean.keep(1)
    rows = [one.predict(text[41:44]) for one in (guessing, clean)]
    assert torch.allclose(*rows, atol=1e-3 if dtype == "float32" else 2.0)
    assert all(torch.equal(keys, old) for (keys, _), old in zip(layers, before, strict=True))


def test_other_models_are_written_with_token_by_token(tiny_llama, monkeypatch):
    loaded = load_model(resolve(str(tiny_llama)), "float32", "cpu")
    prompt = repetitive(40, 370)
    expected = run(loaded, prompt, max_new_tokens=30)
    passes = counted(monkeypatch)
    for name, value in (("model_type", "bloom"), ("rope_parameters", {"rope_type": "dynamic"})):
        with monkeypatch.context() as patch:
            patch.setattr(loaded.model.config, name, value)
            assert not can_decode(loaded)
            assert run(loaded, prompt, max_new_tokens=30) == expected
    assert passes == []
