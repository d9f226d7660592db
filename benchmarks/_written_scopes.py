"""What is written in the files of a suite: its scopes as the compiler makes code objects of them, and what stands where a call happens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """The identity of a code object."""

    path: str
    qualname: str
    line: int  # co_firstlineno: that of the first decorator, where there is one


@dataclass
class Scope:
    """A piece of source that is compiled to a code object of its own."""

    key: Key
    kind: str  # module | class | function | generator | coroutine | async generator | lambda | comprehension
    line: int  # of `def` or `class`
    body: range
    parent: Scope | None

    @property
    def owner_scope(self) -> Scope:
        """The scope to which calls in this one are attributed: comprehensions belong to the enclosing scope."""
        scope = self
        while scope.kind == "comprehension" and scope.parent:
            scope = scope.parent
        return scope

    @property
    def is_function(self) -> bool:
        return self.kind in ("function", "generator", "coroutine", "async generator")

    @property
    def is_body(self) -> bool:
        return self.kind in ("module", "class")


Position = tuple[int, int, int, int]


@dataclass
class Text:
    """One file as its syntax tree shows it."""

    path: str
    scopes: dict[Key, Scope] = field(default_factory=dict)
    # Where a call, a decorator, an attribute, an `await`, a `with` or a `class` stands, and the name that is written there.
    calls: dict[Position, str] = field(default_factory=dict)
    decorators: dict[Position, str] = field(default_factory=dict)
    attributes: dict[Position, str] = field(default_factory=dict)
    awaits: dict[Position, str] = field(default_factory=dict)
    statements: dict[Position, str] = field(default_factory=dict)

    def owners(self) -> dict[int, Scope]:
        """For each line, the innermost function whose body contains it. A `def` line belongs to the enclosing scope."""
        found: dict[int, Scope] = {}
        for scope in self.scopes.values():  # outer ones come first
            # Of a function that is all on one line, coverage cannot tell whether the line defined it or ran it, except
            # where defining happens at import.
            if scope.is_function and (scope.body.start > scope.line or not _inside_function(scope)):
                found.update(dict.fromkeys(scope.body, scope))
        return found


def _inside_function(scope: Scope) -> bool:
    parent = scope.parent
    while parent and parent.kind == "class":
        parent = parent.parent
    return parent is not None and parent.kind != "module"


class _Reader:
    """Fills a `Text`. Qualified names and first lines are formed as the compiler of Python 3.11 forms them."""

    def __init__(self, text: Text, tree: ast.Module):
        self.text = text
        self.scope = self._add("<module>", "module", 1, 1, range(0), None)
        self._read_all(ast.iter_child_nodes(tree))

    def _read_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self._read(node)

    def _read(self, node: ast.AST) -> None:
        text = self.text
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._read_definition(node)
                return
            case ast.Lambda():
                self._read(node.args)  # default values are evaluated outside
                self._enter(node, "<lambda>", "lambda", range(0), [node.body])
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                first, *rest = ast.iter_child_nodes(node)
                generator = node.generators[0]
                self._read(generator.iter)  # the first iterable is evaluated outside
                inner = [generator.target, *generator.ifs, first, *(n for n in rest if n is not generator)]
                self._enter(node, _COMPREHENSIONS[type(node)], "comprehension", range(0), inner)
                return
            case ast.Yield() | ast.YieldFrom():
                self.scope.kind = _WITH_YIELD.get(self.scope.kind, self.scope.kind)
            case ast.Call():
                text.calls[_position(node)] = _name(node.func)
            case ast.Attribute():
                text.attributes[_position(node)] = node.attr
            case ast.Await():
                text.awaits[_position(node)] = _name(node.value)
            case ast.With() | ast.AsyncWith():
                text.statements[_position(node)] = "with"
        self._read_all(ast.iter_child_nodes(node))

    def _read_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.text.decorators[_position(decorator)] = _name(decorator)
        if isinstance(node, ast.ClassDef):
            self.text.statements[_position(node)] = "class"
        # Decorators, default values, annotations and base classes are evaluated outside.
        self._read_all(n for n in ast.iter_child_nodes(node) if n not in node.body)
        # With nothing but a docstring in it, what runs is a return that the compiler puts on the first line.
        empty = len(node.body) == 1 and ast.get_docstring(node, clean=False) is not None
        body = range(_first_line(node if empty else node.body[0]), (node.end_lineno or node.lineno) + 1)
        self._enter(node, node.name, _DEFINITIONS[type(node)], body, node.body)

    def _enter(self, node: Any, name: str, kind: str, body: range, inner: Iterable[ast.AST]) -> None:
        parent = self.scope
        if parent.kind == "module":
            qualname = name
        elif parent.kind in ("class", "comprehension"):
            qualname = f"{parent.key.qualname}.{name}"
        else:
            qualname = f"{parent.key.qualname}.<locals>.{name}"
        self.scope = self._add(qualname, kind, _first_line(node), node.lineno, body, parent)
        self._read_all(inner)
        self.scope = parent

    def _add(self, qualname: str, kind: str, first: int, line: int, body: range, parent: Scope | None) -> Scope:
        scope = Scope(Key(self.text.path, qualname, first), kind, line, body, parent)
        return self.text.scopes.setdefault(scope.key, scope)


_DEFINITIONS: dict[type, str] = {ast.FunctionDef: "function", ast.AsyncFunctionDef: "coroutine", ast.ClassDef: "class"}
_WITH_YIELD = {"function": "generator", "coroutine": "async generator"}
_COMPREHENSIONS: dict[type, str] = {
    ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>", ast.GeneratorExp: "<genexpr>",
}  # fmt: skip


def _position(node: Any) -> Position:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _first_line(node: Any) -> int:
    return int(min((d.lineno for d in getattr(node, "decorator_list", ())), default=node.lineno))


def _name(node: ast.expr) -> str:
    """The last name of `a.b.name`, of `name`, or of the callee of a call; "" for anything else."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def read_texts(tree: Path, paths: Iterable[str]) -> dict[str, Text]:
    texts = {path: Text(path) for path in sorted(paths)}
    for path, text in texts.items():
        _Reader(text, ast.parse((tree / path).read_bytes()))
    return texts


