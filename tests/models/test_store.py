from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from adapter_core.errors import ModelError, ModelFileError, ModelMissingError
from adapter_core.model_names import is_hub_id, looks_like_path
from adapter_core.models import store
from adapter_core.models.install import remove
from adapter_core.models.sources import absolute_name, resolve


def install(name: str, source: Path | None = None) -> Path:
    """Put a model (or something that looks like one) where installed models are."""
    folder = store.model_folder(name)
    if source is not None:
        shutil.copytree(source, folder)
    else:
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(b"w" * 1000)
    store.write_manifest(folder, name, "a test", "0" * 64)
    return folder


def test_an_installed_model_is_resolved_by_name():
    folder = install(store.DEFAULT_NAME)
    other = install("gguf-1234")
    for name in (None, "", "default", "smollm2-135m-instruct"):
        assert resolve(name).folder == folder
    assert resolve("GGUF-1234").folder == other
    assert resolve(None).digest == store.sha256_of(folder / "model.safetensors")
    assert store.installed() == [folder, other]
    assert remove("GGUF-1234") > 1000
    assert store.installed() == [folder]
    assert not list(store.models_dir().glob(".building-*"))


@pytest.mark.parametrize("keep_time", [False, True])
@pytest.mark.parametrize("change", ["shorter", "flipped", "gone"])
def test_damage_is_found_and_says_what_to_do(change, keep_time):
    weights = install(store.DEFAULT_NAME) / "model.safetensors"
    stat = weights.stat()
    if change == "gone":
        weights.unlink()
    else:
        weights.write_bytes(b"w" * 999 if change == "shorter" else b"w" * 999 + b"v")
        times = (stat.st_atime_ns, stat.st_mtime_ns if keep_time else stat.st_mtime_ns + 5_000_000)
        os.utime(weights, ns=times)
    with pytest.raises(ModelFileError, match="pathline model pull --force"):
        store.verify(weights.parent, full=True)
    if not (keep_time and change == "flipped"):  # the one that only a full check can see
        with pytest.raises(ModelFileError, match="pathline model pull --force"):
            resolve()


def test_a_copied_cache_is_hashed_once_and_then_trusted(monkeypatch):
    folder = install(store.DEFAULT_NAME)
    os.utime(folder / "model.safetensors", ns=(1, 1))
    resolve()
    monkeypatch.setattr(store, "sha256_of", lambda *_: pytest.fail("hashed again"))
    resolve()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "{", '{"schema": 9, "files": {}}', '{"schema": 1, "files": []}', "\x00"]
)
def test_a_broken_manifest_is_an_error(text):
    folder = install(store.DEFAULT_NAME)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelFileError, match="manifest"):
        resolve()


def test_nothing_installed():
    with pytest.raises(ModelMissingError, match="pathline model pull"):
        resolve()
    assert store.installed() == []
    with pytest.raises(ModelMissingError):
        remove("x")


def test_a_folder_with_only_pickles_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelFileError, match="no weights"):
        resolve(str(tmp_path))
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(ModelFileError, match="pickle"):
        resolve(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"x")
    assert resolve(str(tmp_path)).folder == tmp_path


def test_an_adapter_beside_the_model_is_refused(tmp_path, tiny_llama):
    """transformers would load it into the model, and nothing would say so."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_llama, folder)
    assert resolve(str(folder)).folder == folder
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelFileError, match="holds an adapter"):
        resolve(str(folder))


def test_paths_that_are_no_models(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelMissingError, match="no model at"):
        resolve(str(tmp_path / "none"))
    with pytest.raises(ModelMissingError, match="no model file"):
        resolve(str(tmp_path / "none.gguf"))
    with pytest.raises(ModelFileError, match="is a file"):
        resolve(str(tmp_path / "file"))
    with pytest.raises(ModelFileError, match="no config"):
        resolve(str(tmp_path))


@pytest.mark.parametrize("name", ["a b", "a/b/c", "../x/..", "--force", "a--b", "x" * 200, "é", "name?", "a//b", "-x"])
def test_a_bad_id_gets_a_sentence(name):
    with pytest.raises(ModelError) as caught:
        resolve(name)
    assert len(str(caught.value)) < 400
    assert "Traceback" not in str(caught.value)


def test_an_id_never_means_a_folder_of_the_working_folder(tmp_path, monkeypatch, tiny_llama):
    pytest.importorskip("huggingface_hub")
    shutil.copytree(tiny_llama, tmp_path / "org" / "name")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissingError, match=r"pathline model pull org/name.*write \./org/name"):
        resolve("org/name")
    assert resolve("./org/name").folder == tmp_path / "org" / "name"
    assert absolute_name("./org/name") == str(tmp_path / "org" / "name")
    assert absolute_name("org/name") == "org/name"
    assert absolute_name(None) is None


def test_a_cached_hub_model_is_found_by_its_id(tmp_path, monkeypatch, tiny_llama):
    hub = pytest.importorskip("huggingface_hub")
    snapshot = tmp_path / "hub" / "models--org--name" / "snapshots" / ("a" * 40)
    shutil.copytree(tiny_llama, snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("a" * 40)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    source = resolve("org/name")
    assert source.folder == snapshot
    assert source.digest == store.sha256_of(snapshot / "model.safetensors")


def test_what_counts_as_a_path():
    assert all(
        map(looks_like_path, ["./a", "../a", "~/a", "/a", "a\\b", "C:/a", "C:a", "a.gguf", "A/B.GGUF", ".", "\\\\s\\d"])
    )
    assert not any(map(looks_like_path, ["a", "org/name", "org/na.me", "a-b_c.d"]))
    assert is_hub_id("HuggingFaceTB/SmolLM2-135M-Instruct")


def test_digests_of_foreign_weights_are_remembered(tmp_path, monkeypatch):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    first = store.weights_digest(tmp_path)
    assert first == store.sha256_of(weights)
    (store.models_dir() / "digests.json").write_text("not json")
    assert store.weights_digest(tmp_path) == first
    (tmp_path / "model-2.safetensors").write_bytes(b"two")
    assert store.weights_digest(tmp_path) != first
    monkeypatch.setattr(store, "sha256_of", lambda *_: pytest.fail("hashed again"))
    store.weights_digest(tmp_path)
    assert len(json.loads((store.models_dir() / "digests.json").read_text())) == 2
