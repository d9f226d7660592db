"""Questions about relations: who calls, raises, catches, extends and changes what, in the words in which people ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.aside_words import without_noise, words_of_asides
from adapter_core.answers.citations import cite
from adapter_core.answers.relation_words import plain_relation_question
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.evidence.question import analyse
from adapter_core.types import Claim
from tests.answers.asking import told
from tests.support import graph_of

STARS = """
#- bell/__init__.py
from . import tower as tower
#- bell/_core/_generated.py
from ._guard import guarded

__all__ = ["ring", "hush"]


@guarded
def ring(times):
    return RUNNER.ring(times)


@guarded
def hush():
    return RUNNER.hush()
#- bell/_core/_guard.py
import typing as t

F = t.TypeVar("F")

if t.TYPE_CHECKING:
    def guarded(f: F) -> F: ...
else:
    def guarded(f):
        f.guarded = True
        return f
#- bell/_core/_run.py
from ._generated import *
#- bell/_core/__init__.py
from ._run import hush, ring
#- bell/tower.py
from ._core import hush as hush, ring as ring
#- bell/day.py
import bell
from . import _core


def noon():
    bell.tower.ring(12)


def night():
    _core.hush()
"""


def test_callers_through_star_imports_and_packages_are_found(tmp_path: Path) -> None:
    with graph_of(tmp_path, STARS) as graph:
        assert told(graph, "who calls bell.tower.ring?")[0] == "`ring` is called by `noon`."
        assert told(graph, "who calls hush?")[0] == "`hush` is called by `night`."


def test_calls_by_name_alone_are_told_before_it_is_said_that_there_are_none(tmp_path: Path) -> None:
    fixture = """
    #- mill/group.py
    class Group:
        def members(self):
            return []
    #- mill/registry.py
    from mill import group


    def create(registry, base):
        return type(base.__name__, tuple([registry]), {})


    class Registry:
        def __init__(self):
            setattr(self, "Group", create(self, group.Group))

        def get_group(self, name):
            return self.Group(name)
    """
    with graph_of(tmp_path, fixture) as graph:
        answer = answer_question(graph, "who constructs Group?")
        assert answer.claims[0].text == "By name alone: `Registry.get_group` calls `self.Group()`."
        assert "no call" not in answer.reason


def test_a_function_that_only_stands_in_a_table_is_said_to_be_read_there(tmp_path: Path) -> None:
    fixture = """
    #- mill/sql.py
    def merge_sql(self, expression):
        return ""
    #- mill/postgres.py
    from mill.sql import merge_sql


    class Generator:
        TRANSFORMS = {
            "merge": merge_sql,
        }
    """
    with graph_of(tmp_path, fixture) as graph:
        answer = answer_question(graph, "who calls merge_sql?")
        assert answer.claims[0].text == "`merge_sql` is read in `Generator`."
        assert "no call of merge_sql was found" in answer.reason


def test_a_name_under_which_files_import_a_module_is_that_module(tmp_path: Path) -> None:
    fixture = """
    #- mill/expressions/__init__.py
    from mill.expressions.builders import *
    #- mill/expressions/builders.py
    def column(name):
        return name


    class Exp:
        def power(self): ...
    #- mill/plan.py
    from mill import expressions as exp


    def plan():
        return exp.column("a")
    """
    with graph_of(tmp_path, fixture) as graph:
        assert told(graph, "who calls exp.column?")[0] == "`column` is called by `plan`."
        assert not any("has no" in text for text in told(graph, "what does exp.missing do?"))


ERRORS = """
#- mill/__init__.py
#- mill/testing/__init__.py
#- mill/errors.py
class Jammed(Exception):
    \"\"\"The stones are stuck.\"\"\"
#- mill/stones.py
from mill.errors import Jammed


class Stones:
    jammed_caught = False

    def grind(self, sack):
        if not sack:
            raise Jammed("no corn")
        return sack
#- mill/day.py
from mill.errors import Jammed


def run(stones):
    try:
        stones.grind([])
    except Jammed:
        return None
#- mill/testing/replay.py
from mill.errors import Jammed


def replay(stones):
    try:
        stones.grind([])
    except Jammed:
        return None
"""


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("where is Jammed raised and caught?", ["`Jammed` is raised in `Stones.grind`.", "`run` catches `Jammed`."]),
        ("where is Jammed caught inside mill?", ["`run` catches `Jammed`.", "`replay` catches `Jammed`."]),
        ("where in mill is Jammed raised?", ["`Jammed` is raised in `Stones.grind`."]),
        ("what raises and handles Jammed anywhere in the package?", ["`Jammed` is raised in `Stones.grind`."]),
    ],
)
def test_words_of_the_relation_and_of_the_whole_project_are_no_subject(
    tmp_path: Path, question: str, first: list[str]
) -> None:
    with graph_of(tmp_path, ERRORS) as graph:
        answer = answer_question(graph, question)
        assert [claim.text for claim in answer.claims][: len(first)] == first
        assert "speaks of" not in answer.reason
        assert not any("jammed_caught" in claim.text for claim in answer.claims)


def test_a_question_for_a_place_in_the_project_is_left_alone(tmp_path: Path) -> None:
    with graph_of(tmp_path, ERRORS) as graph:
        for question in ("where is Jammed raised in stones?", "how does mill work inside stones?", "why is it raised?"):
            assert plain_relation_question(graph, question) == question


BASES = """
#- shop/parts.py
class Base: ...


