"""`functools.singledispatch`: the functions that are registered for some types, and run in place of the one that is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import EMPTY, Value, Values, unbound

if TYPE_CHECKING:
    from .evaluate import Inference

_DISPATCHING = ("singledispatch", "singledispatchmethod")
_REGISTER = ".register"
_MAX_FILES = 24


def implementations(inference: Inference, function: Value) -> Values:
    """The functions that a call of a function may enter instead, since they are registered with it."""
    table = inference.table(function.path)
    symbol = table.facts.symbols[function.index] if table is not None else None
    if symbol is None or not any(d.rpartition(".")[2] in _DISPATCHING for d in symbol.decorators):
        return EMPTY
    plain = unbound(function)

    def compute() -> Values:
        found = set()
        paths = inference.files_naming(symbol.name)
        for path in paths if len(paths) <= _MAX_FILES else [plain.path]:
            other = inference.table(path) if inference.spend(2) else None
            for index, one in enumerate(other.facts.symbols if other and "register" in other.decorators else ()):
                heads = [d for text in one.decorators if (d := registrar(text))] if one.is_callable else []
                if any(plain in map(unbound, inference.text(path, max(one.parent, 0), h, one.start)) for h in heads):
                    found.add(Value("function", path, index))
        return frozenset(found)

    return inference.once(("implementations", plain), compute)


def registrar(decorator: str) -> str:
    """`describe` of `@describe.register` and `@describe.register(str)`; "" of any other decorator."""
    called = decorator.partition("(")[0].strip()
    return called.removesuffix(_REGISTER) if called.endswith(_REGISTER) else ""


__all__ = ["implementations", "registrar"]
