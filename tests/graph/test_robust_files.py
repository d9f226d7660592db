"""Files as they are found: odd encodings, odd syntax, odd sizes, odd things in folders, and files that change while they are read.

What the index then says is right: spans slice the definitions, calls stand on their lines, and what is left out is named.
"""

from __future__ import annotations

import codecs
import itertools
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.selection import search
from adapter_core.graph.discovery import discover as discovering
from adapter_core.graph.discovery.discover import DiscoverOptions, Discovery, discover, discover_some
from adapter_core.graph.indexing import batch
from adapter_core.graph.indexing import sync as syncing
from adapter_core.graph.indexing.sync import SyncOptions, sync
from adapter_core.graph.source import decode, read_bytes, split_lines
from adapter_core.graph.storage.store import Store
from adapter_core.types import ModuleFacts
from tests.graph.index_state import fresh_graph, linked, searched, stored
from tests.support import write

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file systems")
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_rules_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def only(repo: Path, content: str | bytes, name: str = "m.py") -> ModuleFacts:
    """The facts of a workspace's one file, by way of the stored index."""
    write(repo, name, content)
    with CodeGraph.load_or_build(repo) as graph:
        facts = graph.facts(name)
        assert facts
        assert graph.view.is_stored(name)
        check_places(graph, name)
        return facts


def check_places(graph: CodeGraph, path: str) -> None:
    """Every symbol and call stands in the text where it is said to stand."""
    facts, document = graph.facts(path), graph.document(path)
    assert facts
    assert document
    text, lines = graph.view.text(path), document.lines
    starts = [0, *itertools.accumulate(len(line) + 1 for line in lines)]
    assert facts.line_count == len(lines)
    for symbol in facts.symbols[1:]:
        assert 1 <= symbol.start <= symbol.name_line <= symbol.end <= len(lines)
        assert lines[symbol.name_line - 1][symbol.name_column :].startswith(symbol.name)
    for call in facts.calls:
        assert starts[call.line - 1] <= call.start < starts[call.line]
        assert 0 <= call.start < call.end <= len(text)
        written = text[call.start : call.end]
        assert call.form == "decorator" or written.endswith(")")
        assert written.startswith(call.callee.partition(".")[0].partition("(")[0].partition("[")[0])


def spans(facts: ModuleFacts) -> list[tuple[str, int, int]]:
    return [(s.qualname, s.start, s.end) for s in facts.symbols[1:]]


def calls(facts: ModuleFacts) -> list[tuple[str, int]]:
    return [(c.callee, c.line) for c in facts.calls]


# -- text ----------------------------------------------------------------------------------------------------------------

PLAIN = "x = 1\ndef first():\n    return later(x)\n\n\nclass Box:\n    def get(self):\n        return self.x\n"
PLAIN_SPANS = [("x", 1, 1), ("first", 2, 3), ("Box", 6, 8), ("Box.get", 7, 8)]
UMLAUT = "# coding: {}\nname = 'größe'\ndef größe():\n    return later('größe', größe())\n"
UMLAUT_SPANS = [("name", 2, 2), ("größe", 3, 4)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLAIN.encode(), PLAIN_SPANS),
        (PLAIN.replace("\n", "\r\n").encode(), PLAIN_SPANS),
        (PLAIN.replace("\n", "\r").encode(), PLAIN_SPANS),
        (PLAIN.replace("\n", "\r\n", 3).encode(), PLAIN_SPANS),
        (PLAIN.rstrip("\n").encode(), PLAIN_SPANS),
        (PLAIN.replace("    ", "\t").encode(), PLAIN_SPANS),
        (PLAIN.replace("\n\n\n", "\n\x0c\n\x0c\n").replace("class", "\x0cclass").encode(), PLAIN_SPANS),
        (PLAIN.replace("x = 1", "x = '\u2028\x0b\x85\x1c'").encode(), PLAIN_SPANS),
        (PLAIN.replace("x = 1", "x = '🙂👩‍👩‍👧'; '🙂'").encode(), PLAIN_SPANS),
        (codecs.BOM_UTF8 + PLAIN.encode(), PLAIN_SPANS),
        (codecs.BOM_UTF8 + UMLAUT.format("utf-8").encode(), UMLAUT_SPANS),
        (codecs.BOM_UTF16_LE + UMLAUT.format("none").encode("utf-16-le"), UMLAUT_SPANS),
        (codecs.BOM_UTF16_BE + UMLAUT.format("none").replace("\n", "\r\n").encode("utf-16-be"), UMLAUT_SPANS),
        (UMLAUT.format("latin-1").encode("latin-1"), UMLAUT_SPANS),
        (UMLAUT.format("cp1252").encode("cp1252"), UMLAUT_SPANS),
        (UMLAUT.format("utf8").encode(), UMLAUT_SPANS),
    ],
    ids="lf crlf cr mixed no-end tabs form-feeds separators emoji bom bom+cookie utf-16le utf-16be latin-1 cp1252 utf-8".split(),
)
def test_whatever_the_line_ends_and_encoding(repo: Path, content: bytes, expected: list[tuple[str, int, int]]) -> None:
    facts = only(repo, content)
    assert spans(facts) == expected
    assert not facts.problems
    assert ("later", 3 if expected is PLAIN_SPANS else 4) in calls(facts)
    with CodeGraph.load_or_build(repo) as graph:
        row = graph.view.row("m.py")
        assert row
        assert row.problem == ""


