from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import estimate_tokens, pack_context
from adapter_core.evidence.options import ContextOptions, SelectionOptions
from adapter_core.evidence.question import analyse
from adapter_core.evidence.selection import search
from adapter_core.graph import terms
from adapter_core.graph.finding.lookup import has_more_scopes
from adapter_core.graph.source import hash_lines
from adapter_core.types import Span
from tests.support import graph_of, write

WORKSPACE = '''
#- app/router.py
"""Routing of requests."""


class Router:
    """Matches URLs to view functions."""

    def add_rule(self, rule, endpoint):
        """Register a URL rule for an endpoint."""
        self.rules.append((rule, endpoint))

    def match(self, url):
        """Find the endpoint whose rule matches the URL."""
        for rule, endpoint in self.rules:
            if rule == url:
                return endpoint
        raise LookupError(url)
#- app/cache.py
DEFAULT_TIMEOUT = 300


def clear_cache(store):
    """Throw away every cached response."""
    store.clear()
    audit(store)


def audit(store):
    log("cleared", store)
#- app/session.py
class SessionStore:
    def sign(self, cookie):
        return self.key + cookie
#- tests/test_router.py
from app.router import Router

def test_match():
    assert Router().match("/") == "index"
#- docs/routing.rst
Routing
=======

A rule matches a URL.
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def top(graph: CodeGraph, question: str, **options: object) -> list[str]:
    found = search(graph, question, SelectionOptions(**options))  # type: ignore[arg-type]
    return [f"{e.span.path}::{e.symbol}" for e in found.evidence]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How is a URL matched to an endpoint?", "app/router.py::Router.match"),
        ("Where is the cache cleared?", "app/cache.py::clear_cache"),
        ("what signs the cookie", "app/session.py::SessionStore.sign"),
        ("`add_rule`", "app/router.py::Router.add_rule"),
        ("What is DEFAULT_TIMEOUT?", "app/cache.py::DEFAULT_TIMEOUT"),
        ("addRule", "app/router.py::Router.add_rule"),
        ("Which tests cover matching in the router?", "tests/test_router.py::test_match"),
    ],
)
def test_the_right_place_comes_first(graph: CodeGraph, question: str, first: str) -> None:
    assert top(graph, question)[0] == first


def test_evidence_is_real_lines(graph: CodeGraph) -> None:
    for item in search(graph, "How are requests routed?").evidence:
        document = graph.document(item.span.path)
        assert document is not None
        assert item.text == "\n".join(document.lines[item.span.start - 1 : item.span.end])
        assert item.sha256 == hash_lines(document.lines, item.span.start, item.span.end)
        assert item.why


def test_evidence_does_not_overlap(graph: CodeGraph) -> None:
    found = search(graph, "How does the router match a URL rule for an endpoint?", SelectionOptions(top=20)).evidence
    assert not [(a, b) for i, a in enumerate(found) for b in found[:i] if a.span.overlaps(b.span)]


@pytest.mark.parametrize(
    "question", ["How does quantum entanglement teleport photons?", "zzzz qqqq", "?", "the of and"]
)
def test_what_is_not_there_is_not_supported(graph: CodeGraph, question: str) -> None:
    assert not search(graph, question).supported


def test_zoom_brings_the_neighbours(graph: CodeGraph) -> None:
    (zoom,) = graph.find_symbol("clear_cache")
    found = search(graph, "what happens here?", zoom=zoom)
    assert found.supported
    assert [e.symbol for e in found.evidence[:2]] == ["clear_cache", "audit"]
    assert "called by clear_cache" in found.evidence[1].why


def test_zoom_on_a_module_follows_imports(repo: Path) -> None:
    graph = graph_of(repo, "#- a.py\nimport b\n#- b.py\nfrom c import x\n#- c.py\nx = 1\n#- d.py\ny = 1\n")
    (zoom,) = graph.find_symbol("b")
    why = {e.span.path: e.why[0] for e in search(graph, "what is this for?", zoom=zoom).evidence}
    assert why == {"b.py": "zoom symbol", "a.py": "imports b", "c.py": "imported by b"}


def test_what_a_project_says_of_itself(repo: Path) -> None:
    readme = "Shop\n====\n\nSells things to people over the network.\n"
    graph = graph_of(
        repo,
        f"#- README.rst\n{readme}\n#- src/shop/__init__.py\n'A shop.'\n#- src/shop/deep/__init__.py\n#- x.py\ny=1\n",
    )
    found = search(graph, "What is this project about?")
    assert found.supported
    assert [e.span.path for e in found.evidence] == ["README.rst", "src/shop/__init__.py"]


def test_badges_above_the_title_of_a_readme_say_nothing(repo: Path) -> None:
    badges = "".join(f".. image:: https://img.example/{n}.svg\n    :target: https://example.org\n\n" for n in range(5))
    graph = graph_of(repo, f"#- README.rst\n{badges}Shop\n====\n\nSells things to people.\n#- shop.py\ny=1\n")
    best = search(graph, "What is this project about?").evidence[0]
    assert (best.symbol, best.kind) == ("Shop", "section")
    assert "Sells things to people." in best.text
    graph = graph_of(
        repo / "other", "#- README.md\n" + "Sells things to people.\n\n" * 4 + "# Use\n\nBuy.\n#- shop.py\ny=1\n"
    )
    assert "Sells things to people." in search(graph, "What is this project about?").evidence[0].text


def test_path_glob(graph: CodeGraph) -> None:
    assert {p.split("::")[0] for p in top(graph, "rule matches URL", path_glob="docs/*")} == {"docs/routing.rst"}


def test_unsaved_text_is_searched_instead_of_the_file(graph: CodeGraph) -> None:
    text = "def evict_entries():\n    '''Drop the oldest entries of the least recently used list.'''\n"
    fresh = CodeGraph(graph.root, graph.store, {"app/cache.py": text})
    assert top(fresh, "how are the oldest entries evicted")[0] == "app/cache.py::evict_entries"
    assert not any("clear_cache" in p for p in top(fresh, "Where is the cache cleared?"))


def test_a_long_function_gives_whole_statements(repo: Path) -> None:
    body = "".join(f"    step_{i} = compute(\n        {i},\n    )\n" for i in range(60))
    write(repo, "long.py", f"def pipeline(a):\n    '''Run it.'''\n{body}    return needle(\n        haystack,\n    )\n")
    with CodeGraph.load_or_build(repo) as graph:
        spans = [(e.span.start, e.span.end) for e in search(graph, "where is the needle in the haystack").passages]
    assert (1, 2) in spans
    assert (183, 185) in spans


def test_what_the_deciding_lines_leave_of_a_long_function_follows_in_whole_statements(repo: Path) -> None:
    body = "".join(f"    # {i}\n    step_{i} = compute(\n        {i},\n    )\n" for i in range(30))
    source = f"def pipeline(a):\n    '''Run it.'''\n{body}    return needle(\n        haystack,\n    )\n"
    write(repo, "long.py", f"{source}\n\ndef other(needle):\n    return haystack\n")
    with CodeGraph.load_or_build(repo) as graph:
        found = search(graph, "where does pipeline find the needle in the haystack")
        pack = pack_context(found.passages, ContextOptions(tokens=2000))
    spans = [(e.span.start, e.span.end) for e in found.passages if e.symbol == "pipeline"]
    assert spans[0] == (123, 125)
    assert sorted(n for first, last in spans for n in range(first, last + 1)) == [*range(1, 126)]
    lines = source.split("\n")
    for first, last in spans:
        assert lines[first - 1].startswith(("def", "    #", "    return"))
        assert lines[last - 1].endswith((")", "'''"))
    assert [(e.span.start, e.span.end) for e in pack.evidence if e.symbol == "pipeline"] == [(1, 125)]
    assert [(e.span.start, e.span.end) for e in found.definitions if e.symbol == "pipeline"] == [(123, 125), (1, 2)]


