"""The symbol table of a file: its facts, indexed by name and scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ....types import Call, Flow, Import, ModuleFacts, called_names
from ...storage.columns import Grouped, Rows, column
from .builtin_calls import CALLER_NAMES

_Extents = tuple[np.ndarray, np.ndarray]  # the first and last offsets of rows
_RESULTS = {"return": "return", "yield": "yield", "yield_from": "yield"}
_OWN_TABLES = frozenset({*_RESULTS, "declared", "default"})  # flows that have tables of their own
_SEPARATE = _OWN_TABLES | {"item"}
# Methods that put their last argument, or its elements, into a container.
ADD_METHODS = ("append", "add", "insert", "appendleft", "setdefault", "put", "put_nowait")
EXTEND_METHODS = ("extend", "update", "extendleft")
PUSH_FUNCTIONS = ("heappush", "heappushpop", "heapreplace", "insort", "insort_left", "insort_right")
_MAX_FILLERS = 60
_MAX_SCANS = 2
_SELF_FLOWS = frozenset({"assign", "annotation", "for", "with", "item"})


class ContainerWrite(NamedTuple):
    """A write to a container: the container as written, and either the offsets of the value (an item under a key; None: any) or the call
    that adds it."""

    target: str
    scope: int
    line: int
    start: int = 0
    end: int = 0
    key: str | None = None
    call: Call | None = None


class SymbolTable:
    """The indexes of a file's facts. Each is built on first use; rows are created only when they are found (`columns`).

    `children[(scope, name)]`: symbols; `members[scope]`: all of them; `imports[(scope, alias)]`; `stars`: star imports.

    `flows[(scope, target)]`, without those that hold only within a comprehension or lambda (`limited`), writes to containers
    (`items(target)`), names declared `global` or `nonlocal` (`declared[(scope, name)]`), defaults of parameters (`defaults[(function,
    name)]`), `returns[scope]` and `yields[scope]`. Flows to attributes: `attributes(class, name)` to `self.name` in the methods of a class,
    `attribute_flows(name)` to any `x.name`. `aliases[name]`: the names it is imported as.

    `writes_by_name[name]`: writes to containers called `name` or `x.name`; `fillers`: the calls that add to a parameter, or to something
    without a name. `flows_around(offset)` and `calls_around(offset)`: those whose text contains an offset. `calls[name]`, by last name,
    with decorators; `decorators[name]`: decorator lines only, by the name that is called in them.
    """

    def __init__(self, facts: ModuleFacts) -> None:
        self.facts = facts
        self.weight = 20 + len(facts.symbols) + len(facts.imports) + len(facts.calls) + len(facts.flows)
        self.bindings: dict[int, dict[str, Any]] = defaultdict(dict)  # the results of `reaching.bindings_of`, by scope
        self._attributes: dict[tuple[int, str], list[Flow]] = {}

    # -- symbols and imports -----------------------------------------------------------------------------------------

    @cached_property
    def children(self) -> dict[tuple[int, str], list[int]]:
        found: dict[tuple[int, str], list[int]] = defaultdict(list)
        names, parents = (column(self.facts.symbols, field) for field in ("name", "parent"))
        for index in range(1, len(names)):
            found[(parents[index], names[index])].append(index)
        return found

    @cached_property
    def members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for index, parent in enumerate(column(self.facts.symbols, "parent")):
            if index:
                found[parent].append(index)
        return found

    @cached_property
    def classes(self) -> list[int]:
        """The symbols that are classes."""
        return [index for index, kind in enumerate(column(self.facts.symbols, "kind")) if kind == "class"]

    @cached_property
    def decorated(self) -> list[int]:
        """The symbols that have decorators."""
        return [index for index, symbol in enumerate(self.facts.symbols) if symbol.decorators]

    @cached_property
    def imports(self) -> Grouped[Import]:
        found: dict[tuple[int, str], list[int]] = defaultdict(list)
        columns = (column(self.facts.imports, field) for field in ("name", "owner", "alias"))
        for number, (name, owner, alias) in enumerate(zip(*columns, strict=True)):
            if name != "*":
                found[(owner, alias)].append(number)
        return Grouped(self.facts.imports, found)

    @cached_property
    def aliases(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        columns = (column(self.facts.imports, field) for field in ("name", "alias"))
        for name, alias in zip(*columns, strict=True):
            if name and name != alias and alias not in found.setdefault(name, []):
                found[name].append(alias)
        return found

    @cached_property
    def stars(self) -> list[Import]:
        imports = self.facts.imports
        return [imports[number] for number, name in enumerate(column(imports, "name")) if name == "*"]

    # -- flows -------------------------------------------------------------------------------------------------------

    @cached_property
    def _by_target(self) -> dict[str, list[int]]:
        """The numbers of the flows to each target, of any kind."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, target in enumerate(column(self.facts.flows, "target")):
            found[target].append(number)
        return found

    @cached_property
    def _by_attribute(self) -> dict[str, list[str]]:
        """The targets `x.name` and `x.y.name` by `name`."""
        found: dict[str, list[str]] = defaultdict(list)
        for target in self._by_target:
            _, dot, name = target.rpartition(".")
            if dot:
                found[name].append(target)
        return found

    @cached_property
    def flows(self) -> _Flows:
        return _Flows(self._by_target, self.facts.flows, lambda f: not f.last and f.kind not in _SEPARATE)

    def assigned_in(self, scope: int) -> list[str]:
        """The names that are assigned in a scope."""
        return [target for target in self._by_target if (scope, target) in self.flows]

    def items(self, target: str) -> list[Flow]:
        """The writes to a container under a key."""
        flows = self.facts.flows
        return [f for n in self._by_target.get(target, ()) if (f := flows[n]).kind == "item" and not f.last]

    @cached_property
    def limited(self) -> _Flows:
        return _Flows(self._by_target, self.facts.flows, lambda f: f.last and f.kind not in _OWN_TABLES)

    @cached_property
    def limited_names(self) -> frozenset[str]:
        flows = self.facts.flows
        pairs = zip(column(flows, "target"), column(flows, "last"), strict=True)
        return frozenset(target for target, last in pairs if last)

    def limited_at(self, scope: int, name: str, offset: int) -> list[Flow]:
        """The variables of comprehensions and parameters of lambdas with a name that are visible at an offset. What a comprehension
        iterates over is evaluated before its variables are bound."""
        if name not in self.limited_names:
            return []
        return [
            f for f in self.limited.get((scope, name), ())
            if f.first <= offset < f.last and not (f.kind == "for" and f.start <= offset < f.end)
        ]  # fmt: skip

    @cached_property
    def _results(self) -> dict[str, dict[int, list[int]]]:
        """The numbers of the flows to results, by the kind of result and the function."""
        found: dict[str, dict[int, list[int]]] = {kind: defaultdict(list) for kind in ("return", "yield")}
        # What goes to a result has no other target.
        numbers = self._by_target.get("", ())
        kinds, owners = (column(self.facts.flows, field) for field in ("kind", "owner")) if numbers else ((), ())
        for number in numbers:
            kind = _RESULTS.get(kinds[number])
            if kind is not None:
                found[kind][owners[number]].append(number)
        return found

    @cached_property
    def returns(self) -> Grouped[Flow]:
        return Grouped(self.facts.flows, self._results["return"])

    @cached_property
    def yields(self) -> Grouped[Flow]:
        return Grouped(self.facts.flows, self._results["yield"])

    def attribute_flows(self, name: str) -> list[Flow]:
        """The flows to `x.name`, in the order of the text."""
        flows = self.facts.flows
        numbers = sorted(n for target in self._by_attribute.get(name, ()) for n in self._by_target[target])
        return [f for n in numbers if not (f := flows[n]).last and f.kind not in _OWN_TABLES]

    @cached_property
    def defaults(self) -> dict[tuple[int, str], Flow]:
        return {(f.owner, f.target): f for f in self._of_kind("default")}

    @cached_property
    def declared(self) -> dict[tuple[int, str], int]:
        return {(f.scope, f.target): f.owner for f in self._of_kind("declared")}

    def _of_kind(self, kind: str) -> list[Flow]:
        flows = self.facts.flows
        return [flows[number] for number, other in enumerate(column(flows, "kind")) if other == kind]

    def attributes(self, cls: int, name: str) -> list[Flow]:
        """The flows to `self.name` in the methods of a class."""
        found = self._attributes.get((cls, name))
        if found is None:
            found = [
                flow for flow in self.attribute_flows(name)
                if flow.kind in _SELF_FLOWS
                and instance_class(self.facts, flow.scope, flow.target.rpartition(".")[0]) == cls
            ]  # fmt: skip
            if found:
                self._attributes[cls, name] = found
        return found

    # -- calls -------------------------------------------------------------------------------------------------------

    @cached_property
    def calls(self) -> _Calls:
        return _Calls(self.facts.calls)

    @cached_property
    def decorators(self) -> Grouped[Call]:
        found: dict[str, list[int]] = defaultdict(list)
        forms = column(self.facts.calls, "form")
        numbers = [number for number, form in enumerate(forms) if form == "decorator"]
        if numbers:
            callees, starts = column(self.facts.calls, "callee"), column(self.facts.calls, "start")
            predicate = {starts[number] for number in numbers}
            # The decorators, and the calls in their lines.
            near = [n for n, start in enumerate(starts) if start in predicate]
            names = called_names((callees[n], forms[n], starts[n]) for n in near)
            for number, name in zip(near, names, strict=True):
                if forms[number] == "decorator":
                    found[name].append(number)
        return Grouped(self.facts.calls, found)

    @cached_property
    def _callback_call_numbers(self) -> list[int]:
        """The numbers of the calls of functions that may call their arguments."""
        callees, forms = column(self.facts.calls, "callee"), column(self.facts.calls, "form")
        return [
            number
            for number, callee in enumerate(callees)
            if callee.rpartition(".")[2] in CALLER_NAMES and forms[number] != "decorator"
        ]

    @cached_property
    def callback_calls(self) -> list[Call]:
        """The calls of functions that may call their arguments, by name."""
        return sorted([self.facts.calls[number] for number in self._callback_call_numbers], key=lambda call: call.name)

    @cached_property
    def callback_call_extents(self) -> list[tuple[int, int]]:
        """The offsets of the calls of functions that may call their arguments."""
        starts, ends = column(self.facts.calls, "start"), column(self.facts.calls, "end")
        return [(starts[number], ends[number]) for number in self._callback_call_numbers]

    # -- what fills containers ---------------------------------------------------------------------------------------

    @cached_property
    def fillers(self) -> list[Call]:
        found = [c for method in PUSH_FUNCTIONS for c in self.calls.get(method, ())]
        for method in (*ADD_METHODS, *EXTEND_METHODS):
            for call in self.calls.get(method, ()):
                holder = call.callee.rpartition(".")[0]
                if holder.endswith(("()", "[]")) or (
                    holder and "." not in holder and self.is_parameter(call.owner, holder)
                ):
                    found.append(call)
        return found[:_MAX_FILLERS]

    def is_parameter(self, owner: int, name: str) -> bool:
        """Whether a name that is read in a scope is a parameter of an enclosing function."""
        for scope in scopes(self.facts, owner):
            symbol = self.facts.symbols[scope]
            if symbol.is_callable and any(p.name == name for p in symbol.parameters):
                return True
            if name in symbol.local_names:
                return False
        return False

    @cached_property
    def writes_by_name(self) -> dict[str, list[ContainerWrite]]:
        writes: dict[str, list[ContainerWrite]] = defaultdict(list)
        for f in self._of_kind("item"):
            if not f.last:
                writes[f.target.rpartition(".")[2]].append(
                    ContainerWrite(f.target, f.scope, f.line, f.start, f.end, f.path)
                )
        for method in (*ADD_METHODS, *EXTEND_METHODS):
            for call in self.calls.get(method, ()):
                target = call.callee.rpartition(".")[0]
                if target and target[-1] not in ")]":
                    writes[target.rpartition(".")[2]].append(ContainerWrite(target, call.owner, call.line, call=call))
        return writes

    # -- by place ----------------------------------------------------------------------------------------------------

    def flows_around(self, offset: int) -> list[Flow]:
        return [self.facts.flows[number] for number in _around(self._flow_extents, offset)]

    def calls_around(self, offset: int) -> list[Call]:
        return [self.facts.calls[number] for number in _around(self._call_extents, offset)]

    @cached_property
    def _flow_extents(self) -> _Extents:
        return _extents(self.facts.flows)

    @cached_property
    def _call_extents(self) -> _Extents:
        return _extents(self.facts.calls)


