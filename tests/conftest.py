"""Every test has a cache folder of its own, but for those that use the installed model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / ".setup" / "data"
FLASK = DATA / "flask-3.1.2"


@pytest.fixture(autouse=True)
def _own_cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("model") is None:
        monkeypatch.setenv("PATHLINE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def flask() -> Path:
    """The unpacked sdist of Flask that set-up fetched."""
    if not (FLASK / "PKG-INFO").exists():
        missing(f"{FLASK} is not there; run: ./x setup --dev")
    return FLASK


def missing(reason: str) -> None:
    """A skip on a developer's machine; in CI a failure, since there it would hide a break."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)
