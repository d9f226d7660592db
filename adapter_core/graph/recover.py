"""Facts from source that `ast` rejects: broken, or newer than the running Python. Uses parso's error recovery.

parso is some twenty times slower than `ast`, so it sees only files that need it, up to a size.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import re
from typing import Any

import parso

from ..types import Call, Flow, Import, ModuleFacts, Parameter, Symbol
from .source import split_lines

_MAX_CHARS = 400_000
_NEWEST_GRAMMAR = "3.14"
_DEFINITION_LINE = re.compile(r"([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+([^\W\d]\w*)[ \t]*[(:\[]")


def recover_python(path: str, text: str, module: str, problem: str) -> ModuleFacts:
    """What can be told about a file that does not parse, with `problem` in its list of problems."""
    lines = split_lines(text)
    root = Symbol(module.rpartition(".")[2], module, "module", 1, max(1, len(lines)), 1, 0)
    if len(text) > _MAX_CHARS:
        return _by_lines(path, module, root, lines, problem)
    try:
        collector = _Collector(root, text)
        tree = _grammar().parse(text)
        collector.scope(tree, 0, "", in_class=False)
        collector.symbols[0] = _with_docstring(root, _docstring(tree))
    except (RecursionError, MemoryError, ValueError):
        return _by_lines(path, module, root, lines, problem)
    broken = collector.broken or not _newer_syntax(problem)
    return ModuleFacts(
        path, module, tuple(collector.symbols), tuple(collector.imports), tuple(sorted(collector.calls, key=_place)),
        tuple(collector.flows), len(lines), (problem,) if broken else (), recovered=broken,
    )  # fmt: skip


def _place(call: Call) -> tuple[int, int]:
    return call.start, call.end


def _by_lines(path: str, module: str, root: Symbol, lines: list[str], problem: str) -> ModuleFacts:
    """Where not even parso gets through (nested too deeply, too long): the lines that look like definitions, by their indentation.

    A line inside a string may be taken for one; that is better than a file without symbols, and it is marked.
    """
    symbols = [root]
    open_blocks: list[tuple[int, int]] = []  # indentation, symbol index
    for number, line in enumerate(lines, 1):
        match = _DEFINITION_LINE.match(line)
        if not match:
            continue
        indent = len(match[1].expandtabs())
        while open_blocks and open_blocks[-1][0] >= indent:
            open_blocks.pop()
        parent = open_blocks[-1][1] if open_blocks else 0
        inside = symbols[parent]
        kind = "class" if match[2] == "class" else "method" if inside.kind == "class" else "function"
        prefix = f"{inside.qualname}." if parent else ""
        end = _block_end(lines, number, indent)
        symbols.append(
            Symbol(
                match[3], prefix + match[3], kind, number, end, number, match.start(3), parent, line.strip().rstrip(":")
            )
        )
        open_blocks.append((indent, len(symbols) - 1))
    return ModuleFacts(path, module, tuple(symbols), line_count=len(lines), problems=(problem,), recovered=True)


def _block_end(lines: list[str], start: int, indent: int) -> int:
    end = start
    for number in range(start, len(lines)):
        text = lines[number]
        if text.strip():
            if len(text) - len(text.lstrip()) <= indent:
                break
            end = number + 1
    return end


@functools.cache
def _grammar() -> Any:
    return parso.load_grammar(version=_NEWEST_GRAMMAR)


def _newer_syntax(problem: str) -> bool:
    # parso found nothing wrong, so the syntax is newer than this Python's; other errors (return outside function,
    # a wrong escape) are found by the compiler only and stay problems.
    return "invalid syntax" in problem or "expected" in problem or "f-string" in problem


class _Collector:
    def __init__(self, root: Symbol, text: str) -> None:
        self.symbols = [root]
        self.flows: list[Flow] = []
        self._starts = [0, *itertools.accumulate(len(line) + 1 for line in text.split("\n"))]
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
            elif kind == "expr_stmt":
                if owner_is_static(self.symbols[owner]):
                    self._variables(child, owner, prefix)
                self._assigned(child, owner)
            elif kind == "return_stmt" and len(child.children) > 1:
                self._flow("return", owner, "", child.children[1])
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

    def _assigned(self, node: Any, owner: int) -> None:
        if len(node.children) < 3 or node.children[1].type != "operator" or node.children[1].value != "=":
            return
        target = node.children[0]
        simple = target.type == "name" or (
            target.type in ("power", "atom_expr")
            and all(c.type == "name" or c.children[0].value == "." for c in target.children)
        )
        if simple:
            self._flow("assign", owner, target.get_code(include_prefix=False), node.children[-1])

    def _flow(self, kind: str, owner: int, target: str, value: Any) -> None:
        start, end = self._offset(value.start_pos), self._offset(value.end_pos)
        self.flows.append(Flow(kind, owner, owner, target, start, end, value.start_pos[0], conditional=True))

    def _offset(self, place: tuple[int, int]) -> int:
        return self._starts[min(place[0], len(self._starts)) - 1] + place[1]

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
        first = node.children[0]
        start = self._offset(first.start_pos)
        callee = first.value if first.type == "name" else "()"
        for trailer in node.children[1:]:
            if trailer.type != "trailer":
                continue
            mark = trailer.children[0].value
            if mark == "." and len(trailer.children) > 1:
                callee += "." + trailer.children[1].value
            elif mark == "(":
                self.calls.append(Call(callee, first.start_pos[0], owner, start, self._offset(trailer.end_pos)))
                callee = "super()" if callee == "super" else "()"
            else:
                callee += "[]"


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
    return symbol._replace(docstring=docstring)


def _code(node: Any) -> str:
    return " ".join(node.get_code(include_prefix=False).split())
