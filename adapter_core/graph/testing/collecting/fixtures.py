"""pytest fixtures: those that a file defines, that a test can see, and that run for it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ...parsing.fields import dotted_name
from ...parsing.tree import parse_tree
from .ids import call_arguments, fixture_ids
from .names import Function, ModuleNames, statements

# Of pytest itself and of widely used plugins; none of them has parameters.
KNOWN_PLUGIN_FIXTURES = frozenset(
    "request cache capfd capfdbinary caplog capsys capsysbinary capteesys doctest_namespace monkeypatch pytestconfig pytester "
    "record_property record_testsuite_property record_xml_attribute recwarn subtests testdir tmp_path tmp_path_factory tmpdir "
    "tmpdir_factory "
    "mocker class_mocker module_mocker package_mocker session_mocker benchmark benchmark_weave event_loop event_loop_policy "
    "unused_tcp_port unused_tcp_port_factory unused_udp_port unused_udp_port_factory free_tcp_port free_udp_port "
    "faker freezer httpx_mock requests_mock respx_mock aiohttp_client aiohttp_server cov no_cover worker_id testrun_uid "
    "db transactional_db client async_client admin_client admin_user rf async_rf settings live_server mailoutbox "
    "django_user_model django_db_setup django_db_blocker django_assert_num_queries django_assert_max_num_queries".split()
)
_SCOPES = ("session", "package", "module", "class", "function")  # wider ones are set up first
_FIXTURE_CALLS = frozenset(
    {
        "pytest.fixture",
        "pytest.yield_fixture",
        "_pytest.fixtures.fixture",
        "pytest_asyncio.fixture",
        "pytest_trio.trio_fixture",
    }
)
_ARGUMENTS = ("fixture_function", "scope", "params", "autouse", "ids", "name")
_DEPTH = 200  # how far fixtures that request one another are followed


@dataclass(frozen=True, slots=True)
class Fixture:
    """A definition under the name that tests request. Lines `start..end` include decorators. `scope`: "" where it is not a literal.
    `params_ids`: () without parameters, None where they are unknown. `requests`: the fixtures that it requests. `overrides`: the
    definition of the same name that it hides (set by `visible_fixtures`)."""

    __test__: ClassVar[bool] = False

    name: str
    path: str
    qualname: str
    start: int
    end: int
    scope: str = "function"
    autouse: bool = False
    params_ids: tuple[str, ...] | None = ()
    requests: tuple[str, ...] = ()
    overrides: Fixture | None = None

    @property
    def parametrized(self) -> bool:
        return self.params_ids != ()


def read_fixtures(path: str, source: str | ast.Module, escape_ids: bool = True) -> tuple[Fixture, ...]:
    """The fixtures that a file defines, at module level and in its classes; empty for a file that does not parse."""
    tree = parse_tree(source) if isinstance(source, str) else source
    return () if tree is None else tuple(_fixtures_in(path, tree.body, ModuleNames(tree), "", escape_ids))


def fixture_call(node: Function, names: ModuleNames) -> ast.expr | None:
    """The decorator that makes a function a fixture, with constants resolved: `pytest.fixture`, or a call of it."""
    for decorator in node.decorator_list:
        resolved = names.resolve(decorator)
        callee = names.canonical(resolved.func if isinstance(resolved, ast.Call) else resolved)
        # `fixture` of another package usually wraps pytest's.
        if callee in _FIXTURE_CALLS or callee.rpartition(".")[2] == "fixture":
            return resolved
    return None


def requested_names(node: Function, bound: bool) -> tuple[str, ...]:
    """The parameters that pytest fills in: those without a default. `bound`: the first one is the instance or class."""
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    without_default = len(positional) - len(spec.defaults)
    found = [p.arg for i, p in enumerate(positional) if i < without_default and i >= len(spec.posonlyargs)]
    found += [p.arg for p, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if default is None]
    return tuple(found[1:] if bound and not spec.posonlyargs else found)


def first_line(node: Function | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def visible_fixtures(
    path: str,
    fixtures_by_file: Mapping[str, Sequence[Fixture]],
    classes: Sequence[Sequence[str]] = (),
) -> dict[str, Fixture]:
    """The definition that a test in `path` gets for each name; the nearest one overrides the others. `fixtures_by_file`: fixtures by the
    file in which they are visible (where a conftest.py imports fixtures, list them under it too). `classes`: the enclosing classes of
    the test, outermost first, each followed by its bases (`TestNode.classes`)."""
    visible: dict[str, Fixture] = {}
    for fixture in _in_order(path, fixtures_by_file, classes):
        visible[fixture.name] = replace(fixture, overrides=visible.get(fixture.name))
    return visible


def autouse_names(
    path: str,
    fixtures_by_file: Mapping[str, Sequence[Fixture]],
    classes: Sequence[Sequence[str]] = (),
) -> tuple[str, ...]:
    """The fixtures that a test in `path` gets automatically, outermost first; arguments as for `visible_fixtures`."""
    found = (fixture.name for fixture in _in_order(path, fixtures_by_file, classes) if fixture.autouse)
    return tuple(dict.fromkeys(found))


def closure_names(
    names: Iterable[str],
    visible: Mapping[str, Fixture],
    direct: frozenset[str] = frozenset(),
    breadth_first: bool = False,
) -> list[str]:
    """The fixtures that run for a test that requests `names`, with those that they request in turn, including unknown ones. In pytest's
    order: wider scopes first, then as requested, depth first (`breadth_first`: as in older versions of pytest). `direct` are values of
    `parametrize`, and request nothing."""
    closure = list(_breadth_first(names, visible, direct) if breadth_first else _depth_first(names, visible, direct))

    def width(name: str) -> int:
        fixture = None if name in direct else visible.get(name)
        return _SCOPES.index(fixture.scope) if fixture is not None and fixture.scope in _SCOPES else len(_SCOPES) - 1

    return sorted(closure, key=width)


def parameters_of(name: str, visible: Mapping[str, Fixture]) -> Fixture | None:
    """The definition whose parameters multiply the tests that use `name`: the nearest, or one that it overrides and requests."""
    fixture = visible.get(name)
    while fixture is not None and not fixture.parametrized:
        fixture = fixture.overrides if name in fixture.requests else None
    return fixture


def _depth_first(names: Iterable[str], visible: Mapping[str, Fixture], direct: frozenset[str]) -> Iterator[str]:
    seen: dict[str, None] = {}
    current: dict[str, Fixture | None] = {}  # the definition that a request made right now would get

    def visit(name: str, depth: int) -> None:
        fixture = None if name in direct else visible.get(name)
        if name in seen and name not in current:
            return
        seen[name] = None
        fixture = current.get(name, fixture)
        if fixture is None or depth > _DEPTH:
            return
        before = current.get(name, ...)
        current[name] = fixture.overrides
        for request in fixture.requests:
            visit(request, depth + 1)
        if before is ...:
            del current[name]
        else:
            current[name] = fixture

    for name in names:
        visit(name, 0)
    yield from seen


def _breadth_first(names: Iterable[str], visible: Mapping[str, Fixture], direct: frozenset[str]) -> Iterator[str]:
    closure = list(dict.fromkeys(names))
    seen = set(closure)
    for name in closure:  # which grows on the way
        fixture = None if name in direct else visible.get(name)
        for request in fixture.requests if fixture is not None else ():
            if request not in seen:
                seen.add(request)
                closure.append(request)
    yield from closure


def _in_order(
    path: str,
    fixtures_by_file: Mapping[str, Sequence[Fixture]],
    classes: Sequence[Sequence[str]],
) -> Iterator[Fixture]:
    """All visible fixtures, the nearest last; within one place in the order in which pytest registers them."""
    folders = path.split("/")[:-1]
    conftests = ["/".join([*folders[:depth], "conftest.py"]) for depth in range(len(folders) + 1)]
    for file in dict.fromkeys([*conftests, path]):
        # What a conftest.py imports keeps its own path and is visible here all the same.
        in_file = (fixture for fixture in fixtures_by_file.get(file, ()) if "." not in fixture.qualname)
        yield from sorted(in_file, key=lambda fixture: fixture.qualname)
    for mro in classes:
        members: dict[str, Fixture] = {}
        for owner in reversed(mro):
            for fixture in fixtures_by_file.get(path, ()):
                if fixture.qualname.rpartition(".")[0] == owner:
                    members[fixture.qualname.rpartition(".")[2]] = fixture
        yield from (members[attribute] for attribute in sorted(members))


def _fixtures_in(path: str, body: list[ast.stmt], names: ModuleNames, prefix: str, escape: bool) -> Iterator[Fixture]:
    last: dict[str, ast.stmt] = {}
    for node, _ in statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            last[node.name] = node
    for node in last.values():
        if isinstance(node, ast.ClassDef):
            yield from _fixtures_in(path, node.body, names.inside(node), f"{prefix}{node.name}.", escape)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            call = fixture_call(node, names)
            if call is not None:
                yield _fixture(path, node, call, names, prefix, escape)


def _fixture(path: str, node: Function, call: ast.expr, names: ModuleNames, prefix: str, escape: bool) -> Fixture:
    static = any(dotted_name(decorator) == "staticmethod" for decorator in node.decorator_list)
    requests = requested_names(node, bound=bool(prefix) and not static)
    fixture = Fixture(
        node.name, path, prefix + node.name, first_line(node), node.end_lineno or node.lineno, requests=requests
    )
    if not isinstance(call, ast.Call):
        return fixture if names.canonical(call) in _FIXTURE_CALLS else replace(fixture, params_ids=None)
    arguments = call_arguments(call, _ARGUMENTS)
    if arguments is None:
        return replace(fixture, scope="", params_ids=None)
    name = names.literal(arguments["name"]) if "name" in arguments else None
    scope = names.literal(arguments["scope"]) if "scope" in arguments else "function"
    known_name = name if isinstance(name, str) and name else node.name
    params_ids: tuple[str, ...] | None = ()
    if names.canonical(call.func) not in _FIXTURE_CALLS:
        params_ids = None
    elif "params" in arguments and names.literal(arguments["params"]) is not None:
        params_ids = fixture_ids(known_name, arguments["params"], arguments.get("ids"), names, escape)
    return replace(
        fixture,
        name=known_name,
        scope=scope if isinstance(scope, str) and scope in _SCOPES else "",
        autouse="autouse" in arguments and names.literal(arguments["autouse"]) is True,
        params_ids=params_ids,
    )
