"""The metaclass of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..local.snippets import snippet
from ..results.values import Value
from .mro import lookup_order

if TYPE_CHECKING:
    from ..inference import Inference


def metaclass(inference: Inference, cls: Value) -> Value | None:
    """The metaclass of a class, its own or that of a base, as far as it stands in the workspace."""
    # In a list, since None is not cached.
    found = inference.memoize_data(("metaclass", cls), lambda: _metaclasses(inference, cls))
    return found[0] if found else None


def _metaclasses(inference: Inference, cls: Value) -> list[Value]:
    for current in lookup_order(inference, cls):
        if current.kind == "class" and (found := _own_metaclass(inference, current)) is not None:
            return [found]
    return []


def is_metaclass(inference: Inference, cls: Value) -> bool:
    return any(c.kind == "external" and c.path == "builtins.type" for c in lookup_order(inference, cls))


def _own_metaclass(inference: Inference, cls: Value) -> Value | None:
    table = inference.table(cls.path)
    if table is None:
        return None
    symbol = table.facts.symbols[cls.index]
    _, found, rest = symbol.signature.partition("metaclass=")
    if not found:
        return None
    source = snippet(rest.rstrip(")").partition(",")[0].strip())
    if source is None:
        return None
    values = inference.infer_text(
        cls.path, max(symbol.parent, 0), rest.rstrip(")").partition(",")[0].strip(), symbol.start
    )
    return next((v for v in sorted(values, key=lambda v: v[:3]) if v.kind == "class" and v != cls), None)
