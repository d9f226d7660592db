"""After any sequence of changes the graph equals the one built from the final files in an empty cache."""

from __future__ import annotations

import ast
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled
from adapter_core.graph.indexing.sync import SyncOptions, SyncReport, sync
from adapter_core.graph.source import is_python, read_source
from adapter_core.graph.storage.store import Store
from tests.graph.index_state import fresh_graph, linked, searched, stored, texts_of
from tests.support import graph_of, write

# A file changed this shortly before it was read is read again. In earnest it is 2 s; no file system's clock ticks slower
# than this, and with it the files that are taken for unchanged are tested, too.
RACY_NS = 30_000_000

TEXTS = [
    "",
    "# only a comment about alpha\n",
    '"""A docstring, nothing else: alpha."""',
    "def alpha():\n    return beta()\n\n\ndef beta():\n    return 1\n",
    "def alpha():\n    return 2\n",
    "def gamma(x=1):\r\n    return alpha()\r\n\r\nfrom a import alpha\r\n",
    "import a\nimport b as bee\n\ndef use():\n    a.alpha()\n    bee.beta()\n    return a.gamma()\n",
    "from pkg import c\nfrom pkg.c import Alpha, gamma as g\n\n"
    "class Beta(Alpha):\n    def run(self):\n        g()\n        return self.step()\n",
    "class Alpha:\n    def step(self):\n        return self.run()\n\n    def run(self):\n        raise NotImplementedError\n",
    "from .c import *\nfrom . import d\n__all__ = ['gamma', 'Alpha']\nvalue = d.alpha()\n",
    "from pkg import Alpha\nthing = Alpha()\nthing.step()\n[alpha() for alpha in (Alpha, lambda: thing.run())]\n",
    "from c import gamma\nfrom d import *\ngamma(); alpha()\n",
    "é = 'größe 🙂'\ndef größe(): return gamma(é)\n\x0c\ndef gamma(x): return größe()\n",
    "class Half:\n    def whole(self): return alpha()\n    def open(self, x=(\n",
    "def broken(:\n    alpha()\n",
]
DATA = [b"name = '\xe9'\ndef latin(): return alpha()\n", b"\x00\x01binary"]
SIZE = 400
PYTHON = [
    "a.py", "b.py", "c.py", "A.py", "pkg/__init__.py", "pkg/c.py", "pkg/d.py", "pkg/sub/a.py", "src/a.py", "src/pkg/c.py",
    "src/pkg/d.pyi",
]  # fmt: skip
OTHER = ["README.md", "docs/notes.txt", "notes.txt"]
FOLDERS = ["pkg", "pkg/sub", "src", "src/pkg", "lib", "docs", "build"]
PROJECTS = [
    "[project]\nname = 'x'\n",
    "[tool.setuptools.packages.find]\nwhere = ['pkg']\n",
    "[tool.setuptools.package-dir]\n'' = 'pkg/sub'\n",
    "[tool.pytest.ini_options]\npythonpath = ['src/pkg', 'docs']\n",
    "[tool.broken\n",
]
IGNORES = ["*.pyi\n", "pkg/\n", "/a.py\n!b.py\n", "src/pkg/*\n!src/pkg/c.py\n", "[broken\n"]
MARKDOWN = ["# Title\n\nAlpha and beta.\n\n## Part\n\n```\n# no heading\n```\n", "Gamma\n=====\n\ntext\n"]
QUESTIONS = ("alpha beta", "gamma", "title text", "where is run called")
UNFINISHED = b"def unfinished(x, y=(\n"

