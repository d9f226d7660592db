"""Packages are fetched as they were uploaded; nothing of them is run."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tests import fetch_data
from tests.fetch_data import fetch_source
from tests.support import write

BACKEND = """
from pathlib import Path
Path({ran!r}).touch()
"""


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Appears when code of the package runs."""
    return tmp_path / "ran"


@pytest.fixture
def sha256(tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the only file of the second of two indexes."""
    files = {
        "Some.Kit-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: Some.Kit\nVersion: 1.0\n",
        "Some.Kit-1.0/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "Some.Kit-1.0/backend.py": BACKEND.format(ran=str(ran)),
        "Some.Kit-1.0/setup.py": BACKEND.format(ran=str(ran)),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    write(tmp_path, "files/some_kit-1.0.tar.gz", packed.getvalue())
    write(tmp_path, "empty/some-kit/index.html", "<a href='some_kit-0.9.tar.gz'>some_kit-0.9.tar.gz</a>")
    link = "../../files/some_kit-1.0.tar.gz#sha256=0"
    write(
        tmp_path, "full/some-kit/index.html", f'<a href="{link}" data-requires-python="&gt;=3">some_kit-1.0.tar.gz</a>'
    )
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "empty").as_uri())
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "full").as_uri())
    return hashlib.sha256(packed.getvalue()).hexdigest()


def test_a_source_is_unpacked_and_not_built(tmp_path: Path, sha256: str, ran: Path) -> None:
    folder = fetch_source(tmp_path / "data", "Some.Kit", "1.0", sha256)
    assert folder == tmp_path / "data" / "Some.Kit-1.0"
    assert (folder / "backend.py").is_file()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["Some.Kit-1.0"]
    assert not ran.exists()


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "kit-1.0/PKG-INFO", "")
    monkeypatch.setattr(fetch_data, "_read", lambda address: pytest.fail("fetched"))
    assert fetch_source(tmp_path, "kit", "1.0", "") == tmp_path / "kit-1.0"


@pytest.mark.parametrize(
    ("name", "version", "what"), [("Some.Kit", "2.0", "has no Some.Kit-2.0"), ("Some.Kit", "1.0", "SHA-256")]
)
def test_another_file_is_not_taken(
    tmp_path: Path, sha256: str, name: str, version: str, what: str, monkeypatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "full").as_uri())
    with pytest.raises(ValueError, match=what):
        fetch_source(tmp_path / "data", name, version, "0" * 64)
    assert not (tmp_path / "data").exists()
