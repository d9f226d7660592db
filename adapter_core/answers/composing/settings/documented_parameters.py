"""Parameters with a default that a docstring documents, found by what it says of them: `:param keep_result: how long …`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....graph.source import is_python
from ....graph.storage.postings import DOCSTRING, SIGNATURE
from ....types import ModuleFacts, SymbolRef
from ..candidate import Candidate, SentenceBuilder
from ..documentation.quoted_docs import quote_docstring
from .asked_in_words import Described
from .beside import ENTRY
from .declared import NO_VALUE, Declared

_MAX_SYMBOLS = 8


class DocumentedParameter(NamedTuple):
    """`declared`: the parameter as a setting, to be compared with a question; `function`: that takes it; `says`: the sentence that quotes
    its documentation."""

    path: str
    declared: Declared
    function: SymbolRef
    says: Candidate


def documented_parameters(
    graph: CodeGraph, described: Described, check: Callable[[], None]
) -> Iterator[DocumentedParameter]:
    """Those of the functions and classes whose docstring has most of the question's words."""
    for path, index in _symbols(graph, described):
        check()
        document, facts = graph.document(path), graph.facts(path)
        if document is None or facts is None or index >= len(facts.symbols) or graph.inference.expired:
            continue
        function = _taking(facts, index)
        parameters = facts.symbols[function].parameters
        defaults = {p.name: p.default for p in parameters if p.default and not NO_VALUE.fullmatch(p.default)}
        seen: set[str] = set()
        for says in quote_docstring(SentenceBuilder(facts, index, 0), document.lines, {}, False) if defaults else ():
            name = says.text.partition("`")[2].partition("`")[0]
            quoted = says.text.partition("“")[2].rpartition("”")[0]
            if says.kind == "doc" and (entry := ENTRY.match(quoted)):  # an item of a list
                name, quoted = entry["name"], quoted[entry.start("says") :]
            elif says.kind != "param":
                continue
            if name in seen or name not in defaults:
                continue
            seen.add(name)
            first, last = says.spans[0][1], says.spans[-1][2]
            default = defaults[name] or ""
            declared = Declared((name,), name, default, quoted, "documentation", first, last, ((first, last),), ())
            yield DocumentedParameter(path, declared, graph.ref(facts, function), says)


def _taking(facts: ModuleFacts, index: int) -> int:
    """The function that takes the parameters which a docstring documents: that of a class its constructor."""
    if facts.symbols[index].kind != "class":
        return index
    methods = {s.name: n for n, s in enumerate(facts.symbols) if s.parent == index}
    return methods.get("__init__", methods.get("__new__", index))


def _symbols(graph: CodeGraph, described: Described) -> list[tuple[str, int]]:
    """(path, index) of the functions and classes of the product that have most of the words in docstring and signature."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        covered, counts = np.zeros(len(index.file_of)), np.zeros(len(index.file_of))
        for term, weight in described.weights.items():
            present = np.zeros(len(index.file_of))
            for word, share in ((term, 1.0), *described.alternatives.get(term, {}).items()):
                hit = index.hits(word)
                inside = hit.documents[np.isin(hit.fields, (DOCSTRING, SIGNATURE))]
                present[inside] = np.maximum(present[inside], share)
                np.add.at(counts, hit.documents, hit.counts * share)
            covered += weight * present
        best = [int(n) for n in np.lexsort((-counts, -covered))[: 6 * _MAX_SYMBOLS] if covered[n] > 0]
        places = [(index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in best if index.alive[n]]
    usable = [
        (path, number)
        for path, number in places
        if is_python(path) and not is_test_path(path) and not is_aside(path) and number > 0
    ]
    return usable[:_MAX_SYMBOLS]
