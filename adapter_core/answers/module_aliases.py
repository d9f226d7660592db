"""Names that files give to modules on import: `exp.parse_identifier` where files say `from sqlglot import expressions as exp`."""

from __future__ import annotations

from ..code_graph import CodeGraph
from ..types import SymbolRef
from .composing.links.library_uses import product_first_key

_MAX_FILES = 24  # that use the alias, in which its import is looked for


def is_module_alias(graph: CodeGraph, name: str) -> bool:
    """Whether files import a module of the workspace under this name, which is not its own."""
    return any(True for _ in _importing_lines(graph, name))


def members_of_alias(graph: CodeGraph, alias: str, name: str) -> list[SymbolRef]:
    """What `alias.name` means in the first files that import a module as `alias`; empty if none does, or if it has no such member."""
    for path, line in _importing_lines(graph, alias):
        refs = graph.resolve(path, line, f"{alias}.{name}")
        if refs:
            return refs
    return []


def _importing_lines(graph: CodeGraph, alias: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for path in sorted(graph.view.paths_using(alias), key=product_first_key)[:_MAX_FILES]:
        facts = graph.facts(path)
        for item in facts.imports if facts is not None else ():
            own_name = item.name or item.module.rpartition(".")[2]
            if item.alias != alias or own_name == alias:
                continue
            refs = graph.resolve(path, item.line, alias)
            if refs and all(ref.symbol.kind == "module" for ref in refs):
                found.append((path, item.line))
    return found
