"""Other prose among what is trained on, so that a fit does not harm it."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.adapters.fit import fit_adapter
from adapter_core.adapters.fitting.judge import general_windows
from adapter_core.adapters.fitting.options import FitOptions, JudgeOptions
from adapter_core.adapters.fitting.packing import mix_in_prose
from adapter_core.adapters.fitting.prose import prose_sequences
from adapter_core.adapters.fitting.windows import encode
from adapter_core.errors import UsageError
from adapter_core.models.loading import load_model
from adapter_core.models.sources import resolve

from ..models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures


@pytest.fixture
def loaded(tiny_llama: Path):  # noqa: F811
    return load_model(resolve(str(tiny_llama)), dtype="float32", device="cpu")


def library(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(folder)})


def test_prose_is_what_pythons_library_says_of_itself(loaded) -> None:
    found = prose_sequences(loaded.tokenizer, 7, 32, 40, seed=0)
    assert found.shape == (40, 32)
    assert (found == prose_sequences(loaded.tokenizer, 7, 32, 40, seed=0)).all()
    assert not np.array_equal(found, prose_sequences(loaded.tokenizer, 7, 32, 40, seed=1))
    assert len(prose_sequences(loaded.tokenizer, 7, 32, 0, seed=0)) == 0


def test_what_judges_is_no_part_of_it(loaded) -> None:
    text = loaded.tokenizer.decode(prose_sequences(loaded.tokenizer, 7, 64, 10**6, seed=0).flatten().tolist())
    judging = general_windows(loaded.tokenizer, JudgeOptions())
    assert judging
    assert not [w.path for w in judging if loaded.tokenizer.decode(w.tokens[8:40].tolist()) in text]


def test_docstrings_alone_are_taken_and_what_is_no_python_is_passed_over(
    loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Say at some length what this is for. " * 9
    (tmp_path / "good.py").write_text(f'"""{said}"""\nsecret = 1\n\n\ndef f():\n    """Short."""\n', "utf-8")
    (tmp_path / "broken.py").write_text("def (", "utf-8")
    (tmp_path / "latin.py").write_bytes(b'"""\xe9"""')
    library(monkeypatch, tmp_path)
    found = loaded.tokenizer.decode(prose_sequences(loaded.tokenizer, 7, 4, 999, seed=0).flatten().tolist())
    assert "at some length" in found
    assert "secret" not in found
    assert "Short" not in found


def test_without_the_library_as_files_a_fit_has_the_repositorys_text_alone(
    loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def overlaps(self, other): return self.start <= other.end\n" * 40
    files = {f"pkg/{n}.py": encode(loaded.tokenizer, [f"# {n}\n{text}"])[0] for n in range(6)}
    options = FitOptions(rank=2, steps=4, batch=4, length=32, warm_up=2, prose=0.25)
    with_prose = fit_adapter(loaded, files, options)
    library(monkeypatch, tmp_path / "missing")
    without = fit_adapter(loaded, files, options)
    assert with_prose.data != without.data
    assert (with_prose.steps, without.steps) == (4, 4)
    assert without.data == fit_adapter(loaded, files, replace(options, prose=0.0)).data


def test_a_module_more_changes_the_order_of_the_others_by_nothing(
    loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ab", "cd", "ef", "gh"):
        (tmp_path / f"{name}.py").write_text(
            f'"""{name} says of itself at some length what it is for. {name * 90}"""\n', "utf-8"
        )
    library(monkeypatch, tmp_path)

    def order() -> list[str]:
        text = loaded.tokenizer.decode(prose_sequences(loaded.tokenizer, 7, 4, 9999, seed=0).flatten().tolist())
        return sorted((n for n in ("ab", "cd", "ef", "gh") if f"{n} says" in text), key=text.index)

    before = order()
    (tmp_path / "sitecustomize.py").write_text(
        f'"""{"One more module that a distribution has added. " * 9}"""\n', "utf-8"
    )
    assert order() == before


@pytest.mark.parametrize("wrong", [{"prose": 1.0}, {"prose": -0.1}, {"averaged": 0.75}])
def test_shares_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"from 0 to 0\.5"):
        FitOptions(**wrong)  # type: ignore[arg-type]


@given(st.integers(0, 60), st.integers(0, 20), st.sampled_from([0.0, 1 / 16, 0.1, 0.25, 0.5]))
def test_prose_is_spread_evenly(texts: int, others: int, share: float) -> None:
    text, prose = np.arange(texts)[:, None].repeat(2, 1), -1 - np.arange(others)[:, None].repeat(2, 1)
    found = mix_in_prose(text, prose, share)[:, 0]
    own, foreign = found[found >= 0], found[found < 0]
    assert own.tolist() == list(range(texts))
    assert foreign.tolist() == [-1 - n for n in range(len(foreign))]
    assert len(foreign) == min(others, int(texts * share / (1 - share)))
    places = np.flatnonzero(found < 0)
    if len(places) > 1:
        assert np.ptp(np.diff(places)) <= 1
