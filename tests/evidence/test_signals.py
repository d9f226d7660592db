"""What each signal of the search does, by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.errors import UsageError
from adapter_core.evidence.everyday import everyday_table, read_table
from adapter_core.evidence.options import RankingOptions, SelectionOptions
from adapter_core.evidence.question import analyse
from adapter_core.evidence.ranking import rank
from adapter_core.evidence.search_index import SearchIndex
from adapter_core.evidence.selection import search
from adapter_core.evidence.traces import read_trace
from adapter_core.evidence.vocabulary import read_groups, synonyms
from tests.support import graph_of


def places(graph: CodeGraph, question: str, options: SelectionOptions | None = None) -> list[str]:
    return [f"{e.span.path}::{e.symbol}" for e in search(graph, question, options).evidence]


@pytest.fixture(autouse=True)
def no_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv("PATHLINE_CONFIG_DIR", str(folder))
    return folder


# -- words ---------------------------------------------------------------------------------------------------------------


def test_a_word_finds_what_means_the_same(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- shop/basket.py
def erase_entry(item):
    items.pop(item)

def show_entry(item):
    print(item)
""",
    ) as graph:
        found = search(graph, "where is an entry deleted?").evidence
        assert found[0].symbol == "erase_entry"
        assert any(reason.startswith("like: delet by eras") for reason in found[0].why)


def test_the_word_itself_comes_before_its_synonym(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- shop/basket.py
def remove_entry(item):
    items.pop(item)

def between():
    pass

def spacer():
    pass

def delete_entry(item):
    items.pop(item)
""",
    ) as graph:
        without_joining = SelectionOptions(ranking=RankingOptions(join_share=2.0))
        assert places(graph, "where is an entry deleted?", without_joining)[0] == "shop/basket.py::delete_entry"


def test_a_rare_word_tells_more_than_what_means_the_same_everywhere(tmp_path: Path) -> None:
    getters = "\n\n".join(f"def get_part_{n}(archive):\n    return archive.parts[{n}]" for n in range(30))
    with graph_of(
        tmp_path,
        f"""
#- shop/parts.py
{getters}

#- shop/far.py
def pull(archive):
    \"\"\"Download it.\"\"\"
    return archive
""",
    ) as graph:
        question = "where is an archive downloaded?"
        assert places(graph, question)[0] == "shop/far.py::pull"
        index = SearchIndex(graph)
        alone = rank(index, analyse(question), RankingOptions(synonym_idf=0.0)).idf["download"]
        together = rank(index, analyse(question), RankingOptions(synonym_idf=1.0)).idf["download"]
        assert together < rank(index, analyse(question)).idf["download"] < alone


def test_own_synonyms_are_added(no_own_words: Path) -> None:
    assert "gizmo" not in synonyms()
    no_own_words.mkdir()
    (no_own_words / "synonyms.txt").write_text("# ours\ngizmo widgets  # both\n", "utf-8")
    assert synonyms()["gizmo"] == ("widget",)
    assert "remov" in synonyms()["delet"]


def test_own_synonyms_that_cannot_be_read_are_told(no_own_words: Path) -> None:
    no_own_words.mkdir()
    (no_own_words / "synonyms.txt").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(UsageError, match=r"synonyms\.txt cannot be read as UTF-8 text"):
        synonyms()


def test_a_phrase_finds_the_word_that_code_has_for_it(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- shop/basket.py
def discard_order(item):
    items.pop(item)

def throw_party(item):
    print(item)

def away(item):
    return item
""",
    ) as graph:
        best = search(graph, "Which code decides that an old order is thrown away?").evidence[0]
        assert best.symbol == "discard_order"
        assert any("thrown away by discard" in reason for reason in best.why)
        without = SelectionOptions(ranking=RankingOptions(synonym_weight=0.0, said_weight=0.0))
        found = search(graph, "Which code decides that something old is thrown away?", without).evidence
        assert not any("discard" in reason for e in found for reason in e.why)


def test_the_lines_that_decide_say_it_in_words_of_code(tmp_path: Path) -> None:
    filler = "\n".join(f"    step_{n} = items[{n}]" for n in range(60))
    with graph_of(
        tmp_path,
        f"""
#- shop/basket.py
def tidy_basket(items):
{filler}
    if items.old:
        items.discard(step_3)
{filler}
""",
    ) as graph:
        shown = search(graph, "tidy basket: which are thrown away?", SelectionOptions(max_lines=20)).evidence[0]
        assert "items.discard(step_3)" in shown.text


