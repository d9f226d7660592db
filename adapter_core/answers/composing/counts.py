"""Counts that the graph answers for: calls of something, its methods, parameters, subclasses, overrides and tests."""

from __future__ import annotations

import re

from ...code_graph import index_of
from ...types import Symbol
from .links import Links

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


def names_a_count(text: str) -> bool:
    """Whether a question names something that can be counted here."""
    return bool(_PLACES.search(text)) or any(
        re.search(rf"\b{one.split()[-1]}", text, re.I) for one, _ in NOUNS.values()
    )


def asked_for(text: str) -> tuple[str, ...]:
    """What a question wants counted, as keys of `NOUNS`; all of them where it does not say."""
    found = [what for what, (one, _) in NOUNS.items() if re.search(rf"\b{one.split()[-1]}", text, re.I)]
    if _PLACES.search(text):
        found.append("places")
    return tuple(dict.fromkeys(found)) or tuple(NOUNS)


def count_of(links: Links, what: str) -> int | None:
    """How many there are; None where that cannot be told. `what` is a key of `NOUNS`."""
    symbol = links.ref.symbol
    if what == "places":
        calls = [s for s in links.callers.items if not s.deferred]
        return len(calls) if links.callers.complete and all(s.resolved for s in calls) else None
    if what == "parameters":
        return len([p for p in symbol.parameters if p.name not in ("self", "cls")]) if symbol.is_callable else None
    if what == "methods":
        return len(methods_of(links)) if symbol.kind == "class" else None
    if what == "subclasses":
        return len(links.subclasses)
    if what == "overrides":
        return len(links.overrides)
    return len(links.tests.items) if links.tests.complete else None


def methods_of(links: Links) -> dict[str, Symbol]:
    """The methods that a class defines itself, by name; none of anything else."""
    symbol = links.ref.symbol
    facts = links.graph.facts(links.ref.path)
    index = index_of(facts, symbol) if facts is not None and symbol.kind == "class" else None
    if facts is None or index is None:
        return {}
    return {s.name: s for s in facts.symbols if s.parent == index and s.is_callable}