def test_calls_behind_wide_characters(repo: Path) -> None:
    text = "a = '🙂'; f('é', g(1)); ü.ß('🙂').h()\n@dec('🙂')\ndef größe(x=k('é')): return lambda: n('🙂')\n"
    facts = only(repo, text)
    assert [text[c.start : c.end] for c in facts.calls] == [
        "f('é', g(1))", "g(1)", "ü.ß('🙂')", "ü.ß('🙂').h()", "dec('🙂')", "k('é')", "dec('🙂')", "n('🙂')",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cookie", "problem"),
    [
        ("klingon", "coding cookie"),
        ("rot13", "coding cookie"),
        ("zlib", "coding cookie"),
        ("hex", "coding cookie"),
        ("cp037", "coding cookie"),
        ("utf-16", "coding cookie"),
        ("undefined", "not valid undefined"),
        ("punycode", "coding cookie"),
        ("ascii", "not valid ascii; read as utf-8"),
        ("utf-32", "not valid utf-32; read as utf-8"),
    ],
)
def test_a_wrong_cookie_costs_nothing_but_a_remark(repo: Path, cookie: str, problem: str) -> None:
    """What Python would refuse is read as UTF-8, since it is."""
    facts = only(repo, UMLAUT.format(cookie))
    assert spans(facts) == UMLAUT_SPANS
    with CodeGraph.load_or_build(repo) as graph:
        row = graph.view.row("m.py")
        assert row
        assert problem in row.problem


def test_bytes_that_are_no_utf8_are_read_as_latin1(repo: Path) -> None:
    facts = only(repo, UMLAUT.format("utf-8").encode("latin-1"))
    assert spans(facts) == UMLAUT_SPANS
    with CodeGraph.load_or_build(repo) as graph:
        row = graph.view.row("m.py")
        assert row
        assert "latin-1" in row.problem


def test_cookies_are_for_python_alone(repo: Path) -> None:
    write(repo, "README.md", "# Coding: latin-1\n\nGröße\n")
    with CodeGraph.load_or_build(repo) as graph:
        document = graph.document("README.md")
        assert document
        assert document.lines[2] == "Größe"


@pytest.mark.parametrize("data", [b"\0", b"x = 1\n\0", codecs.BOM_UTF32_LE[:1] + b"\0\0", b"\x7fELF\0"])
def test_binary_files_are_named_and_left_out(repo: Path, data: bytes) -> None:
    write(repo, "m.py", data)
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert [(p.path, p.reason) for p in graph.report.skipped] == [("m.py", "binary data")]
        assert graph.report.files == 0
        assert graph.document("m.py") is None


def test_a_nul_far_into_a_file(repo: Path) -> None:
    facts = only(repo, "def before(): pass\n" + "#" * 9000 + "\nx = '\0'\ndef after(): return before()\n")
    assert {("before", 1, 1), ("after", 4, 4)} <= set(spans(facts))
    assert facts.problems


def test_escapes_that_no_text_file_can_hold(repo: Path) -> None:
    facts = only(
        repo, "'''Half a pair: \\ud800 alpha.'''\n__all__ = ['\\udfff']\ndef f(x='\\ud800'):\n    '\\0 \\ud800 beta'\n"
    )
    assert facts.symbols[0].docstring == "Half a pair: \ud800 alpha."
    assert facts.exports == ("\udfff",)
    with CodeGraph.load_or_build(repo) as graph:
        assert [e.span.path for e in search(graph, "alpha beta").evidence]


@pytest.mark.parametrize(
    ("content", "docstring", "lines"),
    [
        ("", "", 0),
        ("\n", "", 1),
        ("\n\n\n", "", 3),
        ("# one\n# two", "", 2),
        ("   \n\t\n", "", 2),
        ("'''Says alpha.'''", "Says alpha.", 1),
        ("#!/usr/bin/env python\n'''Says\n  alpha.'''\n", "Says\nalpha.", 3),
    ],
)
def test_files_without_definitions(repo: Path, content: str, docstring: str, lines: int) -> None:
    facts = only(repo, content)
    assert (facts.symbols[0].docstring, facts.line_count, facts.problems) == (docstring, lines, ())
    assert [(s.kind, s.start, s.end) for s in facts.symbols] == [("module", 1, max(1, lines))]
    with CodeGraph.load_or_build(repo) as graph:
        ref = graph.symbol_at("m.py", 1, 0)
        assert ref
        assert ref.full_name == "m"
        found = [e.span.path for e in search(graph, "alpha").evidence]
        assert found == (["m.py"] if docstring else [])


