"""`pathline cache`, and what it rests on: what lies in the cache folder, what may go, and what never does."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import UsageError
from adapter_core.graph.cache import folder as cache_folder
from adapter_core.graph.cache.folder import (
    NOTE,
    current_version,
    enforce_cap,
    list_workspaces,
    note_workspace,
    parse_size,
    prune,
    size_cap,
)
from adapter_core.graph.discovery.discover import DiscoverOptions
from adapter_core.graph.storage.store import Store
from adapter_core.graph.workspace import index_path
from adapter_core.models import store as models
from adapter_core.paths import cache_dir
from tests.support import write

OLD = "000000000000-py39"
DAY = 86_400.0


def make(root: Path, days: float = 0.0, size: int = 1000, stem: str = "", noted: bool = True) -> Path:
    """An index of `root` (a file of some size: nothing here opens it), last used `days` ago."""
    root.mkdir(parents=True, exist_ok=True)
    database = index_path(root)
    if stem:
        database = database.with_name(f"{stem}.sqlite")
    database.parent.mkdir(parents=True, exist_ok=True)
    database.write_bytes(b"x" * size)
    database.with_suffix(".lock").touch()
    if noted:
        note_workspace(database.parent, root, database)
    age(database, days)
    return database


def age(database: Path, days: float) -> None:
    then = time.time() - days * DAY
    for suffix in ("", "-wal"):
        file = database.with_name(database.name + suffix)
        if file.exists():
            os.utime(file, (then, then))
    note = database.parent / NOTE
    if note.exists():
        value = json.loads(note.read_text())
        value["used"][database.stem] = then
        note.write_text(json.dumps(value))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["cache", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def removed(report: cache_folder.PruneReport) -> list[tuple[str, str]]:
    return [(r.path.name, r.why) for r in report.removed]


# -- notes and listing -----------------------------------------------------------------------------------------------


def test_a_real_index_is_listed_with_its_root(repo: Path) -> None:
    write(repo, "a.py", "def f(): ...\n")
    with CodeGraph.load_or_build(repo):
        pass
    with CodeGraph.load_or_build(repo, ignore=["b.py"]):
        pass
    database = index_path(repo)
    note_workspace(database.parent, repo, database)
    (workspace,) = list_workspaces(cache_dir())
    assert (workspace.name, workspace.root, workspace.root_exists) == ("repo", str(repo), True)
    assert sorted(i.partial for i in workspace.indexes) == [False, True]
    assert all(i.current and i.bytes > 10_000 for i in workspace.indexes)
    assert workspace.bytes == cache_folder.folder_bytes(workspace.folder)
    assert time.time() - workspace.last_used < 60
    assert index_path(repo, DiscoverOptions(ignore=("b.py",))) in [i.path for i in workspace.indexes]
    # What is listed can still be opened.
    Store(database, read_only=True).close()


def test_a_note_is_written_once_an_hour(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make(repo)
    note = database.parent / NOTE
    age(database, 0.01)
    before = note.read_bytes()
    note_workspace(database.parent, repo, database)
    assert note.read_bytes() == before
    age(database, 0.1)
    note_workspace(database.parent, repo)  # without a database: the current version's
    (workspace,) = list_workspaces(cache_dir())
    assert time.time() - workspace.last_used < 60
    assert os.listdir(database.parent) == [f for f in os.listdir(database.parent) if not f.startswith(".")]


def test_a_note_that_cannot_be_written_or_read_is_no_error(repo: Path, tmp_path: Path) -> None:
    note_workspace(tmp_path / "nowhere", repo)
    database = make(repo)
    note = database.parent / NOTE
    for text in (
        "",
        "[]",
        '{"root": 3, "used": []}',
        '{"root": "/other/place", "used": {"x": "y"}}',
        '{"root": "\\u0000"}',
    ):
        note.write_text(text)
        (workspace,) = list_workspaces(cache_dir())
        assert (workspace.root, workspace.root_exists) == (None, None)
    note_workspace(database.parent, repo, database)
    assert list_workspaces(cache_dir())[0].root == str(repo)


def test_versions(tmp_path: Path) -> None:
    for stem in ("", OLD, f"{current_version()}-00000000", "something"):
        make(tmp_path / "w", stem=stem)
    (workspace,) = list_workspaces(cache_dir())
    found = {i.path.stem: (i.current, i.python, i.partial) for i in workspace.indexes}
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found == {
        current_version(): (True, here, False),
        f"{current_version()}-00000000": (True, here, True),
        OLD: (False, "3.9", False),
        "something": (False, "", False),
    }


def test_list(run: Run, tmp_path: Path) -> None:
    make(tmp_path / "shop", size=2_500_000)
    make(tmp_path / "shop", days=3, stem=OLD)
    make(tmp_path / "gone", days=2, noted=True)
    (tmp_path / "gone").rmdir()
    make(tmp_path / "unknown", days=1, noted=False)
    folder = models.model_folder("Tiny")
    folder.mkdir(parents=True)
    write(folder, "manifest.json", "x" * 500)
    code, out, err = run("list")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.split("\n")]
    assert lines[0].startswith(f"{cache_dir()}: 2.5 MB")
    assert lines[1] == "Indexes take 2.5 MB, adapters 0 bytes; together at most 5.0 GB."
    assert lines[3] == "SIZE ADAPTERS LAST USED WORKSPACE FOLDER VERSIONS"
    assert lines[4].endswith(f"shop {tmp_path / 'shop'} of Python 3.9, current")
    assert lines[5].endswith("unknown not known current")
    assert lines[6].endswith(f"gone {tmp_path / 'gone'} (gone) current")
    assert "500 bytes Tiny" in lines
    code, out, _ = run("list", "--json")
    value = json.loads(out)
    assert set(value) == {
        "schema", "cache", "bytes", "index_bytes", "max_index_bytes", "adapter_bytes", "workspaces", "adapters", "models",
    }  # fmt: skip
    assert value["bytes"] == value["index_bytes"] + 500
    shop = value["workspaces"][0]
    assert set(shop) == {"name", "folder", "root", "root_exists", "bytes", "last_used", "indexes"}
    assert (shop["indexes"][0]["current"], shop["indexes"][0]["python"]) == (False, "3.9")
    assert [w["root_exists"] for w in value["workspaces"]] == [True, None, False]
    assert value["models"][0]["name"] == "Tiny"


def test_a_folder_is_written_in_one_piece_however_narrow_the_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "shop")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert str(tmp_path / "shop") in run("list")[1]


def test_an_empty_cache(run: Run) -> None:
    assert run("list")[0] == 0
    assert json.loads(run("list", "--json")[1])["workspaces"] == []
    assert run("prune")[1] == "Nothing to remove; indexes and adapters take 0 bytes.\n"
    assert not cache_dir().exists()


# -- pruning ---------------------------------------------------------------------------------------------------------


def test_old_versions_go_and_current_ones_stay(tmp_path: Path) -> None:
    current = make(tmp_path / "a", days=400)
    old, recent = make(tmp_path / "a", days=31, stem=OLD), make(tmp_path / "b", days=29, stem=OLD)
    report = prune(cache_dir())
    assert removed(report) == [(old.name, "other_version")]
    assert current.exists()
    assert recent.exists()
    assert not old.exists()
    assert (report.skipped, report.bytes_left) == ([], sum(w.bytes for w in list_workspaces(cache_dir())))
    assert removed(prune(cache_dir(), unused_days=10)) == [(recent.name, "other_version")]
    assert not recent.parent.exists()


def test_a_version_that_is_only_read_is_in_use(tmp_path: Path) -> None:
    """Reading leaves the file's time alone; the note counts."""
    old = make(tmp_path / "a", days=40, stem=OLD)
    note_workspace(old.parent, tmp_path / "a", old)
    assert removed(prune(cache_dir())) == []


