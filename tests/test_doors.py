"""What lies in the folder that Pathline is started in is not imported: it may be a repository that nobody has vouched for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import write

DOORS = {
    "run": (".", "What does answer return?", "--no-model"),
    "build": (".", "--model", "./nothing"),
    "code_graph": (".", "--find", "answer"),
    "cli.main": ("search", "answer"),
}
# Of the standard library, of what it needs, and of its own; the interpreter imports none of these before a package of ours.
PLANTED = "__future__ typing json dataclasses sqlite3 argparse numpy filelock jedi lsp_server".split()
# These it does import before.
FIRST = "adapter_core/__init__ contextlib importlib/__init__ runpy warnings".split()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("switches", [("-m",), ("-I", "-m")], ids=" ".join)
def test_the_working_folder_is_not_imported(repo: Path, door: str, switches: tuple[str, ...]) -> None:
    planted = (*PLANTED, *FIRST) if "-I" in switches else PLANTED
    for name in planted:
        write(repo, f"{name}.py", f"open('ran', 'a').write({name!r})\n")
    write(repo, "shop.py", "def answer():\n    '''Returns the answer.'''\n    return 42\n")
    command = [sys.executable, *switches, f"adapter_core.{door}", *DOORS[door]]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=240, check=False)
    assert not (repo / "ran").exists(), (repo / "ran").read_text()
    assert "Traceback" not in done.stderr
    if door == "build":
        assert "nothing" in done.stderr
    else:
        assert "shop.py:1" in done.stdout, done.stderr


def test_a_module_of_others_that_uses_ours_keeps_its_folder(repo: Path) -> None:
    write(repo, "app/__init__.py", "import adapter_core\n")
    write(repo, "app/__main__.py", "import helper\nprint(helper.WORD)\n")
    write(repo, "helper.py", "WORD = 'found'\n")
    done = subprocess.run(
        [sys.executable, "-m", "app"], cwd=repo, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("found"), done.stderr
