from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.context import (
    collect_function_windows,
    estimate_tokens,
    pack_context_heads,
    pack_context_windows,
)
from adapter_core.evidence.options import ContextOptions
from adapter_core.evidence.selection import search
from adapter_core.graph.source import hash_lines
from adapter_core.types import Evidence, EvidencePack
from tests.support import graph_of, write

WORKSPACE = '''
#- app/__init__.py
#- app/router.py
"""Routing of requests.

How URLs find their views.
"""
import re
from collections import (
    OrderedDict,
    deque as queue,
)

from .rules import Rule


DEFAULT = 3


@final
class Router:
    """Matches URLs.

    One for each application.
    """

    strict = True

    def match(self, url, method=None):
        """Find the endpoint whose rule matches the URL.

        Raises LookupError.
        """
        normal = url.strip("/")
        for rule in self.rules:
            if rule.fits(
                normal,
                method,
            ):
                return rule.endpoint

        # Nobody wants it.
        self.log(normal)

        def unused():
            pass

        raise LookupError(url)

    def _log(self, what):
        print(what)


def build(rules):
    return Router(rules)
#- app/rules.py
class Rule:
    pass
#- docs/guide.md
# Guide

What a router is.

## Rules

They match.
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


@pytest.fixture(scope="module")
def flask_graph(flask: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeGraph]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATHLINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        with CodeGraph.load_or_build(flask) as graph:
            yield graph


def texts(graph: CodeGraph, *arguments: object, **options: object) -> list[str]:
    return [w.text for w in collect_function_windows(graph, *arguments, **options)]  # type: ignore[arg-type]


# -- windows -----------------------------------------------------------------------------------------------------------


def test_a_short_symbol_is_shown_whole(graph: CodeGraph) -> None:
    (window,) = collect_function_windows(graph, "build")
    assert window.text == "def build(rules):\n    return Router(rules)"
    assert window.left_out == 0
    assert [(str(p.span), p.symbol, p.kind) for p in window.parts] == [("app/router.py:51-52", "build", "function")]


def test_a_long_one_keeps_signature_docstring_and_what_answers(graph: CodeGraph) -> None:
    (window,) = collect_function_windows(graph, ["Router.match"], "what is logged when nobody wants it?", 11)
    assert (
        window.text
        == '''\
    def match(self, url, method=None):
        """Find the endpoint whose rule matches the URL.

        Raises LookupError.
        """
        # … 8 lines left out
        # Nobody wants it.
        self.log(normal)
        # … 5 lines left out'''
    )
    assert window.left_out == 13
    assert [str(p.span) for p in window.parts] == ["app/router.py:26-30", "app/router.py:39-40"]


def test_a_statement_is_whole_or_not_there(graph: CodeGraph) -> None:
    (window,) = collect_function_windows(graph, ["Router.match"], "where does a rule fit the endpoint?", 13)
    assert (
        "            if rule.fits(\n                normal,\n                method,\n            ):\n" in window.text
    )
    assert "return rule.endpoint" in window.text


def test_a_docstring_that_would_fill_the_window_is_cut_to_its_first_paragraph(graph: CodeGraph) -> None:
    (window,) = collect_function_windows(graph, ["Router.match"], "", 7)
    assert (
        window.text
        == '''\
    def match(self, url, method=None):
        """Find the endpoint whose rule matches the URL.
        # … 3 lines left out
        normal = url.strip("/")
        # … 14 lines left out'''
    )


def test_a_class_is_shown_by_what_it_defines(graph: CodeGraph) -> None:
    (window,) = collect_function_windows(graph, "Router")
    assert (
        window.text
        == '''\
@final
class Router:
    """Matches URLs.

    One for each application.
    """

    strict = True

    def match(self, url, method=None):
        # … 20 lines left out
    def _log(self, what):
        # … 1 line left out'''
    )


def test_windows_on_a_file_are_of_its_functions_that_match_best_first(graph: CodeGraph) -> None:
    def names(question: str) -> list[str]:
        found = collect_function_windows(graph, "app/router.py", question)
        return [w.symbol.symbol.qualname for w in found if w.symbol]

    assert names("") == ["Router.match", "Router._log", "build"]
    assert names("rules of the router") == ["build", "Router.match"]
    assert names("quantum") == []