def test_a_gone_root_takes_everything_along(tmp_path: Path) -> None:
    database = make(tmp_path / "w" / "gone")
    for suffix in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).write_bytes(b"y" * 10)
    unknown = make(tmp_path / "unknown", noted=False)
    shutil.rmtree(tmp_path / "w")
    (tmp_path / "unknown").rmdir()
    report = prune(cache_dir())
    assert removed(report) == [(database.name, "root_gone")]
    assert report.removed[0].bytes == 1030
    assert not database.parent.exists()
    assert unknown.exists()


def test_least_recently_used_beyond_the_cap(tmp_path: Path) -> None:
    sizes = {name: make(tmp_path / name, days=days) for name, days in (("new", 1), ("oldest", 9), ("older", 5))}
    report = prune(cache_dir(), cap=2500)
    assert removed(report) == [(sizes["oldest"].name, "over_cap")]
    assert not sizes["oldest"].parent.exists()
    assert report.bytes_left == sum(w.bytes for w in list_workspaces(cache_dir())) <= 2500
    assert [p.parent.name[:3] for p in (r.path for r in prune(cache_dir(), cap=0).removed)] == ["old", "new"]
    assert list_workspaces(cache_dir()) == []


def test_a_locked_index_stays(tmp_path: Path) -> None:
    locked, free = make(tmp_path / "locked", days=60, stem=OLD), make(tmp_path / "free", days=60, stem=OLD)
    with FileLock(locked.with_suffix(".lock")):
        report = prune(cache_dir(), cap=0)
    assert [r.path for r in report.removed] == [free]
    assert report.skipped == [(locked, "a running Pathline is writing it")]
    assert locked.exists()
    assert [r.path for r in prune(cache_dir(), cap=0).removed] == [locked]


