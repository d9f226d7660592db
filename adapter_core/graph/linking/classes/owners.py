"""Implicit arguments from class bodies: the owner class and instance that a descriptor gets, the namespace that a metaclass gets, and
the values of enum members that their constructor gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values, instance, union
from . import hierarchy, metaclasses

if TYPE_CHECKING:
    from ..inference import Inference

_MAX_FILES = 24
_MAX_OWNERS = 24
# By method, the positions of the parameters (the receiver is 0) that get the instance, and the class.
_PLACES = {"__get__": (1, 2), "__set__": (1, None), "__delete__": (1, None), "__set_name__": (None, 1)}


def descriptor_arguments(inference: Inference, descriptor: Value, method: str, position: int) -> Values:
    """The values of a parameter of a descriptor's method; empty where no class has the descriptor."""
    positions = _PLACES.get(method)
    if positions is None or position not in positions:
        return EMPTY
    owners = inference.memoize(("owners", descriptor), lambda: _owners(inference, descriptor))
    return owners if position == positions[1] else frozenset(instance(cls) for cls in owners)


def class_body_arguments(inference: Inference, cls: Value, method: str, position: int) -> Values:
    """The values from class bodies that a parameter of `__init__` and `__new__` gets, for a metaclass or an enum."""
    if method not in ("__init__", "__new__"):
        return EMPTY
    return _namespace(inference, cls, position) | _member_values(inference, cls, position)


def _member_values(inference: Inference, cls: Value, position: int) -> Values:
    """The values of enum members for a parameter of `__init__` or `__new__`: `EARTH = ("blue", Soil)`."""
    table = inference.table(cls.path)
    if table is None or position < 1:
        return EMPTY
    names = [s.name for i in table.members.get(cls.index, ()) if (s := table.facts.symbols[i]).kind == "enum_member"]
    flows = [f for name in names for f in table.flows.get((cls.index, name), ()) if f.kind == "assign"]
    parts: list[Values] = []
    for value in (v for flow in flows for v in inference.infer_flow(cls.path, flow)):
        several = value.kind == "display" and inference.workspace.text(value.path)[value.extra[0]] not in "[{"
        if several:
            parts.append(inference.item(value, None, str(position - 1)))
        elif position == 1:
            parts.append(frozenset({value}))
    return union(parts)


def _namespace(inference: Inference, meta: Value, position: int) -> Values:
    """The namespaces of the classes of a metaclass: the last parameter of its `__new__` and `__init__`."""
    if position != 3 or not metaclasses.is_metaclass(inference, meta):
        return EMPTY
    classes = hierarchy.classes_of_metaclass(inference, meta)
    return union([body_namespace(cls) for cls in classes]) if len(classes) <= _MAX_OWNERS else EMPTY


def body_namespace(cls: Value) -> Values:
    """The bindings of a class body as a dict: `vars(cls)`."""
    return frozenset({Value("namespace", cls.path, cls.index)})


def _owners(inference: Inference, descriptor: Value) -> Values:
    """The classes whose bodies create a descriptor, and their subclasses."""
    table = inference.table(descriptor.path)
    found: dict[Value, None] = {}
    for name in inference.aliases_of_name(table.facts.symbols[descriptor.index].name) if table is not None else ():
        paths = inference.workspace.paths_using(name, "called")
        for path in paths if len(paths) <= _MAX_FILES else ():
            other = inference.table(path) if inference.spend(2) else None
            for call in other.calls.get(name, ()) if other is not None else ():
                in_class = other is not None and other.facts.symbols[call.owner].kind == "class"
                if in_class and descriptor in inference.callees(path, call):
                    cls = Value("class", path, call.owner)
                    found.update(dict.fromkeys([cls, *hierarchy.all_subclasses(inference, cls)]))
    return frozenset(found) if len(found) <= _MAX_OWNERS else EMPTY


__all__ = ["body_namespace", "class_body_arguments", "descriptor_arguments"]
