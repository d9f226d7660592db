"""Attributes of a class or its instances that are assigned outside the class: `widget.on_click = save`; and those that its methods
assign, sooner or later."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....types import Call, Flow
from ...source import is_test_path
from ..local.tables import SymbolTable, instance_class
from ..results.values import EMPTY, Value, Values, class_of, instance, union
from . import mro
from .descriptors import bind
from .members import member_functions

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_SET = 20  # statements of a file that store an attribute outside the class
_MAX_FILES = 24  # that name both class and attribute


def set_in_class_file(inference: Inference, table: SymbolTable, cls: Value, name: str) -> Iterator[tuple[Values, bool]]:
    """What the file of a class assigns to an attribute outside the class body, and whether on the class itself."""
    flows = _set_outside(table, name)
    for flow in flows if flows and not _is_test_double(inference, cls, name) else ():
        heads = inference.infer_text(cls.path, flow.scope, flow.target.rpartition(".")[0], flow.line)
        if cls in heads or instance(cls) in heads:
            yield inference.infer_flow(cls.path, flow), cls in heads


def test_replacements(inference: Inference, path: str, call: Call) -> Values:
    """What a test file assigns to the name of a method that it calls, on an object of the same class: the call may run that instead."""
    head, _, name = call.callee.rpartition(".")
    table = inference.table(path) if head and is_test_path(path) else None
    flows = _set_outside(table, name) if table is not None else []
    called = _classes(inference, path, call.owner, head, call.line) if flows else []
    parts = [
        inference.infer_flow(path, flow)
        for flow in flows
        for stored_on in _classes(inference, path, flow.scope, flow.target.rpartition(".")[0], flow.line)
        if any(_are_related(inference, stored_on, cls) for cls in called)
    ]
    return union(parts)


def _classes(inference: Inference, path: str, scope: int, text: str, line: int) -> list[Value]:
    """The classes that an expression may be, or be an instance of."""
    values = inference.infer_text(path, scope, text, line)
    return [class_of(v) if v.kind == "instance" else v for v in values if v.kind in ("instance", "class")]


def _is_test_double(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class of a test file replaces a method of a product class, as a mock does. What the product calls is still the product's
    method."""
    if not is_test_path(cls.path):
        return False
    bases = (c for c in mro.lookup_order(inference, cls) if c.kind == "class" and not is_test_path(c.path))
    return any(member_functions(inference, base, name) for base in bases)


def set_in_other_files(inference: Inference, value: Value, name: str) -> Values:
    """What other files, which also name the class, assign to an attribute of a class or instance that its own file does not define."""
    if value.kind not in ("class", "instance"):
        return EMPTY
    return inference.memoize(
        ("stored elsewhere", value, name), lambda: _compute_set_in_other_files(inference, value, name)
    )


def is_set_late(inference: Inference, cls: Value, name: str) -> bool:
    """Whether a class assigns an attribute only in methods that need not have run, so that it may still have the value of a base class:
    in no special method, and in none that one calls."""
    table = inference.table(cls.path)
    if table is None or (cls.index, name) in table.children:
        return False
    symbols = table.facts.symbols
    flows = table.attributes(cls.index, name)
    setting = {symbols[flow.scope].name for flow in flows if flow.kind == "assign"}
    return bool(setting) and not any(
        method.startswith("__") or any(symbols[c.owner].name.startswith("__") for c in table.calls.get(method, ()))
        for method in setting
    )


def _compute_set_in_other_files(inference: Inference, value: Value, name: str) -> Values:
    cls = class_of(value) if value.kind == "instance" else value
    table = inference.table(cls.path)
    if table is None:
        return EMPTY
    using = inference.workspace.paths_using(name)
    naming = set(inference.workspace.paths_using(table.facts.symbols[cls.index].name))
    paths = [path for path in using if path in naming and path != cls.path]
    parts: list[Values] = []
    for path in paths if len(paths) <= _MAX_FILES else ():
        other = inference.table(path) if inference.spend(1) else None
        for flow in _set_outside(other, name) if other is not None else ():
            heads = inference.infer_text(path, flow.scope, flow.target.rpartition(".")[0], flow.line)
            on_class = any(_are_related(inference, head, cls) for head in heads if head.kind == "class")
            if on_class or any(
                _are_related(inference, class_of(head), cls) for head in heads if head.kind == "instance"
            ):
                values = inference.infer_flow(path, flow)
                parts += [bind(inference, v, value) for v in values] if on_class else [values]
    return union(parts)


