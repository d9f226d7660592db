"""Results of calls of external functions, as far as they determine what is called. Each module here handles some functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..names import texts
from ..results.values import Value, Values, external
from . import futures, iterating, making, names, passing
from .call import Handler, LibraryCall

if TYPE_CHECKING:
    from ..inference import Context, Inference

_HANDLERS = (passing.HANDLERS, iterating.HANDLERS, making.HANDLERS, names.HANDLERS)
_BY_NAME: dict[str, Handler] = {name: work for known in _HANDLERS for name, work in known.by_name.items()}
_BY_ENDING: dict[str, Handler] = {ending: work for known in _HANDLERS for ending, work in known.by_ending.items()}


def result(inference: Inference, value: Value, node: ast.Call, context: Context) -> Values:
    """The result of calling `value`, which is external."""
    name = value.path
    if name.startswith(texts.METHODS):
        return texts.method_result(inference, value, node, context)
    work = _BY_NAME.get(name) or next((work for end, work in _BY_ENDING.items() if name.endswith(end)), None)
    if work is not None:
        found = work(LibraryCall(inference, value, node, context))
    else:
        found = futures.result(inference, name, node, context)
    return frozenset({external(f"{name}()")}) if found is None else found


__all__ = ["result"]
