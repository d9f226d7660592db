"""Adapters in the cache folder, as `pathline cache` sees them."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from filelock import FileLock

from adapter_core.build import build_adapters
from adapter_core.cli.main import main
from adapter_core.graph.cache.adapters import list_kept
from adapter_core.graph.cache.folder import enforce_cap
from adapter_core.paths import cache_dir
from tests.adapters.test_build import MODEL, WORKSPACE
from tests.support import graph_of


def build(root: Path) -> Path:
    with graph_of(root, WORKSPACE) as graph:
        return build_adapters(graph, MODEL).folder


def cache(capsys, *arguments: str) -> dict:
    assert main(["cache", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_listed_and_removed_with_their_root(tmp_path, capsys):
    here, gone = build(tmp_path / "here"), build(tmp_path / "gone")
    assert [(k.folder, k.root, k.root_exists) for k in list_kept(cache_dir())] == [
        (folder.parent, str(tmp_path / name), True) for name, folder in sorted({"here": here, "gone": gone}.items())
    ]
    told = cache(capsys, "list")
    assert (
        told["adapter_bytes"]
        == sum(k.bytes for k in list_kept(cache_dir()))
        > 2 * (here / "adapters.npz").stat().st_size
    )
    shutil.rmtree(tmp_path / "gone")
    would = cache(capsys, "prune", "--dry-run")
    assert str(gone.parent) in [r["path"] for r in would["removed"]]
    assert gone.exists()
    lock = FileLock(gone.parent / f".{gone.name}.lock")
    with lock:
        told = cache(capsys, "prune")
    assert [s["why"] for s in told["skipped"]] == ["a running Pathline is building there"]
    assert gone.exists()
    told = cache(capsys, "prune")
    assert [(r["path"], r["why"]) for r in told["removed"]] == [(str(gone.parent), "root_gone")]
    assert not gone.parent.exists()
    assert here.exists()


def test_what_is_not_known_stays(tmp_path, capsys):
    folder = build(tmp_path / "w")
    (folder.parent / "workspace.json").write_text("{")
    shutil.rmtree(tmp_path / "w")
    assert [k.root for k in list_kept(cache_dir())] == [None]
    cache(capsys, "prune")
    assert folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_are_not_followed(tmp_path, capsys):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "workspace.json").write_text('{"root": "/nowhere/at/all"}')
    (cache_dir() / "adapters").mkdir(parents=True)
    (cache_dir() / "adapters" / "link").symlink_to(outside)
    assert list_kept(cache_dir()) == []
    cache(capsys, "prune")
    assert outside.exists()


def old(folder: Path, days: float) -> None:
    """As if nothing there had been touched for so long."""
    then = time.time() - days * 86_400
    for file in folder.rglob("*"):
        os.utime(file, (then, then))


def test_the_cap_counts_adapters(tmp_path, capsys, monkeypatch):
    folders = [build(tmp_path / name).parent for name in ("first", "second", "third")]
    for days, folder in zip((20, 30, 10), folders, strict=True):
        old(folder, days)
        index = cache_dir() / "index" / folder.name
        # What notes say of use would be of today.
        (index / "workspace.json").unlink()
        old(index, days)
    told = cache(capsys, "list")
    assert [k["folder"] for k in told["adapters"]] == sorted(map(str, folders))
    everything = told["index_bytes"] + told["adapter_bytes"]
    assert cache(capsys, "prune", "--max-size", str(everything))["removed"] == []
    told = cache(capsys, "prune", "--max-size", str(everything - 1), "--dry-run")
    (gone,) = told["removed"]
    # The longest unused workspace, and of it the index, which is built anew in less time.
    assert (Path(gone["path"]).parent.name, gone["why"]) == (folders[1].name, "over_cap")
    told = cache(capsys, "prune", "--max-size", str(everything - gone["bytes"] - 1))
    assert [Path(r["path"]).name for r in told["removed"]][1] == folders[1].name
    assert not folders[1].exists()
    assert folders[0].exists()
    # After a build, what was built stays.
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "1")
    (index,) = (cache_dir() / "index" / folders[0].name).glob("*.sqlite")
    enforce_cap(cache_dir(), index)
    assert [folder.exists() for folder in folders] == [True, False, False]
    assert index.exists()
    assert main(["cache", "list"]) == 0
    assert "ADAPTERS" in capsys.readouterr().out


def test_a_fit_that_runs_keeps_its_folder(tmp_path, capsys):
    folder = build(tmp_path / "w")
    with FileLock(folder / ".fitted.lock"):
        told = cache(capsys, "prune", "--max-size", "0")
        assert str(folder.parent) in [s["path"] for s in told["skipped"]]
    assert folder.exists()
    cache(capsys, "prune", "--max-size", "0")
    assert not folder.parent.exists()
