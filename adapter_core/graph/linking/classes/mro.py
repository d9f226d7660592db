"""The bases of a class, and the order in which its members are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...storage.uses import base_name
from ..results.values import Value

if TYPE_CHECKING:
    from ..inference import Inference


def bases(inference: Inference, cls: Value) -> list[Value]:
    """The base classes as written, in order; those outside the workspace as external values."""
    return inference.memoize_data(("bases", cls), lambda: _bases(inference, cls))


def _bases(inference: Inference, cls: Value) -> list[Value]:
    table = inference.table(cls.path)
    if table is None:
        return []
    symbol = table.facts.symbols[cls.index]
    found: list[Value] = []
    for text in symbol.bases:
        # `Generic[T]`, `Base[int]`: members come from the class itself.
        head = text.partition("[")[0]
        values = inference.infer_text(cls.path, max(symbol.parent, 0), head, symbol.start)
        found += sorted((v for v in values if v.kind in ("class", "external") and v != cls), key=lambda v: v[:3])
    return found


def built_on(inference: Inference, path: str, name: str) -> list[Value]:
    """The classes of a file that have a base of that name, as written."""
    inference.note_read(path)
    written = inference.classes_by_base.get(path)
    if written is None:
        table = inference.table(path)
        found: dict[str, list[int]] = {}
        for index in table.classes if table is not None else ():
            for base in dict.fromkeys(map(base_name, table.facts.symbols[index].bases)):  # type: ignore[union-attr]
                found.setdefault(base, []).append(index)
        written = inference.classes_by_base[path] = found
    return [Value("class", path, index) for index in written.get(name, ())]


def lookup_order(inference: Inference, cls: Value) -> list[Value]:
    """The class and its bases in Python's method resolution order (C3); depth first where that fails."""
    return inference.memoize_data(("order", cls), lambda: _order(inference, cls, ()), keep_incomplete=True)


def _order(inference: Inference, cls: Value, below: tuple[Value, ...]) -> list[Value]:
    if cls.kind != "class" or cls in below or len(below) > 30:
        return [cls]
    if inference.has_data(("order", cls)):
        return lookup_order(inference, cls)
    parents = [b for b in bases(inference, cls) if b not in below]
    lines = [_order(inference, p, (*below, cls)) for p in parents]
    lines.append(list(parents))
    return [cls, *_merge(lines)]


def _merge(lines: list[list[Value]]) -> list[Value]:
    merged: list[Value] = []
    lines = [line for line in lines if line]
    while lines:
        for line in lines:
            if not any(line[0] in other[1:] for other in lines):
                head = line[0]
                break
        else:
            head = lines[0][0]  # inconsistent: Python would refuse the class
        if head not in merged:
            merged.append(head)
        lines = [rest for line in lines if (rest := [v for v in line if v != head])]
    return merged
