"""What a sentence claims, and whether the verifier finds it so: direction, conditions, denials, defaults, exclusivity."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter_core.answers.checking.relations import claims_in
from adapter_core.answers.checking.sentence import read_sentence
from adapter_core.answers.citations import cite
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.support import graph_of

WORKSPACE = """
#- app/store.py
import json
from app.base import Base, audited


class Store(Base):
    limit = 10

    @audited("reads")
    def get(self, key, default=None, *, timeout=30):
        # Keys are never empty.
        if key in self.data:
            return self.data[key]
        if default is not None:
            return default
        raise KeyError(key)

    def put(self, key, value):
        self.check(key)
        self.data[key] = value
        self.count += 1
        self.save()

    def save(self):
        try:
            json.dump(self.data, self.file)
        except OSError as error:
            self.failed = error
            return False
        return True

    def check(self, key):
        return len(key) > 0xFF
#- app/base.py
def audited(name):
    return lambda f: f


class Base:
    def save(self):
        return True

    def close(self):
        pass
#- app/main.py
from app.store import Store


def run(store: Store):
    store.put("a", 1)
    return store.get("a") or None


def idle(store: Store):
    return 3
"""


@pytest.fixture
def graph(repo: Path) -> CodeGraph:
    return graph_of(repo, WORKSPACE)


def verdict(graph: CodeGraph, sentence: str, place: str) -> str:
    path, _, lines = place.partition(":")
    first, _, last = lines.partition("-")
    citation = cite(graph, path, int(first), int(last or first), 40)
    assert citation is not None
    return supports(graph, sentence, (citation,)).reason


GET, PUT, SAVE, CHECK = "app/store.py:8-15", "app/store.py:17-21", "app/store.py:23-29", "app/store.py:31-32"
RUN, IDLE, CLASS, BASE = "app/main.py:4-6", "app/main.py:9-10", "app/store.py:5", "app/base.py:5-10"


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("`Store.put` calls `self.check()` and then `self.save()`.", PUT),
        ("`put` invokes `check`, and `Store.put` sets `self.data[key]` to `value`.", PUT),
        ("`Store.put` is called by `run`.", RUN),
        ("It calls `store.get`.", RUN),
        ("`run` calls `Store.put`.", RUN),
        ("`Store.get` returns `default` if `default is not None`.", GET),
        ("`get` returns `self.data[key]` unless `key not in self.data`.", GET),
        ("`get` raises `KeyError`.", GET),
        ("The default of `timeout` in `get` is `30`.", GET),
        ("`get` takes `key` and optionally `default` (default `None`).", GET),
        ("`timeout` of `Store.get` defaults to 30.", GET),
        ("`Store.get` has a default of `30` for `timeout`.", GET),
        ("`get` is decorated with `@audited('reads')`.", GET),
        ("`get` is registered with `audited`.", GET),
        ("A comment in `get` says: “Keys are never empty”", GET),
        ("Keys are never empty in `get`.", GET),
        ("`Store` extends `Base`.", CLASS),
        ("`Base` is the base class of `Store`.", CLASS),
        ("`Store.save` overrides `Base.save`.", SAVE),
        ("`save` returns `False` when it catches `OSError`.", SAVE),
        ("`Store.save` is a method of `Store`, defined in `app/store.py`.", SAVE),
        ("`Store.save` sets `self.failed` to `error`.", SAVE),
        ("`Store.put` does not call `get`.", PUT),
        ("`Store.put` never raises `KeyError`.", PUT),
        ("`idle` always returns `3`.", IDLE),
        ("`idle` only returns `3`.", IDLE),
        ("`check` returns `len(key) > 255`.", CHECK),
        ("`Store.limit` is set to `10`.", "app/store.py:6"),
        ("`app/store.py` imports `json`.", "app/store.py:1-2"),
        ("`app.store` imports `audited` from `app.base`.", "app/store.py:1-2"),
        ("`Store.put` is only called by `run`.", RUN),
    ],
)
def test_holds(graph: CodeGraph, sentence: str, place: str) -> None:
    assert verdict(graph, sentence, place) == ""


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("`self.check()` calls `Store.put`.", PUT),
        ("`run` is called by `Store.put`.", RUN),
        ("`Store.put` calls `self.data`.", PUT),
        ("`idle` calls `store`.", IDLE),
        ("`Store.get` calls `Store.put`.", PUT),
        ("`Base.put` calls `check`.", PUT),
        ("`Store.put` is called by `idle`.", RUN),
        ("`put` sets `value` to `self.data[key]`.", PUT),
        ("`Store.get` returns `default` unless `default is not None`.", GET),
        ("`Store.get` returns `self.data[key]` if `default is not None`.", GET),
        ("`Store.get` returns `key`.", GET),
        ("`get` does not raise `KeyError`.", GET),
        ("`KeyError` raises `get`.", GET),
        ("The default of `default` in `get` is `30`.", GET),
        ("The default of `timeout` in `put` is `30`.", GET),
        ("`get` takes `data`.", GET),
        ("`get` takes `key` and optionally `key`, `timeout` (default `None`).", GET),
        ("`get` is decorated with `@audited('writes')`.", GET),
        ("A comment in `put` says: “Keys are never empty”", GET),
        ("Keys are never `None` in `get`.", GET),
        ("`Base` extends `Store`.", CLASS),
        ("`Store` is the base class of `Base`.", CLASS),
        ("`Store` does not extend `Base`.", CLASS),
        ("`Base.save` overrides `Store.save`.", BASE),
        ("`Base.close` overrides `Store.save`.", BASE),
        ("`save` returns `True` when it catches `OSError`.", SAVE),
        ("`Store.save` is a function of `Base`.", SAVE),
        ("`Store.save` is not a method.", SAVE),
        ("`Store.save` is a class.", SAVE),
        ("`Store.save` is defined in `app/main.py`.", SAVE),
        ("`Store.put` does not call `save`.", PUT),
        ("`Store.put` only calls `check`.", PUT),
        ("`save` always returns `True`.", SAVE),
        ("`check` returns `len(key) > 256`.", CHECK),
        ("`Store.limit` is set to `11`.", "app/store.py:6"),
        ("`Store.limit` is set to `10`.", "app/store.py:5"),
        ("`Store.get` is a method of `Store`.", "app/store.py:11-12"),
        ("`json` imports `app.store`.", "app/store.py:1-2"),
        ("`Store.get` is only called by `idle`.", IDLE),
        ("`Store.put` does not call `get`.", "app/store.py:19-20"),
    ],
)
def test_does_not_hold(graph: CodeGraph, sentence: str, place: str) -> None:
    assert verdict(graph, sentence, place) != ""


def test_a_file_that_does_not_parse(repo: Path) -> None:
    graph = graph_of(
        repo, "#- m.py\ndef f(x):\n    return g(x)\n\ndef g(x):\n    raise ValueError(x)\n\ndef broken(:\n"
    )
    assert verdict(graph, "`f` calls `g`.", "m.py:2") == ""
    assert verdict(graph, "`f` returns `g(x)`.", "m.py:2") == ""
    assert verdict(graph, "`g` calls `f`.", "m.py:2") != ""
    assert verdict(graph, "`f` raises `ValueError`.", "m.py:5") != ""


def relations(text: str) -> list[tuple[str, list[str], list[str]]]:
    found = claims_in(read_sentence(text)).relations
    return [(r.kind, [m.text for m in r.subjects], [m.text for m in r.objects]) for r in found]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("`a` calls `b`.", [("calls", ["a"], ["b"])]),
        ("`a` is called by `b` and `c`.", [("calls", ["b"], ["a"]), ("calls", ["c"], ["a"])]),
        ("`a` calls `b`, which raises `E`.", [("calls", ["a"], ["b"]), ("raises", ["b"], ["E"])]),
        ("`a` calls `b` and returns `c`.", [("calls", ["a"], ["b"]), ("returns", ["a"], ["c"])]),
        ("The method `a` of `B` returns `c`.", [("returns", ["a", "B"], ["c"])]),
        ("When `x` is set, `a` returns `c`.", [("returns", ["a"], ["c"])]),
        ("`a` returns the default value.", []),
        ("The calls to `a` are slow.", []),
        ("Sets of `a` are fast.", []),
        ("`a` overrides `b` and is overridden by `c`.", [("overrides", ["a"], ["b"]), ("overrides", ["c"], ["a"])]),
    ],
)
def test_relations_are_read(text: str, read: list[tuple[str, list[str], list[str]]]) -> None:
    assert relations(text) == read


@given(st.text(alphabet=st.sampled_from("ab `.,()“”\"' callsreturnsifnotby1_\\\n\x02\x03"), max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    sentence = read_sentence(text)
    claims_in(sentence)
    assert "\x02" not in sentence.plain or sentence.mentions