def test_no_piece_of_a_long_function_begins_within_a_long_statement(repo: Path) -> None:
    table = "".join(f"        {i}: 'v{i}',\n" for i in range(100))
    source = (
        f"def pipeline(a):\n    b = a\n    table = {{\n{table}    }}\n    c = b\n    return needle(table, haystack)\n"
    )
    write(repo, "long.py", f"{source}\n\ndef other(needle):\n    return haystack\n")
    with CodeGraph.load_or_build(repo) as graph:
        found = search(graph, "where does pipeline find the needle in the haystack").passages
    spans = [e.span for e in found if e.symbol == "pipeline"]
    assert len(spans) > 1
    assert not [s for s in spans if 4 <= s.start <= 104]
    assert all(s.end - s.start < 45 for s in spans)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("urlMapBuild", ("url", "map", "build", "urlmapbuild")),
        ("url_map", ("url", "map", "urlmap")),
        ("HTTPResponse", ("http", "respond", "httpresponse")),
        ("__init__", ("init",)),
        ("routes", ("rout",)),
        ("größe", ("größe",)),
    ],
)
def test_words_split_into_terms(word: str, expected: tuple[str, ...]) -> None:
    assert terms.split(word) == expected


@pytest.mark.parametrize(
    ("noun", "verb"),
    [("creation", "create"), ("predictions", "predicting"), ("management", "manages"), ("serialization", "serialized")],
)
def test_a_noun_meets_its_verb(noun: str, verb: str) -> None:
    assert terms.stem(noun) == terms.stem(verb)


