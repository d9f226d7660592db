"""pytest fixtures: the values of parameters of tests and fixtures, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....types import Symbol
from ..classes.mro import lookup_order
from ..results.values import EMPTY, Value, Values, external
from . import parametrized

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_FILES = 24
_PYTEST_FIXTURES = frozenset(
    """cache capfd capfdbinary caplog capsys capsysbinary doctest_namespace monkeypatch pytestconfig pytester record_property recwarn
    request subtests testdir tmp_path tmp_path_factory tmpdir tmpdir_factory mocker benchmark""".split()
)


def takes_fixtures(symbol: Symbol) -> bool:
    """Whether pytest fills in a function's parameters, judged by its name or decorators."""
    return symbol.name.startswith("test") or is_fixture(symbol)


def is_fixture(symbol: Symbol) -> bool:
    return any(d.partition("(")[0].rpartition(".")[2] == "fixture" for d in symbol.decorators)


def fixture_values(inference: Inference, path: str, index: int, name: str) -> Values:
    """The value of the nearest fixture of that name: in the class, the file, or the conftest files of the enclosing folders."""
    parametrized_value = parametrized.parametrized_values(inference, path, index, name)
    if parametrized_value is not None:
        return parametrized_value
    found = find_fixture(inference, path, index, name)
    if found is None:
        return frozenset({external(f"pytest.{name}")}) if name in _PYTEST_FIXTURES else EMPTY
    results = inference.call_results(frozenset({found}))
    generators = [v for v in results if v.kind == "generator"]
    return inference.elements(frozenset(generators)) if generators else results


def find_fixture(inference: Inference, path: str, index: int, name: str) -> Value | None:
    """The fixture function that a test or fixture (symbol `index` of `path`) gets for a name."""
    requesting = Value("function", path, index)
    for scope in _scopes(inference, path, index, name):
        table = inference.table(scope.path)
        for number in table.children.get((scope.index, name), ()) if table is not None else ():
            symbol = table.facts.symbols[number]  # type: ignore[union-attr]
            if is_fixture(symbol) and name_of(symbol) == name and (scope.path, number) != (path, index):
                return Value("function", scope.path, number)
        for number in table.members.get(scope.index, ()) if table is not None else ():
            symbol = table.facts.symbols[number]  # type: ignore[union-attr]
            if is_fixture(symbol) and name_of(symbol) == name and (scope.path, number) != (path, index):
                return Value("function", scope.path, number)
        found = _imported_fixture(inference, scope, name) if scope.index == 0 else None
        if found is not None and found != requesting:
            return found
    return _unique_fixture(inference, name, requesting)


def _imported_fixture(inference: Inference, place: Value, name: str) -> Value | None:
    """A fixture that a module imports by its name."""
    table = inference.table(place.path)
    if table is None or (0, name) not in table.imports:
        return None
    return next((v for v in inference.infer_text(place.path, 0, name, 0) if _is_fixture_value(inference, v)), None)


def _is_fixture_value(inference: Inference, value: Value) -> bool:
    table = inference.table(value.path) if value.kind == "function" else None
    return table is not None and is_fixture(table.facts.symbols[value.index])


def _unique_fixture(inference: Inference, name: str, requesting: Value) -> Value | None:
    """The fixture of a name, where there is exactly one outside of conftest files and classes: from a plugin, or a star import."""
    paths = inference.workspace.paths_using(name) if name not in _PYTEST_FIXTURES else []
    found = []
    for path in paths if len(paths) <= _MAX_FILES else ():
        # Those of a conftest or a test module are seen by no other file.
        file = path.rpartition("/")[2]
        is_local = file == "conftest.py" or file.startswith("test_") or file.endswith("_test.py")
        table = inference.table(path) if not is_local else None
        for number in table.children.get((0, name), ()) if table is not None else ():
            if is_fixture(table.facts.symbols[number]):  # type: ignore[union-attr]
                found.append(Value("function", path, number))
    return found[0] if len(found) == 1 and found[0] != requesting else None


def is_automatic(symbol: Symbol) -> bool:
    """Whether a fixture is used by every test that can see it (`autouse`)."""
    return any("fixture" in d and re.search(r"\bautouse\s*=\s*True\b", d) for d in symbol.decorators)


def name_of(symbol: Symbol) -> str:
    """The name by which tests request a fixture."""
    for text in symbol.decorators:
        _, equals, rest = text.partition("name=")
        if equals and "fixture" in text:
            return rest.strip("\"' ").partition('"')[0].partition("'")[0]
    return symbol.name


def _scopes(inference: Inference, path: str, index: int, name: str) -> Iterator[Value]:
    """The classes and modules in which a fixture is looked up, nearest first."""
    table = inference.table(path)
    parent = table.facts.symbols[index].parent if table is not None else 0
    if table is not None and parent > 0 and table.facts.symbols[parent].kind == "class":
        yield from (c for c in lookup_order(inference, Value("class", path, parent)) if c.kind == "class")
    conftests = [p for p in inference.workspace.paths_using(name) if p.rpartition("/")[2] == "conftest.py"]
    enclosing = []
    for conftest in conftests:
        folder = conftest.rpartition("/")[0]
        if conftest != path and (not folder or path.startswith(folder + "/")):
            enclosing.append(conftest)
    yield from (Value("module", conftest) for conftest in [path, *sorted(enclosing, key=len, reverse=True)])
