"""Settings that are assigned: constants of a module (`DEFAULT_TTL = 500`), entries of a table of defaults, what is looked up with a
default, and variables that are read from the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from ..listings.keyed_defaults import KeyedDefault, call_defaults, is_table, table_defaults
from .amounts import is_amount, is_amount_name
from .beside import string_below, with_comment
from .declared import LOOKED_UP, READ, Declared, bound_otherwise, declare, last_line, name_of
from .environment_reads import imported_from_os, read_keys
from .setting_classes import HOLDS_SETTINGS

_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_DEFAULT_NAME = re.compile(r"_*(?:DEFAULT_[A-Z0-9_]+|[A-Z0-9_]+_DEFAULT|default_\w+)")
_LOOKED_UP_IN = re.compile(r"\w*(?:config(?:uration)?|conf|cfg|settings|options|opts|preferences|defaults)", re.I)
_ENVIRONMENT = re.compile(r"environ|getenv")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_MAX_TABLE_VALUE, _FAMILY = 60, 4


def assigned_in(tree: ast.Module, lines: list[str], is_of_settings: bool) -> Iterator[Declared]:
    """Those of a file. `is_of_settings`: whether it is a module of settings, all of whose constants are some."""
    variables = list(_variables(tree, lines)) if any(map(_ENVIRONMENT.search, lines)) else []
    yield from variables
    read_on = {one.start for one in variables}
    yield from (one for one in _constants(tree, lines, is_of_settings) if one.start not in read_on)
    yield from _tables(tree, lines)
    yield from _looked_up(tree)


def _constants(tree: ast.Module, lines: list[str], is_of_settings: bool) -> Iterator[Declared]:
    """`DOWNLOAD_DELAY = 0` of a module of settings, `DEFAULT_DELAY = 0` and documented constants of any: the last assignment, without its
    value where another one follows under a condition."""
    found: dict[str, Declared] = {}
    codes = _codes(tree)
    for node, below in zip(tree.body, [*tree.body[1:], None], strict=True):
        bound = bound_otherwise(node)
        for name in found.keys() if "*" in bound else bound & found.keys():
            found[name] = replace(found[name], default="")
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if not isinstance(target, ast.Name) or not (
            _CONSTANT.fullmatch(target.id) or _DEFAULT_NAME.fullmatch(target.id)
        ):
            continue
        shown = [(node.lineno, last_line(node))]
        one = declare([target.id], target.id, node.value, string_below(below), "documentation", node, shown)
        one = one if one.quoted else with_comment(one, lines)
        is_private = target.id.startswith("_")
        if is_of_settings and not is_private:
            found[target.id] = one
        elif target.id not in codes and _is_setting(target.id, node.value, one):
            found[target.id] = replace(one, is_field=True, is_plain=True)
        else:
            found.pop(target.id, None)
    yield from found.values()


def _codes(tree: ast.Module) -> set[str]:
    """The constants that number what they name: several with one beginning, each another number: `EVENT_START = 1`, `EVENT_STOP = 2`."""
    families: dict[str, dict[str, str]] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(node, ast.Assign) and is_amount(node.value):
            first = target.id.strip("_").partition("_")[0]
            families.setdefault(first, {})[target.id] = ast.dump(node.value)
    return {
        name
        for first, family in families.items()
        if len(family) >= _FAMILY and len(set(family.values())) == len(family) and not is_amount_name(first)
        for name in family
    }


def _is_setting(name: str, value: ast.expr, one: Declared) -> bool:
    """Whether a constant of any module is something that one may want to set: a default, an amount, or a documented value."""
    is_plain = isinstance(value, (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.List, ast.Set))
    if _DEFAULT_NAME.fullmatch(name):
        return is_plain or is_amount(value) or isinstance(value, (ast.Name, ast.Attribute))
    if is_amount_name(name) and is_amount(value):
        return True
    return bool(one.quoted) and is_plain and not name.startswith("_")


def _tables(tree: ast.Module, lines: list[str]) -> Iterator[Declared]:
    """The entries of tables of defaults and settings: `DEFAULTS = {"size": 5}` in a module or class."""
    owners: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner in owners:
        for node in owner.body:
            if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = getattr(target, "id", "")
            if not is_table(name) and not (HOLDS_SETTINGS.fullmatch(name) and _has_plain_values(node.value)):
                continue
            table = f"{owner.name}.{name}" if isinstance(owner, ast.ClassDef) else name
            for entry in table_defaults(table, node.value):
                if "`" not in entry.table and entry.name.isprintable() and "`" not in entry.name:
                    yield _of_entry(entry, lines)


def _looked_up(tree: ast.Module) -> Iterator[Declared]:
    """What is looked up with a default in something that is named like what holds settings: `config.get("size", 5)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Attribute, ast.Name)):
            continue
        held = node.func.value if isinstance(node.func, ast.Attribute) else node.args[0] if node.args else None
        if held is None or not _LOOKED_UP_IN.fullmatch(name_of(held)):
            continue
        is_get = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
        if len(node.args) < 2 or (
            is_get and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
        ):
            continue  # `parser.get("section", "option")` has no default
        for entry in call_defaults(node):
            if 0 < len(entry.value) <= _MAX_TABLE_VALUE and "`" not in entry.value + entry.name:
                lines = ((entry.start, min(entry.end, entry.start + 3)),)
                yield Declared(
                    (entry.name,),
                    entry.name,
                    entry.value,
                    "",
                    "documentation",
                    entry.start,
                    entry.end,
                    lines,
                    (),
                    is_field=True,
                    is_plain=True,
                    said=LOOKED_UP,
                )


