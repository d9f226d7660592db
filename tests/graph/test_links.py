"""Who calls something, looked up in links that were worked out before: the same as inference says, after whatever edits."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.graph.calls import linkstore
from adapter_core.graph.calls.linkpass import LinkReport
from adapter_core.graph.calls.links import Links
from adapter_core.graph.calls.linkstore import LINK_KINDS, SUFFIX, FileRows, LinkStore
from adapter_core.graph.linking.implicit import implicit_callers
from adapter_core.graph.processes import indexer_worker
from adapter_core.graph.processes.indexer import Indexer
from adapter_core.types import CallSite, SymbolRef
from tests.graph.test_call_cases import read_cases
from tests.support import write

CASES = Path(__file__).parent
PROGRAMS = [
    case
    for name in (
        "call_cases/inheritance.txt",
        "call_cases/imports.txt",
        "call_cases/closures.txt",
        "call_cases/dicts.txt",
        "call_cases_implicit/implicit.txt",
        "call_cases_wider/classes.txt",
    )
    for case in read_cases((CASES / name).read_text("utf-8"))
]


Callers = dict[str, tuple[set[CallSite], bool]]


def called(graph: CodeGraph) -> list[SymbolRef]:
    refs = [ref for path in graph.view.python_paths() for ref in graph.defs_in(path)]
    return [ref for ref in refs if ref.symbol.is_callable or ref.symbol.kind == "class"]


def callers(graph: CodeGraph) -> Callers:
    """What `who_calls` says of everything that can be called."""
    found = {}
    for ref in called(graph):
        listing = graph.who_calls(ref)
        found[f"{ref.path}:{ref.symbol.qualname}:{ref.symbol.start}"] = set(listing.items), listing.complete
    return found


def without_links(graph: CodeGraph) -> Callers:
    graph.update("nothing.txt", None)  # looks anew
    graph.calls._links = None
    return callers(graph)


def check(graph: CodeGraph) -> None:
    """All that is found backwards from a definition is found, and nothing that is not found forwards from the call."""
    linked, inferred = callers(graph), without_links(graph)
    assert linked.keys() == inferred.keys()
    paths = graph.view.python_paths()
    sites = [graph.site(facts, call) for path in paths if (facts := graph.facts(path)) for call in facts.calls]
    sites += [site for path in paths for site in graph.implicit_calls(path).items]
    forwards = {(site, target) for site in sites for target in (*site.targets, *site.enters)}
    for ref in called(graph):
        name = f"{ref.path}:{ref.symbol.qualname}:{ref.symbol.start}"
        (found, complete), (expected, whole) = linked[name], inferred[name]
        assert expected <= found
        assert all((site, ref) in forwards for site in found - expected)
        assert complete == whole


def links_of(graph: CodeGraph) -> dict[str, object]:
    links = Links.of(graph.view)
    assert links is not None
    store = links._store
    found = {path: (store.calls(path), store.implicit_calls(path)) for path in graph.view.python_paths()}
    links.close()
    return found


def delete_links(graph: CodeGraph) -> None:
    assert graph.store.path is not None
    graph.calls.close()
    graph.store.path.with_name(graph.store.path.name + SUFFIX).unlink()


def is_linked(graph: CodeGraph) -> bool:
    return graph.calls._links is not None and not any(graph.calls._links.unlinked.values())


@pytest.mark.parametrize("number", range(0, len(PROGRAMS), 3))
def test_links_say_what_inference_says(number: int, tmp_path: Path) -> None:
    case = PROGRAMS[number]
    for path, text in case.files.items():
        write(tmp_path, path, text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.link().complete
        assert is_linked(graph)
        check(graph)


FILES = {
    "lib.py": [
        "def work(handler):\n    return handler()\n",
        "def work(handler):\n    return None\n",
        "from base import Base\n\n\ndef work(handler):\n    return Base().run()\n",
    ],
    "base.py": [
        "class Base:\n    def run(self):\n        return self.step()\n\n    def step(self):\n        return 1\n",
        "class Base:\n    def run(self):\n        return 2\n\n    def step(self):\n        return self.run()\n",
        "class Base:\n    def go(self):\n        return 2\n",
    ],
    "use.py": [
        "from lib import work\nfrom base import Base\n\n\ndef mine():\n    return 3\n\n\nwork(mine)\nBase().run()\n",
        "from lib import work as job\n\n\ndef mine():\n    return 3\n\n\njob(mine)\n",
        "import base\n\n\nclass Child(base.Base):\n    def step(self):\n        return 4\n\n\nChild().run()\n",
        "def work(handler):\n    handler.run()\n",
    ],
    "more/__init__.py": ["", "from lib import work\n", "from base import *\n"],
    "more/part.py": [
        "from more import work\n\n\ndef other():\n    return 5\n\n\nwork(other)\n",
        "from . import Base\n\n\nthing = Base()\nthing.step()\n",
        "def mine():\n    return lambda: thing.step()\n",
    ],
}
_edit = st.sampled_from(sorted(FILES)).flatmap(
    lambda path: st.tuples(st.just(path), st.sampled_from([None, *range(len(FILES[path]))]))
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(_edit, st.sampled_from(["link", "sync", "open"])), min_size=1, max_size=6))
def test_links_after_edits_are_those_of_the_files(edits: list, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("links")
    for path, texts in FILES.items():
        write(folder, path, texts[0])
    with CodeGraph.load_or_build(folder) as graph:
        graph.link()
    opened: dict[str, str] = {}
    for (path, number), how in edits:
        if how == "open":
            opened[path] = FILES[path][number or 0]
            continue
        if number is None:
            (folder / path).unlink(missing_ok=True)
        else:
            write(folder, path, FILES[path][number])
        with CodeGraph.load_or_build(folder) as graph:
            if how == "link":
                assert graph.link().complete
    with CodeGraph.load_or_build(folder) as graph:
        for path, text in opened.items():
            graph.update(path, text)
        check(graph)
        graph.link()
        after_edits = links_of(graph)
        delete_links(graph)
        graph.link()
        assert after_edits == links_of(graph)
        for path, text in opened.items():
            graph.update(path, text)
        assert graph.calls._links is not None
        check(graph)


def test_only_what_rests_on_an_edit_is_linked_anew(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    write(tmp_path, "apart.py", "def lonely():\n    return 1\n\n\nlonely()\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.link().linked == len(FILES) + 1
        assert graph.link().linked == 0
    write(tmp_path, "apart.py", "def lonely():\n    return 2\n\n\nlonely()\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.link().linked == 1
    write(tmp_path, "base.py", FILES["base.py"][1])
    with CodeGraph.load_or_build(tmp_path) as graph:
        report = graph.link()
        assert report.complete
        assert 1 < report.linked < len(FILES) + 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(_edit, min_size=1, max_size=3), told=st.booleans())
def test_what_changed_on_disk_voids_what_rests_on_it(
    edits: list, told: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Before it is indexed again: where it is told which files changed, links say what inference says."""
    folder = tmp_path_factory.mktemp("links")
    for path, texts in FILES.items():
        write(folder, path, texts[0])
    with CodeGraph.load_or_build(folder) as graph:
        graph.link()
        for path, number in edits:
            if number is None:
                (folder / path).unlink(missing_ok=True)
            else:
                write(folder, path, FILES[path][number])
        graph.update("nothing.txt", None)
        assert graph.calls._links is not None
        graph.may_have_changed([path for path, _ in edits] if told else FILES)
        check(graph)


