"""The attributes of classes that are settings: `keep_alive: int = 5` in `class Config`, and in any class what is documented as something to
set or is an amount: `timeout = 300`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from .amounts import is_amount, is_amount_name
from .beside import entries_of, string_below, with_comment, with_entry
from .declared import Declared, argument_of, bound_otherwise, declare, last_line, name_of

HOLDS_SETTINGS = re.compile(r"\w*(?:settings|config(?:uration)?|conf|options|opts|preferences|defaults)", re.I)
_AT_START = frozenset({"0", "0.0", "-1"})  # what counters and the like begin with
_FIELD_CALLS = frozenset({"field", "Field", "attrib", "ib"})
# Their members and keys are values, or describe what others hold.
_NO_SETTINGS = re.compile(r"(?:Int|Str)?(?:Enum|Flag)|TypedDict|NamedTuple|TestCase|\w*Choices")


def fields_of_settings(node: ast.ClassDef, lines: list[str]) -> Iterator[Declared]:
    """The attributes with a default of a class that is named like what holds settings, or is built on one, and of any other those that are
    documented or amounts: of each the last assignment, without its value where something else changes it."""
    bases = [*map(name_of, node.bases)]
    if any(_NO_SETTINGS.fullmatch(name) for name in bases):
        return
    holds = any(HOLDS_SETTINGS.fullmatch(name) for name in (node.name, *bases))
    found: dict[str, Declared] = {}
    docstring = ast.get_docstring(node, clean=False) or ""
    targets = (n for s in node.body if isinstance(s, (ast.Assign, ast.AnnAssign)) for n in ast.walk(s))
    has_entries = any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in docstring for n in targets)
    entries = entries_of(node, lines) if has_entries else {}
    for statement, below in zip(node.body, [*node.body[1:], None], strict=True):
        for name in bound_otherwise(statement) & found.keys():
            found[name] = replace(found[name], default="")
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        value = _default_of(statement.value)
        if not isinstance(target, ast.Name) or target.id.startswith("_"):
            continue
        if isinstance(value, ast.Lambda) or (isinstance(value, ast.Call) and name_of(value) in ("property", "dict")):
            continue
        shown = [(statement.lineno, last_line(statement))]
        one = declare([target.id], target.id, value, string_below(below), "documentation", statement, shown)
        one = one if one.quoted else with_entry(one, entries)
        one = one if one.quoted else with_comment(one, lines)
        if (
            holds
            or (one.quoted and one.default)
            or (is_amount_name(target.id) and is_amount(value) and one.default not in _AT_START)
        ):
            found[target.id] = replace(one, is_field=True, is_plain=not holds)
        else:
            found.pop(target.id, None)
    for name in _set_by_constructor(node) & found.keys() if found else ():
        found[name] = replace(found[name], default="")
    yield from found.values()
    properties = (_of_property(s) for s in node.body if holds and isinstance(s, ast.FunctionDef))
    yield from (one for one in properties if one is not None)


def _set_by_constructor(node: ast.ClassDef) -> set[str]:
    """The attributes that a class sets for each of its objects."""
    constructors = (s for s in node.body if isinstance(s, ast.FunctionDef) and s.name in ("__init__", "__post_init__"))
    return {
        part.attr
        for constructor in constructors
        for part in ast.walk(constructor)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }


def _default_of(value: ast.expr) -> ast.expr | None:
    """The default that an assigned value is, or gives: 5 of `5`, `field(default=5)`, `IntParameter(default=5)` and `Field(5)`; None where a
    field gives none."""
    if not isinstance(value, ast.Call):
        return value
    named = next((k.value for k in value.keywords if k.arg == "default"), None)
    if named is not None or name_of(value) not in _FIELD_CALLS:
        return named or value
    first = argument_of(value, 0) if name_of(value) == "Field" else None
    return None if isinstance(first, ast.Constant) and first.value is Ellipsis else first


def _of_property(node: ast.FunctionDef) -> Declared | None:
    """A property of a class of settings that returns a value that is written out, with its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    result = body[0] if len(body) == 1 else None
    if not any(name_of(d) in ("property", "cached_property") for d in node.decorator_list) or not isinstance(
        result, ast.Return
    ):
        return None
    value = result.value
    if not isinstance(value, (ast.Constant, ast.Tuple, ast.List)) and not is_amount(value):
        return None
    first = min(node.lineno, node.decorator_list[0].lineno)
    shown = [(first, node.lineno), (result.lineno, last_line(result))]
    one = declare([node.name], node.name, value, string_below(node.body[0]), "documentation", node, shown)
    return replace(one, is_field=True)
