"""Where a symbol is named: its definition, imports, calls, reads and writes, as base, decorator or annotation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ...types import Import, ModuleFacts
from ..parse import parse_tree
from . import carriers, modules, mro
from .tables import Tables, dotted_text, scopes
from .values import Value, Values

if TYPE_CHECKING:
    from .evaluate import Inference

Place = tuple[str, int]  # path, symbol


class Named(NamedTuple):
    """One place where a name stands: line (1-based), column (0-based, code points), what it is used for, the scope around it."""

    path: str
    line: int
    column: int
    kind: str
    scope: int


def references(inference: Inference, target: Place) -> list[Named]:
    """All places in the workspace that name a symbol and were traced to it."""
    table = inference.table(target[0])
    if table is None:
        return []
    name = table.facts.symbols[target[1]].name
    if target[1] == 0:
        name = table.facts.module.rpartition(".")[2]
    names = carriers.names_of(inference, name)
    found: dict[Named, None] = {}
    for path in sorted(
        {p for n in names for p in inference.workspace.paths_using(n)}, key=lambda p: (p != target[0], p)
    ):
        found.update(
            dict.fromkeys(sorted(_in_file(inference, path, set(names), target), key=lambda n: (n.line, n.column)))
        )
    return list(found)


def _in_file(inference: Inference, path: str, names: set[str], target: Place) -> Iterator[Named]:
    table = inference.table(path)
    if table is None:
        return
    if path == target[0] and target[1]:
        symbol = table.facts.symbols[target[1]]
        yield Named(path, symbol.name_line, symbol.name_column, "definition", max(symbol.parent, 0))
    text = inference.workspace.text(path)
    tree = parse_tree(text)
    if tree is None:
        return
    lines = text.split("\n")
    for node, kind in _walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _imports(inference, table, node, names, target, lines)
            continue
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name not in names:
            continue
        line, column = _name_place(node, name, lines)
        scope = _scope_at(table.facts, line, kind)
        if target in _symbols(inference, table, node, scope, line, lines):
            if kind == "write" and _is_definition(table, target, line, column):
                continue
            yield Named(path, line, column, kind, scope)


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Names, attributes and imports, each with what it is used for."""
    stack: list[tuple[ast.AST, str]] = [(tree, "read")]
    while stack:
        node, kind = stack.pop()
        if isinstance(node, (ast.Name, ast.Attribute)):
            context = getattr(node, "ctx", None)
            yield node, "write" if isinstance(context, (ast.Store, ast.Del)) else kind
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, "import"
        for field, value in ast.iter_fields(node):
            following = "read"
            if field == "func" and isinstance(node, ast.Call):
                following = "call"
            elif field == "decorator_list":
                following = "decorator"
            elif field in ("annotation", "returns"):
                following = "annotation"
            elif field == "bases":
                following = "base"
            elif kind in ("annotation", "base", "decorator") and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                following = kind if field != "value" or not isinstance(node, ast.Attribute) else "read"
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    stack.append((item, following))


def _imports(
    inference: Inference,
    table: Tables,
    node: ast.Import | ast.ImportFrom,
    names: set[str],
    target: Place,
    lines: list[str],
) -> Iterator[Named]:
    for alias in node.names:
        last = alias.name.rpartition(".")[2]
        if last not in names and alias.asname not in names:
            continue
        for item in table.facts.imports:
            same = item.name == alias.name if isinstance(node, ast.ImportFrom) else item.module == alias.name
            if item.line == node.lineno and same:
                if target in imported_symbols(inference, table.facts, item):
                    line, column = alias.lineno, alias.col_offset + len(alias.name) - len(last)
                    yield Named(table.facts.path, line, _column(lines, line, column), "import", item.owner)
                break


# -- from names to symbols ---------------------------------------------------------------------------------------------


def _symbols(inference: Inference, table: Tables, node: ast.AST, scope: int, line: int, lines: list[str]) -> set[Place]:
    if isinstance(node, ast.Name):
        offset = _offset(lines, node.lineno, node.col_offset)
        within = [f for s in scopes(table.facts, scope) for f in table.limited.get((s, node.id), ())]
        if any(f.first <= offset < f.last for f in within):
            return set()  # the variable of a comprehension, the parameter of a lambda
        return named_symbols(inference, table, scope, node.id)
    assert isinstance(node, ast.Attribute)
    dotted = dotted_text(node.value)
    if dotted:
        values = inference.text(table.facts.path, scope, dotted, line)
    else:
        values = _value_of(inference, table, node.value, scope, lines)
    return {p for v in values for p in attribute_symbols(inference, v, node.attr)}


