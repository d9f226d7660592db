"""The index is always right: after any edits it equals the index of the final files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled
from adapter_core.evidence.selection import search
from adapter_core.graph.discovery.discover import DiscoverOptions, Discovery
from adapter_core.graph.indexing import sync as sync_module
from adapter_core.graph.indexing.sync import SyncOptions, sync
from adapter_core.graph.storage.store import Store
from adapter_core.graph.workspace import index_path
from tests.support import write, write_tree

ROOT = Path(__file__).resolve().parents[2]

TWO_FILES = """
#- a.py
def alpha():
    return beta()
#- b.py
def beta():
    '''Second letter.'''
"""


def state(store: Store) -> dict[str, object]:
    """Everything that the index says, without the ids that depend on its history."""
    files = {row.path: (row.kind, row.module, row.sha256, row.symbols, row.problem) for row in store.files()}
    by_id = {row.id: row.path for row in store.files()}
    names = sorted((n, by_id[f], i) for n in store.all_names() for f, i in store.symbols_named(n))
    facts = {row.path: store.facts(row) for row in store.files()}
    return {"files": files, "names": names, "facts": facts}


def test_unchanged_files_are_not_parsed_again(repo: Path) -> None:
    with CodeGraph.load_or_build(write_tree(repo, TWO_FILES)) as graph:
        assert graph.report
        assert (graph.report.parsed, graph.report.unchanged) == (2, 0)
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert (graph.report.parsed, graph.report.unchanged) == (0, 2)
    (repo / "a.py").touch()
    with CodeGraph.load_or_build(repo) as graph:
        # Read again, since its time changed, but not parsed: its content did not.
        assert graph.report
        assert (graph.report.parsed, graph.report.unchanged) == (0, 2)
    write(repo, "a.py", "def gamma(): pass\n")
    (repo / "b.py").unlink()
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert (graph.report.parsed, graph.report.removed) == (1, 1)
        assert [str(r.span) for r in graph.find_symbol("gamma")] == ["a.py:1"]
        assert graph.find_symbol("alpha") == graph.find_symbol("beta") == []


def test_a_change_of_equal_size_and_time_is_seen_while_the_clock_is_too_coarse(repo: Path) -> None:
    file = repo / "a.py"
    file.write_text("x = 1\n")
    CodeGraph.load_or_build(repo).close()
    times = file.stat().st_mtime_ns
    file.write_text("y = 1\n")
    os.utime(file, ns=(times, times))
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.find_symbol("y")


EDIT = st.tuples(
    st.sampled_from(["a.py", "b.py", "pkg/c.py", "pkg/__init__.py", "README.md"]),
    st.one_of(
        st.none(),
        st.sampled_from(
            [
                "def alpha():\n    return beta()\n",
                "class Alpha:\n    def beta(self):\n        return 1\n",
                "from pkg.c import gamma\ngamma()\n",
                "def broken(:\n",
                "",
                "# Title\n\nText about alpha.\n",
                "gamma = 1\n",
            ]
        ),
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(EDIT, min_size=1, max_size=4), min_size=1, max_size=4))
def test_edits_end_where_a_fresh_build_begins(tmp_path_factory: pytest.TempPathFactory, rounds: list) -> None:
    root = tmp_path_factory.mktemp("repo").resolve()
    edited = Store(root.parent / f"{root.name}.sqlite")
    for edits in rounds:
        for path, text in edits:
            if text is None:
                (root / path).unlink(missing_ok=True)
            else:
                write(root, path, text)
        sync(root, edited)
    fresh = Store(None)
    sync(root, fresh)
    assert state(edited) == state(fresh)
    for question in ("alpha beta", "gamma", "title text"):
        found = [
            [(str(e.span), e.score) for e in search(CodeGraph(root, store), question).evidence]
            for store in (edited, fresh)
        ]
        assert found[0] == found[1]
    edited.close()


def test_processes_threads_and_none_yield_the_same(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        write(repo, f"m{i}.py", f"def f{i}(x):\n    '''Number {i}.'''\n    return g{i}(x)\n" * 20)
    stores = [Store(None) for _ in range(3)]
    sync(repo.resolve(), stores[0], SyncOptions(workers=1))
    with ThreadPoolExecutor(2) as executor:
        sync(repo.resolve(), stores[1], SyncOptions(executor=executor))
    monkeypatch.setattr("adapter_core.graph.indexing.sync._POOL_THRESHOLD", 0)
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 7)
    sync(repo.resolve(), stores[2], SyncOptions(workers=2))
    assert state(stores[0]) == state(stores[1]) == state(stores[2])


def test_a_file_that_kills_the_parser_costs_only_itself(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from adapter_core.graph.indexing import pool

    for i in range(6):
        write(repo, f"m{i}.py", f"x{i} = 1\n")
    real = pool._Child.call

    def call(self: object, root: str, files: list, known: dict, max_bytes: int) -> object:
        if any(f.path == "m3.py" for f in files):
            raise pool.WorkerDied("the parser crashed on it")
        return real(self, root, files, known, max_bytes)  # type: ignore[arg-type]

    monkeypatch.setattr(pool._Child, "call", call)
    monkeypatch.setattr("adapter_core.graph.indexing.sync._POOL_THRESHOLD", 0)
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 4)
    store = Store(None)
    report = sync(repo.resolve(), store, SyncOptions(workers=2))
    assert [(p.path, p.reason) for p in report.skipped] == [("m3.py", "the parser crashed on it")]
    assert sorted(row.path for row in store.files()) == [f"m{i}.py" for i in (0, 1, 2, 4, 5)]


def test_cancel_keeps_what_is_done_and_the_next_run_finishes(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(10):
        write(repo, f"m{i}.py", f"x{i} = 1\n")
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 2)
    store, cancel = Store(None), threading.Event()
    seen = []

    def progress(p: object) -> None:
        seen.append(p)
        if len(seen) > 4:
            cancel.set()

    with pytest.raises(Cancelled):
        sync(repo.resolve(), store, SyncOptions(workers=1), progress, cancel)
    assert not store.completeness()[0]
    assert 0 < len(store.files()) < 10
    report = sync(repo.resolve(), store)
    assert (report.files, store.completeness()) == (10, (True, ""))
    assert report.parsed < 10


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_writer_leaves_a_usable_index(repo: Path, tmp_path: Path) -> None:
    for i in range(400):
        write(repo, f"pkg/m{i}.py", f"def f{i}(x):\n    return g{i}(x)\n" * 30)
    code = (
        "import sys; from pathlib import Path; from adapter_core.graph.indexing import sync as s; from adapter_core.graph.storage.store import Store;"
        "s._BATCH_FILES = 20; s.sync(Path(sys.argv[1]), Store(Path(sys.argv[2])), s.SyncOptions(workers=1))"
    )
    database = tmp_path / "index.sqlite"
    child = subprocess.Popen([sys.executable, "-c", code, str(repo.resolve()), str(database)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True) as db:
                if db.execute("SELECT count(*) FROM files").fetchone()[0] >= 40:
                    break
        except sqlite3.Error:
            time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    store = Store(database)
    for row in store.files():
        assert store.facts(row).symbols
    report = sync(repo.resolve(), store)
    assert (report.files, store.completeness()[0]) == (400, True)


def test_a_damaged_index_is_built_anew(repo: Path) -> None:
    CodeGraph.load_or_build(write_tree(repo, TWO_FILES)).close()
    path = index_path(repo.resolve())
    path.write_bytes(b"this is no database" * 1000)
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.find_symbol("alpha")
        assert graph.report
        assert graph.report.parsed == 2


def test_a_cache_folder_that_cannot_be_written(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("PATHLINE_CACHE_DIR", str(blocked))
    with CodeGraph.load_or_build(write_tree(repo, TWO_FILES)) as graph:
        assert graph.find_symbol("alpha")
        assert graph.report
        assert "kept in memory" in graph.report.reason


def test_beside_a_writer_the_last_state_is_read(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CodeGraph.load_or_build(write_tree(repo, TWO_FILES)).close()
    write(repo, "c.py", "def new(): pass\n")
    monkeypatch.setattr("adapter_core.graph.workspace._LOCK_WAIT_SECONDS", 0.05)
    with FileLock(index_path(repo.resolve()).with_suffix(".lock")), CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert not graph.report.complete
        assert graph.find_symbol("alpha")
        assert not graph.find_symbol("new")


def test_an_empty_folder_and_one_with_broken_files_only(repo: Path) -> None:
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert graph.report.files == 0
    write(repo, "broken.py", "def f(:\n")
    write(repo, "binary.py", b"\x00\x01")
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert [p.path for p in graph.report.problems] == ["broken.py"]
        assert [(p.path, p.reason) for p in graph.report.skipped] == [("binary.py", "binary data")]


def test_a_file_that_is_never_indexed_makes_nobody_look_at_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that writes a log beside its code does so all the time."""
    write_tree(tmp_path, "#- pkg/a.py\nx = 1\n#- logs/run.log\nstarted\n#- new/b.py\ny = 1\n")
    store = Store(None)
    sync(tmp_path, store)
    walks: list[Path] = []
    walk = sync_module.discover

    def noted(root: Path, options: DiscoverOptions) -> Discovery:
        walks.append(root)
        return walk(root, options)

    monkeypatch.setattr(sync_module, "discover", noted)
    (tmp_path / "logs/2.log").write_text("started")
    sync(tmp_path, store, SyncOptions(only=("logs/run.log", "logs/2.log")))
    assert walks == []
    write(tmp_path, "first/c.py", "z = 1\n")
    sync(tmp_path, store, SyncOptions(only=("first/c.py",)))
    assert walks == [tmp_path]
