"""Fixtures of the editor tests: a workspace, a server, and an environment in which nothing of the user's is touched."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .processes import MARK, kill_marked
from .workspace import write_workspace

HERE = Path(__file__).parent


def missing(what: str, option: str) -> NoReturn:
    """The editor is not installed: a skip on a developer's machine, a failure in CI, where it would hide a break."""
    reason = f"{what} is not installed; run: python tests/e2e/setup_editors.py {option}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def server_command() -> list[str]:
    """The program under test: the console script of the environment that runs the tests, or PATHLINE_TEST_SERVER."""
    given = os.environ.get("PATHLINE_TEST_SERVER")
    script = Path(given) if given else Path(sys.executable).parent / ("pathline.exe" if os.name == "nt" else "pathline")
    if not script.exists():
        pytest.fail(f"{script} does not exist: install the project into the environment that runs the tests")
    return [str(script)]


@pytest.fixture
def scripted_server(tmp_path: Path) -> tuple[list[str], Path]:
    """A server that does what a test tells it by its question, and the file to which it logs what it receives."""
    log = tmp_path / "received.jsonl"
    return [sys.executable, "-I", str(HERE / "scripted_server.py"), str(log)], log


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "shop workspace"  # a space, since paths have them
    write_workspace(root)
    return root


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """For every process of the test. All of them are gone in the end, whatever happens."""
    home = tmp_path / "home"
    folders = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_RUNTIME_DIR": home / "run",
        "PATHLINE_CACHE_DIR": home / "pathline",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    made = {**kept, **{name: str(folder) for name, folder in folders.items()}, MARK: uuid.uuid4().hex}
    yield made
    kill_marked(made)


@pytest.fixture
def output() -> Path:
    """Where screenshots stay for a person to look at."""
    folder = HERE / "output"
    folder.mkdir(exist_ok=True)
    return folder
