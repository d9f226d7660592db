"""Evaluation of expressions by node type."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..parsing.fields import dotted_name, spelled
from .calls import calling, parametrized
from .classes import attributes, decorating, namespaces
from .classes.descriptors import bind
from .containers import contents, filling, protocols
from .flow import folding, narrowing
from .library import futures
from .local.operators import OPERATORS
from .results.values import EMPTY, Value, Values, external, union, union_of_alternatives, workspace_values

if TYPE_CHECKING:
    from ...types import Flow
    from .inference import Context, Inference

_REQUEST = external("pytest.request")
_MAX_TEXTS = 16  # that one expression may come to
_NEAR = 400  # characters within which an assigned attribute may still hold
_CALLS = re.compile(r"\(|\b(?:lambda|def|await|yield)\b")
_MAX_TEXT = 80  # longer strings are no names


def evaluate(inference: Inference, node: ast.expr, context: Context) -> Values:
    """What an expression may be; empty for node types that are not in the table below."""
    handler = _EXPRESSIONS.get(type(node))
    return handler(inference, node, context) if handler is not None else EMPTY


def _name(inference: Inference, node: ast.Name, context: Context) -> Values:
    for name, values in context.environment:
        if name == node.id:
            return values
    offset = -1 if context.base < 0 else context.base + context.source.start(node)
    found = inference.infer_name(node.id, context.path, context.scope, offset, context.line, context.environment)
    checks = inference.isinstance_checks.get(context.path)
    if offset < 0 or (checks is not None and (context.scope, node.id) not in checks):
        return found
    return narrowing.narrowed(inference, node.id, offset, context, found)


def _attribute(inference: Inference, node: ast.Attribute, context: Context) -> Values:
    base, later = node.value, EMPTY
    if isinstance(base, ast.Name):
        # What was stored under this very name in this scope: `a.run = f; a.run()`.
        table = inference.table(context.path)
        stored = table.flows.get((context.scope, f"{base.id}.{node.attr}")) if table else None
        if stored and not attributes.is_receiver(table.facts, context.scope, base.id):  # type: ignore[union-attr]
            found = union([inference.infer_flow(context.path, f) for f in stored if f.kind == "assign"])
            if any(v.kind == "unbound" for v in found):
                holders = inference.infer(base, context)
                found = union([bind(inference, v, holder) for v in found for holder in holders])
            if found and not _is_before(inference, node, context, stored):
                return found
            later = found
        elif stored and (found := _just_set(inference, node, context, stored)):
            return found
    values = inference.infer(base, context)
    if node.attr == "param" and _REQUEST in values:
        return parametrized.request_param_values(inference, context.path, context.scope)
    if node.attr.startswith("__") and not node.attr.endswith("__"):
        return attributes.private_attribute(inference, values, node.attr, context.path, context.scope)
    defined = decorating.undecorated_attribute(inference, values, node.attr, context)
    found = inference.attribute(values, node.attr) if defined is None else defined
    found = ((found - later) or found) if later else found
    if context.base < 0 or not narrowing.is_checked(inference, context.path, context.scope, f".{node.attr}"):
        return found
    subject = dotted_name(node)
    offset = context.base + context.source.start(node)
    return narrowing.narrowed(inference, subject, offset, context, found) if subject else found


def _is_before(inference: Inference, node: ast.Attribute, context: Context, stored: Sequence[Flow]) -> bool:
    """Whether an attribute is read above all statements that assign it, and in no loop with them."""
    if context.base < 0 or any(flow.conditional for flow in stored):
        return False
    offset = context.base + context.source.start(node)
    return all(offset < flow.start for flow in stored)


def _just_set(inference: Inference, node: ast.Attribute, context: Context, stored: Sequence[Flow]) -> Values:
    """The value of `self.x` right after its assignment, whatever subclasses assign: `self.x = Reader()`, `self.x.read()`, with no call
    and no branch between."""
    if context.base < 0:
        return EMPTY
    offset = context.base + context.source.start(node)
    last = max(stored, key=lambda flow: flow.end)
    if last.conditional or not 0 < offset - last.end <= _NEAR or any(flow.kind != "assign" for flow in stored):
        return EMPTY
    if _CALLS.search(inference.workspace.text(context.path), last.end, offset):
        return EMPTY
    return workspace_values(inference.infer_flow(context.path, last, context.environment))


def _call(inference: Inference, node: ast.Call, context: Context) -> Values:
    callees = inference.infer(node.func, context)
    return union([calling.call_result(inference, callee, node, context) for callee in callees])


def _subscript(inference: Inference, node: ast.Subscript, context: Context) -> Values:
    values = inference.infer(node.value, context)
    if isinstance(node.slice, ast.Slice):
        return folding.sliced(inference, node, context) or values
    step = _index(node.slice)
    keys = inference.keys(node.slice, context) if step is None else [spelled(node.slice) or None]
    if step is not None or keys != [None]:
        last = filling.last_stored(inference, node, context, keys[0] if len(keys) == 1 else None)
        if last:
            return last
    name = dotted_name(node.slice) if keys == [None] else ""
    if name and (exact := contents.value_under_name(inference, values, name)):
        return exact
    parts = [
        protocols.item(inference, v, key, step) for v in values for key in keys if v.kind != "namespace" or key or step
    ]
    if keys == [None]:
        # `globals()["on_" + kind]`
        spaces = [v for v in values if v.kind == "namespace"]
        starts = [s for s in _texts(inference.infer(node.slice, context)) or () if s.endswith("*")] if spaces else []
        parts += [namespaces.values_with_prefix(inference, v, start[:-1]) for v in spaces for start in starts]
    # `hooks[key].append(f)`: the containers in a container share one name.
    inner = filling.stored_values(inference, context.path, context.scope, dotted_name(node.value) + "[]")
    if inner:
        parts.append(frozenset({Value("typed", "list", 0, inner)}))
    return union(parts)


def keys(inference: Inference, node: ast.expr, context: Context) -> list[str | None]:
    """The possible keys of an expression, as `repr` spells them: a constant, or a variable that is one of a few strings; [None]: any."""
    key = spelled(node)
    if key:
        return [key]
    values = inference.infer(node, context)
    texts = _texts(values)
    return [repr(text) for text in texts] if texts and not any(text.endswith("*") for text in texts) else [None]


def _if(inference: Inference, node: ast.IfExp, context: Context) -> Values:
    return _either(inference, [node.body, node.orelse], context)


def _or(inference: Inference, node: ast.BoolOp, context: Context) -> Values:
    return _either(inference, node.values, context)


def _either(inference: Inference, nodes: list[ast.expr], context: Context) -> Values:
    return union_of_alternatives(
        [inference.infer(n, context) for n in nodes], [isinstance(n, ast.Constant) for n in nodes]
    )


def _inner(inference: Inference, node: ast.NamedExpr | ast.Starred, context: Context) -> Values:
    return inference.infer(node.value, context)


def _await(inference: Inference, node: ast.Await, context: Context) -> Values:
    return futures.awaited(inference.infer(node.value, context))


def _yield_from(inference: Inference, node: ast.YieldFrom, context: Context) -> Values:
    """The value of `yield from`: what the inner generator returns."""
    return calling.generator_results(inference, inference.infer(node.value, context))


def _yield(inference: Inference, node: ast.Yield, context: Context) -> Values:
    """The value of `yield`: what is sent into the generator."""
    return calling.sent_values(inference, Value("generator", context.path, context.scope))


def _display(inference: Inference, node: ast.expr, context: Context) -> Values:
    if context.base < 0:
        return EMPTY
    start, end = context.source.span(node)
    return frozenset({Value("display", context.path, context.scope, (context.base + start, context.base + end))})


def _lambda(inference: Inference, node: ast.Lambda, context: Context) -> Values:
    if context.base < 0:
        return EMPTY
    start, end = context.source.span(node)
    return frozenset({Value("lambda", context.path, context.scope, (context.base + start, context.base + end))})


def _constant(inference: Inference, node: ast.Constant, context: Context) -> Values:
    kind = type(node.value).__name__
    if kind in ("NoneType", "ellipsis"):
        return EMPTY
    known = node.value if isinstance(node.value, str) and len(node.value) < _MAX_TEXT else None
    return frozenset({Value("external", f"builtins.{kind}()", 0, known)})


def _string(inference: Inference, node: ast.JoinedStr, context: Context) -> Values:
    texts: Texts = [""]
    for part in node.values:
        if isinstance(part, ast.FormattedValue) and (part.format_spec is not None or part.conversion not in (-1, 115)):
            part_texts: Texts = None
        else:
            part_texts = _texts(inference.infer(part.value if isinstance(part, ast.FormattedValue) else part, context))
        texts = _joined(texts, part_texts)
    return _strings(texts)


Texts = list[str] | None  # None: not known. A text that ends in a star is the beginning of one.


def _texts(values: Values) -> Texts:
    """The texts of string values, if all values are strings."""
    texts = [v.extra for v in values if v.path == "builtins.str()" and v.extra is not None]
    return sorted(texts) if texts and len(texts) == len(values) else None


def _joined(left: Texts, right: Texts) -> Texts:
    if left is None:
        return None
    if any(text.endswith("*") for text in left) or right is None or len(left) * len(right) > _MAX_TEXTS:
        return [text if text.endswith("*") else text + "*" for text in left]
    return [start + end for start in left for end in right]


def _strings(texts: Texts) -> Values:
    known = [t for t in texts or () if t != "*"]
    return frozenset(Value("external", "builtins.str()", 0, t) for t in known or (None,))


def _unary(inference: Inference, node: ast.UnaryOp, context: Context) -> Values:
    name = OPERATORS.get(type(node.op))
    values = inference.infer(node.operand, context)
    parts = [
        inference.call_results(attributes.attribute(inference, v, f"__{name}__"))
        for v in values
        if name and v.kind == "instance"
    ]
    return union([*parts, frozenset(v for v in values if v.kind == "external")])


def _operator(inference: Inference, node: ast.BinOp, context: Context) -> Values:
    name = OPERATORS.get(type(node.op))
    values = inference.infer(node.left, context)
    if name is None:
        return EMPTY
    parts = []
    for value in values:
        if value.kind == "instance":
            found = attributes.attribute(inference, value, f"__{name}__")
            # Flags put together are flags.
            parts.append(frozenset({value}) if _of_flags(found) else calling.call_results(inference, found))
        elif value.kind == "display" or (value.kind == "typed" and value.path in ("list", "places")):
            parts.append(frozenset({value}) | inference.infer(node.right, context))
        elif value.path == "builtins.str()" and name == "add":
            known = _texts(frozenset({value}))
            parts.append(_strings(_joined(known, _texts(inference.infer(node.right, context)))))
        elif value.kind == "external":
            parts.append(frozenset({external(f"{value.path}.__{name}__()")}))
            if value.path.startswith("builtins."):
                reflected = [v for v in inference.infer(node.right, context) if v.kind == "instance"]
                parts += [inference.call_results(inference.member(v, f"__r{name}__")) for v in reflected]
    return union(parts)


def _of_flags(found: Values) -> bool:
    return any(v.kind == "external" and v.path.startswith(("enum.Flag.", "enum.IntFlag.")) for v in found)


def _index(node: ast.expr) -> str | None:
    """A constant index, as text."""
    sign = ""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, "-"
    return (
        f"{sign}{spelled(node)}"
        if isinstance(node, ast.Constant) and type(node.value) is int and spelled(node)
        else None
    )


_EXPRESSIONS: dict[type, Callable[[Inference, ast.expr, Context], Values]] = {
    ast.Name: _name,  # type: ignore[dict-item]
    ast.Attribute: _attribute,  # type: ignore[dict-item]
    ast.Call: _call,  # type: ignore[dict-item]
    ast.Subscript: _subscript,  # type: ignore[dict-item]
    ast.IfExp: _if,  # type: ignore[dict-item]
    ast.BoolOp: _or,  # type: ignore[dict-item]
    ast.Await: _await,  # type: ignore[dict-item]
    ast.NamedExpr: _inner,  # type: ignore[dict-item]
    ast.Starred: _inner,  # type: ignore[dict-item]
    ast.List: _display,
    ast.Tuple: _display,
    ast.Set: _display,
    ast.Dict: _display,
    ast.ListComp: _display,
    ast.SetComp: _display,
    ast.DictComp: _display,
    ast.GeneratorExp: _display,
    ast.Lambda: _lambda,  # type: ignore[dict-item]
    ast.Constant: _constant,  # type: ignore[dict-item]
    ast.YieldFrom: _yield_from,  # type: ignore[dict-item]
    ast.Yield: _yield,  # type: ignore[dict-item]
    ast.JoinedStr: _string,  # type: ignore[dict-item]
    ast.UnaryOp: _unary,  # type: ignore[dict-item]
    ast.BinOp: _operator,  # type: ignore[dict-item]
}
