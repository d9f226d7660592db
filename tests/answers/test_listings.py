"""What there is of a kind is told as it is: no exception by its name alone, each property as a property, handlers as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.links.known_links import KnownLinks
from adapter_core.answers.composing.links.time_budget import TimeBudget
from adapter_core.answers.composing.listings import classes_with_method, exception_handlers, raising_places
from adapter_core.answers.composing.listings.all_kinds import cached_listings, listings
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled
from adapter_core.evidence.traces import read_trace
from tests.support import graph_of

WORKSPACE = """
#- kit/errors.py
from enum import Enum
from typing import NamedTuple, Protocol

from widgets import Dialog


class KitError(Exception):
    pass


class Missing(KitError):
    pass


class Error(Enum):
    A = 1


class LogError(NamedTuple):
    line: int


class HasError(Protocol):
    pass


if Dialog:

    class LateError(ValueError):
        pass

else:

    class LateError(Exception):
        pass


class RemoteError(Dialog):
    pass
#- kit/other.py
class Missing:
    pass


class Sought(Missing):
    pass


class Shape:
    @property
    def size(self):
        return 1


class Box:
    def size(self):
        return 2


class Ring:
    @property
    def size(self):
        return 3
#- examples/first.py
class ExampleError(Exception):
    pass


class FurtherError(Exception):
    pass


def example():
    try:
        pass
    except Far:
        raise
#- kit/run.py
import socket


def first():
    try:
        pass
    except socket.Late:
        raise
    except Far:
        raise


def second():
    try:
        pass
    except (
        ValueError,
        Late,
    ):
        raise


def third(value: "Late"):
    return value
#- kit/use.py
try:
    import socket
except ImportError:
    socket = None


def fourth(value: "Late"):
    return value
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def texts(graph: CodeGraph, question: str) -> list[str]:
    return [item.text for item in listings(graph, question)]


def test_exceptions_are_what_is_built_on_them(graph: CodeGraph) -> None:
    # `RemoteError`: what stands outside the workspace may be one.
    told = texts(graph, "Which exceptions are defined?")
    assert told == [
        "The module `kit.errors` defines `KitError`, `Missing`, `LateError` and `RemoteError`.",
        "The module `examples.first` defines `ExampleError` and `FurtherError`.",
    ]
    answer = answer_question(graph, "Which exceptions are defined?")
    assert told[0] in [claim.text for claim in answer.claims]
    assert not answer.dropped


def test_a_property_is_listed_as_one(graph: CodeGraph) -> None:
    told = texts(graph, "Which classes define size?")
    assert told == ["`size` is a method of `Box`.", "`size` is a property of `Shape` and `Ring`."]


def test_a_handler_is_told_as_it_is_written(graph: CodeGraph) -> None:
    assert texts(graph, "Who catches Late?") == ["`first` catches `socket.Late`.", "`second` catches `Late`."]
    assert not answer_question(graph, "Who catches Late?").dropped


def test_the_product_comes_before_examples(graph: CodeGraph) -> None:
    assert texts(graph, "Who catches Far?") == ["`first` catches `Far`.", "`example` catches `Far`."]


