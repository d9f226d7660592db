"""References to a symbol: its definition, imports, calls, reads and writes, as base, decorator or annotation."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ....types import Import, ModuleFacts
from ...parsing.fields import dotted_name, outer_parts
from ...parsing.syntax import Syntax, syntax_of
from ..classes import mro
from ..local.tables import SymbolTable, scopes
from ..names import modules
from ..results.values import Value
from . import import_aliases

if TYPE_CHECKING:
    from ..inference import Inference

Place = tuple[str, int]  # path, symbol


class NameUse(NamedTuple):
    """One use of a name: line (1-based), column (0-based, code points), the kind of use, the enclosing scope."""

    path: str
    line: int
    column: int
    kind: str
    scope: int


def references(inference: Inference, target: Place) -> list[NameUse]:
    """All places in the workspace that name a symbol and resolve to it."""
    table = inference.table(target[0])
    if table is None:
        return []
    name = table.facts.symbols[target[1]].name
    if target[1] == 0:
        name = table.facts.module.rpartition(".")[2]
    names = import_aliases.aliases_of_name(inference, name)
    found: dict[NameUse, None] = {}
    for path in sorted(
        {p for n in names for p in inference.workspace.paths_using(n)}, key=lambda p: (p != target[0], p)
    ):
        if inference.expired:
            break
        found.update(
            dict.fromkeys(sorted(_in_file(inference, path, set(names), target), key=lambda n: (n.line, n.column)))
        )
    return list(found)


def _in_file(inference: Inference, path: str, names: set[str], target: Place) -> Iterator[NameUse]:
    table = inference.table(path)
    if table is None:
        return
    if path == target[0] and target[1]:
        symbol = table.facts.symbols[target[1]]
        yield NameUse(path, symbol.name_line, symbol.name_column, "definition", max(symbol.parent, 0))
    text = inference.workspace.text(path)
    syntax = syntax_of(path, text, table.facts.module)
    if syntax is None:
        return
    for node, kind, scope in _walk(table.facts, syntax.tree, syntax.places.lines, _lines_with(names, text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _imports(inference, table, node, names, target, scope, syntax)
            continue
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in names and target in _symbols(inference, table, node, scope, syntax):
            line, column = _name_place(node, name, syntax)
            if kind != "write" or not _is_definition(table, target, line, column):
                yield NameUse(path, line, column, kind, scope)


Walked = tuple[ast.AST, str, int]


def _lines_with(names: set[str], text: str) -> list[int] | None:
    """The lines that contain one of these names, in order; None where a name may be spelled differently (PEP 3131)."""
    if not text.isascii():
        return None
    found: list[int] = []
    line, counted_to = 1, 0
    for match in re.finditer(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b", text):
        line += text.count("\n", counted_to, match.start())
        counted_to = match.start()
        found.append(line)
    return found


def _walk(facts: ModuleFacts, tree: ast.AST, lines: list[str], lines_with_names: list[int] | None) -> Iterator[Walked]:
    """Names, attributes and imports, each with the kind of use and the enclosing scope; only of nodes in the `lines_with_names` lines."""
    scopes_by_place = {(s.name, s.name_line): i for i, s in enumerate(facts.symbols) if s.is_definition}
    stack: list[Walked] = [(tree, "read", 0)]
    while stack:
        node, kind, scope = stack.pop()
        if lines_with_names is not None and not _reaches(node, lines_with_names):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            stack += _around_definition(node, scope)
            inner = scopes_by_place.get((node.name, node.lineno), scope)
            stack += [(statement, "read", inner) for statement in node.body]
            continue
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield node, "write" if isinstance(node.ctx, (ast.Store, ast.Del)) else kind, scope
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, "import", scope
        elif kind == "annotation" and isinstance(node, ast.Constant) and isinstance(node.value, str):
            quoted = _quoted(node, node.value, lines)
            stack += [(quoted, kind, scope)] if quoted is not None else []
        for field, value in ast.iter_fields(node):
            part_kind = _kind_of_part(node, field, kind)
            stack += [
                (i, part_kind, scope) for i in (value if isinstance(value, list) else [value]) if isinstance(i, ast.AST)
            ]


def _reaches(node: ast.AST, lines: list[int]) -> bool:
    """Whether a node contains one of these lines; True for nodes without a position."""
    last = getattr(node, "end_lineno", None)
    if last is None:
        return True
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])  # type: ignore[attr-defined]
    position = bisect_left(lines, first)
    return position < len(lines) and lines[position] <= last


def _around_definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: int) -> Iterator[Walked]:
    """The parts of a definition that are evaluated in the enclosing scope."""
    bases = set(node.bases) if isinstance(node, ast.ClassDef) else set()
    for part in outer_parts(node):
        yield part, "decorator" if part in node.decorator_list else "base" if part in bases else "read", scope
    if not isinstance(node, ast.ClassDef):
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for annotation in [*(a.annotation for a in parameters if a is not None), node.returns]:
            if annotation is not None:
                yield annotation, "annotation", scope


def _kind_of_part(node: ast.AST, field: str, kind: str) -> str:
    """The kind of use of a part of a node, where the node itself is used as `kind`."""
    if field == "func" and isinstance(node, ast.Call):
        return "call"
    if field in ("annotation", "returns"):
        return "annotation"
    if kind not in ("annotation", "base", "decorator") or (field == "value" and isinstance(node, ast.Attribute)):
        return "read"
    if isinstance(node, ast.Subscript) and field == "slice" and dotted_name(node.value).rpartition(".")[2] == "Literal":
        return "read"
    return kind


def _quoted(node: ast.Constant, text: str, lines: list[str]) -> ast.expr | None:
    """The expression in a quoted annotation, with the positions of its nodes in the file; None where it is none, or is escaped."""
    line = lines[node.lineno - 1].encode("utf-8", "surrogatepass") if node.lineno <= len(lines) else b""
    encoded = text.encode("utf-8", "surrogatepass")
    start = node.col_offset + 1
    ends = [encoded + quote for quote in (b"'", b'"')]
    if node.end_lineno != node.lineno or not encoded or line[start : start + len(encoded) + 1] not in ends:
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for inner in ast.walk(tree):
        if isinstance(inner, ast.expr):
            inner.lineno = inner.end_lineno = node.lineno
            inner.col_offset += start
            inner.end_col_offset = (inner.end_col_offset or 0) + start
    return tree.body


def _imports(
    inference: Inference, table: SymbolTable, node: ast.Import | ast.ImportFrom, names: set[str], target: Place, scope: int,
    syntax: Syntax,
) -> Iterator[NameUse]:  # fmt: skip
    facts = table.facts
    items = [item for item in facts.imports if item.line == node.lineno]
    if isinstance(node, ast.ImportFrom) and node.module and not target[1] and items:
        last = node.module.rpartition(".")[2]
        column = _end_of_module(node, syntax)
        if last in names and column and _module_of(inference, facts, items[0], target[0]):
            yield NameUse(facts.path, node.lineno, column - len(last), "import", scope)
    for alias in node.names:
        last = alias.name.rpartition(".")[2]
        if last not in names and alias.asname not in names:
            continue
        for item in items:
            if (item.name if isinstance(node, ast.ImportFrom) else item.module) == alias.name:
                if target in imported_symbols(inference, facts, item):
                    start = syntax.column(alias.lineno, alias.col_offset)
                    yield NameUse(facts.path, alias.lineno, start + len(alias.name) - len(last), "import", scope)
                break


def _end_of_module(node: ast.ImportFrom, syntax: Syntax) -> int:
    """The column after the module that `from … import` names; 0 where it is written unusually."""
    line = syntax.places.lines[node.lineno - 1]
    found = re.compile(rf"from[\s.]*{re.escape(node.module or '')}\b").match(
        line, syntax.column(node.lineno, node.col_offset)
    )
    return found.end() if found else 0


def _module_of(inference: Inference, facts: ModuleFacts, item: Import, path: str) -> bool:
    """Whether an import takes something from the module in a file."""
    name = modules.absolute_module(facts, item)
    name = name if item.level else modules.workspace_module(inference, facts, name)
    return any(found.path == path for found in inference.workspace.facts_of_module(name))


# -- from names to symbols ---------------------------------------------------------------------------------------------


def _symbols(inference: Inference, table: SymbolTable, node: ast.AST, scope: int, syntax: Syntax) -> set[Place]:
    if isinstance(node, ast.Name):
        offset = syntax.offset(node.lineno, node.col_offset)
        if any(table.limited_at(visible, node.id, offset) for visible in scopes(table.facts, scope)):
            return set()  # the variable of a comprehension, the parameter of a lambda
        return named_symbols(inference, table, scope, node.id)
    assert isinstance(node, ast.Attribute)
    dotted = dotted_name(node.value)
    if dotted:
        values = inference.infer_text(table.facts.path, scope, dotted, node.lineno)
    else:
        values = inference.infer_at(table.facts.path, scope, *syntax.extent(node.value), node.value.lineno)
    return {p for v in values for p in attribute_symbols(inference, v, node.attr)}


def named_symbols(inference: Inference, table: SymbolTable, scope: int, name: str) -> set[Place]:
    """The symbols that a bare name refers to in a scope: its definitions there, or through imports."""
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
            return module_symbols(inference, modules.absolute_module(facts, item), name)
    return set()


def imported_symbols(inference: Inference, facts: ModuleFacts, item: Import, depth: int = 0) -> set[Place]:
    """The symbols that an import binds; for a module its entry 0."""
    name = modules.absolute_module(facts, item)
    if not item.level:
        name = modules.workspace_module(inference, facts, name)
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
            if modules.exports(inference, modules.absolute_module(facts, item), name, ()):
                found = module_symbols(inference, modules.absolute_module(facts, item), name, depth + 1)
                if found:
                    return found
    return {(f.path, 0) for f in inference.workspace.facts_of_module(f"{module}.{name}")}


def attribute_symbols(inference: Inference, value: Value, name: str) -> set[Place]:
    """The symbols behind an attribute of a value; for a class, along its bases."""
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


def _is_definition(table: SymbolTable, target: Place, line: int, column: int) -> bool:
    if table.facts.path != target[0]:
        return False
    symbol = table.facts.symbols[target[1]]
    return (symbol.name_line, symbol.name_column) == (line, column)


def _name_place(node: ast.AST, name: str, syntax: Syntax) -> tuple[int, int]:
    if isinstance(node, ast.Attribute):
        # The attribute's name ends where the expression does.
        line = node.end_lineno or node.lineno
        return line, syntax.column(line, node.end_col_offset or 0) - len(name)
    return node.lineno, syntax.column(node.lineno, node.col_offset)  # type: ignore[attr-defined]
