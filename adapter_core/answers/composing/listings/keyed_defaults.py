"""Default values under a string key: `get("timeout", 3)`, `getattr(o, "timeout", 3)`, tables of defaults."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ...unparsing import short_code

# The position of the default among the arguments; the key is the argument before it.
_LOOKUP_CALLS = {"get": 1, "pop": 1, "setdefault": 1, "getattr": 2}
_TABLE_NAME = re.compile(r"defaults?(?:_|\b|[A-Z])|(?:^|_)DEFAULTS?(?:_|$)|Default")
_MESSAGE_TABLE = re.compile(
    r"(?:messages?|errors?)$", re.IGNORECASE
)  # tables of messages about names, not of their values
_OTHER_THAN_DEFAULT = re.compile(
    r"(?:^|_)(?:non?|not|old|over\w*|without)_?defaults?(?:_|$)|(?:non?|not|over\w*)Default", re.I
)
_MAX_VALUE = 400
_OPTION_CALLS = frozenset({"add_argument", "add_option", "option", "Option", "Argument", "argument"})


@dataclass(frozen=True, slots=True)
class KeyedDefault:
    """The default `value` (as written, "" if it is long) of the key `name` on the lines `start..end`. `table`: the table of defaults that
    has it, or "": `DEFAULTS`, or `DEFAULTS["db"]` with the `outer` lines of the keys."""

    name: str
    value: str
    start: int
    end: int
    table: str = ""
    outer: tuple[int, ...] = ()


@request_cache(16)
def keyed_defaults(text: str) -> tuple[KeyedDefault, ...]:
    """The keyed defaults of a file, in order; empty if it does not parse."""
    tree = outline_of(text).tree
    defaults = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call):
            defaults += call_defaults(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [getattr(t, "id", "") or getattr(t, "attr", "") for t in targets]
            defaults += table_defaults(next((name for name in names if is_table(name)), ""), node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and is_table(node.name):
            results = [n.value for n in node.body if isinstance(n, ast.Return) and n.value is not None]
            defaults += [default for value in results for default in table_defaults(node.name, value, is_function=True)]
    return tuple(sorted(defaults, key=lambda d: (d.start, d.name)))


def call_defaults(call: ast.Call) -> list[KeyedDefault]:
    """The default that a call looks a name up with, or declares an option with."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function in _OPTION_CALLS:
        values = [k.value for k in call.keywords if k.arg == "default"]
        texts = [t for t in map(_text, call.args) if t]
        names = [t.lstrip("-").replace("-", "_") for t in texts if not t.startswith("-") or t.startswith("--")]
        return [_default(name, value, call) for name in names for value in values]
    position = _LOOKUP_CALLS.get(function)
    if isinstance(call.func, ast.Attribute) and _holds_names(call.func.value):
        return []
    if position is None or len(call.args) != position + 1 or call.keywords:
        return []
    name = _text(call.args[position - 1])
    return [_default(name, call.args[position], call)] if name else []


def _holds_names(node: ast.expr) -> bool:
    """Whether a mapping has the attributes of an object or the names of a scope: `cls.__dict__`, `vars(module)`, `globals()`."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in ("vars", "globals", "locals")
    return getattr(node, "attr", "") in ("__dict__", "modules")


def is_table(name: str) -> bool:
    """Whether a name is that of a table of defaults."""
    return bool(_TABLE_NAME.search(name)) and not (_MESSAGE_TABLE.search(name) or _OTHER_THAN_DEFAULT.search(name))


def table_defaults(table: str, value: ast.expr, is_function: bool = False) -> list[KeyedDefault]:
    """The entries of a table of defaults: a dictionary, perhaps nested, or a sequence of pairs."""
    defaults: list[KeyedDefault] = []
    pending: list[tuple[str, tuple[int, ...], tuple[str, ast.expr, int]]] = []
    pending += [(table, (), entry) for entry in _entries(value)] if table else []
    while pending:
        owner, outer, (name, entry, line) = pending.pop()
        nested = _entries(entry) if isinstance(entry, ast.Dict) else []
        called = "()" if is_function and not outer else ""
        pending += [(f'{owner}{called}["{name}"]', (*outer, line), inner) for inner in nested]
        if name and not nested:
            end = entry.end_lineno or entry.lineno
            defaults.append(KeyedDefault(name, short_code(entry, _MAX_VALUE), line, end, owner, outer))
    return defaults


def _entries(value: ast.expr) -> list[tuple[str, ast.expr, int]]:
    """(key, value, line) of the entries; the key is "" if it is no string literal."""
    if isinstance(value, ast.Dict):
        keys = [(key, entry) for key, entry in zip(value.keys, value.values, strict=True) if key is not None]
        return [(_text(key), entry, key.lineno) for key, entry in keys]
    if isinstance(value, ast.Call) and len(value.args) == 1 and isinstance(value.args[0], ast.Dict):
        return _entries(value.args[0]) if not value.keywords else []
    if isinstance(value, ast.Call):
        is_dict = isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args
        return [(k.arg or "", k.value, k.lineno) for k in value.keywords] if is_dict else []
    pairs = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    return [
        (_text(pair.elts[0]), pair.elts[1], pair.lineno)
        for pair in pairs
        if isinstance(pair, (ast.Tuple, ast.List)) and len(pair.elts) == 2
    ]


def _default(name: str, value: ast.expr, call: ast.Call) -> KeyedDefault:
    return KeyedDefault(name, short_code(value, _MAX_VALUE), call.lineno, call.end_lineno or call.lineno)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


__all__ = ["KeyedDefault", "call_defaults", "is_table", "keyed_defaults", "table_defaults"]
