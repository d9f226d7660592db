"""Adapters in the cache folder, as `pathline cache` sees them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from adapter_core.adapters.kept import list_kept
from adapter_core.build import build_adapters
from adapter_core.cli.main import main
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
