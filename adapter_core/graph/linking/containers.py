"""What comes out of lists, tuples, sets and dicts: written out, filled by `append` and by items, or gathered by `*args` and `**kwargs`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...types import Call, Flow
from ..fields import spelled
from .tables import ADDING, EXTENDING, Tables, dotted_text, instance_class, scopes
from .values import EMPTY, Value, Values, external, union

if TYPE_CHECKING:
    from .evaluate import Here, Inference

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_MAX_FILES = 24  # in which a container may be filled


def _display(inference: Inference, value: Value) -> tuple[ast.expr, Here] | None:
    start, end = value.extra
    here = inference.here(value.path, value.index, start, end, 0)
    return None if here is None else (here.source.tree, here)


def display_elements(inference: Inference, value: Value) -> Values:
    """What iterating gives: elements, or the keys of a dict."""

    def compute() -> Values:
        found = _display(inference, value)
        if found is None:
            return EMPTY
        node, here = found
        if isinstance(node, _COMPREHENSIONS):
            return inference.expression(node.elt, here)
        if isinstance(node, ast.Dict):
            return union([inference.expression(k, here) for k in node.keys if k is not None])
        if isinstance(node, ast.Call):
            # `list(x)`, `set(x)`, `deque(x)`; of `dict(…)` the keys are of no interest.
            return union([inference.elements(inference.expression(a, here)) for a in node.args[:1]])
        if isinstance(node, ast.DictComp):
            return inference.expression(node.key, here)
        return union([_element(inference, e, here) for e in getattr(node, "elts", ())])

    return inference.once(("elements", value), lambda: union([compute(), additions(inference, value)]))


def _element(inference: Inference, node: ast.expr, here: Here) -> Values:
    values = inference.expression(node, here)
    return inference.elements(values) if isinstance(node, ast.Starred) else values


def display_values(inference: Inference, value: Value) -> Values:
    """The values of a dict; the elements of anything else."""
    return display_item(inference, value, None, None)


def display_item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """One element by constant key (as `repr` spells it) or number; all that it may be where that does not decide."""

    def compute() -> Values:
        found = _display(inference, value)
        if found is None:
            return EMPTY
        node, here = found
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
            wanted = key if key is not None else step
            exact = [v for k, v in pairs if k is not None and spelled(k) == wanted]
            if wanted is not None and exact:
                return inference.expression(exact[-1], here)
            if wanted is not None and pairs and all(isinstance(k, ast.Constant) for k, _ in pairs):
                return EMPTY
            return union(
                [
                    inference.expression(v, here)
                    if k is not None
                    else union(
                        [
                            display_item(inference, d, key, step)
                            for d in inference.expression(v, here)
                            if d.kind == "display"
                        ]
                    )
                    for k, v in pairs
                ]
            )
        if isinstance(node, ast.DictComp):
            return inference.expression(node.value, here)
        if isinstance(node, ast.Call) and dotted_text(node.func).rpartition(".")[2] == "defaultdict":
            return inference.returned(inference.expression(node.args[0], here)) if node.args else EMPTY
        if isinstance(node, ast.Call):
            named = [k for k in node.keywords if k.arg and (key is None or repr(k.arg) == key)]
            inner = [v for a in [*node.args[:1], *(k.value for k in node.keywords if not k.arg)]
                     for v in inference.expression(a, here)]  # fmt: skip
            return union(
                [inference.expression(k.value, here) for k in named] + [inference.item(v, key, step) for v in inner]
            )
        if isinstance(node, _COMPREHENSIONS):
            return inference.expression(node.elt, here)
        elements = getattr(node, "elts", [])
        if step is not None and not any(isinstance(e, ast.Starred) for e in elements):
            number = int(step)
            return inference.expression(elements[number], here) if -len(elements) <= number < len(elements) else EMPTY
        return union([_element(inference, e, here) for e in elements])

    wanted = key if key is not None else step
    return inference.once(("item", value, key, step), lambda: union([compute(), additions(inference, value, wanted)]))


def rest(inference: Inference, value: Value, first: int, after: int) -> Values:
    """What a starred target gets: a list of the elements from `first` on, without the last `after`."""
    found = _display(inference, value) if value.kind == "display" else None
    elements = getattr(found[0], "elts", None) if found else None
    if found and elements is not None and not any(isinstance(e, ast.Starred) for e in elements):
        kept = elements[first : len(elements) - after]
        return frozenset({Value("typed", "places", 0, tuple(inference.expression(e, found[1]) for e in kept))})
    return frozenset({Value("typed", "list", 0, inference.elements(frozenset({value})))})


def stored(inference: Inference, path: str, scope: int, name: str, key: str | None = None) -> Values:
    """What is put into the container that is called `name` in a scope: `d[k] = v`, `handlers.append(v)`."""
    table = inference.table(path)
    if not name or table is None:
        return EMPTY
    head, _, attribute = name.partition(".")
    head = head.removesuffix("[]")
    cls = instance_class(table.facts, scope, head) if attribute else None
    binder = -1 if attribute else _binder(table, scope, head)

    def same(other: int) -> bool:
        if attribute:
            return cls is None or instance_class(table.facts, other, head) == cls
        return _binder(table, other, head) == binder

    def compute() -> Values:
        parts: list[Values] = []
        for flow in table.items.get(name, ()):
            if same(flow.scope) and (key is None or flow.path in ("", key)):
                parts.append(inference.at(path, flow.scope, flow.start, flow.end, flow.line))
        for method in (*ADDING, *EXTENDING):
            for call in table.calls.get(method, ()):
                if call.callee == f"{name}.{method}" and same(call.owner):
                    parts.append(_put(inference, path, call, method))
        if name.endswith("[]"):
            # `table.setdefault(key, []).append(value)` puts into what the table holds, too.
            for call in table.calls.get("append", ()):
                text = inference.workspace.text(path)[call.start : call.start + len(name) + 12]
                if call.callee == "().append" and text.startswith(f"{name[:-2]}.setdefault(") and same(call.owner):
                    parts.append(_put(inference, path, call, "append"))
        return union(parts)

    return inference.once(("stored", path, cls if attribute else binder, name, key), compute)


def _put(inference: Inference, path: str, call: Call, method: str) -> Values:
    """What a call of `append`, `extend` and their like adds."""
    here = inference.here(path, call.owner, call.start, call.end, call.line)
    node = here.source.tree if here is not None else None
    if here is None or not isinstance(node, ast.Call):
        return EMPTY
    values = inference.expression(node.args[-1], here) if node.args else EMPTY
    if method in EXTENDING:
        values = union(
            [
                display_item(inference, v, None, None) if v.kind == "display" else inference.elements(frozenset({v}))
                for v in values
            ]
            + [inference.expression(k.value, here) for k in node.keywords if k.arg]
        )
    return values


def additions(inference: Inference, value: Value, key: str | None = None) -> Values:
    """What is put into a container after it was written, through the names to which it is assigned."""
    table = inference.table(value.path)
    parts = []
    for flow in table.facts.flows if table else ():
        if (flow.start, flow.end) == value.extra and flow.kind == "assign" and not flow.path:
            parts.append(stored(inference, value.path, flow.owner if "." not in flow.target else flow.scope, flow.target, key))
            parts += _stored_elsewhere(inference, value, flow, key)
    return union(parts)


def _stored_elsewhere(inference: Inference, value: Value, flow: Flow, key: str | None) -> Iterator[Values]:
    """What is put into a container that is an attribute, or a name of a module, under another spelling than the one to which it is
    assigned: `cls.kinds[name] = sub` for `kinds = {}` in the class, `app.views[rule] = view` and `tools.HOOKS.append(f)` in other files."""
    last = flow.target.rpartition(".")[2]
    table = inference.table(value.path)
    if table is None or (last == flow.target and table.facts.symbols[flow.owner].is_callable):
        return
    users = inference.workspace.paths_using(last)
    for path in users if len(users) <= _MAX_FILES else [value.path]:
        other = inference.table(path) if inference.spend() else None
        if other is None:
            continue
        for put in other.stores_by_name.get(last, ()):
            own = path == value.path and put.target == flow.target and "." not in put.target
            if own or (put.key is not None and key is not None and put.key not in ("", key)):
                continue
            if value in inference.text(path, put.scope, put.target, put.line):
                if put.call is not None:
                    yield _put(inference, path, put.call, put.call.name)
                else:
                    yield inference.at(path, put.scope, put.start, put.end, put.line)


def _binder(table: Tables, scope: int, name: str) -> int:
    """The scope that binds a name which is visible in `scope`."""
    for current in scopes(table.facts, scope):
        if (current, name) in table.flows or any(p.name == name for p in table.facts.symbols[current].parameters):
            return current
    return 0


def starred_elements(inference: Inference, value: Value) -> Values:
    """What `*args` may hold, at any place; for `**kwargs` its keys are strings."""
    name = value.extra
    table = inference.table(value.path)
    parameter = (
        next((p for p in table.facts.symbols[value.index].parameters if p.name == name), None) if table else None
    )
    if parameter is not None and parameter.kind == "var_keyword":
        return frozenset({external("builtins.str()")})
    return inference.gathered(value, None)


def starred_item(inference: Inference, value: Value, key: str | None, step: str | None) -> Values:
    """`args[0]`, `kwargs["name"]`; or all that may be in there."""
    return inference.gathered(value, step if step is not None else key)
