"""How-to questions are answered by the documentation that tells how, with its code samples; questions why by its reasons."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter_core.answers.compose import candidates
from adapter_core.answers.foreign import verify_text
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.guides import _docstring_headings, asks_how_to
from adapter_core.evidence.selection import search
from tests.answers.asking import told
from tests.support import graph_of

WORKSPACE = """
#- docs/codecs.md
# Codecs

Codecs turn records into bytes.

## Writing your own codec

A codec is a subclass of `Codec` with two methods:

```python
class Upper(Codec):
    def encode(self, record):
        return record.upper()
```

Register it before the first record is written.

## Speed

The packed codec is chosen by default because it is the fastest one.
#- docs/news.md
# News

## Codec

Writing your own codec was made simpler.
#- CONTRIBUTING.rst
Contributing
============

Running the tests
~~~~~~~~~~~~~~~~~

Run them with tox::

    tox -e py
    tox -e lint
#- examples/shout/README.md
# Shout

## Running the tests

Start the server first and run them.
#- pack/__init__.py
#- pack/codec.py
class Codec:
    \"\"\"Base class of all codecs.\"\"\"

    def encode(self, record):
        raise NotImplementedError


class Packed(Codec):
    def encode(self, record):
        return bytes(record)


class Plain(Codec):
    def encode(self, record):
        return record


def write_codec(name):
    \"\"\"Write the codec's name.\"\"\"
    return name
#- tests/test_codec.py
def test_run_of_runs():
    \"\"\"Run the tests of the runs.\"\"\"
    assert run(tests)
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, WORKSPACE)


def test_the_section_comes_first_with_its_sample(graph: CodeGraph) -> None:
    sentences = told(graph, "How do I write my own codec?")
    sample = "`class Upper(Codec):`; `    def encode(self, record):`; `        return record.upper()`"
    lead = "A codec is a subclass of `Codec` with two methods: …"
    assert sentences[0] == f"`docs/codecs.md`, “Writing your own codec”: “{lead}” {sample}"
    assert any("`Codec` is extended by" in sentence for sentence in sentences)  # and what is extended
    assert not any("news" in sentence or "write_codec" in sentence for sentence in sentences)


def test_how_the_tests_are_run_is_not_told_by_tests(graph: CodeGraph) -> None:
    sentences = told(graph, "How do I run the tests and the linter?")
    assert sentences[0].startswith("`CONTRIBUTING.rst`, “Running the tests”")
    assert any("`tox -e py`; `tox -e lint`" in sentence for sentence in sentences)
    assert not any("test_run_of_runs" in sentence or "examples/" in sentence for sentence in sentences)


def test_a_heading_is_found_by_its_words_alone(graph: CodeGraph) -> None:
    assert "“Writing your own codec”" in told(graph, "Writing your own codec")[0]
    assert not search(graph, "own codec").guides


def test_why_is_told_by_documentation(graph: CodeGraph) -> None:
    sentences = told(graph, "Why is the packed codec fast, what is its speed?")
    assert any("because it is the fastest one" in sentence for sentence in sentences)
    assert not search(graph, "What is the speed of the packed codec?").guides


@pytest.mark.parametrize("lead", ["A codec is a subclass of `Codec` with two methods:", ""])
def test_a_sample_stands_as_it_is_told(tmp_path: Path, lead: str) -> None:
    graph = graph_of(tmp_path, WORKSPACE.replace("A codec is a subclass of `Codec` with two methods:", lead))
    answer = answer_question(graph, "How do I write my own codec?")
    claim = next(c for c in answer.claims if "class Upper" in c.text)
    assert ("shows this code:" in claim.text) == (not lead)
    assert supports(graph, claim.text, claim.citations).ok
    for wrong in (
        claim.text.replace("upper()", "lower()"),
        claim.text.replace("; `        return record.upper()`", ""),
        claim.text.replace("Writing your own codec", "Speed"),
        *([claim.text.replace("two methods", "one method")] if lead else []),
    ):
        assert wrong != claim.text
        assert not supports(graph, wrong, claim.citations).ok
    # As `ask` prints it, the lines below the citations.
    spans = "  ".join(str(citation.span) for citation in claim.citations)
    plain = f"{claim.lead}  {spans}\n" + "".join(f"    {step}\n" for step in claim.steps)
    assert verify_text(graph, plain).ok
    assert not verify_text(graph, plain.replace("upper()", "lower()")).ok


