"""How tests are run, for questions that ask that: by the project's own commands, and with pytest for the files or tests on a subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....code_graph import CodeGraph
from ....evidence.guides import asks_how_to
from ....evidence.question import analyse
from ....graph import terms
from ....types import STEP_SEPARATOR, Citation
from ..candidate import Candidate, join_list
from .test_commands import TestCommand, test_commands
from .topic_tests import TopicTest, names_subject, subject_of_tests, tests_on

_RUNS = re.compile(
    r"\b(?:run|runs|running|execute|executing|start|launch)\b[^?]{0,60}?\b(?:tests?|test ?suites?|testsuite)\b", re.I
)
_COMMAND = re.compile(r"\b(?:what|which)(?: is the)? commands?\b[^?]*\btests?\b", re.I)
_MY_TESTS = re.compile(r"\b(?:my|our|your) (?:\w+ ){0,2}tests?\b", re.I)  # with what the project offers for that
_HOW = re.compile(r"\bhow\b|\bcommand\b|\bway to\b", re.I)
_OF_ALL = re.compile(r"(?:^|[-_:])(?:tests?|check|unit(?:test)?s?|pytest|all|py)\Z|\Z", re.I)
_MAX_COMMANDS, _MAX_FILES, _MAX_NODES = 2, 3, 4
_LEAST_SHARE = 0.5  # of the subject, in a command; of the tests of a file
_LEAST_NAMED = 0.6  # of the subject, in a test: more than a mention
_BY = "runs, by"
_BY_PROJECT = re.compile(rf"`(?P<run>[^`]+)` {_BY} `(?P<path>[^`]+)`: (?P<rest>`.+)", re.DOTALL)
_PYTEST = "python -m pytest"
_WITH_PYTEST = re.compile(
    rf"`{_PYTEST} (?P<what>[^`]+)` runs (?:the tests in (?P<files>`[^`]+`(?:(?:, | and )`[^`]+`)*)|(?:this test|these tests))\."
)


def asks_to_run_tests(text: str) -> bool:
    """Whether a question asks how the tests of the project are run."""
    asks = asks_how_to(text) or _HOW.search(text) is not None
    return bool(_COMMAND.search(text) or (asks and _RUNS.search(text))) and _MY_TESTS.search(text) is None


def test_run_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """The commands of the project for what is asked, or for all tests; and where the question is on a subject, the tests on it."""
    if not asks_to_run_tests(question):
        return
    subject = subject_of_tests(graph, analyse(question))
    found = [test for test in tests_on(graph, subject) if test.share > _LEAST_NAMED]
    files = _whole_files(graph, found, set(subject) | {o for _, others in subject.values() for o in others})
    commands = test_commands(graph)
    chosen = _commands_for(commands, subject, files or [t.path for t in found[:1]]) if subject else []
    order = 0
    for command in chosen or _general(commands):
        yield _command_sentence(command, order)
        order += 1
    if found and not any(file in step for c in chosen for step in c.steps for file in files):
        sentence = _pytest_sentence(graph, files, found, order)
        if sentence is not None:
            yield sentence


test_run_sentences.__test__ = False  # type: ignore[attr-defined]


def _commands_for(
    commands: Sequence[TestCommand], subject: dict[str, tuple[float, list[str]]], files: Sequence[str]
) -> list[TestCommand]:
    """The commands that name one of the files, or most of the subject."""
    naming = [c for c in commands if any(file in step for step in c.steps for file in files)]
    if naming:
        return naming[:_MAX_COMMANDS]
    total = sum(weight for term, (weight, _) in subject.items() if " " not in term)
    scored: list[tuple[float, TestCommand]] = []
    for command in commands:
        said = set(terms.terms_of(" ".join((command.name, command.remark, *command.steps))))
        share = sum(weight for term, (weight, _) in subject.items() if term in said) / (total or 1.0)
        if share >= _LEAST_SHARE:
            scored.append((share, command))
    scored.sort(key=lambda pair: -pair[0])
    return [c for _, c in scored[:_MAX_COMMANDS]]


def _general(commands: Sequence[TestCommand]) -> list[TestCommand]:
    """The commands for all tests, one of each file."""
    by_file = {c.path: c for c in reversed(commands) if _OF_ALL.search(c.name)}
    return [c for c in commands if by_file.get(c.path) is c][:_MAX_COMMANDS]


def _whole_files(graph: CodeGraph, found: Sequence[TopicTest], words: set[str]) -> list[str]:
    """The files that are about the subject: by their names, or since most of their tests are."""
    files: list[str] = []
    for path in dict.fromkeys(test.path for test in found):
        tests = {node.qualname for node in graph.tests.file(path).nodes}
        own = {test.symbol.qualname for test in found if test.path == path}
        if names_subject(path, words) or len(own) >= len(tests) * _LEAST_SHARE:
            files.append(path)
    return files[:_MAX_FILES]


def _command_sentence(command: TestCommand, order: int) -> Candidate:
    steps = tuple(f"`{step}`" for step in command.steps)
    text = f"`{command.run}` {_BY} `{command.path}`: {STEP_SEPARATOR.join(steps)}"
    spans = tuple((command.path, n, n) for n in dict.fromkeys((command.start, *command.lines)))
    return Candidate(text, "listing", spans, f"{command.path}:{command.start}", order, -1, named=True, steps=steps)


def _pytest_sentence(graph: CodeGraph, files: Sequence[str], found: Sequence[TopicTest], order: int) -> Candidate | None:
    """How pytest runs these files, or, without any, these tests; None where the project does not use it."""
    if not _uses_pytest(graph, found[0].path):
        return None
    if files:
        names = join_list([f"`{path}`" for path in files])
        text = f"`{_PYTEST} {' '.join(files)}` runs the tests in {names}."
        tests = [next(t for t in found if t.path == path) for path in files]
    else:
        tests = list(found[:_MAX_NODES])
        nodes = [f"{test.path}::{test.symbol.qualname.replace('.', '::')}" for test in tests]
        text = f"`{_PYTEST} {' '.join(nodes)}` runs {'these tests' if len(tests) > 1 else 'this test'}."
    spans = tuple((test.path, test.symbol.name_line, test.symbol.name_line) for test in tests)
    return Candidate(text, "listing", spans, f"{tests[0].path}:1", order, -1, named=True)


def _uses_pytest(graph: CodeGraph, path: str) -> bool:
    if graph.tests.rules.source or any("pytest" in step for c in test_commands(graph) for step in c.steps):
        return True
    return any("pytest" in graph.view.text(p) for p in (path, "conftest.py", f"{path.rpartition('/')[0]}/conftest.py"))


def test_run_holds(graph: CodeGraph, sentence: str, citations: Sequence[Citation]) -> bool | None:
    """Whether the command is declared so on the cited lines, or names tests on them; None for a sentence of another form."""
    cited = {(c.span.path, n) for c in citations for n in range(c.span.start, c.span.end + 1)}
    if form := _BY_PROJECT.fullmatch(sentence.strip()):
        return any(
            (c.run, c.path) == (form["run"], form["path"])
            and STEP_SEPARATOR.join(f"`{step}`" for step in c.steps) == form["rest"]
            and all((c.path, n) in cited for n in (c.start, *c.lines))
            for c in test_commands(graph)
        )
    form = _WITH_PYTEST.fullmatch(sentence.strip())
    if form is None:
        return None
    named = form["what"].split()
    if form["files"] and named != re.findall(r"`([^`]+)`", form["files"]):
        return False
    for name in named:
        path = name.partition("::")[0]
        facts = graph.facts(path)
        nodes = graph.tests.file(path).nodes if facts is not None else ()
        wanted = {n.qualname for n in nodes if n.path == path and (name == path or n.node_id.partition("[")[0] == name)}
        lines = [s.name_line for s in facts.symbols if s.qualname in wanted] if facts is not None else []
        if not any((path, line) in cited for line in lines):
            return False
    return _uses_pytest(graph, named[0].partition("::")[0])


test_run_holds.__test__ = False  # type: ignore[attr-defined]
