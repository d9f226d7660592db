"""Counts that the graph answers for: calls of something, its methods, parameters, subclasses, overrides and tests."""

from __future__ import annotations

import re

from ..code_graph import CodeGraph, index_of
from ..types import SymbolRef

# What is counted, in the words of a sentence, one and several.
NOUNS = {
    "places": ("place", "places"),
    "methods": ("method", "methods"),
    "parameters": ("parameter", "parameters"),
    "subclasses": ("direct subclass", "direct subclasses"),
    "overrides": ("override", "overrides"),
    "tests": ("test", "tests"),
}


_PLACES = re.compile(r"\bhow often\b|\b(?:called|callers?|calls|times|places|used|usages?)\b", re.I)


def asked_for(text: str) -> tuple[str, ...]:
    """What a question wants counted, as keys of `NOUNS`; all of them where it does not say."""
    found = [what for what, (one, _) in NOUNS.items() if re.search(rf"\b{one.split()[-1]}", text, re.I)]
    if _PLACES.search(text):
        found.append("places")
    return tuple(dict.fromkeys(found)) or tuple(NOUNS)


def count_of(graph: CodeGraph, ref: SymbolRef, what: str) -> int | None:
    """How many there are; None where that cannot be told. `what` is a key of `NOUNS`."""
    symbol = ref.symbol
    if what == "places":
        listing = graph.who_calls(ref)
        calls = [s for s in listing.items if not s.deferred]
        return len(calls) if listing.complete and all(s.resolved for s in calls) else None
    if what == "parameters":
        return len([p for p in symbol.parameters if p.name not in ("self", "cls")]) if symbol.is_callable else None
    if what == "methods":
        facts = graph.facts(ref.path)
        index = index_of(facts, symbol) if facts is not None and symbol.kind == "class" else None
        if facts is None or index is None:
            return None
        return len({s.name for s in facts.symbols if s.parent == index and s.is_callable})
    if what == "subclasses":
        return len(graph.subclasses_of(ref)) if symbol.kind == "class" else None
    if what == "overrides":
        return len(graph.overrides_of(ref)) if symbol.kind in ("method", "property") else None
    listing = graph.tests_for_symbol(ref)
    return len([t for t in listing.items if t.distance < 9]) if listing.complete else None
