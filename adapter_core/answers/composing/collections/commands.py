"""The commands of a command line, by the decorators and calls that register them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph.outline import outline_of
from ...inert import code
from ..candidate import MAX_CITED
from ..listings.product_files import product_files_with
from ..settings.quotable import quoted_text

_TERMS = ("addparser", "command", "subcommand")
_REGISTERS = re.compile(r"\.(?:command|add_parser|group)\(|\.command$", re.M)
_MAX_FILES, _MAX_COMMANDS = 20, 60


@dataclass(frozen=True, slots=True)
class Command:
    """`said`: its help or the beginning of its docstring; `spans`: the lines that show both."""

    name: str
    said: str
    spans: tuple[tuple[int, int], ...]

    @property
    def joined_spans(self) -> tuple[tuple[int, int], ...]:
        """The same as one range where it is short."""
        first, last = min(a for a, _ in self.spans), max(b for _, b in self.spans)
        return ((first, last),) if last - first < MAX_CITED else self.spans


def commands_by_file(graph: CodeGraph) -> dict[str, list[Command]]:
    """The commands that each file of the product registers, the file with most of them first."""
    with graph.store.snapshot():
        paths = product_files_with(SearchIndex(graph), _TERMS)
    found: dict[str, list[Command]] = {}
    for path in paths:
        document = graph.document(path) if len(found) < _MAX_FILES else None
        if document is not None and _REGISTERS.search(document.text):
            commands = list(commands_in(document.lines))
            if commands:
                found[path] = commands
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def commands_in(lines: list[str]) -> Iterator[Command]:
    """The commands that a file registers, in its order: `@app.command()` of click and typer, `add_parser("name")` of argparse."""
    tree = outline_of("\n".join(lines) + "\n").tree
    seen: set[str] = set()
    found: list[tuple[int, Command]] = []
    for node in ast.walk(tree) if tree is not None else ():
        one: tuple[int, Command] | None = None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            one = _decorated(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_parser":
            one = _added(node)
        if one is not None:
            found.append(one)
    for _, command in sorted(found, key=lambda pair: pair[0]):
        if command.name not in seen and len(seen) < _MAX_COMMANDS:
            seen.add(command.name)
            yield command


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, Command] | None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        function = call.func if call is not None else decorator
        if not isinstance(function, ast.Attribute) or function.attr != "command":
            continue
        name = _text(call.args[0]) if call is not None and call.args else ""
        name = name or (_text(_keyword(call, "name")) if call is not None else "")
        name = name or re.sub(r"_(?:command|cmd)\Z", "", node.name).replace("_", "-")
        said, lines = _help(call)
        first = node.body[0]
        if not said and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            said, lines = quoted_text(first.value)
        spans = ((decorator.lineno, decorator.lineno), (node.lineno, node.lineno), *((lines,) if said else ()))
        return node.lineno, Command(name, said, spans)
    return None


def _added(node: ast.Call) -> tuple[int, Command] | None:
    name = _text(node.args[0]) if node.args else ""
    if not name:
        return None
    said, lines = _help(node)
    return node.lineno, Command(name, said, ((node.lineno, node.args[0].lineno), *((lines,) if said else ())))


def _help(call: ast.Call | None) -> tuple[str, tuple[int, int]]:
    for keyword in ("help", "short_help", "description"):
        value = _keyword(call, keyword) if call is not None else None
        if value is not None:
            said, lines = quoted_text(value)
            if said:
                return said, lines
    return "", (0, 0)


def _keyword(call: ast.Call | None, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None) if call is not None else None


def _text(node: ast.expr | None) -> str:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)
    return str(node.value) if is_text and isinstance(node, ast.Constant) else ""


def told(command: Command) -> str:
    return f"{code(command.name)}: “{command.said}”" if command.said else code(command.name)