def test_names_that_mean_nothing_have_no_windows(graph: CodeGraph) -> None:
    assert texts(graph, ["nothing", "build"]) == ["def build(rules):\n    return Router(rules)"]
    assert texts(graph, "app/none.py") == []


def test_unsaved_text_is_what_is_shown(graph: CodeGraph) -> None:
    graph.update("app/rules.py", "def fresh():\n    return 1\n")
    assert texts(graph, "fresh") == ["def fresh():\n    return 1"]


@pytest.mark.parametrize("max_lines", [1, 5, 20, 60])
@pytest.mark.parametrize("question", ["", "How are errors handled in a request?"])
def test_windows_on_real_code(flask_graph: CodeGraph, question: str, max_lines: int) -> None:
    for path in ("src/flask/app.py", "src/flask/cli.py", "src/flask/sansio/scaffold.py"):
        document = flask_graph.document(path)
        assert document
        windows = collect_function_windows(flask_graph, path, question, max_lines)
        assert len(windows) >= (2 if question else 20)
        for window in windows:
            assert window.symbol
            symbol = window.symbol.symbol
            shown = [n for p in window.parts for n in range(p.span.start, p.span.end + 1)]
            assert window.left_out == symbol.end - symbol.start + 1 - len(shown)
            marks = re.findall(r"^ *# … (\d+) lines? left out$", window.text, re.MULTILINE)
            assert sum(map(int, marks)) == window.left_out
            assert {symbol.start, symbol.name_line} <= set(shown)
            for part in window.parts:
                assert part.sha256 == hash_lines(document.lines, part.span.start, part.span.end)
                assert part.text in window.text
            if symbol.docstring:
                assert symbol.docstring.split("\n")[0].split('"')[0] in window.text
            # Signature and first paragraph may be longer than all there is room for.
            assert len(shown) <= max_lines or max(shown) < symbol.name_line + 25


# -- packed windows ----------------------------------------------------------------------------------------------------


def test_symbols_are_packed_as_windows(graph: CodeGraph) -> None:
    match, build = graph.find_symbol("Router.match") + graph.find_symbol("build")
    pack = pack_context_windows(graph, [match, build, match], 300)
    assert [str(e.span) for e in pack.evidence] == ["app/router.py:26-45", "app/router.py:51-52"]
    assert pack.omitted == ()


def test_a_cut_window_keeps_its_head(graph: CodeGraph) -> None:
    (match,) = graph.find_symbol("Router.match")
    pack = pack_context_windows(graph, [match], 70, estimate_tokens)
    assert (
        pack.text
        == '''\
[1] app/router.py:26-31
    def match(self, url, method=None):
        """Find the endpoint whose rule matches the URL.

        Raises LookupError.
        """
        normal = url.strip("/")
        # … 14 lines left out'''
    )
    assert [str(s) for s in pack.omitted] == ["app/router.py:32-45"]


def test_evidence_stands_for_the_symbol_around_it(graph: CodeGraph) -> None:
    evidence = [
        e for e in search(graph, "Who is logged to when nobody wants the URL?").evidence if "router.py" in e.span.path
    ]
    document = graph.document("app/router.py")
    assert document
    part = [
        _cut(e, 39, 40, document.lines) for e in evidence if e.span.start <= 39 <= e.span.end
    ][:1]  # fmt: skip
    assert part
    pack = pack_context_windows(graph, part, options=ContextOptions(max_lines=10))
    assert [str(e.span) for e in pack.evidence] == ["app/router.py:26-30", "app/router.py:39-40"]
    assert pack.evidence[0].symbol == "Router.match"
    assert pack.evidence[0].score == part[0].score


def test_evidence_outside_definitions_stays_as_it_is(graph: CodeGraph) -> None:
    evidence = [e for e in search(graph, "`DEFAULT`").evidence if e.symbol == "DEFAULT"]
    assert pack_context_windows(graph, evidence).text == "[1] app/router.py:14\nDEFAULT = 3"


