"""Classes: attributes of instances, and the hierarchy downwards (`mro.py` has it upwards)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...types import ModuleFacts
from . import annotations as types_of
from . import decorating, generated, owners, stored, subclassed
from .constructed import is_constructed, is_handed_on, is_taken, names
from .metaclasses import is_metaclass, metaclass
from .mro import bases, built_on, lookup_order
from .tables import instance_class
from .values import EMPTY, Value, Values, class_of, external, instance, union

if TYPE_CHECKING:
    from .evaluate import Inference

_MAX_CLASSES = 200
_MAX_RECEIVERS = 12
_HUB = 24
_COLLECTED = re.compile(r"^Test|Tests?$|TestCase$")
_OBJECT_MEMBERS = frozenset(dir(object)) | {
    "__dict__",
    "__name__",
    "__module__",
    "__qualname__",
    "__mro__",
    "__subclasses__",
}


def is_receiver(facts: ModuleFacts, scope: int, name: str) -> bool:
    return instance_class(facts, scope, name) is not None


def attribute(inference: Inference, value: Value, name: str) -> Values:
    """An attribute of a class, an instance or `super()`, with methods bound and properties called."""
    return inference.once(("attribute", value, name), lambda: _attribute(inference, value, name))


def is_mangled(name: str) -> bool:
    """Whether a name in a class's body is that class's alone: `__name` is `_Class__name`, which no subclass replaces."""
    return name.startswith("__") and not name.endswith("__")


def private(inference: Inference, values: Values, name: str, path: str, scope: int) -> Values:
    """An attribute `__name`, which means that of the class in whose text it is written, whatever is built on that class."""
    table = inference.table(path)
    while table is not None and scope > 0 and table.facts.symbols[scope].kind != "class":
        scope = table.facts.symbols[scope].parent
    own = Value("class", path, scope)
    parts: list[Values] = []
    for value in values:
        below = scope > 0 and value.kind in ("class", "instance") and value not in (own, instance(own))
        order = lookup_order(inference, class_of(value) if value.kind == "instance" else value) if below else []
        found = told_by(inference, own, name, value) if own in order else None
        parts.append(inference.attribute(frozenset({value}), name) if found is None else found)
    return union(parts)


def as_written(inference: Inference, values: Values, path: str, scope: int) -> Values:
    """What a name `__name` is looked for on: where a value is of the class in whose text it is written, or of one below, that class."""
    table = inference.table(path)
    while table is not None and scope > 0 and table.facts.symbols[scope].kind != "class":
        scope = table.facts.symbols[scope].parent
    own = Value("class", path, scope)

    def seen(value: Value) -> Value:
        cls = class_of(value) if value.kind == "instance" else value
        if scope <= 0 or value.kind not in ("class", "instance") or own not in lookup_order(inference, cls):
            return value
        return own if value.kind == "class" else instance(own)

    return frozenset(map(seen, values))


def attributes_beginning(inference: Inference, value: Value, start: str) -> Values:
    """The attributes of a class or instance whose names begin with `start`."""
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


def _attribute(inference: Inference, value: Value, name: str) -> Values:
    if value.kind == "super":
        receiver: Value = value.extra
        order = lookup_order(inference, class_of(receiver))
        start = Value("class", value.path, value.index)
        order = order[order.index(start) + 1 :] if start in order else lookup_order(inference, start)[1:]
    else:
        receiver = value
        order = lookup_order(inference, class_of(value) if value.kind == "instance" else value)
    if name == "__class__" and receiver.kind == "instance":
        return frozenset({class_of(receiver)})
    if name == "__subclasses__" and value.kind == "class":
        below = Value("typed", "list", 0, frozenset(subclasses(inference, value)))
        return frozenset({Value("typed", "callable", 0, frozenset({below}))})
    if name == "__dict__":
        own_names = frozenset({Value("namespace", "", 0, receiver)})
        return owners.body(receiver) if receiver.kind == "class" else own_names
    if receiver.kind == "instance" and name in ("value", "_value_"):
        held = _enum_values(inference, class_of(receiver))
        if held is not None:
            return held
    if value.kind == "super" and name == "__new__" and receiver.kind == "class":
        own = [c for c in order if c.kind == "class" and _any_own(inference, [c], "__new__")]
        if not own:
            made = made_by(inference, receiver) if is_metaclass(inference, receiver) else [instance(receiver)]
            return frozenset({Value("typed", "callable", 0, frozenset(made))})
    if value.kind == "super" and name == "__call__" and receiver.kind == "class":
        return frozenset({receiver._replace(extra="made")})  # by a metaclass's own `__call__`
    outside: Value | None = None
    later: Values = EMPTY
    for cls in order:
        if cls.kind == "external":
            outside = outside or cls
            continue
        found = told_by(inference, cls, name, receiver)
        if found is not None and not (value.kind == "instance" and stored.set_later(inference, cls, name)):
            return found | later or stored.elsewhere(inference, value, name)
        later |= found or EMPTY
    if later:
        return later
    if value.kind == "class" and (meta := metaclass(inference, receiver)) is not None:
        found_meta = attribute(inference, instance(meta), name)
        if found_meta:
            # The receiver of a metaclass's method is the class on which it is called.
            return frozenset(v._replace(extra=receiver) if v.extra == instance(meta) else v for v in found_meta)
    if receiver.kind == "instance" and name != "__getattr__":
        dynamic = attribute(inference, receiver, "__getattr__") if _any_own(inference, order, "__getattr__") else EMPTY
        if dynamic:
            return inference.answered(dynamic, name)
    if (
        outside is not None
        and receiver.kind == "instance"
        and name in subclassed.METHODS
        and outside.path in subclassed.BASES
    ):
        return frozenset({Value("method", name, 0, receiver)})
    if name == "exceptions" and outside is not None and outside.path.startswith("builtins."):
        return frozenset({Value("typed", "list", 0, frozenset({receiver}))})  # of `except* Missing as group`
    if outside is not None and outside.path not in ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC"):
        return frozenset({external(f"{outside.path}.{name}")})
    if name in _OBJECT_MEMBERS:
        return frozenset({external(f"builtins.object.{name}")})
    return stored.elsewhere(inference, value, name)


def told_by(inference: Inference, cls: Value, name: str, receiver: Value) -> Values | None:
    """What one class itself, its body and its methods, tells about an attribute; None: nothing."""
    table = inference.table(cls.path)
    if table is None:
        return None
    parts: list[Values] = []
    put, replaced = decorating.put(inference, table, cls, name)
    found = inference.binding(table, cls.index, name) if not replaced else put
    known = found is not None
    if found is not None:
        parts += [bind(inference, v, receiver) for v in found | put]
        if any(table.facts.symbols[i].kind == "enum_member" for i in table.children.get((cls.index, name), ())):
            return frozenset({instance(cls)})
    if receiver.kind in ("instance", "class"):
        # What is put into a container does not say what the container is.
        flows = [f for f in table.attributes(cls.index, name) if f.kind != "item"]
        known = known or bool(flows)
        noted = [inference.flow(cls.path, f) for f in flows if f.kind == "annotation"]
        parts += noted
        if not types_of.tell(union(noted)):
            parts += [inference.flow(cls.path, f) for f in flows if f.kind != "annotation"]
        field = receiver.kind == "instance" and generated.is_field(inference, cls, name)
        known = known or field
        # A default says what it is where nothing is handed over.
        if field and (not types_of.tell(union(parts)) or generated.has_default(table, cls, name)):
            parts.append(generated.given(inference, cls, name))
        for values, on_class in (
            stored.in_its_file(inference, table, cls, name) if not flows or receiver.kind == "instance" else ()
        ):
            parts += [bind(inference, v, receiver) for v in values] if on_class else [values]
            known = True
        by_name = stored.by_name(inference, table, cls, name) if not flows and not known else []
        parts += by_name
        known = known or bool(by_name)
    return union(parts) if known else None


def _enum_values(inference: Inference, cls: Value) -> Values | None:
    """What the members of an enum hold; None for a class that is none."""
    table = inference.table(cls.path)
    members = (
        [i for i in table.members.get(cls.index, ()) if table.facts.symbols[i].kind == "enum_member"] if table else []
    )
    if table is None or not members:
        return None
    names = [table.facts.symbols[i].name for i in members]
    return union(
        [inference.flow(cls.path, f) for n in names for f in table.flows.get((cls.index, n), ()) if f.kind == "assign"]
    )


def _any_own(inference: Inference, order: list[Value], name: str) -> bool:
    for cls in order:
        table = inference.table(cls.path) if cls.kind == "class" else None
        if table is not None and (cls.index, name) in table.children:
            return True
    return False


def bind(inference: Inference, value: Value, receiver: Value) -> Values:
    """A function found in a class, as its attribute on a receiver: bound, or called where it is a property."""
    if value.kind == "property" and receiver.kind == "instance":
        read: Value = value.extra
        return inference.returned(bind(inference, read, receiver) if read.kind == "function" else frozenset({read}))
    if value.kind == "unbound":
        inner, takes_class = value.extra
        if takes_class and inner.kind == "function" and inner.extra is None:
            return frozenset({inner._replace(extra=class_of(receiver) if receiver.kind == "instance" else receiver)})
        return frozenset({inner})
    if value.kind not in ("function", "lambda"):
        if value.kind == "instance" and value.path:
            getter = attribute(inference, value, "__get__") if _has_get(inference, value) else EMPTY
            if getter:
                return inference.returned(getter)
        return frozenset({value})
    if value.kind == "lambda" or value.extra is not None:
        return frozenset({value})
    table = inference.table(value.path)
    if table is None:
        return EMPTY
    symbol = table.facts.symbols[value.index]
    traits = symbol.traits
    if symbol.kind == "property":
        if receiver.kind == "instance":
            return inference.returned(frozenset({value._replace(extra=receiver)}))
        return frozenset({value})
    if "static" in traits:
        return frozenset({value})
    if "class" in traits or symbol.name in ("__init_subclass__", "__class_getitem__"):
        return frozenset({value._replace(extra=class_of(receiver) if receiver.kind == "instance" else receiver)})
    if receiver.kind == "instance":
        return frozenset({value._replace(extra=receiver)})
    return frozenset({value})


def _has_get(inference: Inference, value: Value) -> bool:
    return _any_own(inference, lookup_order(inference, class_of(value)), "__get__")


def made_by(inference: Inference, meta: Value) -> list[Value]:
    """The classes whose metaclass is `meta`, or one built on it."""

    def compute() -> Values:
        found: dict[Value, None] = {}
        table = inference.table(meta.path)
        for name in inference.names_of(table.facts.symbols[meta.index].name) if table else ():
            for path in inference.workspace.paths_using(name):
                other = inference.table(path) if inference.spend() else None
                for index in other.classes if other else ():
                    cls = Value("class", path, index)
                    signature = other.facts.symbols[index].signature  # type: ignore[union-attr]
                    if "metaclass=" in signature and metaclass(inference, cls) == meta:
                        found.update(dict.fromkeys([cls, *all_subclasses(inference, cls)]))
        return frozenset(found)

    return sorted(inference.once(("made by", meta), compute), key=lambda v: v[:3])


def member_functions(inference: Inference, cls: Value, name: str) -> Values:
    """The functions that a class's member is, properties included, as they stand: not bound, not called."""
    return inference.aside(("member", cls, name), lambda: _member_functions(inference, cls, name))


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


