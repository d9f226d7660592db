"""Members that classes define themselves, neither bound nor evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values
from .mro import lookup_order

if TYPE_CHECKING:
    from ..inference import Inference


def any_defines(inference: Inference, order: list[Value], name: str) -> bool:
    """Whether any of the classes defines a name in its body."""
    for cls in order:
        table = inference.table(cls.path) if cls.kind == "class" else None
        if table is not None and (cls.index, name) in table.children:
            return True
    return False


def member_functions(inference: Inference, cls: Value, name: str) -> Values:
    """The functions of a class member, including properties."""
    return inference.memoize_data(("member", cls, name), lambda: _member_functions(inference, cls, name))


def _member_functions(inference: Inference, cls: Value, name: str) -> Values:
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        if table is None:
            continue
        indexes = [
            i for i in table.children.get((current.index, name), ())
            if table.facts.symbols[i].is_callable
            and not any(d.endswith((".setter", ".deleter")) for d in table.facts.symbols[i].decorators)
        ]  # fmt: skip
        if indexes:
            return frozenset({Value("function", current.path, indexes[-1])})
        if (current.index, name) in table.children:
            return EMPTY
    return EMPTY
