"""Building an adapter: what is written, that the same inputs give the same bytes, and that stale or damaged ones are noticed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from adapter_core.adapters.adapter import Adapter, Factors
from adapter_core.adapters.bank import adapters_bank
from adapter_core.adapters.files import load_adapters_npz, save_npz
from adapter_core.adapters.manifest import read_built, staleness
from adapter_core.adapters.options import BuildOptions, CapacityOptions, GeneratorOptions
from adapter_core.adapters.targets import shapes_from_dims
from adapter_core.adapters.watching import Watcher
from adapter_core.build import AdapterMaker, BuildModel, MadeAdapter, build_adapters, open_bank
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError, AdapterFileError, Cancelled
from adapter_core.evidence.model_shape import ModelDims
from adapter_core.evidence.repo_embedding import RepoEmbedding
from adapter_core.installation import how_to_install
from adapter_core.paths import cache_dir
from tests.support import graph_of, write, write_tree

WORKSPACE = """
#- shop/cart.py
from shop.money import cents

class Cart:
    '''What a customer is about to buy.'''

    def total(self):
        '''The sum of all prices in cents.'''
        return sum(cents(p) for p in self.prices)
#- shop/money.py
def cents(price: float) -> int:
    '''A price in cents.'''
    return round(price * 100)
#- tests/test_cart.py
from shop.cart import Cart

def test_total():
    assert Cart().total() == 0