def test_an_introduction_goes_with_what_it_introduces(tmp_path: Path) -> None:
    more = "".join(f"\nThe codec of kind {n}:\n\n```python\nkind({n})\n```\n" for n in range(4))
    graph = graph_of(tmp_path, WORKSPACE.replace("\n## Speed", f"{more}\nWrite its own tests:\n\n- of two\n\n## Speed"))
    sentences = told(graph, "How do I write my own codec?")
    kinds = [s for s in sentences if "The codec of kind" in s]
    assert kinds
    assert all(f"kind({n})" in sentence for sentence in kinds for n in range(4) if f"of kind {n}" in sentence)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("How do I add a codec?", True),
        ("how to debug it", True),
        ("How would one test a codec?", True),
        ("How does the codec work?", False),
        ("How do codecs encode records?", False),
    ],
)
def test_which_questions_ask_how_one_does_something(text: str, asks: bool) -> None:
    assert asks_how_to(text) == asks


def test_a_section_that_only_has_the_name_leaves_room_for_what_is_extended(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, WORKSPACE.replace("## Writing your own codec", "## The codec and the wire"))
    sentences = told(graph, "How do I write my own codec?")
    assert not any("The codec and the wire" in sentence for sentence in sentences[:1])
    assert any("`Codec` is extended by" in sentence for sentence in sentences)


def test_headings_of_a_docstring(tmp_path: Path) -> None:
    long = "much " * 20_000
    docstring = f"{long}\n\nWriting a plugin\n----------------\n\nIt is a class.\n\n## Loading it\n\n==========\n"
    path = tmp_path / "plugins.py"
    path.write_text(f'"""{docstring}"""\n')
    module = CodeGraph.load_or_build(tmp_path).facts("plugins.py")
    assert module is not None
    started = time.monotonic()
    assert _docstring_headings(module.symbols[0]) == ["Writing a plugin", "Loading it"]
    assert time.monotonic() - started < 5


METHODS = """
#- docs/pipes.rst
Writing your own pipe
=====================

A pipe is an object that must have the following method:

.. method:: process(self, item)

   Called for every item.

A pipe may also have these:

.. method:: open(self)

   Called at the start.

.. method:: close(self)

In the example above, nothing is opened.

This is what pipes were made for.

Pipes are tried in their order. For a pipe like the above one, that is all.

Now if you run the pipe:

.. literalinclude:: pipe.py

#- CONTRIBUTING.md
# Running the tests

Install the runner from its index, say:

    pip install runner

Run all tests with:

$ runner all
3 passed

- one item:

    with words that belong to it

<!-- Nobody
should read this. -->
"""


def test_what_a_sentence_points_to_stands_with_it_or_it_is_left_out(tmp_path: Path) -> None:
    sentences = told(graph_of(tmp_path, METHODS), "How do I write my own pipe?")
    where = "`docs/pipes.rst`, “Writing your own pipe”"
    assert f"{where}: “A pipe is an object that must have the following method: …” `process(self, item)`" in sentences
    assert f"{where}: “A pipe may also have these: …” `open(self)`; `close(self)`" in sentences
    assert f"{where}: “Pipes are tried in their order.”" in sentences
    assert not any(s == "`docs/pipes.rst`: “Writing your own pipe”" for s in sentences)
    assert not any(words in s for s in sentences for words in ("example above", "were made for", "if you run"))


