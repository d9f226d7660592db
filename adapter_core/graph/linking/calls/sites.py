"""Call sites and their targets: what a call enters, and which calls enter something."""

from __future__ import annotations

import builtins
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....types import Call
from ...source import is_test_path
from ..aliases import may_alias, singledispatch
from ..classes import composed, hierarchy, stored
from ..classes.abstract import is_abstract, is_placeholder
from ..classes.constructed import is_constructed
from ..classes.members import member_functions
from ..local.tables import instance_class, scopes
from ..results.values import EMPTY, MANY, OTHER, Value, Values, unbound, union
from . import calling

if TYPE_CHECKING:
    from ..inference import Inference


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a call. `named` is what its callee refers to (a class, where one is instantiated), `entered` the functions whose
    bodies run (its `__init__`; the class itself where it has none here), `external` the dotted names outside the workspace; `open`: it
    may also be something unknown."""

    named: tuple[Value, ...] = ()
    entered: tuple[Value, ...] = ()
    external: tuple[str, ...] = ()
    open: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether it leads out of the workspace, other than to mocks of tests."""
        return any(not name.startswith("unittest.mock.") for name in self.external)


def targets(inference: Inference, path: str, call: Call) -> Targets:
    values = calling.callees(inference, path, call)
    if MANY in values:
        inference.incomplete = True
    values |= abstract_declaration(inference, path, call.owner, call.callee)
    values |= stored.test_replacements(inference, path, call) if values else values
    dispatched_to = frozenset(
        f for v in values if v.kind == "function" for f in singledispatch.dispatch_targets(inference, path, call, v)
    )
    return targets_of(inference, values | dispatched_to)


def abstract_declaration(inference: Inference, path: str, owner: int, dotted: str) -> Values:
    """For `self.hook`, where the class itself declares an abstract `hook`: the declaration. Readers want to be led there, too."""
    head, _, name = dotted.partition(".")
    table = inference.table(path)
    cls = instance_class(table.facts, owner, head) if table and name and "." not in name else None
    declared = member_functions(inference, Value("class", path, cls), name) if cls is not None else EMPTY
    return frozenset(f for f in declared if is_placeholder(inference, f))


def targets_of(inference: Inference, values: Values) -> Targets:
    """The targets of a call of any of the values."""
    named: dict[Value, None] = {}
    entered: dict[Value, None] = {}
    outside: dict[str, None] = {}
    for value in sorted(values, key=_order):
        if value.kind == "function":
            entered[unbound(value)] = None
            named[undecorated(inference, value)] = None
            for other in dispatched(inference, value):
                named[other] = entered[other] = None
        elif value.kind == "lambda":
            entered[unbound(value)] = None
            named[undecorated(inference, value)] = None
        elif value.kind == "class":
            named[value] = None
            for function in sorted(calling.constructors(inference, value), key=_order) or [value]:
                entered[function] = None
        elif value.kind == "composed":
            constructor_list = sorted(composed.constructors(inference, value), key=_order)
            named.update(dict.fromkeys(constructor_list))
            entered.update(dict.fromkeys(constructor_list))
        elif value.kind in ("instance", "object"):
            for function in sorted(inference.attribute(frozenset({value}), "__call__"), key=_order):
                if function.kind == "function":
                    entered[unbound(function)] = None
                    named[undecorated(inference, value) if value.by else unbound(function)] = None
        elif value.kind in ("partial", "unbound"):
            inner = targets_of(inference, frozenset({value.extra[0]}))
            named.update(dict.fromkeys(inner.named))
            entered.update(dict.fromkeys(inner.entered))
            outside.update(dict.fromkeys(inner.external))
        elif value.kind == "external":
            if _may_exist(value.path):
                outside[value.path] = None
        elif value.kind == "method":
            outside[f"builtins.{value.path}"] = None
    return Targets(tuple(named), tuple(entered), tuple(outside), OTHER in values or MANY in values)


@functools.lru_cache(maxsize=10_000)
def _may_exist(name: str) -> bool:
    """False for a member that a built-in type does not have (`builtins.str().get_jobs`): whatever else the value may be, it is not that."""
    found = re.match(r"builtins\.(\w+)\(\)\.(\w+)", name)
    cls = getattr(builtins, found[1], None) if found else None
    return found is None or not isinstance(cls, type) or hasattr(cls, found[2])


def is_direct(inference: Inference, path: str, call: Call) -> bool:
    """Whether the callee is determined by names alone; see `CallSite.direct`."""
    table = inference.table(path)
    head = call.callee.partition(".")[0]
    if table is None or "[" in call.callee or ("(" in call.callee and "(" in call.callee.replace("super()", "")):
        return False
    if head == "super()" or instance_class(table.facts, call.owner, head) is not None:
        return call.callee.count(".") == 1
    for scope in scopes(table.facts, call.owner):
        flows = [f for f in table.flows.get((scope, head), ()) if f.kind != "annotation"]
        defined, imported = table.children.get((scope, head), ()), table.imports.get((scope, head), ())
        if (scope, head) in table.declared or (head in table.limited_names and (scope, head) in table.limited):
            return False
        if flows:
            alone = (
                len(flows) == 1
                and not imported
                and not flows[0].conditional
                and flows[0].kind == "assign"
                and not flows[0].path
            )
            return (
                alone
                and scope == call.owner
                and inference.workspace.text(path)[flows[0].start : flows[0].end].endswith(")")
            )
        if defined or imported:
            return len(imported) + len(defined) == 1
        symbol = table.facts.symbols[scope]
        parameter = next((p for p in symbol.parameters if p.name == head), None) if symbol.is_callable else None
        if parameter is not None:
            return parameter.annotation is not None
        if head in symbol.local_names:
            return False
    return bool(table.stars)


