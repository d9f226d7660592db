"""Calls of a function's or class's name of which nothing more is known: `self.Group()`, where `Group` is made at run time."""

from __future__ import annotations

from ....code_graph import CodeGraph, is_test_path
from ....types import CallSite, SymbolRef
from .library_uses import product_first_key

_MAX_FILES = 40  # that call the name
_MAX_CALLS = 24  # that are followed


def calls_by_name(graph: CodeGraph, ref: SymbolRef) -> list[CallSite]:
    """The product's calls of the name that lead to nothing known, or the tests' if it has none: each may be a call of `ref`. (The graph
    lists such calls of methods only, since those of functions are many.)"""
    if ref.symbol.kind in ("method", "property"):
        return []
    found: list[CallSite] = []
    followed = 0
    for path in sorted(graph.view.paths_using(ref.symbol.name, "called"), key=product_first_key)[:_MAX_FILES]:
        if found and is_test_path(path):
            break
        facts = graph.facts(path)
        for call in facts.calls if facts is not None else ():
            if call.name != ref.symbol.name or "." not in call.callee or facts is None:
                continue
            followed += 1
            site = graph.site(facts, call)
            if not site.resolved and site.caller not in (None, ref) and not _is_library_call(site):
                found.append(site)
            if followed >= _MAX_CALLS or graph.inference.expired:
                return found
    return found


def _is_library_call(site: CallSite) -> bool:
    """Whether the callee is known to be something of a library that has this name; the result of `type()` may be anything."""
    name = site.callee.rpartition(".")[2]
    return any(external.rpartition(".")[2] == name for external in site.external)
