"""Facts from source that `ast` rejects: broken, or newer than the running Python. Uses parso's error recovery.

parso is some twenty times slower than `ast`, so it sees only files that need it, up to a size.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
from typing import Any

import parso

from ..types import Call, Import, ModuleFacts, Parameter, Symbol
from .parse import module_name
from .source import split_lines

_MAX_CHARS = 400_000
_NEWEST_GRAMMAR = "3.14"


def recover_python(path: str, text: str, problem: str) -> ModuleFacts:
    """What can be told about a file that does not parse, with `problem` in its list of problems."""
    lines = split_lines(text)
    module = module_name(path)
    root = Symbol(module.rpartition(".")[2], module, "module", 1, max(1, len(lines)), 1, 0)
    empty = ModuleFacts(path, module, (root,), line_count=len(lines), problems=(problem,))
    if len(text) > _MAX_CHARS:
        return empty
    try:
        collector = _Collector(root)
        tree = _grammar().parse(text)
        collector.scope(tree, 0, "", in_class=False)
        collector.symbols[0] = _with_docstring(root, _docstring(tree))
    except (RecursionError, MemoryError, ValueError):
        return empty
    problems = (problem,) if collector.broken or not _newer_syntax(problem) else ()
    return ModuleFacts(
        path, module, tuple(collector.symbols), tuple(collector.imports), tuple(collector.calls), len(lines),
        problems,
    )  # fmt: skip


@functools.cache
def _grammar() -> Any:
    return parso.load_grammar(version=_NEWEST_GRAMMAR)


def _newer_syntax(problem: str) -> bool:
    # parso found nothing wrong, so the syntax is newer than this Python's; other errors (return outside function,
    # a wrong escape) are found by the compiler only and stay problems.
    return "invalid syntax" in problem or "expected" in problem or "f-string" in problem


class _Collector:
    def __init__(self, root: Symbol) -> None:
        self.symbols = [root]
        self.imports: list[Import] = []
        self.calls: list[Call] = []
        self.broken = False

    def scope(self, node: Any, owner: int, prefix: str, in_class: bool) -> None:
        for child in getattr(node, "children", ()):
            kind = child.type
            if kind in ("error_node", "error_leaf"):
                self.broken = True
            if kind in ("funcdef", "classdef"):
                self._definition(child, owner, prefix, in_class)
                continue
            if kind == "import_name":
                self._import_name(child, owner)
            elif kind == "import_from":
                self._import_from(child, owner)
            elif kind in ("power", "atom_expr"):
                self._call(child, owner)
            elif kind == "expr_stmt" and owner_is_static(self.symbols[owner]):
                self._variables(child, owner, prefix)
            elif kind == "error_node":
                self._half_definition(child, owner, prefix, in_class)
            self.scope(child, owner, prefix, in_class)

    def _definition(self, node: Any, owner: int, prefix: str, in_class: bool) -> None:
        name = node.name.value
        decorated = node.parent if node.parent.type in ("decorated", "async_funcdef", "async_stmt") else node
        outer = decorated.parent if decorated.parent is not None and decorated.parent.type == "decorated" else decorated
        decorators = tuple(d.get_code().strip().lstrip("@").strip() for d in node.get_decorators())
        is_class = node.type == "classdef"
        kind = "class" if is_class else "method" if in_class else "function"
        if kind == "method" and any(
            d.rpartition(".")[2] in ("property", "cached_property", "setter") for d in decorators
        ):
            kind = "property"
        end_line, end_column = node.end_pos
        self.symbols.append(
            Symbol(
                name, prefix + name, kind, outer.start_pos[0], max(node.start_pos[0], end_line - (end_column == 0)),
                node.name.start_pos[0], node.name.start_pos[1], owner, _signature(node), _docstring(_suite(node)),
                () if is_class else tuple(map(_parameter, node.get_params())),
                None if is_class or node.annotation is None else _code(node.annotation),
                decorators, _bases(node) if is_class else (),
                node.parent.type in ("async_funcdef", "async_stmt"),
            )
        )  # fmt: skip
        self.scope(node.children[-1], len(self.symbols) - 1, prefix + name + ".", is_class)

    def _half_definition(self, node: Any, owner: int, prefix: str, in_class: bool) -> None:
        """`def f(a,` without an end: the name is still worth knowing."""
        words = [c for c in node.children if c.type in ("keyword", "name")]
        for keyword, name in itertools.pairwise(words):
            if keyword.value in ("def", "class") and name.type == "name":
                kind = "class" if keyword.value == "class" else "method" if in_class else "function"
                line, column = name.start_pos
                end = max(line, node.end_pos[0] - (node.end_pos[1] == 0))
                self.symbols.append(
                    Symbol(
                        name.value,
                        prefix + name.value,
                        kind,
                        line,
                        end,
                        line,
                        column,
                        owner,
                        f"{keyword.value} {name.value}",
                    )
                )

    def _variables(self, node: Any, owner: int, prefix: str) -> None:
        for name in node.get_defined_names():
            if name.parent.type == "trailer":
                continue
            kind = "constant" if name.value.isupper() else "variable"
            line, column = name.start_pos
            self.symbols.append(
                Symbol(
                    name.value,
                    prefix + name.value,
                    kind,
                    node.start_pos[0],
                    node.end_pos[0],
                    line,
                    column,
                    owner,
                    name.value,
                )
            )

    def _import_name(self, node: Any, owner: int) -> None:
        for names, bound in zip(node.get_paths(), node.get_defined_names(), strict=False):
            module = ".".join(n.value for n in names)
            self.imports.append(Import(module, None, bound.value, 0, node.start_pos[0], owner))

    def _import_from(self, node: Any, owner: int) -> None:
        module = ".".join(n.value for n in node.get_from_names())
        line = node.start_pos[0]
        if node.is_star_import():
            self.imports.append(Import(module, "*", "*", node.level, line, owner))
            return
        for names, bound in zip(node.get_paths(), node.get_defined_names(), strict=False):
            self.imports.append(Import(module, names[-1].value, bound.value, node.level, line, owner))

    def _call(self, node: Any, owner: int) -> None:
        parts: list[str] = [node.children[0].value] if node.children[0].type == "name" else ["()"]
        for trailer in node.children[1:]:
            if trailer.type != "trailer":
                continue
            mark = trailer.children[0].value
            if mark == "." and len(trailer.children) > 1:
                parts.append(trailer.children[1].value)
            elif mark == "(":
                if parts != ["()"]:
                    self.calls.append(Call(".".join(parts), trailer.start_pos[0], owner))
                parts = ["super()" if parts == ["super"] else "()"]
            else:
                parts = ["()"]


def owner_is_static(symbol: Symbol) -> bool:
    return symbol.kind in ("module", "class")


def _parameter(param: Any) -> Parameter:
    kind = {1: "var_positional", 2: "var_keyword"}.get(param.star_count, "positional")
    return Parameter(
        param.name.value,
        kind,
        _code(param.annotation) if param.annotation is not None else None,
        _code(param.default) if param.default is not None else None,
    )


def _signature(node: Any) -> str:
    """The header as it is written, on one line, without its colon."""
    parts = []
    for child in node.children:
        if child.type == "operator" and child.value == ":":
            break
        parts.append(child.get_code())
    text = " ".join("".join(parts).split())
    return ("async " if node.parent.type in ("async_funcdef", "async_stmt") else "") + text


def _bases(node: Any) -> tuple[str, ...]:
    arguments = node.get_super_arglist()
    if arguments is None:
        return ()
    items = arguments.children if arguments.type == "arglist" else [arguments]
    return tuple(_code(i) for i in items if i.type not in ("operator", "argument"))


def _suite(node: Any) -> Any:
    return node.children[-1]


def _docstring(node: Any) -> str:
    for child in getattr(node, "children", ()):
        if child.type == "newline":
            continue
        if child.type != "simple_stmt" or child.children[0].type != "string":
            return ""
        try:
            value = ast.literal_eval(child.children[0].value)
        except (ValueError, SyntaxError):
            return ""
        return inspect.cleandoc(value) if isinstance(value, str) else ""
    return ""


def _with_docstring(symbol: Symbol, docstring: str) -> Symbol:
    from dataclasses import replace

    return replace(symbol, docstring=docstring)


def _code(node: Any) -> str:
    return " ".join(node.get_code(include_prefix=False).split())
