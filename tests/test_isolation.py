from __future__ import annotations

import site
import subprocess
from pathlib import Path

import pytest

from adapter_core.isolation import child_environment, isolated_command
from tests.support import write

PROGRAM = """
import sys
import only_for_this_user, adapter_core

def main():
    print(only_for_this_user.WORD, adapter_core.__file__, sys.argv[1:])
    import json  # not the planted one
    return 0
"""


def test_a_package_beside_ours_runs_with_what_the_parent_has_and_nothing_of_the_folders_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server does, which `pathline lsp --check` starts; also where everything is installed for one user."""
    import adapter_core

    write(tmp_path, "around/json.py", "raise SystemExit('a planted module was imported')\n")
    write(tmp_path, "around/server_of_a_test/__init__.py", "")
    write(tmp_path, "around/server_of_a_test/program.py", PROGRAM)
    write(tmp_path, "user/only_for_this_user.py", "WORD = 'found'\n")
    monkeypatch.syspath_prepend(str(tmp_path / "around"))
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(tmp_path / "user"))
    done = subprocess.run(
        isolated_command("server_of_a_test.program", "--a", "b"),
        cwd=tmp_path / "around",
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == f"found {adapter_core.__file__} ['--a', 'b']", done.stderr
