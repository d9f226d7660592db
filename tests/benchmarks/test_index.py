"""Benchmarks leave what they measure as it was, and the environment, too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support import write_tree

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import index
from _common import temporary_cache


def test_files_are_edited_in_a_copy(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(repo, "#- shop/till.py\ndef pay():\n    return open_till()\n#- docs/about.md\n# About\n")
    seen: list[Path] = []

    def measure(root: Path) -> None:
        seen.append(root)
        assert {p.relative_to(root).as_posix() for p in root.rglob("*.*")} == {"shop/till.py", "docs/about.md"}
        (root / "shop" / "till.py").write_text("edited\n")
        raise KeyboardInterrupt  # as where it is stopped

    before = (repo / "shop" / "till.py").read_bytes()
    monkeypatch.setattr(index, "measure", measure)
    monkeypatch.setattr(sys, "argv", ["index.py", str(repo)])
    with pytest.raises(KeyboardInterrupt):
        index.main()
    assert (repo / "shop" / "till.py").read_bytes() == before
    assert seen[0].name == repo.name
    assert not seen[0].exists()


@pytest.mark.parametrize("before", [None, "somewhere"])
def test_a_temporary_cache_is_only_used_while_it_is_there(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATHLINE_CACHE_DIR", raising=False)
    if before is not None:
        monkeypatch.setenv("PATHLINE_CACHE_DIR", before)
    with temporary_cache() as cache:
        assert os.environ["PATHLINE_CACHE_DIR"] == str(cache)
        assert cache.is_dir()
    assert os.environ.get("PATHLINE_CACHE_DIR") == before
