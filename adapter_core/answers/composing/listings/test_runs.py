"""How tests are run, for questions that ask that: by the project's own commands, and with pytest for the files or tests on a subject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ....code_graph import CodeGraph, is_test_path
from ....evidence.guides import asks_how_to
from ....evidence.question import analyse
from ....graph import terms
from ....graph.source import is_python
from ....types import STEP_SEPARATOR, Citation
from ..candidate import Candidate, join_list
from .test_commands import TestCommand, test_commands
from .topic_tests import TopicTest, Wanted, names_subject, subject_of_tests, tests_on

_RUNS = re.compile(
    r"\b(?:run|runs|running|execute|executing|start|launch)\b[^?]{0,60}?\b(?:tests?|test ?suites?|testsuite)\b", re.I
)
_COMMAND = re.compile(r"\b(?:what|which)(?: is the)? commands?\b[^?]*\btests?\b", re.I)
_MY_TESTS = re.compile(r"\b(?:my|our|your) (?:\w+ ){0,2}tests?\b", re.I)  # with what the project offers for that
_HOW = re.compile(r"\bhow\b|\bcommand\b|\bway to\b", re.I)
_OF_ALL = re.compile(r"(?:(?:.*[-_:])?(?:tests?|check|unit(?:test)?s?|pytest|all|py))?", re.I)
_MAX_COMMANDS, _MAX_FILES, _MAX_NODES, _MAX_READ = 2, 3, 4, 20
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
    commands = test_commands(graph)
    chosen = _commands_on(commands, subject)
    found: list[TopicTest] = []
    files: list[str] = []
    if subject and not chosen:
        words = {form for wanted in subject.values() for form in wanted.forms}
        found = [t for t in tests_on(graph, subject) if t.share > _LEAST_NAMED or names_subject(t.path, words)]
        files = _whole_files(graph, found, words)
        paths = files or [test.path for test in found[:1]]
        chosen = [c for c in commands if any(path in step for step in c.steps for path in paths)][:_MAX_COMMANDS]
    general = chosen or _general(commands)
    yield from (_command_sentence(command, order) for order, command in enumerate(general))
    is_told = bool(chosen) and bool(files or not found)
    if is_told or (general and not found):
        return
    sentence = _pytest_sentence(graph, files, found, len(general))
    if sentence is not None:
        yield sentence


test_run_sentences.__test__ = False  # type: ignore[attr-defined]


def _commands_on(commands: Sequence[TestCommand], subject: Mapping[str, Wanted]) -> list[TestCommand]:
    """The commands that have most of the subject in their names, in what they run, or in what is written beside them."""
    total = sum(wanted.weight for wanted in subject.values())
    scored: list[tuple[float, TestCommand]] = []
    for command in commands if total else ():
        said = set(terms.terms_of(" ".join((command.name, command.remark, *command.steps))))
        share = sum(w.weight for term, w in subject.items() if not said.isdisjoint((term, *w.own))) / total
        if share >= _LEAST_SHARE:
            scored.append((share, command))
    scored.sort(key=lambda pair: -pair[0])
    return [c for _, c in scored[:_MAX_COMMANDS]]


def _general(commands: Sequence[TestCommand]) -> list[TestCommand]:
    """The commands for all tests, one of each file."""
    by_file = {c.path: c for c in reversed(commands) if _OF_ALL.fullmatch(c.name)}
    return [c for c in commands if by_file.get(c.path) is c][:_MAX_COMMANDS]


def _whole_files(graph: CodeGraph, found: Sequence[TopicTest], words: set[str]) -> list[str]:
    """The folders and files that are about the subject: by their names, or since most of their tests are."""
    names: list[str] = []
    for path in dict.fromkeys(test.path for test in found):
        folders = path.split("/")[:-1]
        depth = next((n for n, folder in enumerate(folders, 1) if names_subject(folder, words)), 0)
        tests = {node.qualname for node in graph.tests.file(path).nodes}
        own = {test.symbol.qualname for test in found if test.path == path}
        if depth:
            names.append("/".join(folders[:depth]))
        elif names_subject(path, words) or len(own) >= len(tests) * _LEAST_SHARE:
            names.append(path)
    return list(dict.fromkeys(names))[:_MAX_FILES]


def _command_sentence(command: TestCommand, order: int) -> Candidate:
    steps = tuple(f"`{step}`" for step in command.steps)
    text = f"`{command.run}` {_BY} `{command.path}`: {STEP_SEPARATOR.join(steps)}"
    spans = tuple((command.path, n, n) for n in dict.fromkeys((command.start, *command.lines)))
    return Candidate(text, "listing", spans, f"{command.path}:{command.start}", order, -1, named=True, steps=steps)


def _pytest_sentence(
    graph: CodeGraph, files: Sequence[str], found: Sequence[TopicTest], order: int
) -> Candidate | None:
    """How pytest runs these files, or, without any, these tests, or, without any, all; None where the project does not use it."""
    first = _first_tests(graph, files) if files else []
    if not found and (folder := _folder_of_tests(graph)):
        files, first = [folder], _first_tests(graph, [folder])
    if files and first and _uses_pytest(graph):
        names = join_list([f"`{path}`" for path in files])
        text = f"`{_PYTEST} {' '.join(files)}` runs the tests in {names}."
        spans = tuple((path, line, line) for path, line in first)
    elif found and _uses_pytest(graph):
        tests = found[:_MAX_NODES]
        nodes = [f"{test.path}::{test.symbol.qualname.replace('.', '::')}" for test in tests]
        text = f"`{_PYTEST} {' '.join(nodes)}` runs {'these tests' if len(tests) > 1 else 'this test'}."
        spans = tuple((test.path, test.symbol.name_line, test.symbol.name_line) for test in tests)
    else:
        return None
    return Candidate(text, "listing", spans, f"{spans[0][0]}:1", order, -1, named=True)


def runs_whole_folder(sentence: str) -> bool:
    """Whether a sentence tells how all tests are run where the project has no command for that, which its documents may tell better."""
    form = _WITH_PYTEST.fullmatch(sentence)
    return form is not None and not any(".py" in name for name in form["what"].split())


def _first_tests(graph: CodeGraph, files: Sequence[str]) -> list[tuple[str, int]]:
    """(path, line) of the first test in each of these files or folders."""
    found: list[tuple[str, int]] = []
    for name in files:
        paths = [name] if is_python(name) else [p for p in graph.tests.paths() if p.startswith(f"{name}/")]
        nodes = (node for path in paths for node in graph.tests.file(path).nodes if node.path == path)
        node = next(nodes, None)
        if node is not None:
            found.append((node.path, _name_line(graph, node.path, node.qualname)))
    return found


def _name_line(graph: CodeGraph, path: str, qualname: str) -> int:
    facts = graph.facts(path)
    return next((s.name_line for s in facts.symbols if s.qualname == qualname), 1) if facts is not None else 1


def _folder_of_tests(graph: CodeGraph) -> str:
    """The folder at the top that has most of the tests, if it is called so; else ""."""
    counts = Counter(path.partition("/")[0] for path in graph.tests.paths() if "/" in path)
    folder = counts.most_common(1)[0][0] if counts else ""
    return folder if is_test_path(f"{folder}/a.py") else ""


def _uses_pytest(graph: CodeGraph) -> bool:
    """Whether the project says that it does: by its configuration, a command, or what its tests import."""
    if graph.tests.rules.source or any("pytest" in step for c in test_commands(graph) for step in c.steps):
        return True
    paths = [path for path in graph.tests.paths() if is_test_path(path)][:_MAX_READ]
    return any("pytest" in graph.view.text(path) for path in ("conftest.py", "tests/conftest.py", *paths))


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
        if "::" not in name:
            if not any((p, line) in cited for p, line in _first_tests(graph, [name])):
                return False
            continue
        ids = {n.node_id.partition("[")[0]: n.qualname for n in graph.tests.file(path).nodes if n.path == path}
        if name not in ids or (path, _name_line(graph, path, ids[name])) not in cited:
            return False
    return _uses_pytest(graph)


test_run_holds.__test__ = False  # type: ignore[attr-defined]