class Walks: ...


class SwimsMixin(Base): ...


class Duck(
    Walks,
    SwimsMixin,
):
    def extend(self, wings): ...


class Stone: ...
"""


@pytest.mark.parametrize(
    "question",
    [
        "what are the mixins of Duck?",
        "which classes does Duck extend?",
        "which mixins does Duck inherit from?",
        "what does Duck extend?",
        "what are the base classes of Duck",
    ],
)
def test_all_bases_of_a_class_are_told(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, BASES) as graph:
        assert told(graph, question) == ["`Duck` extends `Walks` and `SwimsMixin`.", "`SwimsMixin` extends `Base`."]


def test_the_bases_of_several_classes_of_one_name_are_told_with_their_modules(tmp_path: Path) -> None:
    fixture = """
    #- shop/base.py
    class Base: ...
    #- shop/one.py
    from shop.base import Base
    class Till(Base): ...
    #- shop/two.py
    class Till(dict): ...
    """
    with graph_of(tmp_path, fixture) as graph:
        assert told(graph, "what are the base classes of Till?") == [
            "`shop.one.Till` extends `Base`.",
            "`shop.two.Till` extends `dict`.",
        ]


def test_that_a_class_has_no_base_is_noted(tmp_path: Path) -> None:
    with graph_of(tmp_path, BASES) as graph:
        answer = answer_question(graph, "which classes does Stone extend?")
        assert [claim.text for claim in answer.claims] == ["`Stone` is a class, defined in `shop/parts.py`."]
        assert "Stone names no base class" in answer.reason


RAISES = """
#- mill/__init__.py
#- mill/errors.py
class MillError(Exception): ...


class Jammed(MillError): ...


class Empty(Exception): ...
#- mill/stones.py
from mill.errors import Empty, Jammed


class Stones:
    def grind(self, sack):
        self.check(sack)
        try:
            return self.turn(sack)
        except Empty:
            return None

    def check(self, sack):
        if sack is None:
            raise ValueError("no sack")

    def turn(self, sack):
        if not sack:
            raise Empty("no corn")
        self.push(sack)

    def push(self, sack):
        if sack > 3:
            raise Jammed("too much")

    def clean(self):
        for sack in self.sacks:
            if sack:
                raise Jammed("not empty")
        try:
            self.push(1)
        except Exception:
            pass

    def guard(self, sack):
        with self.lock:
            raise Jammed("locked")

    def rest(self):
        return list(self.sacks)
"""
CHAIN = (
    "`Stones.grind` calls `self.turn()`; `Stones.turn` calls `self.push()` when `sack`; `Stones.push` raises `Jammed` with the message "
    '`"too much"` when `sack > 3`.'
)


def test_what_a_function_raises_is_told_with_what_it_calls(tmp_path: Path) -> None:
    with graph_of(tmp_path, RAISES) as graph:
        for question in ("what exceptions can Stones.grind raise?", "what can Stones.grind raise"):
            assert told(graph, question) == [
                "`Stones.grind` has no `raise` statement of its own.",
                '`Stones.grind` calls `self.check()`; `Stones.check` raises `ValueError` with the message `"no sack"` when `sack is None`.',
                CHAIN,  # `Empty` is caught
            ]
        answer = answer_question(graph, "what can Stones.grind raise?")
        assert "what libraries raise" in answer.reason
        assert told(graph, "which errors can be raised by Stones.clean?") == [
            '`Stones.clean` raises `Jammed` with the message `"not empty"` when `sack`.'
        ]
        assert told(graph, "does Stones.rest raise any exceptions?") == [
            "`Stones.rest` has no `raise` statement of its own."
        ]
        assert told(graph, "what can Stones.guard raise?") == ['In `Stones.guard`: `raise Jammed("locked")`']


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("`Jammed`", "`Empty`"),
        ("raises `Jammed`", "raises `MillError`"),
        ("when `sack`;", "unless `sack`;"),
        ("when `sack > 3`", "unless `sack > 3`"),
        ("`self.push()`", "`self.check()`"),
        ("`Stones.push` raises", "`Stones.clean` raises"),
        ("`Stones.grind` calls", "`Stones.rest` calls"),
        ("; `Stones.turn` calls `self.push()` when `sack`", ""),
        ("`self.turn()`", "`self.push()`"),
    ],
)
def test_a_changed_chain_is_not_supported(tmp_path: Path, old: str, new: str) -> None:
    with graph_of(tmp_path, RAISES) as graph:
        claim = next(c for c in answer_question(graph, "what can Stones.grind raise?").claims if c.text == CHAIN)
        assert supports(graph, CHAIN, claim.citations).ok
        assert old in CHAIN
        assert not supports(graph, CHAIN.replace(old, new), claim.citations).ok


def test_that_nothing_is_raised_is_shown_by_the_whole_body(tmp_path: Path) -> None:
    with graph_of(tmp_path, RAISES) as graph:
        claim = answer_question(graph, "what can Stones.rest raise?").claims[0]
        assert supports(graph, claim.text, claim.citations).ok
        assert not supports(graph, claim.text.replace("rest", "clean"), claim.citations).ok
        start = graph.find_symbol("Stones.clean")[0].symbol.start
        whole = cite(graph, "mill/stones.py", start, start + 8, 12)
        assert whole is not None
        assert not supports(graph, "`Stones.clean` has no `raise` statement of its own.", (whole,)).ok
        line = graph.find_symbol("Stones.rest")[0].symbol.start
        one = cite(graph, "mill/stones.py", line, line, 12)
        assert one is not None
        assert not supports(graph, "`Stones.rest` has no `raise` statement of its own.", (one,)).ok


ASIDES = """
#- mill/__init__.py
#- mill/stones.py
import json


