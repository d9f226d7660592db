"""Functions with overload declarations."""

from __future__ import annotations

from ....types import ModuleFacts


def implementation(facts: ModuleFacts, index: int) -> int:
    """For an overload declaration the function that runs; where the file has none (a protocol, a stub file), the last declaration, which
    stands for all. Any other symbol itself."""
    symbol = facts.symbols[index]
    if not symbol.decorators or not symbol.is_callable or "overload" not in symbol.traits:
        return index
    same = [
        i for i, s in enumerate(facts.symbols) if s.name == symbol.name and s.parent == symbol.parent and s.is_callable
    ]
    return next((i for i in same if "overload" not in facts.symbols[i].traits), same[-1])
