"""The way from one function to another over calls, where a question names both: who calls whom, step by step, each with its line.

Only calls that lead to one definition are followed, and only those whose lines show it (`together.edges_between`), so that each step is
checked as any other sentence about a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....code_graph import CodeGraph, is_test_path
from ....types import SymbolRef
from ...inert import code
from ..candidate import Candidate
from ..reading_order import Edge, edges_between
from .calls import leads_to

_NAME = r"(?:the )?[`\"']?(?P<{}>[A-Za-z_][\w.]*)(?:\(\))?[`\"']?"
_A, _B = _NAME.format("a"), _NAME.format("b")
_WAYS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\bfrom {_A}(?: \w+){{0,2}} (?:all the way )?(?:through )?(?:in)?to {_B}",
        rf"\b(?:path|ways?|route|chain|calls?|flow|happens|steps)\b[^?]{{0,30}}\bbetween {_A}(?: \w+)? and {_B}",
        rf"\bhow (?:does|do|can|would) {_A}(?: \w+)? (?:eventually |finally |come to |end up )?"
        rf"(?:reach(?:es)?|gets? to|leads? to|in|at|calling|arrives? at|calls?|invokes?|triggers?) {_B}",
        rf"\b(?:is|gets?) {_B}(?: \w+)? (?:reached|called|invoked|triggered) (?:from|by|starting (?:from|at|in)) {_A}",
        rf"\bdoes {_B} get (?:reached|called|invoked|triggered) (?:from|by) {_A}",
    )
)
_MOST_STEPS = 6
_MOST_LOOKED_AT = 300  # functions whose calls are followed
_MOST_CALLS = 40  # of one of them
_MOST_MEANT = 3  # definitions of one name
_MAX_CHARS = 300
_SymbolKey = tuple[str, int]


def call_path_sentence(graph: CodeGraph, question: str) -> Candidate | None:
    """ "Step by step: `f` calls `g`; `g` may call `h`." for a question of how one gets from `f` to `h`; None where it is not one, where
    there is no such way, or where it is no longer than the two themselves (which stand beside each other anyway)."""
    for pattern in _WAYS:
        for match in pattern.finditer(question[:_MAX_CHARS]):
            sources, targets = _meant(graph, match["a"]), _meant(graph, match["b"])
            edges = _shortest(graph, sources, targets) if sources and targets else []
            if len(edges) > 1:
                return _told(graph, edges)
    return None


def _meant(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The functions and classes that a name stands for, each class with its methods."""
    refs = [r for r in graph.find_symbol(name.strip(".")) if r.symbol.is_callable or r.symbol.kind == "class"]
    own = [r for r in refs if not is_test_path(r.path)][:_MOST_MEANT]
    found: list[SymbolRef] = []
    for ref in own:
        prefix = f"{ref.symbol.qualname}."
        members = graph.defs_in(ref.path) if ref.symbol.kind == "class" else []
        found += [ref, *(m for m in members if m.symbol.is_callable and m.symbol.qualname.startswith(prefix))]
    return found


def _shortest(
    graph: CodeGraph, sources: Sequence[SymbolRef], targets: Sequence[SymbolRef]
) -> list[tuple[SymbolRef, Edge]]:
    """The calls of a shortest way, each with the one who calls; empty where there is none of at most `_MOST_STEPS`."""
    wanted = {_key(r) for r in targets} - {_key(r) for r in sources}
    came: dict[_SymbolKey, tuple[SymbolRef, Edge] | None] = {_key(r): None for r in sources}
    around = list(sources)
    for _ in range(_MOST_STEPS):
        following: list[SymbolRef] = []
        for ref in around:
            if len(came) > _MOST_LOOKED_AT:
                return []
            for caller, edge, target in _steps(graph, ref):
                if edge.target in came:
                    continue
                came[edge.target] = (caller, edge)
                following.append(target)
                if edge.target in wanted:
                    return _back(graph, came, edge.target)
        around = following
    return []


def _steps(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[SymbolRef, Edge, SymbolRef]]:
    """What one calls, in the order of the text; what a class does when it is constructed is what its `__init__` does."""
    callers = graph.members(ref, "__init__")[:1] if ref.symbol.kind == "class" else [ref]
    for caller in callers:
        sites = [s for s in graph.calls_of(caller, implicit=False).items if not s.deferred]
        called = [t for s in sites for t in s.targets if leads_to(s, t) and t != caller and not is_test_path(t.path)]
        near = dict(list({_key(t): t for t in called}.items())[:_MOST_CALLS])
        for edge in edges_between(graph, {_key(caller): caller}, near, inferred=True):
            yield caller, edge, near[edge.target]


def _back(
    graph: CodeGraph, came: dict[_SymbolKey, tuple[SymbolRef, Edge] | None], end: _SymbolKey
) -> list[tuple[SymbolRef, Edge]]:
    found: list[tuple[SymbolRef, Edge]] = []
    step = came[end]
    while step is not None:
        found.insert(0, step)
        caller = step[0]
        # A constructor was reached as its class.
        owner = next((r for r in graph.owners_of(caller) if r.symbol.kind == "class"), None)
        step = came.get(_key(caller)) or (
            came.get(_key(owner)) if owner is not None and caller.symbol.name == "__init__" else None
        )
    return found


def _told(graph: CodeGraph, edges: Sequence[tuple[SymbolRef, Edge]]) -> Candidate:
    parts = []
    for caller, edge in edges:
        target = _at(graph, edge.target)
        parts.append(f"{code(caller.symbol.qualname)} {edge.word} {code(target)}")
    spans = tuple(dict.fromkeys(line for _, edge in edges for line in edge.lines))
    first = edges[0][0]
    return Candidate(
        f"Step by step: {'; '.join(parts)}.", "call_path", spans, f"{first.path}:{first.symbol.start}", 0, -1
    )


def _at(graph: CodeGraph, key: _SymbolKey) -> str:
    return next(
        r.symbol.qualname
        for r in graph.defs_in(key[0])
        if r.symbol.start == key[1] and (r.symbol.is_callable or r.symbol.kind == "class")
    )


def _key(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start
