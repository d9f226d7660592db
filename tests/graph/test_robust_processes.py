"""Processes that are killed, that meet on one workspace, that may not write; and what damage on the disk comes to."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import IndexBusyError, IndexDamagedError, RootError
from adapter_core.evidence.selection import search
from adapter_core.graph.indexing.sync import SyncOptions, SyncProgress, sync
from adapter_core.graph.storage.store import Store
from adapter_core.graph.workspace import index_path
from tests.graph.index_state import fresh_graph, linked, searched, stored
from tests.support import write, write_tree

CHECKOUT = Path(__file__).resolve().parents[2]
HANG = 120.0  # seconds; nothing here takes a tenth of it
FILES = 300

posix = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and permissions as POSIX has them")

TWO_FILES = """
#- a.py
def alpha():
    return beta()
#- b.py
def beta():
    '''Second letter.'''
"""


@pytest.fixture(autouse=True)
def _no_rules_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write_many(root: Path, version: int, count: int = FILES) -> None:
    """Files of the same names; each version of each has its own definitions."""
    for i in range(count):
        text = f"class C{i}_{version}:\n    def run(self):\n        return f{i}_{version}()\n\n\ndef f{i}_{version}(x=1):\n    return x\n"
        write(root, f"pkg{i % 7}/m{i}.py", text)


def child(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Python in another process, which has this checkout and the cache folder of this test."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finished(process: subprocess.Popen[str]) -> str:
    """What it printed; fails where it did not end well."""
    out, err = process.communicate(timeout=HANG)
    assert process.returncode == 0, err
    return out


# A sync that tells how far it is and waits to be told to go on.
STEPWISE = """
import sys
from pathlib import Path
from adapter_core.graph import workspace as w; from adapter_core.graph.indexing import sync as s
s._BATCH_FILES = 20
stop_at = int(sys.argv[2])
def progress(state):
    if state.done >= stop_at:
        print("at", state.done, flush=True)
        sys.stdin.readline()
store, report = w.open_index(Path(sys.argv[1]), s.SyncOptions(workers=1), progress)
print("finished", report.files, report.complete, flush=True)
"""


@contextmanager
def writer(root: Path, stop_at: int) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of its sync, with the lock in its hand."""
    process = child(STEPWISE, root.resolve(), stop_at)
    try:
        assert process.stdout
        assert process.stdout.readline().startswith("at")
        yield process
    finally:
        process.kill()
        process.wait(HANG)
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]


# -- killed ----------------------------------------------------------------------------------------------------------------

# Every statement that reaches SQLite is counted, the single rows of a bulk insert too; at the given one the process is gone.
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from adapter_core.graph import workspace as w; from adapter_core.graph.indexing import sync as y; from adapter_core.graph.storage import store as s
y._BATCH_FILES = 20
count, last = 0, int(sys.argv[2])
connect = s.Store._connect
def traced(path, read_only):
    db = connect(path, read_only)
    def statement(_):
        global count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
    db.set_trace_callback(statement)
    return db
s.Store._connect = staticmethod(traced)
w.open_index(Path(sys.argv[1]), y.SyncOptions(workers=1))
print(count)
"""


@posix
def test_killed_in_the_middle_of_a_write(repo: Path) -> None:
    root = repo.resolve()
    write_many(root, 0)
    total = int(finished(child(KILLED_AT, root, -1)))
    assert total > 1000
    before = stored(fresh_graph(root).store)
    chance = random.Random(0)
    places = [*(chance.randrange(1, total) for _ in range(5)), chance.randrange(20, 60)]
    for version, place in enumerate(places, 1):
        write_many(root, version)
        scratch = fresh_graph(root)
        after = stored(scratch.store)
        process = child(KILLED_AT, root, place)
        process.communicate(timeout=HANG)
        assert process.returncode == -signal.SIGKILL

        for read_only in (True, False):
            store = Store(index_path(root), read_only=read_only)
            now = stored(store)
            store.close()
            check_between(now, before, after)
        done = sum(now["files"][path] == after["files"][path] for path in now["files"])
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.parsed, graph.report.complete) == (FILES - done, True)
            assert stored(graph.store) == after
            assert searched(graph) == searched(scratch)
        before = after


def check_between(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Each file as it was or as it is, whole; and it is said where some are the one and some the other."""
    names = {path: [n for n in now["names"] if n[1] == path] for path in now["files"]}
    assert sum(map(len, names.values())) == len(now["names"])
    for path, row in now["files"].items():
        then = after if row == after["files"][path] else before
        assert row == then["files"][path]
        assert now["facts"][path] == then["facts"][path]
        assert names[path] == [n for n in then["names"] if n[1] == path]
    if now["completeness"][0]:
        assert now in (before, after)
    else:
        assert now["completeness"][1]


