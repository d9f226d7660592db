"""A repository that wants to be executed. Each plant leaves a mark when it runs; none may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import write_tree

from .harness import Client

PLANTS = [
    *("pip", "json", "torch", "transformers", "sitecustomize", "usercustomize", "conftest", "setup", "numpy", "jedi"),
    *("parso", "pygls", "lsprotocol", "adapter_core", "lsp_server", "encodings", "site", "psutil", "typing", "app"),
]


@pytest.fixture
def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A workspace full of plants, and the folder where they leave their marks."""
    marks = tmp_path / "marks"
    marks.mkdir()
    root = write_tree(
        tmp_path / "trap",
        "#- use.py\n"
        "import json, torch, numpy, app, sys\n"
        "from app import Thing\n"
        "sys.path.insert(0, '.')\n"
        "t = Thing()\n"
        "t.run(numpy.array([1]))\n"
        "#- pyproject.toml\n[project]\nname = 'trap'\n"
        "#- buildout.cfg\n[buildout]\nparts = x\n"
        "#- manage.py\nimport os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'app'\n",
    )
    for name in PLANTS:
        mark = f"open({str(marks / name)!r}, 'w').close()\n"
        (root / f"{name}.py").write_text(f"{mark}class Thing:\n    def run(self, x):\n        '''Runs.'''\n")
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (root / ".jedi").mkdir()
    python.write_text(f'#!/bin/sh\ntouch {marks / "venv-python"}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for program in ("git", "python", "python3", "git.exe", "python.bat"):
        script = root / program
        script.write_text(f"#!/bin/sh\ntouch {marks / f'program-{program}'}\n")
        script.chmod(0o755)
    settings = {
        "path": str(root),
        "environment_path": str(python),
        "load_unsafe_extensions": True,
        "sys_path": [str(root)],
    }
    (root / ".jedi" / "project.json").write_text(json.dumps([1, settings]))
    (root / "bin").mkdir()
    (root / "bin" / "buildout").write_text(f"#!{python}\nimport sys\nsys.path[0:0] = [{str(root)!r}]\n")
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (root / ".git" / "config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch {marks / 'fsmonitor'}\n\thooksPath = {root}\n"
    )
    (root / ".pathline.json").write_text(json.dumps({"model": str(root)}))
    return root, marks


def test_the_trap_would_snap(trap: tuple[Path, Path]) -> None:
    root, marks = trap
    subprocess.run([sys.executable, "-c", "import app, torch"], cwd=root, check=True)
    subprocess.run([str(root / ".venv/bin/python"), "-I", "-c", ""], check=os.name != "nt")
    assert {"app", "torch"} <= set(os.listdir(marks))
    assert os.name == "nt" or "venv-python" in os.listdir(marks)


@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": ".", "PYTHONSTARTUP": "setup.py", "VIRTUAL_ENV": ".venv"}])
def test_nothing_of_the_workspace_runs(
    connect: Callable[..., Client], trap: tuple[Path, Path], environment: dict[str, str]
) -> None:
    root, marks = trap
    client = connect(cwd=root, environment=environment)
    client.initialize(root)
    client.ready()
    uri = client.open(root / "use.py")
    assert "Thing" in (client.hover(uri, 3, 5) or "")
    for line, character in ((0, 14), (0, 21), (3, 0), (4, 3), (4, 13)):
        client.ask("What does run do?", textDocument={"uri": uri}, position={"line": line, "character": character})
    client.ask("What does run do?", phrase=True)
    client.close()
    assert sorted(os.listdir(marks)) == []


def test_a_file_that_says_no_is_still_only_text(connect: Callable[..., Client], tmp_path: Path) -> None:
    """Deep nesting and broken code stop no one."""
    root = write_tree(
        tmp_path / "odd",
        f"#- deep.py\nx = {'(' * 3000}{')' * 3000}\n#- broken.py\ndef broken(:\n  class\n#- fine.py\ndef fine(): pass\nfine().x.y\n",
    )
    client = connect()
    client.initialize(root)
    client.ready()
    for name, line, character in (("deep.py", 0, 0), ("broken.py", 0, 5), ("fine.py", 1, 8)):
        uri = client.open(root / name)
        client.ask("What is fine?", textDocument={"uri": uri}, position={"line": line, "character": character})
    assert "def fine()" in (client.hover(uri, 1, 1) or "")
