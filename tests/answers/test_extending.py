"""Questions how to add something of one's own are about what is added, and answered by what others are built on."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.evidence.extending import WHY_NAMED_SO
from adapter_core.evidence.question import analyse, extending_terms
from adapter_core.evidence.selection import search
from adapter_core.graph import terms
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- net/auth.py
class Auth:
    \"\"\"Base class for all authentication schemes.\"\"\"

    def flow(self, request):
        raise NotImplementedError


class Basic(Auth):
    def flow(self, request):
        yield request


class Digest(Auth):
    def flow(self, request):
        yield request
#- net/transport.py
class BaseTransport:
    def send(self, request):
        raise NotImplementedError


class HttpTransport(BaseTransport):
    def send(self, request):
        return request.write()


class Transports:
    def transport(self, url):
        return HttpTransport()

    def transports(self):
        return [HttpTransport()]
#- net/urls.py
class Params:
    def add(self, new):
        \"\"\"Add a new parameter, and return new ones.\"\"\"
        return [*self, new]

    def write(self, own):
        \"\"\"Write my own parameters.\"\"\"
        return own
#- net/settings.py
class Settings:
    #: The colour of the lines that
    #: are drawn.
    #:
    #: .. versionadded:: 2.0
    colour = "red"
"""


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How would I add a new authentication scheme?", "Base class for all authentication schemes."),
        ("How can I write my own transport?", "`BaseTransport` is extended by `HttpTransport`."),
        ("how to implement a custom transport", "`BaseTransport` is extended by `HttpTransport`."),
    ],
)
def test_what_others_are_built_on_comes_first(tmp_path: Path, question: str, first: str) -> None:
    answer = answer_question(graph_of(tmp_path, WORKSPACE), question)
    assert answer.found
    assert any(first in claim.text for claim in answer.claims[:2])
    assert "Params" not in answer.claims[0].text


UNITS = """
#- units/registry.py
class Registry:
    def define(self, definition):
        \"\"\"Put a unit into the registry.

        :param definition: what the unit is called, and what it is made of.
        \"\"\"
        self.known.append(definition)

    def add_unit_group(self, name, members=()):
        \"\"\"Group units under a name.\"\"\"
        self.groups[name] = members

    def load(self, lines):
        for line in lines:
            self.define(line)

    def _new_unit(self, new):
        return new
#- units/rules.py
class Rule:
    new_unit_name: str


def write_unit(unit):
    \"\"\"Write a new unit.\"\"\"
    return unit
#- tests/test_units.py
from units.registry import Registry


def test_load():
    registry = Registry()
    registry.load(["a = b"])
    assert registry.known


def test_define():
    registry = Registry()
    registry.define("smoot = 1.7 m")
    assert registry.known


def test_groups():
    registry = Registry()
    registry.add_unit_group("short", members=["mm"])
"""


def test_what_is_named_like_that_comes_first_with_an_example(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, UNITS)
    said = [claim.text for claim in answer_question(graph, "How do I define a new unit?").claims]
    assert said[0] == "`Registry.define`: “Put a unit into the registry.”"
    assert 'In `test_define`: `registry.define("smoot = 1.7 m")`' in said
    assert not any("new_unit" in text or "Registry.load" in text for text in said)
    said = [claim.text for claim in answer_question(graph, "How can I add a unit group?").claims]
    assert said[0] == "`Registry.add_unit_group`: “Group units under a name.”"
    assert any(text.startswith("`Registry.add_unit_group` takes `name` and optionally `members`") for text in said)


def test_to_write_ones_own_is_not_to_call_what_writes(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, UNITS)
    lifted = {
        question: [e.symbol for e in search(graph, question).definitions if WHY_NAMED_SO in e.why]
        for question in ("How do I write my own unit?", "How do I add a unit group?", "How do I define a new unit?")
    }
    assert list(lifted.values()) == [[], ["Registry.add_unit_group"], ["Registry.define"]]


def test_what_is_not_there_is_still_not_found(tmp_path: Path) -> None:
    assert not answer_question(graph_of(tmp_path, WORKSPACE), "How do I add a new blockchain ledger?").found


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("How do I add a new codec?", "how do i add a new"),
        ("how to write my own codec", "how to write my own"),
        ("How does Params add a new value?", ""),  # what is, and not what one may do
        ("Where do I add a new value?", ""),
        ("How do I add values?", ""),
    ],
)
def test_which_questions_ask_for_something_of_ones_own(text: str, asks: str) -> None:
    assert extending_terms(text) == frozenset(terms.terms_of(asks))
    plain = analyse("codec add new write own value").terms
    asked = analyse(text).terms
    assert all((asked[t] < plain[t]) == (t in extending_terms(text)) for t in asked.keys() & plain.keys())


def test_a_comment_of_sphinx_is_told_as_what_it_says(tmp_path: Path) -> None:
    claim = answer_question(graph_of(tmp_path, WORKSPACE), "What is Settings.colour?").claims[0]
    assert claim.text == "A comment above `Settings.colour` says: “The colour of the lines that are drawn.”"
    assert [str(c.span) for c in claim.citations] == ["net/settings.py:2-6"]


LISTS = """
#- fns/lists.py
def implement(kind, name):
    \"\"\"Add a NumPy function or ufunc to the handled list.

    :param name: of it.
    \"\"\"
    HANDLED[name] = kind


def add_to_list(path, kind):
    \"\"\"Add a path to the numpy functions.\"\"\"
    HANDLED[path] = kind


def _implement(kind):
    \"\"\"Add a NumPy function.\"\"\"
    HANDLED[kind] = kind


def register_unit_format(name):
    \"\"\"Use a function for units.\"\"\"
    FORMATS[name] = name


class AbstractFileSystem:
    \"\"\"What every filesystem has in common.\"\"\"


class Memory(AbstractFileSystem):
    def opened(self):
        return self


def count_numpy_functions(function):
    total = function + numpy
    return total
#- tests/test_lists.py
def test_new_numpy_function():
    \"\"\"Test a new numpy function.\"\"\"
    assert numpy
"""


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How do I add a new numpy function?", "`implement`: “Add a NumPy function or ufunc to the handled list.”"),
        ("How do I add my own unit formatter?", "`register_unit_format`: “Use a function for units.”"),
        ("How do I implement a new filesystem?", "`AbstractFileSystem`: “What every filesystem has in common.”"),
    ],
)
def test_what_says_that_it_does_it_comes_first(tmp_path: Path, question: str, first: str) -> None:
    said = told(graph_of(tmp_path, LISTS), question)
    assert said[0] == first
    assert not any("test_new" in text or "add_to_list" in text or "_implement" in text for text in said)


def test_statements_with_one_word_of_a_question_how_to_do_something_are_left_out(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, UNITS.replace("def define", "def put").replace("Put a unit", "Put one"))
    said = told(graph, "How do I scale a unit by a factor?")
    assert not any("is annotated with" in text or text.startswith("In `") for text in said)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("How do I run the tests locally?", {"local"}),
        ("how to build it manually", {"manual"}),
        ("How does it run locally?", set()),
    ],
)
def test_how_it_is_to_be_done_is_not_what_is_looked_for(text: str, minor: set[str]) -> None:
    plain = {t: w for word in terms.words(text) for t, w in analyse(word).terms.items()}
    asked = analyse(text).terms
    reduced = {t for t in asked.keys() & plain.keys() if asked[t] < plain[t]} - extending_terms(text)
    assert reduced == {t for word in minor for t in asked if t.startswith(word)}