_path = st.sampled_from(PYTHON + OTHER)
_python = st.sampled_from(PYTHON)
_folder = st.sampled_from(FOLDERS)
_text = st.sampled_from([*(t.encode() for t in (*TEXTS, *MARKDOWN)), *DATA])
# All of one size, so that only their times tell that a file changed.
_padded = _text.map(lambda data: data.rstrip(b"\n") + b"\n" + b"#" * (SIZE - 1 - len(data.rstrip(b"\n"))))
_tree = st.dictionaries(_path, st.one_of(_text, _padded), min_size=2, max_size=7)
_operation = st.one_of(
    st.tuples(st.just("write"), _python, _text),
    st.tuples(st.just("write"), _path, _text),
    st.tuples(st.just("write"), _python, _padded),
    st.tuples(st.just("write"), _python, _padded),
    st.tuples(st.just("sneak"), _path, _padded),
    st.tuples(st.just("delete"), _path),
    st.tuples(st.just("move"), _path, _path),
    st.tuples(st.just("swap"), _path, _path),
    st.tuples(st.just("move_folder"), _folder, _folder),
    st.tuples(st.just("delete_folder"), _folder),
    st.tuples(st.just("write"), st.just("pyproject.toml"), st.sampled_from([t.encode() for t in PROJECTS])),
    st.tuples(
        st.just("write"),
        st.sampled_from([".gitignore", "src/.gitignore"]),
        st.sampled_from([t.encode() for t in IGNORES]),
    ),
    st.tuples(st.just("delete"), st.sampled_from(["pyproject.toml", ".gitignore"])),
    st.tuples(st.just("break_off"), _path),
    st.tuples(st.just("mend"), _path),
    st.tuples(st.just("touch"), _path),
    st.tuples(st.just("branch"), _tree),
    st.tuples(st.just("back")),
    st.tuples(st.just("open"), st.sampled_from([*PYTHON, "README.md", "new.py"]), st.sampled_from(TEXTS)),
    st.tuples(st.just("type"), _path),
    st.tuples(st.just("save"), _path),
    st.tuples(st.just("close"), _path),
)
_how = st.sampled_from(["sync", "told", "told", "told of folders", "restart", "cancel"])
_rounds = st.lists(st.tuples(st.lists(_operation, min_size=1, max_size=5), _how), min_size=1, max_size=6)