@posix
def test_killed_at_any_moment_with_parsers_at_work(repo: Path) -> None:
    """One kill after the other, from an empty cache on: nothing that was done is lost, and no parser outlives its parent."""
    root = repo.resolve()
    write_many(root, 0)
    code = (
        "import sys; from pathlib import Path; from adapter_core.graph import workspace as w; from adapter_core.graph.indexing import sync as s\n"
        "s._BATCH_FILES = 15; s._POOL_THRESHOLD = 0\n"
        "def progress(state):\n"
        "    print(state.done, flush=True)\n"
        "w.open_index(Path(sys.argv[1]), s.SyncOptions(workers=2), progress)"
    )
    chance = random.Random(1)
    done = 0
    for _ in range(4):
        process = child(code, root, start_new_session=True)
        assert process.stdout
        for _ in range(chance.randrange(1, 9)):
            process.stdout.readline()
        parsers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=HANG)
        _, alive = psutil.wait_procs(parsers, timeout=HANG)
        assert not alive
        if index_path(root).exists():
            store = Store(index_path(root), read_only=True)
            files = store.files()
            assert len(files) >= done
            assert all(len(store.facts(row).symbols) == 4 for row in files)
            assert len(files) == FILES or not store.completeness()[0]
            done = len(files)
            store.close()
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert graph.report.parsed == FILES - done
        scratch = fresh_graph(root)
        assert stored(graph.store) == stored(scratch.store)
        assert searched(graph, ("run",)) == searched(scratch, ("run",))


# -- two processes -----------------------------------------------------------------------------------------------------------


