"""What code falls back to under a name that is a text: `get("timeout", 3)`, `getattr(o, "timeout", 3)`, a table of defaults."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of

# Position of the value among the arguments, where the name is the one before it.
_CALLS = {"get": 1, "pop": 1, "setdefault": 1, "getattr": 2}
_TABLE = re.compile(r"defaults?(?:_|\b|[A-Z])|(?:^|_)DEFAULTS?(?:_|$)|Default")
_MESSAGES = re.compile(r"(?:messages?|errors?)$", re.IGNORECASE)  # these are said of things, and not what they are
_OPTION = frozenset({"add_argument", "add_option", "option", "Option", "Argument", "argument"})


@dataclass(frozen=True, slots=True)
class KeyedDefault:
    """`name` falls back to `value` (as written) on the lines `start..end`; `table`: the name of the table of defaults that it stands in."""

    name: str
    value: str
    start: int
    end: int
    table: str = ""


@request_cache(16)
def keyed_defaults(text: str) -> tuple[KeyedDefault, ...]:
    """Those of a file, in order; none where it does not parse."""
    tree = outline_of(text).tree
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call):
            found += _of_call(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [getattr(t, "id", "") or getattr(t, "attr", "") for t in targets]
            found += _of_table(next((name for name in names if _is_table(name)), ""), node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_table(node.name):
            results = [n.value for n in node.body if isinstance(n, ast.Return) and n.value is not None]
            found += [one for value in results for one in _of_table(node.name, value)]
    return tuple(sorted(found, key=lambda d: (d.start, d.name)))


def _of_call(call: ast.Call) -> list[KeyedDefault]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function in _OPTION:
        values = [k.value for k in call.keywords if k.arg == "default"]
        texts = [t for t in map(_text, call.args) if t]
        names = [t.lstrip("-").replace("-", "_") for t in texts if not t.startswith("-") or t.startswith("--")]
        return [_default(name, value, call) for name in names for value in values]
    place = _CALLS.get(function)
    if place is None or len(call.args) != place + 1 or call.keywords:
        return []
    name = _text(call.args[place - 1])
    return [_default(name, call.args[place], call)] if name else []


def _is_table(name: str) -> bool:
    return bool(_TABLE.search(name)) and not _MESSAGES.search(name)


def _of_table(table: str, value: ast.expr) -> list[KeyedDefault]:
    """The entries of what is called a table of defaults: a dictionary, also with others in it, or a sequence of pairs."""
    found: list[KeyedDefault] = []
    waiting = _entries(value) if table else []
    while waiting:
        name, entry, line = waiting.pop()
        inner = _entries(entry) if isinstance(entry, ast.Dict) else []
        waiting += inner
        if name and not inner:
            found.append(KeyedDefault(name, ast.unparse(entry), line, entry.end_lineno or entry.lineno, table))
    return found


def _entries(value: ast.expr) -> list[tuple[str, ast.expr, int]]:
    """(key, value, line) of the entries whose keys are texts."""
    if isinstance(value, ast.Dict):
        keys = [(key, entry) for key, entry in zip(value.keys, value.values, strict=True) if key is not None]
        return [(_text(key), entry, key.lineno) for key, entry in keys]
    if isinstance(value, ast.Call):
        is_dict = isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args
        return [(k.arg or "", k.value, k.lineno) for k in value.keywords] if is_dict else []
    pairs = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    return [
        (_text(pair.elts[0]), pair.elts[1], pair.lineno)
        for pair in pairs
        if isinstance(pair, (ast.Tuple, ast.List)) and len(pair.elts) == 2
    ]


def _default(name: str, value: ast.expr, around: ast.Call) -> KeyedDefault:
    return KeyedDefault(name, ast.unparse(value), around.lineno, around.end_lineno or around.lineno)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


__all__ = ["KeyedDefault", "keyed_defaults"]