def test_what_people_say_is_found_as_code_says_it_and_not_the_reverse(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- site/parts.py
def nav_entries(pages):
    return [p.title for p in pages]

def footer_entries(pages):
    return []
""",
    ) as graph:
        assert places(graph, "where is the menu made?")[0] == "site/parts.py::nav_entries"
    assert "nav" in everyday_table().words["menu"]
    assert "menu" not in everyday_table().words.get("nav", ())


def test_of_phrases_that_overlap_the_longest_counts() -> None:
    table = read_table(
        ("run out -> exhaust", "run out of memory | runs out of memory -> oom memoryerror", "# run -> no")
    )
    assert table.phrases_in("What if we RUN out of memory, or run out?") == {
        ("run", "out", "of", "memory"): ("oom", "memoryerror"),
        ("run", "out"): ("exhaust",),
    }
    assert table.phrases[("runs", "out", "of", "memory")] == ("oom", "memoryerror")
    assert not table.words


def test_own_words_of_code_are_added(no_own_words: Path) -> None:
    assert "frobnic" not in everyday_table().words
    no_own_words.mkdir()
    (no_own_words / "synonyms.txt").write_text("frobnic | set aside -> gizmos\nwibble wobbles\n", "utf-8")
    assert everyday_table().words["frobnic"] == ("gizmo",)
    assert everyday_table().phrases[("set", "aside")][-1] == "gizmo"
    assert synonyms()["wibbl"] == ("wobbl",)
    assert "frobnic" not in synonyms()


def test_the_table_of_what_people_say_is_in_form() -> None:
    table = everyday_table()
    assert len(table.words) > 500
    assert len(table.phrases) > 1000
    assert all(others and term not in others for term, others in table.words.items())
    assert all(len(phrase) > 1 and others for phrase, others in table.phrases.items())


def test_the_table_of_synonyms_is_in_both_directions() -> None:
    table = synonyms()
    assert all(term in table[other] for term, others in table.items() for other in others)
    assert read_groups(["a b", "b c"]) == {"a": ("b",), "b": ("a", "c"), "c": ("b",)}


def test_the_projects_own_name_tells_little(tmp_path: Path) -> None:
    files = "".join(f"#- src/wigwam/part{i}.py\ndef part_{i}(x):\n    return x\n" for i in range(6))
    with graph_of(
        tmp_path, f"#- src/wigwam/__init__.py\n{files}#- tests/test_wigwam.py\ndef test_wigwam():\n    pass\n"
    ) as graph:
        with graph.store.snapshot():
            own = SearchIndex(graph).own_names
        assert own == {"wigwam"}
        asked = analyse("How does Wigwam route?", own)
        assert asked.terms["wigwam"] < asked.terms["rout"]
        assert "wigwam" not in asked.mentions


def test_words_of_design_weigh_less_than_what_they_are_about() -> None:
    asked = analyse("What mechanism coordinates retries?")
    assert asked.terms["mechanism"] < asked.terms["retry"]


def test_parts_of_a_name_weigh_less_than_words() -> None:
    weights = analyse("where does pullAllRows keep the rows of a table?").terms
    assert weights["pullallrows"] > weights["row"] == weights["tabl"] > weights["pull"]


def test_a_name_of_one_part_weighs_as_a_name() -> None:
    weights = analyse("what does `route` keep of a table?").terms
    assert weights["rout"] > weights["tabl"]


def test_a_class_named_in_a_sentence_is_found(tmp_path: Path) -> None:
    noise = "".join(
        f"#- app/m{i}.py\ndef job_{i}(job):\n    '''Schedule the job, then the next job.'''\n" for i in range(5)
    )
    with graph_of(
        tmp_path, f"{noise}#- app/core.py\nclass Job:\n    interval = 1\n    def run(self):\n        pass\n"
    ) as graph:
        assert "app/core.py::Job" in places(graph, "What does the Job class schedule?")[:2]


def test_tests_count_a_little_more_where_testing_is_asked_for(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- app/runner.py
def report_outcome(outcome):
    return outcome
#- tests/test_runner.py
def report_outcome_again(outcome):
    return outcome
""",
    ) as graph:

        def share_of_tests(question: str) -> float:
            scores = {e.span.path: e.score for e in search(graph, question).evidence}
            return scores["tests/test_runner.py"] / scores["app/runner.py"]

        assert share_of_tests("report the outcome") < share_of_tests("report the outcome of a test") < 1


