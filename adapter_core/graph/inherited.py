"""Tests and set-up that a test class inherits from a class in another file: pytest collects and runs them with it."""

from __future__ import annotations

from collections.abc import Iterator

from .collecting.collect import TestNode
from .collecting.config import PytestRules, matches
from .linking import classes
from .linking.evaluate import Inference
from .linking.mro import lookup_order
from .linking.values import Value
from .tests_map import TestFile

# What unittest and pytest call before and after the tests of a class.
SET_UP = frozenset(
    """setUp tearDown setUpClass tearDownClass asyncSetUp asyncTearDown setup_method teardown_method setup_class teardown_class
    setUpTestData""".split()
)


def is_test_case(inference: Inference, path: str, written: str) -> bool | None:
    """Whether a class from another file, by its name in this one, descends from a `TestCase`; None where it is not known."""
    told = [_is_case(lookup_order(inference, v)) for v in inference.text(path, 0, written, 0) if v.kind == "class"]
    return any(told) if told else None


def _is_case(order: list[Value]) -> bool:
    return any(base.kind == "external" and base.path.rpartition(".")[2].endswith("TestCase") for base in order)


def inherited(inference: Inference, path: str, file: TestFile, rules: PytestRules) -> Iterator[TestNode]:
    """The tests of base classes in other files, as nodes of the classes of this one. Their `path` and lines are where they stand."""
    table = inference.table(path)
    known = {node.node_id.partition("[")[0] for node in file.nodes}
    for prefix in file.open_ids:
        _, inside, names = prefix.partition("::")
        found = _class(inference, path, names.replace("::", ".")) if inside else None
        if table is None or found is None:
            continue
        order = lookup_order(inference, found)
        bound: set[str] = set()
        for base in order:
            other = inference.table(base.path) if base.kind == "class" else None
            for index in other.members.get(base.index, ()) if other is not None else ():
                symbol = other.facts.symbols[index]  # type: ignore[union-attr]
                node_id = f"{prefix}::{symbol.name}"
                is_test = (
                    symbol.name.startswith("test") if _is_case(order) else matches(symbol.name, rules.python_functions)
                )
                if (
                    is_test
                    and symbol.is_callable
                    and base.path != path
                    and not {symbol.name, node_id} & (bound | known)
                ):
                    plain = not any("parametrize" in text for text in symbol.decorators)
                    yield TestNode(node_id, base.path, symbol.qualname, symbol.start, symbol.end, plain)
                bound.add(symbol.name)


def _class(inference: Inference, path: str, qualname: str) -> Value | None:
    table = inference.table(path)
    for index in table.classes if table is not None else ():
        if table is not None and table.facts.symbols[index].qualname == qualname:
            return Value("class", path, index)
    return None


def test_classes(inference: Inference, path: str, qualname: str) -> Iterator[tuple[str, str]]:
    """(file, beginning of node ids) of the classes that have a method: its own, and those built on that."""
    around = qualname.rpartition(".")[0]
    cls = _class(inference, path, around) if around else None
    for one in [cls, *classes.all_subclasses(inference, cls)] if cls is not None else ():
        table = inference.table(one.path)
        if table is not None:
            yield one.path, f"{one.path}::{table.facts.symbols[one.index].qualname.replace('.', '::')}::"