# -- the hierarchy downwards -------------------------------------------------------------------------------------------


def subclasses(inference: Inference, cls: Value) -> list[Value]:
    """The classes that are directly built on a class, by any name under which it is imported."""
    table = inference.table(cls.path)
    if table is None:
        return []

    def compute() -> Values:
        found: list[Value] = []
        for name in names(inference, table, cls):
            for path in inference.workspace.paths_using(name, "base"):
                for candidate in built_on(inference, path, name) if inference.spend() else ():
                    if cls in bases(inference, candidate):
                        found.append(candidate)
        return frozenset(found)

    return sorted(inference.once(("subclasses", cls), compute), key=lambda v: v[:3])


def is_hub(inference: Inference, cls: Value) -> bool:
    """Whether so many files build classes on something of this name that what they all do tells nothing."""
    table = inference.table(cls.path)
    return (
        table is not None and len(inference.workspace.paths_using(table.facts.symbols[cls.index].name, "base")) > _HUB
    )


def all_subclasses(inference: Inference, cls: Value) -> list[Value]:
    """The classes below a class, by their places; cut off at a number, which is then noted."""

    def compute() -> Values:
        found: dict[Value, None] = {}
        todo = [cls]
        while todo and len(found) < _MAX_CLASSES:
            for below in subclasses(inference, todo.pop(0)):
                if below not in found and below != cls:
                    found[below] = None
                    todo.append(below)
        if todo:
            inference.partial = True
        return frozenset(found)

    key = ("all subclasses", cls)
    return inference.aside(key, lambda: sorted(inference.once(key, compute), key=lambda v: v[:3]))


