"""Text from elsewhere: its sentences, its citations, and the verdicts on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapter_core.answers.citations import locate
from adapter_core.answers.export import answer_to_dict
from adapter_core.answers.foreign import split_cited_sentences, verify_answer, verify_text
from adapter_core.answers.runner import answer_question
from adapter_core.cli.main import main
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of, write

WORKSPACE = """
#- src/app/cache.py
class Cache:
    def get(self, key, timeout=30):
        if key not in self.data:
            self.load(key)
        return self.data[key]

    def load(self, key):
        raise KeyError(key)
#- src/app/__init__.py
#- src/tool/__init__.py
"""

TEXT = """\
# How the cache works

`Cache.get` calls `self.load()` if `key not in self.data`
(`src/app/cache.py:2-5`). It returns `self.data[key]`. (cache.py:5)

- `Cache.load` raises `KeyError` (src/app/cache.py#L7-L8).
- `Cache.load` calls `get` (src/app/cache.py lines 7-8).
- `Cache.get` is fast.
- All of this is easy to follow.

```python
raise Nothing  # src/app/cache.py:1
```

1. `get` has a timeout of 31 [here](src/app/cache.py#L2).
2. `get` is defined in `src/app/nothing.py:3`.
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def test_verdicts(graph: CodeGraph) -> None:
    report = verify_text(graph, TEXT)
    assert [(s.line, s.verdict) for s in report.sentences] == [
        (3, "supported"),
        (4, "supported"),
        (6, "supported"),
        (7, "unsupported"),
        (8, "uncited"),
        (9, "says nothing that could be checked"),
        (15, "unsupported"),
        (16, "unresolved"),
    ]
    assert report.sentences[0].text == "`Cache.get` calls `self.load()` if `key not in self.data`."
    assert str(report.sentences[1].citations[0].span) == "src/app/cache.py:5"
    assert "31" in report.sentences[6].reason
    assert not report.ok
    rates = report.rates
    assert (rates.resolves, rates.fresh) == (pytest.approx(5 / 6), 1.0)
    assert (rates.supports, rates.complete) == (pytest.approx(3 / 6), pytest.approx(6 / 7))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is so. (a.py:1) Then `x` is it.", [("It is so.", ("a.py:1",)), ("Then `x` is it.", ())]),
        ("A and `b()` (see `a.py:3`, `b.py:4-5`).", [("A and `b()`.", ("a.py:3", "b.py:4-5"))]),
        ("See e.g. the `x` of it, at a.py:3.", [("See e.g. the `x` of it.", ("a.py:3",))]),
        ("| a | b |\n\n<!-- a.py:1 -->\n\n## T a.py:2\n", []),
        ("`f` sets `x` to `[]` or `()` [a.py:3].", [("`f` sets `x` to `[]` or `()`.", ("a.py:3",))]),
        ("> Quoted words (a.py:1)", [("Quoted words", ("a.py:1",))]),
        # In code nothing is a citation, a link or the end of a sentence.
        ('In `f`: `g(x["a"](1), {}, [])`  a.py:3', [('In `f`: `g(x["a"](1), {}, [])`', ("a.py:3",))]),
        ('`f` returns `"a.py:7. Not"` (a.py:3).', [('`f` returns `"a.py:7. Not"`.', ("a.py:3",))]),
        (
            "In `f`, in the order written:  a.py:3\n    (1) `x = 1. + y`\n    (2) when `a`: `g()`",
            [("In `f`, in the order written: (1) `x = 1. + y`; (2) when `a`: `g()`", ("a.py:3",))],
        ),
        (
            "In `f`, when `a`:  a.py:3\n    `x = 1. + y`\n    `g()`",
            [("In `f`, when `a`: `x = 1. + y`; `g()`", ("a.py:3",))],
        ),
        (
            "In `f`:  a.py:3-9\n    when `a`, `g()`\n    else when `b`, `h()`, then `i()`\n    otherwise `j()`",
            [("In `f`: when `a`, `g()`; else when `b`, `h()`, then `i()`; otherwise `j()`", ("a.py:3-9",))],
        ),
        (
            "• `f` calls `g()`  a.py:3\n\na.py:1-4  f  function  1.20\n    why: x\n     1  def f():\n    12  `g`\n",
            [("`f` calls `g()`", ("a.py:3",))],
        ),
        (
            "`f` calls `g()` (a.py:3).\n\nCommit `0123456789abcdef`, tree `0123456789abcdef`.",
            [("`f` calls `g()`.", ("a.py:3",))],
        ),
    ],
)
def test_sentences_and_their_citations(text: str, sentences: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(s, written) for s, _, written in split_cited_sentences(text)] == sentences


def test_short_paths_are_found_where_they_are_clear(graph: CodeGraph) -> None:
    assert locate(graph, "app/cache.py") == "src/app/cache.py"
    assert locate(graph, "__init__.py") is None
    assert locate(graph, "../../etc/passwd") is None


def test_an_answer_that_was_kept_is_stale_when_its_lines_changed(graph: CodeGraph) -> None:
    kept = json.loads(json.dumps(answer_to_dict(answer_question(graph, "What does `Cache.load` raise?"))))
    assert verify_answer(graph, kept).ok
    file = graph.root / "src/app/cache.py"
    write(graph.root, "src/app/cache.py", file.read_text("utf-8").replace("KeyError", "IndexError"))
    report = verify_answer(CodeGraph.load_or_build(graph.root), kept)
    assert "stale" in {s.verdict for s in report.sentences}
    assert report.rates.fresh is not None
    assert report.rates.fresh < 1
    assert not report.ok


PROSE = """\
`Cache.get` keeps its data until the timeout (src/app/cache.py:2-5).

`Cache.get` encrypts every password on the disk (src/app/cache.py:2-5).
"""


