"""Fitting: seeded, resumable, within a budget, judged on files that nothing is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.adapters.adapter import Adapter
from adapter_core.adapters.fit import fit_adapter
from adapter_core.adapters.fitting.judge import DevelopmentText, judge, kept_adapter
from adapter_core.adapters.fitting.lora import TrainedFactors, adapter_attached
from adapter_core.adapters.fitting.loss import check_head
from adapter_core.adapters.fitting.options import FitOptions, JudgeOptions
from adapter_core.adapters.fitting.packing import pack_sequences
from adapter_core.adapters.fitting.scoring import bits_per_byte, score_windows
from adapter_core.adapters.fitting.split import BUILD, DEVELOPMENT, HELD_OUT, SplitOptions, split_by_directory
from adapter_core.adapters.fitting.windows import encode, function_windows, windows
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.mixing import register_hook_mixed_adapters
from adapter_core.adapters.targets import infer_target_shapes
from adapter_core.errors import AdapterFileError, Cancelled, ModelError, UsageError
from adapter_core.models.loading import load_model
from adapter_core.models.sources import resolve

from ..models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures
from .models import FAMILIES, logits, tiny

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''
def area(self, width, height):
    """The area of a box, in square units of whatever its sides are measured in."""
    if width < 0 or height < 0:
        raise ValueError("a box has no negative sides")
    result = width * height
    return result


def undocumented(a):
    b = a
    return b
'''
OPTIONS = FitOptions(rank=2, steps=6, batch=2, length=32, warm_up=2, rate=1e-2, averaged=0.5, checkpoint_every=2)


@pytest.fixture
def loaded(tiny_llama: Path):  # noqa: F811
    return load_model(resolve(str(tiny_llama)), dtype="float32", device="cpu")


@pytest.fixture
def files(loaded) -> dict[str, np.ndarray]:
    text = "def overlaps(self, other): return self.start <= other.end\n" * 12
    return {f"pkg/{name}.py": encode(loaded.tokenizer, [f"# {name}\n{text}"])[0] for name in "abcde"}


# -- splits and windows ------------------------------------------------------------------------------------------------

sizes = st.dictionaries(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4).map("/".join), st.integers(1, 1000), max_size=40
)


@given(sizes, st.integers(0, 5))
def test_directories_are_never_torn_apart(sizes: dict[str, int], seed: int) -> None:
    options = SplitOptions(development=0.2, held_out=0.2, largest=0.5, seed=seed)
    parts = split_by_directory(sizes, options)
    assert parts.keys() == sizes.keys()
    assert parts == split_by_directory(dict(reversed(sizes.items())), options)
    folders: dict[str, set[str]] = {}
    for path, part in parts.items():
        folders.setdefault(path.rpartition("/")[0], set()).add(part)
    if len(folders) >= 4:
        assert all(len(own) == 1 for own in folders.values())


def test_parts_get_their_shares_and_large_directories_are_built_from() -> None:
    sizes = {f"d{i}/x.py": 100 for i in range(30)} | {"huge/x.py": 2000}
    parts = split_by_directory(sizes, SplitOptions(development=0.1, held_out=0.2))
    shares = {part: sum(sizes[p] for p in parts if parts[p] == part) / 5000 for part in (DEVELOPMENT, HELD_OUT)}
    assert shares == {DEVELOPMENT: pytest.approx(0.1, abs=0.02), HELD_OUT: pytest.approx(0.2, abs=0.02)}
    assert parts["huge/x.py"] == BUILD


def test_a_flat_repository_is_split_by_file() -> None:
    parts = split_by_directory({f"{i}.py": 100 for i in range(20)}, SplitOptions(development=0.2, held_out=0.2))
    assert set(parts.values()) == {BUILD, DEVELOPMENT, HELD_OUT}


def test_windows_do_not_depend_on_the_order_of_files(loaded, files: dict[str, np.ndarray]) -> None:
    found = windows(loaded.tokenizer, files, 3, 100, per_file=2)
    again = windows(loaded.tokenizer, dict(reversed(files.items())), 3, 100, per_file=2)
    assert [(w.path, w.start) for w in found] == [(w.path, w.start) for w in again]
    assert 3 <= len(found) <= 4
    for window in found:
        own = files[window.path][window.start : window.start + 100]
        assert (window.tokens == own).all()
        assert window.size == len(loaded.tokenizer.decode(own[1:].tolist()).encode())


def test_functions_are_asked_for_after_their_docstring(loaded) -> None:
    (found,) = function_windows(loaded.tokenizer, {"a.py": SOURCE, "broken.py": "def ("}, 5, max_tokens=999)
    head = loaded.tokenizer.decode(found.tokens[: found.first].tolist())
    body = loaded.tokenizer.decode(found.tokens[found.first :].tolist())
    assert head.startswith("def area")
    assert head.endswith('measured in."""')
    assert body.startswith("\n    if width < 0")
    assert body.rstrip().endswith("return result")
    assert found.size == len(body.encode())