# By instruction; for CALL the syntax tree tells more. What is not here keeps the name of its instruction.
_SITES = (
    (r"BEFORE_(ASYNC_)?WITH|WITH_EXCEPT_START", "with"),
    (r"LOAD_(ATTR|METHOD)", "get"),
    (r"(STORE|DELETE)_ATTR", "set"),
    (r"(BINARY|STORE|DELETE)_SUBSCR", "subscript"),
    (r"BINARY_OP|UNARY_(POSITIVE|NEGATIVE|INVERT)", "operator"),
    (r"COMPARE_OP|CONTAINS_OP", "compare"),
    (r"(POP_)?JUMP\w*IF\w*|UNARY_NOT", "truth"),
    (r"GET_ITER|FOR_ITER|UNPACK_\w+|LIST_EXTEND|SET_UPDATE|GET_AITER|GET_ANEXT", "iterate"),
    (r"SEND|GET_AWAITABLE|GET_YIELD_FROM_ITER", "await"),
    (r"FORMAT_VALUE", "format"),
    (r"IMPORT_\w+", "import"),
)


def site(text: Text, instruction: str, earlier: int, position: Position) -> str:
    """What is written where a call happens: `call:NAME`, `decorator:NAME`, `class`, `with`, `get:NAME` and so on."""
    if instruction in ("CALL", "CALL_FUNCTION_EX"):
        if position in text.decorators and (earlier or position not in text.calls):
            return f"decorator:{text.decorators[position]}"
        if position in text.statements:
            return text.statements[position]
        return f"call:{_at(text.calls, position)}"
    kind = next((kind for pattern, kind in _SITES if re.fullmatch(pattern, instruction)), instruction)
    if kind in ("get", "set"):
        return f"{kind}:{_at(text.attributes, position)}"
    return f"await:{text.awaits[position]}" if position in text.awaits else kind


def _at(names: dict[Position, str], position: Position) -> str:
    """The name at a place. In a chain over several lines, an instruction's position begins at the name after the dot."""
    line, end_line, column, end_column = position
    enclosing = [p for p in names if (p[1], p[3]) == (end_line, end_column) and (p[0], p[2]) <= (line, column)]
    return names[max(enclosing)] if enclosing else "?"
