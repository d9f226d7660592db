"""What calling something outside the workspace gives, where that decides what is called: `library/` knows functions one by one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import futures, texts
from .library import iterating, making, names, passing
from .library.call import LibraryCall, Work
from .values import Value, Values, external

if TYPE_CHECKING:
    from .evaluate import Here, Inference

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
