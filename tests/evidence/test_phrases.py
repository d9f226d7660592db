"""Descriptions of one thing: how they are told from questions, and what they prefer."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.options import RankingOptions, SelectionOptions
from adapter_core.evidence.phrases import is_phrase
from adapter_core.evidence.question import analyse
from adapter_core.evidence.selection import search
from tests.support import graph_of


@pytest.fixture(autouse=True)
def no_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATHLINE_CONFIG_DIR", str(tmp_path / "config"))


def places(graph: CodeGraph, question: str, options: SelectionOptions | None = None) -> list[str]:
    return [f"{e.span.path}::{e.symbol}" for e in search(graph, question, options).evidence]


EXPIRY = """
#- shop/cache.py
class ExpiredCacheEntries:
    \"\"\"What to remove.\"\"\"

    size = 0
    limit = 10


SPACER = 1
OTHER_SPACER = 2
THIRD_SPACER = 3
FOURTH_SPACER = 4
FIFTH_SPACER = 5


def remove_expired(items):
    entries.pop()
"""
NO_PHRASES = RankingOptions(phrase_named=1.0, phrase_unnamed=1.0, phrase_class_factor=1.0, phrase_module_factor=1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Remove expired entries from the cache", True),
        ("Tests whether a line is empty.", True),
        ("Where are expired entries removed", False),
        ("Remove expired entries from the cache?", False),
        ("remove_expired", False),
        ("remove expired entries", False),
        ("Remove expired entries\nIt fails since yesterday, with a message that I do not understand.", False),
    ],
)
def test_a_description_is_told_from_a_question(text: str, expected: bool) -> None:
    assert is_phrase(analyse(text)) is expected


def scores(graph: CodeGraph, question: str, ranking: RankingOptions) -> dict[str, float]:
    return {e.symbol: e.score for e in search(graph, question, SelectionOptions(ranking=ranking)).evidence}


def test_a_description_prefers_functions_that_it_names(tmp_path: Path) -> None:
    phrase = "remove expired entries from the cache"
    with graph_of(tmp_path, EXPIRY) as graph:
        assert places(graph, phrase)[0] == "shop/cache.py::remove_expired"
        found, without = scores(graph, phrase, RankingOptions()), scores(graph, phrase, NO_PHRASES)
        for other in ("ExpiredCacheEntries", "shop.cache"):
            assert found[other] / found["remove_expired"] < 0.95 * without[other] / without["remove_expired"]
        for asked in (f"{phrase}?", f"how to {phrase}"):
            assert scores(graph, asked, RankingOptions()) == scores(graph, asked, NO_PHRASES)


def test_a_description_of_a_class_does_not_weigh_classes_less(tmp_path: Path) -> None:
    kinds_only = RankingOptions(phrase_named=1.0, phrase_unnamed=1.0)
    with graph_of(tmp_path, EXPIRY) as graph:
        for word in ("class", "exception"):
            phrase = f"{word} to remove expired entries from the cache"
            found, without = scores(graph, phrase, kinds_only), scores(graph, phrase, NO_PHRASES)
            assert found["ExpiredCacheEntries"] == without["ExpiredCacheEntries"]
            assert found["shop.cache"] < without["shop.cache"]


def test_the_words_of_a_name_that_are_not_described_count_against_it(tmp_path: Path) -> None:
    with graph_of(
        tmp_path,
        """
#- shop/cache.py
def remove_expired_session_cookie_header(cache):
    cache.pop()

#- shop/store.py
def remove_expired(store):
    store.pop()
""",
    ) as graph:
        phrase = "remove what has expired in time"
        found, without = scores(graph, phrase, RankingOptions()), scores(graph, phrase, NO_PHRASES)
        long, short = "remove_expired_session_cookie_header", "remove_expired"
        assert found[long] / found[short] == pytest.approx(
            RankingOptions().phrase_unnamed ** 3 * without[long] / without[short], abs=0.001
        )
        assert search(graph, phrase).evidence[0].score == 1.0