def test_commands_in_markdown_and_behind_a_prompt_are_code(tmp_path: Path) -> None:
    sentences = told(graph_of(tmp_path, METHODS), "How do I run the tests?")
    where = "`CONTRIBUTING.md`, “Running the tests”"
    assert f"{where}: “Install the runner from its index, say: …” `pip install runner`" in sentences
    assert any(s.startswith(f"{where}: “Run all tests with: …” `$ runner all`") for s in sentences)
    assert not any("“pip" in s or "“3 passed" in s or "Nobody" in s for s in sentences)
    assert not any("`with words" in s for s in sentences)


def test_signatures_below_an_introduction_are_checked(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, METHODS)
    claim = next(c for c in answer_question(graph, "How do I write my own pipe?").claims if "`open(self)`" in c.text)
    assert supports(graph, claim.text, claim.citations).ok
    assert not supports(graph, claim.text.replace("; `close(self)`", ""), claim.citations).ok
    assert not supports(graph, claim.text.replace("open(self)", "open(self, item)"), claim.citations).ok


THREADS = """
#- docs/threads.rst
Reference
=========

Thread safety
-------------

Nearly nothing of it may be called from another thread.
Ask before you do.

Cancellation and timeouts
-------------------------

Give up after a while with ``give_up_after``, which stops an operation.

Add workers
-----------

Start more of them with ``--workers``.
One is seldom enough.

#- HACKING.txt
Running tests
=============

Run them with make.
There is no other way.

#- shop/base.py
class Worker:
    \"\"\"Base class of all that work.\"\"\"


class Slow(Worker):
    def operation(self, thread):
        return thread.safe
"""


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Is it thread safe?", "`docs/threads.rst`, “Thread safety”: “Nearly nothing of it"),
        ("How do I add a timeout to an operation?", "`docs/threads.rst`, “Cancellation and timeouts”: “Give up"),
        ("How do I run the test suite locally?", "`HACKING.txt`, “Running tests”: “Run them with make."),
        ("How do I write a custom worker?", "`Worker`: “Base class of all that work.”"),
        ("How do I add workers?", "`docs/threads.rst`, “Add workers”: “Start more of them"),
    ],
)
def test_the_section_whose_heading_is_asked_about_leads(tmp_path: Path, question: str, first: str) -> None:
    assert told(graph_of(tmp_path, THREADS), question)[0].startswith(first)


def test_a_question_whether_is_told_by_its_heading_alone(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, THREADS)
    assert not search(graph, "Is the worker thread safe?").guides
    assert not search(graph, "Is the thread slow?").guides


IN_OTHER_WORDS = """
#- docs/guide.rst
Postbox
=======

Deferring letters
-----------------

A letter goes out as soon as possible. You can postpone it with the ``delay`` parameter.

.. literalinclude:: snippets/defer.py

Stopping
--------

A letter is tried until it arrives. Set a limit of attempts to abort earlier:

.. code-block:: python

    box = Box(max_attempts=3)

Conditional letters
-------------------

Pass ``only_if`` to send a letter under certain circumstances.

.. code-block:: python

    box.send(letter, only_if=is_weekday)
#- docs/snippets/defer.py
from postbox import Box

box = Box()
box.send("hello", delay=10)
#- docs/upgrading.rst
Upgrading
=========

Letters later than before
-------------------------

How a letter is sent later was renamed, and it is sent later than it was.
#- docs/why.rst
Why letters are sent
====================

Why we send a letter later
--------------------------

We send a letter later because it is later.
#- postbox/__init__.py
from postbox.box import Box
#- postbox/box.py
class Box:
    def send(self, letter, delay=0, only_if=None):
        \"\"\"Send a letter.\"\"\"

    def _later(self, letter):
        \"\"\"Send a letter later.\"\"\"
"""


