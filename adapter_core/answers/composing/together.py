"""How the places of an answer hang together: which of the chosen symbols calls, constructs or extends which other one.

From it come the order in which they are spoken of (what calls comes before what it calls) and one sentence that sums it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...code_graph import CodeGraph, index_of
from ...types import SymbolRef
from ..inert import code
from .candidate import Candidate, definition, listed
from .conditions import condition_of
from .placed_calls import tests_of_calls

_MAX_TOLD = 6
_Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """From one chosen symbol to another one, both as `Candidate.about` names them. `word`: calls | may call (under some condition) |
    extends. `line` shows it."""

    source: str
    target: str
    word: str
    line: _Place


def put_together(graph: CodeGraph, chosen: Sequence[Candidate], sum_up: bool) -> list[Candidate]:
    """The chosen sentences, best first, as they are read: in order, and with `sum_up` below a sentence that says how what they are about is
    linked, unless one of them does."""
    symbols = symbols_of(graph, chosen)
    edges = edges_between(graph, symbols)
    items = in_reading_order(chosen, edges)
    opening = summed_up(items, symbols, edges) if sum_up else None
    if opening is None:
        return items
    always = {e.line for e in edges if e.word == "calls"} & set(opening.spans)
    return [opening, *(i for i in items if i.kind != "calls" or not set(i.spans) <= always)]


def symbols_of(graph: CodeGraph, items: Iterable[Candidate]) -> dict[str, SymbolRef]:
    """The functions and classes that the sentences are about, in the order of the sentences."""
    found: dict[str, SymbolRef] = {}
    for item in items:
        path, _, line = item.about.rpartition(":")
        facts = graph.facts(path)
        for index, symbol in enumerate(facts.symbols if facts is not None else ()):
            if index and symbol.start == int(line) and (symbol.is_callable or symbol.kind == "class"):
                found.setdefault(item.about, graph.ref(facts, index))  # type: ignore[arg-type]
                break
    return found


def edges_between(graph: CodeGraph, symbols: dict[str, SymbolRef]) -> list[Edge]:
    """The links among some symbols, each once, in the order of the text."""
    names = {_key(ref): about for about, ref in symbols.items()}
    found: dict[tuple[str, str], Edge] = {}
    for about, ref in symbols.items():
        for edge in (*_calls(graph, about, ref, names), *_bases(graph, about, ref, names)):
            known = found.get((about, edge.target))
            if edge.target != about and (known is None or (known.word == "may call" and edge.word == "calls")):
                found[about, edge.target] = edge
    return list(found.values())


def _key(ref: SymbolRef) -> tuple[str, int]:
    return ref.path, ref.symbol.start


def _calls(graph: CodeGraph, about: str, ref: SymbolRef, names: dict[tuple[str, int], str]) -> Iterator[Edge]:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None or not ref.symbol.is_callable:
        return
    around = tests_of_calls(ref.symbol, document.lines)
    for call in facts.calls:
        if call.owner != index or call.form:
            continue
        site = graph.site(facts, call)
        if not site.sure:
            continue
        tests = around.get((call.callee, call.line))
        always = tests is not None and not condition_of(tests, call.line, call.line, loops=True).words
        for target in (*site.targets, *site.enters):
            to = names.get(_key(target))
            if to is not None and target.symbol.name == call.name:
                yield Edge(about, to, "calls" if always else "may call", (ref.path, call.line, call.line))


def _bases(graph: CodeGraph, about: str, ref: SymbolRef, names: dict[tuple[str, int], str]) -> Iterator[Edge]:
    for base in graph.bases_of(ref) if ref.symbol.kind == "class" else ():
        to = names.get(_key(base))
        if to is not None:
            yield Edge(about, to, "extends", definition(ref))


def in_reading_order(items: Sequence[Candidate], edges: Sequence[Edge]) -> list[Candidate]:
    """What the first sentence is about comes first, then what that calls, in the order of the text; then the next one in the order
    of choice. About one symbol, the sentences stand as its own order has it."""
    below: dict[str, list[str]] = {}
    for edge in edges:
        if edge.word != "extends":
            below.setdefault(edge.source, []).append(edge.target)
    order: dict[str, int] = {}
    waiting = list(dict.fromkeys(item.about for item in items))
    while waiting:
        about = waiting.pop(0)
        if about not in order:
            order[about] = len(order)
            waiting[:0] = below.get(about, [])
    return sorted(items, key=lambda item: (order[item.about], item.order))


def summed_up(items: Sequence[Candidate], symbols: dict[str, SymbolRef], edges: Sequence[Edge]) -> Candidate | None:
    """ "How they fit together: `a` calls `b` and may call `c`; `b` calls `d`.", where no sentence shows it yet; None where there is nothing
    to say."""
    order = list(dict.fromkeys(item.about for item in items))
    told = sorted(
        (e for e in edges if _name(symbols, e.source) != _name(symbols, e.target)), key=lambda e: order.index(e.source)
    )
    told = told[:_MAX_TOLD]
    shown = {(path, n) for item in items for path, a, b in item.spans for n in range(a, b + 1)}
    if not told or (len(told) == 1 and all(e.line[:2] in shown for e in told)):
        return None
    parts: list[str] = []
    for source in dict.fromkeys(e.source for e in told):
        own = [e for e in told if e.source == source]
        verbs = [
            f"{word} {listed([_name(symbols, e.target) for e in own if e.word == word])}"
            for word in ("extends", "calls", "may call")
            if any(e.word == word for e in own)
        ]
        parts.append(f"{_name(symbols, source)} {listed(verbs)}")
    lead = "How they fit together: " if len(told) > 1 else ""
    spans = tuple(dict.fromkeys(e.line for e in told))
    return Candidate(f"{lead}{'; '.join(parts)}.", "together", spans, order[0], 0, -1)


def _name(symbols: dict[str, SymbolRef], about: str) -> str:
    return code(symbols[about].symbol.qualname)
