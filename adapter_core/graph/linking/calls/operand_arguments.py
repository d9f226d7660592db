"""Arguments of special methods from operators and item assignments: `pipeline | stage`, `signal += listener`, `registry["a"] = f`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..aliases import may_alias
from ..classes import hierarchy
from ..local.implicit_sites import operations_of
from ..results.values import EMPTY, Value, Values, instance, union

if TYPE_CHECKING:
    from ..inference import Inference

_BINARY = re.compile(r"__i?(add|sub|mul|truediv|floordiv|mod|pow|matmul|and|or|xor|lshift|rshift)__")
_OPERATORS = ("operator", "inplace")
_MAX_FILES = 12  # that are searched for operands


def operand_values(inference: Inference, cls: Value, method: str, position: int) -> Values:
    """The values of a parameter of a special method; `position` counts the receiver as 0."""
    operator = _BINARY.fullmatch(method)
    if (position, bool(operator)) != (1, True) and (position, method) != (2, "__setitem__"):
        return EMPTY
    name = operator[1] if operator else ""
    return inference.memoize(("operands", cls, method), lambda: _compute_operand_values(inference, cls, name))


def _compute_operand_values(inference: Inference, cls: Value, operator: str) -> Values:
    receivers = frozenset(instance(c) for c in (cls, *hierarchy.all_subclasses(inference, cls)))
    holders = may_alias.aliases_of_instances(inference, cls)
    paths = [cls.path]
    for home, name in holders:
        paths += may_alias.files_of(inference, home, name, cls.path)
    paths = list(dict.fromkeys(paths))
    parts: list[Values] = []
    for path in paths if len(paths) <= _MAX_FILES else paths[:1]:
        if not inference.spend():
            break
        if operator:
            for operation in operations_of(inference, path):
                if operation.protocol in _OPERATORS and operation.name == operator and operation.other[0] >= 0:
                    left = inference.infer_at(path, operation.owner, operation.start, operation.end, operation.line)
                    parts += (
                        [inference.infer_at(path, operation.owner, *operation.other, operation.line)]
                        if left & receivers
                        else []
                    )
            continue
        table = inference.table(path)
        for name in dict.fromkeys(name for _, name in holders) if table is not None else ():
            for write in table.writes_by_name.get(name, ()):  # type: ignore[union-attr]
                if write.call is None and receivers & inference.infer_text(path, write.scope, write.target, write.line):
                    parts.append(inference.infer_at(path, write.scope, write.start, write.end, write.line))
    return union(parts)


__all__ = ["operand_values"]
