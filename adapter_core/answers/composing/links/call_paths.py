"""The call path from one function to another, if a question names both: who calls whom, step by step, each with its line.

Only calls that lead to one definition and whose lines show it are followed (`reading_order.edges_between`), so each step is checked like
any other sentence about a call.
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
_PATH_QUESTIONS = tuple(
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
_MAX_STEPS = 6
_MAX_FUNCTIONS = 300  # functions whose calls are followed
_MAX_CALLS = 40  # of one of them
_MAX_DEFINITIONS = 3  # definitions of one name
_MAX_CHARS = 300
_SymbolKey = tuple[str, int]


def call_path_sentence(graph: CodeGraph, question: str) -> Candidate | None:
    """ "Step by step: `f` calls `g`; `g` may call `h`." for a question how `f` leads to `h`; None for other questions, if there is no such
    path, or if it is a single call (which other sentences cover)."""
    for pattern in _PATH_QUESTIONS:
        for match in pattern.finditer(question[:_MAX_CHARS]):
            sources, targets = _named_symbols(graph, match["a"]), _named_symbols(graph, match["b"])
            edges = _shortest_path(graph, sources, targets) if sources and targets else []
            if len(edges) > 1:
                return path_sentence(graph, edges)
    return None


def _named_symbols(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The functions and classes of a name, each class with its methods."""
    refs = [r for r in graph.find_symbol(name.strip(".")) if r.symbol.is_callable or r.symbol.kind == "class"]
    product_refs = [r for r in refs if not is_test_path(r.path)][:_MAX_DEFINITIONS]
    found: list[SymbolRef] = []
    for ref in product_refs:
        prefix = f"{ref.symbol.qualname}."
        members = graph.defs_in(ref.path) if ref.symbol.kind == "class" else []
        found += [ref, *(m for m in members if m.symbol.is_callable and m.symbol.qualname.startswith(prefix))]
    return found


def _shortest_path(
    graph: CodeGraph, sources: Sequence[SymbolRef], targets: Sequence[SymbolRef]
) -> list[tuple[SymbolRef, Edge]]:
    """The calls of a shortest path, each with its caller; empty if there is none of at most `_MAX_STEPS`."""
    target_keys = {key_of(r) for r in targets} - {key_of(r) for r in sources}
    reached_by: dict[_SymbolKey, tuple[SymbolRef, Edge] | None] = {key_of(r): None for r in sources}
    frontier = list(sources)
    for _ in range(_MAX_STEPS):
        next_frontier: list[SymbolRef] = []
        for ref in frontier:
            if len(reached_by) > _MAX_FUNCTIONS:
                return []
            for caller, edge, target in steps_from(graph, ref):
                if edge.target in reached_by:
                    continue
                reached_by[edge.target] = (caller, edge)
                next_frontier.append(target)
                if edge.target in target_keys:
                    return trace_back(graph, reached_by, edge.target)
        frontier = next_frontier
    return []


def steps_from(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[SymbolRef, Edge, SymbolRef]]:
    """(caller, edge, target) of what a function calls, in the order of the text; for a class, of what its `__init__` calls."""
    callers = graph.members(ref, "__init__")[:1] if ref.symbol.kind == "class" else [ref]
    for caller in callers:
        sites = [s for s in graph.calls_of(caller, implicit=False).items if not s.deferred]
        targets = [t for s in sites for t in s.targets if leads_to(s, t) and t != caller and not is_test_path(t.path)]
        targets_by_key = dict(list({key_of(t): t for t in targets}.items())[:_MAX_CALLS])
        for edge in edges_between(graph, {key_of(caller): caller}, targets_by_key, inferred=True):
            yield caller, edge, targets_by_key[edge.target]


def trace_back(
    graph: CodeGraph, reached_by: dict[_SymbolKey, tuple[SymbolRef, Edge] | None], end: _SymbolKey
) -> list[tuple[SymbolRef, Edge]]:
    path: list[tuple[SymbolRef, Edge]] = []
    step = reached_by[end]
    while step is not None:
        path.insert(0, step)
        caller = step[0]
        # A constructor was reached as its class.
        owner = next((r for r in graph.owners_of(caller) if r.symbol.kind == "class"), None)
        step = reached_by.get(key_of(caller)) or (
            reached_by.get(key_of(owner)) if owner is not None and caller.symbol.name == "__init__" else None
        )
    return path


def path_sentence(graph: CodeGraph, edges: Sequence[tuple[SymbolRef, Edge]]) -> Candidate:
    parts = []
    for caller, edge in edges:
        target = _name_at(graph, edge.target)
        parts.append(f"{code(caller.symbol.qualname)} {edge.word} {code(target)}")
    spans = tuple(dict.fromkeys(line for _, edge in edges for line in edge.lines))
    first = edges[0][0]
    return Candidate(
        f"Step by step: {'; '.join(parts)}.", "call_path", spans, f"{first.path}:{first.symbol.start}", 0, -1
    )


def _name_at(graph: CodeGraph, key: _SymbolKey) -> str:
    return next(
        r.symbol.qualname
        for r in graph.defs_in(key[0])
        if r.symbol.start == key[1] and (r.symbol.is_callable or r.symbol.kind == "class")
    )


def key_of(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start