class Stones:
    \"\"\"Grinds; an ORM could keep what is ground.\"\"\"

    def store(self, sack):
        return json.dumps(sack)

    def polish(self, sack):
        return "Mongo" + sack
#- tests/test_stones.py
import asyncpg


def test_orm_layer():
    assert asyncpg.connect("ORM layer")
#- docs/tutorial/keeping.py
import asyncpg


def keep_sack():
    return asyncpg.connect("sack")
#- docs/redis.rst
Keeping
=======

How sacks may be kept in Redis is another story.
"""


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("where is the ORM layer in mill?", "only tests and comments speak of “ORM”, no code outside of these does"),
        (
            "how does mill connect with asyncpg?",
            "only tests and examples speak of “asyncpg”, no code outside of these does",
        ),
        ("where is Redis used in mill?", ""),
        ("how does mill store a sack in Mongo?", ""),
        ("how does mill store a sack with json?", ""),
        ("how are the Stones polished?", ""),
    ],
)
def test_that_only_tests_and_examples_speak_of_something_is_said_first(
    tmp_path: Path, question: str, note: str
) -> None:
    with graph_of(tmp_path, ASIDES) as graph:
        answer = answer_question(graph, question)
        assert (note in answer.reason) if note else ("no code outside" not in answer.reason)
        if note and answer.claims:
            assert answer.text.startswith(f"O{note[1:]}. What comes nearest:")
            word = note.partition("“")[2].partition("”")[0].lower()
            assert all(word in f"{c.text}{c.citations[0].span.path}".lower() for c in answer.claims)


def test_after_a_note_that_nothing_speaks_of_it_no_noise_is_told(tmp_path: Path) -> None:
    with graph_of(tmp_path, ASIDES) as graph:
        claims = [
            *answer_question(graph, "what does polish do?").claims,
            *answer_question(graph, "what does store do?").claims,
        ]
        polishing = [claim for claim in claims if "polish" in claim.text]
        assert polishing
        assert len(polishing) < len(claims)

        def told_of(question: str, missing: list[str]) -> list[Claim]:
            return without_noise(graph, analyse(question), claims, [], missing)

        assert told_of("where does Kubernetes polish?", ["Kubernetes"]) == polishing
        assert told_of("where does Kubernetes polish json?", ["Kubernetes"]) == []
        assert (
            told_of("where does Kubernetes polish a sack in json or elsewhere?", ["Kubernetes"]) == claims
        )  # it says more
        assert told_of("where does kubernetes polish json?", ["kubernetes"]) == claims  # no thing


@pytest.mark.parametrize(
    "question",
    ["does mill use json?", "does mill use json internally?", "where does mill use json's dumps under the hood?"],
)
def test_whether_a_library_is_used_asks_where(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, ASIDES) as graph:
        assert plain_relation_question(graph, question) == "where is json used?"
        assert plain_relation_question(graph, "does mill use stones?") == "does mill use stones?"


def test_a_word_within_a_name_is_not_said_to_be_of_asides_alone(tmp_path: Path) -> None:
    files = "#- mill/net.py\nfrom ipaddress import IPv6Address\n\ndef listen(host):\n    return IPv6Address(host)\n"
    docs = "#- docs/net.md\n# Net\n\nThe mill listens on IPv6 and on Carrier addresses.\n"
    with graph_of(tmp_path, files + docs) as graph:
        assert words_of_asides(graph, analyse("how does the mill listen on IPv6?")) == []
        assert words_of_asides(graph, analyse("how does the mill listen on Carrier addresses?")) == ["Carrier"]