class Workspace:
    """Files, open editors, and beside them an index that is kept up to date. A change that cannot be made does nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unsaved: dict[str, str] = {}
        self.other_branch: dict[str, bytes] = {}
        self.graph = CodeGraph.load_or_build(root)
        self.seen = self.files()

    def files(self) -> dict[str, tuple[bytes, int]]:
        """What a watcher of the file system knows."""
        found = [f for f in self.root.rglob("*") if f.is_file()]
        return {f.relative_to(self.root).as_posix(): (f.read_bytes(), f.stat().st_mtime_ns) for f in found}

    def write(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def move(self, source: str, target: str) -> None:
        if (self.root / source).is_file():
            (self.root / target).parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.root / source, self.root / target)

    def swap(self, first: str, second: str) -> None:
        if first != second and (self.root / first).is_file() and (self.root / second).is_file():
            os.replace(self.root / first, self.root / "swapped")
            os.replace(self.root / second, self.root / first)
            os.replace(self.root / "swapped", self.root / second)

    def move_folder(self, source: str, target: str) -> None:
        here, there = self.root / source, self.root / target
        if here.is_dir() and not there.exists() and not target.startswith(f"{source}/"):
            there.parent.mkdir(parents=True, exist_ok=True)
            os.replace(here, there)

    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    def break_off(self, path: str) -> None:
        if (self.root / path).is_file():
            self.write(path, (self.root / path).read_bytes() + UNFINISHED)

    def mend(self, path: str) -> None:
        if (self.root / path).is_file():
            self.write(path, (self.root / path).read_bytes().replace(UNFINISHED, b"").replace(b"(:", b"():"))

    def touch(self, path: str) -> None:
        if (self.root / path).is_file():
            os.utime(self.root / path)

    def sneak(self, path: str, data: bytes) -> None:
        """Other content of the same size, with the old modification time set again."""
        file = self.root / path
        if file.is_file() and file.stat().st_size == len(data):
            before = file.stat()
            file.write_bytes(data)
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def branch(self, tree: dict[str, bytes]) -> None:
        before = {path: data for path, (data, _) in self.files().items()}
        for child in self.root.iterdir():
            shutil.rmtree(child) if child.is_dir() else child.unlink()
        for path, data in tree.items():
            self.write(path, data)
        self.other_branch = before

    def back(self) -> None:
        self.branch(dict(self.other_branch))

    def open(self, path: str, text: str) -> None:
        self.unsaved[path] = text

    def type(self, path: str) -> None:
        if path in self.unsaved:
            self.unsaved[path] += "\ndef typed():\n    return alpha()\n"

    def save(self, path: str) -> None:
        if path in self.unsaved:
            self.write(path, self.unsaved.pop(path).encode())

    def close(self, path: str) -> None:
        self.unsaved.pop(path, None)

    # -- the index ---------------------------------------------------------------------------------------------------

    def update(self, how: str) -> None:
        before, self.seen = self.seen, self.files()
        if how in ("told", "told of folders"):
            changed = {path for path in before.keys() | self.seen.keys() if before.get(path) != self.seen.get(path)}
            if how == "told of folders":
                changed = {outermost_change(path, before, self.seen) for path in changed}
            sync(self.root, self.graph.store, SyncOptions(workers=1, only=tuple(sorted(changed))))
            return
        if how == "restart":
            self.graph.close()
            self.graph = CodeGraph.load_or_build(self.root)
            assert self.graph.report
            assert (self.graph.report.complete, self.graph.report.reason) == (True, "")
            return
        if how == "cancel":
            seen: list[object] = []
            stop = threading.Event()

            def progress(state: object) -> None:
                seen.append(state)
                if len(seen) == 2:
                    stop.set()

            try:
                sync(self.root, self.graph.store, SyncOptions(workers=1), progress, stop)
            except Cancelled:
                assert not self.graph.store.completeness()[0]
        sync(self.root, self.graph.store, SyncOptions(workers=1))

    def check(self) -> None:
        """The kept index against one from scratch: as it is stored, and under the open editors."""
        scratch = fresh_graph(self.root)
        assert stored(self.graph.store) == stored(scratch.store)
        kept = CodeGraph(self.root, self.graph.store, self.unsaved)
        fresh = CodeGraph(self.root, scratch.store, self.unsaved)
        same(linked(kept), linked(fresh))
        same(searched(kept, QUESTIONS), searched(fresh, QUESTIONS))
        check_users(kept)
        self.check_saved(kept)

    def check_saved(self, kept: CodeGraph) -> None:
        """Unsaved texts say what the same texts would say if they were saved."""
        if not self.unsaved or not all(is_whole(path, text) for path, text in self.unsaved.items()):
            return  # a broken text is completed from the last whole one, and saving would replace that
        copy = self.root.with_name(f"{self.root.name}-saved")
        shutil.copytree(self.root, copy)
        try:
            for path, text in self.unsaved.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_bytes(text.encode())
            saved = fresh_graph(copy)
            known = {row.path for row in saved.store.files()}
            if saved.store.roots() == kept.store.roots() and known >= set(self.unsaved):
                # Not so where a text is the first in a new source root, or belongs to no index.
                same(linked(kept), linked(saved), "facts", "symbols", "modules", "calls", "callers")
                same(searched(kept), searched(saved), "documents", "hits")
        finally:
            shutil.rmtree(copy)


def outermost_change(path: str, before: Iterable[str], now: Iterable[str]) -> str:
    """The outermost folder around a path that came or went as a whole; the path itself where none did."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end]) + "/"
        if any(p.startswith(folder) for p in before) != any(p.startswith(folder) for p in now):
            return folder.rstrip("/")
    return path


def same(now: dict[str, Any], wanted: dict[str, Any], *parts: str) -> None:
    for part in parts or wanted:
        assert now[part] == wanted[part], part


def is_whole(path: str, text: str) -> bool:
    try:
        ast.parse(text if is_python(path) else "")
    except SyntaxError:
        return False
    return True


def check_users(graph: CodeGraph) -> None:
    """Whoever names something is among those that are looked at when it is asked for."""
    for path, text in texts_of(graph).items():
        if is_python(path):
            for word in set(re.findall(r"[^\W\d]\w*", text)):
                assert path in graph.view.paths_using(word), (path, word)
            facts = graph.facts(path)
            assert facts
            for call in facts.calls:
                how = "decorated" if call.form == "decorator" else "called"
                assert path in graph.view.paths_using(call.name, how), (path, call)