def overrides(inference: Inference, function: Value) -> list[Value]:
    """The methods of subclasses that replace a method."""
    return inference.aside(("overrides", function), lambda: _overrides(inference, function))


def _overrides(inference: Inference, function: Value) -> list[Value]:
    table = inference.table(function.path)
    if table is None:
        return []
    symbol = table.facts.symbols[function.index]
    if symbol.parent <= 0 or table.facts.symbols[symbol.parent].kind != "class" or is_mangled(symbol.name):
        return []
    found = []
    other, at = None, ""
    for below in all_subclasses(inference, Value("class", function.path, symbol.parent)):
        if below.path != at:  # they come file by file
            other, at = inference.table(below.path), below.path
        for index in other.children.get((below.index, symbol.name), ()) if other else ():
            if other is not None and other.facts.symbols[index].is_callable:
                found.append(Value("function", below.path, index))
    return found


def overridden(inference: Inference, method: Value) -> list[Value]:
    """The methods of base classes that a method replaces, nearest first."""
    return inference.aside(("overridden", method), lambda: _overridden(inference, method))


def _overridden(inference: Inference, method: Value) -> list[Value]:
    table = inference.table(method.path)
    symbol = table.facts.symbols[method.index] if table is not None else None
    if symbol is None or symbol.parent <= 0 or is_mangled(symbol.name):
        return []
    found = []
    for cls in lookup_order(inference, Value("class", method.path, symbol.parent))[1:]:
        other = inference.table(cls.path) if cls.kind == "class" else None
        for index in other.children.get((cls.index, symbol.name), ()) if other else ():
            if other is not None and other.facts.symbols[index].is_callable:
                found.append(Value("function", cls.path, index))
    return found


