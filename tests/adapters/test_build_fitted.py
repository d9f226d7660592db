"""`pathline build` makes the memory, and with `--fit` an adapter that is judged; what answers may use of it."""

from __future__ import annotations

import json
import random
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from adapter_core.adapters.available import for_answers
from adapter_core.adapters.files import load_adapters_npz
from adapter_core.adapters.fitting.options import FitOptions, JudgeOptions
from adapter_core.adapters.fitting.repository import CHECKPOINT
from adapter_core.adapters.fitting.windows import encode
from adapter_core.adapters.manifest import FITTED, read_built
from adapter_core.adapters.memory import Memory
from adapter_core.adapters.remembering.sync import MEMORY, load_tokenizer
from adapter_core.adapters.watching import Watcher
from adapter_core.build import build_adapters, find_model, locked
from adapter_core.build_fitted import FittedOptions, build_fitted, build_memory
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterError, Cancelled, UsageError
from adapter_core.paths import cache_dir

from ..models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures
from ..support import write

FIT = FitOptions(rank=2, steps=12, batch=2, length=32, warm_up=2, rate=1e-2, checkpoint_every=100, questions=0.0)
JUDGING = JudgeOptions(windows=2, length=64, functions=4)
NAMES = ("start", "end", "line", "path", "text", "name")


def source(seed: int) -> str:
    draw = random.Random(seed)
    return "\n".join(
        f'def {a}_{b}(self, other):\n    """The {a} of the {b}."""\n    {a} = self.{a}\n    return {a} <= other.{b}\n'
        for a, b in (draw.sample(NAMES, 2) for _ in range(8))
    )


@pytest.fixture
def root(repo: Path) -> Path:
    for number in range(24):
        write(repo, f"pkg{number % 8}/m{number}.py", source(number))
    return repo


def fit(graph: CodeGraph, model, folder: Path, **more):
    return build_fitted(graph, model, folder, FittedOptions(FIT, JUDGING), **more)