def test_plain_words_must_be_those_of_the_lines(graph: CodeGraph) -> None:
    """A sentence that names only what is there, and claims no relation, is held to its words."""
    report = verify_text(graph, PROSE)
    assert [s.verdict for s in report.sentences] == ["unsupported", "unsupported"]
    assert "do not speak of encrypt" in report.sentences[1].reason
    assert verify_text(graph, PROSE, word_share=0).ok
    assert verify_text(graph, "`Cache.get` loads a key (src/app/cache.py:2-5).\n").ok


def test_sentences_of_answers_are_held_to_their_words_too(graph: CodeGraph) -> None:
    kept = json.loads(json.dumps(answer_to_dict(answer_question(graph, "What does `Cache.load` raise?"))))
    kept["claims"][0]["text"] = "`Cache.load` encrypts every password."
    assert not verify_answer(graph, kept).ok
    assert verify_answer(graph, kept, word_share=0).ok


def check_cli(repo: Path, *arguments: str) -> int:
    return main(["check", "--repo", str(repo), *arguments])


def test_the_command_says_which_sentence_fails_and_why(
    graph: CodeGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path, "good.md", "`Cache.load` raises `KeyError` (src/app/cache.py:7-8).\n")
    bad = write(tmp_path, "bad.md", "Hello.\n\n`Cache.load` raises `IndexError` (src/app/cache.py:7-8).\n")
    assert check_cli(graph.root, str(good)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "supported 100%" in err
    assert check_cli(graph.root, str(bad)) == 1
    out, _ = capsys.readouterr()
    assert out.startswith(
        "line 3: unsupported: `Cache.load` raises `IndexError`.  src/app/cache.py:7-8\n    `IndexError` does not occur"
    )
    assert check_cli(graph.root, "--json", str(bad)) == 1
    value = json.loads(capsys.readouterr()[0])
    assert value["ok"] is False
    assert [s["verdict"] for s in value["sentences"]] == ["says nothing that could be checked", "unsupported"]
    assert value["rates"] == {"resolves": 1.0, "fresh": 1.0, "supports": 0.0, "complete": 1.0}


def test_the_command_lets_words_alone_where_it_is_told_to(
    graph: CodeGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prose = str(write(tmp_path, "prose.md", PROSE))
    assert check_cli(graph.root, prose) == 1
    assert check_cli(graph.root, "--word-share", "0", prose) == 0
    capsys.readouterr()
    assert check_cli(graph.root, "--word-share", "2", prose) == 2
    assert "from 0 to 1" in capsys.readouterr()[1]


def test_what_cannot_be_checked_is_wrong_usage(
    graph: CodeGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_cli(graph.root, str(tmp_path / "none.md")) == 2
    assert "cannot be read" in capsys.readouterr()[1]
    one = {"path": "src/app/cache.py", "start": 7, "end": 8, "sha256": ""}
    for claim in (
        3,
        {"text": None, "citations": [one]},
        {"text": "It loads.", "citations": [3]},
        {"text": "It loads.", "citations": [one | {"path": 3}]},
        {"text": "It loads.", "citations": [one | {"end": float("inf")}]},
        {"text": "It loads."},
    ):
        other = write(tmp_path, "other.json", json.dumps({"claims": [claim]}))
        assert check_cli(graph.root, str(other)) == 2
        assert "no answer of Pathline" in capsys.readouterr()[1]


def test_json_that_nests_too_deeply_is_a_text_like_any_other(graph: CodeGraph, tmp_path: Path) -> None:
    assert check_cli(graph.root, str(write(tmp_path, "deep.json", '{"claims": ' + "[" * 100_000))) in (0, 1)


STEPS = """
#- store.py
class Store:
    \"\"\"Keeps things [see](x) in *files*.\"\"\"

    def save(self, thing, path=None):
        \"\"\"Write a thing down.

        :param path: where to.
        \"\"\"
        if thing is None:
            raise ValueError("a.py:3. Nothing")
        target = self.places["a"](path, {}, [])
        lock = self.lock(target)
        for part in thing:
            target.write(part)
        self.saved[path] = thing
        return lock

    def lock(self, target):
        \"\"\"Nobody else writes.\"\"\"
        return target.lock()
#- use.py
import json as _json
from store import Store

class Shelf:
    stores = {}

    def add(self, name):
        self.stores[name] = Store()

    def of(self, name):
        return self.stores[name]

    def put(self, thing, later):
        store = self.of("a")
        store.save(thing)
        later(lambda: self.add("b"))
        return _json.dumps(thing)

def main(store: Store):
    store.save(3)
#- tests/test_store.py
from store import Store

def test_save():
    Store().save(1)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("What happens in `Store.save`, step by step?",),
        ("Who calls `Store.save`?", "--explain"),
        ("What does `Store` do?", "--footer"),
        ("Which tests cover `Store.save`?",),
        ("How does `Store.save` work with `Store.lock`?",),
        ("Why does `Store.save` raise?", "--json"),
        ("Who calls `Store.sav`?",),
        ("Who calls json.dumps?",),
        ("Who calls Shelf.add?",),
        ("What breaks if I change Store?",),
    ],
)
def test_what_ask_prints_in_a_pipe_passes_its_own_check(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    graph_of(repo, STEPS).close()
    code = main(["ask", "--no-model", "--repo", str(repo), *arguments])
    printed = capsys.readouterr()[0]
    kept = write(tmp_path, "answer.txt", printed)
    assert check_cli(repo, str(kept)) == 0, printed
    out, err = capsys.readouterr()
    assert ("supported 100%" in err) == (code == 0), out
    assert "(2) " in printed or "step by step" not in arguments[0]
