"""Bindings of the patterns of a `match` statement: names, with the expression and the part of it that they get."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .fields import spelled

# `case str(text)` binds the value itself.
_WHOLE = frozenset("bool bytearray bytes dict float frozenset int list set str tuple".split())


class Captured(NamedTuple):
    """`name` is bound to part `path` of `value` (None: unknown). `kind` "except": to an instance of the class `value`."""

    name: str
    value: ast.expr | None
    kind: str
    path: str
    line: int


def captured(pattern: ast.pattern, subject: ast.expr) -> Iterator[Captured]:
    """The names that a pattern binds. Where the subject is a name, a class pattern also narrows it."""
    todo: list[tuple[ast.pattern, ast.expr | None, str, str]] = [(pattern, subject, "assign", "")]
    while todo:
        part, value, kind, path = todo.pop()
        if isinstance(part, ast.MatchAs):
            inner = part.pattern
            if part.name:
                if isinstance(inner, ast.MatchClass):
                    yield Captured(part.name, inner.cls, "except", "", part.lineno)
                else:
                    yield Captured(part.name, value, kind, path, part.lineno)
            if inner is not None:
                todo.append((inner, value, kind, path))
        elif isinstance(part, ast.MatchClass):
            if value is subject and not path and isinstance(subject, ast.Name):
                yield Captured(subject.id, part.cls, "except", "", part.lineno)
            for name, inner in zip(part.kwd_attrs, part.kwd_patterns, strict=True):
                todo.append((inner, part.cls, "except", f"@{name}"))
            if isinstance(part.cls, ast.Name) and part.cls.id in _WHOLE:
                todo += [(inner, value, kind, path) for inner in part.patterns]
            else:
                todo += [(inner, part.cls, "except", f"@{place}") for place, inner in enumerate(part.patterns)]
        elif isinstance(part, ast.MatchSequence):
            starred = False
            for number, inner in enumerate(part.patterns):
                after = len(part.patterns) - number - 1
                step = str(number - len(part.patterns) if starred else number)
                if isinstance(inner, ast.MatchStar):
                    starred, step = True, f"*{number}:{after}"
                todo.append((inner, value, kind, _join(path, step)))
        elif isinstance(part, ast.MatchMapping):
            for key, inner in zip(part.keys, part.patterns, strict=True):
                is_attribute_key = isinstance(key, ast.Constant) and isinstance(key.value, str) and "." not in key.value
                step = spelled(key) if is_attribute_key else ""
                todo.append((inner, value if step else None, kind, _join(path, step)))
            if part.rest:
                yield Captured(part.rest, value, kind, path, part.lineno)
        elif isinstance(part, ast.MatchStar) and part.name:
            yield Captured(part.name, value, kind, path, part.lineno)
        elif isinstance(part, ast.MatchOr):
            todo += [(inner, value, kind, path) for inner in part.patterns]


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step