def test_beside_a_writer_and_in_its_place(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter_core.graph.workspace._LOCK_WAIT_SECONDS", 0.2)
    root = repo.resolve()
    write_many(root, 0)
    CodeGraph.load_or_build(root).close()
    before = stored(fresh_graph(root).store)
    write_many(root, 1)
    scratch = fresh_graph(root)
    after = stored(scratch.store)
    with writer(root, 100) as process:
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert graph.store.read_only
            assert graph.report.parsed == 0
            assert "another Pathline process" in graph.completeness[1]
            assert not graph.completeness[0]
            assert not graph.report.complete
            now = stored(graph.store)
            check_between(now, before, after)
            assert 0 < sum(now["files"][p] == after["files"][p] for p in now["files"]) < FILES
            # What it says of a file is what stands in it now, indexed or not.
            for i in range(FILES):
                assert graph.find_symbol(f"pkg{i % 7}.m{i}.f{i}_0") == []
            process.kill()
            process.wait(HANG)
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert not graph.store.read_only
            assert (graph.report.complete, graph.report.reason) == (True, "")
            assert 0 < graph.report.parsed < FILES
            assert stored(graph.store) == after
            assert searched(graph) == searched(scratch)


def test_beside_a_writer_that_finishes(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the lock gets the index that the other one made, and parses nothing."""
    monkeypatch.setattr("adapter_core.graph.workspace._LOCK_WAIT_SECONDS", HANG)
    root = repo.resolve()
    write_many(root, 0)
    with writer(root, FILES - 20) as process:
        assert process.stdin
        process.stdin.write("\n" * 100)
        process.stdin.close()
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.parsed, graph.report.complete) == (0, True)
            assert stored(graph.store) == stored(fresh_graph(root).store)
        assert process.wait(HANG) == 0


def test_while_the_first_index_is_made(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter_core.graph.workspace._LOCK_WAIT_SECONDS", 0.2)
    root = repo.resolve()
    write_many(root, 0, 50)
    path = index_path(root)
    path.parent.mkdir(parents=True)
    with FileLock(path.with_suffix(".lock")), pytest.raises(IndexBusyError, match="try again"):
        CodeGraph.load_or_build(root)
    with writer(root, 20), CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert not graph.report.complete
        assert graph.store.completeness() == (False, "the index is being built")
        assert len(graph.store.files()) >= 1
    with CodeGraph.load_or_build(root) as graph:
        assert stored(graph.store) == stored(fresh_graph(root).store)


def test_many_at_once(repo: Path) -> None:
    """Whoever is first writes; the others wait for it, read beside it, or are told to try again. None of them fails."""
    root = repo.resolve()
    write_many(root, 0, 150)
    code = (
        "import sys; from adapter_core.code_graph import CodeGraph; from adapter_core.errors import IndexBusyError\n"
        "try:\n"
        "    graph = CodeGraph.load_or_build(sys.argv[1])\n"
        "    print(graph.report.complete, len(graph.find_symbol('f7_0')) if graph.report.complete else 1)\n"
        "except IndexBusyError as error:\n"
        "    print(error)"
    )
    answers = [finished(process) for process in [child(code, root) for _ in range(4)]]
    assert "True 1\n" in answers
    assert all(a in ("True 1\n", "False 1\n") or "try again" in a for a in answers)
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert graph.report.parsed == 0
        assert stored(graph.store) == stored(fresh_graph(root).store)


# Another version of the code has another name for what it stores, and knows one definition the less.
OTHER_VERSION = """
import sys
from adapter_core.graph.storage import version
version.index_version = lambda schema: "0123456789ab"
from adapter_core.graph.indexing import batch
real = batch.parse_file
def parse_file(path, kind, text, module):
    from dataclasses import replace
    facts = real(path, kind, text, module)
    return replace(facts, symbols=facts.symbols[:2])
batch.parse_file = parse_file
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.indexing.sync import SyncOptions
with CodeGraph.load_or_build(sys.argv[1], options=SyncOptions(workers=1)) as graph:
    print(graph.store.path.name, graph.report.parsed, graph.report.unchanged, graph.store.counts()[1])
"""


def test_two_versions_side_by_side(repo: Path) -> None:
    root = repo.resolve()
    write_many(root, 0, 20)
    with CodeGraph.load_or_build(root) as graph:
        ours = stored(graph.store)
        assert graph.store.path
        name = graph.store.path.name
    other = finished(child(OTHER_VERSION, root)).split()
    assert other[0] != name
    assert other[1:] == ["20", "0", "40"]
    write(root, "pkg0/m0.py", "def edited(): pass\n")
    assert finished(child(OTHER_VERSION, root)).split()[1:] == ["1", "19", "40"]
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert (graph.report.parsed, graph.report.unchanged) == (1, 19)
        now = stored(graph.store)
        assert {p for p in now["files"] if now["files"][p] != ours["files"][p]} == {"pkg0/m0.py"}
        assert now == stored(fresh_graph(root).store)
    assert finished(child(OTHER_VERSION, root)).split()[1:] == ["0", "20", "40"]
    # A writer of the one version is not in the way of the other.
    with FileLock(index_path(root).with_suffix(".lock")):
        assert finished(child(OTHER_VERSION, root)).split()[1:] == ["0", "20", "40"]
    databases = sorted(f.name for f in index_path(root).parent.glob("*.sqlite"))
    assert databases == sorted([name, other[0]])


def test_a_snapshot_stays_while_another_process_writes(repo: Path) -> None:
    root = repo.resolve()
    write_many(root, 0, 60)
    CodeGraph.load_or_build(root).close()
    with CodeGraph(root, Store(index_path(root), read_only=True)) as reader:
        with reader.store.snapshot() as generation:
            before = stored(reader.store)
            hits = searched(reader)["documents"]
            write_many(root, 1, 60)
            (root / "pkg0/m0.py").unlink()
            finished(
                child(
                    "import sys; from adapter_core.code_graph import CodeGraph; CodeGraph.load_or_build(sys.argv[1])",
                    root,
                )
            )
            assert stored(reader.store) == before
            assert reader.store.generation() == generation
            assert searched(CodeGraph(root, reader.store))["documents"] == hits
        after = fresh_graph(root)
        assert stored(reader.store) == stored(after.store)
        again = CodeGraph(root, reader.store)
        assert linked(again) == linked(after)
        assert searched(again) == searched(after)


def test_a_reader_whose_segments_go_while_it_reads(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(repo, TWO_FILES).resolve()
    CodeGraph.load_or_build(root).close()
    with CodeGraph(root, Store(index_path(root), read_only=True)) as reader:
        between_queries(monkeypatch, reader.store, "FROM uses", lambda: edit_both(root))
        assert set(reader.view.paths_using("beta")) <= {"a.py", "b.py"}


def test_a_search_whose_segments_go_while_it_reads(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(repo, TWO_FILES).resolve()
    CodeGraph.load_or_build(root).close()
    with CodeGraph(root, Store(index_path(root), read_only=True)) as reader:
        between_queries(monkeypatch, reader.store, "FROM segments", lambda: edit_both(root))
        assert {e.span.path for e in search(reader, "beta").evidence} == {"a.py", "b.py"}


def test_a_reader_whose_rows_go_while_it_reads(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text stays the same, but a new source root gives the file another module's name, and so another row."""
    root = write_tree(repo, "#- pkg/a.py\ndef alpha(): pass\n").resolve()
    CodeGraph.load_or_build(root).close()
    with CodeGraph(root, Store(index_path(root), read_only=True)) as reader:

        def new_root() -> None:
            write(root, "pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['pkg']\n")
            CodeGraph.load_or_build(root).close()

        between_queries(monkeypatch, reader.store, "FROM files WHERE path", new_root)
        facts = reader.facts("pkg/a.py")
        assert facts
        assert [s.name for s in facts.symbols[1:]] == ["alpha"]


def edit_both(root: Path) -> None:
    write(root, "a.py", "def alpha(): return 1\n")
    write(root, "b.py", "def beta(): return 2\n")
    CodeGraph.load_or_build(root).close()


def between_queries(monkeypatch: pytest.MonkeyPatch, store: Store, after: str, action: Callable[[], None]) -> None:
    """Have another process's write fall between two reads of this one."""
    real, pending = store._query, [action]

    def query(sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        rows = real(sql, parameters)
        if after in sql and pending:
            pending.pop()()
        return rows

    monkeypatch.setattr(store, "_query", query)


def test_refreshing_beside_another_writer(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter_core.graph.workspace._LOCK_WAIT_SECONDS", 0.05)
    with CodeGraph.load_or_build(write_tree(repo, TWO_FILES)) as graph:
        write(repo, "a.py", "def gamma(): pass\n")
        with (
            FileLock(index_path(repo.resolve()).with_suffix(".lock")),
            pytest.raises(IndexBusyError, match="try again"),
        ):
            graph.refresh(["a.py"])
        assert graph.refresh(["a.py"]).parsed == 1
        assert graph.find_symbol("gamma")


# -- files of the index that go ------------------------------------------------------------------------------------------------


@posix
def test_the_cache_is_emptied_while_it_is_written(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written so far is lost, and nobody would find what follows."""
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 20)
    root = repo.resolve()
    write_many(root, 0, 60)
    pending = [20]

    def progress(state: SyncProgress) -> None:
        if pending and state.done >= pending[0]:
            pending.pop()
            shutil.rmtree(tmp_path / "cache")

    with CodeGraph.load_or_build(root, options=SyncOptions(workers=1), on_progress=progress) as graph:
        assert not pending
        assert graph.report
        assert (graph.report.complete, graph.report.reason) == (True, "")
        assert graph.store.path
        assert graph.store.path.exists()
        assert stored(graph.store) == stored(fresh_graph(root).store)
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert graph.report.parsed == 0


@posix
@pytest.mark.parametrize("gone", ["*", "*.sqlite", "*-wal", "*-shm"])
def test_files_of_an_open_index_are_deleted(repo: Path, gone: str) -> None:
    """Who reads goes on reading what was there; who writes says that it is gone, or writes it; the next one finds all of it."""
    root = repo.resolve()
    write_many(root, 0, 20)
    with CodeGraph.load_or_build(root) as writer, CodeGraph(root, Store(index_path(root), read_only=True)) as reader:
        before = stored(reader.store)
        write_many(root, 1, 20)
        for file in index_path(root).parent.glob(gone):
            file.unlink()
        assert stored(reader.store) == before
        paths = [f.relative_to(root).as_posix() for f in root.rglob("*.py")]
        if gone in ("*", "*.sqlite"):
            with pytest.raises(IndexDamagedError, match="gone"):
                writer.refresh(paths)
        else:
            writer.refresh(paths)
            assert stored(writer.store) == stored(fresh_graph(root).store)
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert (graph.report.complete, graph.report.reason) == (True, "")
        assert stored(graph.store) == stored(fresh_graph(root).store)
        assert index_path(root).exists()


def test_a_workspace_that_is_gone(repo: Path) -> None:
    """Nothing is known of its files then; that they are deleted is not known either."""
    with CodeGraph.load_or_build(write_tree(repo, TWO_FILES)) as graph:
        shutil.rmtree(repo)
        with pytest.raises(RootError, match="still there"):
            sync(graph.root, graph.store, SyncOptions(workers=1))
        assert graph.store.counts()[0] == 2


# -- what may not be written ---------------------------------------------------------------------------------------------------


def _without_overrides() -> None:
    """Run in the child before it starts: permissions are to hold for root, too. Exit code 77 where that cannot be had."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                os._exit(77)


def plain_user(code: str, *arguments: object) -> str:
    """Run as somebody for whom file permissions count."""
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root may read and write everything here")
    process = child(code, *arguments, preexec_fn=_without_overrides)
    out, err = process.communicate(timeout=HANG)
    if process.returncode == 77:
        pytest.skip("root may read and write everything here")
    assert process.returncode == 0, err
    return out


@contextmanager
def permissions(*changes: tuple[Path, int]) -> Iterator[None]:
    before = [(path, path.stat().st_mode) for path, _ in changes]
    try:
        for path, mode in changes:
            path.chmod(mode)
        yield
    finally:
        for path, mode in reversed(before):
            path.chmod(mode)


LOAD = """
import os, sys
from adapter_core.code_graph import CodeGraph
assert not os.access(sys.argv[2], os.W_OK), "permissions do not count"
with CodeGraph.load_or_build(sys.argv[1]) as graph:
    report = graph.report
    print(report.files, report.parsed, graph.store.path is None, [str(r.span) for r in graph.find_symbol("alpha")])
    print(report.reason)
    print(sorted((p.path, p.reason) for p in report.skipped))
"""


@posix
def test_a_workspace_that_cannot_be_written(repo: Path) -> None:
    write_tree(repo, TWO_FILES)
    before = sorted(p.name for p in repo.iterdir())
    with permissions((repo / "a.py", 0o444), (repo / "b.py", 0o444), (repo, 0o555)):
        for parsed in (2, 0):
            out = plain_user(LOAD, repo, repo).splitlines()
            assert out == [f"2 {parsed} False ['a.py:1-2']", "", "[]"]
    assert sorted(p.name for p in repo.iterdir()) == before


@posix
def test_files_and_folders_that_may_not_be_read(repo: Path) -> None:
    write_tree(repo, TWO_FILES)
    write(repo, "closed/c.py", "x = 1\n")
    write(repo, "secret.py", "def secret(): pass\n")
    write(repo, "listed/d.py", "x = 1\n")
    CodeGraph.load_or_build(repo).close()
    with permissions((repo / "closed", 0o000), (repo / "secret.py", 0o000), (repo / "listed", 0o444), (repo, 0o555)):
        out = plain_user(LOAD, repo, repo).splitlines()
    assert out[0] == "2 0 False ['a.py:1-2']"
    assert out[2] == str([
        ("closed", "folder cannot be read: Permission denied"),
        ("listed/d.py", "cannot be read: Permission denied"),
        ("secret.py", "cannot be read: Permission denied"),
    ])  # fmt: skip
    with CodeGraph.load_or_build(repo) as graph:
        assert sorted(row.path for row in graph.store.files()) == [
            "a.py",
            "b.py",
            "closed/c.py",
            "listed/d.py",
            "secret.py",
        ]
        assert graph.find_symbol("secret")


@posix
@pytest.mark.parametrize("built", [False, True])
def test_a_cache_that_cannot_be_written(repo: Path, tmp_path: Path, built: bool) -> None:
    write_tree(repo, TWO_FILES)
    cache = tmp_path / "cache"
    cache.mkdir(exist_ok=True)
    if built:
        CodeGraph.load_or_build(repo).close()
        write(repo, "a.py", "def alpha(): pass\n")
    files = [(p, 0o555 if p.is_dir() else 0o444) for p in sorted(cache.rglob("*"), reverse=True)]
    before = {p.relative_to(cache): p.read_bytes() for p, _ in files if p.is_file()}
    with permissions(*files, (cache, 0o555)):
        out = plain_user(LOAD, repo, cache).splitlines()
    assert out[0] == f"2 2 True ['a.py:1{'' if built else '-2'}']"
    assert "kept in memory" in out[1]
    assert {p.relative_to(cache): p.read_bytes() for p in cache.rglob("*") if p.is_file()} == before
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert graph.report.reason == ""
        assert graph.store.path


@posix
def test_a_root_that_may_not_be_read(repo: Path) -> None:
    code = (
        "import sys; from adapter_core.code_graph import CodeGraph; from adapter_core.errors import RootError\n"
        "try:\n    CodeGraph.load_or_build(sys.argv[1])\nexcept RootError as error:\n    print(error)"
    )
    with permissions((repo, 0o000)):
        assert "check its permissions" in plain_user(code, repo)


@pytest.mark.parametrize("place", ["cache", "cache/index", "database", "lock"])
def test_something_else_stands_where_the_index_belongs(repo: Path, tmp_path: Path, place: str) -> None:
    write_tree(repo, TWO_FILES)
    path = index_path(repo.resolve())
    if place.startswith("cache"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("a file")
    else:
        wrong = path if place == "database" else path.with_suffix(".lock")
        wrong.mkdir(parents=True)
        write(wrong, "kept.txt", "somebody's")
    for _ in range(2):
        with CodeGraph.load_or_build(repo) as graph:
            assert graph.report
            assert "kept in memory" in graph.report.reason
            assert graph.store.path is None
            assert [str(r.span) for r in graph.find_symbol("alpha")] == ["a.py:1-2"]
            assert stored(graph.store) == stored(fresh_graph(repo.resolve()).store)


FULL = """
import sys
from adapter_core.code_graph import CodeGraph
{limit}
with CodeGraph.load_or_build(sys.argv[1]) as graph:
    print(graph.report.files, graph.report.complete, graph.store.path is None, len(graph.find_symbol("f299_0")))
    print(graph.report.reason)
"""


def check_full(root: Path, out: str) -> None:
    first, reason = out.splitlines()
    assert first == f"{FILES} True True 1"
    assert "kept in memory" in reason


@posix
@pytest.mark.parametrize("kilobytes", [0, 4, 40, 120])
def test_a_disk_that_takes_no_more(repo: Path, kilobytes: int) -> None:
    """No file may grow beyond this; the last one is full in the middle of a write."""
    root = repo.resolve()
    write_many(root, 0)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes} * 1024, {kilobytes} * 1024))"
    check_full(root, finished(child(FULL.replace("{limit}", limit), root)))
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert (graph.report.complete, graph.report.reason) == (True, "")
        assert graph.store.path
        assert stored(graph.store) == stored(fresh_graph(root).store)


@posix
def test_a_disk_that_is_full(repo: Path, tmp_path: Path) -> None:
    """A file system of its own, too small; it goes with the process that mounts it."""
    root = repo.resolve()
    write_many(root, 0)
    small = tmp_path / "small"
    small.mkdir()
    mount = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size="$1" tmpfs "$0" || exit 77; shift; exec "$@"',
        str(small),
    ]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*mount, "1m", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no file system can be mounted here")
    for size in ("16k", "100k", "300k"):
        command = [*mount, size, sys.executable, "-c", FULL.replace("{limit}", ""), str(root)]
        done = subprocess.run(
            command, cwd=CHECKOUT, env={**os.environ, "PATHLINE_CACHE_DIR": str(small)}, timeout=HANG, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        check_full(root, done.stdout)


# -- damage --------------------------------------------------------------------------------------------------------------------


def built(repo: Path, count: int = 40) -> tuple[Path, dict[str, Any]]:
    """The database of a workspace, its content in the one file, and what it says."""
    root = repo.resolve()
    write_many(root, 0, count)
    CodeGraph.load_or_build(root).close()
    return index_path(root), stored(fresh_graph(root).store)


def spoil(path: Path, data: bytes) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"\0",
        lambda data: b"\0" * len(data),
        lambda data: b"this is no database" * 1000,
        lambda data: data[:50],
        lambda data: data[:100],
        lambda data: data[:4096],
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 4096 * 4096 - 4096],
        lambda data: data[:-1],
        lambda data: data[:4096] + b"\xff" * (len(data) - 4096),
        lambda data: b"SQLite format 3\0" + b"\xff" * 8000,
        lambda data: data[:18] + b"\x63\x63" + data[20:],
    ],
    ids=[
        "empty", "one byte", "zeros", "text", "half a header", "header", "first page", "half", "last page gone", "last byte gone",
        "first page whole", "wrong header", "format of the future",
    ],
)  # fmt: skip
def test_a_damaged_database_is_built_anew(repo: Path, damage: Callable[[bytes], bytes]) -> None:
    path, truth = built(repo)
    spoil(path, damage(path.read_bytes()))
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert (graph.report.complete, graph.report.reason) == (True, "")
        assert graph.store.path == path
        assert stored(graph.store) == truth
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert graph.report.parsed == 0