#- README.md
# Shop
"""
DIMS = ModelDims(layers=2, d_model=16, heads=4, kv_heads=2, head_dim=4, intermediate=24, vocab=50, model_type="llama")
MODEL = BuildModel("tiny", "ab" * 32, DIMS, shapes_from_dims(DIMS))
NAMES = {"adapters.npz", "embedding.npz", "embedding.json", "manifest.json", "sources.jsonl"}


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def again(repo: Path, out: Path, **options):
    with CodeGraph.load_or_build(repo) as graph:
        return build_adapters(graph, MODEL, out, **options)


def test_what_is_written(graph, repo, tmp_path):
    report = build_adapters(graph, MODEL, tmp_path / "out")
    assert not report.reused
    assert set(contents(tmp_path / "out")) == {*NAMES, ".lock"}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["kind"], manifest["rank"], manifest["seed"], manifest["commit"]) == ("generated", 8, 0, None)
    assert manifest["model"] | {"name": "tiny", "sha256": "ab" * 32, "layers": 2, "d_model": 16} == manifest["model"]
    assert manifest["target_shapes"]["down_proj"] == [16, 24]
    assert (manifest["priors"], manifest["capacity"], manifest["scores"]) == (None, None, [])
    assert (manifest["complete"], manifest["data"]["files"]) == (True, 4)
    assert set(manifest["versions"]) >= {"pathline", "generator", "features"}
    sources = [json.loads(line) for line in (tmp_path / "out" / "sources.jsonl").read_text().split("\n") if line]
    assert [s["path"] for s in sources] == ["README.md", "shop/cart.py", "shop/money.py", "tests/test_cart.py"]
    cart = repo / "shop" / "cart.py"
    assert sources[1]["bytes"] == cart.stat().st_size
    import hashlib

    assert sources[1]["sha256"] == hashlib.sha256(cart.read_bytes()).hexdigest()
    adapter = load_adapters_npz(tmp_path / "out" / "adapters.npz", MODEL.target_shapes, 2)
    assert np.any(adapter.layers[0]["q_proj"].up)
    assert RepoEmbedding.load(tmp_path / "out").sha256 == manifest["data"]["embedding_sha256"]


def test_the_same_inputs_give_the_same_bytes(graph, repo, tmp_path, monkeypatch):
    options = BuildOptions(modules=True, priors=True, capacity=CapacityOptions(enabled=True))
    build_adapters(graph, MODEL, tmp_path / "a", options)
    # A copy elsewhere, without anything that was kept.
    copy = Path(shutil.copytree(repo, tmp_path / "elsewhere" / "repo"))
    monkeypatch.setenv("PATHLINE_CACHE_DIR", str(tmp_path / "other-cache"))
    again(copy, tmp_path / "b", options=options)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_repository_another_adapter(graph, tmp_path):
    build_adapters(graph, MODEL, tmp_path / "a")
    with graph_of(tmp_path / "other", "#- garden/apple.py\ndef peel(knife): ...\n") as other:
        build_adapters(other, MODEL, tmp_path / "b")
    ours, theirs = (load_adapters_npz(tmp_path / n / "adapters.npz").layers[0]["q_proj"].up for n in "ab")
    assert not np.array_equal(ours, theirs)


def test_nothing_is_built_twice(graph, repo, tmp_path):
    out = tmp_path / "out"
    build_adapters(graph, MODEL, out)
    before = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    assert again(repo, out).reused
    assert {p: p.stat().st_mtime_ns for p in out.iterdir()} == before
    assert not again(repo, out, rebuild=True).reused
    other = BuildOptions(generator=GeneratorOptions(rank=2))
    assert not again(repo, out, options=other).reused
    assert load_adapters_npz(out / "adapters.npz").rank == 2
    assert not again(repo, out).reused
    write(repo, "shop/money.py", "def cents(price): ...\n")
    assert not again(repo, out).reused
    (out / "adapters.npz").write_bytes(b"damaged")
    assert not again(repo, out).reused
    assert load_adapters_npz(out / "adapters.npz").rank == 8


def test_stale_adapters_are_seen(graph, repo, tmp_path):
    build_adapters(graph, MODEL, tmp_path / "out")
    built = read_built(tmp_path / "out")
    assert not staleness(built.sources, graph)
    assert staleness(built.sources, graph).sentence() == ""
    write(repo, "shop/money.py", "def cents(price): ...\n")
    write(repo, "shop/new.py", "x = 1\n")
    (repo / "README.md").unlink()
    with CodeGraph.load_or_build(repo) as now:
        stale = staleness(built.sources, now)
    assert (stale.changed, stale.added, stale.removed) == (("shop/money.py",), ("shop/new.py",), ("README.md",))
    assert stale
    assert "1 changed (shop/money.py), 1 added (shop/new.py), 1 removed (README.md)" in stale.sentence()


def test_damaged_folders_are_refused(graph, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(AdapterFileError, match="There is no adapter in"):
        read_built(out)
    build_adapters(graph, MODEL, out)
    manifest = (out / "manifest.json").read_text()
    (out / "embedding.npz").write_bytes(b"x")
    with pytest.raises(AdapterFileError, match=r"embedding\.npz is not what was built"):
        read_built(out)
    assert read_built(out, verify=False).manifest.rank == 8
    for text, match in (
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        (manifest.replace('"schema": 1', '"schema": 2'), "another version"),
        (manifest.replace('"schema": 1', '"new": {}, "schema": 2'), "another version"),
        (json.dumps(json.loads(manifest) | {"model": "x"}), "cannot be read"),
        (json.dumps(json.loads(manifest) | {"model": {"sha256": ""}}), "cannot be read"),
        (json.dumps(json.loads(manifest) | {"scores": [1]}), "of another type"),
        (json.dumps(json.loads(manifest) | {"scores": [{"text": "x"}]}), "cannot be read"),
        (json.dumps(json.loads(manifest) | {"scale": None}), "cannot be read"),
        (json.dumps(json.loads(manifest) | {"kept": "yes"}), "of another type"),
        (json.dumps(json.loads(manifest) | {"alpha": float("nan")}), "no number"),
        (json.dumps(json.loads(manifest) | {"target_shapes": {"q_proj": [float("inf"), 1]}}), "cannot be read"),
        (manifest.replace('"q_proj"', '"c_attn"'), "cannot be read"),
        (manifest.replace('"embedding.npz"', '"../embedding.npz"'), "outside"),
    ):
        (out / "manifest.json").write_text(text)
        with pytest.raises(AdapterFileError, match=match):
            read_built(out)


def test_priors_and_capacity_are_wired(graph, repo, tmp_path):
    plain = build_adapters(graph, MODEL, tmp_path / "plain").manifest
    priors = again(repo, tmp_path / "priors", options=BuildOptions(priors=True)).manifest
    assert plain.priors is None
    assert set(priors.priors) == set(MODEL.target_shapes)
    assert len(set(priors.priors.values())) > 1
    adapters = [load_adapters_npz(tmp_path / n / "adapters.npz") for n in ("plain", "priors")]
    assert not np.array_equal(adapters[0].layers[0]["q_proj"].up, adapters[1].layers[0]["q_proj"].up)
    scaled = again(repo, tmp_path / "scaled", options=BuildOptions(capacity=CapacityOptions(enabled=True))).manifest
    assert 4 <= scaled.rank < 8
    assert scaled.capacity["rank"] == scaled.rank
    assert 0 < scaled.capacity["score"] < 1


def test_the_bank_of_modules(graph, tmp_path):
    build_adapters(graph, MODEL, tmp_path / "plain")
    with pytest.raises(AdapterFileError, match="pathline build --modules"):
        open_bank(tmp_path / "plain")
    out = tmp_path / "out"
    report = build_adapters(graph, MODEL, out, BuildOptions(modules=True))
    assert report.manifest.data["modules"] == 2
    bank = open_bank(out)
    assert [entry.name for entry in bank] == ["shop.cart", "shop.money"]
    asked = bank[1].z
    mixture = adapters_bank(bank, asked, mixture_m=2)
    assert mixture.names == ("shop.money", "shop.cart")
    assert mixture.adapter.rank == 16
    # All that the bank is made of is in the manifest, by which adapters made from it are known: no other file has a part in it.
    before = [entry.load().layers[0]["q_proj"].up for entry in bank]
    planted = bank[0].load()
    planted.layers[0]["q_proj"].up[:] = 1
    save_npz(out / "bank" / "shop.cart.npz", planted)
    after = [entry.load().layers[0]["q_proj"].up for entry in open_bank(out)]
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True]
    # Without modules again, the old bank is gone.
    build_adapters(graph, MODEL, out)
    with pytest.raises(AdapterFileError, match="holds no modules"):
        open_bank(out)


def test_the_largest_modules_where_there_are_too_many(graph, tmp_path):
    build_adapters(graph, MODEL, tmp_path / "out", BuildOptions(modules=True, max_modules=1))
    assert [entry.name for entry in open_bank(tmp_path / "out")] == ["shop.cart"]


def test_another_maker_takes_the_place_of_the_generator(graph, repo, tmp_path):
    def make(inputs) -> MadeAdapter:
        one = {"q_proj": Factors(np.ones((1, 16), np.float32), np.ones((16, 1), np.float32))}
        return MadeAdapter(Adapter((one, {}), 1, 1.0), "by hand", {"steps": 3}, ({"M1": -0.1, "control": 0.0},))

    maker = AdapterMaker("by hand 1", make)
    out = tmp_path / "out"
    build_adapters(graph, MODEL, out)
    report = build_adapters(graph, MODEL, out, maker=maker)
    assert (report.reused, report.manifest.kind, report.manifest.settings) == (False, "by hand", {"steps": 3})
    assert report.manifest.target_shapes == {"q_proj": (16, 16)}
    assert read_built(out).manifest.scores == [{"M1": -0.1, "control": 0.0}]
    assert again(repo, out, maker=maker).reused
    assert not again(repo, out, maker=AdapterMaker("by hand 2", make)).reused


def test_a_build_that_is_stopped_or_fails_leaves_the_old_one(graph, repo, tmp_path):
    out = tmp_path / "out"
    build_adapters(graph, MODEL, out)
    before = contents(out)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        again(repo, out, rebuild=True, watcher=Watcher(cancel=cancel))

    def fail(inputs):
        raise AdapterError("It did not work.")

    with pytest.raises(AdapterError, match="did not work"):
        again(repo, out, maker=AdapterMaker("failing", fail))
    assert contents(out) == before
    assert again(repo, out).reused


def test_nothing_to_build_from(tmp_path):
    with graph_of(tmp_path / "empty", "#- x.bin\n") as graph, pytest.raises(AdapterError, match="nothing to build"):
        build_adapters(graph, MODEL, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read_is_no_folder_that_cannot_be_written(graph, tmp_path):
    def fail(inputs) -> MadeAdapter:
        raise FileNotFoundError(2, "No such file", "tokenizer.json")

    with pytest.raises(AdapterError, match=r"needs cannot be read or written.*tokenizer\.json") as caught:
        build_adapters(graph, MODEL, tmp_path / "out", maker=AdapterMaker("failing", fail))
    assert "--out" not in str(caught.value)


def test_a_write_that_fails_is_told_with_the_folder(graph, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("adapter_core.build.save_npz", fail)
    with pytest.raises(AdapterError, match=r"out cannot be written .*No space left.*--out"):
        build_adapters(graph, MODEL, tmp_path / "out")


def test_a_folder_that_cannot_be_written(graph, tmp_path):
    blocked = write(tmp_path, "blocked", "a file")
    with pytest.raises(AdapterError, match="cannot be written"):
        build_adapters(graph, MODEL, blocked / "out")


def test_two_builds_at_once(graph, tmp_path, monkeypatch):
    monkeypatch.setattr("adapter_core.build._LOCK_WAIT_SECONDS", 0.01)
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(AdapterError, match="Another Pathline process"):
        build_adapters(graph, MODEL, tmp_path / "out")
    kept = build_adapters(graph, MODEL).folder
    with FileLock(kept.with_name(f".{kept.name}.lock")), pytest.raises(AdapterError, match="Another Pathline process"):
        build_adapters(graph, MODEL)


@pytest.mark.parametrize("out", [".", "..", "deep/er", "deep/../wide/"])
def test_a_folder_may_be_named_relatively(graph, tmp_path, monkeypatch, out):
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    report = build_adapters(graph, MODEL, out)
    assert report.folder == (here / out).resolve()
    assert read_built(report.folder).manifest.fingerprint == report.manifest.fingerprint
    # Nothing beside it.
    assert {path.relative_to(here.parent).parts[0] for path in here.parent.rglob("*.lock")} <= {"b", ".lock"}
    assert not [*report.folder.parent.glob(".*.lock")]


def test_progress(graph, tmp_path):
    seen = []
    build_adapters(
        graph, MODEL, tmp_path / "out", BuildOptions(modules=True), watcher=Watcher(lambda *step: seen.append(step))
    )
    assert {stage for stage, *_ in seen} == {"embedding", "modules"}
    assert all(0 <= done <= total for _, done, total, _ in seen)


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """A model's folder as far as building looks at it: a configuration, and weights to hash."""
    folder = tmp_path / "model"
    config = {
        "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 24, "vocab_size": 50,
    }  # fmt: skip
    write(folder, "config.json", json.dumps(config))
    write(folder, "model.safetensors", b"weights")
    return folder


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    try:
        code = main(["build", *map(str, arguments)])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_build_into_the_cache(repo, tiny_model, capsys):
    write_tree(repo, WORKSPACE)
    code, out, err = run(capsys, "--repo", repo, "--model", tiny_model, "--json", "--modules", "--rank", 3)
    assert (code, err) == (0, "")
    told = json.loads(out)
    folder = Path(told["folder"])
    assert set(told) == {
        "schema", "folder", "reused", "seconds", "manifest", "memory", "fitted", "for_answers", "notes",
    }  # fmt: skip
    # This model has no tokenizer (or there is no torch): all else is built.
    assert (told["memory"], told["fitted"], told["for_answers"]["memory"]) == (None, None, None)
    reason = "no tokenizer" if importlib.util.find_spec("torch") else "needs torch"
    assert [reason in note for note in told["notes"]] == [True]
    assert folder.is_relative_to(cache_dir() / "adapters")
    assert set(contents(folder)) == NAMES | {"modules.npz"}
    assert (told["manifest"]["rank"], told["manifest"]["model"]["layers"]) == (3, 2)
    code, out, _ = run(capsys, "--repo", repo, "--model", tiny_model, "--modules", "--rank", 3)
    assert code == 0
    assert out.startswith("Nothing has changed since it was built: ")
    assert "null model" in out