def test_a_file_that_cannot_be_deleted_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where somebody reads it."""
    database = make(tmp_path / "read", days=60, stem=OLD)
    wal = database.with_name(database.name + "-wal")
    wal.write_bytes(b"wal")
    age(database, 60)
    unlink = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == database:
            raise PermissionError(13, "The process cannot access the file", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(cache_folder, "_WINDOWS", True)
    report = prune(cache_dir())
    assert (report.removed, report.skipped) == ([], [(database, "a running program has it open")])
    assert wal.exists()


def test_an_index_that_was_used_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make(tmp_path / "w", days=60, stem=OLD)
    listed = list_workspaces(cache_dir())
    database.write_bytes(b"new")
    monkeypatch.setattr(cache_folder, "list_workspaces", lambda cache: listed)
    report = prune(cache_dir())
    assert report.skipped == [(database, "it was used a moment ago")]
    assert database.exists()


def test_a_folder_without_an_index_goes_when_it_is_old(tmp_path: Path) -> None:
    database = make(tmp_path / "w")
    database.unlink()
    write(database.parent, f".{NOTE}-1-aa", "{")
    assert removed(prune(cache_dir())) == []
    os.utime(database.parent, (time.time() - 2 * DAY,) * 2)
    assert removed(prune(cache_dir(), dry_run=True)) == [(database.parent.name, "empty")]
    with FileLock(database.with_suffix(".lock")):
        prune(cache_dir())
    assert database.parent.exists()
    os.utime(database.parent, (time.time() - 2 * DAY,) * 2)
    assert removed(prune(cache_dir())) == [(database.parent.name, "empty")]
    assert not database.parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_out_of_the_cache_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/precious.sqlite", "x")
    (cache_dir() / "index").mkdir(parents=True)
    (cache_dir() / "index" / "link-0123").symlink_to(outside.parent)
    assert list_workspaces(cache_dir()) == []
    prune(cache_dir(), cap=0, unused_days=0)
    assert outside.exists()


def test_prune_prints_what_went(run: Run, tmp_path: Path) -> None:
    old = make(tmp_path / "shop", days=60, stem=OLD, size=2000)
    lru, new = make(tmp_path / "cart", days=50, size=2000), make(tmp_path / "shop", days=1, size=2000)
    arguments = ("--max-size", "3kB", "--days", "7")
    code, out, err = run("prune", "--dry-run", *arguments)
    assert (code, err) == (0, "")
    assert out.split("\n")[:3] == [
        f"{old.relative_to(cache_dir())}  2.0 kB  of another Pathline or Python, unused for 7 days",
        f"{lru.relative_to(cache_dir())}  2.0 kB  least recently used, beyond 3kB",
        "4.0 kB would be freed; indexes and adapters take 2.2 kB then.",
    ]
    assert old.exists()
    value = json.loads(run("prune", "--dry-run", "--json", *arguments)[1])
    assert set(value) == {"schema", "dry_run", "removed", "skipped", "bytes_freed", "bytes_left"}
    assert value["dry_run"]
    with FileLock(lru.with_suffix(".lock")):
        code, out, err = run("prune", *arguments)
    assert f"{lru.relative_to(cache_dir())} stays: a running Pathline is writing it." in err
    assert (old.exists(), lru.exists(), new.exists()) == (False, True, False)
    assert code == 0
    assert "4.0 kB freed" in out


def test_models_are_never_pruned(run: Run) -> None:
    folder = models.model_folder("Tiny")
    folder.mkdir(parents=True)
    write(folder, "manifest.json", "{}")
    run("prune", "--max-size", "0", "--days", "0")
    assert (folder / "manifest.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prune", "--max-size", "many"], "--max-size is 'many'; give a size such as 2GB"),
        (["prune", "--days", "-1"], "--days must be 0 or more"),
        (["prune", "--days", "nan"], "--days must be 0 or more"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("command", [[], ["list"], ["prune"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["cache", *command, "--help"])
    assert caught.value.code == 0
    assert "example: pathline cache" in capsys.readouterr().out


# -- the cap ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("17", 17),
        ("2GB", 2 * 10**9),
        ("1.5 kB", 1500),
        ("1GiB", 2**30),
        ("500m", 5 * 10**8),
        (" 3 tib ", 3 * 2**40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "GB", "2 GB GB", "1e9", "2,5GB", "inf"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="such as 2GB"):
        parse_size(text)


def test_the_cap_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    assert size_cap() == 5 * 10**9
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "1MB")
    assert size_cap() == 10**6
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "lots")
    code, _, err = run("prune")
    assert (code, "PATHLINE_CACHE_MAX is 'lots'" in err) == (2, True)


def test_enforce_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, other = make(tmp_path / "keep", days=9), make(tmp_path / "other", days=1)
    old = make(tmp_path / "old", days=400, stem=OLD)
    assert enforce_cap(cache_dir(), keep) == []
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "2500")
    assert [r.path for r in enforce_cap(cache_dir(), keep)] == [old]
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "1")
    # As after a build: the lock of what is kept is held by this process.
    with FileLock(keep.with_suffix(".lock")):
        assert [r.path for r in enforce_cap(cache_dir(), keep)] == [other]
    assert keep.exists()
    monkeypatch.setenv("PATHLINE_CACHE_MAX", "lots")
    assert enforce_cap(cache_dir(), keep) == []


def test_enforce_cap_under_the_cap_only_looks_at_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = make(tmp_path / "keep")

    def fail(*_: object, **__: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(cache_folder, "list_workspaces", fail)
    assert enforce_cap(cache_dir(), keep) == []
    assert enforce_cap(tmp_path / "nowhere", keep) == []
