"""Checks of the sentences that tell what a function raises: by which calls ("`f` calls `g()`; `g` raises `E`."), or that it has no `raise`
statement of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from ...code_graph import CodeGraph
from ...types import Citation, ModuleFacts, SymbolRef
from ..citations import are_within, spans_of
from ..composing.listings.what_it_raises import CALLS, INFERRED, NEXT_STEP, NO_RAISE, called_functions, raise_statements

_CODE = r"`[^`]+`"
_NOTHING = re.compile(rf"(?P<name>{_CODE}) {re.escape(NO_RAISE)}\.")
_PART = rf"(?:{_CODE}|[^`;])+"
_CHAIN = re.compile(
    rf"{_CODE} {CALLS} {_PART}(?:{NEXT_STEP}{_CODE} {CALLS} {_PART})*{NEXT_STEP}{_CODE} raises {_PART}\."
)
_STEP = re.compile(rf"`(?P<caller>[^`]+)` (?:{CALLS} `(?P<callee>[^`]+)\(\)`|raises )")


def raising_holds(
    graph: CodeGraph,
    sentence: str,
    citations: tuple[Citation, ...],
    holds: Callable[[str, tuple[Citation, ...]], bool],
) -> bool | None:
    """Whether a sentence of these forms is true; None for another form. `holds`: whether citations support a sentence, here each part of a
    chain by those in the function that it is about. In a chain each call must also lead to the function that the next part is about."""
    text = sentence.strip()
    nothing = _NOTHING.fullmatch(text)
    if nothing is not None:
        refs = [ref for ref in _cited(graph, nothing["name"].strip("`"), citations) if _is_covered(ref, citations)]
        return len(refs) == 1 and raise_statements(graph, refs[0]) == []
    if _CHAIN.fullmatch(text) is None:
        return None
    parts = [part.group().strip() for part in re.finditer(_PART, text.removesuffix(".").removesuffix(INFERRED))]
    steps = [step for part in parts if (step := _STEP.match(part)) is not None]
    if len(steps) < len(parts):
        return False
    callers = [
        [ref for ref in _cited(graph, step["caller"], citations) if holds(f"{part}.", _inside(ref, citations))]
        for part, step in zip(parts, steps, strict=True)
    ]
    is_inferred = INFERRED in text
    return all(callers) and all(
        any(_leads_to(graph, ref, step["callee"], after, citations, is_inferred) for ref in before)
        for step, (before, after) in zip(steps, pairwise(callers), strict=False)
    )


def _inside(ref: SymbolRef, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
    start, end = ref.symbol.start, ref.symbol.end
    return tuple(c for c in citations if c.span.path == ref.path and start <= c.span.start and c.span.end <= end)


def _leads_to(
    graph: CodeGraph,
    caller: SymbolRef,
    callee: str,
    targets: Sequence[SymbolRef],
    citations: tuple[Citation, ...],
    is_inferred: bool,
) -> bool:
    """Whether a call on the cited lines runs one of the targets. `is_inferred`: or may run it, by inferred types."""
    facts = graph.facts(caller.path)
    for call in facts.calls if facts is not None else ():
        if facts is None or call.callee != callee or facts.symbols[call.owner] != caller.symbol:
            continue
        if are_within([(caller.path, call.line, call.line)], spans_of(citations)):
            called, is_sure = called_functions(graph, caller.path, call)
            if (is_sure or is_inferred) and any(ref in targets for ref in called):
                return True
    return False


def _cited(graph: CodeGraph, qualname: str, citations: tuple[Citation, ...]) -> list[SymbolRef]:
    """The functions of that name some of whose lines are cited."""
    found: list[SymbolRef] = []
    for path in dict.fromkeys(c.span.path for c in citations):
        facts = graph.facts(path)
        found += _of_name(graph, facts, qualname, citations) if facts is not None else []
    return found


def _of_name(
    graph: CodeGraph, facts: ModuleFacts, qualname: str, citations: tuple[Citation, ...]
) -> Iterator[SymbolRef]:
    for index, symbol in enumerate(facts.symbols):
        is_cited = any(
            c.span.path == facts.path and symbol.start <= c.span.start and c.span.end <= symbol.end for c in citations
        )
        if symbol.qualname == qualname and symbol.is_callable and is_cited:
            yield graph.ref(facts, index)


def _is_covered(ref: SymbolRef, citations: tuple[Citation, ...]) -> bool:
    """Whether all lines of a definition are cited."""
    lines = {n for c in citations if c.span.path == ref.path for n in range(c.span.start, c.span.end + 1)}
    return lines.issuperset(range(ref.symbol.start, ref.symbol.end + 1))