# -- syntax --------------------------------------------------------------------------------------------------------------


def test_three_thousand_parentheses(repo: Path) -> None:
    facts = only(repo, f"def a():\n    return {'(' * 3000}1{')' * 3000}\n\ndef b(): return a()\n")
    assert spans(facts) == [("a", 1, 2), ("b", 4, 4)]
    assert facts.problems


def test_a_chain_of_ten_thousand_elifs(repo: Path) -> None:
    body = "".join(f"    elif x == {i}:\n        f{i}()\n" for i in range(1, 10_000))
    facts = only(repo, f"def a(x):\n    if x == 0:\n        f0()\n{body}\ndef b(): return a()\n")
    assert spans(facts) == [("a", 1, 20_001), ("b", 20_003, 20_003)]
    assert calls(facts) == [*((f"f{i}", 2 * i + 3) for i in range(10_000)), ("a", 20_003)]


def test_a_dict_of_ten_thousand(repo: Path) -> None:
    body = "".join(f"    'k{i}': make({i}),\n" for i in range(10_000))
    facts = only(repo, f"TABLE = {{\n{body}}}\ndef after(): pass\n")
    assert spans(facts) == [("TABLE", 1, 10_002), ("after", 10_003, 10_003)]
    assert calls(facts) == [("make", i + 2) for i in range(10_000)]


@pytest.mark.parametrize(("depth", "whole"), [(90, True), (150, False)])
def test_functions_in_functions(repo: Path, depth: int, whole: bool) -> None:
    """Python allows a hundred levels; beyond that the file is broken, and the definitions are known all the same."""
    text = "".join(" " * i + f"def f{i}():\n" for i in range(depth)) + " " * depth + "return g()\ndef after(): pass\n"
    facts = only(repo, text)
    assert bool(facts.problems) != whole
    found = {s.name: s for s in facts.symbols}
    for i in range(depth):
        assert (found[f"f{i}"].start, found[f"f{i}"].end) == (i + 1, depth + 1)
        assert facts.symbols[found[f"f{i}"].parent].name == (f"f{i - 1}" if i else "m")
    assert (found["after"].start, facts.symbols[found["after"].parent].kind) == (depth + 2, "module")
    if whole:
        assert [(c.callee, c.line, facts.symbols[c.owner].name) for c in facts.calls] == [
            ("g", depth + 1, f"f{depth - 1}")
        ]


def test_a_line_of_a_megabyte(repo: Path) -> None:
    count = 150_000
    facts = only(repo, f"x = [{'f(1), ' * count}]\n\ndef after(): pass\n")
    assert spans(facts) == [("x", 1, 1), ("after", 3, 3)]
    assert len(facts.calls) == count
    assert (facts.calls[-1].start, facts.calls[-1].line) == (len("x = [") + 6 * (count - 1), 1)