# -- the graph -----------------------------------------------------------------------------------------------------------

CHAIN = """
#- app/a.py
def load_grammar(path):
    '''Load the grammar.'''
    return parse_tables(path)
#- app/b.py
def parse_tables(path):
    '''Tables of the grammar.'''
#- app/c.py
def print_tables(path):
    '''Tables of the grammar.'''
"""


def test_what_is_called_by_a_result_comes_before_its_equals(tmp_path: Path) -> None:
    with graph_of(tmp_path, CHAIN) as graph:
        off = SelectionOptions(ranking=RankingOptions(call_spread=0.0))
        scores = {e.symbol: e.score for e in search(graph, "How is the grammar loaded into tables?").evidence}
        before = {e.symbol: e.score for e in search(graph, "How is the grammar loaded into tables?", off).evidence}
        assert scores["parse_tables"] > before["parse_tables"]
        assert scores["print_tables"] == before["print_tables"]
        [called] = [
            e for e in search(graph, "How is the grammar loaded into tables?").evidence if e.symbol == "parse_tables"
        ]
        assert "called by load_grammar" in called.why


def test_what_a_named_function_calls_is_found_with_it(tmp_path: Path) -> None:
    others = "\n\n".join(f'def other_{n}(prices):\n    """Columns of prices."""\n    return prices' for n in range(12))
    with graph_of(
        tmp_path,
        f"""
#- shop/table.py
def origin_table(prices):
    return squeeze(prices)

{others}
#- shop/text.py
def squeeze(values):
    return [v.strip() for v in values]
#- tests/test_text.py
def squeeze(values):
    pass
""",
    ) as graph:
        question = "What does `origin_table` do with the columns of the prices?"
        assert "shop/text.py::squeeze" in places(graph, question)
        without = SelectionOptions(ranking=RankingOptions(called_boost=0.0))
        assert "shop/text.py::squeeze" not in places(graph, question, without)


def test_zoom_shows_overrides_and_tests_near_ones_first(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- app/base.py
class Base:
    def save(self):
        helper()

class Child(Base):
    def save(self):
        pass

def helper():
    deeper()

def deeper():
    pass
#- tests/test_base.py
from app.base import Base
def test_save():
    Base().save()
""",
    ) as graph:
        [zoom] = [r for r in graph.find_symbol("Base.save") if r.symbol.qualname == "Base.save"]
        options = SelectionOptions(top=20, zoom_radius=2, ranking=RankingOptions(join_share=2.0, region_lines=1))
        found = search(graph, "what happens here?", options, zoom).evidence
        order = [e.symbol for e in found]
        assert order[0] == "Base.save"
        assert order.index("helper") < order.index("deeper")
        assert "Child.save" in order
        assert "test_save" in order
        [override] = [e for e in found if e.symbol == "Child.save"]
        assert "overrides Base.save" in override.why


# -- places --------------------------------------------------------------------------------------------------------------


def test_neighbours_that_match_are_one_result_and_read_apart(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- app/rows.py
def read_rows(file):
    return parse(file)


def write_rows(file):
    return dump(file)


def unrelated():
    pass
""",
    ) as graph:
        found = search(graph, "rows of a file")
        assert (found.evidence[0].span.start, found.evidence[0].span.end) == (1, 6)
        assert {(e.span.start, e.span.end) for e in found.passages} >= {(1, 2), (5, 6)}


def test_a_function_that_is_cut_when_read_joins_its_neighbour_all_the_same(tmp_path: Path) -> None:
    steps = "".join(f"    step_{i} = {i}\n" for i in range(44))
    source = (
        f"def read_rows(file):\n{steps}    return parse(rows, file)\n\n\ndef write_rows(file):\n    return dump(file)\n"
    )
    with graph_of(tmp_path, f"#- app/rows.py\n{source}") as graph:
        found = search(graph, "rows of a file")
        assert (found.evidence[0].span.start, found.evidence[0].span.end) == (1, 50)
        passages = [(e.span.start, e.span.end) for e in found.passages]
        assert sorted(n for first, last in passages for n in range(first, last + 1)) == [*range(1, 47), 49, 50]


