"""A GPU whose memory runs out, played by the CPU: the model says that it is on "cuda" and raises what torch raises there."""

from __future__ import annotations

import dataclasses

import pytest

from adapter_core.adapters.files import save_npz
from adapter_core.adapters.serving import AdapterServing
from adapter_core.adapters.targets import infer_target_shapes
from adapter_core.errors import ModelMemoryError
from adapter_core.models import local as local_module
from adapter_core.models.backend import Adaptation, Finished, GenerationOptions, Message, TextChunk
from adapter_core.models.local import LocalBackend

torch = pytest.importorskip("torch", reason="needs what ./x setup installs")

from tests.adapters.models import random_adapter  # noqa: E402 - after the skip

OPTIONS = GenerationOptions(max_new_tokens=20, min_new_tokens=20)
ASKED = [Message("user", "How does the router match a request?")]


class Gpu:
    """Loads "onto the GPU", where forward pass number `fails_at` (0: loading) and all later ones find no memory."""

    def __init__(self, monkeypatch, fails_at: int) -> None:
        self.loads: list[str | None] = []
        self._real, self._fails_at = local_module.load_model, fails_at
        monkeypatch.setattr(local_module, "load_model", self._load)
        monkeypatch.setattr(local_module, "pick_device", lambda wanted: torch.device("cuda"))

    def _load(self, source, dtype, device):
        self.loads.append(device)
        loaded = self._real(source, dtype, "cpu")
        if device == "cpu":
            return loaded
        if not self._fails_at:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        passes, forward = 0, loaded.model.forward

        def failing(*args, **kwargs):
            nonlocal passes
            passes += 1
            if passes >= self._fails_at:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return forward(*args, **kwargs)

        loaded.model.forward = failing
        return dataclasses.replace(loaded, info=dataclasses.replace(loaded.info, device="cuda"))


def written(backend, adaptation=None):
    *chunks, end = backend.generate(ASKED, OPTIONS, None, adaptation)
    assert isinstance(end, Finished)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk)), end


@pytest.fixture
def backend(tiny_llama):
    return LocalBackend(str(tiny_llama), dtype="float32", serving=AdapterServing())


@pytest.fixture
def adaptation(tiny_llama, tmp_path):
    model = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    model.load()
    save_npz(tmp_path / "a.npz", random_adapter(infer_target_shapes(model._loaded.model), size=0.4))
    return Adaptation(str(tmp_path / "a.npz"), mixing={"delta_cap": 5.0})


@pytest.mark.parametrize("fails_at", [0, 1, 2, 7])
def test_an_answer_goes_on_on_the_cpu_and_says_so(backend, tiny_llama, adaptation, monkeypatch, fails_at):
    """Loading, reading the prompt, the first token, in the middle: nothing is lost or said twice, and the adapter goes along."""
    plain = LocalBackend(str(tiny_llama), dtype="float32", device="cpu", serving=AdapterServing())
    expected = written(plain, adaptation)
    gpu = Gpu(monkeypatch, fails_at)
    text, end = written(backend, adaptation)
    assert text == expected[0]
    assert (end.new_tokens, end.prompt_tokens) == (20, expected[1].prompt_tokens)
    assert end.delta_norms == expected[1].delta_norms
    assert end.notes == ("Memory ran out on cuda: the model went on on the CPU, which is slower.",)
    assert gpu.loads == [None, "cpu"]
    assert written(backend, adaptation)[1].notes == ()
    assert backend.load().device == "cpu"
    assert gpu.loads == [None, "cpu"]
    backend.unload()
    backend.load()
    assert gpu.loads[2] is None


def test_scoring_goes_on_on_the_cpu_and_the_next_answer_says_so(backend, tiny_llama, adaptation, monkeypatch):
    plain = LocalBackend(str(tiny_llama), dtype="float32", device="cpu", serving=AdapterServing())
    expected = plain.score(["a", "b"], "c", None, adaptation)
    Gpu(monkeypatch, 1)
    assert backend.score(["a", "b"], "c", None, adaptation) == expected
    assert len(written(backend)[1].notes) == 1


def test_on_the_cpu_there_is_nowhere_to_go(tiny_llama, monkeypatch):
    backend = LocalBackend(str(tiny_llama), dtype="float32", device="cpu")
    backend.load()

    def failing(*_, **__):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(backend._loaded.model, "forward", failing)
        with pytest.raises(ModelMemoryError, match="close other programs or use a smaller model"):
            written(backend)
        with pytest.raises(ModelMemoryError):
            backend.score(["a"], "b")
    assert written(backend)[1].new_tokens == 20
