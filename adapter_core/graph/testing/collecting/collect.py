"""Collecting: from the syntax of one test module to the tests that pytest would list for it.

Follows `_pytest.python` and `_pytest.unittest` of pytest 8 and 9; `tests_map` is the door.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...parsing.fields import dotted_name
from .classes import BaseResolver, ClassFacts, ClassTable
from .config import PytestRules, matches
from .fixtures import (
    KNOWN_PLUGIN_FIXTURES,
    Fixture,
    autouse_names,
    closure_names,
    first_line,
    fixture_call,
    parameters_of,
    requested_names,
    visible_fixtures,
)
from .ids import Parametrization, brackets, read_parametrize
from .marks import Mark, decorator_marks, multiplies, scope_marks, used_fixtures, without_injected
from .names import Definition, Function, ModuleNames, statements

# Hooks that decide at run time which tests there are, and their names.
COLLECTION_HOOKS = (
    "pytest_generate_tests",
    "pytest_make_parametrize_id",
    "pytest_pycollect_makeitem",
    "pytest_pycollect_makemodule",
)
_DEPTH = 20  # classes inside classes
_BEFORE_MODULE, _AFTER_MODULE = ("setUpModule", "setup_module"), ("tearDownModule", "teardown_module")
_FUNCTION_HELPERS = ("setup_function", "teardown_function")
_METHOD_HELPERS = ("setup_class", "setup_method", "teardown_method", "teardown_class")
_CASE_HELPERS = (
    *("setUpClass", "setup_class", "setup_method", "setUp", "asyncSetUp"),
    *("asyncTearDown", "tearDown", "teardown_method", "teardown_class", "tearDownClass"),
)


@dataclass(frozen=True, slots=True)
class TestNode:
    """One test as pytest names it; a test with parameters has one node for each set, all with the same lines. `node_id`: what `pytest
    NODE_ID` runs in the folder that `path` is relative to. Where the parameters cannot be read from the text, `parameters_known` is
    False and the id stands for all of them, without a bracket. `qualname`, `start`, `end`: the function and its lines, with decorators;
    an inherited test is in another class than the one that collects it. `fixtures`: those that it requests directly, in pytest's order
    (`closure_names` adds the rest). `helpers`: qualnames of `setUp`, `setup_method`, `teardown_module` and the like in the same file
    that run for it. `classes`: for `visible_fixtures`. `conditional`: it may not exist, because it is under an `if`, a loop or `try`, or
    in a module that skips itself (`pytest.importorskip`)."""

    __test__: ClassVar[bool] = False

    node_id: str
    path: str
    qualname: str
    start: int
    end: int
    parameters_known: bool = True
    fixtures: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    classes: tuple[tuple[str, ...], ...] = ()
    is_async: bool = False
    is_unittest: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a test is collected: the beginning of its node id, and the enclosing classes, outermost first."""

    prefix: str
    classes: tuple[ClassFacts, ...] = ()
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class _Test:
    """A function or lambda under the name that is collected, the names visible there, and the class that contains it."""

    name: str
    qualname: str
    node: Function | ast.Lambda
    names: ModuleNames
    owner: ClassFacts | None


