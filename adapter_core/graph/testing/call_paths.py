"""Call paths from tests to a symbol, searched backwards from it, likely ones first."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...types import CallSite, ModuleFacts, Span
from ..calls.call_sites import WorkspaceCalls
from ..finding import lookup
from ..linking.aliases import may_alias
from ..linking.calls import fixtures, parametrized, sites
from ..linking.classes import hierarchy
from ..linking.classes.mro import lookup_order
from ..linking.inference import Inference
from ..linking.results.values import Value, unbound
from ..snapshot.view import WorkspaceView
from . import likelihood
from .tests_map import TestNode
from .workspace_tests import WorkspaceTests

_MAX_SYMBOLS = 300
_MAX_AFTER_DEADLINE = 40  # calls that are still followed when the time is up
_MIN_LIKELIHOOD = 0.02  # a way that is less likely is not followed
_OVERRIDDEN = 0.2  # a call of a method that it replaces may enter it
_NEVER_DISPATCHED = ("__init__", "__new__", "__init_subclass__", "__set_name__")
_REPLACED = 0.5  # of the tests of a class whose fixture another class replaces
_OTHER_CLASS = 0.2  # for a test of several classes, in those that do not name the called class
_IN_LOCAL_CLASS = 0.7  # for code of a class within a function
_INSTANTIATES, _PASSES = 0.35, 0.3
_MOST_MENTIONS, _MOST_NAMES = 60, 12
_NO_BASES = ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC")


class CallPath(NamedTuple):
    """A path from a test to the target: how likely the test takes it, the number of calls, the last two of them in words, the lines of
    all of them, the one nearest to the test first. `set_up`: it begins in code that runs before or after the test; `guessed`: some step
    is not a call in the text; `uncertain`: some call is under a condition, or may lead elsewhere."""

    likely: float = 1.0
    distance: int = 0
    words: tuple[str, ...] = ()
    lines: tuple[Span, ...] = ()
    set_up: bool = False
    guessed: bool = False
    uncertain: bool = False


class ReachingTests(NamedTuple):
    """The tests that reach a target, and the reasons why there may be more."""

    tests: list[tuple[TestNode, CallPath]]
    reasons: list[str]


class _Step(NamedTuple):
    """A scope that uses something, at a line."""

    path: str
    owner: int
    line: int
    likely: float
    words: str  # "calls f"
    set_up: bool = False
    guessed: bool = False
    uncertain: bool = False


class CallPaths:
    def __init__(
        self, view: WorkspaceView, inference: Inference, calls: WorkspaceCalls, tests: WorkspaceTests, root_name: str
    ) -> None:
        self._view = view
        self._inference = inference
        self._calls = calls
        self._tests = tests
        self._root = root_name
        self._indexes: dict[str, dict[tuple[str, int, str], int]] = {}

    def tests_reaching(self, target: Value, depth: int) -> ReachingTests:
        """The tests that reach a function or class within `depth` calls, each with its most likely path."""
        reasons: list[str] = []
        found: dict[str, tuple[TestNode, CallPath]] = {}
        best: dict[Value, float] = {}
        queue: list[tuple[float, int, Value, CallPath]] = []
        order = itertools.count()
        done: set[Value] = set()

        def push(value: Value, call_path: CallPath) -> None:
            if call_path.likely > best.get(value, 0.0) and value not in done:
                best[value] = call_path.likely
                heapq.heappush(queue, (-call_path.likely, next(order), value, call_path))

        for value, likely in self._called_symbols(target):
            push(value, CallPath(likely, uncertain=likely < 1.0))
        while queue and len(done) < _MAX_SYMBOLS and not (done and self._inference.expired):
            _, _, value, call_path = heapq.heappop(queue)
            if value in done or call_path.distance >= depth or call_path.likely < _MIN_LIKELIHOOD:
                continue
            done.add(value)
            if self._inference.table(value.path) is None:
                continue
            callers = self._calls.callers(value, True)
            reasons += [callers.reason] if callers.reason else []
            for number, step in enumerate(self._steps(value, callers.sites)):
                if self._inference.expired and number >= _MAX_AFTER_DEADLINE:
                    return ReachingTests(list(found.values()), reasons)  # likely ones were found first
                path_here = CallPath(
                    call_path.likely * step.likely, call_path.distance + 1, (step.words, *call_path.words[:1]),
                    (Span(self._root, step.path, step.line, step.line), *call_path.lines),
                    call_path.set_up or step.set_up, call_path.guessed or step.guessed, call_path.uncertain or step.uncertain,
                )  # fmt: skip
                self._visit(value, step, path_here, found, push)
        if not self._inference.expired and any(
            v not in done and w.distance < depth and w.likely >= _MIN_LIKELIHOOD for *_, v, w in queue
        ):
            reasons.append(f"more than {_MAX_SYMBOLS} functions lead there; the likeliest were followed")
        return ReachingTests(list(found.values()), reasons)

    def _called_symbols(self, target: Value) -> Iterator[tuple[Value, float]]:
        """The symbols that are called where a symbol is used: itself; for a class also its methods, for a method the one that it
        overrides."""
        yield target, 1.0
        if target.kind != "class":
            table = self._inference.table(target.path)
            if table is not None and table.facts.symbols[target.index].name not in _NEVER_DISPATCHED:
                yield from ((value, _OVERRIDDEN) for value in hierarchy.overridden(self._inference, target))
            return
        table = self._inference.table(target.path)
        for index in table.members.get(target.index, ()) if table else ():
            if table is not None and table.facts.symbols[index].is_callable:
                yield Value("function", target.path, index), 1.0

    def _visit(
        self, value: Value, step: _Step, call_path: CallPath, found: dict[str, tuple[TestNode, CallPath]],
        push: Callable[[Value, CallPath], None],
    ) -> None:  # fmt: skip
        """Handle a scope that uses something: a test, a helper of tests, or one more step backwards."""
        table = self._inference.table(step.path)
        if table is None:
            return
        symbols = table.facts.symbols
        owner = self._outermost(table.facts, step.owner)
        if symbols[step.owner].parent != symbols[owner].parent and symbols[symbols[step.owner].parent].kind == "class":
            call_path = call_path._replace(likely=call_path.likely * _IN_LOCAL_CLASS)
        symbol = symbols[owner]
        nodes = self._tests.nodes_of(step.path, symbol.qualname)
        naming = self._nodes_naming_class(value, nodes)
        for node in nodes:
            other = naming and node.node_id not in naming
            _add_path(found, node, call_path._replace(likely=call_path.likely * _OTHER_CLASS) if other else call_path)
        if nodes or not symbol.is_callable:
            return
        for node in self._tests.tests_set_up_by(step.path, symbol.qualname):
            _add_path(
                found,
                node,
                call_path._replace(words=(f"{symbol.name} {step.words}", *call_path.words[1:]), set_up=True),
            )
        push(Value("function", step.path, owner), call_path)

    def _nodes_naming_class(self, value: Value, nodes: list[TestNode]) -> set[str]:
        """Of the nodes of one function that several classes collect, those whose class names the class of the called method: `Cache =
        LRUCache` says what the inherited `self.Cache()` creates. All or none where that does not distinguish them."""
        table = self._inference.table(value.path)
        symbol = table.facts.symbols[value.index] if table is not None and len(nodes) > 1 else None
        if table is None or symbol is None or symbol.parent <= 0 or not {n.node_id.count("::") for n in nodes} - {1}:
            return set()
        name = re.compile(rf"\b{re.escape(table.facts.symbols[symbol.parent].name)}\b")
        return {node.node_id for node in nodes if name.search(self._tests.class_text(node))}

    @staticmethod
    def _outermost(facts: ModuleFacts, owner: int) -> int:
        """Code in a function, also within a class there, runs in that function, if at all."""
        symbols = facts.symbols
        current = symbols[owner].parent
        while current > 0:
            if symbols[current].is_callable:
                owner = current
            current = symbols[current].parent
        return owner

    # -- one step back -----------------------------------------------------------------------------------------------

    def _steps(self, value: Value, callers: list[CallSite]) -> Iterator[_Step]:
        """The scopes that call a function or class, explicitly or implicitly, or request it as a fixture; else those through which
        external code may call it. Not the wrappers that its decorators made: they run whatever was decorated, and of their callers those
        that lead to this function call it by its own name."""
        table = self._inference.table(value.path)
        assert table is not None
        symbol = table.facts.symbols[value.index]
        label = symbol.qualname
        called = False
        wrappers = sites.wrappers(self._inference, value) if value.kind == "function" and symbol.decorators else set()
        for site in callers:
            facts = self._view.facts(site.span.path)
            if not site.resolved or site.caller is None or facts is None:
                continue
            owner = self._index(facts, site.caller.symbol.qualname, site.caller.symbol.start, site.caller.symbol.kind)
            in_test = lookup.is_test_path(site.span.path)
            called = called or not in_test
            if (site.span.path, owner) in wrappers:
                continue
            first = facts.symbols[owner].name_line if owner else 0
            lines = self._inference.lines(site.span.path)
            targets = len(site.enters) + (1 if site.open else 0)
            condition, after = likelihood.conditions(lines, first, site.span.start)
            likely = likelihood.step_likelihood(condition, after, targets, in_test, site.deferred)
            uncertain = bool(condition) or site.deferred or not site.sure
            yield _Step(site.span.path, owner, site.span.start, likely, f"calls {label}", uncertain=uncertain)
        if fixtures.is_fixture(symbol):
            for path, owner, line, likely in self._fixture_users(value, fixtures.name_of(symbol)):
                yield _Step(path, owner, line, likely, f"calls {label}", True)
            if fixtures.is_automatic(symbol):
                for path, owner, line in self._tests.tests_seeing_fixture(value.path, symbol.parent):
                    yield _Step(path, owner, line, 1.0, f"calls {label}", True)
        elif not called and value.kind == "function" and not lookup.is_test_path(value.path):
            yield from self._external_callers(value)

    def _index(self, facts: ModuleFacts, qualname: str, start: int, kind: str) -> int:
        table = self._indexes.get(facts.path)
        if table is None:
            table = {(s.qualname, s.start, s.kind): i for i, s in enumerate(facts.symbols)}
            self._indexes[facts.path] = table
        return table.get((qualname, start, kind), 0)

    def _fixture_users(self, value: Value, name: str) -> Iterator[tuple[str, int, int, float]]:
        """(path, scope, line, likelihood) of the tests and fixtures that request a fixture. One in a class may override another of a
        base class for the inherited tests."""
        undecorated = unbound(value)
        replaced = hierarchy.overridden(self._inference, undecorated)
        for path in self._view.paths_using(name):
            if self._inference.expired:
                return
            table = self._inference.table(path)
            asking = self._tests.tests_requesting_fixture(path, name)
            for index, symbol in enumerate(table.facts.symbols if table else ()):
                takes = symbol.qualname in asking or (
                    fixtures.takes_fixtures(symbol) and any(p.name == name for p in symbol.parameters)
                )
                takes = takes and parametrized.parametrized_values(self._inference, path, index, name) is None
                requested = fixtures.find_fixture(self._inference, path, index, name) if takes else None
                if requested is not None and (requested == undecorated or requested in replaced):
                    yield path, index, symbol.name_line, 1.0 if requested == undecorated else _REPLACED

    def _external_callers(self, value: Value) -> Iterator[_Step]:
        """Steps through which external code may call a function that is never called in the text: scopes that instantiate its class, if
        that has external bases, and scopes that pass it as an argument or store it under a name."""
        table = self._inference.table(value.path)
        assert table is not None
        symbol = table.facts.symbols[value.index]
        cls = Value("class", value.path, symbol.parent)
        if symbol.parent > 0 and table.facts.symbols[symbol.parent].kind == "class":
            special = symbol.name.startswith("__")
            if symbol.name == "__call__" or (not special and self._has_external_base(cls)):
                for site in self._calls.callers(cls, False).sites:
                    facts = self._view.facts(site.span.path)
                    if site.resolved and site.caller is not None and facts is not None:
                        caller = site.caller.symbol
                        owner = self._index(facts, caller.qualname, caller.start, caller.kind)
                        words = f"makes what has {symbol.qualname}"
                        yield _Step(site.span.path, owner, site.span.start, _INSTANTIATES, words, guessed=True)
            return
        seen: set[tuple[str, int]] = set()
        for home, name in may_alias.aliases_and_containers_of(self._inference, value)[:_MOST_NAMES]:
            for path in may_alias.files_of(self._inference, home, name, value.path):
                if self._inference.expired:
                    return
                for owner, line in self._mentions(path, name):
                    if (path, owner) not in seen and (path, owner) != (value.path, value.index):
                        seen.add((path, owner))
                        yield _Step(path, owner, line, _PASSES, f"has {symbol.qualname} in hand", guessed=True)

    def _has_external_base(self, cls: Value) -> bool:
        order = lookup_order(self._inference, cls)
        return any(base.kind == "external" and base.path not in _NO_BASES for base in order)

    def _mentions(self, path: str, name: str) -> Iterator[tuple[int, int]]:
        """(scope, line) of the functions of a file in which a name is part of a call or of a stored value."""
        table = self._inference.table(path)
        text = self._view.text(path)
        found = 0
        for mention in re.finditer(rf"\b{re.escape(name)}\b", text) if table is not None else ():
            if table is None or found >= _MOST_MENTIONS:
                return
            flows, calls = table.flows_around(mention.start()), table.calls_around(mention.start())
            if flows or calls:
                found += 1
                line = text.count("\n", 0, mention.start()) + 1
                owner = lookup.scope_at(table.facts, line)
                if table.facts.symbols[owner].is_callable:
                    yield owner, line


def _add_path(found: dict[str, tuple[TestNode, CallPath]], node: TestNode, call_path: CallPath) -> None:
    base = node.node_id.partition("[")[0]
    known = found.get(base)
    if known is None or (not call_path.guessed, call_path.likely) > (not known[1].guessed, known[1].likely):
        found[base] = (node, call_path)
