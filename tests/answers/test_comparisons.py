"""What differs between two symbols: how one is built on the other, what each is, what only one has, and which of several is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- pack/__init__.py
#- pack/base.py
class Logger:
    \"\"\"Writes lines.\"\"\"

    def write(self, line):
        return line
#- pack/plain.py
from pack.base import Logger


class Bound(Logger):
    \"\"\"A bound one for files.\"\"\"

    def bind(self, name):
        return name
#- pack/web.py
import socketserver

from pack.base import Logger


class Bound(Logger):
    \"\"\"A bound one for the web.\"\"\"


class Server(socketserver.TCPServer):
    \"\"\"Serves lines.\"\"\"

    def stop(self):
        return None
#- pack/session.py
class Session:
    def install(self, name, external=False):
        \"\"\"Install with pip.\"\"\"
        return name

    def conda_install(self, name, channel=""):
        \"\"\"Install with conda.\"\"\"
        return self.install(name)

    def run(self, **kwargs):
        \"\"\"Run what is given.\"\"\"
        return kwargs
#- pack/command.py
def install(name, path):
    \"\"\"Install by hand.\"\"\"
    return name
#- tests/test_pack.py
from pack.session import Session


def test_install():
    assert Session().install("a") and Session().conda_install("a")
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def test_namesakes_are_told_apart_by_their_modules(graph: CodeGraph) -> None:
    sentences = told(graph, "What is the difference between Bound and Logger?")
    assert sentences[0] == "`pack.plain.Bound`: “A bound one for files.”"
    assert "`pack.plain.Bound` extends `Logger`." in sentences
    assert "Only `pack.plain.Bound` has `bind`, and not `Logger`." in sentences
    assert "`pack.web.Bound`: “A bound one for the web.”" in sentences
    assert not any(sentence.startswith("`Bound`") for sentence in sentences)


def test_a_method_of_an_instance_is_that_of_its_class(graph: CodeGraph) -> None:
    sentences = told(graph, "difference between session.install and session.conda_install")
    assert sentences[:3] == [
        "`Session.install`: “Install with pip.”",
        "`Session.conda_install`: “Install with conda.”",
        "`Session.conda_install` calls `Session.install`.",
    ]
    assert "Only `Session.install` takes `external`; only `Session.conda_install` takes `channel`." in sentences
    assert not any("by hand" in sentence or "test_install" in sentence for sentence in sentences)


@pytest.mark.parametrize("question", ["Server vs Logger", "difference between session.run and session.install"])
def test_what_the_other_may_have_is_not_told(graph: CodeGraph, question: str) -> None:
    # A base of the library, or `**kwargs`, may give the other one what it does not define.
    assert not any("Only `Logger`" in s or "nly `Session.install`" in s for s in told(graph, question))


def test_one_that_is_not_there_is_said(graph: CodeGraph) -> None:
    assert "nothing is called “rebind” here" in (
        answer_question(graph, "difference between bind and rebind").reason or ""
    )


def test_what_only_one_has_is_checked(graph: CodeGraph) -> None:
    answer = answer_question(graph, "What is the difference between Bound and Logger?")
    claim = next(c for c in answer.claims if c.text.startswith("Only "))
    assert supports(graph, claim.text, claim.citations).ok
    for wrong in (
        "Only `pack.plain.Bound` has `write`, and not `Logger`.",
        "Only `Logger` has `bind`, and not `pack.plain.Bound`.",
    ):
        assert not supports(graph, wrong, claim.citations).ok
    assert not supports(graph, claim.text, claim.citations[:1]).ok


def test_what_only_one_has_the_other_surely_lacks(tmp_path: Path) -> None:
    files = """
#- kit/pairs.py
import asyncio
class Plain:
    'Plain.'
    def data_received(self): pass
    def push(self): pass
    def beta(self): pass
    def late(self): pass
    def gone(self): pass
class Loud(asyncio.Protocol):
    'Loud.'
class Proxy:
    'Proxy.'
    def __getattribute__(self, name):
        return getattr(self.inner, name)
class Slots:
    'Slots.'
    __slots__ = ("push",)
    def __init__(self):
        self.beta = 4
Slots.late = lambda self: 1
@filled
class Filled:
    'Filled.'
"""
    graph = graph_of(tmp_path, files)
    for other in ("Loud", "Proxy", "Filled"):
        texts = told(graph, f"What is the difference between Plain and {other}?")
        assert not any("nly `Plain`" in text for text in texts)
    texts = told(graph, "What is the difference between Plain and Slots?")
    assert "Only `Plain` has `data_received` and `gone`, and not `Slots`." in texts


def test_a_name_that_may_be_made_up_is_not_denied(tmp_path: Path) -> None:
    files = """
#- pkg/execed.py
for op in ("add", "sub"):
    exec(f"def vec_{op}(a, b): return a")
#- pkg/updated.py
locals().update(TABLE)
#- pkg/lazy.py
from functools import partial
def __getattr__(name):
    return partial(_query, name)
#- pkg/strict.py
def __getattr__(name):
    if name == "one":
        return 1
    raise AttributeError(name)
#- pkg/api.py
@numbered
class Api:
    'An api.'
class Local:
    'Locals.'
    for n in range(3):
        locals()[f"do_{n}"] = n
class Known:
    'Known.'
    def do_it(self): pass
"""
    graph = graph_of(tmp_path, files)
    for name in ("pkg.execed.vec_add", "pkg.updated.vec_add", "pkg.lazy.fetch_users", "Api.do_get", "Local.do_get"):
        owner, _, member = name.rpartition(".")
        assert f"`{owner}` has no `{member}`" not in answer_question(graph, f"What does {name} do?").text
    for name in ("pkg.strict.two", "Known.do_get"):
        owner, _, member = name.rpartition(".")
        assert f"`{owner}` has no `{member}`" in answer_question(graph, f"What does {name} do?").text


def test_documentation_on_both_and_the_method_that_both_override(tmp_path: Path) -> None:
    text = """
#- docs/guide.md
# Watching

## Kinds

A `Poller` and a `Listener` may be used. The former looks at all files again and again.

A fixed letter is sent as it is. In contrast to fixed letters, a loose letter may be changed.
#- watch/__init__.py
#- watch/base.py
class Watcher:
    def changed(self):
        raise NotImplementedError
#- watch/kinds.py
from watch.base import Watcher


class Poller(Watcher):
    def changed(self):
        files = self.look()
        times = [f.mtime for f in files]
        return times

    def look(self):
        return []


class Listener(Watcher):
    def changed(self):
        return next(self.events)

    def _wait(self):
        return None
"""
    graph = graph_of(tmp_path, text)
    sentences = told(graph, "What is the difference between Poller and Listener?")
    assert any("The former looks at all files" in s for s in sentences)
    poller = next(n for n, s in enumerate(sentences) if "`Poller.changed`" in s)
    listener = next(
        n for n, s in enumerate(sentences) if s.startswith("`Listener.changed` returns `next(self.events)`")
    )
    only = next(n for n, s in enumerate(sentences) if s.startswith("Only `Poller` has `look`"))
    assert poller < listener < only
    assert told(graph, "what's the difference between a fixed and a loose letter?")[0].endswith(
        "In contrast to fixed letters, a loose letter may be changed.”"
    )
