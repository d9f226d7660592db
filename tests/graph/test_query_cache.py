"""What inference remembers: the same answers at the same cost in steps, whether they are remembered or not."""

from __future__ import annotations

import gc
import weakref
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.code_graph import CodeGraph
from adapter_core.graph.linking.local.reaching import lines_of
from adapter_core.graph.linking.local.tables import SymbolTable
from adapter_core.graph.linking.results.query_cache import QueryCache
from adapter_core.graph.linking.results.reads import Reads
from adapter_core.graph.linking.results.values import EMPTY, Values, external
from adapter_core.graph.memory.garbage import without_gc
from tests.graph.test_links import FILES, PROGRAMS, delete_links, links_of
from tests.support import write

ONE: Values = frozenset({external("one")})


def test_a_result_is_worked_out_once() -> None:
    memory = QueryCache(None)
    asked: list[int] = []
    for _ in range(3):
        assert memory.memoize("key", lambda: asked.append(1) or ONE) == ONE
    assert asked == [1]


def test_what_depends_on_itself_gets_the_rest() -> None:
    memory = QueryCache(None)

    def first() -> Values:
        return memory.memoize("second", second) | ONE

    def second() -> Values:
        return memory.memoize("first", first) | {external("two")}

    both = ONE | {external("two")}
    assert memory.memoize("first", first) == both
    assert memory.memoize("second", second) == both


def test_what_was_read_counts_for_everyone_who_is_given_the_result() -> None:
    reads = Reads({"a.py": 0, "b.py": 1})
    memory = QueryCache(reads)

    def inner() -> Values:
        reads.note_file("b.py")
        return ONE

    def outer() -> Values:
        reads.note_file("a.py")
        return memory.memoize("inner", inner)

    for _ in range(2):
        reads.start()
        memory.memoize("outer", outer)
        assert reads.files == 0b11
        reads.start()
        memory.memoize_data("beside", lambda: [memory.memoize("inner", inner)])
        assert reads.files == 0b10


def test_what_is_kept_aside_costs_the_same_each_time() -> None:
    def question(memory: QueryCache, name: str, count: int) -> tuple[list[bool], bool]:
        """Which of so many files one gets to see, at eight steps each, and whether something was cut off."""
        memory.incomplete = False
        seen: list[bool] = []

        def compute() -> Values:
            for number in range(count):
                seen.extend(memory.memoize_data(number % 2, lambda: [memory.spend() for _ in range(3)]))
            return EMPTY

        memory.memoize(name, compute)
        return seen, memory.incomplete

    for limit in (10, 30, 47, 48, 49, 100, 1000):
        for count in range(1, 9):
            fresh, used = QueryCache(None), QueryCache(None)
            question(used, "before", 2)
            assert used.has_data(0)
            fresh.max_steps = used.max_steps = limit
            assert question(fresh, "now", count) == question(used, "now", count)


def test_what_was_cut_off_is_not_kept_aside() -> None:
    memory = QueryCache(None)
    memory.max_steps = 4
    memory.memoize(
        "dear", lambda: frozenset(external(str(n)) for n in memory.memoize_data("all", lambda: [memory.spend()]))
    )
    assert not memory.has_data("all")
    memory.max_steps = 100
    memory.memoize(
        "cheap", lambda: frozenset(external(str(n)) for n in memory.memoize_data("all", lambda: [memory.spend()]))
    )
    assert memory.has_data("all")


@pytest.mark.parametrize("files", [{p: t[0] for p, t in FILES.items()}, *(c.files for c in PROGRAMS[1::9])])
def test_links_are_the_same_where_nothing_is_kept_aside(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in files.items():
        write(tmp_path, path, text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        graph.link()
        kept = links_of(graph)
        delete_links(graph)
        monkeypatch.setattr(QueryCache, "memoize_data", lambda self, key, compute, keep_incomplete=False: compute())
        graph.link()
        assert links_of(graph) == kept
        assert any(calls or runs for calls, runs in kept.values())


def test_the_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    with without_gc():
        with without_gc():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="within"), without_gc():
        raise ValueError("within")
    assert gc.isenabled()
    gc.disable()
    try:
        with without_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_questions_for_callers_leave_the_collector_on(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert graph.who_calls("lib.work").items
        assert gc.isenabled()
        graph.link()
        assert gc.isenabled()


def test_rows_that_were_let_go_of_are_made_anew(tmp_path: Path) -> None:
    write(tmp_path, "a.py", FILES["use.py"][0])
    CodeGraph.load_or_build(tmp_path).close()
    with CodeGraph.load_or_build(tmp_path) as graph:
        facts = graph.facts("a.py")
        assert facts is not None
        calls = facts.calls
        before = tuple(calls)
        assert before
        calls.clear()  # type: ignore[attr-defined]
        assert len(calls) == len(before)
        assert tuple(calls) == before


@given(
    st.lists(
        st.sampled_from(["", "  ", "a", "  b", "    c", "# d", "   # e", "\tf", "  for x in y:", "else:"]), max_size=12
    )
)
def test_lines_are_measured_as_they_are_indented(texts: list[str]) -> None:
    lines = lines_of(texts)
    assert lines.texts == texts
    for text, indent, code in zip(texts, lines.indents, lines.code, strict=True):
        if text.strip():
            assert indent == len(text) - len(text.lstrip())
        assert (code > 100) == (not text.strip() or text.lstrip().startswith("#"))
        assert code in (indent, max(lines.code, default=0))


def test_tables_that_are_let_go_of_need_no_collector(tmp_path: Path) -> None:
    for path, texts in FILES.items():
        write(tmp_path, path, texts[0])
    with CodeGraph.load_or_build(tmp_path) as graph, without_gc():
        facts = graph.facts("base.py")
        assert facts is not None
        table = SymbolTable(facts)
        for name, made in vars(SymbolTable).items():
            if isinstance(made, cached_property):
                getattr(table, name)
        assert table.attributes(1, "step") == []
        last = weakref.ref(table)
        del table
        assert last() is None


class _Cancel:
    def __init__(self) -> None:
        self.set = False

    def is_set(self) -> bool:
        return self.set


def test_a_limit_within_another_is_never_later() -> None:
    memory = QueryCache(None)
    outer, inner = _Cancel(), _Cancel()
    with memory.limit(None, outer) as first:
        assert not first
        with memory.limit(None, inner):
            outer.set = True
            assert memory.expired
            assert memory.exhausted
        outer.set, inner.set = False, True
        assert not memory.expired  # the inner one is over
        with memory.limit(0.0) as first:
            assert first
            with memory.limit(60.0) as first:
                assert not first
                assert memory.expired
        assert not memory.expired


def test_a_limit_ends_with_an_error() -> None:
    memory = QueryCache(None)
    with pytest.raises(KeyError), memory.limit(0.0, _Cancel()):
        raise KeyError
    assert not memory.expired
    assert not memory.exhausted
