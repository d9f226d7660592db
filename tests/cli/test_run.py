"""`python -I -m adapter_core.run`, `run_repo_adapter` and `generate_answer`, with a tiny model of the real kind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import adapter_core
from adapter_core.adapters.manifest import read_built
from adapter_core.answers.options import AskOptions, AttemptOptions
from adapter_core.answers.runner import answer_question
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import AdapterFileError, ModelMissingError, UsageError
from adapter_core.models.backend import GenerationEvent
from adapter_core.models.open import open_backend
from adapter_core.models.process import ProcessBackend
from adapter_core.models.sources import resolve
from adapter_core.run import ensure_adapters, run_repo_adapter
from tests.answers.fakes import Writer
from tests.answers.test_answers import WORKSPACE, check_every_citation
from tests.models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures
from tests.support import write, write_tree

QUESTION = "How is a URL matched to an endpoint?"
SHORT = {"max_new_tokens": 24, "context_tokens": 120}


@pytest.fixture
def shop(repo: Path) -> Path:
    return write_tree(repo, WORKSPACE)


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("tiny_llama"))


def asked(model: str, shop: Path, **options: Any) -> tuple[int, dict[str, Any], str]:
    rc, out, err = run_repo_adapter(model, None, shop, QUESTION, json=True, timeout=240, **{**SHORT, **options})
    return rc, json.loads(out), err


def test_run_builds_what_is_missing_and_answers(shop: Path, model: str) -> None:
    rc, value, err = asked(model, shop, verbose=True)
    assert rc == 0, err
    assert "built now: adapters, memory" in err
    assert "selected by question: app/router.py" in err
    assert value["claims"]
    assert all(c["resolves"] and c["fresh"] and c["supports"] for claim in value["claims"] for c in claim["citations"])
    assert value["provenance"]["adapter"] == "memory"
    source = resolve(model)
    with CodeGraph.load_or_build(shop) as graph:
        folder = ensure_adapters(graph, model).folder
    assert read_built(folder).manifest.model["sha256"] == source.digest
    rc, again, err = asked(model, shop, verbose=True)
    assert "nothing to build" in err
    assert (again["text"], again["dropped"]) == (value["text"], value["dropped"])


def test_an_adapter_reaches_the_model_and_alpha_0_keeps_it_out(shop: Path, model: str, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    for alpha in (64, 0):
        asked(model, shop, alpha=alpha, telemetry_out=file)
    mixed, bare = (json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1])
    assert mixed["adapter"].startswith("generated ")
    assert mixed["delta_norms"]["q_proj"] > 0
    assert (bare["adapter"], bare["delta_norms"]) == (None, {})


def test_ensuring_leaves_what_is_there_and_follows_edits_with_the_memory(shop: Path, model: str) -> None:
    with CodeGraph.load_or_build(shop) as graph:
        first = ensure_adapters(graph, model)
        before = (first.folder / "manifest.json").read_bytes()
        assert first.made == ("adapters", "memory")
        assert ensure_adapters(graph, model).made == ()
    write(shop, "app/new.py", "def later():\n    return 1\n")
    with CodeGraph.load_or_build(shop) as graph:
        assert ensure_adapters(graph, model).made == ("memory",)
        assert ensure_adapters(graph, model, memory=False).made == ()
    assert (first.folder / "manifest.json").read_bytes() == before


def test_a_damaged_build_is_built_anew(shop: Path, model: str) -> None:
    with CodeGraph.load_or_build(shop) as graph:
        folder = ensure_adapters(graph, model, memory=False).folder
        (folder / "adapters.npz").write_bytes(b"nothing")
        assert ensure_adapters(graph, model, memory=False).made == ("adapters",)
        read_built(folder)


def test_the_module_is_a_door(shop: Path, model: str) -> None:
    command = [sys.executable, "-m", "adapter_core.run", str(shop), QUESTION, "--model", model, "--max-new-tokens", "8"]
    root = Path(adapter_core.__file__).parents[1]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr
    assert "app/router.py:" in result.stdout


def test_what_goes_wrong_has_a_code_and_a_sentence(shop: Path, tmp_path: Path) -> None:
    rc, out, err = run_repo_adapter(None, None, tmp_path / "nowhere", QUESTION, timeout=120)
    assert (rc, out) == (2, "")
    assert "There is no folder" in err
    rc, _, err = run_repo_adapter(None, None, shop, QUESTION, timeout=120, alpha=-1)
    assert (rc, "--alpha must be at least 0" in err) == (2, True)
    rc, out, _ = run_repo_adapter(None, None, shop, "How are quantum kumquats teleported?", timeout=120, no_model=True)
    assert rc == 3
    with pytest.raises(UsageError, match="no option"):
        run_repo_adapter(None, None, shop, QUESTION, aplha=1)


def test_without_a_model_the_composed_answer_comes_at_once(shop: Path) -> None:
    rc, out, err = run_repo_adapter(None, None, shop, QUESTION, timeout=120)
    assert rc == 0
    assert "Find the endpoint whose rule matches the URL" in out
    assert len(err.strip().split("\n")) <= 2
    assert "Traceback" not in err


def test_too_long_is_124(shop: Path) -> None:
    rc, _, err = run_repo_adapter(None, None, shop, QUESTION, timeout=0.01, no_model=True)
    assert rc == 124
    assert "no answer after 0.01 seconds" in err


# -- generate_answer ----------------------------------------------------------------------------------------------------

GOOD = "`Router.match` tries each of `self.rules` in order."


def test_generate_answer_gives_cited_text(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backend = Writer(GOOD)
    text = adapter_core.generate_answer(None, None, shop, QUESTION, backend=backend, verbose=True, rerank=True)
    assert text.startswith(f"- {GOOD} (`app/router.py:")
    err = capsys.readouterr().err
    assert "selected by question: app/router.py" in err
    assert "reranked: " in err
    adapter_core.generate_answer(None, None, shop, QUESTION, backend=backend)
    assert capsys.readouterr() == ("", "")


def test_generate_answer_takes_every_option_by_its_name(shop: Path) -> None:
    backend = Writer(GOOD)
    adapter_core.generate_answer(None, None, shop, QUESTION, backend=backend, seed=3, stop=["###"], pack_context=False)
    assert (backend.options[0].seed, backend.options[0].stop) == (3, ("###",))
    assert backend.asked[0].startswith("Question:")
    with pytest.raises(UsageError, match="There is no option 'sead'"):
        adapter_core.generate_answer(None, None, shop, QUESTION, backend=backend, sead=3)
    with pytest.raises(UsageError, match="named twice"):
        adapter_core.generate_answer(None, "a.npz", shop, QUESTION, backend=backend, adapter="none")
    with pytest.raises(AdapterFileError, match="There is no adapter"):
        adapter_core.generate_answer(None, "a.npz", shop, QUESTION, backend=backend)


def test_generate_answer_without_a_model(shop: Path) -> None:
    text = adapter_core.generate_answer(None, None, shop, QUESTION, phrase=False, read_weight=0)
    assert "Find the endpoint whose rule matches the URL" in text
    with pytest.raises(ModelMissingError):
        adapter_core.generate_answer(None, None, shop, QUESTION)


def test_the_device_is_chosen_where_the_model_is_opened(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from adapter_core.models import open as opening

    opened: list[dict[str, Any]] = []

    def open_backend(model: str | None, **chosen: Any) -> Writer:
        opened.append({"model": model, **chosen})
        return Writer(GOOD)

    monkeypatch.setattr(opening, "open_backend", open_backend)
    adapter_core.generate_answer("some/model", None, shop, QUESTION, device="mps", dtype="float16")
    assert main(["ask", "--repo", str(shop), "--model", "some/model", "--device", "cuda", "--phrase", QUESTION]) == 0
    assert opened == [
        {"model": "some/model", "device": "mps", "dtype": "float16", "insecure": False},
        {"model": "some/model", "device": "cuda", "dtype": "auto", "insecure": False},
    ]


def test_the_public_names_are_there() -> None:
    for name in adapter_core.__all__:
        assert getattr(adapter_core, name) is not None


# -- the real process ---------------------------------------------------------------------------------------------------


class KilledWhileWriting:
    """The model's own process, killed after its first words."""

    def __init__(self, inner: ProcessBackend) -> None:
        self._inner = inner
        self.killed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def generate(self, *given: Any, **named: Any) -> Iterator[GenerationEvent]:
        for event in self._inner.generate(*given, **named):
            yield event
            self._kill()

    def _kill(self) -> None:
        import psutil

        pid = self._inner.pid
        if pid is not None:
            psutil.Process(pid).kill()
            self.killed += 1


