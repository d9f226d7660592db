"""The function that calls several of the found symbols: it often answers a question about what happens, in other words than the
question's."""

from __future__ import annotations

from collections.abc import Sequence

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef

_MAX_REFS = 3  # symbols whose callers are looked up
_MAX_CALLERS = 12  # of one symbol; what is called from everywhere leads nowhere in particular
_MIN_CALLED = 2
_SymbolKey = tuple[str, int]


def common_caller(graph: CodeGraph, refs: Sequence[SymbolRef]) -> SymbolRef | None:
    """Of the callers of the first symbols, the one that calls most of all of them, weighted by rank; None if none calls at least two."""
    weights = {_key(ref): 1.0 / (4 + rank) for rank, ref in enumerate(refs)}
    candidates: dict[_SymbolKey, SymbolRef] = {}
    for ref in refs[:_MAX_REFS]:
        sites = graph.who_calls(ref, implicit=False).items
        callers = {
            _key(s.caller): s.caller for s in sites if s.caller is not None and s.sure and not is_test_path(s.span.path)
        }
        if len(callers) <= _MAX_CALLERS:
            candidates.update(callers)
    best_caller, best_score = None, 0.0
    for key, caller in candidates.items():
        if caller.symbol.kind == "module":
            continue
        called = {_key(ref) for ref in graph.callees_of(caller)} & weights.keys() - {key}
        score = sum(weights[k] for k in called) + weights.get(key, 0.0)
        if len(called) >= _MIN_CALLED and score > best_score:
            best_caller, best_score = caller, score
    return best_caller


def _key(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start
