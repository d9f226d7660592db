"""What was read for one answer is used for the next where, and only where, that changes nothing."""

from __future__ import annotations

import threading

import pytest

from adapter_core.models import generate as generate_module
from adapter_core.models.backend import Adaptation, Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.generate import Writing
from adapter_core.models.loading import load_model
from adapter_core.models.local import LocalBackend
from adapter_core.models.prefixes import Prefixes
from adapter_core.models.reader import Reader
from adapter_core.models.serving import Applied
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

CHUNK = 8
OPTIONS = GenerationOptions(max_new_tokens=30, min_new_tokens=30)
KEY = ("key",)


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch):
    monkeypatch.setattr(generate_module, "PREFILL_CHUNK", CHUNK)


@pytest.fixture(params=["float32", "bfloat16"])
def loaded(request, tiny_model):
    return load_model(resolve(str(tiny_model)), request.param, "cpu")


def run(loaded, prompt, prefixes=None, applied=None, cancel=None):
    *chunks, end = Writing(loaded, prompt, OPTIONS).events(loaded, cancel, applied, prefixes)
    assert isinstance(end, Finished)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk)), end


def prompts(*lengths: int, seed: int = 0) -> list[list[int]]:
    """Beginnings of one text."""
    whole = torch.randint(3, 90, (max(lengths),), generator=torch.Generator().manual_seed(seed)).tolist()
    return [whole[:length] for length in lengths]


@pytest.mark.parametrize(
    ("first", "second", "reused"),
    [(40, 45, 40), (45, 40, 32), (40, 40, 32), (41, 41, 40), (7, 45, 0), (9, 45, 8), (8, 8, 0)],
)
def test_the_text_is_the_same_and_whole_chunks_are_not_read_again(loaded, monkeypatch, first, second, reused):
    before, after = prompts(first, second)
    expected = run(loaded, after)
    prefixes = Prefixes()
    assert run(loaded, before, prefixes)[1].reused_tokens == 0
    read: list[int] = []
    for name in ("read", "predict"):
        real = getattr(Reader, name)
        monkeypatch.setattr(Reader, name, lambda self, ids, real=real: read.append(len(ids)) or real(self, ids))
    text, end = run(loaded, after, prefixes)
    assert (text, end.reused_tokens) == (expected[0], reused)
    assert sum(read) == second - reused


def test_what_is_kept_is_bit_for_bit_what_reading_gives(loaded):
    (prompt,) = prompts(45)
    prefixes = Prefixes()
    run(loaded, prompt, prefixes)
    reader = Reader(loaded)
    for at in range(0, 40, CHUNK):
        reader.read(prompt[at : at + CHUNK])
    (kept,) = prefixes._entries
    for (keys, values), (expected_keys, expected_values) in zip(kept.layers, reader.beginning(40), strict=True):
        assert torch.equal(keys, expected_keys)
        assert torch.equal(values, expected_values)


def test_another_text_key_or_deltas_is_read_anew(loaded):
    (prompt,), (other,) = prompts(40), prompts(40, seed=1)
    prefixes = Prefixes()
    run(loaded, prompt, prefixes)
    assert run(loaded, other, prefixes)[1].reused_tokens == 0
    assert run(loaded, prompt, prefixes, Applied(deltas="an adapter"))[1].reused_tokens == 0
    assert run(loaded, prompt, prefixes, Applied(deltas="an adapter"))[1].reused_tokens == 32
    half = prompt[:20] + other[20:]
    prefixes = Prefixes()
    run(loaded, prompt, prefixes)
    text, end = run(loaded, half, prefixes)
    assert (text, end.reused_tokens) == (run(loaded, half)[0], 16)


def test_a_memory_is_no_part_of_the_key(loaded):
    (prompt,) = prompts(40)
    prefixes = Prefixes()
    run(loaded, prompt, prefixes)

    def step(tokens, logits):
        return logits + torch.arange(len(logits)) * 0.01

    expected = run(loaded, prompt, None, Applied(step=step))[0]
    text, end = run(loaded, prompt, prefixes, Applied(step=step))
    assert (text, end.reused_tokens) == (expected, 32)


def test_few_are_kept_and_within_their_memory(loaded):
    (one,), (two,), (three,) = (prompts(40, seed=seed) for seed in range(3))
    prefixes = Prefixes(max_prefixes=2)
    for prompt in (one, two, three):
        run(loaded, prompt, prefixes)
    assert run(loaded, two, prefixes)[1].reused_tokens == 32
    assert run(loaded, three, prefixes)[1].reused_tokens == 32
    assert run(loaded, one, prefixes)[1].reused_tokens == 0
    each = prefixes._entries[0].bytes // 40
    small = Prefixes(max_bytes=each * 20)
    run(loaded, one, small)
    assert [p.bytes for p in small._entries] == [each * 16]
    assert run(loaded, one, small)[1].reused_tokens == 16
    none = Prefixes(max_bytes=each * 7)
    run(loaded, one, none)
    assert run(loaded, one, none)[1].reused_tokens == 0


def test_a_longer_prompt_takes_the_place_of_its_beginning(loaded):
    short, long = prompts(20, 44)
    prefixes = Prefixes()
    run(loaded, short, prefixes)
    run(loaded, long, prefixes)
    assert [len(p.tokens) for p in prefixes._entries] == [40]


def test_a_cancelled_answer_leaves_what_it_read_to_the_next(loaded):
    (prompt,) = prompts(80)
    prefixes = Prefixes()

    class InTheFourthChunk:
        """Before each chunk and before each of its two layers there is a look."""

        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 3 * 3 + 2

    assert run(loaded, prompt, prefixes, cancel=InTheFourthChunk())[1].reason == "cancelled"
    expected = run(loaded, prompt)[0]
    text, end = run(loaded, prompt, prefixes)
    assert (text, end.reused_tokens) == (expected, 24)


def test_a_model_that_keeps_a_window_only_reads_all(tiny_tokenizer):
    from transformers import MistralConfig, MistralForCausalLM

    from adapter_core.models.backend import ModelInfo
    from adapter_core.models.loading import LoadedModel

    torch.manual_seed(3)
    config = MistralConfig(
        vocab_size=len(tiny_tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, sliding_window=16, initializer_range=0.5,
    )  # fmt: skip
    model = MistralForCausalLM(config).eval()
    info = ModelInfo("m", "", 4096, "float32", "cpu")
    loaded = LoadedModel(model, tiny_tokenizer, torch.device("cpu"), info, frozenset({1}))
    (prompt,) = prompts(60)
    prefixes = Prefixes()
    assert run(loaded, prompt, prefixes)[0] == run(loaded, prompt, prefixes)[0]
    assert run(loaded, prompt, prefixes)[1].reused_tokens == 0


def test_a_backend_reuses_between_answers_and_forgets_with_its_model(tiny_llama):
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")

    def end(adaptation=None) -> Finished:
        *_, last = backend.generate([Message("user", "x y z " * 20)], OPTIONS, threading.Event(), adaptation)
        return last

    first, second = end(), end(Adaptation())
    assert first.reused_tokens == 0
    assert second.reused_tokens == (second.prompt_tokens - 1) // CHUNK * CHUNK > 0
    backend.unload()
    assert end().reused_tokens == 0
