"""Who calls something, looked up in links that were worked out before: the same as inference says, after whatever edits."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from adapter_core.graph import indexer_worker
from adapter_core.graph.indexer import Indexer
from adapter_core.graph.linkpass import LinkReport
from adapter_core.graph.links import Links
from adapter_core.graph.linkstore import SUFFIX
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
    forwards = {
        (site, target)
        for path in graph.view.python_paths()
        if (facts := graph.facts(path))
        for site in (graph.site(facts, call) for call in facts.calls)
        for target in (*site.targets, *site.enters)
    }
    for ref in called(graph):
        name = f"{ref.path}:{ref.symbol.qualname}:{ref.symbol.start}"
        (found, complete), (expected, whole) = linked[name], inferred[name]
        assert expected <= found
        assert all((site, ref) in forwards for site in found - expected)
        assert complete == whole


def links_of(graph: CodeGraph) -> dict[str, object]:
    links = Links.of(graph.view)
    assert links is not None
    found = {path: links._store.links(path) for path in graph.view.python_paths()}
    links.close()
    return found


def delete_links(graph: CodeGraph) -> None:
    assert graph.store.path is not None
    graph.calls.close()
    graph.store.path.with_name(graph.store.path.name + SUFFIX).unlink()


def is_linked(graph: CodeGraph) -> bool:
    return graph.calls._links is not None and not graph.calls._links.unlinked


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
            db.execute("UPDATE calls SET data = '{'")
        db.close()
        graph.update("nothing.txt", None)
        assert callers(graph) == expected
        graph.calls.close()
        file.write_bytes(b"this is no database" * 100)
        graph.update("nothing.txt", None)
        assert callers(graph) == expected
        assert graph.link().complete
        assert is_linked(graph)


def test_links_of_an_older_state_are_not_asked(tmp_path: Path) -> None:
    write(tmp_path, "lib.py", FILES["lib.py"][0])
    write(tmp_path, "use.py", FILES["use.py"][0])
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
    write(tmp_path, "use.py", FILES["use.py"][1])
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.calls._links is None
        (site,) = [s for s in graph.who_calls("lib.work").items if s.resolved]
        assert (site.span.path, site.callee) == ("use.py", "job")


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
                if links is not None and not links.unlinked:
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


def test_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # which the command leaves
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    assert main(["index", "--repo", str(tmp_path), "--links"]) == 0
    assert capsys.readouterr().out.endswith(f"the calls of {len(FILES)} files linked\n")
    assert main(["index", "--repo", str(tmp_path), "--links", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["links"] == {"linked": 0, "void": 0, "complete": True}
