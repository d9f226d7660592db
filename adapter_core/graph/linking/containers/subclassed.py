"""Contents of instances of subclasses of `dict`, `list` and the like: added under any name, or at creation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..aliases import may_alias
from ..classes import mro
from ..classes.members import member_functions
from ..classes.outside import CONTAINERS
from ..local.tables import instance_class
from ..results.values import EMPTY, Value, Values, class_of, union
from . import contents, filling

if TYPE_CHECKING:
    from ..inference import Inference

_LISTS = frozenset({"builtins.list", "builtins.set", "collections.UserList", "collections.deque"})
_MAX_FILES = 12  # that name the class
_MAX_WRITES = 60  # of one file that are considered
_MAX_SITES = 20  # where instances are made


def is_container(inference: Inference, cls: Value) -> bool:
    return any(c.kind == "external" and c.path in CONTAINERS for c in mro.lookup_order(inference, cls))


def elements(inference: Inference, value: Value) -> Values:
    """What iterating over an instance yields, unless these are keys."""
    cls = class_of(value)
    is_list = any(c.kind == "external" and c.path in _LISTS for c in mro.lookup_order(inference, cls))
    return (
        stored_values(inference, value, None) if is_list and not member_functions(inference, cls, "__iter__") else EMPTY
    )


def stored_values(inference: Inference, value: Value, key: str | None) -> Values:
    """What an instance contains, under a key (as `repr` spells it) or under any."""
    if not is_container(inference, class_of(value)):
        return EMPTY
    if key is not None and any(
        member_functions(inference, class_of(value), name) for name in ("__setitem__", "__getitem__")
    ):
        key = None  # it is unknown what they do with them
    return inference.memoize(
        ("held", value, key),
        lambda: union([*_written_values(inference, value, key), *_initial_values(inference, value, key)]),
    )


def _written_values(inference: Inference, value: Value, key: str | None) -> Iterator[Values]:
    cls = class_of(value)
    table = inference.table(cls.path)
    users = inference.files_using_name(table.facts.symbols[cls.index].name) if table is not None else []
    own_classes = {c.index for c in mro.lookup_order(inference, cls) if c.path == cls.path}
    for path in users if len(users) <= _MAX_FILES else [cls.path]:
        other = inference.table(path) if inference.spend(1) else None
        writes = [p for same_name in other.writes_by_name.values() for p in same_name] if other is not None else []
        for write in writes if len(writes) <= _MAX_WRITES else [p for p in writes if p.target == "self"]:
            if other is None or (write.key is not None and key is not None and write.key not in ("", key)):
                continue
            enclosing = instance_class(other.facts, write.scope, write.target)
            if enclosing is not None:
                mine = path == cls.path and enclosing in own_classes
            else:
                mine = value in inference.infer_text(path, write.scope, write.target, write.line)
            if mine:
                yield filling.written_values(inference, path, write)


def _initial_values(inference: Inference, value: Value, key: str | None) -> Iterator[Values]:
    """`Registry({"a": f})`, where the class has no constructor of its own."""
    cls = class_of(value)
    sites = may_alias.call_sites_of(inference, cls) if not inference.constructors(cls) else []
    for path, call in sites if len(sites) <= _MAX_SITES else ():
        context = inference.context(path, call.owner, call.start, call.end, call.line)
        node = context.source.tree if context is not None else None
        if context is None or call.form == "decorator" or not isinstance(node, ast.Call):
            continue
        if cls in inference.callees(path, call):
            yield contents.contents_of_call(inference, node, context, key)


__all__ = ["elements", "is_container", "stored_values"]