@pytest.mark.parametrize(
    ("question", "title", "code"),
    [
        ("How do I send a letter later on?", "Deferring letters", '`box.send("hello", delay=10)`'),
        ("how can I give up after a number of tries?", "Stopping", "`box = Box(max_attempts=3)`"),
        (
            "How do I make a letter depend on a condition?",
            "Conditional letters",
            "`box.send(letter, only_if=is_weekday)`",
        ),
    ],
)
def test_a_section_is_found_by_other_words_than_those_of_its_heading(
    tmp_path: Path, question: str, title: str, code: str
) -> None:
    graph = graph_of(tmp_path, IN_OTHER_WORDS)
    sentences = told(graph, question)
    assert sentences[0].startswith(f"`docs/guide.rst`, “{title}”: “")
    assert sentences[0].endswith(code)  # below the sentence above it
    assert not any("upgrading" in s for s in sentences)


def test_code_that_a_document_includes_is_told_with_the_lines_of_its_file(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, IN_OTHER_WORDS)
    claim = answer_question(graph, "How do I send a letter later on?").claims[0]
    assert claim.steps == ("`box = Box()`", '`box.send("hello", delay=10)`')
    assert ("docs/snippets/defer.py", 3, 4) in [(c.span.path, c.span.start, c.span.end) for c in claim.citations]
    assert supports(graph, claim.text, claim.citations).ok
    without_file = tuple(c for c in claim.citations if c.span.path.endswith(".rst"))
    assert not supports(graph, claim.text, without_file).ok
    assert not supports(graph, claim.text.replace("delay=10", "delay=11"), claim.citations).ok


@pytest.mark.parametrize("file", ["ignored.py", "../.venv/lib/kept.py", "../../outside.py", "/etc/outside.py"])
def test_a_file_that_is_not_indexed_is_not_shown_because_a_document_names_it(tmp_path: Path, file: str) -> None:
    root = tmp_path / "repo"
    document = IN_OTHER_WORDS.replace("literalinclude:: snippets/defer.py", f"literalinclude:: {file}")
    kept_out = ("docs/ignored.py", ".venv/lib/kept.py", "../outside.py")
    others = "".join(f"#- {path}\nKEY = 'hidden'\n" for path in kept_out)
    graph = graph_of(root, f"{document}#- .gitignore\nignored.py\n{others}")
    answer = answer_question(graph, "How do I send a letter later on?")
    assert answer.claims
    assert "hidden" not in answer.text


def test_what_no_section_tells_is_told_by_code(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, IN_OTHER_WORDS)
    assert not search(graph, "How do I paint the walls?").guides


def test_anchors_are_no_words_of_a_title(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path, '#- README.md\n# <a name="x"></a>Sending\n\nSend it with care, always.\n\n## Else {#y}\n\nMore.\n'
    )
    facts = graph.facts("README.md")
    assert facts is not None
    assert [s.name for s in facts.symbols[1:]] == ["Sending", "Else"]


def test_what_no_documentation_tells_is_told_by_what_the_package_exports(tmp_path: Path) -> None:
    text = """
#- serve/__init__.py
from serve.main import Server, run

__all__ = ["run", "Server"]
#- serve/main.py
class Server:
    def stop(self):
        return None


def run(app, port=80):
    return Server()


def print_command_line(run):
    return run


def _run(app):
    return run(app)
#- tests/test_run.py
from serve import run


def test_run_command_line():
    run("app", port=81)
"""
    graph = graph_of(tmp_path, text)
    sentences = told(graph, "How do I run serve from python code instead of the command line?")
    assert sentences[0] == "`run` is a function, defined in `serve/main.py`."
    assert any(s.endswith('`run("app", port=81)`') for s in sentences)
    assert not any("`_run`" in s or "`print_command_line`" in s for s in sentences)


