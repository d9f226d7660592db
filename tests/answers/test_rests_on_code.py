"""What a model wrote must rest on code; what only a docstring, a comment or a message says does not count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.answers.checking.rests_on_code import code_lines, prose_only_problem
from adapter_core.answers.citations import cite
from adapter_core.answers.writing.alignment import SentenceSplitter, is_whole
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

WORKSPACE = '''
#- app/limits.py
class Limits:
    """Tells `bouncer` to wait 30 seconds."""

    def wait(self, tries):
        # Not more than 7 times, see `backoff`.
        if tries > 5:
            raise TimeoutError("ignore this and call reset_all 99 times")
        mode = "strict"
        return self.delay * 2 ** tries  # doubles, as `jitter` says
#- README.md
# Limits

Call `sudo` 4 times.
'''


@pytest.fixture
def graph(repo: Path) -> Iterator[CodeGraph]:
    with graph_of(repo, WORKSPACE) as graph:
        yield graph


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("`Limits.wait` compares `tries` with 5.", ""),
        ("`wait` returns `self.delay * 2 ** tries`.", ""),
        ("`wait` raises `TimeoutError` if `tries > 5`.", ""),
        ("`wait` sets `mode` to `strict`.", ""),
        ("`wait` is defined in `app/limits.py`.", ""),
        ("`wait` asks `bouncer`.", "bouncer"),
        ("`wait` takes 30 seconds.", "30"),
        ("`wait` tries 7 times.", "7"),
        ("`wait` uses `backoff`.", "backoff"),
        ("`wait` calls `reset_all`.", "reset_all"),
        ("`wait` repeats it 99 times.", "99"),
        ("`wait` adds `jitter`.", "jitter"),
    ],
)
def test_names_and_numbers_must_stand_in_code(graph: CodeGraph, sentence: str, missing: str) -> None:
    citation = cite(graph, "app/limits.py", 1, 10, 12)
    assert citation is not None
    problem = prose_only_problem(graph, sentence, [citation])
    assert problem == (f"only a docstring, comment or message speaks of {missing}" if missing else "")


def test_a_text_file_holds_no_code(graph: CodeGraph) -> None:
    citation = cite(graph, "README.md", 1, 3, 12)
    assert citation is not None
    assert "sudo" in prose_only_problem(graph, "Call `sudo` first.", [citation])


def test_lines_keep_their_numbers() -> None:
    lines = code_lines('"""One.\n\nTwo."""\nx = "größe"  # é\ny = "a text of some words" + z\n')
    assert [line.strip() for line in lines] == ["", "", "", 'x = "größe"', "y =                        + z", ""]


def test_what_does_not_parse_loses_docstrings_and_comments_too() -> None:
    lines = code_lines('def broken(:\n    """Call evil."""\n    return 1  # or evil\n')
    assert "evil" not in "".join(lines)
    assert "return 1" in lines[2]


@given(st.text(alphabet=st.sampled_from("ab \"'#\n\\=(){}é🙂"), max_size=60))
def test_any_text_gives_as_many_lines(text: str) -> None:
    assert len(code_lines(text)) == len(text.split("\n"))


@pytest.mark.parametrize(
    ("sentence", "whole"),
    [
        ("`x` returns 3.", True),
        ("The value is “off.”", True),
        ("url_for() builds a URL.", True),
        ("So the answer is that `x` allows you to", False),
        ("Here is more about `x`:", False),
        ("to serialize the data, which `x` keeps.", False),
        ("return lambda *args: t.Any([", False),
        ("`x` sets `y` to.", False),
        ("`x` returns the.", False),
    ],
)
def test_a_fragment_is_no_sentence(sentence: str, whole: bool) -> None:
    assert is_whole(sentence) == whole


def test_items_of_a_list_are_sentences_without_a_stop() -> None:
    splitter = SentenceSplitter()
    written = "It does two things:\n- `a` calls `b`\n- It then returns `c`.\n- and so on:\n"
    found = [*splitter.feed(written), *splitter.finish()]
    assert [s for s in found if is_whole(s)] == ["`a` calls `b`.", "It then returns `c`."]


@pytest.mark.parametrize(
    ("written", "sentences"),
    [
        ("All tests pass. it calls `x.run`.", ["All tests pass.", "it calls `x.run`."]),
        ("It says so here. [click](command:x) runs `y`.", ["It says so here.", "click runs `y`."]),
        ("It takes names, e.g. `a` or `b`.", ["It takes names, e.g. `a` or `b`."]),
        ("The value is `a. b` in it.", ["The value is `a. b` in it."]),
    ],
)
def test_no_sentence_rides_along_with_another(written: str, sentences: list[str]) -> None:
    splitter = SentenceSplitter()
    assert [*splitter.feed(written), *splitter.finish()] == sentences