def test_a_small_class_is_shown_whole_and_spoken_of_in_parts(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- app/box.py
class Box:
    def open_lid(self):
        return 1

    def weight(self):
        return 2

    def close_lid(self):
        return 3
""",
    ) as graph:
        found = search(graph, "how does the lid open and close?")
        assert (found.evidence[0].span.start, found.evidence[0].span.end) == (1, 9)
        assert (found.passages[0].span.start, found.passages[0].span.end) == (1, 9)
        assert {"Box.open_lid", "Box.close_lid"} <= {e.symbol for e in found.definitions}
        assert all(e.span.end - e.span.start < 4 for e in found.definitions if e.symbol != "Box")


LARGE_CLASS = (
    '#- app/store.py\nclass SessionStore:\n    """Session store: what a session store is, and what it stores."""\n\n'
    + "".join(f"    field_{i} = {i}\n" for i in range(60))
    + """
    def evict(self, session):
        self.store.pop(session)

    def unrelated(self):
        pass
"""
)


def test_a_large_class_is_listed_by_its_member_that_matches(tmp_path: Path) -> None:
    with graph_of(tmp_path, LARGE_CLASS) as graph:
        found = search(graph, "how does the store of a session work?")
        assert found.passages[0].symbol == "SessionStore"
        assert found.evidence[0].symbol == "SessionStore.evict"
        # Who names the class asks for itself.
        assert search(graph, "how does `SessionStore` store a session?").evidence[0].symbol == "SessionStore"


def test_results_do_not_overlap(tmp_path: Path) -> None:
    with graph_of(tmp_path, CHAIN) as graph:
        for question in ("grammar tables", "`parse_tables`", "load"):
            found = search(graph, question)
            for group in (found.evidence, found.passages, found.definitions):
                assert not any(a.span.overlaps(b.span) for i, a in enumerate(group) for b in group[:i])


def test_a_path_holds_for_definitions_too(tmp_path: Path) -> None:
    with graph_of(tmp_path, CHAIN) as graph:
        found = search(graph, "where is `parse_tables` of the grammar?", SelectionOptions(path_glob="app/a*"))
        assert {e.span.path for e in (*found.evidence, *found.passages, *found.definitions)} == {"app/a.py"}


# -- reports -------------------------------------------------------------------------------------------------------------

REPORT = """Exporting a chart fails
I called export and got this:

Traceback (most recent call last):
  File "/usr/lib/python3.11/json/encoder.py", line 3, in encode
    raise x
  File "/home/me/venv/app/export.py", line {line}, in write_chart
    check(chart)
ValueError: no room left for 'legend' in chart 17

app 1.2.3
other 4.5.6
"""

CHARTS = """
#- app/export.py
def first(chart):
    return chart


def write_chart(chart):
    check(chart)
#- app/checks.py
def check(chart):
    if chart.full:
        raise ValueError(f"no room left for {chart.part!r} in chart {chart.number}")
#- app/encoder.py
def encode(chart):
    return chart
"""


@pytest.mark.parametrize("line", [6, 1])
def test_frames_and_messages_of_a_traceback_lead_to_their_code(tmp_path: Path, line: int) -> None:
    with graph_of(tmp_path, CHARTS) as graph:
        found = search(
            graph, REPORT.format(line=line), SelectionOptions(ranking=RankingOptions(join_share=2.0))
        ).evidence
        assert {e.symbol for e in found[:2]} == {"write_chart", "check"}
        reasons = {e.symbol: e.why for e in found}
        assert f"traceback: app/export.py:{line}" in reasons["write_chart"]
        assert any(reason.startswith("message of ValueError") for reason in reasons["check"])
        assert not any(reason.startswith("traceback") for reason in reasons.get("encode", ()))


def test_a_trace_is_read() -> None:
    trace = read_trace("x.py:3: in run\n>   go()\nlib/y.py:7: KeyError\nE   app.Bad: it broke here\n")
    assert trace.frames == (("x.py", 3, "run"), ("lib/y.py", 7, ""))
    assert trace.errors == (("Bad", "it broke here"),)
    assert read_trace("How is a URL matched? See app/router.py:12 for a start.") == read_trace("")


def test_a_message_may_be_quoted() -> None:
    assert read_trace('What does "it broke here" mean?').errors == (("", "it broke here"),)
    assert read_trace("Where does “it broke here” come from?").errors == (("", "it broke here"),)
    assert read_trace('app.Bad: it broke, "as ever" it does').errors == (("Bad", 'it broke, "as ever" it does'),)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["\n", '"', '"a', "E \n", "E", " \n", "a.", "Aa.", "a/", "<!--", "`a", "E   Aaa: "])
def test_a_text_of_any_kind_is_read_in_the_time_of_its_length(text: str) -> None:
    for _ in range(10):
        read_trace(text * (20_000 // len(text)))
        analyse("q " + text * (20_000 // len(text)))


def test_a_report_is_about_its_title() -> None:
    body = "\n".join(f"another sentence about unrelated thing number{i}" for i in range(40))
    asked = analyse(f"Sessions are lost on redirect\n{body}\n<!-- please fill in the form -->\nsomepackage 1.2.3\n")
    assert asked.is_report
    assert asked.terms["session"] > asked.terms["unrelat"]
    assert "form" not in asked.terms
    assert "somepackage" not in asked.terms
    assert not analyse("Why are cookies lost?").is_report


# -- what is remembered ---------------------------------------------------------------------------------------------------


def test_remembered_postings_are_those_of_the_state_that_is_asked(tmp_path: Path) -> None:
    with graph_of(tmp_path, "#- a.py\ndef gather_rows():\n    return 1\n") as graph:
        assert places(graph, "where is gather_rows?") == ["a.py::gather_rows"]
        (tmp_path / "a.py").write_text("def other():\n    return 1\n", "utf-8")
        (tmp_path / "b.py").write_text("def gather_rows():\n    return 1\n", "utf-8")
        graph.refresh(["a.py", "b.py"])
        assert places(graph, "where is gather_rows?") == ["b.py::gather_rows"]


def test_remembered_postings_do_not_hide_an_open_editor(tmp_path: Path) -> None:
    with graph_of(
        tmp_path, "#- a.py\ndef gather_rows():\n    return 1\n\n#- b.py\ndef other():\n    return 2\n"
    ) as graph:
        assert places(graph, "where is gather_rows?") == ["a.py::gather_rows"]
        graph.update("a.py", "def other():\n    return 1\n")
        graph.update("b.py", "def gather_rows():\n    return 2\n")
        assert places(graph, "where is gather_rows?")[0] == "b.py::gather_rows"
        assert "a.py::gather_rows" not in places(graph, "where is gather_rows?")


def test_the_one_definition_of_a_qualified_name_comes_first(tmp_path: Path) -> None:
    noise = "".join(
        f'def trace_call_chain_{n}(function, order):\n    """Trace a call chain of functions in order."""\n\n'
        for n in range(3)
    )
    with graph_of(tmp_path, f"#- web/api.py\ndef get(url):\n    return send(url)\n#- web/tracing.py\n{noise}") as graph:
        question = "Trace the call chain of `web.api.get(url)`: every function in order."
        assert places(graph, question)[0] == "web/api.py::get"
        less = SelectionOptions(ranking=RankingOptions(qualified_boost=0.0))
        with_boost, without = (search(graph, question, options).evidence[0] for options in (None, less))
        assert with_boost.score == pytest.approx(without.score + 1.2)
        # One that is not qualified, or has several definitions, is lifted less.
        assert search(graph, question.replace("web.api.", ""), less).evidence[0].score > without.score


def test_what_is_done_again_is_found_by_its_prefix() -> None:
    said = analyse("Where are jobs put back on the queue, and connections opened a second time?").phrases
    assert "requeue" in said[("queue", "back")]
    assert "reopen" in said[("opened", "a", "second", "time")]
    assert not {("ports", "again"), ("moved", "again")} & analyse("Which ports are moved again?").phrases.keys()


def test_what_happens_asks_for_what_is_done_and_for_no_name(tmp_path: Path) -> None:
    source = """
#- depot.py
JOB_FAILED = "failed"


def on_event(callback):
    callback()


def handle_failure(job):
    job.state = JOB_FAILED
"""
    with graph_of(tmp_path, source) as graph:
        assert search(graph, "What happens when a job fails?").evidence[0].symbol == "handle_failure"
        assert "JOB_FAILED" in search(graph, "Where is job failed?").evidence[0].symbol