def test_files_without_a_handler_are_not_parsed(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    real = exception_handlers.outline_of
    monkeypatch.setattr(exception_handlers, "outline_of", lambda text: parsed.append(text) or real(text))
    assert len(texts(graph, "Who catches Late?")) == 2
    assert len(parsed) == 1


def test_what_an_answer_lists_is_worked_out_once(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = classes_with_method.method_in_question
    monkeypatch.setattr(
        classes_with_method, "method_in_question", lambda question: asked.append(question) or real(question)
    )
    answer = answer_question(graph, "Which classes define size?")
    assert "`size` is a property of `Shape` and `Ring`." in [claim.text for claim in answer.claims]
    assert len(asked) == 1


def test_that_nothing_catches_it_is_said(graph: CodeGraph) -> None:
    note = "no handler of RemoteError was found"
    assert note in answer_question(graph, "Who catches RemoteError?").reason
    assert "no handler" not in answer_question(graph, "Who catches Late?").reason
    assert "no handler" not in answer_question(graph, "What handles RemoteError?").reason


def test_a_module_catches_too(graph: CodeGraph) -> None:
    answer = answer_question(graph, "Who catches ImportError?")
    assert answer.claims[0].text == "`kit.use` catches `ImportError`."
    assert answer.reason == ""


def test_exceptions_of_what_is_not_saved_are_told(graph: CodeGraph) -> None:
    graph.update("kit/new.py", "from widgets import Dialog\n\n\nclass UnsavedError(Dialog):\n    pass\n")
    graph.update("kit/errors.py", "class KitError(Exception):\n    pass\n\n\nclass Renamed(KitError):\n    pass\n")
    assert texts(graph, "Which exceptions are defined?") == [
        "The module `kit.errors` defines `KitError` and `Renamed`.",
        "The module `kit.new` defines `UnsavedError`.",
        "The module `examples.first` defines `ExampleError` and `FurtherError`.",
    ]


def test_a_handler_of_another_name_is_told_with_the_import(graph: CodeGraph) -> None:
    source = """from kit.errors import KitError as Failure


def fifth():
    try:
        pass
    except Failure:
        raise
"""
    graph.update("kit/more.py", source)
    (found,) = listings(graph, "Who catches KitError?")
    assert (found.text, found.spans) == (
        "`fifth` catches `Failure`.", (("kit/more.py", 7, 7), ("kit/more.py", 1, 1)),
    )  # fmt: skip
    answer = answer_question(graph, "Who catches KitError?")
    assert answer.claims[0].text == found.text
    assert "no handler" not in answer.reason
    assert texts(graph, "Who catches Failure?") == [found.text]


def test_where_an_exception_is_raised_is_told_of_all_places(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- kit/errors.py
        class Refused(Exception):
            \"\"\"What is asked for cannot be done.\"\"\"
        #- kit/doors.py
        from . import errors
        from .errors import Refused

        if errors.missing:
            raise Refused("no locks")

        class Door:
            def open(self):
                if self.locked:
                    raise Refused("locked")
                if self.stuck:
                    raise errors.Refused

            def close(self):
                def really():
                    raise Refused("open")
                try:
                    return really()
                except Refused:
                    raise
        #- tests/test_doors.py
        from kit.errors import Refused

        def test_door():
            raise Refused("in a test")
        """,
    )
    for question in ("Where is Refused raised?", "what raises `Refused`", "Which functions raise Refused?"):
        answer = answer_question(graph, question)
        assert not answer.dropped
        first = answer.claims[0]
        assert first.text == "`Refused` is raised in `kit.doors`, `Door.open` and `Door.close.really`."
        assert [c.span.start for c in first.citations] == [5, 10, 16]
    assert not list(listings(graph, "Where is ValueError raised?"))


def test_the_statement_that_raises_a_message_comes_first(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- kit/store.py
        try:
            import driver
        except ImportError:
            raise ImportError("the store requires a driver installed")

        class StoreError(Exception):
            \"\"\"What goes wrong in a store.\"\"\"

        class Store:
            def read(self, name):
                if not self.opened:
                    raise StoreError("the store was not opened")
                if name not in self.held:
                    raise StoreError(f"nothing of the name {name!r} is held")
                return self.held[name]
        #- tests/test_store.py
        def test_read():
            raise AssertionError("nothing of the name x is held")
        """,
    )
    answer = answer_question(graph, "kit.store.StoreError: nothing of the name 'x' is held")
    assert not answer.dropped
    assert answer.claims[0].text.endswith('`raise StoreError(f"nothing of the name {name!r} is held")`')
    assert str(answer.claims[0].citations[-1].span) in ("kit/store.py:13-14", "kit/store.py:14")
    answer = answer_question(graph, "ImportError: the store requires a driver installed")
    assert not answer.dropped
    assert answer.claims[0].text == "`ImportError` is raised in `kit.store`."
    assert str(answer.claims[0].citations[0].span) == "kit/store.py:4"


def test_handlers_in_functions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    text = "class Side:\n    def close(self):\n        try:\n            pass\n        except LateError:\n            raise\n"
    with graph_of(tmp_path, f"#- kit/one.py\n{text}\n#- kit/two.py\n{text}") as graph:
        answer = answer_question(graph, "Who catches LateError?")
        assert not answer.dropped
        assert [c.text for c in answer.claims][:2] == [
            "`kit.one.Side.close` catches `LateError`.",
            "`kit.two.Side.close` catches `LateError`.",
        ]


def test_places_in_functions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    text = "class Side:\n    def close(self):\n        raise LateError\n"
    with graph_of(tmp_path, f"#- kit/one.py\n{text}\n#- kit/two.py\n{text}") as graph:
        answer = answer_question(graph, "Where is LateError raised?")
        assert not answer.dropped
        assert answer.claims[0].text == "`LateError` is raised in `kit.one.Side.close` and `kit.two.Side.close`."
        assert [c.span.path for c in answer.claims[0].citations] == ["kit/one.py", "kit/two.py"]


def test_a_quoted_message_is_found_where_it_stands_and_said_to_be_nowhere(repo: Path) -> None:
    graph = graph_of(
        repo,
        """
        #- kit/store.py
        import logging

        log = logging.getLogger(__name__)

        class Store:
            def size(self):
                try:
                    return self.file.size()
                except OSError as error:
                    log.warning("could not measure the store: %s", error)
                    return 0

            def write(self, text):
                if self.closed:
                    raise RuntimeError("Cannot write() after close()")
                if text in self.held:
                    raise RuntimeError("No store for {!r} here".format(text))
        """,
    )
    for question, statement in {
        'what does "could not measure the store" mean': 'log.warning("could not measure the store: %s", error)',
        'Where does "Cannot write() after close()" come from?': 'raise RuntimeError("Cannot write() after close()")',
        "What does \"No store for 'foo' here\" mean?": 'raise RuntimeError("No store for {!r} here".format(text))',
    }.items():
        answer = answer_question(graph, question)
        assert statement in answer.claims[0].text
        assert "no string" not in answer.reason
    answer = answer_question(graph, "kit.store.StoreError: the size could not be written in `Store`")
    assert "no string in the code has the words of “the size could not be written in `Store`”" in answer.reason


MANY = "\n".join(f"def f{n}():\n    try:\n        go()\n    except Late:\n        pass\n\n" for n in range(14))


def test_many_handlers_are_told_in_groups_and_that_there_are_more(repo: Path) -> None:
    graph = graph_of(repo, f"#- kit/work.py\nclass Late(Exception): ...\n\n\n{MANY}")
    answer = answer_question(graph, "Who catches Late?")
    told = [claim.text for claim in answer.claims]
    assert told[0] == "`Late` is caught in `f0`, `f1`, `f2` and `f3`, among others (14 in all)."
    assert told[1].startswith("`Late` is caught in `f4`, `f5`")
    assert "no handler" not in answer.reason
    assert not answer.dropped


def test_where_none_names_it_the_handlers_of_a_base_are_told(repo: Path) -> None:
    fixture = """
        #- kit/work.py
        class KitError(Exception): ...


        class Broken(KitError): ...


        class Late(Broken): ...


        def main():
            try:
                work()
            except KitError:
                return 1


        def work():
            raise Late("too late")
        """
    answer = answer_question(graph_of(repo, fixture), "who raises Late and who catches it?")
    told = [claim.text for claim in answer.claims]
    assert told[:3] == ["`Late` is raised in `work`.", "`Late` extends `Broken`.", "`Broken` extends `KitError`."] or (
        set(told[:4])
        == {
            "`Late` is raised in `work`.",
            "`Late` extends `Broken`.",
            "`Broken` extends `KitError`.",
            "`main` catches `KitError`.",
        }
    )
    assert "`main` catches `KitError`." in told
    assert not answer.dropped


@pytest.mark.timeout(30)
@pytest.mark.parametrize("question", ["Who catches Late?", "Where is Late raised?"])
def test_odd_texts_take_no_time(repo: Path, question: str) -> None:
    odd = f'TEXT = "{"except Late raise " * 30_000}"\n\n\nclass Late(Exception): ...\n'
    graph = graph_of(repo, f"#- kit/work.py\n{odd}")
    assert not answer_question(graph, question).dropped


def test_defaults_in_pairs_in_tables_within_tables_and_in_what_a_function_returns(repo: Path) -> None:
    fixture = """
        #- kit/options.py
        config_defaults = (
            ("workers", 4),
            ("verbose", False),
        )


        def global_defaults():
            return {"run": {"pty": False, "shell": "/bin/sh"}, "timeout": 30}
        """
    graph = graph_of(repo, fixture)
    for question, told in {
        "What is the default number of workers?": "`workers` of `config_defaults` defaults to `4`.",
        "What is the default of the pty option?": '`pty` of `global_defaults()["run"]` defaults to `False`.',
        "what does timeout default to": "`timeout` of `global_defaults` defaults to `30`.",
    }.items():
        answer = answer_question(graph, question)
        assert answer.claims[0].text == told
        assert not answer.dropped


def test_what_one_extends_or_calls_to_add_something_is_told(repo: Path) -> None:
    fixture = """
        #- kit/storage.py
        class BaseStorage:
            \"\"\"What keeps things.\"\"\"

            def put(self, key): ...


        class MemoryStorage(BaseStorage): ...


        class FileStorage(BaseStorage): ...


        class ZipFileStorage(FileStorage): ...


        class Tasks:
            def register_storage_hook(self, hook):
                \"\"\"Have a hook called.\"\"\"
                self.storage_hooks.append(hook)

            def storage_of_hook(self, hook):
                return hook.storage
        """
    graph = graph_of(repo, fixture)
    told = [c.text for c in answer_question(graph, "How do I add my own storage?").claims]
    assert "`BaseStorage` is extended by `MemoryStorage` and `FileStorage`." in told
    told = [c.text for c in answer_question(graph, "How do I add a custom storage hook?").claims]
    assert "`Tasks.register_storage_hook`: “Have a hook called.”" in told


@pytest.fixture
def raising_everywhere(tmp_path: Path) -> Iterator[CodeGraph]:
    files = (f"#- kit/part{n:02}.py\ndef work{n:02}():\n    raise ValueError({n})\n" for n in range(40))
    with graph_of(tmp_path, "".join(files)) as graph:
        yield graph


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files in which an exception was looked for."""
    paths: list[str] = []
    look = raising_places._raise_statements

    def raising(graph: CodeGraph, path: str, name: str) -> Iterator[object]:
        paths.append(path)
        return look(graph, path, name)

    monkeypatch.setattr(raising_places, "_raise_statements", raising)
    return paths


def test_no_more_files_are_read_than_places_are_told_of(raising_everywhere: CodeGraph, read: list[str]) -> None:
    told = [item.text for item in listings(raising_everywhere, "Where is ValueError raised?")]
    assert told == [
        "`ValueError` is raised in `work00`, `work01`, `work02` and `work03`, among others.",
        "`ValueError` is raised in `work04`, `work05`, `work06` and `work07`, among others.",
    ]
    assert read == [f"kit/part{n:02}.py" for n in range(9)]


def test_where_an_exception_is_raised_is_looked_for_within_the_time_for_links(
    raising_everywhere: CodeGraph, read: list[str]
) -> None:
    links = KnownLinks(raising_everywhere, TimeBudget(raising_everywhere, 0.0))
    assert cached_listings(links, "Where is ValueError raised?") == ()
    assert not read


def test_a_cancelled_question_looks_into_no_further_file(raising_everywhere: CodeGraph, read: list[str]) -> None:
    def check() -> None:
        if read:
            raise Cancelled("The answer was stopped.")

    links = KnownLinks(raising_everywhere, TimeBudget(raising_everywhere, None, check))
    with pytest.raises(Cancelled):
        cached_listings(links, "Where is ValueError raised?")
    assert read == ["kit/part00.py"]


def test_classes_of_one_name_are_told_apart_where_they_are_raised(repo: Path) -> None:
    fixture = """
        #- kit/a.py
        class Timeout(Exception): ...


        def fetch():
            raise Timeout("a")
        #- kit/b.py
        class Timeout(Exception): ...


        def send():
            raise (
                Timeout("b")
            )
        #- kit/c.py
        import socket

        from kit import a


        def mixed():
            raise a.Timeout("c")


        def foreign():
            raise socket.Timeout("d")
        """
    graph = graph_of(repo, fixture)

    def told(question: str) -> list[str]:
        answer = answer_question(graph, question)
        assert not answer.dropped
        return [claim.text for claim in answer.claims if "is raised in" in claim.text]

    of_a = "`Timeout` defined in `kit/a.py` is raised in `fetch` and `mixed`."
    of_b = "`Timeout` defined in `kit/b.py` is raised in `send`."
    assert told("Where is a.Timeout raised?") == [of_a]
    assert told("What raises kit.b.Timeout?") == [of_b]
    assert told("Where is Timeout raised?") == [of_a, of_b]
    assert told("Where is socket.Timeout raised?") == ["`Timeout` is raised in `foreign`."]


def test_the_environment_variables_that_are_read(repo: Path) -> None:
    fixture = """
        #- kit/settings.py
        import os
        from os import getenv

        DEBUG = os.environ.get("DEBUG") == "1"


        def connect(parser):
            parser.add_argument("--token", env="KIT_TOKEN", help="x")
            os.environ["KIT_CHILD"] = "1"
            return os.environ["KIT_HOST"], getenv("KIT_PORT", "80")


        def serve(environ, env):
            return environ["PATH_INFO"], env["KIT_NOT"], connect(env="production")
        #- tests/test_settings.py
        import os

        HOME = os.environ["KIT_TEST_HOME"]
        """
    graph = graph_of(repo, fixture)

    def told(question: str) -> list[str]:
        answer = answer_question(graph, question)
        assert not answer.dropped
        return [claim.text for claim in answer.claims if "read in" in claim.text]

    for question in ("Which environment variables does it read?", "list the env vars", "what env vars are there"):
        sentences = told(question)
        assert len(sentences) == 2
        assert "`DEBUG` is read in `kit.settings`." in sentences
        (of_connect,) = [sentence for sentence in sentences if "connect" in sentence]
        assert {f"`KIT_{name}`" for name in ("HOST", "TOKEN", "PORT")} == set(re.findall(r"`KIT_\w+`", of_connect)), (
            read
        )
    assert told("What reads KIT_TOKEN?") == ["`KIT_TOKEN` is read in `connect`."]
    assert told("Where is KIT_CHILD read?") == []
    assert told("What does connect do?") == []


def test_a_variable_whose_name_is_a_constant_is_told_with_it(repo: Path) -> None:
    fixture = """
        #- kit/config.py
        import os

        ENV_HOME = "KIT_HOME"  # where all is
        ENV_COLOUR: str = 'KIT_COLOUR'
        TWICE = "KIT_ONCE"
        TWICE = "KIT_TWICE"


        def paint():
            return ENV_COLOUR in os.environ


        def folder(ask):
            return os.environ.get(ENV_HOME) or os.environ[ask] or os.environ[TWICE]
        """
    with graph_of(repo, fixture) as graph:
        answer = answer_question(graph, "Which environment variables decide which folder it uses?")
        assert [claim.text for claim in answer.claims] == [
            "`KIT_HOME` is read in `folder`.",
            "`KIT_COLOUR` is read in `paint`.",
        ]
        first = answer.claims[0].citations
        assert [(c.span.start, c.span.end) for c in first] == [(14, 14), (3, 3)]
        assert not supports(graph, "`KIT_COLOUR` is read in `folder`.", first).ok


OPTIONS = """
#- kit/cli.py
import argparse

import click


def parser():
    made = argparse.ArgumentParser()
    made.add_argument("-d", "--dry-run", action="store_true", help="Say what would "
                      "be done, and do nothing.")
    made.add_argument("--long", help="x" * 3)
    return made


@click.option("--loud/--quiet", "loud", help="Make \u201cnoise\u201d.")
@click.option("--colour", help="The colour of `all` output.")
def main(): ...


core = [Argument(names=("pick", "p"), help="Choose one.")]
#- tests/test_cli.py
def parser(made):
    made.add_argument("--only-tests", help="Of tests.")
"""


def test_the_help_of_an_option_is_told(repo: Path) -> None:
    graph = graph_of(repo, OPTIONS)
    for question, told in {
        "What does --dry-run do?": "The help of `--dry-run` says: “Say what would be done, and do nothing.”",
        "what does the dry_run option do": "The help of `--dry-run` says: “Say what would be done, and do nothing.”",
        "Which output does the colour flag change?": "The help of `--colour` says: “The colour of `all` output.”",
        "what does --pick do": "The help of `pick` says: “Choose one.”",
    }.items():
        answer = answer_question(graph, question)
        assert answer.claims[0].text == told
        assert not answer.dropped
    for question in ("what does --only-tests do", "what does --loud do", "what does --long do"):
        assert not any("The help of" in claim.text for claim in answer_question(graph, question).claims)


def test_the_help_of_an_option_is_checked(repo: Path) -> None:
    graph = graph_of(repo, OPTIONS)

    def is_so(sentence: str, start: int, end: int) -> bool:
        citation = cite(graph, "kit/cli.py", start, end, 12)
        assert citation is not None
        return supports(graph, sentence, (citation,)).ok

    right = "The help of `--dry-run` says: “Say what would be done, and do nothing.”"
    assert is_so(right, 8, 9)
    assert not is_so(right, 8, 8)
    assert not is_so(right.replace("nothing", "all of it"), 8, 9)
    assert not is_so(right.replace("--dry-run", "--colour"), 8, 9)


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("ValueError: Protocol not known: foo", 'raise ValueError(f"Protocol not known: {protocol}")'),
        ("KeyError: 'Plugins not found: a, b'", "raise KeyError(f\"Plugins not found: {', '.join(names)}\")"),
        (
            "Handler <function x> for event 'start' threw an exception",
            'raise RuntimeError("Handler %r for event %r threw an exception" % (f, e))',
        ),
        ("The view index didn't return a response. It isn't here.", 'raise TypeError("The view %s didn\'t return a "'),
        ("No such group: www", 'raise RuntimeError("No such group: %s" % group)'),
    ],
)
def test_a_message_is_found_with_the_values_that_were_filled_in(repo: Path, question: str, statement: str) -> None:
    graph = graph_of(
        repo,
        """
        #- kit/names.py
        def protocol_of(protocol):
            raise ValueError(f"Protocol not known: {protocol}")

        def plugins_of(names):
            raise KeyError(f"Plugins not found: {', '.join(names)}")

        def emit(f, e):
            raise RuntimeError("Handler %r for event %r threw an exception" % (f, e))

        def group_of(group):
            raise RuntimeError("No such group: %s" % group)

        def other(handler):
            raise ValueError("an exception of the handler is not known")

        def view_of(name):
            raise TypeError("The view %s didn't return a "
                            "response. It isn't here." % name)
        #- tests/test_names.py
        def test_view():
            assert message == "The view index didn't return a response. It isn't here."
        """,
    )
    answer = answer_question(graph, question)
    assert statement in answer.claims[0].text
    assert "no string" not in answer.reason


def test_text_between_two_quotations_is_no_message() -> None:
    assert read_trace('what does f("select 1", read="mysql", write="big query") do?').errors == (
        ("", "select 1"),
        ("", "big query"),
    )


def test_what_is_asked_behind_a_message_is_no_part_of_it() -> None:
    for behind in (" -- what did I do wrong?", " - why?", " (when does this happen?)"):
        assert read_trace(f"kit.StoreError: the store was closed{behind}").errors == (
            ("StoreError", "the store was closed"),
        )
    assert read_trace("StoreError: no row -- not one").errors == (("StoreError", "no row -- not one"),)


def test_namesakes_are_no_uses(repo: Path) -> None:
    fixture = """
        #- kit/work.py
        LIMIT = 5


        def shadow(LIMIT):
            return LIMIT + 1


        def real(count):
            return count < LIMIT


        class Config:
            wait_time = 3


        class Job:
            def __init__(self):
                self.wait_time = 9

            def run(self):
                return self.wait_time


        def use_config():
            config = Config()
            return config.wait_time
        """
    graph = graph_of(repo, fixture)
    said = [c.text for c in answer_question(graph, "who reads Config.wait_time?").claims]
    assert said[0] == "In `use_config`: `return config.wait_time`"
    assert not any("`Job.run`" in text for text in said)
    said = [c.text for c in answer_question(graph, "where is LIMIT used?").claims]
    assert said[0] == "In `real`: `return count < LIMIT`"