class _Flows:
    """Some of the flows, by (scope, target)."""

    __slots__ = ("_by_target", "_found", "_owners", "_predicate", "_rows")

    def __init__(
        self, by_target: dict[str, list[int]], rows: Sequence[Flow], predicate: Callable[[Flow], object]
    ) -> None:
        self._by_target = by_target
        self._rows = rows
        self._owners: Sequence[int] = column(rows, "owner")
        self._predicate = predicate
        self._found: dict[tuple[int, str], list[Flow]] = {}

    def get(self, key: tuple[int, str], default: Sequence[Flow] = ()) -> Sequence[Flow]:
        found = self._found.get(key)
        if found is None:
            owners, rows, (owner, target) = self._owners, self._rows, key
            to_target = self._by_target.get(target)
            if to_target is None:
                return default
            numbers = [number for number in to_target if owners[number] == owner]
            found = [flow for number in numbers if self._predicate(flow := rows[number])]
            if found:
                self._found[key] = found
        return found or default

    def __contains__(self, key: tuple[int, str]) -> bool:
        return bool(self.get(key))


class _Calls:
    """The calls by last name. In most files only one or two names are looked up, by a scan; where there are more look-ups, an index is
    built."""

    __slots__ = ("_callees", "_numbers", "_rows", "_scans")

    def __init__(self, rows: Sequence[Call]) -> None:
        self._rows = rows
        self._callees: Sequence[str] = column(rows, "callee")
        self._scans = 0
        self._numbers: dict[str, list[int]] | None = None

    def get(self, name: str, default: Sequence[Call] = ()) -> Sequence[Call]:
        numbers = self._numbers_of(name)
        return [self._rows[number] for number in numbers] if numbers else default

    def __contains__(self, name: str) -> bool:
        return bool(self._numbers_of(name))

    def _numbers_of(self, name: str) -> Sequence[int]:
        if self._numbers is None:
            self._scans += 1
            if self._scans <= _MAX_SCANS:
                dotted = f".{name}"
                return [n for n, callee in enumerate(self._callees) if callee == name or callee.endswith(dotted)]
            self._numbers = defaultdict(list)
            for number, callee in enumerate(self._callees):
                self._numbers[callee.rpartition(".")[2]].append(number)
            self._callees = ()
        return self._numbers.get(name, ())


