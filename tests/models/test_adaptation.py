"""Adapters and memories on a model for the time of a call, in this process and in the model's own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adapter_core.adapters.files import save_npz
from adapter_core.adapters.memory import Memory, tokenizer_digest
from adapter_core.adapters.options import CAP_VARIABLE
from adapter_core.adapters.remembering.followers import ModelView
from adapter_core.adapters.serving import AdapterServing, unmapped
from adapter_core.adapters.targets import TARGETS, infer_target_shapes
from adapter_core.errors import AdapterError, AdapterFileError, ModelError, UsageError
from adapter_core.models.backend import Adaptation, Backend, Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.local import LocalBackend
from adapter_core.models.open import open_backend

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

from tests.adapters.models import assert_same_bits, random_adapter, weights  # noqa: E402 - after the skip

ASKED = [Message("user", "How does the router match a request?")]
OPTIONS = GenerationOptions(max_new_tokens=24, min_new_tokens=24)
SENTENCES = ["def overlaps(self, other)", "The quick brown fox"]
WRITTEN = "The quick brown fox jumps over the lazy dog. 0123456789"


@pytest.fixture(scope="module")
def files(tiny_llama, tmp_path_factory) -> Path:
    """`base.npz` and `sub.npz` that fit the model, `other.npz` that does not, `memory` of its tokenizer, `damaged.npz`."""
    folder = tmp_path_factory.mktemp("adapters")
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    backend.load()
    loaded = backend._loaded
    shapes = infer_target_shapes(loaded.model)
    save_npz(folder / "base.npz", random_adapter(shapes, size=0.4))
    save_npz(folder / "sub.npz", random_adapter(shapes, seed=5, size=0.4))
    save_npz(folder / "other.npz", random_adapter(shapes, layers=3))
    whole = (folder / "base.npz").read_bytes()
    (folder / "damaged.npz").write_bytes(whole[: len(whole) // 2])
    tokens = np.array(loaded.tokenizer(f"<|im_start|>assistant\n{WRITTEN}" * 400)["input_ids"], np.uint32)
    Memory.build({"a.py": tokens}, tokenizer_digest(loaded.tokenizer)).save(folder / "memory")
    Memory.build({"a.py": tokens}, "another").save(folder / "foreign-memory")
    return folder


@pytest.fixture(scope="module", params=["local", "process"])
def backend(request, tiny_llama, tmp_path_factory) -> Iterator[Backend]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATHLINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv(CAP_VARIABLE, raising=False)
        if request.param == "local":
            one: Backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu", serving=AdapterServing())
        else:
            one = open_backend(str(tiny_llama), dtype="float32", device="cpu")
        yield one
        one.close()


def on(files: Path, adapter: str | None = "base.npz", sub: str | None = None, memory: str | None = None, **mixing):
    """An adaptation that is large enough to change a tiny model's text."""
    named = [str(files / name) if name else None for name in (adapter, sub, memory)]
    return Adaptation(named[0], named[1], {"delta_cap": 5.0, **mixing}, named[2])


def written(backend: Backend, adaptation: Adaptation | None = None, options=OPTIONS) -> tuple[str, Finished]:
    *chunks, end = backend.generate(ASKED, options, adaptation=adaptation)
    assert isinstance(end, Finished)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk)), end


def scores(backend: Backend, adaptation: Adaptation | None = None) -> list[float]:
    return backend.score(SENTENCES, "a question", adaptation=adaptation)


def test_an_adapter_changes_text_and_scores_and_leaves_no_trace(backend, files):
    bare, read = written(backend), scores(backend)
    adapted, end = written(backend, on(files))
    assert adapted != bare[0]
    assert set(end.delta_norms) == set(TARGETS)
    assert all(norm > 0 for norm in end.delta_norms.values())
    assert end.capped == 0
    assert end.notes == ()
    assert scores(backend, on(files)) != read
    assert written(backend, on(files))[0] == adapted
    # Floats cross as JSON and come back the same: equal means bit for bit.
    assert scores(backend) == read
    assert written(backend)[0] == bare[0]
    assert bare[1].delta_norms == {}


