"""Classes that are created by a call of `type` with three arguments: `type("Cow", (Animal,), {"speak": speak})`.

Such a class is not a symbol. It is identified by the position of the call; its members come from the dict, then from its bases. Its
instances are `object` values with the same position.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values, instance, union
from . import mro
from .descriptors import bind

if TYPE_CHECKING:
    from ..inference import Context, Inference

_MAX_CALLS = 20  # of `type`, of one file


def composed_class(inference: Inference, node: ast.Call, context: Context) -> Values:
    """The result of `type(name, bases, members)`."""
    if context.base < 0:
        return EMPTY
    start, end = context.source.span(node)
    bases = inference.elements(inference.infer(node.args[1], context))
    built_on = frozenset(v for v in bases if v.kind == "class")
    return frozenset(
        {
            Value(
                "composed",
                context.path,
                context.scope,
                (context.base + start, context.base + end, built_on, context.line),
            )
        }
    )


def attribute(inference: Inference, value: Value, name: str) -> Values:
    """An attribute of such a class, or of an instance of one, with methods bound."""
    return inference.memoize(("composed", value, name), lambda: _attribute(inference, value, name))


def composed_instances(inference: Inference, cls: Value) -> Values:
    """Instances of the classes that the file of a class derives from it by `type(…)`."""
    found = inference.memoize(("composed in", cls.path), lambda: _composed_in(inference, cls.path))
    if not found:
        return EMPTY
    on_top = [v for v in found if any(cls in mro.lookup_order(inference, b) for b in _bases(v))]
    return frozenset(v._replace(kind="object") for v in on_top)


def constructors(inference: Inference, value: Value) -> Values:
    """The functions that run when such a class is called."""
    init_methods = _member(inference, value, "__init__")
    return init_methods or union([inference.constructors(base) for base in _bases(value)])


def _attribute(inference: Inference, value: Value, name: str) -> Values:
    if name == "__class__" and value.kind == "object":
        return frozenset({value._replace(kind="composed")})
    members = _member(inference, value, name)
    if members:
        return union([_bound(inference, member, value) for member in members])
    for base in _bases(value):
        found = inference.member(instance(base) if value.kind == "object" else base, name)
        if found:
            return frozenset(v._replace(extra=value) if v.extra in (base, instance(base)) else v for v in found)
    return EMPTY


def _bound(inference: Inference, member: Value, receiver: Value) -> Values:
    if member.kind == "function" and member.extra is None and receiver.kind == "object":
        return frozenset({member._replace(extra=receiver)})
    return bind(inference, member, receiver)


def _member(inference: Inference, value: Value, name: str) -> Values:
    """The value of a key in the dict of members."""
    node, context = _call(inference, value)
    if node is None or context is None:
        return EMPTY
    return union([inference.item(v, repr(name), None) for v in inference.infer(node.args[2], context)])


def _bases(value: Value) -> list[Value]:
    return sorted(value.extra[2], key=lambda v: v[:3])


def _call(inference: Inference, value: Value) -> tuple[ast.Call | None, Context | None]:
    start, end, _, line = value.extra
    context = inference.context(value.path, value.index, start, end, line)
    if context is None or not isinstance(context.source.tree, ast.Call) or len(context.source.tree.args) != 3:
        return None, None
    return context.source.tree, context


def _composed_in(inference: Inference, path: str) -> Values:
    """The classes that a file creates in this way."""
    text = inference.workspace.text(path)
    table = inference.table(path) if " type(" in text else None
    calls = [c for c in (table.calls.get("type", ()) if table else ()) if text.find(",", c.start, c.end) > 0]
    found = [
        inference.infer_at(path, c.owner, c.start, c.end, c.line) for c in calls[:_MAX_CALLS] if c.callee == "type"
    ]
    return frozenset(v for v in union(found) if v.kind == "composed")


__all__ = ["attribute", "composed_class", "composed_instances", "constructors"]
