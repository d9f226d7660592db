"""What calling something outside the workspace gives, where that decides what is called: each module here knows some functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..names import texts
from ..results.values import Value, Values, external
from . import futures, iterating, making, names, passing
from .call import LibraryCall, Work

if TYPE_CHECKING:
    from ..inference import Here, Inference

_KNOWN = (passing.KNOWN, iterating.KNOWN, making.KNOWN, names.KNOWN)
_BY_NAME: dict[str, Work] = {name: work for known in _KNOWN for name, work in known.by_name.items()}
_BY_ENDING: dict[str, Work] = {ending: work for known in _KNOWN for ending, work in known.by_ending.items()}


def result(inference: Inference, value: Value, node: ast.Call, here: Here) -> Values:
    """What calling `value`, which is outside the workspace, gives."""
    name = value.path
    if name.startswith(texts.METHODS):
        return texts.result(inference, value, node, here)
    work = _BY_NAME.get(name) or next((work for end, work in _BY_ENDING.items() if name.endswith(end)), None)
    if work is not None:
        found = work(LibraryCall(inference, value, node, here))
    else:
        found = futures.result(inference, name, node, here)
    return frozenset({external(f"{name}()")}) if found is None else found


__all__ = ["result"]