def run(root: Path, rounds: list[tuple[list[tuple[Any, ...]], str]]) -> None:
    workspace = Workspace(root)
    try:
        for operations, how in rounds:
            for name, *arguments in operations:
                getattr(workspace, name)(*arguments)
            workspace.update(how)
            workspace.check()
    finally:
        workspace.graph.close()


@pytest.fixture
def _fine_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("adapter_core.graph.storage.rows._RACY_NS", RACY_NS)
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 3)


_settings = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.usefixtures("_fine_steps")
@settings(_settings, max_examples=60)
@given(_rounds)
def test_a_kept_graph_equals_one_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[tuple[Any, ...]], str]]
) -> None:
    run(tmp_path_factory.mktemp("repo").resolve(), rounds)


@pytest.mark.huge
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("_fine_steps")
@settings(_settings, max_examples=500)
@given(_rounds)
def test_a_kept_graph_equals_one_from_scratch_at_length(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[tuple[Any, ...]], str]]
) -> None:
    run(tmp_path_factory.mktemp("repo").resolve(), rounds)


# -- sequences that chance finds too seldom ------------------------------------------------------------------------------


def synced(root: Path, store: Store, **options: Any) -> SyncReport:
    return sync(root, store, SyncOptions(workers=1, **options))


@pytest.mark.usefixtures("_fine_steps")
@pytest.mark.parametrize("path", ["src/a.py", "src/deep/er/a.py"])
@pytest.mark.parametrize("how", ["told", "told of folders"])
def test_a_file_that_could_not_be_read_takes_its_source_root_along(repo: Path, path: str, how: str) -> None:
    run(repo.resolve(), [([("write", path, b"\x00\x01binary")], "sync"), ([("delete_folder", "src")], how)])


@pytest.mark.usefixtures("_fine_steps")
def test_the_last_files_of_a_source_root_may_go_together(repo: Path) -> None:
    written = [("write", "src/pkg/c.py", b""), ("write", "src/pkg/d.pyi", b"")]
    run(repo.resolve(), [(written, "sync"), ([("back",)], "told")])


