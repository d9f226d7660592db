"""The function in which several things that were found are called: a question about what happens is often answered there, in other words
than its own."""

from __future__ import annotations

from collections.abc import Sequence

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef

_FROM = 3  # of how many symbols the callers are looked for
_MAX_CALLERS = 12  # of one of them; what is called from everywhere leads nowhere in particular
_FEWEST = 2
_SymbolKey = tuple[str, int]


def common_caller(graph: CodeGraph, found: Sequence[SymbolRef]) -> SymbolRef | None:
    """Of the callers of the first symbols, the one that calls most of them all (at least two); None where there is none, or where it is
    among the first ones itself."""
    wanted = {_key(ref): 1.0 / (4 + place) for place, ref in enumerate(found)}
    asked: dict[_SymbolKey, SymbolRef] = {}
    for ref in found[:_FROM]:
        sites = graph.who_calls(ref, implicit=False).items
        own = {
            _key(s.caller): s.caller for s in sites if s.caller is not None and s.sure and not is_test_path(s.span.path)
        }
        if len(own) <= _MAX_CALLERS:
            asked.update(own)
    best, most = None, 0.0
    for key, caller in asked.items():
        if caller.symbol.kind == "module":
            continue
        called = {_key(ref) for ref in graph.callees_of(caller)} & wanted.keys() - {key}
        worth = sum(wanted[k] for k in called) + wanted.get(key, 0.0)
        if len(called) >= _FEWEST and worth > most:
            best, most = caller, worth
    return best


def _key(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start