def test_a_model_killed_while_it_writes_leaves_the_composed_answer(shop: Path, model: str) -> None:
    from dataclasses import replace

    inner = open_backend(model, device="cpu", dtype="float32")
    assert isinstance(inner, ProcessBackend)
    backend: Any = KilledWhileWriting(inner)
    options = AskOptions(phrase=True, attempts=AttemptOptions(by_sentence=False))
    options = replace(options, generation=replace(options.generation, max_new_tokens=400, min_new_tokens=400))
    options = replace(options, context=replace(options.context, tokens=120))
    try:
        with CodeGraph.load_or_build(shop) as graph:
            answer = answer_question(graph, QUESTION, options, backend)
            check_every_citation(shop, answer)
            assert backend.killed >= 1
            assert {c.kind for c in answer.claims} == {"composed"}
            assert "the model stopped" in answer.reason
            # The next question starts it again.
            assert answer_question(graph, QUESTION, AskOptions(), inner).provenance.model is not None
    finally:
        inner.close()


def test_ask_does_not_build_and_does_not_wait_for_it(
    shop: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "ask",
        "--repo",
        str(shop),
        "--model",
        model,
        "--max-new-tokens",
        "8",
        "--context-tokens",
        "60",
        QUESTION,
    ]
    assert main([*arguments, "--phrase", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["provenance"]["adapter"] is None
    assert value["claims"]
    assert not list((tmp_path / "cache").rglob("adapters.npz"))
    assert main([*arguments, "--phrase", "--adapter", str(tmp_path / "nowhere.npz")]) == 1
    assert "There is no adapter" in capsys.readouterr().err
