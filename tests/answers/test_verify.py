"""The verifier on sentences that are right, and on their mutants."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.citations import check, cite, extract_citations, has_citations
from adapter_core.answers.verify import supports, verify_claim
from adapter_core.code_graph import CodeGraph
from adapter_core.types import Citation, Claim
from tests.support import graph_of, write

WORKSPACE = '''
#- app/cache.py
class Cache:
    def get(self, key, default=None, timeout=30):
        """Look a key up, or "return the default" of the caller."""
        if key not in self.data:
            return default
        return self.data[key]

    def clear(self):
        self.data = {}
'''


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def cited(graph: CodeGraph, start: int, end: int) -> tuple[Citation, ...]:
    citation = cite(graph, "app/cache.py", start, end, 12)
    assert citation is not None
    return (citation,)


@pytest.mark.parametrize(
    ("sentence", "ok"),
    [
        ("`Cache.get` returns `default` if `key not in self.data`.", True),
        ("`get` has a timeout of 30.", True),
        ("`Cache.get` is defined in `app/cache.py`.", True),
        ("It says: “return the default of the caller”.", True),
        ("`Cache.put` returns `default`.", False),
        ("`get` has a timeout of 31.", False),
        ("It says: “never return the default”.", False),
        ("The cache is very good.", False),
        ("get_or_create() is called.", False),
        ("`clear` is called by `get`.", False),
        ("It uses redisClient.", False),
    ],
)
def test_support(graph: CodeGraph, sentence: str, ok: bool) -> None:
    result = supports(graph, sentence, cited(graph, 2, 6))
    assert result.ok is ok
    assert bool(result.reason) is not ok


def test_a_verified_claim_carries_all_four_marks(graph: CodeGraph) -> None:
    claim, problem = verify_claim(graph, Claim("`clear` sets `self.data`.", "composed", cited(graph, 8, 9)))
    assert problem == ""
    assert all(c.resolves and c.fresh and c.supports and c.verified for c in claim.citations)


def test_a_file_that_changed_after_it_was_cited(graph: CodeGraph) -> None:
    citations = cited(graph, 8, 9)
    write(
        graph.root, "app/cache.py", WORKSPACE.partition("cache.py\n")[2].replace("self.data = {}", "self.data.clear()")
    )
    _, problem = verify_claim(graph, Claim("`clear` sets `self.data`.", "composed", citations))
    assert problem == "cites lines that have changed"


def test_lines_that_are_gone(graph: CodeGraph) -> None:
    citations = cited(graph, 8, 9)
    write(graph.root, "app/cache.py", "class Cache: pass\n")
    checked = check(graph, citations[0])
    assert (checked.resolves, checked.fresh) == (False, False)
    (graph.root / "app/cache.py").unlink()
    assert not check(graph, citations[0]).resolves


def test_unsaved_text_decides(graph: CodeGraph) -> None:
    citations = cited(graph, 8, 9)
    graph.update("app/cache.py", "\n" + (graph.root / "app/cache.py").read_text())
    assert not check(graph, citations[0]).fresh


def test_nothing_outside_is_cited(graph: CodeGraph, tmp_path: Path) -> None:
    write(tmp_path, "secret.py", "x = 1\n")
    assert cite(graph, "../secret.py", 1, 1, 12) is None
    assert cite(graph, "app/cache.py", 99, 99, 12) is None
    assert cite(graph, "app/cache.py", 3, 2, 12) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see src/a.py:12", [("src/a.py", 12, 12)]),
        ("(`src/a.py:12-15`)", [("src/a.py", 12, 15)]),
        ("src/a.py lines 3-9 and b.py line 4", [("src/a.py", 3, 9), ("b.py", 4, 4)]),
        ("src/a.py#L3-L9", [("src/a.py", 3, 9)]),
        ("at 12:30 in a.py", []),
    ],
)
def test_citations_are_found_in_text(text: str, found: list[tuple[str, int, int]]) -> None:
    assert extract_citations(text) == found
    assert has_citations(text) is bool(found)


def test_citations_per_paragraph() -> None:
    assert has_citations("a.py:1\n\nb.py:2", per_paragraph=True)
    assert not has_citations("a.py:1\n\nnothing", per_paragraph=True)


def test_a_sentence_of_many_thousand_words_is_not_checked(graph: CodeGraph) -> None:
    result = supports(graph, "`Cache.get` calls `clear` and " * 5_000, cited(graph, 2, 6))
    assert (result.ok, result.reason) == (False, "is too long to be checked")


def test_what_is_said_in_words_that_tell_no_relation_rests_on_the_names(graph: CodeGraph) -> None:
    assert supports(graph, "`get` looks for `key` among the keys of `self.data`.", cited(graph, 2, 6)).ok


def test_a_relation_in_unknown_words_is_not_believed(graph: CodeGraph) -> None:
    result = supports(graph, "The callee in question of `get` would be `key`.", cited(graph, 2, 6))
    assert (result.ok, "could not be made out" in result.reason) == (False, True)