@pytest.mark.parametrize(
    "word", ["union", "region", "element", "comment", "only", "apply", "string", "need", "embed", "red"]
)
def test_what_only_looks_like_a_suffix_stays(word: str) -> None:
    assert terms.stem(word) == word


def test_word_forms_meet() -> None:
    for forms in (
        "match matches matching matched",
        "route routes routing routed",
        "cache caches caching cached",
        "entry entries",
        "copy copies copied copying",
        "save saves saved saving",
        "move moves moved moving",
        "ask asks asked asking",
        "fly flies flew flying",
        "fail fails failed failing failure failures",
        "keep keeps kept keeping",
        "expand expanded expansion expansions",
        "die dies died dying death",
    ):
        assert len({terms.stem(w) for w in forms.split()}) == 1


@pytest.mark.parametrize(
    ("text", "kind", "identifiers"),
    [
        ("Who calls `Router.match`?", "callers", ("Router.match",)),
        ("Where is url_for defined?", "where", ("url_for",)),
        ("How does app.run() start?", "how", ("app.run",)),
        ("What tests cover SessionStore?", "tests", ("SessionStore",)),
        ("why not", "why", ()),
        ("What is the purpose of this project?", "overview", ()),
        ("What does the project's cache do?", "what", ()),
    ],
)
def test_questions_are_read(text: str, kind: str, identifiers: tuple[str, ...]) -> None:
    asked = analyse(text)
    assert (asked.kind, asked.identifiers) == (kind, identifiers)


def test_a_word_that_tells_is_kept_though_its_stem_is_that_of_one_that_does_not() -> None:
    assert set(analyse("Where is the default theme of them located?").terms) == {"default", "them"}
    assert set(analyse("What do they tell them?").terms) == set()
    assert "locat" in analyse("Which location is exact?").terms


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("What happens to a parcel, step by step?", "what", {"parcel"}),
        ("Walk me through how a parcel is weighed, in detail.", "how", {"parcel", "weigh"}),
        ("Could you please explain to me where a parcel goes?", "where", {"parcel"}),
        ("How is a parcel weighed under the hood? Thanks", "how", {"parcel", "weigh"}),
        ("In simple terms, how is a parcel weighed?", "how", {"parcel", "weigh"}),
        ("I would like to understand why a parcel is weighed", "why", {"parcel", "weigh"}),
        ("Please list where a parcel is weighed", "other", {"list", "parcel", "weigh"}),
        ("How is a parcel weighed, please?", "how", {"parcel", "weigh"}),
        ("How are the terms of a contract shown?", "how", {"term", "contract", "shown"}),
        ("How are links built in detail views?", "how", {"link", "build", "detail", "view"}),
        ("How are parcels printed in short format?", "how", {"parcel", "print", "short", "format"}),
        ("What does the `Thanks` parcel weigh?", "what", {"thank", "parcel", "weigh"}),
        ('Where is "in detail" weighed?', "where", {"detail", "weigh"}),
        (".parcel/weights.py: what is weighed?", "other", {"parcel", "weight", "py", "weigh"}),
    ],
)
def test_how_an_answer_is_to_be_given_is_not_asked_about(text: str, kind: str, words: set[str]) -> None:
    asked = analyse(text)
    assert asked.kind == kind
    assert set(asked.terms) == words