def forget_rows(facts: ModuleFacts) -> None:
    """Drop the row objects that were created from a file's facts; the facts stay."""
    for rows in (facts.symbols, facts.imports, facts.calls, facts.flows):
        if isinstance(rows, Rows):
            rows.clear()


def _extents(rows: Sequence[Flow] | Sequence[Call]) -> _Extents:
    return np.array(column(rows, "start"), np.int32), np.array(column(rows, "end"), np.int32)


def _around(extents: _Extents, offset: int) -> list[int]:
    starts, ends = extents
    return ((starts <= offset) & (ends > offset)).nonzero()[0].tolist()


def scopes(facts: ModuleFacts, owner: int) -> Iterator[int]:
    """The scopes whose names are visible in `owner`, innermost first. A class body is not visible in its methods."""
    yield owner
    inside_function = facts.symbols[owner].is_callable
    while owner > 0:
        owner = facts.symbols[owner].parent
        if owner < 0:
            return
        if facts.symbols[owner].kind == "class" and inside_function:
            continue
        inside_function = inside_function or facts.symbols[owner].is_callable
        yield owner


def instance_class(facts: ModuleFacts, owner: int, head: str) -> int | None:
    """The class of `self`, `cls` or `super()` in a scope: that of the nearest enclosing method, if its first parameter has this name and
    is not rebound."""
    while owner > 0:
        symbol = facts.symbols[owner]
        if symbol.is_callable:
            parent = symbol.parent
            names = [p.name for p in symbol.parameters]
            if parent > 0 and facts.symbols[parent].kind == "class":
                if "staticmethod" in symbol.decorators or head in symbol.local_names:
                    return None
                return parent if head == "super()" or names[:1] == [head] else None
            if head in names or head in symbol.local_names:
                return None
        elif symbol.kind == "class":
            return None
        owner = symbol.parent
    return None
