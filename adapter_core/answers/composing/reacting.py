"""The functions that do something about an exception: they catch it, or ask whether what was caught is one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

import numpy as np

from ...code_graph import CodeGraph, is_test_path
from ...evidence.ranking import is_aside
from ...evidence.search_index import SearchIndex
from ...graph import terms
from ...graph.source import is_python
from .about_symbol import Subject
from .statements.control_flow import function_node, own_nodes

_MAX_DOCUMENTS = 80


def reacting_functions(graph: CodeGraph, names: Collection[str]) -> Iterator[Subject]:
    """The functions of the product in which one of these classes is caught or asked for."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        documents = {int(n) for name in names for n in np.unique(index.hits(terms.split(name)[-1]).documents)}
        places = [(index.paths[int(index.file_of[n])], int(index.symbol_of[n])) for n in sorted(documents)]
    product = [(p, n) for p, n in places if is_python(p) and not is_test_path(p) and not is_aside(p)]
    for path, number in product[:_MAX_DOCUMENTS]:
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None or number >= len(facts.symbols):
            continue
        symbol = facts.symbols[number]
        node = function_node(symbol, document.lines) if symbol.is_callable else None
        if node is not None and any(not _named_by(part).isdisjoint(names) for part in own_nodes(node)):
            yield Subject(facts, number, None)


def _named_by(node: ast.AST) -> set[str]:
    """The names of the classes that a handler catches, or `isinstance` asks for."""
    classes: ast.expr | None = None
    if isinstance(node, ast.ExceptHandler):
        classes = node.type
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
        classes = node.args[1] if len(node.args) > 1 else None
    parts = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    return {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in parts}