def test_a_question_of_100_000_characters(graph: CodeGraph) -> None:
    assert len(analyse("router " * 15_000).terms) == 1
    words = " ".join(f"word{i}" for i in range(12_000))
    assert len(analyse(words).terms) <= 200
    search(graph, words)


def lines_of(spans: Iterable[Span]) -> set[tuple[str, int]]:
    return {(span.path, n) for span in spans for n in range(span.start, span.end + 1)}


def test_the_pack_stays_within_its_budget(graph: CodeGraph) -> None:
    evidence = search(graph, "How does the router match rules?", SelectionOptions(top=20)).passages
    for budget in (30, 80, 200, 2000):
        pack = pack_context(evidence, ContextOptions(tokens=budget))
        assert pack.tokens <= budget
        assert estimate_tokens([pack.text])[0] <= budget + len(pack.evidence)
        shown, left = lines_of(e.span for e in pack.evidence), lines_of(pack.omitted)
        assert shown | left == lines_of(e.span for e in evidence)
        assert not shown & left
        for number, item in enumerate(pack.evidence, 1):
            assert f"[{number}] {item.span}\n" in pack.text


def test_lines_score_the_same_in_every_process() -> None:
    """In whatever order a set of strings comes there, which Python draws anew for each."""
    program = (
        "from adapter_core.evidence.spans import line_score\n"
        "weights = {f'word{i}': 1 / (3 + i) for i in range(40)}\n"
        "print(line_score(' '.join(weights), weights).hex())"
    )
    scores = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(scores) == 1


def test_equals_come_in_the_same_order_whatever_was_indexed_first(tmp_path: Path) -> None:
    """More candidates that are alike than are looked at; a file that is edited moves to the end of the index."""
    text = "def strip_tags(text):\n    return text\n"
    for number in range(90):
        write(tmp_path, f"part{number:02}/tags.py", text)
    with CodeGraph.load_or_build(tmp_path) as graph:
        before = [str(e.span) for e in search(graph, "where are tags stripped?").evidence]
        for body in ("def other():\n    pass\n", text):
            write(tmp_path, before[0].rpartition(":")[0], body)
            graph.refresh([before[0].rpartition(":")[0]])
        after = [str(e.span) for e in search(graph, "where are tags stripped?").evidence]
    assert before == after
    assert before == sorted(before)


def test_a_word_counts_the_scopes_that_define_it_and_not_their_overloads(tmp_path: Path) -> None:
    overloads = "@overload\ndef Widget(size: {}): ...\n"
    one = "from typing import overload\n" + "".join(overloads.format(t) for t in ("int", "str", "bytes", "float"))
    write(tmp_path, "shop/one.py", f"{one}def Widget(size):\n    return size\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert not has_more_scopes(graph.view, "Widget", {"function"}, 1)
        found = search(graph, "Where does the Widget come from?")
        assert "defines Widget" in found.evidence[0].why
    write(tmp_path, "shop/two.py", "class A:\n    def Widget(self): ...\n")
    write(tmp_path, "tests/test_a.py", "def Widget(): ...\n")
    with CodeGraph.load_or_build(tmp_path) as graph:
        assert has_more_scopes(graph.view, "Widget", {"function", "method"}, 1)
        assert not has_more_scopes(graph.view, "Widget", {"function", "method"}, 2)