def _value_of(inference: Inference, table: Tables, node: ast.expr, scope: int, lines: list[str]) -> Values:
    start = _offset(lines, node.lineno, node.col_offset)
    end = _offset(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return inference.at(table.facts.path, scope, start, end, node.lineno)


def named_symbols(inference: Inference, table: Tables, scope: int, name: str) -> set[Place]:
    """The symbols that a bare name means in a scope: where it is defined, through imports."""
    facts = table.facts
    for current in scopes(facts, scope):
        current = table.declared.get((current, name), current)
        own = table.children.get((current, name))
        if own:
            return {(facts.path, index) for index in own}
        items = table.imports.get((current, name))
        if items:
            return {p for item in items for p in imported_symbols(inference, facts, item)}
        symbol = facts.symbols[current]
        if name in symbol.local_names or any(p.name == name for p in symbol.parameters):
            return set()
    for item in table.stars:
        if modules.star(inference, facts, item, name):
            return module_symbols(inference, modules.absolute(facts, item), name)
    return set()


def imported_symbols(inference: Inference, facts: ModuleFacts, item: Import, depth: int = 0) -> set[Place]:
    """The symbols that an import brings: of a module its entry 0."""
    name = modules.absolute(facts, item)
    if not item.level:
        name = modules.located(inference, facts, name)
    if item.name is None:
        return {(f.path, 0) for f in inference.workspace.facts_of_module(name)}
    return module_symbols(inference, name, item.name, depth)


def module_symbols(inference: Inference, module: str, name: str, depth: int = 0) -> set[Place]:
    """The symbols behind an attribute of a module, through re-exports."""
    if depth > 12:
        return set()
    for facts in inference.workspace.facts_of_module(module):
        table = inference.table(facts.path)
        if table is None:
            continue
        own = table.children.get((0, name))
        if own:
            return {(facts.path, index) for index in own}
        for item in table.imports.get((0, name), ()):
            found = imported_symbols(inference, facts, item, depth + 1)
            if found:
                return found
        for item in table.stars:
            if modules.exports(inference, modules.absolute(facts, item), name, ()):
                found = module_symbols(inference, modules.absolute(facts, item), name, depth + 1)
                if found:
                    return found
    return {(f.path, 0) for f in inference.workspace.facts_of_module(f"{module}.{name}")}


def attribute_symbols(inference: Inference, value: Value, name: str) -> set[Place]:
    """The symbols behind an attribute of a value: of a class, along its bases."""
    if value.kind == "module":
        return module_symbols(inference, value.path, name)
    if value.kind in ("class", "instance"):
        cls = Value("class", value.path, value.index)
        order = mro.lookup_order(inference, cls)
    elif value.kind == "super":
        order = mro.lookup_order(inference, Value("class", value.path, value.index))[1:]
    else:
        return set()
    for current in order:
        table = inference.table(current.path) if current.kind == "class" else None
        own = table.children.get((current.index, name)) if table else None
        if own:
            return {(current.path, index) for index in own}
    return set()


# -- places ------------------------------------------------------------------------------------------------------------


def _scope_at(facts: ModuleFacts, line: int, kind: str) -> int:
    """The innermost scope whose body holds a line; decorators, bases and annotations belong to the scope around a definition."""
    best = 0
    for index, symbol in enumerate(facts.symbols):
        if not (symbol.is_callable or symbol.kind == "class") or not symbol.start <= line <= symbol.end:
            continue
        header = line <= symbol.name_line and (line < symbol.name_line or kind in ("base", "annotation", "decorator"))
        if not header:
            best = index
    return best


def _is_definition(table: Tables, target: Place, line: int, column: int) -> bool:
    if table.facts.path != target[0]:
        return False
    symbol = table.facts.symbols[target[1]]
    return (symbol.name_line, symbol.name_column) == (line, column)


def _name_place(node: ast.AST, name: str, lines: list[str]) -> tuple[int, int]:
    if isinstance(node, ast.Attribute):
        # The attribute's name ends where the expression does.
        line = node.end_lineno or node.lineno
        return line, _column(lines, line, (node.end_col_offset or 0)) - len(name)
    return node.lineno, _column(lines, node.lineno, node.col_offset)  # type: ignore[attr-defined]


def _column(lines: list[str], line: int, column: int) -> int:
    text = lines[line - 1]
    return column if text.isascii() else len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(len(text) + 1 for text in lines[: line - 1]) + _column(lines, line, column)
