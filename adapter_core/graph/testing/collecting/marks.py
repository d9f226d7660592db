"""Marks and other decorators of tests, and their effect on parameters and arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from .names import Definition, Function, ModuleNames

# Marks of plugins that run a test several times under different ids.
_MULTIPLYING_MARKS = frozenset({"anyio", "repeat", "parametrize_from_file", "parametrize_with_cases"})
# Packages whose decorators replace a test by several functions of other names.
_MULTIPLYING_PACKAGES = frozenset({"parameterized", "nose_parameterized", "ddt", "absl", "genty", "testscenarios"})
# Names and packages whose decorators keep a test's marks, and add no parameters.
_HARMLESS = frozenset(
    "staticmethod classmethod abc asyncio contextlib dataclasses django flaky freezegun functools httpretty hypothesis mock "
    "moto numpy respx responses requests_mock sqlalchemy time_machine tornado trio twisted typing typing_extensions unittest "
    "vcr warnings".split()
)
_PATCHES = {"unittest.mock.patch": 1, "mock.patch": 1, "unittest.mock.patch.object": 2, "mock.patch.object": 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """`name`: what follows `pytest.mark.`; "" for a decorator with unknown effects. `names`: those visible where it is written."""

    name: str
    call: ast.Call | None
    names: ModuleNames

    @property
    def unreadable(self) -> bool:
        return not self.name or self.name in _MULTIPLYING_MARKS


def decorator_marks(node: Definition, names: ModuleNames) -> list[Mark]:
    """The marks of a definition in pytest's order: from the lowest decorator up."""
    found = (_mark(decorator, names) for decorator in reversed(node.decorator_list))
    return [mark for mark in found if mark is not None]


def scope_marks(names: ModuleNames) -> list[Mark]:
    """The marks that `pytestmark` applies to a module or class."""
    binders = names.local.get("pytestmark", [])
    if not binders or isinstance(binders[-1], ast.Delete):
        return []
    value = binders[0]
    if len(binders) > 1 or not isinstance(value, ast.expr):
        return [Mark("", None, names)]
    value = names.resolve(value)
    elements = names.sequence(value) if isinstance(value, (ast.List, ast.Tuple, ast.BinOp)) else [value]
    found = [_mark(element, names) or Mark("", None, names) for element in elements or []]
    return found if elements is not None else [Mark("", None, names)]


def multiplies(node: Definition, names: ModuleNames) -> bool:
    """Whether a decorator replaces a test or class by several tests with other names."""
    return any(_package(decorator, names) in _MULTIPLYING_PACKAGES for decorator in node.decorator_list)


def used_fixtures(marks: Iterable[Mark]) -> list[str]:
    """The fixtures that `usefixtures` names."""
    found = []
    for mark in marks:
        if mark.name == "usefixtures" and mark.call is not None:
            words = (mark.names.literal(argument) for argument in mark.call.args)
            found += [word for word in words if isinstance(word, str)]
    return found


def without_injected(
    arguments: tuple[str, ...], node: Function, owners: list[tuple[Definition, ModuleNames]]
) -> tuple[str, ...]:
    """The arguments that pytest fills in, without the mocks that `patch` passes and the values that `given` draws. `owners`: the test
    and its class, with the names visible there: `patch` may decorate either."""
    patched = sum(_injects(decorator, names) for owner, names in owners for decorator in owner.decorator_list)
    found = list(arguments[patched:])
    _, names = owners[0]
    for decorator in node.decorator_list:
        resolved = names.resolve(decorator)
        if not isinstance(resolved, ast.Call) or not names.canonical(resolved.func).startswith("hypothesis."):
            continue
        if names.canonical(resolved.func).rpartition(".")[2] != "given":
            continue
        if any(isinstance(argument, ast.Constant) and argument.value is ... for argument in resolved.args):
            return ()
        found = [name for name in found if name not in {keyword.arg for keyword in resolved.keywords}]
        # Strategies by position fill the arguments from the right.
        found = found[: max(0, len(found) - len(resolved.args))]
    return tuple(found)


def _mark(node: ast.expr, names: ModuleNames) -> Mark | None:
    """None for a decorator that neither marks a test nor changes its parameters."""
    resolved = names.resolve(node)
    call = resolved if isinstance(resolved, ast.Call) else None
    callee = names.canonical(call.func if call is not None else resolved)
    if callee.startswith("pytest.mark."):
        name = callee.removeprefix("pytest.mark.")
        return Mark("" if "." in name else name, call, names)
    return None if callee.partition(".")[0] in _HARMLESS else Mark("", None, names)


def _package(node: ast.expr, names: ModuleNames) -> str:
    resolved = names.resolve(node)
    return names.canonical(resolved.func if isinstance(resolved, ast.Call) else resolved).partition(".")[0]


def _injects(node: ast.expr, names: ModuleNames) -> bool:
    """Whether a decorator is a `patch` that passes its mock as an argument."""
    resolved = names.resolve(node)
    if not isinstance(resolved, ast.Call):
        return False
    expected = _PATCHES.get(names.canonical(resolved.func))
    return expected is not None and len(resolved.args) <= expected and all(k.arg != "new" for k in resolved.keywords)
