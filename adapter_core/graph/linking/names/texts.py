"""Methods of strings whose text is known, where the result may become a name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..results.values import Value, Values, external

if TYPE_CHECKING:
    from ....types import Flow
    from ..inference import Context, Inference

METHODS = "builtins.str()."
_NAME = external("builtins.dir()[]")  # a name that something has
_MAX_TEXTS, _LONG = 16, 200  # parts of a text; characters of one that may be a name
_SINGLE_RESULT = frozenset(
    """lower upper title capitalize casefold swapcase strip lstrip rstrip removeprefix removesuffix replace""".split()
)
_LIST_RESULT = frozenset({"partition", "rpartition", "split", "rsplit"})


def bound_method(value: Value, name: str) -> Value:
    """An attribute of an external value; a string's method keeps the text."""
    path = f"{value.path}.{name}"
    return Value("external", path, 0, value.extra) if path.startswith(METHODS) else external(path)


def method_result(inference: Inference, method_value: Value, node: ast.Call, context: Context) -> Values:
    """The result of a string method, `builtins.str().NAME`; computed where the text is known."""
    name, text = method_value.path, method_value.extra
    method = name.removeprefix(METHODS)
    unknown = frozenset({external("builtins.str()" if method in _SINGLE_RESULT else f"{name}()")})
    if method not in _SINGLE_RESULT | _LIST_RESULT or node.keywords:
        return unknown
    if not isinstance(text, str) or text.endswith("*") or len(text) > _LONG:
        return unknown
    arguments = [_constant_argument(inference, argument, context) for argument in node.args]
    if any(argument is None or (isinstance(argument, str) and len(argument) > _LONG) for argument in arguments):
        return unknown
    method_of_text: Callable[..., str | tuple[str, ...] | list[str]] = getattr(text, method)
    try:
        text_result = method_of_text(*arguments)
    except (TypeError, ValueError):
        return unknown
    if isinstance(text_result, str):
        return frozenset({_text(text_result)})
    if len(text_result) > _MAX_TEXTS:
        return unknown
    return frozenset({Value("typed", "places", 0, tuple(frozenset({_text(part)}) for part in text_result))})


def names_with_prefix(inference: Inference, path: str, flow: Flow, target: str, values: Values) -> Values:
    """The values of a loop over names; for the loop variable `target` only those that pass a check such as `for name in dir(suite): if
    name.startswith("test_")`."""
    if _NAME not in values:
        return values
    table = inference.table(path)
    found = set(values)
    for call in table.calls.get("startswith", ()) if table is not None else ():
        negated = inference.workspace.text(path)[: call.start].endswith("not ")
        if call.callee != f"{target}.startswith" or call.owner != flow.owner or negated:
            continue
        context = inference.context(path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if context is None or not isinstance(node, ast.Call):
            continue
        # A check for an underscore excludes names.
        beginnings = (_constant_argument(inference, argument, context) for argument in node.args[:1])
        found.update(_text(f"{b}*") for b in beginnings if isinstance(b, str) and b[:1] not in ("_", ""))
    return frozenset(found - {_NAME}) or values


def _text(text: str) -> Value:
    return Value("external", "builtins.str()", 0, text)


def _texts(values: Values) -> list[str]:
    """The texts of string values, if all of them are fully known."""
    texts = [
        v.extra for v in values if v.path == "builtins.str()" and v.extra is not None and not v.extra.endswith("*")
    ]
    return sorted(texts) if len(texts) == len(values) else []


def _constant_argument(inference: Inference, node: ast.expr, context: Context) -> str | int | None:
    """A constant, or the single text of an expression; None: unknown."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (str, int)) else None
    texts = _texts(inference.infer(node, context))
    return texts[0] if len(texts) == 1 else None


__all__ = ["METHODS", "bound_method", "method_result", "names_with_prefix"]
