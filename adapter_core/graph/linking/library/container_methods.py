"""Results of methods of containers, generators and tasks, and of calls of `operator.itemgetter` and the like."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...parsing.fields import spelled
from ..classes import namespaces
from ..containers import contents
from ..results.values import EMPTY, Value, Values, bind_to, external, list_of_tuples, union

if TYPE_CHECKING:
    from ..inference import Context, Inference


def result(inference: Inference, value: Value, node: ast.Call, context: Context) -> Values:
    """The result of a method call; `value.extra` is the object that it is a method of."""
    container: Value = value.extra
    name = value.path
    if container.path == "future":
        return container.extra if name == "result" else EMPTY
    work = _BY_NAME.get(name)
    if work is not None:
        return work(inference, container, node, context)
    if container.kind == "typed" and container.path == "callable":
        return EMPTY
    return frozenset({external(f"builtins.{name}()")})


def _as_bound(inference: Inference, function: Value, node: ast.Call, context: Context) -> Values:
    only = frozenset({function})
    return bind_to(only, inference.infer(node.args[0], context)) if node.args else EMPTY


def _item_got(inference: Inference, getter: Value, node: ast.Call, context: Context) -> Values:
    """`itemgetter("key")(value)`: `getter` is the key or number."""
    step = str(getter.extra) if getter.path == "builtins.int()" else None
    key = None if step else getter.extra
    container = inference.infer(node.args[0], context) if node.args else EMPTY
    return union([inference.item(v, key, step) for v in container])


def _attribute_got(inference: Inference, getter: Value, node: ast.Call, context: Context) -> Values:
    return inference.attribute(inference.infer(node.args[0], context), getter.extra) if node.args else EMPTY


def _values(inference: Inference, container: Value, node: ast.Call, context: Context) -> Values:
    return frozenset({Value("typed", "list", 0, _stored(inference, container))})


def _items(inference: Inference, container: Value, node: ast.Call, context: Context) -> Values:
    namespace_values = namespaces.values_with_prefix(inference, container) if container.kind == "namespace" else EMPTY
    return (
        namespaces.name_value_pairs(namespace_values)
        if namespace_values
        else list_of_tuples([EMPTY, _stored(inference, container)])
    )


def _item(inference: Inference, container: Value, node: ast.Call, context: Context) -> Values:
    """The item under a key, or the default that is passed."""
    key = node.args[0] if node.args else None
    keys: list[str | None] = [(spelled(key) or None) if key is not None else None]
    if isinstance(key, ast.Name) and any(name == key.id for name, _ in context.environment):
        keys = inference.keys(key, context)  # a parameter whose value is known from this call
    found = [inference.item(container, key, None) for key in keys]
    return union([*found, *(inference.infer(a, context) for a in node.args[1:])])


def _same(inference: Inference, container: Value, node: ast.Call, context: Context) -> Values:
    return frozenset({container})


def _next(inference: Inference, container: Value, node: ast.Call, context: Context) -> Values:
    return inference.elements(frozenset({container}))


def _stored(inference: Inference, container: Value) -> Values:
    if container.kind == "display":
        return contents.display_values(inference, container)
    return inference.item(container, None, None)


_Handler = Callable[["Inference", Value, ast.Call, "Context"], Values]
_BY_NAME: dict[str, _Handler] = {
    "__get__": _as_bound,
    "itemgetter": _item_got,
    "attrgetter": _attribute_got,
    "items": _items,
    **dict.fromkeys(("values", "popitem"), _values),
    **dict.fromkeys(("get", "pop", "popleft", "setdefault", "__getitem__"), _item),
    **dict.fromkeys(("copy", "__iter__", "__enter__", "union", "intersection", "difference"), _same),
    **dict.fromkeys(("__next__", "send", "__anext__", "asend"), _next),
}


__all__ = ["result"]