def test_side_files_of_nobody(repo: Path) -> None:
    """What a crash of the machine may leave beside the database."""
    path, truth = built(repo)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).write_bytes(b"\x37\x7f\x06\x82" + os.urandom(20_000))
        with CodeGraph.load_or_build(repo) as graph:
            assert graph.report
            assert graph.report.complete
            assert stored(graph.store) == truth


def test_another_programs_database(repo: Path) -> None:
    path, truth = built(repo)
    for table in ("postings", "unrelated"):
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute(f"CREATE TABLE {table} (something)")
        db.close()
        with CodeGraph.load_or_build(repo) as graph:
            assert stored(graph.store) == truth


def test_random_bytes_anywhere(repo: Path) -> None:
    """The index opens, always. What it then finds to be damaged it says, and building it anew mends it."""
    path, truth = built(repo)
    data = path.read_bytes()
    for seed in range(60):
        chance = random.Random(seed)
        spoiled = bytearray(data)
        for _ in range(chance.choice((1, 3))):
            size = chance.choice((1, 16, 200, 4096))
            # Behind the table of tables: see the test of what is written there.
            at = chance.randrange(4096, len(data) - size)
            spoiled[at : at + size] = chance.randbytes(size)
        spoil(path, bytes(spoiled))
        with CodeGraph.load_or_build(repo) as graph, suppress(IndexDamagedError):
            stored(graph.store)
        if seed % 10 == 0:
            with CodeGraph.load_or_build(repo, rebuild=True) as graph:
                assert stored(graph.store) == truth


