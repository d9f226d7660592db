"""The names of a module or class as a dict: `vars(module)`, `cls.__dict__`, `globals()`; and loops that select some of them by name or
kind: `for name, member in vars(checks).items(): if name.startswith("check_"): …`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..names import texts
from ..results.values import EMPTY, Value, Values, external, union
from . import mro

if TYPE_CHECKING:
    from ....types import Flow
    from ..inference import Inference

NAME = external("builtins.dir()[]")  # a name that something has
NAMES = frozenset({NAME})
_NEAR = 300  # characters after a loop header that are searched for a condition
_MAX_NAMES = 80  # of one scope
_FUNCTIONS = frozenset({"function", "lambda", "partial"})
# The kinds that pass each test.
_KINDS = {
    "inspect.isfunction": _FUNCTIONS, "inspect.ismethod": _FUNCTIONS, "inspect.isroutine": _FUNCTIONS, "isfunction": _FUNCTIONS,
    "inspect.isclass": frozenset({"class"}), "isclass": frozenset({"class"}), "issubclass": frozenset({"class"}),
    "callable": _FUNCTIONS | {"class", "instance"},
}  # fmt: skip


def module_namespace(inference: Inference, name: str) -> Values:
    """The names of a module."""
    files = inference.workspace.facts_of_module(name)
    return frozenset(Value("namespace", facts.path, 0) for facts in files)


def values_with_prefix(inference: Inference, value: Value, prefix: str = "") -> Values:
    """The functions, classes and assigned values of a scope whose names start with a prefix."""
    table = inference.table(value.path)
    if table is None or value.extra is not None:
        return EMPTY
    symbols = table.facts.symbols
    names = [symbols[i].name for i in table.members.get(value.index, ()) if symbols[i].is_definition]
    assigned = table.assigned_in(value.index)
    names += assigned if len(names) + len(assigned) <= _MAX_NAMES else []
    matching = [name for name in dict.fromkeys(names) if name.startswith(prefix) and not name.startswith("__")]
    return union([inference.infer_binding(table, value.index, name) or EMPTY for name in matching])


def name_value_pairs(values: Values) -> Values:
    """The items of such a dict: names and values."""
    return frozenset({Value("typed", "list", 0, frozenset({Value("typed", "places", 0, (NAMES, values))}))})


def loop_values(inference: Inference, path: str, flow: Flow, values: Values) -> Values:
    """The values of a loop variable; of names, and of pairs of names and values, only those that the loop selects."""
    if not any(value.path in ("places", NAME.path) for value in values):
        return values  # nearly all
    found: set[Value] = set()
    for value in values:
        named = value.kind == "typed" and value.path == "places" and len(value.extra) == 2 and value.extra[0] == NAMES
        if named:
            found.add(_filtered_pair(inference, path, flow, value))
        else:
            found.update(texts.names_with_prefix(inference, path, flow, flow.target, frozenset({value})))
    return frozenset(found)


def _filtered_pair(inference: Inference, path: str, flow: Flow, value: Value) -> Value:
    """A name and its possible values, as the conditions of a loop select them."""
    table = inference.table(path)
    flows = table.flows_around(flow.start) if table is not None else []
    targets = {f.path: f.target for f in flows if (f.kind, f.start, f.end) == (flow.kind, flow.start, flow.end)}
    name, member = targets.get("0", ""), targets.get("1", "")
    names = texts.names_with_prefix(inference, path, flow, name, NAMES) if name else NAMES
    starts = tuple(v.extra[:-1] for v in names if v.extra)
    selected = [v for v in value.extra[1] if not starts or _name(inference, v).startswith(starts)]
    for call in _kind_tests(inference, path, flow, member) if member else ():
        kinds = _KINDS.get(call.callee)
        selected = [v for v in selected if kinds is None or v.kind in kinds]
        if call.callee == "issubclass":
            selected = _subclasses_among(inference, path, call.owner, call.start, call.end, call.line, selected)
    left_out = re.compile(rf"\b{member} (?:is not|!=) ([\w.]+)") if member else None
    text = inference.workspace.text(path)
    for match in left_out.finditer(text, flow.end, flow.end + _NEAR) if left_out is not None else ():
        # `… and member is not Plugin`
        excluded = inference.infer_text(path, flow.scope, match[1], flow.line)
        selected = [v for v in selected if v not in excluded]
    return Value("typed", "places", 0, (names, frozenset(selected)))


def _kind_tests(inference: Inference, path: str, flow: Flow, member: str) -> Iterator:
    """The calls in the scope of a loop that test the kind of its variable."""
    table = inference.table(path)
    text = inference.workspace.text(path)
    for callee in _KINDS:
        for call in table.calls.get(callee.rpartition(".")[2], ()) if table is not None else ():
            argument = text[call.start + len(callee) + 1 : call.end]
            negated = text.endswith("not ", 0, call.start)
            if (
                call.callee == callee
                and call.owner == flow.owner
                and not negated
                and argument.startswith((member + ",", member + ")"))
            ):
                yield call


def _subclasses_among(
    inference: Inference, path: str, scope: int, start: int, end: int, line: int, selected: list[Value]
) -> list[Value]:
    """The classes that are subclasses of what `issubclass(member, Base)` names."""
    context = inference.context(path, scope, start, end, line)
    node = context.source.tree if context is not None else None
    if context is None or not isinstance(node, ast.Call) or len(node.args) != 2:
        return selected
    bases = {v for v in inference.infer(node.args[1], context) if v.kind == "class"}
    return [v for v in selected if not bases or bases.intersection(mro.lookup_order(inference, v))]


def _name(inference: Inference, value: Value) -> str:
    """The name of a function or class; "" of anything else."""
    table = inference.table(value.path) if value.kind in ("function", "class") else None
    index = value.index if value.by is None else value.by[1]
    if value.by is not None:
        table = inference.table(value.by[0])
    return table.facts.symbols[index].name if table is not None else ""


__all__ = ["NAMES", "loop_values", "module_namespace", "name_value_pairs", "values_with_prefix"]
