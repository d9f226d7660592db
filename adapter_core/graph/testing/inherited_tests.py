"""Tests and set-up that a test class inherits from a class in another file; pytest collects and runs them with it."""

from __future__ import annotations

from collections.abc import Iterator

from ...types import Symbol
from ..linking.calls.fixtures import is_fixture
from ..linking.classes import hierarchy
from ..linking.classes.mro import lookup_order
from ..linking.inference import Inference
from ..linking.results.values import Value
from .collecting.collect import TestNode
from .collecting.config import PytestRules, matches
from .tests_map import TestFile

# What unittest and pytest call before and after the tests of a class.
SET_UP = frozenset(
    """setUp tearDown setUpClass tearDownClass asyncSetUp asyncTearDown setup_method teardown_method setup_class teardown_class
    setUpTestData""".split()
)


def is_test_case(inference: Inference, path: str, written: str) -> bool | None:
    """Whether a class from another file, by its name in this one, descends from a `TestCase`; None where that is unknown."""
    classes = [
        _is_case(lookup_order(inference, v)) for v in inference.infer_text(path, 0, written, 0) if v.kind == "class"
    ]
    return any(classes) if classes else None


def _is_case(order: list[Value]) -> bool:
    return any(base.kind == "external" and base.path.rpartition(".")[2].endswith("TestCase") for base in order)


def inherited_tests(inference: Inference, path: str, file: TestFile, rules: PytestRules) -> Iterator[TestNode]:
    """The tests of base classes in other files, and imported tests, as nodes of this file. Their `path` and lines are where they are
    defined."""
    known = {node.node_id.partition("[")[0] for node in file.nodes}
    for prefix in file.open_ids:
        _, inside, names = prefix.partition("::")
        cls = _class(inference, path, names.replace("::", ".")) if inside else None
        if cls is not None:
            yield from _tests_of_class(inference, cls, prefix, path, rules, known)
    table = inference.table(path)
    for item in table.facts.imports if table is not None else ():
        name = item.alias
        if item.owner or item.name is None or not (_names_class(name, rules) or matches(name, rules.python_functions)):
            continue
        for value in inference.infer_text(path, 0, name, 0):
            other = inference.table(value.path) if value.path != path else None
            if value.kind == "class" and _collects(inference, value, name, rules):
                yield from _tests_of_class(inference, value, f"{path}::{name}", path, rules, known)
            elif value.kind == "function" and other is not None and matches(name, rules.python_functions):
                if f"{path}::{name}" in known or is_fixture(other.facts.symbols[value.index]):
                    continue
                known.add(f"{path}::{name}")
                yield _node(f"{path}::{name}", value.path, other.facts.symbols[value.index])


def _names_class(name: str, rules: PytestRules) -> bool:
    return matches(name, rules.python_classes) or name.endswith(("Test", "Tests", "TestCase"))


def _collects(inference: Inference, cls: Value, name: str, rules: PytestRules) -> bool:
    if _is_excluded(inference, cls):
        return False
    return _is_case(lookup_order(inference, cls)) or (
        matches(name, rules.python_classes) and not inference.constructors(cls)
    )


def _is_excluded(inference: Inference, cls: Value) -> bool:
    """Whether a class has `__test__ = False`, or inherits it."""
    for base in lookup_order(inference, cls):
        table = inference.table(base.path) if base.kind == "class" else None
        flows = table.flows.get((base.index, "__test__"), ()) if table is not None else ()
        if flows:
            return inference.workspace.text(base.path)[flows[-1].start : flows[-1].end] == "False"
    return False


def _tests_of_class(
    inference: Inference, cls: Value, prefix: str, path: str, rules: PytestRules, known: set[str]
) -> Iterator[TestNode]:
    """The tests of a class and its bases that are defined in other files than the one that collects them."""
    order = lookup_order(inference, cls)
    case = _is_case(order)
    bound: set[str] = set()
    for base in order:
        table = inference.table(base.path) if base.kind == "class" else None
        for index in table.members.get(base.index, ()) if table is not None else ():
            symbol = table.facts.symbols[index]  # type: ignore[union-attr]
            name = symbol.name
            is_test = name.startswith("test") if case else matches(name, rules.python_functions)
            new = name not in bound and f"{prefix}::{name}" not in known
            if is_test and symbol.is_callable and not is_fixture(symbol) and base.path != path and new:
                yield _node(f"{prefix}::{name}", base.path, symbol)
            bound.add(name)


def _node(node_id: str, path: str, symbol: Symbol) -> TestNode:
    unparametrized = not any("parametrize" in text for text in symbol.decorators)
    return TestNode(node_id, path, symbol.qualname, symbol.start, symbol.end, unparametrized)


def _class(inference: Inference, path: str, qualname: str) -> Value | None:
    table = inference.table(path)
    for index in table.classes if table is not None else ():
        if table is not None and table.facts.symbols[index].qualname == qualname:
            return Value("class", path, index)
    return None


def test_classes(inference: Inference, path: str, qualname: str) -> Iterator[tuple[str, str]]:
    """(file, beginning of node ids) of the classes that may collect a method: its own, subclasses, and all of these in files that import
    them."""
    class_name = qualname.rpartition(".")[0]
    cls = _class(inference, path, class_name) if class_name else None
    for collected in [cls, *hierarchy.all_subclasses(inference, cls)] if cls is not None else ():
        table = inference.table(collected.path)
        name = table.facts.symbols[collected.index].qualname.replace(".", "::") if table is not None else ""
        if inference.expired:
            return
        for other in dict.fromkeys([collected.path, *(inference.files_using_name(name) if name else ())]):
            yield other, f"{other}::{name}::"
