"""Functions of the standard library that call special methods of their arguments, or the arguments themselves."""

from __future__ import annotations

import re

# By the last name of the function: (position of the argument, None: each one; its protocol, as in `implicit.targets.PROTOCOLS`).
ArgumentProtocol = tuple[int | None, str]


def _first(protocol: str, names: str) -> dict[str, tuple[ArgumentProtocol, ...]]:
    return dict.fromkeys(names.split(), ((0, protocol),))


BUILTINS: dict[str, tuple[ArgumentProtocol, ...]] = {
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

# Where the function stands among the arguments (a number, or a keyword), and how the rest becomes its arguments: "each": the
# elements of each following one; "fold": what came out last, and an element; "apply": those arguments themselves; "text": a match.
CALLERS: dict[str, tuple[int | str, str]] = {
    "builtins.map": (0, "each"), "builtins.filter": (0, "each"), "functools.reduce": (0, "fold"),
    "itertools.starmap": (0, "spread"), "itertools.takewhile": (0, "each"), "itertools.dropwhile": (0, "each"),
    "itertools.filterfalse": (0, "each"), "itertools.accumulate": (1, "fold"),
    "re.sub": (1, "text"), "re.subn": (1, "text"), "re.compile().sub": (0, "text"), "re.compile().subn": (0, "text"),
}  # fmt: skip
# Those whose `key` is called with each element of an argument, that at this place; where the key itself may stand without its name.
KEY_CALLERS = {
    "builtins.sorted": 0, "builtins.min": 0, "builtins.max": 0, "itertools.groupby": 0, "heapq.nsmallest": 1, "heapq.nlargest": 1,
    "bisect.insort": 0, "bisect.insort_left": 0, "bisect.insort_right": 0,
}  # fmt: skip
KEY_POSITIONS = {"itertools.groupby": 1, "heapq.nsmallest": 2, "heapq.nlargest": 2}
CALLER_NAMES = frozenset(n.rpartition(".")[2] for n in (*CALLERS, *KEY_CALLERS)) | {"sort", "iter"}
# Those that are called without a dot: `queryset.filter(…)` is none of them.
BUILT_IN_CALLERS = frozenset(n.rpartition(".")[2] for n in (*CALLERS, *KEY_CALLERS) if n.startswith("builtins.")) | {
    "iter"
}

FORMATS = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([a-zA-Z])")


def callback_positions(name: str) -> set[int | str]:
    """The positions and keywords at which a function of this name may get a callable that it calls."""
    positions: set[int | str] = {position for path, (position, _) in CALLERS.items() if path.rpartition(".")[2] == name}
    positions |= {position for path, position in KEY_POSITIONS.items() if path.rpartition(".")[2] == name}
    return {*positions, *((0,) if name == "iter" else ()), "key"}


def matches_name(name: str, path: str) -> bool:
    """Whether an external dotted name is that of the function `name`."""
    if name in ("enter_context", "enter_async_context"):
        return path.endswith(f".{name}")
    return path == f"{MODULES.get(name, 'builtins')}.{name}"