def test_calls_that_take_turns_see_their_own(backend, files):
    wanted = [
        None,
        on(files),
        on(files, sub="sub.npz", g_sub=0.5),
        on(files, None, "sub.npz"),
        on(files, alpha_star=3.0),
    ]
    first = [(scores(backend, one), written(backend, one)[0]) for one in wanted]
    assert len({tuple(read) for read, _ in first}) == len(wanted)
    again = [(scores(backend, one), written(backend, one)[0]) for one in reversed(wanted)]
    assert again[::-1] == first


def test_an_alpha_of_zero_is_the_bare_model(backend, files):
    text, end = written(backend, on(files, sub="sub.npz", alpha_star=0))
    assert (text, end.delta_norms) == (written(backend)[0], {})
    assert scores(backend, on(files, alpha_star=0.0)) == scores(backend)


def test_what_the_cap_holds_down_is_counted(backend, files):
    _, end = written(backend, on(files, delta_cap=0.01))
    assert end.capped == 2 * len(TARGETS)
    assert all(norm == pytest.approx(0.01) for norm in end.delta_norms.values())
    _, end = written(backend, on(files, ablate=["attn"], target_weights={"up_proj": 0.0}))
    assert {target for target, norm in end.delta_norms.items() if norm} == {"gate_proj", "down_proj"}


def test_a_memory_is_mixed_in_while_writing_and_not_while_scoring(backend, files):
    bare, remembered = on(files, None), on(files, None, memory="memory")
    options = replace(OPTIONS, do_sample=False, repetition_penalty=1.0)

    def text(adaptation) -> str:
        return written(backend, adaptation, options)[0]

    assert WRITTEN[:12] in text(remembered)
    assert WRITTEN[:12] not in text(bare) == text(None)
    assert scores(backend, remembered) == scores(backend)
    assert text(on(files, memory="memory")) != text(on(files))


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("damaged.npz", "cut, damaged"),
        ("other.npz", "model of 3 layers"),
        ("none.npz", "no adapter at"),
        ("memory", "cut, damaged"),
    ],
)
def test_a_file_that_does_not_do_leaves_the_model_bare(backend, files, name, match):
    bare, read = written(backend)[0], scores(backend)
    written(backend, on(files))
    with pytest.raises(AdapterError, match=match):
        written(backend, on(files, name))
    assert scores(backend) == read
    with pytest.raises(AdapterError):
        scores(backend, on(files, sub=name))
    assert written(backend)[0] == bare
    assert written(backend, on(files))[0] != bare


def test_a_memory_that_does_not_do_leaves_the_model_bare(backend, files):
    bare = written(backend)[0]
    for name, match in (("base.npz", "no memory"), ("foreign-memory", "another model's tokenizer")):
        with pytest.raises(AdapterFileError, match=match):
            written(backend, on(files, memory=name))
        assert written(backend)[0] == bare


@pytest.mark.parametrize(
    ("mixing", "error"),
    [
        ({"colour": 3}, AdapterError),
        ({"rank": 0}, AdapterError),
        ({"alpha_star": "much"}, AdapterError),
        ({"backend": "magic"}, UsageError),
        ({"delta_cap": -1.0}, UsageError),
        ({"alpha_star": float("nan")}, (AdapterError, UsageError)),
    ],
)
def test_options_that_cannot_be_are_refused_with_a_sentence(backend, files, mixing, error):
    bare = written(backend)[0]
    with pytest.raises(error):
        written(backend, on(files, **mixing))
    assert written(backend)[0] == bare


def test_a_cancelled_or_abandoned_answer_leaves_no_trace(backend, files):
    bare, read = written(backend)[0], scores(backend)
    endless = GenerationOptions(max_new_tokens=100_000, min_new_tokens=100_000)
    cancel = threading.Event()
    events = backend.generate(ASKED, endless, cancel, on(files))
    next(events)
    cancel.set()
    assert [*events][-1].reason == "cancelled"
    assert scores(backend) == read
    events = backend.generate(ASKED, endless, None, on(files))
    next(events)
    events.close()
    assert written(backend)[0] == bare


