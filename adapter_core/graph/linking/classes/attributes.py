"""Attributes of classes and instances: where they are defined, and how they are bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ....types import ModuleFacts
from ..local.tables import instance_class
from ..names import annotations as types_of
from ..results.values import EMPTY, Value, Values, class_of, instance, union
from . import decorating, generated, outside, owners, stored
from .descriptors import bind
from .hierarchy import classes_of_metaclass, subclasses
from .members import any_defines
from .metaclasses import is_metaclass, metaclass
from .mro import lookup_order

if TYPE_CHECKING:
    from ..inference import Inference


def is_receiver(facts: ModuleFacts, scope: int, name: str) -> bool:
    return instance_class(facts, scope, name) is not None


def attribute(inference: Inference, value: Value, name: str) -> Values:
    """An attribute of a class, an instance or `super()`, with methods bound and properties evaluated."""
    return inference.memoize(("attribute", value, name), lambda: _attribute(inference, value, name))


def private_attribute(inference: Inference, values: Values, name: str, path: str, scope: int) -> Values:
    """An attribute `__name`, which belongs to the class whose body contains the access."""
    table = inference.table(path)
    while table is not None and scope > 0 and table.facts.symbols[scope].kind != "class":
        scope = table.facts.symbols[scope].parent
    cls = Value("class", path, scope)
    parts: list[Values] = []
    for value in values:
        below = scope > 0 and value.kind in ("class", "instance") and value not in (cls, instance(cls))
        order = lookup_order(inference, class_of(value) if value.kind == "instance" else value) if below else []
        found = class_attribute(inference, cls, name, value) if cls in order else None
        parts.append(inference.attribute(frozenset({value}), name) if found is None else found)
    return union(parts)


def defining_class(inference: Inference, values: Values, path: str, scope: int) -> Values:
    """The values on which a private name is looked up: where a value is of the class whose body contains the access, or of a subclass,
    that class."""
    table = inference.table(path)
    while table is not None and scope > 0 and table.facts.symbols[scope].kind != "class":
        scope = table.facts.symbols[scope].parent
    defining = Value("class", path, scope)

    def looked_up_on(value: Value) -> Value:
        cls = class_of(value) if value.kind == "instance" else value
        if scope <= 0 or value.kind not in ("class", "instance") or defining not in lookup_order(inference, cls):
            return value
        return defining if value.kind == "class" else instance(defining)

    return frozenset(map(looked_up_on, values))


def attributes_with_prefix(inference: Inference, value: Value, start: str) -> Values:
    """The attributes of a class or instance whose names start with a prefix."""
    if value.kind not in ("class", "instance"):
        return EMPTY
    names: set[str] = set()
    for cls in lookup_order(inference, class_of(value) if value.kind == "instance" else value):
        table = inference.table(cls.path) if cls.kind == "class" else None
        for index in table.members.get(cls.index, ()) if table else ():
            name = table.facts.symbols[index].name  # type: ignore[union-attr]
            if name.startswith(start):
                names.add(name)
    return union([attribute(inference, value, name) for name in sorted(names)])


class _Lookup(NamedTuple):
    """An attribute look-up: of `value`, for `receiver` (with `super()` what the method was called on), along `order`."""

    value: Value
    name: str
    receiver: Value
    order: list[Value]


def _attribute(inference: Inference, value: Value, name: str) -> Values:
    lookup = _Lookup(value, name, *_receiver_and_order(inference, value))
    for step in (_built_in, _defined_attribute, _of_metaclass, _by_getattr):
        found = step(inference, lookup)
        if found is not None:
            return found
    found = outside.member(name, lookup.receiver, lookup.order)
    if found is not None:
        return found
    return stored.set_in_other_files(inference, value, name)


def _receiver_and_order(inference: Inference, value: Value) -> tuple[Value, list[Value]]:
    if value.kind != "super":
        return value, lookup_order(inference, class_of(value) if value.kind == "instance" else value)
    receiver: Value = value.extra
    order = lookup_order(inference, class_of(receiver))
    start = Value("class", value.path, value.index)
    return receiver, order[order.index(start) + 1 :] if start in order else lookup_order(inference, start)[1:]


def _built_in(inference: Inference, lookup: _Lookup) -> Values | None:
    """Attributes that Python itself provides for classes, instances, enum members, and `super()` in a constructor."""
    value, name, receiver, order = lookup
    if name == "__class__" and receiver.kind == "instance":
        return frozenset({class_of(receiver)})
    if name == "__subclasses__" and value.kind == "class":
        below = Value("typed", "list", 0, frozenset(subclasses(inference, value)))
        return frozenset({Value("typed", "callable", 0, frozenset({below}))})
    if name == "__dict__":
        own_names = frozenset({Value("namespace", "", 0, receiver)})
        return owners.body_namespace(receiver) if receiver.kind == "class" else own_names
    if receiver.kind == "instance" and name in ("value", "_value_"):
        return _enum_values(inference, class_of(receiver))
    if value.kind != "super" or receiver.kind != "class":
        return None
    if name == "__call__":
        return frozenset({receiver._replace(extra="made")})  # by a metaclass's own `__call__`
    if name == "__new__" and not any(c.kind == "class" and any_defines(inference, [c], "__new__") for c in order):
        classes = (
            classes_of_metaclass(inference, receiver) if is_metaclass(inference, receiver) else [instance(receiver)]
        )
        return frozenset({Value("typed", "callable", 0, frozenset(classes))})
    return None


def _defined_attribute(inference: Inference, lookup: _Lookup) -> Values | None:
    """The attribute as the nearest class defines it, and as the following ones do where that class sets it only later."""
    value, name, receiver, order = lookup
    later: Values = EMPTY
    for cls in order:
        if cls.kind == "external":
            continue
        found = class_attribute(inference, cls, name, receiver)
        if found is not None and not (value.kind == "instance" and stored.is_set_late(inference, cls, name)):
            return found | later or stored.set_in_other_files(inference, value, name)
        later |= found or EMPTY
    return later or None


def _of_metaclass(inference: Inference, lookup: _Lookup) -> Values | None:
    value, name, receiver, _ = lookup
    meta = metaclass(inference, receiver) if value.kind == "class" else None
    if meta is None:
        return None
    metaclass_instance = instance(meta)
    # The receiver of a metaclass's method is the class on which it is called.
    found = attribute(inference, metaclass_instance, name)
    return frozenset(v._replace(extra=receiver) if v.extra == metaclass_instance else v for v in found) or None


def _by_getattr(inference: Inference, lookup: _Lookup) -> Values | None:
    _, name, receiver, order = lookup
    if receiver.kind != "instance" or name == "__getattr__" or not any_defines(inference, order, "__getattr__"):
        return None
    dynamic = attribute(inference, receiver, "__getattr__")
    return inference.getattr_result(dynamic, name) if dynamic else None


def class_attribute(inference: Inference, cls: Value, name: str, receiver: Value) -> Values | None:
    """An attribute as one class itself defines it, in its body and methods; None: it does not."""
    table = inference.table(cls.path)
    if table is None:
        return None
    parts: list[Values] = []
    decorator_values, replaced = decorating.set_by_decorators(inference, table, cls, name)
    found = inference.infer_binding(table, cls.index, name) if not replaced else decorator_values
    known = found is not None
    if found is not None:
        parts += [bind(inference, v, receiver) for v in found | decorator_values]
        if any(table.facts.symbols[i].kind == "enum_member" for i in table.children.get((cls.index, name), ())):
            return frozenset({instance(cls)})
    if receiver.kind in ("instance", "class"):
        # Writes to a container do not say what the container is.
        flows = [f for f in table.attributes(cls.index, name) if f.kind != "item"]
        known = known or bool(flows)
        annotated = [inference.infer_flow(cls.path, f) for f in flows if f.kind == "annotation"]
        parts += annotated
        if not types_of.is_informative(union(annotated)):
            parts += [inference.infer_flow(cls.path, f) for f in flows if f.kind != "annotation"]
        field = receiver.kind == "instance" and generated.is_field(inference, cls, name)
        known = known or field
        # A default is the value where no argument is passed.
        if field and (not types_of.is_informative(union(parts)) or generated.has_default(table, cls, name)):
            parts.append(generated.field_arguments(inference, cls, name))
        for values, on_class in (
            stored.set_in_class_file(inference, table, cls, name) if not flows or receiver.kind == "instance" else ()
        ):
            parts += [bind(inference, v, receiver) for v in values] if on_class else [values]
            known = True
        by_name = stored.set_by_setattr(inference, table, cls, name) if not flows and not known else []
        parts += by_name
        known = known or bool(by_name)
    return union(parts) if known else None


def _enum_values(inference: Inference, cls: Value) -> Values | None:
    """The values of the members of an enum; None for a class that is none."""
    table = inference.table(cls.path)
    members = (
        [i for i in table.members.get(cls.index, ()) if table.facts.symbols[i].kind == "enum_member"] if table else []
    )
    if table is None or not members:
        return None
    names = [table.facts.symbols[i].name for i in members]
    return union(
        [
            inference.infer_flow(cls.path, f)
            for n in names
            for f in table.flows.get((cls.index, n), ())
            if f.kind == "assign"
        ]
    )