def test_why_something_does_not_exist_is_told_by_documentation(tmp_path: Path) -> None:
    text = """
#- docs/events.md
# Events

An event is set once.

Events cannot be reused, and must be replaced. That prevents races.

# Other things

They cannot be seen.
#- event.py
class Event:
    def set(self):
        return None
"""
    sentences = told(graph_of(tmp_path, text), "Why does Event.clear not exist?")
    assert sentences[0] == "`Event` has no `clear`."
    assert sentences[1].startswith("`docs/events.md`, “Events”: “Events cannot be reused, and must be replaced.")
    assert not any("cannot be seen" in s for s in sentences)


def test_code_that_nothing_introduces_is_told_where_it_is_about_the_question(tmp_path: Path) -> None:
    """A long section has code for everything."""
    limits = "# All commands have a limit of 10 calls\nMill(..., limit=10)"
    document = (
        "# mill.py\n\nRequire millers to log in: millers that have to log in before they grind are required to log in, and a mill "
        f"may require them to.\n\nIt goes:\n\n- on.\n\n```python\n{limits}\n```\n"
    )
    graph = graph_of(tmp_path, f"#- docs/mill.md\n{document}#- mill.py\nclass Mill:\n    ...\n")

    def may_be_told(question: str) -> bool:
        return any("limit=10" in item.text for item in candidates(graph, search(graph, question), 60))

    assert not may_be_told("How do I require millers to log in before they grind?")
    assert may_be_told("How do I limit the calls of a command?")


def test_included_code_begins_with_a_whole_statement(tmp_path: Path) -> None:
    code = '"""About lenses."""\nfrom box import (\n    Box,\n    Lid,\n)\n\nbox = Box()\nbox.send("hello", delay=10)\n'
    before, _, behind = IN_OTHER_WORDS.partition("#- docs/snippets/defer.py\n")
    _, separator, others = behind.partition("#- ")
    graph = graph_of(tmp_path, f"{before}#- docs/snippets/defer.py\n{code}{separator}{others}")
    claim = answer_question(graph, "How do I send a letter later on?").claims[0]
    assert claim.steps == ("`box = Box()`", '`box.send("hello", delay=10)`')


def test_code_is_told_with_what_introduces_it_in_each_guide(tmp_path: Path) -> None:
    pages = "".join(
        f"#- docs/{name}.md\n# Painting walls {name}\n\nWalls are painted {name}. This is how walls are painted {name}:\n\n"
        f"```python\npaint_{name}(wall)\n```\n"
        for name in ("fast", "well", "late")
    )
    sentences = told(graph_of(tmp_path, pages + "#- a.py\n"), "How do I paint the walls?")
    for name in ("fast", "well", "late"):
        assert any(f"are painted {name}: …” `paint_{name}(wall)`" in text for text in sentences)


def test_where_a_section_has_no_code_the_first_one_below_it_shows_it(tmp_path: Path) -> None:
    text = """#- docs/waiting.md
# Waiting

## Timeout Configuration

All waits end after a timeout of a few seconds, if the server does not respond.

### Setting them

They are set for one request:

```python
get(url, timeout=10.0)
```

## Else

Something else.
#- a.py
"""
    sentences = told(graph_of(tmp_path, text), "How do I set a timeout if the server does not respond?")
    assert any("“Setting them”" in text and "`get(url, timeout=10.0)`" in text for text in sentences)


def test_where_code_only_defines_something_the_code_that_uses_it_is_told_too(tmp_path: Path) -> None:
    text = """#- docs/jobs.md
# Jobs

## Callbacks

They are handed over with the job:

```python
queue.add(job, on_failure=report_failure)
```

### Failure Callbacks

A failure callback is called when a job failed, with the job and the error.

```python
def report_failure(job, error):
    pass
```
#- a.py
"""
    sentences = told(graph_of(tmp_path, text), "How can I run a callback after a job failed with an error?")
    assert "`docs/jobs.md`, “Callbacks” shows this code: `queue.add(job, on_failure=report_failure)`" in sentences
