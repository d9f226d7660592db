"""pytest fixtures: what the parameter of a test, or of another fixture, is given by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...types import Symbol
from . import parametrized
from .values import EMPTY, Value, Values, external

if TYPE_CHECKING:
    from .evaluate import Inference

_PYTESTS_OWN = frozenset(
    """cache capfd capfdbinary caplog capsys capsysbinary doctest_namespace monkeypatch pytestconfig pytester record_property recwarn
    request subtests testdir tmp_path tmp_path_factory tmpdir tmpdir_factory mocker benchmark""".split()
)


def takes_fixtures(symbol: Symbol) -> bool:
    """Whether pytest fills a function's parameters, as its name or its decorators tell."""
    return symbol.name.startswith("test") or is_fixture(symbol)


def is_fixture(symbol: Symbol) -> bool:
    return any(d.partition("(")[0].rpartition(".")[2] == "fixture" for d in symbol.decorators)


def given(inference: Inference, path: str, index: int, name: str) -> Values:
    """What the fixture of that name gives: the nearest one, in the class, the file, and the conftest files of the folders around it."""
    listed = parametrized.given(inference, path, index, name)
    if listed is not None:
        return listed
    found = fixture(inference, path, index, name)
    if found is None:
        return frozenset({external(f"pytest.{name}")}) if name in _PYTESTS_OWN else EMPTY
    given_by = inference.returned(frozenset({found}))
    generators = [v for v in given_by if v.kind == "generator"]
    return inference.elements(frozenset(generators)) if generators else given_by


def fixture(inference: Inference, path: str, index: int, name: str) -> Value | None:
    """The function of the fixture that a test or fixture (symbol `index` of `path`) gets by a name."""
    me = Value("function", path, index)
    for place in _places(inference, path, name):
        table = inference.table(place)
        if table is None:
            continue
        own_class = table.facts.symbols[index].parent if place == path else -1
        best: Value | None = None
        for number in table.decorated:
            symbol = table.facts.symbols[number]
            if not is_fixture(symbol) or name_of(symbol) != name or Value("function", place, number) == me:
                continue
            in_class = symbol.parent > 0
            if in_class and symbol.parent != own_class:
                continue
            candidate = Value("function", place, number)
            if best is None or in_class:
                best = candidate
        if best is not None:
            return best
    return None


def is_automatic(symbol: Symbol) -> bool:
    """Whether a fixture is used by every test that sees it."""
    return any("fixture" in d and re.search(r"\bautouse\s*=\s*True\b", d) for d in symbol.decorators)


def name_of(symbol: Symbol) -> str:
    """The name under which tests ask for a fixture."""
    for text in symbol.decorators:
        _, given_name, rest = text.partition("name=")
        if given_name and "fixture" in text:
            return rest.strip("\"' ").partition('"')[0].partition("'")[0]
    return symbol.name


def _places(inference: Inference, path: str, name: str) -> list[str]:
    """The files in which a fixture is looked for, nearest first."""
    conftests = [p for p in inference.workspace.paths_using(name) if p.rpartition("/")[2] == "conftest.py"]
    above = []
    for place in conftests:
        folder = place.rpartition("/")[0]
        if place != path and (not folder or path.startswith(folder + "/")):
            above.append(place)
    return [path, *sorted(above, key=len, reverse=True)]
