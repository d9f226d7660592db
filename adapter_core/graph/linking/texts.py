"""Methods of strings whose text is known: what they give, where that may become the name of something."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from .values import Value, Values, external

if TYPE_CHECKING:
    from .evaluate import Here, Inference

METHODS = "builtins.str()."
_MAX_TEXTS = 16  # that one expression may come to
_ONE = frozenset(
    """lower upper title capitalize casefold swapcase strip lstrip rstrip removeprefix removesuffix replace""".split()
)
_SEVERAL = frozenset({"partition", "rpartition", "split", "rsplit"})


def result(inference: Inference, name: str, receiver: ast.expr, node: ast.Call, here: Here) -> Values:
    """What a method of a string, `builtins.str().NAME`, gives: where the texts are known, those that come of them."""
    method = name.removeprefix(METHODS)
    unknown = frozenset({external("builtins.str()" if method in _ONE else f"{name}()")})
    if method not in _ONE | _SEVERAL or node.keywords:
        return unknown
    told = _texts(inference.expression(receiver, here))
    arguments = [_argument(inference, argument, here) for argument in node.args]
    if not told or len(told) > _MAX_TEXTS or any(argument is None for argument in arguments):
        return unknown
    found: set[Value] = set()
    for text in told:
        work: Callable[..., str | tuple[str, ...] | list[str]] = getattr(text, method)
        try:
            given = work(*arguments)
        except (TypeError, ValueError):
            return unknown
        if isinstance(given, str):
            found.add(_text(given))
        elif len(given) > _MAX_TEXTS:
            return unknown
        else:
            found.add(Value("typed", "places", 0, tuple(frozenset({_text(part)}) for part in given)))
    return frozenset(found)


def _text(text: str) -> Value:
    return Value("external", "builtins.str()", 0, text)


def _texts(values: Values) -> list[str]:
    """The texts that values are, if they all are whole texts."""
    texts = [
        v.extra for v in values if v.path == "builtins.str()" and v.extra is not None and not v.extra.endswith("*")
    ]
    return sorted(texts) if len(texts) == len(values) else []


def _argument(inference: Inference, node: ast.expr, here: Here) -> str | int | None:
    """A constant, or the one text that an expression is; None: not known."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (str, int)) else None
    told = _texts(inference.expression(node, here))
    return told[0] if len(told) == 1 else None


__all__ = ["METHODS", "result"]
