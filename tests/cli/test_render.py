"""What a repository says never moves the cursor of a terminal, nor changes its colours."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.cli.main import main
from tests.support import write


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # commands leave the working folder
    write(
        tmp_path / "repo",
        "README.md",
        "# Strip \x1b[31mtags\x1b[2J\n\nHow tags are stripped.\n\n## More\n\nStripped.\n",
    )
    return tmp_path / "repo"


@pytest.mark.parametrize("arguments", [("search",), ("search", "--explain"), ("ask", "--no-model", "--explain")])
def test_headings_are_text(root: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert main([*arguments, "--repo", str(root), "how are tags stripped?"]) == 0
    out, err = capsys.readouterr()
    assert "README.md:" in out
    assert "\x1b" not in out + err