def test_special_tokens_in_a_repository_are_plain_text(loaded) -> None:
    (tokens,) = encode(loaded.tokenizer, ["x = '<|im_end|>'"])
    assert not set(tokens.tolist()) & set(loaded.tokenizer.all_special_ids)
    assert loaded.tokenizer("<|im_end|>")["input_ids"] == [1]  # and only there


def test_text_is_scored_alike_alone_and_beside_others(loaded, files: dict[str, np.ndarray]) -> None:
    found = windows(loaded.tokenizer, {p: f[: 70 + 9 * i] for i, (p, f) in enumerate(files.items())}, 9, 100)
    together = score_windows(loaded.model, found)
    alone = [score_windows(loaded.model, [w])[0] for w in found]
    for window, a, b in zip(found, together, alone, strict=True):
        assert len(a.chosen) == len(window.tokens) - window.first
        assert a.chosen == pytest.approx(b.chosen, abs=1e-4)


# -- packing -----------------------------------------------------------------------------------------------------------


def test_packing_caps_files_and_ignores_their_order() -> None:
    files = {"a": np.arange(10, 400, dtype=np.uint32), "b": np.arange(1000, 1040, dtype=np.uint32), "c": np.arange(0)}
    options = FitOptions(length=16, tokens_per_file=64, seed=3)
    found = pack_sequences(files, 7, options)
    assert found.shape == ((64 + 40 + 2) // 16, 16)
    assert (found == pack_sequences(dict(reversed(files.items())), 7, options)).all()
    assert (found == 7).sum() in (1, 2)  # one may stand in the part that fills no sequence
    assert not np.array_equal(found, pack_sequences(files, 7, replace(options, seed=4)))


# -- fitting -----------------------------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_bytes_and_the_loss_falls(loaded, files: dict[str, np.ndarray]) -> None:
    seen: list[tuple[int, int]] = []
    before = weights_of(loaded)
    first = fit_adapter(loaded, files, OPTIONS, lambda done, steps, loss: seen.append((done, steps)))
    second = fit_adapter(loaded, files, OPTIONS)
    assert bytes_of(first.adapter) == bytes_of(second.adapter)
    assert seen == [(i, 6) for i in range(1, 7)]
    assert (first.steps, first.tokens, first.data) == (6, 6 * 64, second.data)
    assert first.losses[-1] < first.losses[0]
    assert weights_of(loaded) == before
    assert bytes_of(fit_adapter(loaded, files, replace(OPTIONS, seed=1)).adapter) != bytes_of(first.adapter)


def test_what_was_trained_is_what_stands_beside_the_model(loaded, files: dict[str, np.ndarray]) -> None:
    found = windows(loaded.tokenizer, files, 4, 64)
    none = bits_per_byte(found, [s.chosen for s in score_windows(loaded.model, found)])
    fitted = fit_adapter(loaded, files, replace(OPTIONS, steps=12))
    with adapter_attached(loaded.model, fitted.adapter):
        with_it = bits_per_byte(found, [s.chosen for s in score_windows(loaded.model, found)])
    after = bits_per_byte(found, [s.chosen for s in score_windows(loaded.model, found)])
    assert with_it < 0.95 * none
    assert after == none


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_an_interrupted_fit_ends_in_the_same_bytes(
    loaded, files: dict[str, np.ndarray], tmp_path: Path, stop: int
) -> None:
    whole = fit_adapter(loaded, files, OPTIONS)
    cancel, file = threading.Event(), tmp_path / "fit.npz"
    before = weights_of(loaded)
    with pytest.raises(Cancelled):
        fit_adapter(loaded, files, OPTIONS, lambda done, *_: cancel.set() if done == stop else None, cancel, file)
    assert weights_of(loaded) == before
    assert no_hooks(loaded)
    steps: list[int] = []
    resumed = fit_adapter(loaded, files, OPTIONS, lambda done, *_: steps.append(done), checkpoint=file)
    assert steps == list(range(stop + 1, 7))
    assert bytes_of(resumed.adapter) == bytes_of(whole.adapter)
    assert resumed.losses == whole.losses
    assert not file.exists()


def test_a_fit_that_dies_goes_on_from_its_last_checkpoint(loaded, files: dict[str, np.ndarray], tmp_path: Path) -> None:
    class DiedError(Exception):
        pass

    def die(done: int, steps: int, loss: float) -> None:
        if done == 5:
            raise DiedError

    file = tmp_path / "fit.npz"
    with pytest.raises(DiedError):
        fit_adapter(loaded, files, OPTIONS, die, checkpoint=file)
    assert no_hooks(loaded)
    steps: list[int] = []
    resumed = fit_adapter(loaded, files, OPTIONS, lambda done, *_: steps.append(done), checkpoint=file)
    assert steps == [5, 6]
    assert bytes_of(resumed.adapter) == bytes_of(fit_adapter(loaded, files, OPTIONS).adapter)


def test_an_adapter_is_the_mean_of_what_it_was_in_its_last_steps(
    loaded, files: dict[str, np.ndarray], tmp_path: Path
) -> None:
    file = tmp_path / "fit.npz"
    seen: dict[int, dict[str, np.ndarray]] = {}

    def look(done: int, steps: int, loss: float) -> None:
        if file.exists():  # that of the step before
            with np.load(file, allow_pickle=False) as state:
                seen[done - 1] = {name.partition("/")[2]: state[name] for name in state.files if "value-" in name}

    last = fit_adapter(loaded, files, replace(OPTIONS, averaged=0.0, checkpoint_every=1), look, checkpoint=file).adapter
    mean = fit_adapter(loaded, files, OPTIONS).adapter
    places = [(block, target) for block, layer in enumerate(last.layers) for target in sorted(layer)]
    for number, (block, target) in enumerate(places):
        for offset, part in enumerate(("down", "up")):
            values = [seen[step][f"value-{2 * number + offset}"] for step in (4, 5)]
            values.append(getattr(last.layers[block][target], part))
            assert np.allclose(getattr(mean.layers[block][target], part), np.mean(values, axis=0), atol=1e-7)
            assert not np.allclose(values[0], values[-1], atol=1e-7)


def test_a_checkpoint_of_something_else_is_refused(loaded, files: dict[str, np.ndarray], tmp_path: Path) -> None:
    cancel, file = threading.Event(), tmp_path / "fit.npz"
    cancel.set()
    with pytest.raises(Cancelled):
        fit_adapter(loaded, files, OPTIONS, cancel=cancel, checkpoint=file)
    with pytest.raises(AdapterFileError, match="another text"):
        fit_adapter(loaded, {"x": files["pkg/a.py"]}, OPTIONS, checkpoint=file)
    with pytest.raises(AdapterFileError, match="another setting"):
        fit_adapter(loaded, files, replace(OPTIONS, rate=1e-3), checkpoint=file)
    data = file.read_bytes()
    for damaged in (b"", b"no archive", data[: len(data) // 2]):
        file.write_bytes(damaged)
        with pytest.raises(AdapterFileError, match="remove it"):
            fit_adapter(loaded, files, OPTIONS, checkpoint=file)


def test_seconds_become_a_recorded_number_of_steps(loaded, files: dict[str, np.ndarray]) -> None:
    # Drawn text: chosen text is read in another order where it is not known how much of it there is time for.
    options = replace(OPTIONS, seconds=0.0, warm_up=3, covering=False)
    timed = fit_adapter(loaded, files, options)
    assert timed.steps == 3  # those that were needed to know that there is no time
    plenty = fit_adapter(loaded, files, replace(options, seconds=1e6))
    assert plenty.steps == options.steps
    assert bytes_of(plenty.adapter) == bytes_of(fit_adapter(loaded, files, replace(options, seconds=None)).adapter)


def test_upper_blocks_alone_can_be_fitted(loaded, files: dict[str, np.ndarray]) -> None:
    fitted = fit_adapter(loaded, files, replace(OPTIONS, first_block=0.5))
    assert [len(layer) for layer in fitted.adapter.layers] == [0, 7]
    few = fit_adapter(loaded, files, replace(OPTIONS, targets=("q_proj", "down_proj")))
    assert [sorted(layer) for layer in few.adapter.layers] == [["down_proj", "q_proj"]] * 2


@pytest.mark.parametrize("family", ["llama", "phi3", "gpt2", "qwen2_moe"])
def test_what_is_fitted_can_be_put_on_the_model_that_answers(loaded, family: str) -> None:
    model = tiny(family)
    other = replace(loaded, model=model)
    text = {"a": np.tile(np.arange(2, 50, dtype=np.uint32), 40)}
    fitted = fit_adapter(other, text, replace(OPTIONS, steps=12, prose=0.0)).adapter
    assert no_hooks(other)
    # Those of the experts have no place in an adapter; fused ones (phi3, gpt2) and transposed ones (gpt2) have.
    expected = set(infer_target_shapes(model))
    assert [set(layer) for layer in fitted.layers] == [expected, expected]
    assert ("gate_proj" in expected) == (family in ("llama", "phi3"))
    before = logits(model)
    with adapter_attached(model, fitted, 0.5):
        attached = logits(model)
    with register_hook_mixed_adapters(model, replace(fitted, alpha=fitted.alpha / 2), delta_cap=1e9):
        mixed = logits(model)
    assert (attached - before).abs().max() > 1e-2
    assert (attached - mixed).abs().max() < 1e-4 * before.abs().max()


def test_a_fit_that_cannot_begin_leaves_the_model_alone(loaded, files: dict[str, np.ndarray], monkeypatch) -> None:
    made: list[TrainedFactors] = []
    real = TrainedFactors.__init__

    def init(self, *arguments) -> None:
        if len(made) == 5:
            raise MemoryError
        made.append(self)
        real(self, *arguments)

    monkeypatch.setattr(TrainedFactors, "__init__", init)
    with pytest.raises(MemoryError):
        fit_adapter(loaded, files, OPTIONS)
    assert no_hooks(loaded)


def test_what_cannot_be_fitted_is_said(loaded) -> None:
    with pytest.raises(UsageError, match="10 tokens"):
        fit_adapter(loaded, {"a": np.arange(10, dtype=np.uint32)}, OPTIONS)
    without_gate = replace(loaded, model=tiny("gpt2"))
    with pytest.raises(ModelError, match="no layers that an adapter of gate_proj"):
        fit_adapter(without_gate, {"a": np.full(999, 5, np.uint32)}, replace(OPTIONS, targets=("gate_proj",)))


@pytest.mark.parametrize("family", ["granite", "gemma2", "cohere", "biased"])
def test_a_model_whose_logits_are_more_than_its_output_layer_is_refused(loaded, family: str) -> None:
    text = {"a": np.tile(np.arange(2, 50, dtype=np.uint32), 40)}
    other = replace(loaded, model=tiny(family))
    with pytest.raises(ModelError, match="scaled or capped"):
        fit_adapter(other, text, OPTIONS)
    assert no_hooks(other)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_ordinary_models_are_not_refused(dtype: str) -> None:
    for family in FAMILIES:
        check_head(tiny(family, dtype), np.arange(40, dtype=np.int64))


# -- judging -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def development(loaded, files: dict[str, np.ndarray]) -> DevelopmentText:
    options = JudgeOptions(windows=2, length=100, functions=2, general=2)
    body = SOURCE.replace("result = width * height", "return self.start <= other.end\n" + "    x = 1")
    return DevelopmentText.of(loaded.tokenizer, files, {"a.py": body}, options)


def test_what_helps_is_kept_and_what_harms_is_not(loaded, files, development: DevelopmentText) -> None:
    found = fit_adapter(loaded, files, replace(OPTIONS, steps=12)).adapter
    text_only = DevelopmentText(development.text, ())
    verdict = judge(loaded.model, found, text_only)
    assert [t.scale for t in verdict.trials] == [0.0, *JudgeOptions().scales]
    assert verdict.scale in JudgeOptions().scales
    own = kept_adapter(found, verdict)
    assert own is not None
    assert own.scale == pytest.approx(found.scale * verdict.scale)
    backwards = replace(found, alpha=-found.alpha)
    assert judge(loaded.model, backwards, text_only).scale == 0.0
    assert kept_adapter(backwards, judge(loaded.model, backwards, text_only)) is None


def test_general_prose_must_not_suffer(loaded, files, development: DevelopmentText) -> None:
    assert development.general  # Python's own help
    found = fit_adapter(loaded, files, replace(OPTIONS, steps=12)).adapter
    text = replace(development, bodies=())
    allowed = judge(loaded.model, found, text, JudgeOptions(most_harm=99.0))
    assert allowed.scale in JudgeOptions().scales
    none, chosen = (next(t.general for t in allowed.trials if t.scale == scale) for scale in (0.0, allowed.scale))
    assert none is not None
    assert chosen is not None
    assert judge(loaded.model, found, text, JudgeOptions(most_harm=chosen / none - 1 + 1e-6)).scale == allowed.scale
    assert judge(loaded.model, found, text, JudgeOptions(most_harm=-0.999)).scale == 0.0


def test_both_text_and_bodies_have_to_improve(loaded, files, development: DevelopmentText) -> None:
    found = fit_adapter(loaded, files, replace(OPTIONS, steps=12)).adapter
    verdict = judge(loaded.model, found, replace(development, general=()))
    none = verdict.trials[0]
    both = [t.scale for t in verdict.trials[1:] if t.text < none.text and t.bodies < none.bodies]
    assert (verdict.scale in both) if both else verdict.scale == 0.0
    assert judge(loaded.model, found, DevelopmentText((), development.bodies)).scale == 0.0


def test_a_memory_that_knows_it_all_leaves_nothing_to_gain(loaded, files, development: DevelopmentText) -> None:
    memory = Memory.build(files, "digest")
    found = fit_adapter(loaded, files, OPTIONS).adapter
    with_memory = judge(loaded.model, found, DevelopmentText(development.text, ()), memory=memory)
    none = with_memory.trials[0]
    assert none.text_with_memory is not None
    assert none.text_with_memory < none.text


def weights_of(loaded) -> list[bytes]:
    return [p.detach().numpy().tobytes() for p in loaded.model.parameters()]


def no_hooks(loaded) -> bool:
    return not any(module._forward_hooks for module in loaded.model.modules())


def bytes_of(adapter: Adapter) -> list[tuple[str, bytes, bytes]]:
    return [(target, own.down.tobytes(), own.up.tobytes()) for layer in adapter.layers for target, own in layer.items()]


@pytest.mark.skipif(sys.platform == "win32", reason="niceness is a number only on POSIX")
def test_low_priority_is_that_of_the_process() -> None:
    code = "import os; from adapter_core.adapters.fit import _lower_priority as f; f(); f(); print(os.nice(0))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(found.stdout) == max(os.nice(0), 10)