def undecorated(inference: Inference, value: Value) -> Value:
    """What a reader would say is called: the decorated function itself, not the wrapper that runs first."""
    if value.by is None:
        return unbound(value)
    table = inference.table(value.by[0])
    is_class = table is not None and table.facts.symbols[value.by[1]].kind == "class"
    return Value("class" if is_class else "function", *value.by)


def wrappers(inference: Inference, function: Value) -> set[tuple[str, int]]:
    """(path, symbol) of the functions that its decorators run in place of a function: what they return for it, or the methods of that."""
    table = inference.table(function.path)
    decorators = table.facts.symbols[function.index].decorators if table is not None else ()
    found = set()
    for count in range(1, len(decorators) + 1):
        for value in calling.apply_decorators(inference, function.path, function.index, function, count):
            called = frozenset({value})
            if value.kind == "instance":
                called = union([inference.member(value, name) for name in ("__call__", "__get__")])
            found |= {(f.path, f.index) for f in called if f.kind == "function" and unbound(f) != function}
    return found


def dispatched(inference: Inference, function: Value) -> list[Value]:
    """The overrides that a call of a method may run instead, where the method is abstract, or its class is never instantiated by name."""
    receiver = function.extra
    if receiver is None or receiver.kind not in ("instance", "class"):
        return []
    return inference.memoize_data(("dispatched", function), lambda: _dispatched(inference, function, receiver))


def _dispatched(inference: Inference, function: Value, receiver: Value) -> list[Value]:
    if hierarchy.is_hub(inference, Value("class", receiver.path, receiver.index)):
        return []
    below = hierarchy.overrides(inference, function)
    if not below:
        return []
    if is_abstract(inference, unbound(function)) or not is_constructed(
        inference, Value("class", receiver.path, receiver.index)
    ):
        allowed = {c[:3] for c in hierarchy.all_subclasses(inference, Value("class", receiver.path, receiver.index))}
        return [f for f in below if ("class", f.path, _class_index(inference, f)) in allowed]
    return []


def _class_index(inference: Inference, function: Value) -> int:
    table = inference.table(function.path)
    return table.facts.symbols[function.index].parent if table else 0


def calls_entering(inference: Inference, value: Value) -> list[tuple[str, Call, bool]]:
    """(path, call, whether it was resolved) of the calls of a function or class. Unresolved ones have its name and an unknown receiver;
    calls that resolve to something else are left out."""
    known = inference.callers.get(value)
    if known is None:
        with inference.tracking_incomplete():
            known = calls_entering_in(inference, value, None), inference.incomplete
        if not inference.expired:
            inference.callers[value] = known
    inference.incomplete = inference.incomplete or known[1]
    return known[0]


def files_matching_by_name(inference: Inference, value: Value) -> frozenset[str] | None:
    """The files in which a call by name alone may mean a method: for a special one those of its class and subclasses. None: all."""
    table = inference.table(value.path)
    symbol = table.facts.symbols[value.index] if table is not None else None
    if symbol is None or not (symbol.name.startswith("__") and symbol.name.endswith("__")):
        return None
    cls = Value("class", value.path, symbol.parent)
    return frozenset(c.path for c in (cls, *hierarchy.all_subclasses(inference, cls)))


def calls_entering_in(inference: Inference, value: Value, paths: frozenset[str] | None) -> list[tuple[str, Call, bool]]:
    """`calls_entering` in some files (None: in all), not cached."""
    table = inference.table(value.path)
    if table is None:
        return []
    symbol = table.facts.symbols[value.index]
    found: dict[int, tuple[str, Call, bool]] = {}
    owner = table.facts.symbols[symbol.parent] if symbol.parent > 0 else symbol
    for number, (path, call) in _likely_first(may_alias.call_sites_of(inference, value), inference, owner.name):
        if paths is not None and path not in paths:
            continue
        if inference.expired:
            inference.incomplete = True
            break
        reached = targets(inference, path, call)
        if value in reached.named or value in reached.entered:
            found[number] = path, call, True
        elif (
            not reached.named and not reached.elsewhere
            and call.name == symbol.name and "." in call.callee and symbol.kind in ("method", "property")
        ):  # fmt: skip
            found[number] = path, call, False
    return [found[number] for number in sorted(found)]


def _likely_first(
    calls: list[tuple[str, Call]], inference: Inference, name: str
) -> Iterator[tuple[int, tuple[str, Call]]]:
    """Numbered calls: where the time is up early, those in files with the name of the class were looked at, of the product and of the
    tests, which alternate."""
    naming = set(inference.workspace.paths_using(name))
    numbered = sorted(enumerate(calls), key=lambda numbered_call: numbered_call[1][0] not in naming)
    tests = [numbered_call for numbered_call in numbered if is_test_path(numbered_call[1][0])]
    product = [numbered_call for numbered_call in numbered if not is_test_path(numbered_call[1][0])]
    for pair in itertools.zip_longest(product, tests):
        yield from (numbered_call for numbered_call in pair if numbered_call is not None)


def _order(value: Value) -> tuple[str, str, int]:
    return value.kind, value.path, value.index