def test_a_schema_that_is_no_text(repo: Path) -> None:
    path, truth = built(repo)
    spoil(path, path.read_bytes().replace(b"CREATE TABLE facts", b"CREATE \x9e\xf6BLE facts"))
    with CodeGraph.load_or_build(repo) as graph:
        assert stored(graph.store) == truth


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE facts SET data = randomblob(length(data))",
        "UPDATE facts SET data = x''",
        "UPDATE facts SET data = (SELECT data FROM facts AS other WHERE other.file = 1)",
        "DELETE FROM facts",
        "UPDATE blocks SET data = randomblob(length(data))",
        "UPDATE blocks SET data = substr(data, 2)",
        "UPDATE blocks SET data = (SELECT data FROM blocks AS other WHERE other.id != blocks.id LIMIT 1)",
        "UPDATE segments SET directory = x'ffff'",
        "UPDATE segments SET directory = owners",
        "DELETE FROM blocks WHERE id % 2",
        "UPDATE segments SET files = '[not json'",
        "UPDATE segments SET files = '[]'",
        "DELETE FROM segments",
        "UPDATE segments SET owners = substr(owners, 2)",
        "UPDATE segments SET lengths = x''",
        "UPDATE files SET segment = segment + 1",
        "UPDATE files SET module = 'm' || module",
        "UPDATE files SET checked_ns = 'soon'",
        "UPDATE files SET sha256 = (SELECT sha256 FROM files AS other WHERE other.id = 1)",
        "UPDATE meta SET value = 'x' WHERE key = 'roots'",
        "UPDATE meta SET value = 'x' WHERE key = 'generation'",
        "UPDATE meta SET value = 'x' WHERE key = 'complete'",
        "DELETE FROM meta",
    ],
)
def test_damage_that_sqlite_does_not_see(repo: Path, change: str) -> None:
    """A flipped bit in what is stored is told as damage (and the command line then builds anew); it never fails otherwise."""
    path, _ = built(repo)
    root = repo.resolve()
    truth = everything(fresh_graph(root))
    alter(path, change)
    with pytest.raises(IndexDamagedError), CodeGraph(root, Store(path)) as graph:
        everything(graph)
    with CodeGraph.load_or_build(repo, rebuild=True) as graph:
        assert everything(graph) == truth


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sqlite_sequence SET seq = 0",
        "DELETE FROM files WHERE id % 2",
        "DELETE FROM blocks WHERE id % 2",
        "DELETE FROM segments",
        "DELETE FROM facts WHERE file % 2",
        "UPDATE files SET inode = inode + 1",
        "UPDATE meta SET value = 'x' WHERE key = 'complete'",
        "DELETE FROM meta WHERE key = 'generation'",
        "DROP TABLE facts",
        "DROP TABLE blocks",
    ],
)
def test_damage_that_the_next_sync_mends(repo: Path, change: str) -> None:
    path, _ = built(repo)
    root = repo.resolve()
    alter(path, change)
    write(root, "pkg0/new.py", "def new(): return f7_0()\n")
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert (graph.report.complete, graph.report.reason) == (True, "")
        assert graph.store.path == path
        assert everything(graph) == everything(fresh_graph(root))