def test_build_elsewhere_with_other_shapes(repo, tiny_model, tmp_path, capsys, monkeypatch):
    write_tree(repo, WORKSPACE)
    monkeypatch.chdir(tmp_path)
    arguments = (
        "--model",
        "./model",
        "--out",
        "here",
        "--target-shapes",
        "q_proj=5:6,v_proj=3:6",
        "--targets",
        "attention",
    )
    arguments += ("--no-memory",)
    code, out, err = run(capsys, "--repo", repo, *arguments, "--transport", "int8", "--layer-gate", "hump", "--seed", 4)
    assert (code, err) == (0, "")
    assert out.startswith("Built in ")
    adapter = load_adapters_npz(tmp_path / "here" / "adapters.npz", {"q_proj": (5, 6), "v_proj": (3, 6)}, 2)
    assert set(adapter.layers[0]) == {"q_proj", "v_proj"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--rank", "0"], 2, "--rank must be"),
        (["--rank", "x"], 2, "invalid int"),
        (["--rank", "4", "--scale-rank"], 2, "use one of them"),
        (["--targets", "lm_head"], 2, "no target"),
        (["--target-shapes", "q_proj=4"], 2, "no shape"),
        (["--layer-gate", "sine"], 2, "--layer-gate must be one of zmean"),
        (["--transport", "int4"], 2, "--transport must be one of float32"),
        (["--model", "./nowhere"], 1, "no model at"),
        ([], 1, "pathline model pull"),
        (["--targets", "gate_proj", "--target-shapes", "q_proj=4:4"], 1, "none of the targets"),
    ],
)
def test_wrong_usage_gets_one_clear_sentence(repo, tiny_model, tmp_path, capsys, arguments, code, message):
    write_tree(repo, WORKSPACE)
    model = [] if "--model" in arguments or not arguments else ["--model", str(tiny_model)]
    got, out, err = run(capsys, "--repo", repo, *model, "--out", tmp_path / "out", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_the_door(repo, tiny_model, tmp_path):
    import subprocess

    write_tree(repo, WORKSPACE)
    root = Path(__file__).resolve().parents[2]
    command = [
        sys.executable,
        "-m",
        "adapter_core.build",
        str(repo),
        "--model",
        str(tiny_model),
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    result = subprocess.run(
        command, cwd=root, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["manifest"]["kind"] == "generated"


def test_report(repo, tiny_model, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="needs what ./x setup --dev installs")
    write_tree(repo, WORKSPACE)
    pictures = []
    for name in ("a.png", "b.png"):
        arguments = (
            "--repo",
            repo,
            "--model",
            tiny_model,
            "--out",
            tmp_path / "out",
            "--modules",
            "--report",
            tmp_path / name,
        )
        code, out, err = run(capsys, *arguments)
        assert code == 0
        # The weights of this model cannot be loaded: the picture is drawn without what needs them.
        assert "does not show which tokens" in err
        assert f"drawn in {tmp_path / name}" in out
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0].startswith(b"\x89PNG")
    assert pictures[0] == pictures[1]


def test_a_report_without_the_library(repo, tiny_model, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_tree(repo, WORKSPACE)
    code, _, err = run(
        capsys, "--repo", repo, "--model", tiny_model, "--out", tmp_path / "out", "--report", tmp_path / "a.png"
    )
    assert code == 2
    assert f"matplotlib: {how_to_install('report')}." in err
    assert not (tmp_path / "out").exists()
