"""Says of which module a function or class is, where several modules have one of the name: `run_sync` of threads or of processes."""

from __future__ import annotations

from dataclasses import replace

from ...code_graph import CodeGraph, is_test_path
from ...types import SymbolRef
from ..inert import code
from .candidate import OF_STATEMENTS, Candidate
from .reading_order import subject_symbols

_MAX_DEFINITIONS = 12  # of one name that are looked at
_OF_ONE = OF_STATEMENTS | {
    "act",
    "comment",
    "doc",
    "param",
    "signature",
}  # what links symbols says by itself which are meant


def with_module(graph: CodeGraph, item: Candidate) -> Candidate:
    """The sentence; with the full name of what it is about if other modules of the product define one that is called so."""
    if item.kind not in _OF_ONE:
        return item
    for ref in subject_symbols(graph, [item]).values():
        plain = code(ref.symbol.qualname)
        if plain in item.text.partition(": ")[0] and not is_test_path(ref.path) and _has_namesake(graph, ref):
            return replace(item, text=item.text.replace(plain, code(ref.full_name), 1))
    return item


def _has_namesake(graph: CodeGraph, ref: SymbolRef) -> bool:
    """A stub file describes the same module, and a test stands for something else."""
    name = ref.symbol.qualname
    return any(
        r.symbol.qualname == name and r.module != ref.module and not is_test_path(r.path)
        for r in graph.find_symbol(name, _MAX_DEFINITIONS)
    )