class Collector:
    """One run over one module. `open_ids`: see `tests_map.TestFile`; complete when `run` is exhausted."""

    def __init__(
        self,
        path: str,
        tree: ast.Module,
        rules: PytestRules,
        files: Mapping[str, Sequence[Fixture]],
        is_test_case: BaseResolver | None,
        hooked: bool,
    ) -> None:
        self.path = path
        self.tree = tree
        self.rules = rules
        self.files = files
        self.names = ModuleNames(tree)
        self.table = ClassTable(self.names, is_test_case)
        self.unreadable = hooked or any(hook in self.names.local for hook in COLLECTION_HOOKS)
        self.flags = _test_flags(tree, self.names)
        self.module_marks = scope_marks(self.names)
        self.open_ids: list[str] = []
        self._visible: dict[tuple[tuple[str, ...], ...], tuple[dict[str, Fixture], tuple[str, ...]]] = {}

    def run(self) -> Iterator[TestNode]:
        flag = self.names.value("__test__")
        if flag is not None and self.names.literal(flag) is False:
            return
        if self.names.stars or self._calls(self.tree.body, ("globals", "locals", "vars", "exec")):
            self.open_ids.append(self.path)
        place = _Place(self.path, (), self._calls(self.tree.body, ("pytest.importorskip", "pytest.skip")))
        for name, binders in self.names.local.items():
            yield from self._member(name, binders[-1], None, place)

    def _calls(self, body: list[ast.stmt], callees: tuple[str, ...]) -> bool:
        """Whether the module itself calls one of these functions, outside of its own functions."""
        return any(
            isinstance(part, ast.Call) and self.names.canonical(part.func) in callees
            for node, _ in statements(body)
            if isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Raise))
            for part in ast.walk(node)
        )

    def _member(self, name: str, node: ast.AST, owner: ClassFacts | None, place: _Place) -> Iterator[TestNode]:
        """What a name of the module yields, or one of a class that is collected as `place`; `owner` is the class that binds it."""
        qualname, node = self._followed(name, node, owner)
        conditional = place.conditional or name in (owner.names if owner else self.names).conditional
        place = _Place(place.prefix, place.classes, conditional)
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Name, ast.Attribute, ast.Call, ast.IfExp, ast.Subscript)):
            # It may be a test or a test class; that depends on another file, or on the run.
            canonical = self.names.imports.get(name, "")
            case = bool(canonical) and self.table.names_test_case(name, canonical)
            is_candidate = case or matches(name, (*self.rules.python_functions, *self.rules.python_classes))
            if is_candidate and not canonical.startswith("unittest."):
                self.open_ids.append(f"{place.prefix}::{name}")
        elif isinstance(node, ast.ClassDef):
            if qualname in self.table.classes:
                yield from self._class(name, self.table.classes[qualname], place)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            flag = self.flags.get(qualname)
            if flag is not False and (flag or matches(name, self.rules.python_functions)):
                yield from self._function(
                    _Test(name, qualname, node, owner.names if owner else self.names, owner), place
                )

    def _followed(self, name: str, node: ast.AST, owner: ClassFacts | None) -> tuple[str, ast.AST]:
        """The definition behind a binding (`test_b = test_a` is one more test), with its qualname."""
        names = owner.names if owner else self.names
        if isinstance(node, ast.Name):
            target = names.definition(node.id)
            if target is not None:
                inside = owner is not None and node.id in names.local
                return f"{owner.qualname}.{target.name}" if owner and inside else target.name, target
        return f"{owner.qualname}.{name}" if owner else name, node

    def _class(self, name: str, facts: ClassFacts, place: _Place) -> Iterator[TestNode]:
        flag = self.flags.get(facts.qualname, self.table.flag(facts.qualname))
        case = self.table.is_test_case(facts.qualname)
        if flag is False or not (case or flag or matches(name, self.rules.python_classes)):
            return
        if len(place.classes) > _DEPTH or self.table.is_abstract(facts.qualname):
            return
        if not case and self.table.is_constructed(facts.qualname):
            return
        inner = _Place(f"{place.prefix}::{name}", (*place.classes, facts), place.conditional)
        if self.table.may_inherit_more(facts.qualname) or multiplies(facts.node, facts.around):
            self.open_ids.append(inner.prefix)
        if case:
            yield from self._test_case(facts, inner)
            return
        for attribute, found in self.table.members(facts.qualname):
            yield from self._member(attribute, found.node, found.owner, inner)

    def _test_case(self, facts: ClassFacts, place: _Place) -> Iterator[TestNode]:
        """`unittest` has rules of its own: names that begin with "test", in alphabetical order, or `runTest` where there are none."""
        tests = []
        for name, found in sorted(self.table.members(facts.qualname), key=lambda member: member[0]):
            qualname, node = self._followed(name, found.node, found.owner)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not _is_property(node, found.owner.names):
                tests.append(_Test(name, qualname, node, found.owner.names, found.owner))
        chosen = [test_function for test_function in tests if test_function.name.startswith("test")] or [
            test_function for test_function in tests if test_function.name == "runTest"
        ]
        for test in chosen:
            if isinstance(test.node, ast.Lambda) or self.flags.get(test.qualname) is False:
                continue
            conditional = place.conditional or test.name in test.names.conditional
            marks = [*decorator_marks(test.node, test.names), *self._outer_marks(place)]
            several = multiplies(test.node, test.names)
            if several:
                self.open_ids.append(f"{place.prefix}::{test.name}")
            fixtures = tuple(dict.fromkeys([*self._fixtures(place)[1], *used_fixtures(marks)]))
            at = _Place(place.prefix, place.classes, conditional)
            yield self._node(test, "", at, not several, fixtures, case=True)

    def _function(self, test: _Test, place: _Place) -> Iterator[TestNode]:
        node, names = test.node, test.names
        if isinstance(node, ast.Lambda):
            yield self._node(test, "", place, False, self._fixtures(place)[1], case=False)
            return
        if fixture_call(node, names) is not None or _is_property(node, names) or _is_generator(node):
            return
        if multiplies(node, names):
            self.open_ids.append(f"{place.prefix}::{test.name}")
        static = any(names.canonical(decorator) == "staticmethod" for decorator in node.decorator_list)
        owners: list[tuple[Definition, ModuleNames]] = [(node, names)]
        if test.owner is not None and test.name.startswith("test"):
            owners.append((test.owner.node, test.owner.around))
        arguments = without_injected(requested_names(node, bool(place.classes) and not static), node, owners)
        marks = [*decorator_marks(node, names), *self._outer_marks(place)]
        initial = tuple(dict.fromkeys([*self._fixtures(place)[1], *used_fixtures(marks), *arguments]))
        parametrizations = [
            read_parametrize(mark.call, mark.names, self.rules.escape_ids) if mark.call else Parametrization()
            for mark in marks
            if mark.name == "parametrize"
        ]
        direct = frozenset(n for p in parametrizations for n in p.names if p.indirect is None or n not in p.indirect)
        ends = None
        if not (self.unreadable or any(mark.unreadable for mark in marks) or self._may_inherit_marks(place)):
            ends = self._ends(initial, parametrizations, direct, place)
        fixtures = tuple(name for name in initial if name not in direct)
        for end in [""] if ends is None else ends:
            yield self._node(test, end, place, ends is not None, fixtures, case=False)

    def _ends(
        self, initial: tuple[str, ...], parametrizations: list[Parametrization], direct: frozenset[str], place: _Place
    ) -> list[str] | None:
        """The brackets of a test's ids; None where they are unknown."""
        visible, _ = self._fixtures(place)
        closure = closure_names(initial, visible, direct)
        parameter_names = [name for parametrization in parametrizations for name in parametrization.names]
        if len(set(parameter_names)) < len(parameter_names) or not set(parameter_names) <= set(closure):
            return None  # pytest refuses such a test
        multiplying = []
        for name in closure:
            if name in parameter_names:
                continue
            if not self._is_known(name, visible):
                return None
            if (fixture := parameters_of(name, visible)) is not None:
                multiplying.append((name, fixture))
        if len(multiplying) > 1:
            order = [name for name, _ in multiplying]
            older = closure_names(initial, visible, direct, breadth_first=True)
            if [name for name in older if name in order] != order or any(
                not fixture.scope for _, fixture in multiplying
            ):
                return None  # versions of pytest differ
        ids = [fixture.params_ids for _, fixture in multiplying] + [
            parametrization.ids for parametrization in parametrizations
        ]
        known = [parametrization for parametrization in ids if parametrization is not None]
        if len(known) < len(ids) or any(parametrization.indirect is None for parametrization in parametrizations):
            return None
        return brackets(known)

    def _is_known(self, name: str, visible: Mapping[str, Fixture]) -> bool:
        """Whether it is certain which definition a fixture name refers to, and so whether it has parameters."""
        nearest = visible.get(name)
        if nearest is None:
            return name in KNOWN_PLUGIN_FIXTURES and name not in self.names.imports
        if nearest.path == self.path or any(fixture.name == name for fixture in self.files[self.path]):
            return True
        return name not in self.names.imports and not self.names.stars

    def _may_inherit_marks(self, place: _Place) -> bool:
        return any(
            self.table.may_inherit_more(facts.qualname) or self.table.lookup(facts.qualname, "pytest_generate_tests")
            for facts in place.classes
        )

    def _outer_marks(self, place: _Place) -> list[Mark]:
        """The marks around a function: of the classes, innermost first and each with its bases before it, then of the module."""
        found: list[Mark] = []
        for facts in reversed(place.classes):
            for name in reversed(self.table.mro(facts.qualname)):
                class_facts = self.table.classes[name]
                found += [*scope_marks(class_facts.names), *decorator_marks(class_facts.node, class_facts.around)]
        return found + self.module_marks

    def _fixtures(self, place: _Place) -> tuple[dict[str, Fixture], tuple[str, ...]]:
        """The fixtures that a test can see, and those that it gets automatically."""
        classes = self._classes(place)
        if classes not in self._visible:
            autouse = autouse_names(self.path, self.files, classes)
            self._visible[classes] = (
                visible_fixtures(self.path, self.files, classes),
                tuple(dict.fromkeys([*self.rules.usefixtures, *autouse])),
            )
        return self._visible[classes]

    def _classes(self, place: _Place) -> tuple[tuple[str, ...], ...]:
        return tuple(self.table.mro(facts.qualname) for facts in place.classes)

    def _helpers(self, place: _Place, case: bool) -> tuple[str, ...]:
        """In the order in which they run."""

        def of_module(helper_names: Sequence[str]) -> list[str]:
            return [name for name in helper_names if _is_helper(self.names.local.get(name), self.names)]

        inner = [] if place.classes else of_module(_FUNCTION_HELPERS)
        for name in () if not place.classes else _CASE_HELPERS if case else _METHOD_HELPERS:
            helper = self.table.lookup(place.classes[-1].qualname, name)
            if helper is not None and _is_helper([helper.node], helper.owner.names):
                inner.append(f"{helper.owner.qualname}.{name}")
        return (*of_module(_BEFORE_MODULE)[:1], *inner, *of_module(_AFTER_MODULE)[:1])

    def _node(
        self, test: _Test, end: str, place: _Place, known: bool, fixtures: tuple[str, ...], *, case: bool
    ) -> TestNode:
        return TestNode(
            f"{place.prefix}::{test.name}{end}",
            self.path,
            test.qualname,
            test.node.lineno if isinstance(test.node, ast.Lambda) else first_line(test.node),
            test.node.end_lineno or test.node.lineno,
            known,
            fixtures,
            self._helpers(place, case),
            self._classes(place),
            isinstance(test.node, ast.AsyncFunctionDef),
            case,
            place.conditional,
        )


def _test_flags(tree: ast.Module, names: ModuleNames) -> dict[str, bool]:
    """Statements such as `test_helper.__test__ = False` at module level."""
    found: dict[str, bool] = {}
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and target.attr == "__test__" and isinstance(node, ast.Assign):
                value = names.literal(node.value)
                if isinstance(value, bool):
                    found[dotted_name(target.value)] = value
    return found


def _is_helper(binders: Sequence[ast.AST] | None, names: ModuleNames) -> bool:
    node = binders[-1] if binders else None
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and fixture_call(node, names) is None


def _is_property(node: Function, names: ModuleNames) -> bool:
    kinds = ("property", "cached_property", "abstractproperty", "setter", "deleter")
    return any(names.canonical(decorator).rpartition(".")[2] in kinds for decorator in node.decorator_list)


def _is_generator(node: Function) -> bool:
    """Whether a function that is not async yields; pytest refuses to run such a test."""
    if isinstance(node, ast.AsyncFunctionDef):
        return False
    values = (getattr(statement, "value", None) for statement, _ in statements(node.body))
    return any(isinstance(value, (ast.Yield, ast.YieldFrom)) for value in values)
