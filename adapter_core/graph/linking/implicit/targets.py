"""The targets of implicit calls: which functions the operations of a file (`local/implicit_sites.py`) call."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..calls import callbacks, calling
from ..calls.sites import Targets, targets_of
from ..classes import attributes, hierarchy, metaclasses
from ..classes.abstract import is_abstract
from ..classes.mro import lookup_order
from ..local.builtin_calls import matches_name
from ..local.implicit_sites import NOWHERE, Operation
from ..local.tables import instance_class
from ..results.values import EMPTY, MANY, OTHER, Value, Values, instance, unbound, union
from .special import MethodLookup, Runs, accessor_functions, is_dataclass, method_in_order, special

if TYPE_CHECKING:
    from ..inference import Inference

# The methods that a protocol calls: for each step the candidates, of which the first that the class has is called.
PROTOCOLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "with": (("__enter__",), ("__exit__",)), "async with": (("__aenter__",), ("__aexit__",)), "await": (("__await__",),),
    "next": (("__next__",),), "anext": (("__anext__",),), "mapping": (("keys",), ("__getitem__",)),
    "setitem": (("__setitem__",),), "delitem": (("__delitem__",),), "length": (("__len__",),), "truth": (("__bool__", "__len__"),),
    "str": (("__str__", "__repr__"),), "repr": (("__repr__",),), "format": (("__format__", "__str__", "__repr__"),),
    "hash": (("__hash__",),), "int": (("__int__", "__index__", "__trunc__"),), "float": (("__float__", "__index__"),),
    "complex": (("__complex__", "__float__", "__index__"),), "bytes": (("__bytes__",),), "abs": (("__abs__",),),
    "round": (("__round__",),), "dir": (("__dir__",),), "index": (("__index__",),), "floor": (("__floor__",),),
    "ceil": (("__ceil__",),), "trunc": (("__trunc__",),), "fspath": (("__fspath__",),), "copy": (("__copy__",),),
    "deepcopy": (("__deepcopy__",),), "instancecheck": (("__instancecheck__",),), "subclasscheck": (("__subclasscheck__",),),
}  # fmt: skip
_KEPT_BASES = ("__prepare__", "__new__", "__init__")
# What any value allows: where it may be something from outside, too, most often it is.
_ANY = frozenset({"truth", "length", "str", "repr", "format", "compare", "hash", "key", "ordered"})
_CALLED = frozenset({"function", "lambda", "class", "instance", "partial"})
_POST_INIT = ("__post_init__", "__attrs_post_init__")


class ImplicitCall(NamedTuple):
    """One method that an operation calls, and its targets."""

    operation: Operation
    method: str
    targets: Targets

    @property
    def callee(self) -> str:
        """As a call of it would be written: `self.lock.__enter__`; for an attribute as it stands."""
        operation = self.operation
        if operation.protocol in ("class", "raise", "callback"):
            return operation.text
        if operation.protocol in ("get", "set", "delete"):
            return f"{operation.text}.{operation.name}"
        reflected = self.method.startswith("__r") and operation.kind == "operator"
        return f"{operation.second if reflected else operation.text}.{self.method}"


def implicit_calls(inference: Inference, path: str, operation: Operation) -> list[ImplicitCall]:
    """The implicit calls of an operation, by method."""
    found: list[ImplicitCall] = []
    for method, values in functions_run(inference, path, operation).items():
        reached = targets_of(inference, values)
        if reached.entered:
            found.append(ImplicitCall(operation, method, reached))
    return found


def functions_run(inference: Inference, path: str, operation: Operation) -> Runs:
    """The functions that an operation calls, by the name of the method. `OTHER` is among the values where it may also be something
    unknown."""
    if operation.protocol == "class":
        return _class_statement(inference, Value("class", path, operation.start))
    if operation.kind == "built-in" and not _is_built_in(inference, path, operation):
        return {}
    values = _value(inference, path, operation, operation.start, operation.end)
    if operation.protocol in _ANY and any(v.kind in ("external", "other", "many") for v in values):
        return {}
    handler = _HANDLERS.get(operation.protocol, _protocol)
    by_method: dict[str, list[Values]] = {}
    for method, functions in handler(inference, path, operation, values):
        if functions:
            by_method.setdefault(method, []).append(functions)
    maybe_other = frozenset({OTHER}) if OTHER in values or MANY in values else EMPTY
    return {method: union([*parts, maybe_other]) for method, parts in by_method.items()}


MethodTargets = list[tuple[str, Values]]


def _value(inference: Inference, path: str, operation: Operation, start: int, end: int) -> Values:
    return inference.infer_at(path, operation.owner, start, end, operation.line)


def _other(inference: Inference, path: str, operation: Operation) -> Values:
    return EMPTY if operation.other == NOWHERE else _value(inference, path, operation, *operation.other)


def _is_built_in(inference: Inference, path: str, operation: Operation) -> bool:
    called = _other(inference, path, operation)
    if operation.protocol in ("get", "set", "delete"):
        return any(v.path in (f"builtins.{p}attr" for p in ("get", "set", "has", "del")) for v in called)
    return any(v.kind == "external" and matches_name(operation.name, v.path) for v in called)


def first_method(inference: Inference, value: Value, methods: tuple[str, ...]) -> tuple[str, MethodLookup]:
    """The first of some methods that the class of a value has; the name is "" where it has none, or where that is unknown."""
    for method in methods:
        found = special(inference, value, method)
        # Hardly any external class defines `__bool__`; most define how they are formatted.
        if found.values or (found.conclusive and method != "__bool__"):
            return (method if found.values else ""), found
    return "", MethodLookup(EMPTY, False)


def _protocol(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    found: MethodTargets = []
    for step in PROTOCOLS[operation.protocol]:
        for value in values:
            method, functions = first_method(inference, value, step)
            found.append((method, functions.values))
    if operation.protocol in ("with", "next", "anext") or operation.protocol == "async with":
        found += _generators(inference, operation, values)
    return found


def _generators(inference: Inference, operation: Operation, values: Values) -> MethodTargets:
    """Advancing a generator runs its body. For a generator that is called on the spot, the call itself is that site."""
    found: MethodTargets = []
    for value in () if operation.direct else values:
        table = inference.table(value.path) if value.kind == "generator" else None
        if table is not None:
            name = table.facts.symbols[value.index].name
            found.append((name, frozenset({Value("function", value.path, value.index)})))
    return found


def _iterate(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    later = "__aiter__" if operation.protocol in ("async iterate", "aiter") else "__iter__"
    following = "__anext__" if later == "__aiter__" else "__next__"
    found = _generators(inference, operation, values) if operation.protocol not in ("iter", "aiter") else []
    for value in values:
        if operation.protocol == "iterate sized":
            found.append(("__len__", special(inference, value, "__len__").values))
        method, functions = first_method(inference, value, (later, "__getitem__"))
        found.append((method, functions.values))
        if method == later and operation.protocol not in ("iter", "aiter"):
            for iterator in inference.call_results(functions.values):
                found.append((following, special(inference, iterator, following).values))
    return found


def _reversed(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    found: MethodTargets = []
    for value in values:
        method, functions = first_method(inference, value, ("__reversed__",))
        if method:
            found.append((method, functions.values))
        elif not functions.conclusive:
            found += [(name, special(inference, value, name).values) for name in ("__len__", "__getitem__")]
    return found


def _contains(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    found: MethodTargets = []
    for value in values:
        method, functions = first_method(inference, value, ("__contains__",))
        if method:
            found.append((method, functions.values))
        elif not functions.conclusive:
            found += _iterate(inference, path, operation._replace(protocol="iterate"), frozenset({value}))
    return found


def _attribute(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    found: MethodTargets = []
    table = inference.table(path)
    cls = instance_class(table.facts, operation.owner, operation.text) if table is not None else None
    declaring = frozenset() if cls is None else frozenset({instance(Value("class", path, cls))})
    if hierarchy.is_mangled(operation.name):
        values = attributes.defining_class(inference, values, path, operation.owner)
    for value in values | declaring:
        by_method = accessor_functions(inference, value, operation.name, operation.protocol)
        if "__getattr__" in by_method and table is not None and table.attribute_flows(operation.name):
            continue  # an attribute of this name is assigned somewhere, so it exists
        if value in declaring - values:
            # As of a call of `self.hook()`: a reader is led to where the class declares it, too.
            by_method = {
                m: f for m, f in by_method.items() if all(is_abstract(inference, unbound(function)) for function in f)
            }
        found += by_method.items()
    return found


def _getitem(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    found: MethodTargets = []
    for value in values:
        if value.kind == "class":
            metamethod = special(inference, value, "__getitem__")
            found.append(("__getitem__", metamethod.values))
            if not metamethod.values:
                order = lookup_order(inference, value)
                found.append(
                    ("__class_getitem__", method_in_order(inference, order, value, "__class_getitem__").values)
                )
            continue
        functions = special(inference, value, "__getitem__")
        found.append(("__getitem__", functions.values))
        if functions.conclusive and not functions.values:
            found.append(("__missing__", special(inference, value, "__missing__").values))
    return found


def _key(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """A key is hashed where it is looked up in a dictionary, and converted by `__index__` in a list."""
    holders = _other(inference, path, operation) if any(v.kind == "instance" for v in values) else EMPTY
    if not any(v.kind in ("display", "typed") for v in holders):
        return []
    found: MethodTargets = []
    for value in values:
        method, functions = first_method(inference, value, ("__index__", "__hash__"))
        found.append((method, functions.values))
    return found


def _ordered(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """`sorted(x)` compares the elements."""
    method = "__gt__" if operation.name == "max" else "__lt__"
    reflected = "__lt__" if operation.name == "max" else "__gt__"
    found: MethodTargets = []
    for element in inference.elements(values):
        name, functions = first_method(inference, element, (method, reflected))
        found.append((name, functions.values))
    return found


def _operator(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """`a + b`: `a.__add__(b)`; where `a` has none, `b.__radd__(a)`. `a += b` tries `a.__iadd__(b)` first."""
    name = operation.name
    methods = (f"__i{name}__", f"__{name}__") if operation.protocol == "inplace" else (f"__{name}__",)
    return _both(inference, path, operation, values, methods, (f"__r{name}__",))


def _compare(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    left, right = operation.name.split()
    methods = ("__ne__", "__eq__") if left == "ne" else (f"__{left}__",)
    reflected = ("__ne__", "__eq__") if right == "ne" else (f"__{right}__",)
    return _both(inference, path, operation, values, methods, reflected)


def _both(
    inference: Inference, path: str, operation: Operation, values: Values, methods: tuple[str, ...], reflected: tuple[str, ...]
) -> MethodTargets:  # fmt: skip
    found: MethodTargets = []
    try_reflected = False
    for value in values:
        method, functions = first_method(inference, value, methods)
        found.append((method, functions.values))
        built_in = value.kind in ("display", "typed") or value.path.startswith("builtins.")
        try_reflected = try_reflected or (
            not method and ((value.kind == "instance" and not functions.conclusive) or built_in)
        )
    for value in _other(inference, path, operation) if try_reflected else ():
        method, functions = first_method(inference, value, reflected)
        found.append((method, functions.values))
    return found


def _unary(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    method = f"__{operation.name}__"
    return [(method, special(inference, v, method).values) for v in values]


def _raise(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """`raise Missing` instantiates the class."""
    return [("", frozenset({v for v in values if v.kind == "class"}))]


def _callback(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """`sorted(values, key=f)` calls `f`."""
    context = inference.context(path, operation.owner, *operation.other, operation.line)
    node = context.source.tree if context is not None else None
    called = frozenset(v for v in values if v.kind in _CALLED)
    if not called or context is None or not isinstance(node, ast.Call):
        return []
    arguments = callbacks.callback_arguments(inference.infer(node.func, context), node)
    spans = [context.source.span(argument) for argument in arguments]
    return [("", called)] if (operation.start - context.base, operation.end - context.base) in spans else []


def _named(inference: Inference, functions: Values) -> MethodTargets:
    found: MethodTargets = []
    for function in sorted(functions, key=lambda v: v[:3]):
        table = inference.table(function.path) if function.kind == "function" else None
        if table is not None:
            found.append((table.facts.symbols[function.index].name, frozenset({function})))
    return found


def _construct(inference: Inference, path: str, operation: Operation, values: Values) -> MethodTargets:
    """The hooks that a generated `__init__` calls."""
    found: MethodTargets = []
    for cls in values:
        order = lookup_order(inference, cls) if cls.kind == "class" else []
        if not any(c.kind == "class" and (t := inference.table(c.path)) and is_dataclass(t, c) for c in order):
            continue
        if any(name == "__init__" for name, _ in _named(inference, calling.constructors(inference, cls))):
            continue
        receiver = instance(cls)
        found += [(method, method_in_order(inference, order, receiver, method).values) for method in _POST_INIT]
    return found


def _class_statement(inference: Inference, cls: Value) -> Runs:
    """The methods of its metaclass, the nearest inherited `__init_subclass__`, and `__set_name__` of the values bound in it."""
    found: Runs = {}
    meta = metaclasses.metaclass(inference, cls)
    for method in _KEPT_BASES if meta is not None else ():
        found[method] = method_in_order(inference, lookup_order(inference, meta), cls, method).values  # type: ignore[arg-type]
    above = lookup_order(inference, cls)[1:]
    found["__init_subclass__"] = method_in_order(inference, above, cls, "__init_subclass__").values
    table = inference.table(cls.path)
    members = table.members.get(cls.index, ()) if table is not None else ()
    names = dict.fromkeys(table.facts.symbols[i].name for i in members) if table is not None else {}
    if table is not None and any(table.facts.symbols[i].kind == "enum_member" for i in members):
        for method in ("__new__", "__init__"):
            found[method] = method_in_order(inference, [cls, *above], instance(cls), method).values
    parts: list[Values] = []
    for name in names:
        for value in (inference.infer_binding(table, cls.index, name) or ()) if table is not None else ():
            if value.kind == "instance":
                parts.append(special(inference, value, "__set_name__").values)
    found["__set_name__"] = union(parts)
    return {method: functions for method, functions in found.items() if functions}


_Handler = Callable[["Inference", str, Operation, Values], MethodTargets]
_HANDLERS: dict[str, _Handler] = {
    "ordered": _ordered, "iterate": _iterate, "async iterate": _iterate, "iterate sized": _iterate, "iter": _iterate,
    "aiter": _iterate, "reversed": _reversed,
    "contains": _contains, "get": _attribute, "set": _attribute, "delete": _attribute, "getitem": _getitem, "key": _key,
    "operator": _operator, "inplace": _operator, "compare": _compare, "unary": _unary, "raise": _raise, "callback": _callback,
    "construct": _construct,
}  # fmt: skip