@pytest.mark.parametrize(
    ("index", "entry", "other"),
    [
        ("sqlite_autoindex_files_1", b"pkg0/m0.py", b"pkg0/m0.pz"),
        ("sqlite_autoindex_files_1", b"pkg1/m1.py", b"pkg1/m0.py"),
        ("files_module", b"pkg0.m7", b"pkg0.m8"),
    ],
)
def test_an_index_that_leads_to_another_row(repo: Path, index: str, entry: bytes, other: bytes) -> None:
    """SQLite takes its word for it; that the file is another one than was asked for shows in its row."""
    path, truth = built(repo)
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    data = path.read_bytes()
    start, end = (page - 1) * size, page * size
    assert data.count(entry, start, end) == 1
    spoil(path, data[:start] + data[start:end].replace(entry, other) + data[end:])
    with CodeGraph(repo.resolve(), Store(path)) as graph:
        assert sorted(row.path for row in graph.store.files()) == sorted(truth["files"])
        if b"/" not in other:
            with pytest.raises(IndexDamagedError):
                graph.facts_of_module(other.decode())
    with CodeGraph.load_or_build(repo) as graph:
        assert stored(graph.store) == truth


def alter(path: Path, change: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(change)
    db.close()


def everything(graph: CodeGraph) -> list[object]:
    with graph.store.snapshot() as generation:
        return [generation > 0, linked(graph), searched(graph, ("run",)), graph.store.roots(), graph.completeness]
