"""The values of the constants that a function uses, for questions about a default or a limit: `DEFAULT_LIMIT` says less than its 40."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...code_graph import CodeGraph
from ...types import ModuleFacts, Symbol
from .candidate import Candidate, SentenceBuilder
from .definitions import value_sentences
from .statements.control_flow import function_node

_MAX_CONSTANTS = 2


def constant_sentences(
    graph: CodeGraph, facts: ModuleFacts, symbol: Symbol, rank: int, only: str = ""
) -> Iterator[Candidate]:
    """The sentences about what the constants are assigned that a function reads, in the order of the text. `only`: of the one of this
    name."""
    document = graph.document(facts.path)
    node = function_node(symbol, document.lines) if document is not None else None
    if document is None or node is None:
        return
    read = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id.isupper()]
    names = dict.fromkeys(n.id for n in sorted(read, key=lambda n: (n.lineno, n.col_offset)))
    count = 0
    for name in names:
        found = _constant(graph, facts, name) if not only or name == only else None
        if found is None:
            continue
        constant_facts, index = found
        constant_document = graph.document(constant_facts.path)
        if constant_document is not None and count < _MAX_CONSTANTS:
            count += 1
            yield from value_sentences(SentenceBuilder(constant_facts, index, rank), constant_document.lines)


def _constant(graph: CodeGraph, facts: ModuleFacts, name: str) -> tuple[ModuleFacts, int] | None:
    """The only assignment of a name in capitals: in the module, or in the one that it imports it from."""
    own = [i for i, s in enumerate(facts.symbols) if s.parent == 0 and s.name == name]
    if own:
        return (facts, own[0]) if len(own) == 1 and facts.symbols[own[0]].kind == "constant" else None
    if not any(name in (item.alias, item.name) for item in facts.imports):
        return None
    elsewhere = [r for r in graph.find_symbol(name, at_most=2) if r.symbol.parent == 0 and r.symbol.kind == "constant"]
    if len(elsewhere) != 1:
        return None
    other = graph.facts(elsewhere[0].path)
    indexes = [i for i, s in enumerate(other.symbols) if s.parent == 0 and s.name == name] if other is not None else []
    return (other, indexes[0]) if other is not None and len(indexes) == 1 else None