def test_what_answers_may_use(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        nothing = for_answers(graph, model.name, model.digest, out)
        assert (nothing.adapter, nothing.memory, nothing.manifest, nothing.notes) == (None, None, None, ())
        build_adapters(graph, model, out)
        assert for_answers(graph, model.name, model.digest, out).adapter is None  # the generated one is for nobody
        stored = build_memory(graph, model, out)
        assert (len(stored.memory.files), stored.read) == (24, 24)
        assert build_memory(graph, model, out).read == 0
        report = fit(graph, model, out)
        found = for_answers(graph, model.name, model.digest, out)
        assert (found.memory, found.memory_stale, found.adapter_stale) == (
            out / MEMORY,
            *[type(found.memory_stale)()] * 2,
        )
        # A random model knows nothing: a few steps on such regular text help it.
        assert report.manifest.kept
        assert (found.adapter, found.scale) == (out / FITTED / "adapters.npz", report.manifest.scale)
        assert found.notes == ()
    write(root, "pkg0/m0.py", source(99))
    write(root, "README.md", "Text.\n")
    with CodeGraph.load_or_build(root) as graph:
        found = for_answers(graph, model.name, model.digest, out)
        assert found.adapter is not None
        assert (found.adapter_stale.changed, found.adapter_stale.added) == (("pkg0/m0.py",), ())
        assert found.memory_stale.changed == ("pkg0/m0.py",)
        assert ["--fit" in note for note in found.notes] == [True, False]
        assert build_memory(graph, model, out).read == 1
        assert not for_answers(graph, model.name, model.digest, out).memory_stale
    # The memory that followed is that of the files.
    (tokens,) = encode(load_tokenizer(tiny_llama, "tiny"), [source(99)])
    assert Memory.load(out / MEMORY, stored.memory.digest).files["pkg0/m0.py"].tolist() == tokens.tolist()


def test_damage_is_told_and_nothing_is_raised(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        build_memory(graph, model, out)
        fit(graph, model, out)
        (out / MEMORY).write_bytes((out / MEMORY).read_bytes()[:40])
        (out / FITTED / "adapters.npz").write_bytes(b"x")
        found = for_answers(graph, model.name, model.digest, out)
        assert (found.adapter, found.memory, found.scale) == (None, None, 0.0)
        assert len(found.problems) == 2
        assert "damaged" in " ".join(found.problems)
        other = for_answers(graph, model.name, "00" * 32, out)
        assert other.adapter is None


def test_a_folder_that_somebody_made_up_raises_nothing(root: Path, tiny_llama: Path, tmp_path: Path, capsys) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        build_adapters(graph, model, out)
        build_memory(graph, model, out)
    good = json.loads((out / "manifest.json").read_text())
    (out / FITTED).mkdir()
    (out / FITTED / "sources.jsonl").write_text("")
    for change in ({"model": "x"}, {"scores": [1]}, {"scale": None}, {"settings": {"steps": []}}, {"files": []}):
        (out / FITTED / "manifest.json").write_text(json.dumps(good | {"kept": True} | change))
        (out / MEMORY).write_bytes(b"PLMEMORY")
        with CodeGraph.load_or_build(root) as graph:
            found = for_answers(graph, model.name, model.digest, out)
            assert (found.adapter, found.memory, found.reading, len(found.problems)) == (None, None, None, 2)
        code, _, err = run(capsys, "--repo", root, "--model", tiny_llama, "--out", out)
        assert (code, "Traceback" in err) == (0, False)


def test_the_manifest_says_how_it_was_made_and_what_it_is_worth(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        fit(graph, model, out)
        before = {file.name: file.read_bytes() for file in (out / FITTED).iterdir()}
        assert fit(graph, model, out).reused
        assert not fit(graph, model, out, rebuild=True).reused
        assert {file.name: file.read_bytes() for file in (out / FITTED).iterdir()} == before
        manifest = read_built(out / FITTED).manifest
    assert (manifest.kind, manifest.rank, manifest.settings["steps"]) == ("fitted", 2, 12)
    assert manifest.settings["tokens"] == 12 * 64
    assert manifest.settings["files"]["build"] > manifest.settings["files"]["development"] > 0
    conditions = [score["condition"] for score in manifest.scores]
    assert conditions[:3] == ["model alone", "memory alone", "adapter at 0.5"]
    assert conditions[-1] == "adapter at 1 and memory"
    scores = {score["condition"]: score["text"] for score in manifest.scores}
    assert scores[f"adapter at {manifest.scale:g} and memory"] < scores["memory alone"] < scores["model alone"]
    adapter = load_adapters_npz(out / FITTED / "adapters.npz", manifest.target_shapes, 2)
    assert adapter.alpha == pytest.approx(FIT.alpha * manifest.scale)


def test_reading_is_measured_where_there_are_questions(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    for number in range(24):
        write(
            root,
            f"pkg{number % 8}/q{number}.py",
            f'def f():\n    """Say {number} to whoever asks {number}."""\n    return {number}\n',
        )
    model = find_model(str(tiny_llama))
    judging = replace(JUDGING, questions=2, places=3)
    with CodeGraph.load_or_build(root) as graph:
        report = build_fitted(graph, model, tmp_path / "out", FittedOptions(FIT, judging))
        found = for_answers(graph, model.name, model.digest, tmp_path / "out")
    first, second = report.manifest.scores[:2]
    assert (first["condition"], second["condition"]) == ("reading, model alone", "reading, adapter as stored")
    assert found.reading == (first["mean_reciprocal_rank"], second["mean_reciprocal_rank"])
    assert all(1 / 3 <= value <= 1 for value in found.reading)


def test_one_that_does_not_help_is_not_for_answers(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        report = build_fitted(
            graph, model, out, FittedOptions(FIT, JudgeOptions(windows=2, length=64, functions=4, least=0.99))
        )
        assert not report.manifest.kept
        found = for_answers(graph, model.name, model.digest, out)
        assert (found.adapter, found.scale, found.as_dict()["kept"]) == (None, 0.0, False)
        assert found.manifest is not None
        assert found.manifest.fingerprint == report.manifest.fingerprint


def test_a_fit_that_is_stopped_goes_on(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model = find_model(str(tiny_llama))
    cancel = threading.Event()
    done: list[int] = []

    def stop(stage: str, number: int, total: int, remark: str) -> None:
        if stage == "fit":
            done.append(number)
            if number == 5:
                cancel.set()

    with CodeGraph.load_or_build(root) as graph:
        with pytest.raises(Cancelled, match="after 5 steps"):
            fit(graph, model, tmp_path / "a", watcher=Watcher(stop, cancel))
        assert (tmp_path / "a" / CHECKPOINT).exists()
        assert for_answers(graph, model.name, model.digest, tmp_path / "a").adapter is None
        done.clear()
        cancel.clear()
        fit(
            graph,
            model,
            tmp_path / "a",
            watcher=Watcher(lambda stage, n, *_: done.append(n) if stage == "fit" else None),
        )
        assert done == [0, *range(6, 13)]
        assert not (tmp_path / "a" / CHECKPOINT).exists()
        fit(graph, model, tmp_path / "b")
        assert (tmp_path / "a/fitted/adapters.npz").read_bytes() == (tmp_path / "b/fitted/adapters.npz").read_bytes()


def test_an_unfinished_fit_of_something_else_is_begun_anew(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    out.mkdir()
    (out / CHECKPOINT).write_bytes(b"not one")
    with CodeGraph.load_or_build(root) as graph:
        assert fit(graph, model, out).manifest.settings["steps"] == 12
    assert not (out / CHECKPOINT).exists()


def test_a_fit_that_runs_keeps_what_it_has_so_far(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    (out / FITTED).mkdir(parents=True)
    (out / CHECKPOINT).write_bytes(b"of the other process")
    with CodeGraph.load_or_build(root) as graph:
        with locked(out / FITTED), pytest.raises(AdapterError, match="Another Pathline process is building"):
            fit(graph, model, out, rebuild=True)
        assert (out / CHECKPOINT).read_bytes() == b"of the other process"
        fit(graph, model, out, rebuild=True)
    assert not (out / CHECKPOINT).exists()


def test_one_process_at_a_time_writes_a_memory(root: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    model, out = find_model(str(tiny_llama)), tmp_path / "out"
    with CodeGraph.load_or_build(root) as graph:
        with locked(out), pytest.raises(AdapterError, match="Another Pathline process is building"):
            build_memory(graph, model, out)
        assert not (out / MEMORY).exists()
        assert build_memory(graph, model, out).read == 24


def test_too_few_files(repo: Path, tiny_llama: Path, tmp_path: Path) -> None:  # noqa: F811
    write(repo, "one.py", source(1))
    with CodeGraph.load_or_build(repo) as graph, pytest.raises(UsageError, match="too few files"):
        fit(graph, find_model(str(tiny_llama)), tmp_path / "out")


# -- the command line --------------------------------------------------------------------------------------------------


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    try:
        code = main(["build", *map(str, arguments)])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_build_with_a_memory(root: Path, tiny_llama: Path, capsys) -> None:  # noqa: F811
    code, out, err = run(capsys, "--repo", root, "--model", tiny_llama, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert Path(told["memory"]["file"]).parent == Path(told["folder"])
    assert Path(told["folder"]).is_relative_to(cache_dir())
    assert (told["memory"]["files"], told["memory"]["read"], told["fitted"]) == (24, 24, None)
    assert (told["for_answers"]["memory"], told["for_answers"]["adapter"]) == (told["memory"]["file"], None)
    code, out, err = run(capsys, "--repo", root, "--model", tiny_llama)
    assert (code, err) == (0, "")
    assert "Memory of 24 files" in out
    assert "nothing has changed" in out


def test_build_and_fit(root: Path, tiny_llama: Path, capsys, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr("adapter_core.adapters.fit._lower_priority", lambda: None)
    arguments = ("--repo", root, "--model", tiny_llama, "--fit", "--tokens", 2100, "--rank", 2)
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    fitted = told["fitted"]
    assert (fitted["manifest"]["kind"], fitted["manifest"]["settings"]["steps"], fitted["reused"]) == (
        "fitted",
        4,
        False,
    )
    assert told["manifest"]["kind"] == "generated"
    assert (told["for_answers"]["adapter"] is not None) == fitted["manifest"]["kept"]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "Fitted adapter, rank 2: 4 steps, 2,048 tokens" in out
    assert "nothing has changed since" in out
    assert "model alone" in out
    # Without --fit, what was fitted stays and is still told.
    code, out, _ = run(capsys, "--repo", root, "--model", tiny_llama)
    assert "Fitted adapter, rank 2: 4 steps" in out


def test_the_picture_of_a_fit(root: Path, tiny_llama: Path, tmp_path: Path, capsys, monkeypatch) -> None:  # noqa: F811
    pytest.importorskip("matplotlib", reason="needs what ./x setup --dev installs")
    monkeypatch.setattr("adapter_core.adapters.fit._lower_priority", lambda: None)
    titles: list[tuple[str, int]] = []
    from matplotlib.figure import Figure

    def savefig(figure, *_: object, **__: object) -> None:
        titles.append((figure.get_suptitle(), len([a for a in figure.axes if "modules" in a.get_title()])))

    monkeypatch.setattr(Figure, "savefig", savefig)
    arguments = ("--repo", root, "--model", tiny_llama, "--rank", 2, "--modules", "--report", tmp_path / "a.png")
    for more in ((), ("--fit", "--steps", 2)):
        code, _, err = run(capsys, *arguments, *more)
        assert (code, err) == (0, "")
    assert [title.split(" for ")[0] for title, _ in titles] == [
        "Adapter (generated, rank 2)",
        "Adapter (fitted, rank 2)",
    ]
    assert [modules for _, modules in titles] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "3"], "give --fit, too"),
        (["--fit", "--seconds", "0"], "--seconds must be more than 0"),
        (["--fit", "--seconds", "inf"], "--seconds must be more than 0 and less than"),
        (["--fit", "--seconds", "nan"], "--seconds must be more than 0"),
        (["--fit", "--steps", "9" * 400], "--steps must be more than 0 and less than"),
        (["--fit", "--seed", "9" * 23], "--seed must be from 0"),
        (["--target-shapes", f"q_proj={'9' * 5000}:4"], "is no shape of a target"),
        (["--fit", "--tokens", "-1"], "--tokens must be more than 0"),
        (["--fit", "--steps", "3", "--tokens", "9"], "not allowed with"),
        (["--questions", "0.5"], "--questions is the share"),
        (["--fit", "--questions", "2"], "--questions is the share"),
        (["--fit", "--target-shapes", "q_proj=4:4"], "--target-shapes"),
    ],
)
def test_wrong_budgets_get_one_clear_sentence(root: Path, tiny_llama: Path, capsys, arguments, message) -> None:  # noqa: F811
    code, out, err = run(capsys, "--repo", root, "--model", tiny_llama, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_ctrl_c_keeps_what_was_trained(root: Path, tiny_llama: Path, capsys, monkeypatch) -> None:  # noqa: F811
    from adapter_core.cli.progress import Bar

    monkeypatch.setattr("adapter_core.adapters.fit._lower_priority", lambda: None)
    real = Bar.show

    def show(bar, stage: str, done: int, total: int, current: str) -> None:
        if stage == "Fitting" and done == 1:
            signal.raise_signal(signal.SIGINT)
        real(bar, stage, done, total, current)

    arguments = ("--repo", root, "--model", tiny_llama, "--fit", "--steps", 3)
    monkeypatch.setattr(Bar, "show", show)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (130, "")
    assert "stopped after 1 step; the next one" in err
    (checkpoint,) = cache_dir().rglob(CHECKPOINT)
    monkeypatch.setattr(Bar, "show", real)
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "3 steps" in out
    assert not checkpoint.exists()