def test_evidence_of_a_file_that_changed_is_not_widened(graph: CodeGraph) -> None:
    evidence = search(graph, "`build` the rules").evidence[:1]
    write(graph.root, "app/router.py", "def build(other):\n    pass\n")
    fresh = CodeGraph(graph.root, graph.store)
    assert pack_context_windows(fresh, evidence).evidence[0].text == evidence[0].text


def _cut(evidence: Evidence, start: int, end: int, lines: list[str]) -> Evidence:
    span = replace(evidence.span, start=start, end=end)
    return replace(evidence, span=span, text="\n".join(lines[start - 1 : end]), sha256=hash_lines(lines, start, end))


# -- heads -------------------------------------------------------------------------------------------------------------


def test_a_file_by_its_heads(graph: CodeGraph) -> None:
    pack = pack_context_heads(graph, ["app/router.py"], 500)
    assert (
        pack.text
        == '''\
[1] app/router.py:1-4,17-19,26-27,47,51
"""Routing of requests.

How URLs find their views.
"""
# … imports re, collections (OrderedDict, deque as queue), .rules (Rule)
@final
class Router:
    """Matches URLs.
    def match(self, url, method=None):
        """Find the endpoint whose rule matches the URL.
    def _log(self, what):
def build(rules):'''
    )
    assert pack.omitted == ()
    check_heads(graph, pack, 500)


def test_all_files_come_before_any_in_detail(graph: CodeGraph) -> None:
    names = ["app/router.py", "app.rules", "docs/guide.md", "nothing.at.all", "app/router.py"]
    assert pack_context_heads(graph, names, 45).text == (
        '[1] app/router.py:1,18,51\n"""Routing of requests.\nclass Router:\ndef build(rules):\n\n'
        "[2] app/rules.py:1\nclass Rule:\n\n"
        "[3] docs/guide.md:1\n# Guide"
    )
    full = pack_context_heads(graph, names, 900)
    assert full.text.endswith("[3] docs/guide.md:1,5\n# Guide\n## Rules")
    assert full.omitted == ()


@pytest.mark.parametrize("budget", [0, 5, 12, 30, 60, 120, 400, 4000])
def test_heads_fit(flask_graph: CodeGraph, budget: int) -> None:
    names = ["src/flask/app.py", "flask.ctx", "src/flask/cli.py", "README.md", "src/flask/__main__.py"]
    pack = pack_context_heads(flask_graph, names, budget)
    check_heads(flask_graph, pack, budget)
    whole = pack_context_heads(flask_graph, names, 100_000)
    lines = {(s.path, n) for s in pack.omitted for n in range(s.start, s.end + 1)}
    shown = {(e.span.path, n) for e in pack.evidence for n in range(e.span.start, e.span.end + 1)}
    assert not lines & shown
    assert lines | shown >= {(e.span.path, n) for e in whole.evidence for n in range(e.span.start, e.span.end + 1)}
    assert pack.tokens >= min(0.75 * budget, whole.tokens) or budget < 15


def check_heads(graph: CodeGraph, pack: EvidencePack, budget: int) -> None:
    """Every line is a real one, in order, and the headers say which."""
    assert pack.tokens == (estimate_tokens([pack.text])[0] if pack.text else 0) <= budget
    evidence = list(pack.evidence)
    for block in re.split(r"\n\n(?=\[\d+\] )", pack.text) if pack.text else []:
        header, *lines = block.split("\n")
        told = re.fullmatch(r"\[\d+\] (\S+?)(?::([\d,-]+))?", header)
        assert told
        runs = []
        while evidence and evidence[0].span.path == told[1]:
            runs.append(evidence.pop(0))
        assert (told[2] or "") == ",".join(str(e.span).rpartition(":")[2] for e in runs)
        document = graph.document(told[1])
        assert document
        numbers = [n for e in runs for n in range(e.span.start, e.span.end + 1)]
        assert [line for line in lines if not line.startswith("# … imports ")] == [
            document.lines[n - 1] for n in numbers
        ]
        assert all(e.sha256 == hash_lines(document.lines, e.span.start, e.span.end) for e in runs)
    assert not evidence
