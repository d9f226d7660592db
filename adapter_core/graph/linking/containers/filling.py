"""What is added to a container after its creation, under any of its names: `d[k] = v`, `handlers.append(v)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ....types import Call, Flow
from ...parsing.fields import spelled
from ..aliases import value_flow
from ..local.tables import (
    ADD_METHODS,
    EXTEND_METHODS,
    PUSH_FUNCTIONS,
    ContainerWrite,
    SymbolTable,
    instance_class,
    scopes,
)
from ..results.values import EMPTY, Value, Values, union
from . import contents

if TYPE_CHECKING:
    from ..inference import Context, Inference

_NEAR = 2_000  # characters within which an assigned value may still hold
_MAX_FILES = 24  # in which a container may be filled
_FIELD = re.compile(r"(?:\w+\.)?(?:field|ib|Factory)\(")
_SLICE = re.compile(r"\[[^\[\]]*:[^\[\]]*\]\s*=\s*\Z")
_SLICE_LENGTH = 60  # characters before a value that are searched for a slice
_BRACKETS = ("[", "{")  # the first characters of displays that can be filled
_EMPTY_LENGTH = 20  # characters of a container in which hardly anything is written: `defaultdict(list)`


def stored_values(inference: Inference, path: str, scope: int, name: str, key: str | None = None) -> Values:
    """What is added to the container that is called `name` in a scope."""
    table = inference.table(path)
    if not name or table is None:
        return EMPTY
    head, _, attribute = name.partition(".")
    head = head.removesuffix("[]")
    cls = instance_class(table.facts, scope, head) if attribute else None
    binder = -1 if attribute else _binding_scope(table, scope, head)

    def same(other: int) -> bool:
        if attribute:
            return cls is None or instance_class(table.facts, other, head) == cls
        return _binding_scope(table, other, head) == binder

    def compute() -> Values:
        parts: list[Values] = []
        for flow in table.items(name):
            if same(flow.scope) and (key is None or flow.path in ("", key)):
                parts.append(_assigned_values(inference, path, flow.scope, flow.start, flow.end, flow.line))
        for method in (*ADD_METHODS, *EXTEND_METHODS):
            for call in table.calls.get(method, ()):
                if call.callee == f"{name}.{method}" and same(call.owner):
                    parts.append(_values_added_by_call(inference, path, call, method, key))
        if name.endswith("[]"):
            # `table.setdefault(key, []).append(value)` adds to an item of the table.
            for call in table.calls.get("append", ()):
                text = inference.workspace.text(path)[call.start : call.start + len(name) + 12]
                if call.callee == "().append" and text.startswith(f"{name[:-2]}.setdefault(") and same(call.owner):
                    parts.append(_values_added_by_call(inference, path, call, "append"))
        return union(parts)

    return inference.memoize(("stored", path, cls if attribute else binder, name, key), compute)


def _assigned_values(inference: Inference, path: str, scope: int, start: int, end: int, line: int) -> Values:
    """What `d[k] = v` adds; for `xs[:] = ys` all elements."""
    values = inference.infer_at(path, scope, start, end, line)
    return (
        inference.elements(values)
        if _SLICE.search(inference.workspace.text(path), start - _SLICE_LENGTH, start)
        else values
    )


def _values_added_by_call(inference: Inference, path: str, call: Call, method: str, key: str | None = None) -> Values:
    """What a call of `append`, `extend` or the like adds; of `setdefault` and `update` what it adds under a key."""
    context = inference.context(path, call.owner, call.start, call.end, call.line)
    node = context.source.tree if context is not None else None
    if context is None or not isinstance(node, ast.Call):
        return EMPTY
    if method == "setdefault" and key is not None and node.args and (spelled(node.args[0]) or key) != key:
        return EMPTY
    values = inference.infer(node.args[-1], context) if node.args else EMPTY
    if method in EXTEND_METHODS:
        values = union(
            [
                contents.update_values(inference, v, key)
                if method == "update"
                else contents.display_item(inference, v, None, None)
                if v.kind == "display"
                else inference.elements(frozenset({v}))
                for v in values
            ]
            + [inference.infer(k.value, context) for k in node.keywords if k.arg and key in (None, repr(k.arg))]
        )
    return values


def added_values(inference: Inference, value: Value, key: str | None, written: Values) -> Values:
    """What is added to a container after its creation, through the names that it is assigned to; and, where it is returned or created
    empty, by functions that get it as an argument or result."""
    table = inference.table(value.path)
    parts = []
    start, end = value.extra
    fills = inference.workspace.text(value.path)[start : start + 1] in _BRACKETS
    returned = False
    for flow in table.flows_around(start) if table else ():
        returned = returned or (fills and flow.kind == "return" and (flow.start, flow.end) == (start, end))
        if flow.kind != "assign" or flow.end < end:
            continue
        whole = not flow.path and ((flow.start, flow.end) == (start, end) or _is_field(inference, table, flow))
        # `self.done, self.undone = [], []`
        if whole or (flow.path and value in inference.infer_flow(value.path, flow)):
            parts.append(
                stored_values(
                    inference, value.path, flow.owner if "." not in flow.target else flow.scope, flow.target, key
                )
            )
            parts += _stored_under_other_names(inference, value, flow, key)
    parts += _values_added_unnamed(inference, value)
    if returned or (not written and not any(parts) and (key is not None or end - start <= _EMPTY_LENGTH)):
        parts += _values_added_by_functions(inference, value, key, returned)
    return union(parts)


def _is_field(inference: Inference, table: SymbolTable | None, flow: Flow) -> bool:
    """Whether the flow is a field declaration whose factory creates the container: `items: list = field(default_factory=list)`."""
    in_class = table is not None and table.facts.symbols[flow.owner].kind == "class"
    return in_class and _FIELD.match(inference.workspace.text(table.facts.path), flow.start) is not None  # type: ignore[union-attr]


def _values_added_unnamed(inference: Inference, value: Value) -> Iterator[Values]:
    """What is added, in the same file, to a container without a name: `table.setdefault(key, []).append(f)`, `tasks[0].add(f)`, or to a
    parameter (`def fill(target): target.append(f)`); and by `heapq` and `bisect`."""
    table = inference.table(value.path)
    if table is None:
        return
    for call in table.fillers:
        context = inference.context(value.path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if context is None or not isinstance(node, ast.Call):
            continue
        if call.name in PUSH_FUNCTIONS:
            holder, added = (node.args[0], node.args[1]) if len(node.args) > 1 else (None, None)
            if holder is not None and added is not None and value in inference.infer(holder, context):
                yield inference.infer(added, context)
        elif isinstance(node.func, ast.Attribute):
            holder = node.func.value
            work = partial(inference.infer, holder, context)
            if value in inference.memoize(("filled", value.path, call.start), work):
                yield _values_added_by_call(inference, value.path, call, call.name)


def _values_added_by_functions(inference: Inference, value: Value, key: str | None, returned: bool) -> Iterator[Values]:
    """What functions add to a container that is passed to them: `fill(table)`, with `def fill(rows): rows["a"] = f`; or (`returned`)
    that they get as a result: `table = defaults()`, and then `table["a"] = f`."""
    start = value.extra[0]
    initial = value_flow.targets_of_place(inference, value.path, start)
    holders = dict.fromkeys(initial)
    for holder in initial if not returned else ():
        name: str = holder.extra
        if not name.endswith(("[]", "()")):
            holders.update(dict.fromkeys(value_flow.targets_of_name(inference, value.path, name, False)))
    for holder in holders:
        users = [holder.path] if holder.path or not returned else inference.workspace.paths_using(holder.extra)
        for path in users if len(users) <= _MAX_FILES else ():
            table = inference.table(path) if path and inference.spend(1) else None
            for write in table.writes_by_name.get(holder.extra, ()) if table is not None else ():
                if write.target != holder.extra or (
                    write.key is not None and key is not None and write.key not in ("", key)
                ):
                    continue
                if (returned or table.is_parameter(write.scope, write.target)) and value in inference.infer_text(  # type: ignore[union-attr]
                    path, write.scope, write.target, write.line
                ):
                    yield written_values(inference, path, write)


def last_stored(inference: Inference, node: ast.Subscript, context: Context, key: str | None) -> Values:
    """The item of a container under a key that the same scope has stored just before, outside of branches and loops: `d[k] = f; d[k]()`."""
    table = (
        inference.table(context.path)
        if context.base >= 0 and key is not None and isinstance(node.value, ast.Name)
        else None
    )
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    flows = [f for f in table.items(name) if f.scope == context.scope] if table is not None else []
    offset = context.base + context.source.start(node.value) if flows else -1
    before = [flow for flow in flows if flow.end <= offset]
    while len(before) > 1 and before[-1].path not in ("", key):
        before.pop()  # under another key
    if not before or before[-1].conditional or before[-1].path != key:
        return EMPTY
    text = inference.workspace.text(context.path)
    if offset - before[-1].end > _NEAR or f"{name}." in text[before[-1].end : offset]:
        return EMPTY  # it may have been filled anew
    return _assigned_values(inference, context.path, context.scope, before[-1].start, before[-1].end, before[-1].line)


def written_values(inference: Inference, path: str, write: ContainerWrite) -> Values:
    """The values that one write adds to a container."""
    if write.call is not None:
        return _values_added_by_call(inference, path, write.call, write.call.name)
    return _assigned_values(inference, path, write.scope, write.start, write.end, write.line)


def _stored_under_other_names(inference: Inference, value: Value, flow: Flow, key: str | None) -> Iterator[Values]:
    """What is added to a container that is an attribute or module variable, under another spelling than that of its assignment:
    `cls.kinds[name] = sub` for `kinds = {}` in the class, `app.views[rule] = view` and `tools.HOOKS.append(f)` in other files."""
    last = flow.target.rpartition(".")[2]
    table = inference.table(value.path)
    if table is None or (last == flow.target and table.facts.symbols[flow.owner].is_callable):
        return
    users = inference.workspace.paths_using(last)
    for path in users if len(users) <= _MAX_FILES else [value.path]:
        other = inference.table(path) if inference.spend() else None
        if other is None:
            continue
        for write in other.writes_by_name.get(last, ()):
            defining_table = path == value.path and write.target == flow.target and "." not in write.target
            if defining_table or (write.key is not None and key is not None and write.key not in ("", key)):
                continue
            if value in inference.infer_text(path, write.scope, write.target, write.line):
                yield written_values(inference, path, write)


def _binding_scope(table: SymbolTable, scope: int, name: str) -> int:
    """The scope that binds a name which is visible in `scope`."""
    for current in scopes(table.facts, scope):
        if (current, name) in table.flows or any(p.name == name for p in table.facts.symbols[current].parameters):
            return current
    return 0
