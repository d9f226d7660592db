from __future__ import annotations

import threading
import time

import pytest

from adapter_core.errors import Cancelled, ModelError
from adapter_core.models import generate as generate_module
from adapter_core.models.backend import Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.generate import generate
from adapter_core.models.loading import load_model
from adapter_core.models.local import LocalBackend
from adapter_core.models.scoring import score
from adapter_core.models.sources import resolve

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

PROMPT = "def overlaps(self, other):\n    return self.start <= other.end  # "


@pytest.fixture
def loaded(tiny_model):
    return load_model(resolve(str(tiny_model)), "float32", "cpu")


def ids_of(loaded, text=PROMPT):
    return loaded.tokenizer(text)["input_ids"]


def run(loaded, prompt, **options):
    *chunks, end = generate(loaded, prompt, GenerationOptions(**{"repetition_penalty": 1.0, **options}))
    assert all(isinstance(chunk, TextChunk) and chunk.text for chunk in chunks)
    assert isinstance(end, Finished)
    return "".join(chunk.text for chunk in chunks), end


def reference(loaded, prompt, **options):
    """What transformers' own loop writes."""
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        whole = loaded.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, use_cache=True, **options
        )
    written = whole[0, len(prompt) :].tolist()
    return loaded.tokenizer.decode(written, skip_special_tokens=True), len(written)


@pytest.mark.parametrize("penalty", [1.0, 1.3])
@pytest.mark.parametrize("chunk", [1, 7, 256])
def test_greedy_writes_what_transformers_writes(loaded, monkeypatch, chunk, penalty):
    monkeypatch.setattr(generate_module, "PREFILL_CHUNK", chunk)
    prompt = ids_of(loaded)
    text, end = run(loaded, prompt, max_new_tokens=60, repetition_penalty=penalty)
    assert (text, end.new_tokens) == reference(loaded, prompt, max_new_tokens=60, repetition_penalty=penalty)
    assert end.prompt_tokens == len(prompt)


def test_end_tokens_stop_and_min_new_tokens_holds_them_off(loaded):
    prompt = ids_of(loaded)
    first = run(loaded, prompt, max_new_tokens=1)[1]
    assert (first.reason, first.new_tokens) == ("length", 1)
    loaded.end_ids = frozenset(range(len(loaded.tokenizer)))
    assert run(loaded, prompt, max_new_tokens=9)[1].reason == "stop"
    loaded.end_ids = frozenset(range(len(loaded.tokenizer))) - {70}
    text, end = run(loaded, prompt, max_new_tokens=9, min_new_tokens=9)
    assert end.new_tokens == 9
    assert text == loaded.tokenizer.decode([70] * 9)


def test_stop_strings_are_not_shown(loaded):
    whole, _ = run(loaded, ids_of(loaded), max_new_tokens=40)
    stop = whole[5:8]
    text, end = run(loaded, ids_of(loaded), max_new_tokens=40, stop=(stop, "never"))
    assert text == whole[: whole.index(stop)]
    assert end.reason == "stop"
    assert end.new_tokens < 40


def test_sampling_follows_its_seed(loaded):
    def sample(seed, **options):
        return run(loaded, ids_of(loaded), max_new_tokens=30, do_sample=True, temperature=1.0, seed=seed, **options)[0]

    assert sample(1) == sample(1)
    assert len({sample(seed) for seed in range(5)}) > 1
    assert sample(1, top_p=1e-9) == run(loaded, ids_of(loaded), max_new_tokens=30)[0]
    assert sample(1, top_p=0.0) == sample(2, top_p=0.0)


def test_a_prompt_beyond_the_context_is_refused(tiny_gpt2):
    loaded = load_model(resolve(str(tiny_gpt2)), "float32", "cpu")
    with pytest.raises(ModelError, match="longer than the model's context of 256"):
        run(loaded, [5] * 256)
    _, end = run(loaded, [5] * 250, max_new_tokens=50, min_new_tokens=50)
    assert (end.reason, end.new_tokens) == ("length", 6)
    with pytest.raises(ModelError):
        run(loaded, [])


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_cancel_stops_within_moments(tiny_llama, phase):
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    backend.load()
    cancel = threading.Event()
    long = "x y " * 60_000 if phase == "prefill" else "x"
    events = backend.generate(
        [Message("user", long)], GenerationOptions(max_new_tokens=100_000, min_new_tokens=100_000), cancel
    )
    timer = threading.Timer(1.0, lambda: (times.append(time.monotonic()), cancel.set()))
    times: list[float] = []
    timer.start()
    *chunks, end = events
    assert time.monotonic() - times[0] < 2.0
    assert end.reason == "cancelled"
    assert bool(chunks) == (phase == "decode")
    backend.count_tokens(["it still works"])


def test_a_cancelled_token_stops_before_anything_is_read(tiny_llama):
    cancel = threading.Event()
    cancel.set()
    events = list(LocalBackend(str(tiny_llama)).generate([Message("user", "x")], GenerationOptions(), cancel))
    assert [type(event) for event in events] == [Finished]


def test_a_second_call_inside_an_answer_is_refused_and_not_a_deadlock(tiny_llama):
    backend = LocalBackend(str(tiny_llama), device="cpu")
    events = backend.generate([Message("user", "x")], GenerationOptions(max_new_tokens=500, min_new_tokens=500))
    next(events)
    with pytest.raises(ModelError, match="finish or close"):
        backend.count_tokens(["x"])
    events.close()
    assert backend.count_tokens(["x", ""]) == [1, 0]
    assert not torch.is_inference_mode_enabled()


def test_a_temperature_alone_samples_nothing(loaded):
    greedy = run(loaded, ids_of(loaded), max_new_tokens=30)[0]
    assert run(loaded, ids_of(loaded), max_new_tokens=30, temperature=5.0, seed=3)[0] == greedy
    assert run(loaded, ids_of(loaded), max_new_tokens=30, do_sample=True, temperature=0.0)[0] == greedy
    assert run(loaded, ids_of(loaded), max_new_tokens=30, do_sample=True, temperature=5.0, seed=3)[0] != greedy


class AfterLooks:
    """A token that is set once it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_a_cancel_is_seen_before_each_layer(loaded):
    """Of one chunk over two layers: before the chunk, before the first layer, before the second."""
    blocks = next(m for m in loaded.model.modules() if type(m).__name__ == "ModuleList")
    assert len(blocks) == 2
    prompt = ids_of(loaded)
    expected = run(loaded, prompt, max_new_tokens=5)
    done: list[int] = []
    for block in blocks:
        block.register_forward_hook(lambda *_: done.append(1))
    for looks, layers in ((0, 0), (1, 0), (2, 1)):
        done.clear()
        *chunks, end = generate(loaded, prompt, GenerationOptions(), AfterLooks(looks))
        assert (chunks, end.reason, len(done)) == ([], "cancelled", layers)
    assert run(loaded, prompt, max_new_tokens=5)[0] == expected[0]
    assert not any(block._forward_pre_hooks for block in blocks)


def test_cancelled_scoring_is_broken_off_between_layers(loaded):
    texts = ["a b c", "d e"]
    expected = score(loaded, texts, "f")
    with pytest.raises(Cancelled):
        score(loaded, texts, "f", None, AfterLooks(4))  # two texts, the batch, the first layer
    assert score(loaded, texts, "f", None, AfterLooks(99)) == expected