def test_a_long_line_that_is_not_ascii() -> None:
    """A third of a megabyte in one line, below every limit: one umlaut in it makes the work no other than a plain letter does, and does not
    multiply it by the length of the line. In processor time, since other processes may take the rest."""
    code = (
        "import time\n"
        "from adapter_core.graph.parsing.parse import parse_python\n"
        "def spent(letter):\n"
        "    begun = time.process_time()\n"
        "    facts = parse_python('m.py', f'x = [\"{letter}\", ' + 'f(1), ' * 50_000 + ']\\n', 'm')\n"
        "    assert len(facts.calls) == 50_000, facts.problems\n"
        "    return time.process_time() - begun\n"
        "spent('e')\n"
        "assert spent('é') < 10 * spent('e')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, timeout=200)


@pytest.mark.parametrize(
    "expression",
    [
        "a" + ".b" * 20_000,
        "a" + " + b" * 20_000,
        "a" + "()" * 20_000,
        "not " * 20_000 + "a",
        "lambda: " * 2_000 + "a",
        "-" * 20_000 + "1",
    ],
    ids=["attributes", "sums", "calls", "nots", "lambdas", "signs"],
)
def test_expressions_deeper_than_the_stack(repo: Path, expression: str) -> None:
    facts = only(repo, f"def before(): pass\nx = {expression}\ndef after(): return before()\n")
    assert {("before", 1, 1), ("after", 3, 3)} <= set(spans(facts))


@pytest.mark.parametrize("error", [RuntimeError, RecursionError, MemoryError, IndexError])
def test_a_file_on_which_the_parser_fails(repo: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    real = batch.parse_file

    def parse(path: str, kind: str, text: str, module: str) -> ModuleFacts:
        if path == "odd.py":
            raise error("a mistake of ours")
        return real(path, kind, text, module)

    monkeypatch.setattr(batch, "parse_file", parse)
    write(repo, "odd.py", "x = 1\n")
    write(repo, "plain.py", "def here(): pass\n")
    store = Store(None)
    report = sync(repo.resolve(), store, SyncOptions(workers=1))
    assert [p.path for p in report.skipped] == ["odd.py"]
    assert [row.path for row in store.files()] == ["plain.py"]


# -- sizes ---------------------------------------------------------------------------------------------------------------


def test_a_file_of_fifty_megabytes_is_not_even_opened(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(batch, "read_source", lambda file, limit: read.append(file.name) or real_read(file, limit))
    write(repo, "small.py", "def small(): pass\n")
    with open(write(repo, "big.py", "x = 1\n"), "ab") as file:
        file.truncate(50_000_000)
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert [(p.path, p.reason) for p in graph.report.skipped] == [("big.py", "larger than 1,500 kB")]
        assert read == ["small.py"]
        assert graph.find_symbol("small")
        assert graph.document("big.py") is None
        assert graph.report.complete


@posix
def test_times_that_no_database_can_keep(repo: Path) -> None:
    """SQLite's integers end in the year 2262, a file system's times later."""
    file = write(repo, "m.py", "def here(): pass\n")
    for seconds in (15_000_000_000, -8_000_000_000, 0):
        os.utime(file, (seconds, seconds))
        with CodeGraph.load_or_build(repo) as graph:
            assert graph.report
            assert graph.report.reason == ""
            assert graph.find_symbol("here")


def test_a_file_that_grew_beyond_the_limit_leaves_the_index(repo: Path) -> None:
    write(repo, "m.py", "def grown(): pass\n")
    CodeGraph.load_or_build(repo).close()
    write(repo, "m.py", "def grown(): pass\n" + "#" * 2_000_000)
    with CodeGraph.load_or_build(repo) as graph:
        assert not graph.find_symbol("grown")
        assert not graph.store.files()


def test_a_raised_limit_holds_for_questions_too(repo: Path) -> None:
    write(repo, "big.py", "def first(): pass\n" + "#" * 2_000_000 + "\ndef last(): return first()\n")
    options = SyncOptions(DiscoverOptions(max_file_bytes=10_000_000), workers=1)
    with CodeGraph.load_or_build(repo, options=options) as graph:
        assert graph.report
        assert graph.report.files == 1
        assert [str(r.span) for r in graph.find_symbol("last")] == ["big.py:3"]


@pytest.mark.huge
def test_fifty_megabytes_with_a_raised_limit(repo: Path, tmp_path: Path) -> None:
    with open(repo / "table.py", "w") as file:
        file.write("def first(): pass\nTABLE = [\n")
        row = '    ("some text that a generator wrote into the row of a table", "and some more of it", 0x0123456789abcdef),\n'
        file.write(row * (50_000_000 // len(row) + 1))
        file.write("]\ndef last(): return first()\n")
    code = (
        "import resource, sys; from pathlib import Path; from adapter_core.graph.discovery.discover import DiscoverOptions\n"
        "from adapter_core.graph.storage.store import Store; from adapter_core.graph.indexing.sync import SyncOptions, sync\n"
        "store = Store(Path(sys.argv[2]))\n"
        "report = sync(Path(sys.argv[1]), store, SyncOptions(DiscoverOptions(max_file_bytes=100_000_000), workers=1))\n"
        "assert report.files == 1, report\n"
        "facts = store.facts(store.file('table.py'))\n"
        "assert [s.name for s in facts.symbols] == ['table', 'first', 'TABLE', 'last'], facts.symbols\n"
        "assert [c.line for c in facts.calls] == [facts.line_count]\n"
        "if sys.platform == 'linux': print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo.resolve()), str(tmp_path / "index.sqlite")],
        cwd=CHECKOUT, check=True, timeout=280, capture_output=True, text=True,
    )  # fmt: skip
    assert int(done.stdout or 0) < 5_000  # MB; syntax trees take some fifty times their text


@pytest.mark.huge
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_files(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "many"
    for i in range(1000):
        folder = root / f"pkg{i // 100}" / f"sub{i % 100}"
        folder.mkdir(parents=True)
        for j in range(100):
            (folder / f"m{j}.py").write_bytes(b"def f_%d_%d(x):\n    return f_%d_%d(x)\n" % (i, j, i, (j + 1) % 100))
    try:
        begun = time.monotonic()
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.files, graph.report.parsed, graph.report.complete) == (100_000, 100_000, True)
            assert [str(r.span) for r in graph.find_symbol("f_999_99")] == ["pkg9/sub99/m99.py:1-2"]
        first = time.monotonic() - begun
        time.sleep(2.5)  # a file's time is trusted when it is two seconds old
        CodeGraph.load_or_build(root).close()
        begun = time.monotonic()
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.parsed, graph.report.unchanged) == (0, 100_000)
        warm = time.monotonic() - begun
        write(root, "pkg5/sub50/m50.py", "def edited(): pass\n")
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.parsed, graph.report.unchanged, graph.report.removed) == (1, 99_999, 0)
            assert [str(r.span) for r in graph.find_symbol("edited")] == ["pkg5/sub50/m50.py:1"]
            assert not graph.find_symbol("f_550_50")
            path = graph.store.path
            assert path
            assert path.stat().st_size < 1_000_000_000
        assert first < 900
        assert warm < first
    finally:
        shutil.rmtree(root, ignore_errors=True)


# -- what stands in folders ------------------------------------------------------------------------------------------------


def discovered(root: Path, **options: object) -> tuple[list[str], list[tuple[str, str]]]:
    found = discover(root.resolve(), DiscoverOptions(**options))  # type: ignore[arg-type]
    return [f.path for f in found.files], sorted((p.path, p.reason) for p in found.skipped)


def link(target: Path | str, at: Path, folder: bool = False) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.symlink(target, at, target_is_directory=folder)
    except OSError:
        pytest.skip("links need a privilege on this system")


def test_links_that_lead_in_circles_and_out(repo: Path, tmp_path: Path) -> None:
    write(repo, "pkg/m.py", "def inside(): pass\n")
    write(tmp_path / "outside", "secret.py", "def secret(): pass\n")
    link(repo, repo / "pkg/up", folder=True)
    link("self.py", repo / "self.py")
    link("b", repo / "a", folder=True)
    link("a", repo / "b", folder=True)
    link("nowhere.py", repo / "dangling.py")
    link(tmp_path / "outside", repo / "out", folder=True)
    link(tmp_path / "outside/secret.py", repo / "out.py")
    link("pkg/m.py", repo / "again.py")
    link(tmp_path / "outside/secret.py", repo / "pyproject.toml")
    link(tmp_path / "outside/secret.py", repo / "docs/.gitignore")
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert [row.path for row in graph.store.files()] == ["pkg/m.py"]
        reasons = {p.path: p.reason for p in graph.report.skipped}
        assert reasons == dict.fromkeys(
            ("again.py", "dangling.py", "out.py", "pyproject.toml", "self.py"), "symbolic link"
        )
        around = ("../outside/secret.py", "pkg/up/../../outside/secret.py")
        for path in ("out.py", "out/secret.py", "self.py", "dangling.py", "a/x.py", *around):
            assert graph.document(path) is None, path
            assert graph.facts(path) is None, path
        assert graph.document(str(tmp_path / "outside/secret.py")) is None
        assert not graph.find_symbol("secret")


def test_names_that_differ_in_case_alone(repo: Path) -> None:
    write(repo, "a.py", "def small(): pass\n")
    if (repo / "A.py").exists():
        pytest.skip("this file system does not tell them apart")
    write(repo, "A.py", "def large(): pass\n")
    write(repo, "Pkg/m.py", "from A import large\nlarge()\n")
    write(repo, "pkg/m.py", "from a import small\nsmall()\n")
    with CodeGraph.load_or_build(repo) as graph:
        assert [str(r.span) for r in graph.find_symbol("small") + graph.find_symbol("large")] == ["a.py:1", "A.py:1"]
        (large,) = graph.who_calls("A.large").items
        (small,) = graph.who_calls("a.small").items
        assert [str(large.span), str(small.span)] == ["Pkg/m.py:2", "pkg/m.py:2"]
    os.rename(repo / "A.py", repo / "other.py")
    with CodeGraph.load_or_build(repo) as graph:
        assert sorted(row.path for row in graph.store.files()) == ["Pkg/m.py", "a.py", "other.py", "pkg/m.py"]


@posix
def test_things_that_are_no_files(repo: Path) -> None:
    write(repo, "m.py", "def here(): pass\n")
    os.mkfifo(repo / "pipe.py")
    os.mkfifo(repo / ".gitignore")
    os.mkfifo(repo / "pyproject.toml")
    (repo / "folder.py").mkdir()
    write(repo, "folder.py/inner.py", "def inner(): pass\n")
    (repo / "folder.py/.gitignore").mkdir()
    (repo / "README.md").mkdir()
    server = socket.socket(socket.AF_UNIX)
    before = os.getcwd()
    os.chdir(repo)  # a socket's path may be no longer than a hundred bytes
    try:
        server.bind("socket.py")
    finally:
        os.chdir(before)
        server.close()
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert sorted(row.path for row in graph.store.files()) == ["folder.py/inner.py", "m.py"]
        odd = dict.fromkeys(("pipe.py", "pyproject.toml", "socket.py"), "not a regular file")
        assert {p.path: p.reason for p in graph.report.skipped} == odd
        assert graph.document("pipe.py") is None
        assert graph.document("folder.py") is None


@posix
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_reading_what_is_no_file_leaves_nothing_open(repo: Path) -> None:
    (repo / "folder.py").mkdir()
    os.mkfifo(repo / "pipe.py")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("folder.py", "pipe.py", "missing.py"):
        with pytest.raises((OSError, ValueError)):
            read_bytes(repo / name, 100)
    assert len(os.listdir("/proc/self/fd")) == before


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_names_that_are_no_unicode(repo: Path) -> None:
    write(repo, "m.py", "def here(): pass\n")
    for name in (b"caf\xe9.py", b"folder\xe9/inner.py", b"folder\xe9/.gitignore"):
        file = os.path.join(os.fsencode(repo), name)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "wb") as handle:
            handle.write(b"def lost(): pass\n")
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.report
        assert [row.path for row in graph.store.files()] == ["m.py"]
        skipped = [(p.path, p.reason) for p in graph.report.skipped]
        assert sorted(skipped) == [
            ("caf?.py", "file name is not valid Unicode"),
            ("folder?/inner.py", "file name is not valid Unicode"),
        ]
        assert all(text.encode() for problem in skipped for text in problem)


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_a_workspace_whose_own_name_is_no_unicode(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9 ?#%")))
    root.mkdir()
    write(root, "m.py", "def here(): pass\n")
    for parsed in (1, 0):
        with CodeGraph.load_or_build(root) as graph:
            assert graph.report
            assert (graph.report.reason, graph.report.parsed) == ("", parsed)
            assert graph.find_symbol("here")
            path = graph.store.path
            assert path
            with CodeGraph(root, Store(path, read_only=True)) as reader:
                assert reader.find_symbol("here")


def test_a_workspace_with_a_long_name(tmp_path: Path) -> None:
    root = tmp_path / ("long" * 62)
    root.mkdir()
    write(root, "m.py", "def here(): pass\n")
    with CodeGraph.load_or_build(root) as graph:
        assert graph.report
        assert graph.report.reason == ""


@posix
def test_names_with_odd_characters(repo: Path) -> None:
    names = [
        "with space.py",
        "new\nline.py",
        "back\\slash.py",
        "colon:1.py",
        "per%20cent.py",
        "größe.py",
        "'quote\".py",
        "[x].py",
        "-dash.py",
    ]
    for number, name in enumerate(names):
        write(repo, name, f"def f{number}(): pass\n")
    write(repo, "tab\tfolder/{brace}.py", "def g(): pass\n")
    with CodeGraph.load_or_build(repo) as graph:
        for number, name in enumerate(names):
            assert [r.path for r in graph.find_symbol(f"f{number}")] == [name]
        assert [r.path for r in graph.find_symbol("g")] == ["tab\tfolder/{brace}.py"]
        for name in names:
            assert graph.symbol_at(name, 1, 4), name


def test_asking_for_a_name_that_is_no_unicode(repo: Path) -> None:
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.facts("caf\udce9.py") is None
        assert graph.find_symbol("caf\udce9") == []


@posix
def test_paths_that_one_is_told_lead_nowhere_else(repo: Path, tmp_path: Path) -> None:
    """Whoever says that files changed names files of the workspace, as they are named there; the rest is not looked at."""
    root = repo.resolve()
    write(root, "pkg/m.py", "def here(): pass\n")
    write(root, ".venv/lib.py", "def foreign(): pass\n")
    outside = write(tmp_path / "outside", "secret.py", "def secret(): pass\n").resolve()
    link(outside.parent, root / "out", folder=True)
    link(outside, root / "out.py")
    os.mkfifo(root / "pipe.py")
    store = Store(None)
    sync(root, store, SyncOptions(workers=1))
    before = stored(store)
    told = [
        str(outside), f"{root}/pkg/m.py", "../outside/secret.py", "pkg/../../outside/secret.py", "pkg/../pkg/m.py", "", ".", "..", "/",
        "pkg", "pkg/", "pkg//m.py", "./pkg/m.py", "out/secret.py", "out.py", "pipe.py", ".venv/lib.py", "nul\0.py", "nul\0/m.py",
        "long" * 100 + ".py", "pkg/m.py/inner.py",
    ]  # fmt: skip
    for only in (*((path,) for path in told), tuple(told)):
        sync(root, store, SyncOptions(workers=1, only=only))
        assert stored(store) == before, only
        assert [f.path for f in discover_some(root, only).files] == [], only


@posix
def test_folders_deeper_than_a_path_may_be_long(repo: Path) -> None:
    write(repo, "m.py", "def here(): pass\n")
    before, depth = os.getcwd(), 0
    os.chdir(repo)
    try:
        for _ in range(60):
            os.mkdir("n" * 100)
            os.chdir("n" * 100)
            depth += 1
            Path("m.py").write_text(f"def at_{depth}(): pass\n")
    finally:
        os.chdir(before)
    try:
        with CodeGraph.load_or_build(repo) as graph:
            assert graph.report
            assert graph.find_symbol("here")
            assert graph.find_symbol("at_30")
            assert not graph.find_symbol("at_60")
            assert any("folder cannot be read" in p.reason for p in graph.report.skipped)
    finally:
        subprocess.run(["rm", "-rf", str(repo)], check=True)


def test_ignore_files_as_windows_writes_them(repo: Path) -> None:
    write(repo, ".gitignore", codecs.BOM_UTF8 + b"first.py\r\n# comment\r\n\r\nsecond.py\r\n/third/\r\n")
    for name in ("first.py", "second.py", "third/m.py", "kept.py"):
        write(repo, name, "x = 1\n")
    assert discovered(repo)[0] == ["kept.py"]


def test_the_users_own_ignore_file_may_be_a_link(repo: Path, tmp_path: Path) -> None:
    """Whoever keeps their settings in a repository links to them; git follows that one."""
    write(tmp_path, "dotfiles/ignore", "scratch.py\n")
    link(tmp_path / "dotfiles/ignore", tmp_path / "config/git/ignore")
    for name in ("scratch.py", "kept.py"):
        write(repo, name, "x = 1\n")
    assert discovered(repo)[0] == ["kept.py"]


def test_a_junction_is_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows it counts as a folder, and following it may lead in circles or out of the workspace."""

    def entry(tag: int) -> Any:
        info = SimpleNamespace(st_reparse_tag=tag)
        return SimpleNamespace(is_dir=lambda follow_symlinks: True, stat=lambda follow_symlinks: info)

    with monkeypatch.context() as patch:
        patch.setattr(discovering.os, "name", "nt")
        found = [discovering._is_dir(entry(tag)) for tag in (0xA0000003, 0, 0x9000001A)]
    assert found == [False, True, True]  # a mount point, a folder, a folder that a cloud drive keeps


# -- files that change while they are looked at ------------------------------------------------------------------------------

real_read = batch.read_source


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen once, after the walk and before the first file is read."""

    def install(action: Callable[[], object]) -> None:
        pending = [action]

        def walk(root: Path, options: DiscoverOptions | None = None) -> Discovery:
            found = discover(root, options)
            while pending:
                pending.pop()()
            return found

        monkeypatch.setattr(syncing, "discover", walk)

    return install


@pytest.fixture
def settled(repo: Path) -> Iterator[Callable[[], None]]:
    """Syncs once, under whatever happens, and again; then the index must be that of the files as they are."""
    root = repo.resolve()
    with CodeGraph(root, Store(None)) as graph:

        def check() -> None:
            sync(root, graph.store, SyncOptions(workers=1))
            report = sync(root, graph.store, SyncOptions(workers=1))
            scratch = fresh_graph(root)
            assert stored(graph.store) == stored(scratch.store)
            kept = CodeGraph(root, graph.store)
            assert linked(kept) == linked(scratch)
            assert searched(kept, ("one two",)) == searched(scratch, ("one two",))
            assert (report.complete, report.reason) == (True, "")

        yield check


ONE, TWO, SIX = "def one():\n    return two()\n", "def two():\n    return one()\n", "def six():\n    return one()\n"


def _replace_by_folder(root: Path) -> None:
    (root / "a.py").unlink()
    write(root, "a.py/inner.py", TWO)


def _replace_by_pipe(root: Path) -> None:
    (root / "a.py").unlink()
    if os.name == "nt":
        return
    os.mkfifo(root / "a.py")


def _replace_by_link(root: Path) -> None:
    (root / "a.py").unlink()
    link(write(root.parent, "outside/secret.py", "def secret(): pass\n"), root / "a.py")


@pytest.mark.parametrize(
    "action",
    [
        lambda root: (root / "a.py").unlink(),
        lambda root: shutil.rmtree(root / "pkg"),
        lambda root: write(root, "new.py", TWO),
        lambda root: (root / "a.py").write_text(SIX),
        lambda root: (root / "a.py").write_text("def broken(:\n"),
        lambda root: (root / "a.py").write_bytes(b"\0"),
        lambda root: (root / "a.py").write_bytes(b"#" * 2_000_000),
        lambda root: os.replace(root / "a.py", root / "pkg/c.py"),
        lambda root: os.replace(root / "pkg", root / "moved"),
        lambda root: write(root, "pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['pkg']\n"),
        _replace_by_folder, _replace_by_pipe, _replace_by_link,
    ],
    ids="vanishes folder-vanishes appears changes breaks binary grows moves folder-moves roots folder pipe link".split(),
)  # fmt: skip
@pytest.mark.parametrize("known", [False, True])
def test_between_the_walk_and_the_reading(
    repo: Path,
    between: Callable[[Callable[[], object]], None],
    settled: Callable[[], None],
    action: Callable[[Path], object],
    known: bool,
) -> None:
    write(repo, "a.py", ONE)
    write(repo, "pkg/b.py", TWO)
    if known:
        settled()
    between(lambda: action(repo))
    settled()


def test_a_file_that_changes_during_its_reading(
    repo: Path, settled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is half of it; the next sync reads it again, although the size and the time are those of the first look."""
    write(repo, "a.py", ONE)
    changes = iter([SIX, "", ONE + TWO])

    def read(file: Path, limit: int) -> object:
        source = real_read(file, limit)
        if file.name == "a.py" and (text := next(changes, None)) is not None:
            file.write_text(text)
        return source

    monkeypatch.setattr(batch, "read_source", read)
    root = repo.resolve()
    with CodeGraph(root, Store(None)) as graph:
        for expected in ("one", "six", "m"):
            sync(root, graph.store, SyncOptions(workers=1))
            assert bool(graph.store.symbols_named(expected)) == (expected != "m")
    monkeypatch.setattr(batch, "read_source", real_read)
    settled()


def test_a_folder_that_becomes_a_link_out_shows_nothing(
    repo: Path, tmp_path: Path, between: Callable[[Callable[[], object]], None]
) -> None:
    write(repo, "pkg/m.py", ONE)
    outside = write(tmp_path / "outside", "m.py", "def secret(): pass\n").parent

    def swap() -> None:
        shutil.rmtree(repo / "pkg")
        link(outside, repo / "pkg", folder=True)

    between(swap)
    with CodeGraph.load_or_build(repo) as graph:
        assert graph.document("pkg/m.py") is None
        assert graph.facts("pkg/m.py") is None
        assert not graph.find_symbol("secret")
        assert not search(graph, "secret").evidence
    with CodeGraph.load_or_build(repo) as graph:
        assert not graph.store.files()


def test_a_view_reads_each_file_once(repo: Path) -> None:
    """Everything said within one view is of one moment, whatever happens to the file meanwhile."""
    write(repo, "a.py", ONE)
    with CodeGraph.load_or_build(repo) as graph:
        first = graph.facts("a.py")
        (repo / "a.py").write_text("import nothing\n")
        assert graph.facts("a.py") == first
        assert graph.view.text("a.py") == ONE
        assert [str(r.span) for r in graph.find_symbol("one")] == ["a.py:1-2"]
        again = graph.documents.reread("a.py")
        assert again
        assert again.text == "import nothing\n"
        graph.update("other.py", "x = 1\n")
        assert graph.find_symbol("one") == []


def test_a_file_that_changed_since_it_was_indexed_is_read_as_it_is(repo: Path) -> None:
    write(repo, "a.py", ONE)
    with CodeGraph.load_or_build(repo) as graph:
        write(repo, "a.py", "\n\n" + ONE)
        graph.update("other.py", "x = 1\n")
        assert not graph.view.is_stored("a.py")
        assert [str(r.span) for r in graph.find_symbol("one")] == ["a.py:3-4"]
        (repo / "a.py").unlink()
        graph.update("other.py", None)
        assert graph.find_symbol("one") == []
        assert graph.facts("a.py") is None


def test_documents_and_index_read_alike(repo: Path) -> None:
    """The hash that a citation is checked by is that of the same lines, whatever the bytes."""
    samples = [
        PLAIN.replace("\n", "\r").encode(),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
        b"x = '\xe9'\n",
        b"",
        b"\n\n",
    ]
    for number, data in enumerate(samples):
        write(repo, f"m{number}.py", data)
    with CodeGraph.load_or_build(repo) as graph:
        for number, data in enumerate(samples):
            document, row = graph.document(f"m{number}.py"), graph.view.row(f"m{number}.py")
            assert document
            assert row
            assert document.sha256 == row.sha256
            assert document.lines == split_lines(decode(data).text)
            assert stat.S_ISREG(os.stat(repo / f"m{number}.py").st_mode)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "text",
    [
        'x = f"\\N{{"\n',
        f"def f():\n    '''doc\n{'a' * 20_000}\n    return (\n\ndef g(): pass\n",
        "<<<<<<<\n" * 400 + "=======\n" * 400 + "def f(:\n",
        "(" * 20_000 + "\n",
        "(\n" * 20_000,
        "[" * 8_000 + ")" * 8_000 + "\n",
        'f"{' * 3_000 + "\n",
        "if x: pass\n" + "elif y: pass\n" * 3_000 + "def f(:\n",
    ],
    ids=["name of a character", "long word", "conflicts", "open", "open lines", "crossed", "strings in strings", "clauses"],
)  # fmt: skip
def test_what_could_take_for_ever(text: str) -> None:
    """Each of these costs a pattern or a loop that goes back over what it has read the square of its length, or more."""
    assert batch.parse_file("m.py", "python", text, "m").line_count == max(
        1, text.count("\n") + (not text.endswith("\n"))
    )