def test_a_file_that_was_written_anew_is_read_anew(backend, files, tmp_path):
    file = tmp_path / "adapter.npz"
    shutil.copy(files / "base.npz", file)
    before = scores(backend, on(tmp_path, "adapter.npz"))
    assert before == scores(backend, on(files))
    shutil.copy(files / "sub.npz", tmp_path / "new")
    (tmp_path / "new").replace(file)
    assert scores(backend, on(tmp_path, "adapter.npz")) == scores(backend, on(files, "sub.npz")) != before


def test_relative_names_are_those_of_the_caller(backend, files, monkeypatch):
    expected = written(backend, on(files, memory="memory"))[0]
    monkeypatch.chdir(files)
    assert written(backend, Adaptation("base.npz", None, {"delta_cap": 5.0}, "memory"))[0] == expected


# In this process, where the weights can be looked at.


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_every_weight_is_what_it_was_bit_for_bit(tiny_llama, files, dtype):
    serving = AdapterServing()
    backend = LocalBackend(str(tiny_llama), dtype=dtype, device="cpu", serving=serving)
    backend.load()
    model = backend._loaded.model
    before = weights(model)
    written(backend, on(files, sub="sub.npz"))
    after = weights(model)
    changed = [name for name, tensor in before.items() if not torch.equal(tensor, after[name])]
    assert len(changed) == 2 * len(TARGETS)
    written(backend)
    assert_same_bits(model, before)
    for leave in (lambda events: events.close(), lambda events: events.throw(RuntimeError("the caller's"))):
        events = backend.generate(ASKED, OPTIONS, None, on(files))
        next(events)
        try:
            leave(events)
        except RuntimeError as error:
            assert str(error) == "the caller's"  # noqa: PT017 - only one of the two raises
        scores(backend)
        assert_same_bits(model, before)
    scores(backend, on(files))
    backend.unload()
    assert_same_bits(model, before)


def test_an_adapter_stays_on_between_calls_that_want_the_same(tiny_llama, files, monkeypatch):
    from adapter_core.adapters import serving as module

    put: list[object] = []
    real = module.register_hook_mixed_adapters
    monkeypatch.setattr(module, "register_hook_mixed_adapters", lambda *a, **k: put.append(a) or real(*a, **k))
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu", serving=AdapterServing())
    for _ in range(2):
        scores(backend, on(files))
        written(backend, on(files, memory="memory"))
    assert len(put) == 1
    scores(backend)
    scores(backend, on(files))
    assert len(put) == 2


def test_a_model_that_fails_while_writing_is_bare_afterwards(tiny_llama, files, monkeypatch):
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu", serving=AdapterServing())
    read = scores(backend)
    model = backend._loaded.model
    before = weights(model)
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "forward", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("broken")))
        with pytest.raises(ModelError, match="broken"):
            written(backend, on(files))
    assert scores(backend) == read
    assert_same_bits(model, before)


def test_a_model_that_was_opened_without_adapters_says_so(tiny_llama, files):
    backend = LocalBackend(str(tiny_llama), device="cpu")
    with pytest.raises(ModelError, match="without adapters"):
        scores(backend, on(files))
    assert len(scores(backend, Adaptation())) == 2


def test_an_unmapped_memory_predicts_the_same(files, tiny_tokenizer):
    memory = Memory.load(files / "memory", tokenizer_digest(tiny_tokenizer))
    context = tiny_tokenizer("The quick brown fox")["input_ids"]
    mapped, copied = (
        m.next_distribution(context, ModelView(lambda t: np.full(len(t), -4.0), -1.0, 2.0))
        for m in (memory, unmapped(memory))
    )
    assert mapped.model_weight < 1
    assert (mapped.tokens.tolist(), mapped.shares.tolist()) == (copied.tokens.tolist(), copied.shares.tolist())


@pytest.mark.parametrize(("name", "value"), [("device", "tpu"), ("dtype", "int3")])
def test_what_cannot_be_chosen_is_refused_at_once(tiny_llama, name, value):
    with pytest.raises(UsageError, match="use one of auto"):
        open_backend(str(tiny_llama), **{name: value})