def test_an_edit_on_disk_of_what_is_asked_for_voids_what_rests_on_it(tmp_path: Path) -> None:
    write(tmp_path, "base.py", "class Base:\n    def run(self):\n        return self.step()\n")
    write(
        tmp_path, "child.py", "from base import Base\n\n\nclass Child(Base):\n    def step(self):\n        return 1\n"
    )
    write(tmp_path, "use.py", "from child import Child\n\nChild().run()\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        assert [s.span.path for s in graph.who_calls("base.Base.run").items] == ["use.py"]
        write(tmp_path, "child.py", "class Child:\n    def run(self):\n        return 1\n")
        graph.update("nothing.txt", None)
        graph.may_have_changed(["child.py"])
        assert [s for s in graph.who_calls("base.Base.run").items if s.resolved] == []


def test_stopped_and_gone_on_with(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    stop = threading.Event()
    stop.set()
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert not graph.link(cancel=stop).complete
        check(graph)
        assert graph.link().complete
        check(graph)


RUN = {
    "lock.py": "class Lock:\n    def __enter__(self):\n        return self\n\n    def __exit__(self, *exc):\n        return None\n",
    "door.py": "class Door:\n    @property\n    def width(self):\n        return 1\n\n    def __add__(self, other):\n        return self\n",
    "keys.py": "def size(door):\n    return 1\n",
    "use.py": "from door import Door\nfrom keys import size\nfrom lock import Lock\n\n\ndef work():\n    door = Door()\n"
    "    with Lock():\n        return sorted([door + door], key=size), door.width, door.height\n",
}


def runs(graph: CodeGraph) -> dict[str, list[tuple[int, str]]]:
    """What runs each function of the programs without a call, by line and how."""
    found = {}
    for ref in called(graph):
        sites = [(s.span.start, s.implicit) for s in graph.who_calls(ref).items if s.implicit]
        if sites:
            found[ref.full_name] = sites
    return found


def test_what_runs_without_a_call_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in RUN.items():
        write(tmp_path, path, text)
    expected = {
        "lock.Lock.__enter__": [(8, "with")],
        "lock.Lock.__exit__": [(8, "with")],
        "door.Door.width": [(9, "get")],
        "door.Door.__add__": [(9, "operator")],
        "keys.size": [(9, "callback")],
    }
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert runs(graph) == expected
        assert graph.link() == LinkReport(4, 0, True, 4)
        searched = []
        monkeypatch.setattr(implicit_callers, "implicit_callers_of", lambda *asked: searched.append(asked) or ([], ""))
        monkeypatch.setattr(implicit_callers, "implicit_callers_in", lambda *asked: searched.append(asked) or ([], ""))
        assert runs(graph) == expected
        assert not searched


def test_a_new_property_voids_what_reads_its_name(tmp_path: Path) -> None:
    for path, text in RUN.items():
        write(tmp_path, path, text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        write(tmp_path, "lock.py", "class Lock:\n    @property\n    def height(self):\n        return 2\n")
        write(tmp_path, "use.py", RUN["use.py"].replace("door = Door()", "door = Lock()"))
        graph.refresh(["lock.py", "use.py"])
        assert runs(graph) == {"lock.Lock.height": [(9, "get")], "keys.size": [(9, "callback")]}
        graph.link()
        assert is_linked(graph)
        assert runs(graph) == {"lock.Lock.height": [(9, "get")], "keys.size": [(9, "callback")]}
        # Another file makes a property of a name that this one reads, and that was none: it is read of the same class.
        write(
            tmp_path,
            "door.py",
            "class Door:\n    height = property(lambda self: 1)\n\n    @property\n    def width(self):\n        return 1\n",
        )
        write(tmp_path, "lock.py", "from door import Door\n\n\nclass Lock(Door):\n    pass\n")
        graph.refresh(["lock.py", "door.py"])
        graph.link()
        assert is_linked(graph)
        assert runs(graph) == {"door.Door.width": [(9, "get")], "keys.size": [(9, "callback")]}


def test_what_does_not_parse_is_looked_at_when_it_is_asked_for(tmp_path: Path) -> None:
    for path, text in RUN.items():
        write(tmp_path, path, text)
    # What is too long to be mended is not looked into.
    write(tmp_path, "broken.py", "from lock import Lock\n\n# " + "-" * 400_000 + "\nwith Lock(:\n    pass\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        (enter,) = graph.find_symbol("Lock.__enter__")
        before = graph.who_calls(enter)
        assert not before.complete
        graph.link()
        assert graph.calls._links is not None
        assert graph.calls._links.unlinked["run"] == {"broken.py"}
        assert graph.who_calls(enter) == before


def test_damaged_links_are_as_good_as_none(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        assert graph.store.path is not None
        file = graph.store.path.with_name(graph.store.path.name + SUFFIX)
        expected = callers(graph)
        graph.calls.close()
        with sqlite3.connect(file) as db:
            db.execute("UPDATE data_call SET data = '{'")
            db.execute("UPDATE data_run SET data = '{'")
        db.close()
        graph.update("nothing.txt", None)
        assert callers(graph) == expected
        graph.calls.close()
        file.write_bytes(b"this is no database" * 100)
        graph.update("nothing.txt", None)
        assert callers(graph) == expected
        assert graph.link().complete
        assert is_linked(graph)


def test_links_are_not_whole_where_another_linker_has_taken_rows_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    write_rows = LinkStore.write

    def then_another_begins(store: LinkStore, index: str, way: str, rows: Sequence[FileRows]) -> bool:
        written = write_rows(store, index, way, rows)
        if way == LINK_KINDS[-1]:
            store.begin("another:1", {}, (), {way: ["base.py"] for way in LINK_KINDS})
        return written

    with CodeGraph.load_or_build(tmp_path) as graph:
        with monkeypatch.context() as patch:
            patch.setattr(LinkStore, "write", then_another_begins)
            assert not graph.link().complete
        assert not is_linked(graph)
        check(graph)
        assert graph.link().complete
        assert is_linked(graph)
        check(graph)


def test_links_that_another_process_writes_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    monkeypatch.setattr(linkstore, "_WRITE_SECONDS", 0.05)
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        graph.calls.close()
        assert graph.store.path is not None
        file = graph.store.path.with_name(graph.store.path.name + SUFFIX)
        before = file.stat()
        with contextlib.closing(sqlite3.connect(file)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            assert graph.link() == LinkReport(0, 0, False)
            assert os.path.samestat(file.stat(), before)
        assert graph.link().complete


def test_damaged_links_that_cannot_be_deleted_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])

    def in_use(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "in use", str(path))

    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.store.path is not None
        graph.store.path.with_name(graph.store.path.name + SUFFIX).write_bytes(b"this is no database" * 100)
        monkeypatch.setattr(Path, "unlink", in_use)
        assert graph.link() == LinkReport(0, 0, False)


def test_links_of_an_older_state_hold_but_for_what_rests_on_what_is_new(tmp_path: Path) -> None:
    write(tmp_path, "lib.py", FILES["lib.py"][0])
    write(tmp_path, "use.py", FILES["use.py"][0])
    write(tmp_path, "apart.py", "def lonely():\n    return 1\n\n\nlonely()\n")
    write(tmp_path, "gone.py", "from apart import lonely\n\nlonely()\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        assert len(graph.who_calls("apart.lonely").items) == 2
    write(tmp_path, "use.py", FILES["use.py"][1])
    (tmp_path / "gone.py").unlink()
    write(tmp_path, "README.md", "Lonely.\n")
    write(tmp_path, "new.py", "from apart import lonely\n\nlonely()\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.calls._links is not None
        unlinked = graph.calls._links.unlinked["call"]
        assert {"use.py", "new.py"} <= unlinked
        assert "apart.py" not in unlinked
        (site,) = [s for s in graph.who_calls("lib.work").items if s.resolved]
        assert (site.span.path, site.callee) == ("use.py", "job")
        assert {s.span.path for s in graph.who_calls("apart.lonely").items} == {"apart.py", "new.py"}
        check(graph)


def test_the_indexer_links_when_there_is_nothing_else_to_do(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    synced = threading.Event()
    indexer = Indexer(tmp_path.resolve(), lambda event: synced.set() if event["event"] == "synced" else None)
    try:
        indexer.sync()
        assert synced.wait(60)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with CodeGraph.load_or_build(tmp_path) as graph:
                links = graph.calls._links
                if links is not None and not any(links.unlinked.values()):
                    check(graph)
                    return
            time.sleep(0.2)
        pytest.fail("it has not linked")
    finally:
        indexer.close()


def test_reading_a_file_again_leaves_the_links(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        state = graph.store.state()
    later = time.time() + 5
    os.utime(tmp_path / "lib.py", (later, later))
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.store.file("lib.py").mtime_ns == pytest.approx(later * 1e9, abs=1e6)  # type: ignore[union-attr]
        assert graph.store.state() == state
        assert is_linked(graph)


class Requests:
    """A parent that asks for one sync and then, as many times as it is asked, for nothing."""

    waiting = False

    def __init__(self, root: Path, silences: int) -> None:
        self.left: list[dict[str, str] | None] = [{"sync": str(root)}] + [None] * silences

    def receive(self, timeout: float | None = None) -> dict[str, str] | None:
        return self.left.pop(0)

    def send(self, message: object) -> None:
        pass


@pytest.mark.parametrize(
    ("reports", "tries"),
    [
        ([LinkReport(0, 0, False), LinkReport(3, 0, False), LinkReport(2, 1, True)], 3),  # another process changed it
        ([LinkReport(0, 0, False)] * 20, 6),
    ],
)
def test_the_indexer_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: list[LinkReport], tries: int
) -> None:
    write(tmp_path, "lib.py", FILES["lib.py"][0])
    asked: list[Path] = []

    def link(root: Path, *_: object) -> LinkReport:
        asked.append(root)
        return reports[len(asked) - 1]

    pipe = Requests(tmp_path.resolve(), tries + 1)
    monkeypatch.setattr(indexer_worker, "ParentPipe", lambda: pipe)
    monkeypatch.setattr(indexer_worker, "link_workspace", link)
    assert indexer_worker.main() == 0  # after the first silence with nothing to do
    assert asked == [tmp_path.resolve()] * tries
    assert not pipe.left


@pytest.mark.parametrize(
    ("requests", "links"),
    [
        ([{"link": False}, "sync", None], 0),
        (["sync", {"link": False}, None], 0),
        ([{"link": False}, "sync", {"link": True}, None, None], 1),
        ([{"link": True}, None], 0),  # nothing was synced
    ],
)
def test_linking_can_be_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: list[object], links: int
) -> None:
    write(tmp_path, "lib.py", FILES["lib.py"][0])
    asked: list[Path] = []
    pipe = Requests(tmp_path.resolve(), 0)
    pipe.left = [{"sync": str(tmp_path.resolve())} if one == "sync" else one for one in requests]
    monkeypatch.setattr(indexer_worker, "ParentPipe", lambda: pipe)
    monkeypatch.setattr(indexer_worker, "link_workspace", lambda root, *_: asked.append(root) or LinkReport(1, 0, True))
    assert indexer_worker.main() == 0
    assert asked == [tmp_path.resolve()] * links
    assert not pipe.left


def test_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # which the command leaves
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    assert main(["index", "--repo", str(tmp_path), "--links"]) == 0
    assert capsys.readouterr().out.endswith(f"the calls of {len(FILES)} files linked\n")
    assert main(["index", "--repo", str(tmp_path), "--links", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["links"] == {"linked": 0, "void": 0, "complete": True, "run": 0}