@pytest.mark.usefixtures("_fine_steps")
def test_what_is_unchanged_is_not_read_and_what_hides_its_change_is(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapter_core.graph.indexing import batch

    root = repo.resolve()
    read: list[str] = []
    monkeypatch.setattr(batch, "read_source", lambda file, limit: read.append(file.name) or read_source(file, limit))
    file = root / "a.py"
    file.write_bytes(b"def aaa(): pass\n")
    (root / "b.py").write_bytes(b"def bbb(): pass\n")
    store = Store(None)
    synced(root, store)
    time.sleep(RACY_NS / 1e9 * 3)
    synced(root, store)  # read again, since the clock was too near; from now on they are known
    assert sorted(read) == ["a.py", "a.py", "b.py", "b.py"]
    synced(root, store)
    assert len(read) == 4
    times = file.stat()
    file.write_bytes(b"def ccc(): pass\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert synced(root, store).parsed == 1
    assert stored(store) == stored(fresh_graph(root).store)
    assert store.symbols_named("ccc")
    assert not store.symbols_named("aaa")


def test_folders_that_change_places(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked or generated in the same tick of the clock; a rename of the folder leaves the times of what is in it."""
    monkeypatch.setattr("adapter_core.graph.storage.rows._RACY_NS", 0)
    root = repo.resolve()
    for _ in range(200):
        for name in ("one", "two"):
            (root / name).mkdir(exist_ok=True)
            (root / name / "m.py").unlink(missing_ok=True)
        files = [os.open(root / name / "m.py", os.O_CREAT | os.O_WRONLY) for name in ("one", "two")]
        os.write(files[0], b"def first(): pass\n")
        os.write(files[1], b"def other(): pass\n")
        for file in files:
            os.close(file)
        one, two = (root / "one/m.py").stat(), (root / "two/m.py").stat()
        if (one.st_mtime_ns, one.st_ctime_ns) == (two.st_mtime_ns, two.st_ctime_ns):
            break
    else:
        pytest.skip("this system never gave two files the same time")
    time.sleep(0.1)
    store = Store(None)
    synced(root, store)
    os.rename(root / "one", root / "between")
    os.rename(root / "two", root / "one")
    os.rename(root / "between", root / "two")
    synced(root, store)
    assert stored(store)["names"] == stored(fresh_graph(root).store)["names"]


@pytest.mark.usefixtures("_fine_steps")
def test_source_roots_that_a_stopped_sync_left_behind(repo: Path) -> None:
    root = repo.resolve()
    write(root, "a.py", "x = 1\n")
    store = Store(None)
    time.sleep(RACY_NS / 1e9 * 3)
    synced(root, store)
    write(root, "src/pkg/m.py", "y = 1\n")
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        sync(root, store, SyncOptions(workers=1), None, stop)
    shutil.rmtree(root / "src")
    synced(root, store)
    assert store.roots() == fresh_graph(root).store.roots()


@pytest.mark.parametrize("path", ["src/m.py", "lib/m.py", "tools/src/m.py"])
def test_the_first_and_the_last_file_of_a_source_root(repo: Path, path: str) -> None:
    root = repo.resolve()
    write(root, "a.py", "import m\n")
    write(root, "tools/pyproject.toml", "[project]\nname = 'x'\n")
    store = Store(None)
    synced(root, store)
    write(root, path, "x = 1\n")
    synced(root, store, only=(path,))
    assert stored(store) == stored(fresh_graph(root).store)
    (root / path).unlink()
    synced(root, store, only=(path,))
    assert stored(store) == stored(fresh_graph(root).store)


def test_told_that_a_folder_went(repo: Path) -> None:
    """The server takes what has a dot in its name for a file (lsp_server/features/watched_files.py)."""
    root = repo.resolve()
    write(root, "old.d/m.py", "x = 1\n")
    write(root, "kept.py", "x = 1\n")
    store = Store(None)
    synced(root, store)
    shutil.rmtree(root / "old.d")
    synced(root, store, only=("old.d",))
    assert stored(store) == stored(fresh_graph(root).store)


def test_stopped_among_the_files_that_it_was_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a kill: the next who is told of other files would leave these as they were, in an index that says it is whole."""
    monkeypatch.setattr("adapter_core.graph.indexing.sync._BATCH_FILES", 1)
    root = repo.resolve()
    for name in ("a.py", "b.py"):
        write(root, name, "x = 1\n")
    store = Store(None)
    synced(root, store)
    for name in ("a.py", "b.py"):
        write(root, name, "def changed(): pass\n")
    stop = threading.Event()
    with pytest.raises(Cancelled):
        sync(root, store, SyncOptions(workers=1, only=("a.py", "b.py")), lambda _: stop.set(), stop)
    assert not store.completeness()[0]
    synced(root, store, only=("c.py",))
    assert stored(store) == stored(fresh_graph(root).store)


def test_an_unsaved_new_file_is_imported_and_goes_again(repo: Path) -> None:
    graph = graph_of(repo, "#- use.py\nimport fresh\nfrom pkg.new import Thing\n\nfresh.start()\nThing().run()\n")
    facts = graph.facts("use.py")
    assert facts

    def targets() -> list[list[str]]:
        return [sorted(t.full_name for t in graph.site(facts, call).targets) for call in facts.calls]

    with graph:
        assert targets() == [[], [], []]
        graph.update("fresh.py", "def start(): pass\n")
        graph.update("pkg/new.py", "class Thing:\n    def run(self): pass\n")
        assert targets() == [["fresh.start"], ["pkg.new.Thing"], ["pkg.new.Thing.run"]]
        graph.update("fresh.py", "def stop(): pass\n")
        assert targets() == [[], ["pkg.new.Thing"], ["pkg.new.Thing.run"]]
        graph.update("fresh.py", None)
        graph.update("pkg/new.py", None)
        assert targets() == [[], [], []]


def test_a_name_in_another_spelling_is_a_use_of_it(repo: Path) -> None:
    with graph_of(repo, "#- a.py\ndef file(): pass\n#- b.py\nfrom a import ﬁle\nuse = ﬁle\n") as graph:
        facts = graph.facts("b.py")
        assert facts
        assert facts.imports[0].name == "file"
        assert graph.view.paths_using("file") == ["a.py", "b.py"]
        assert [r.path for r in graph.find_symbol("ﬁle")] == ["a.py"]