def receivers(inference: Inference, method: Value) -> list[Value]:
    """The classes whose instances `self` may be in a method: its own and the subclasses that inherit the method, or call it through
    `super()`, as far as somebody constructs them; its own class where nobody does, or where there are too many to tell."""
    table = inference.table(method.path)
    if table is None:
        return []
    symbol = table.facts.symbols[method.index]
    own = Value("class", method.path, symbol.parent)

    def compute() -> Values:
        below = all_subclasses(inference, own) if not is_hub(inference, own) else []
        if len(below) > _MAX_RECEIVERS:
            return frozenset({own})
        takes_class = "class" in symbol.traits
        reached = [
            c
            for c in below
            if (_is_collected(inference, c) or is_constructed(inference, c, takes_class) or _makes_itself(inference, c))
            and _reaches(inference, c, method, symbol.name)
        ]
        if reached:  # else, what is made of a table of classes is told by the class itself
            others = [c for c in below if c not in reached and is_handed_on(inference, c)]
            reached += [c for c in others if _reaches(inference, c, method, symbol.name)]
        if (
            is_constructed(inference, own, takes_class)
            or not reached
            or _makes_itself(inference, own)
            or (takes_class and is_taken(inference, own, symbol.name))
        ):
            reached.append(own)
        return frozenset(reached)

    return sorted(inference.once(("receivers", method.path, method.index), compute), key=lambda v: (v != own, v[:3]))


def _makes_itself(inference: Inference, cls: Value) -> bool:
    """Whether something is asked of a class by its name that may make an instance: one of its methods calls `cls(…)`."""
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        for call in table.calls.get("cls", ()) if table is not None else ():
            if call.callee == "cls" and instance_class(table.facts, call.owner, "cls") == current.index:  # type: ignore[union-attr]
                return is_constructed(inference, cls, True)
    return False


def _is_collected(inference: Inference, cls: Value) -> bool:
    """Whether a class is named as those are of which pytest and unittest make instances, to run their tests."""
    table = inference.table(cls.path)
    return table is not None and _COLLECTED.search(table.facts.symbols[cls.index].name) is not None


def _reaches(inference: Inference, cls: Value, method: Value, name: str) -> bool:
    for current in lookup_order(inference, cls):
        table = inference.table(current.path) if current.kind == "class" else None
        for index in table.children.get((current.index, name), ()) if table else ():
            if (current.path, index) == (method.path, method.index):
                return True
            if table is not None and not any(
                c.callee == f"super().{name}" and c.owner == index for c in table.calls.get(name, ())
            ):
                return False
    return False
