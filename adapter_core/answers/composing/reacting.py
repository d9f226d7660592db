"""The functions that do something about an exception: they catch it, or ask whether what was caught is one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import numpy as np

from ...code_graph import CodeGraph, is_test_path
from ...evidence.ranking import is_aside
from ...evidence.search_index import SearchIndex
from ...graph import terms
from ...graph.source import is_python
from .about_symbol import Subject

_MAX_DOCUMENTS = 80


def reacting_functions(graph: CodeGraph, names: Collection[str]) -> Iterator[Subject]:
    """The functions of the product in which one of these classes is caught or asked for."""
    pattern = re.compile(
        rf"\bexcept\b[^:\n]*\b(?:{'|'.join(map(re.escape, names))})\b|"
        rf"\bisinstance\([^()\n]*(?:\([^()\n]*)?\b(?:{'|'.join(map(re.escape, names))})\b"
    )
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
        if symbol.is_callable and pattern.search("".join(document.lines[symbol.start - 1 : symbol.end])):
            yield Subject(facts, number, None)