def _are_related(inference: Inference, cls: Value, other: Value) -> bool:
    """Whether one of two classes is derived from the other."""
    return cls == other or other in mro.lookup_order(inference, cls) or cls in mro.lookup_order(inference, other)


def _set_outside(table: SymbolTable, name: str) -> list[Flow]:
    """Assignments in a file to `obj.name`, where `obj` is not the receiver of a method."""
    found = [f for f in table.attribute_flows(name) if f.kind == "assign"]
    return [f for f in found if instance_class(table.facts, f.scope, f.target.partition(".")[0]) is None][:_MAX_SET]


def set_by_setattr(inference: Inference, table: SymbolTable, cls: Value, name: str) -> list[Values]:
    """The values of an attribute by `setattr(obj, "name", value)` in its file, where `obj` is the class or an instance of it."""
    setattr_calls = table.calls.get("setattr", ())
    from_calls = [
        _set_by_name(inference, cls, name, c) for c in setattr_calls if not _is_test_double(inference, cls, name)
    ]
    spread = inference.memoize_data(("spread", cls.path), lambda: _spread(inference, table))
    from_options = [inference.item(options, repr(name), None) for index, options in spread if index == cls.index]
    from_calls += [values for values in from_options if values]
    return [values for values in from_calls if values is not None]


def _spread(inference: Inference, table: SymbolTable) -> list[tuple[int, Value]]:
    """(class, parameter) of each `**options` that a method turns into attributes: `self.__dict__.update(options)`, or `setattr(self,
    key, value)` for all `options.items()`."""
    symbols = table.facts.symbols
    found = []
    for owner in dict.fromkeys(c.owner for name in ("setattr", "update") for c in table.calls.get(name, ())):
        method = symbols[owner]
        options = next((p.name for p in method.parameters if p.kind == "var_keyword"), "")
        first = method.parameters[0].name if options else ""
        cls = instance_class(table.facts, owner, first) if options else None
        if cls is None:
            continue
        text = "\n".join(inference.lines(table.facts.path)[method.name_line - 1 : method.end])
        loop = re.search(rf"\bfor (\w+), (\w+) in {options}\.items\(\)", text)
        each = loop is not None and f"setattr({first}, {loop[1]}, {loop[2]})" in text
        if each or f"{first}.__dict__.update({options})" in text:
            found.append((cls, Value("starred", table.facts.path, owner, options)))
    return found


def _set_by_name(inference: Inference, cls: Value, name: str, call: Call) -> Values | None:
    """The value that `setattr(obj, "name", value)` gives the attribute, where `obj` is the class or an instance of it."""
    names = inference.memoize_data(
        ("set by name", cls.path, call.start), lambda: _setattr_names(inference, cls.path, call)
    )
    context = inference.context(cls.path, call.owner, call.start, call.end, call.line) if name in names else None
    node = context.source.tree if context is not None else None
    if context is None or not isinstance(node, ast.Call):
        return None
    holders = inference.infer(node.args[0], context)
    if cls not in holders and instance(cls) not in holders:
        return None
    values = inference.infer(node.args[2], context)
    name_node = node.args[1]
    if (
        isinstance(name_node, ast.Attribute)
        and name_node.attr == "__name__"
        and ast.dump(name_node.value) == ast.dump(node.args[2])
    ):
        # `setattr(cls, function.__name__, function)`: each function keeps its own name.
        called = {v: inference.attribute(frozenset({v}), "__name__") for v in values}
        values = frozenset(v for v, names in called.items() if any(n.extra == name for n in names) or not names)
    return union([bind(inference, v, cls) for v in values]) if cls in holders else values


def _setattr_names(inference: Inference, path: str, call: Call) -> frozenset[object]:
    """The names for which `setattr(obj, name, value)` assigns something."""
    context = inference.context(path, call.owner, call.start, call.end, call.line)
    node = context.source.tree if context is not None else None
    if context is None or not isinstance(node, ast.Call) or len(node.args) != 3 or call.callee != "setattr":
        return frozenset()
    return frozenset(v.extra for v in inference.infer(node.args[1], context) if v.kind == "external")


__all__ = ["is_set_late", "set_by_setattr", "set_in_class_file", "set_in_other_files", "test_replacements"]
