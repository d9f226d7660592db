"""`functools.singledispatch`: the functions that are registered for types, and run instead of the one that is called."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ....types import Call, Parameter, Symbol
from ..classes.mro import lookup_order
from ..results.values import EMPTY, Value, Values, class_of, unbound

if TYPE_CHECKING:
    from ..inference import Inference

_DISPATCH_DECORATORS = ("singledispatch", "singledispatchmethod")
_REGISTER = ".register"
_MAX_FILES = 24
_CONTAINERS = frozenset("list tuple set frozenset dict Sequence Iterable Collection Mapping Set".split())
_TYPE = re.compile(r"[\w.| ]+")  # a text is the name under which something is registered
_WORD = re.compile(r"[^\W\d]\w*")


def dispatch_targets(inference: Inference, path: str, call: Call, function: Value) -> list[Value]:
    """The registered functions that a call may run, by the type of its first argument where that is known."""
    candidates = sorted(implementations(inference, function), key=lambda v: v[:3])
    if not candidates:
        return []
    call_context = inference.context(path, call.owner, call.start, call.end, call.line)
    node = call_context.source.tree if call_context is not None else None
    if call_context is None or not isinstance(node, ast.Call) or not node.args or isinstance(node.args[0], ast.Starred):
        return candidates
    types = [_types(inference, value) for value in inference.infer(node.args[0], call_context)]
    if not types or not all(types):
        return candidates
    return [
        candidate for candidate in candidates if any(_registered_types(inference, candidate) & names for names in types)
    ]


def _types(inference: Inference, value: Value) -> set[str]:
    """The names of the types of a value; empty where they are unknown."""
    if value.kind == "instance":
        return {_name(inference, c) for c in lookup_order(inference, class_of(value))}
    if value.kind in ("display", "typed"):
        return set(_CONTAINERS)
    head, _, name = value.path.partition(".")
    built_in = value.kind == "external" and head == "builtins" and name.endswith("()") and name[:-2].isidentifier()
    return {name[:-2]} if built_in else set()


def _name(inference: Inference, cls: Value) -> str:
    table = inference.table(cls.path) if cls.kind == "class" else None
    return table.facts.symbols[cls.index].name if table is not None else cls.path.rpartition(".")[2]


def _registered_types(inference: Inference, function: Value) -> set[str]:
    """The names of the types for which a function is registered, by its decorator or the annotation of its first parameter."""
    table = inference.table(function.path)
    symbol: Symbol | None = table.facts.symbols[function.index] if table is not None else None
    if symbol is None:
        return set()
    arguments = [text.partition("(")[2] for text in symbol.decorators if dispatcher_name(text)]
    explicit = next((text for text in arguments if text.strip(") ")), "")
    annotation = next((p.annotation for p in symbol.parameters if p.annotation), "") or ""
    return set(_WORD.findall(explicit or annotation))


def registered_type(symbol: Symbol, parameter: Parameter) -> str:
    """The type of a function's first parameter according to `@describe.register(str)`; "" for any other parameter."""
    types = [text.partition("(")[2].rstrip().removesuffix(")") for text in symbol.decorators if dispatcher_name(text)]
    positional = [p for p in symbol.parameters if p.name not in ("self", "cls")]
    return (
        " | ".join(t for t in types if _TYPE.fullmatch(t.strip())) if positional and positional[0] is parameter else ""
    )


def implementations(inference: Inference, function: Value) -> Values:
    """The functions that are registered with a dispatching function."""
    table = inference.table(function.path)
    symbol = table.facts.symbols[function.index] if table is not None else None
    if symbol is None or not any(d.rpartition(".")[2] in _DISPATCH_DECORATORS for d in symbol.decorators):
        return EMPTY
    dispatcher = unbound(function)

    def compute() -> Values:
        found = set()
        paths = inference.files_using_name(symbol.name)
        for path in paths if len(paths) <= _MAX_FILES else [dispatcher.path]:
            other = inference.table(path) if inference.spend(2) else None
            for index, registered in enumerate(other.facts.symbols if other and "register" in other.decorators else ()):
                dispatchers = (
                    [d for text in registered.decorators if (d := dispatcher_name(text))]
                    if registered.is_callable
                    else []
                )
                if any(
                    dispatcher
                    in map(unbound, inference.infer_text(path, max(registered.parent, 0), h, registered.start))
                    for h in dispatchers
                ):
                    found.add(Value("function", path, index))
        return frozenset(found)

    return inference.memoize(("implementations", dispatcher), compute)


def dispatcher_name(decorator: str) -> str:
    """`describe` of `@describe.register` and `@describe.register(str)`; "" for any other decorator."""
    called = decorator.partition("(")[0].strip()
    return called.removesuffix(_REGISTER) if called.endswith(_REGISTER) else ""


__all__ = ["dispatch_targets", "dispatcher_name", "implementations", "registered_type"]
