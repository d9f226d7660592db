"""The fields of classes that hold settings: `keep_alive: int = 5` in `class Config`, with the string below or the comment beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from ...inert import prose
from .declared import Declared, argument_of, bound_otherwise, declare, last_line, name_of
from .quotable import Lines

_HOLDS_SETTINGS = re.compile(r"\w*(?:settings|config(?:uration)?|conf|options|opts|preferences|defaults)", re.I)
_FIELD_CALLS = frozenset({"field", "Field", "attrib", "ib"})
_NO_COMMENT = re.compile(r"#+:?\s*(?:noqa|type:|pragma|pylint|mypy|ruff|fmt:|TODO|FIXME|XXX|!|-{3,}|={3,})", re.I)
_COMMENT = re.compile(r"(?<=\s)#+:? *(?P<text>[^#\"'\s](?:[^#\"']*[^#\"'\s])?)\s*\Z")
_LINE_COMMENT = re.compile(r"\s*#+:? *(?P<text>\S.*?)\s*\Z")
_MIN_WORDS, _MAX_CHARS, _MAX_LINES_ABOVE = 3, 300, 3


def fields_of_settings(node: ast.ClassDef, lines: list[str]) -> Iterator[Declared]:
    """The fields with a default of a class that is named like what holds settings, or is built on one: of each the last assignment, without
    its value where something else changes it."""
    if not any(_HOLDS_SETTINGS.fullmatch(name) for name in (node.name, *map(name_of, node.bases))):
        return
    found: dict[str, Declared] = {}
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
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        doc = below.value if isinstance(below, ast.Expr) and is_text else None
        shown = [(statement.lineno, last_line(statement))]
        one = declare([target.id], target.id, value, doc, "documentation", statement, shown)
        found[target.id] = replace(one if one.quoted else _with_comment(one, lines), is_field=True)
    for name in _set_by_constructor(node) & found.keys():
        found[name] = replace(found[name], default="")
    yield from found.values()


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
    """The default that an assigned value is, or gives: 5 of `5`, `field(default=5)` and `Field(5)`; None where it gives none."""
    if not isinstance(value, ast.Call) or name_of(value) not in _FIELD_CALLS:
        return value
    named = next((k.value for k in value.keywords if k.arg == "default"), None)
    first = argument_of(value, 0) if name_of(value) == "Field" else None
    return named or (None if isinstance(first, ast.Constant) and first.value is Ellipsis else first)


def _with_comment(one: Declared, lines: list[str]) -> Declared:
    """The same, documented by the comment behind it, else by the one right above it."""
    text, shown = _comment_at(lines, one.start, one.end)
    if not text or len(text) > _MAX_CHARS or len(text.split()) < _MIN_WORDS or re.search("[“”]", text):
        return one
    return replace(one, quoted=prose(text), word="comment", help_shown=(shown, *one.shown))


def _comment_at(lines: list[str], start: int, end: int) -> tuple[str, Lines]:
    behind = _COMMENT.search(lines[end - 1])
    if behind is not None and not _NO_COMMENT.match(lines[end - 1], behind.start()):
        return behind["text"], (end, end)
    above: list[str] = []
    first = start
    while (
        first > 1
        and (match := _LINE_COMMENT.match(lines[first - 2]))
        and not _NO_COMMENT.match(lines[first - 2].lstrip())
    ):
        above.insert(0, match["text"])
        first -= 1
    return (" ".join(above), (first, start - 1)) if 0 < len(above) <= _MAX_LINES_ABOVE else ("", (0, 0))
