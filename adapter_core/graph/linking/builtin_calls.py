"""Functions of the standard library that run special methods of what they are given."""

from __future__ import annotations

import re

# By the last name of the function: (place of the argument, None: of each; what is done to it), as `implicit.PROTOCOLS` names it.
Given = tuple[int | None, str]


def _first(runs: str, names: str) -> dict[str, tuple[Given, ...]]:
    return dict.fromkeys(names.split(), ((0, runs),))


BUILTINS: dict[str, tuple[Given, ...]] = {
    **_first("length", "len"), **_first("str", "str"), **_first("repr", "repr ascii"), **_first("truth", "bool"),
    **_first("hash", "hash"), **_first("int", "int"), **_first("float", "float"), **_first("complex", "complex"),
    **_first("bytes", "bytes"), **_first("format", "format"), **_first("abs", "abs"), **_first("round", "round"),
    **_first("reversed", "reversed"), **_first("iter", "iter"), **_first("next", "next"), **_first("aiter", "aiter"),
    **_first("anext", "anext"), **_first("dir", "dir"), **_first("index", "hex oct bin chr"), **_first("copy", "copy"),
    **_first("deepcopy", "deepcopy"), **_first("floor", "floor"), **_first("ceil", "ceil"), **_first("trunc", "trunc"),
    **_first("fspath", "fspath open"), **_first("iterate sized", "list tuple"),
    **_first("iterate", "set frozenset sum any all enumerate deque dict Counter"),
    **_first("with", "enter_context"), **_first("async with", "enter_async_context"),
    **dict.fromkeys(("sorted", "min", "max"), ((0, "iterate"), (0, "ordered"))),
    "print": ((None, "str"),), "range": ((None, "index"),), "zip": ((None, "iterate"),), "map": ((1, "iterate"),),
    "filter": ((1, "iterate"),), "isinstance": ((1, "instancecheck"),), "issubclass": ((1, "subclasscheck"),),
    "getattr": ((0, "get"),), "hasattr": ((0, "get"),), "setattr": ((0, "set"),), "delattr": ((0, "delete"),),
}  # fmt: skip

# Where they come from, if not from `builtins`.
MODULES = {
    "copy": "copy", "deepcopy": "copy", "floor": "math", "ceil": "math", "trunc": "math", "fspath": "os", "deque": "collections",
    "Counter": "collections",
}  # fmt: skip

FORMATS = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([a-zA-Z])")


def is_meant(name: str, path: str) -> bool:
    """Whether the dotted name of something outside the workspace is that of the function of this name."""
    if name in ("enter_context", "enter_async_context"):
        return path.endswith(f".{name}")
    return path == f"{MODULES.get(name, 'builtins')}.{name}"
