"""What linking keeps in memory is bounded by numbers, and what it lets go of changes no link."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.calls import linkpass
from adapter_core.graph.linking import inference as inferring
from adapter_core.graph.linking.local.named_calls import NamedCalls
from adapter_core.graph.linking.local.tables import SymbolTable, forget_rows
from adapter_core.graph.linking.results import query_cache, reads
from adapter_core.graph.linking.results.reads import NAME_BITS, Reads, bit_of, hash_of
from adapter_core.graph.linking.results.values import external
from adapter_core.graph.memory.recent import Generations, Recent
from adapter_core.graph.snapshot.edited import row_count
from adapter_core.graph.storage.columns import Rows
from tests.graph.test_links import PROGRAMS, delete_links, links_of
from tests.support import write

FILES = {f"part{number}/{path}": text for number, case in enumerate(PROGRAMS[::5]) for path, text in case.files.items()}
TABLES, LINES, OPERATIONS, ROWS, CHARACTERS, ASIDE = 150, 2, 40, 400, 3_000, 30


def made(graph_files: Recent[str, object]) -> int:
    """The rows of facts of which there are objects."""
    tables = [
        rows
        for facts in graph_files.values()
        for rows in (facts.symbols, facts.imports, facts.calls, facts.flows)  # type: ignore[attr-defined]
    ]
    return sum(row is not None for rows in tables if isinstance(rows, Rows) for row in rows._created)


def test_little_is_kept_and_the_links_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in FILES.items():
        write(tmp_path, path, text)
    works: list[linkpass._FileLinker] = []
    begin = linkpass._FileLinker.__init__

    def noted(work: linkpass._FileLinker, *given: object) -> None:
        begin(work, *given)  # type: ignore[arg-type]
        works.append(work)

    monkeypatch.setattr(linkpass._FileLinker, "__init__", noted)
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        links = links_of(graph)
        assert sum(len(calls) + len(runs) for calls, runs in links.values()) > 100  # type: ignore[misc]
        delete_links(graph)
        monkeypatch.setattr(inferring, "_SIZES_FOR_LINKING", inferring._CacheSizes(TABLES, LINES, OPERATIONS))
        monkeypatch.setattr(linkpass, "_MAX_ROWS", ROWS)
        monkeypatch.setattr(linkpass, "_MAX_CHARACTERS", CHARACTERS)
        monkeypatch.setattr(query_cache, "_MAX_DATA", ASIDE)
        graph.link()
        assert links_of(graph) == links
        roomy, tight = works
        for work, few in ((roomy, False), (tight, True)):
            inference, view = work._inference, work._view
            assert (sum(table.weight for table in inference._tables.values() if table) <= TABLES) == few
            assert (len(inference._data) <= ASIDE) == few
            assert (len(view._facts) < len(FILES)) == few
            assert (len(view.documents._cache) < len(FILES)) == few
            assert len(inference._lines) <= (LINES if few else inferring._SIZES_FOR_LINKING.lines + 40)
            assert sum(len(found or ()) for found in inference.operations.values()) <= 3_000
        # Every file was gone through, and hardly any row is left as an object.
        assert made(tight._view._facts) <= TABLES  # type: ignore[arg-type]
        assert made(roomy._view._facts) < sum(row_count(graph.facts(path)) for path in FILES) // 4  # type: ignore[arg-type]


def test_links_rest_on_the_same_however_little_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in FILES.items():
        write(tmp_path, path, text)
    rows: list[dict[tuple[str, str], tuple[int, int]]] = []
    row = linkpass._FileLinker.link_file

    def noted(work: linkpass._FileLinker, way: str, path: str) -> object:
        found = row(work, way, path)
        assert found is not None
        rows[-1][way, path] = found.files, found.names
        return found

    monkeypatch.setattr(linkpass._FileLinker, "link_file", noted)
    with CodeGraph.load_or_build(tmp_path) as graph:
        for few in (96, 0, 1_000_000):
            rows.append({})
            monkeypatch.setattr(reads, "_MAX_FEW", few)
            graph.link()
            delete_links(graph)
    assert rows[0] == rows[1] == rows[2]
    assert len(rows[0]) == 2 * len(FILES)


Steps = list[tuple[str, int]]


@given(
    st.lists(st.tuples(st.sampled_from(["read", "asked", "begin", "end", "again", "forget"]), st.integers(0, 140))),
    st.sampled_from([0, 3, 96]),
)
def test_what_was_read_is_the_union_of_its_parts(steps: Steps, few: int) -> None:
    names = {f"{number}.py": number for number in range(141)}
    before, reads._MAX_FEW = reads._MAX_FEW, few
    try:
        noted, told = Reads(names), [(0, 0)]
        depths: list[int] = []
        results: list[tuple[reads.Read, tuple[int, int]]] = []
        for what, number in steps:
            files, asked = told[-1]
            if what == "read":
                noted.note_file(f"{number}.py")
                told[-1] = files | 1 << number, asked
            elif what == "asked":
                noted.note_name("named", str(number))
                told[-1] = files, asked | bit_of(hash_of("named", str(number)))
            elif what == "begin":
                depths.append(noted.begin())
                told.append((0, 0))
            elif what == "end" and depths:
                # Sometimes one that is further out: an exception went through those within it.
                at = max(0, len(depths) - 1 - number % 3)
                whole = (0, 0)
                while len(told) > at + 1:
                    inner = told.pop()
                    whole = whole[0] | inner[0], whole[1] | inner[1]
                results.append((noted.end(depths[at]), whole))
                del depths[at:]
                told[-1] = told[-1][0] | whole[0], told[-1][1] | whole[1]
            elif what == "again" and results:
                read, whole = results[number % len(results)]
                noted.add(read)
                told[-1] = files | whole[0], asked | whole[1]
            elif what == "forget":
                noted.forget()
            assert (noted.files, noted.names) == told[-1]
        for read, whole in results:
            noted.start()
            noted.add(read)
            assert (noted.files, noted.names) == whole
            assert len(read.few) <= few
            assert list(read.few) == sorted(read.few)
            assert all(n < NAME_BITS + len(names) for n in read.few)
    finally:
        reads._MAX_FEW = before


def test_equal_ones_are_kept_once() -> None:
    noted = Reads({"a.py": 0, "b.py": 1})
    found = []
    for _ in range(2):
        depth = noted.begin()
        noted.note_file("a.py")
        noted.note_name("named", "run")
        found.append(noted.end(depth))
    assert found[0] is found[1]
    depth = noted.begin()
    noted.add(found[0])
    noted.note_file("a.py")
    assert noted.end(depth) is found[0]


def test_calls_of_a_name_are_those_of_the_tables(tmp_path: Path) -> None:
    for path, text in FILES.items():
        write(tmp_path, path, text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        calls = NamedCalls(graph.facts)
        every = [facts for path in graph.view.python_paths() if (facts := graph.facts(path)) is not None]
        for facts in every:
            calls.add(facts)
        names = {call.name for facts in every for call in facts.calls} | {"", "nobody"}
        for facts in every:
            forget_rows(facts)
            for name in names:
                table = SymbolTable(facts)
                assert calls.calls(facts.path, name) == list(table.calls.get(name, ()))
        assert calls.calls("nowhere.py", "run") == []


def test_who_is_dropped_is_told() -> None:
    dropped: list[str] = []
    kept: Recent[str, str] = Recent(2, None, dropped.append)
    for key in "abc":
        kept[key] = key.upper()
    assert dropped == ["A"]
    assert list(kept) == ["b", "c"]


def test_what_is_asked_for_outlives_what_is_not() -> None:
    kept: Generations[str, int] = Generations()
    kept["a"], kept["b"] = 1, 2
    kept.age()
    assert kept.get("a") == 1
    assert (kept.young, len(kept)) == (1, 2)
    kept.age()
    assert (kept.get("a"), kept.get("b")) == (1, None)
    kept.age()
    kept.age()
    assert len(kept) == 0


def test_results_are_bounded_and_none_goes_within_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "_MAX_RESULTS", 10)
    memory = query_cache.QueryCache(None)
    worked: list[str] = []

    def value(name: str) -> frozenset[object]:
        return memory.memoize(name, lambda: worked.append(name) or frozenset({external(name)}))  # type: ignore[return-value]

    for number in range(200):
        value(str(number))
        value("popular")
        assert len(memory._results) <= 2 * 12
    assert worked.count("popular") == 1

    def all_of_them() -> frozenset[object]:
        return frozenset().union(*(value(f"part {number}") for number in range(50)), value("part 0"))

    memory.memoize("whole", all_of_them)  # type: ignore[arg-type]
    assert worked.count("part 0") == 1
