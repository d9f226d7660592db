"""The README promises what is there: its Python runs, and the commands and options that it names exist."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from adapter_core.cli.main import build_parser
from tests.support import write

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ROWS = re.findall(r"^\| `pathline (\w+)[^|]*\|.*$", README, re.MULTILINE)


def parser_of(command: str) -> argparse.ArgumentParser:
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    found: argparse.ArgumentParser = commands.choices[command]
    return found


def test_the_table_has_every_command() -> None:
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert sorted(set(ROWS)) == sorted(commands.choices)


@pytest.mark.parametrize("command", sorted(set(ROWS)))
def test_the_options_of_a_command_exist(command: str) -> None:
    rows = [line for line in README.split("\n") if line.startswith(f"| `pathline {command}")]
    named = {option for row in rows for option in re.findall(r"(?<!\w)--[a-z-]+", row)}
    known = {option for action in parser_of(command)._actions for option in action.option_strings}
    assert named <= known, named - known


def test_the_python_runs(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repo, "sessions.py", "def sign_cookie(session):\n    '''Signs the session cookie.'''\n    return session\n")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code.replace('"PATH"', repr(str(repo))), {})
    assert "sessions.py:1-2" in capsys.readouterr().out


def test_what_is_no_command_of_x_installs_nothing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "x", tmp_path / "x")
    for arguments in (["bench"], ["bench", "none"], ["nothing"], ["setup", "--nothing"]):
        done = subprocess.run([sys.executable, tmp_path / "x", *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert list(tmp_path.iterdir()) == [tmp_path / "x"]


@pytest.mark.parametrize(("codes", "ended"), [((0, 0, 0), 0), ((0, 1, 0), 1), ((0, 0, -9), -9), ((2, -9, 0), 2)])
def test_the_checks_pass_where_all_of_them_did(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], ended: int
) -> None:
    """One that was killed, as by the system for want of memory, ends below 0."""
    x = ModuleType("x")
    x.__file__ = str(ROOT / "x")
    exec(compile((ROOT / "x").read_text("utf-8"), x.__file__, "exec"), vars(x))
    left = list(codes)
    monkeypatch.setattr(x, "run", lambda command: left.pop(0))
    assert (x.lint(), left) == (ended, [])


def test_the_public_names_are_listed() -> None:
    import adapter_core

    assert set(adapter_core.__all__) <= set(dir(adapter_core))