def _has_plain_values(value: ast.expr) -> bool:
    """Whether all values of a dictionary are written out: else they may describe options instead of being their values."""
    return isinstance(value, ast.Dict) and all(isinstance(v, ast.Constant) or is_amount(v) for v in value.values)


def _of_entry(entry: KeyedDefault, lines: list[str]) -> Declared:
    value = entry.value if len(entry.value) <= _MAX_TABLE_VALUE and "`" not in entry.value else ""
    shown = ((entry.start, entry.start),) if entry.end - entry.start > 3 else ((entry.start, entry.end),)
    value = value if shown[0][1] == entry.end else ""
    one = Declared(
        (entry.name,),
        entry.name,
        value,
        "",
        "documentation",
        entry.start,
        entry.end,
        shown,
        (),
        is_field=True,
        is_plain=True,
        holder=entry.table,
    )
    return with_comment(one, lines, 1)


def _variables(tree: ast.Module, lines: list[str]) -> Iterator[Declared]:
    """`PREFIX = os.environ.get("KIT_PREFIX", "kit")`, and other reads of the environment: each variable of the file once, where it
    has a default or documentation rather than where not."""
    from_os = imported_from_os(tree)
    found: dict[str, Declared] = {}
    for owner in ast.walk(tree):
        body = getattr(owner, "body", None)
        for statement, below in zip(body, [*body[1:], None], strict=True) if isinstance(body, list) else ():
            if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)) or statement.value is None:
                continue
            for node in ast.walk(statement.value):
                for one in _reads(node, statement, below, from_os):
                    one = one if one.quoted else with_comment(one, lines)
                    before = found.get(one.names[0])
                    if before is None or (not before.quoted and one.quoted) or (not before.default and one.default):
                        found[one.names[0]] = one
    yield from found.values()


def _reads(
    node: ast.AST,
    statement: ast.Assign | ast.AnnAssign | ast.Return | ast.Expr,
    below: ast.stmt | None,
    from_os: set[str],
) -> Iterator[Declared]:
    for key in read_keys(node, from_os) if isinstance(node, (ast.Call, ast.Subscript)) else ():
        variable = key.value if isinstance(key, ast.Constant) else None
        if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
            continue
        default = node.args[1] if isinstance(node, ast.Call) and len(node.args) > 1 and key is node.args[0] else None
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        name = targets[0].id if isinstance(targets[0], ast.Name) else variable
        shown = [(statement.lineno, last_line(statement))]
        one = declare(
            list(dict.fromkeys((variable, name))), name, default, string_below(below), "documentation", statement, shown
        )
        yield replace(one, is_field=True, is_plain=True, said=READ)
