"""How a program starts, for questions that ask for that: from the function that its command runs, over calls, to the function that does
most of what is asked about."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile

from ....code_graph import CodeGraph, is_test_path
from ....graph import terms
from ....types import SymbolRef
from ...kinds import asks_failure, asks_order
from ..candidate import Candidate, definition_span
from ..listings.entry_points import console_scripts
from ..reading_order import Edge
from ..statements.call_conditions import tests_by_call
from ..statements.conditions import condition_of
from .call_paths import key_of, path_sentence, steps_from, trace_back

_ASKED = re.compile(
    r"\b(?:start[- ]?ups?|boot(?:s|ing|strap\w*)?|from the (?:command line|cli|shell|terminal)|command line|launch(?:es|ed|ing)?|"
    r"(?:starts?|started|starting|run|runs|running)(?: \w+){0,3} (?:from the|on the|as a) command)\b|"
    r"\bwhen (?:i|you|we|one|someone|the user) (?:start|run|launch|execute|invoke)s? ",
    re.I,
)
_MAX_DEPTH, _MAX_FUNCTIONS = 7, 80
_MAX_TARGETS = 3  # functions that one name may be bound to
_DEPTH_GAIN = 1.1  # of what lies deeper: the functions before it are told, too
_ENDS = re.compile(
    r"(?:\A|_)(?:shut_?down|stop|close|exit|terminate|kill|halt|clean_?up|tear_?down|finalize|quit|abort)", re.I
)
_ENDING_FACTOR = 0.3  # of what ends what was started
_UNSHOWN = ("", 0, 0)
_ENTRY_FACTOR = 0.5  # of the entry point, whose options have words of all kinds
# Words for where one starts it, which the function that does it need not have.
FRAME = frozenset(map(terms.stem, ("command", "line", "cli", "shell", "terminal", "launch")))


@dataclass(frozen=True, slots=True)
class Startup:
    """`script`: the sentence that quotes the entry point; `path`: the functions from the one that it calls to the one that does most of
    what is asked; `sentence`: that tells these calls, None for a path of one function or call."""

    script: Candidate | None
    path: tuple[SymbolRef, ...]
    sentence: Candidate | None


def asks_startup(text: str) -> bool:
    """Whether a question asks what happens when a program is started."""
    return bool(_ASKED.search(text[:300])) and not asks_order(text[:300]) and not asks_failure(text[:300])


def startup_of(
    graph: CodeGraph, words: Collection[str], own_names: Collection[str], score: Callable[[SymbolRef], float]
) -> Startup | None:
    """The way from the entry point to what `score` finds best. `words`: the terms of the question; of several commands the one that it
    names is taken, else the project's own one, else the first. None without an entry point."""
    entries = [(name, ref, sentence) for name, ref, sentence in console_scripts(graph) if ref is not None]
    if not entries:
        return None
    name_terms = {name: set(terms.terms_of(name)) for name, _, _ in entries}
    entries.sort(key=lambda e: (not name_terms[e[0]] <= set(words), terms.compound(e[0]) not in own_names))
    _, start, script = entries[0]
    reached_by: dict[tuple[str, int], tuple[SymbolRef, Edge] | None] = {key_of(start): None}
    best, best_score = start, _ENTRY_FACTOR * score(start)
    frontier = [start]
    for depth in range(1, _MAX_DEPTH + 1):
        following: list[SymbolRef] = []
        for ref in frontier:
            if len(reached_by) > _MAX_FUNCTIONS:
                break
            for caller, edge, target in _steps(graph, ref):
                if edge.target in reached_by or is_test_path(target.path):
                    continue
                reached_by[edge.target] = (caller, edge)
                following.append(target)
                value = score(target) * _DEPTH_GAIN**depth if target.symbol.is_callable else 0.0
                value *= _ENDING_FACTOR if _ENDS.search(target.symbol.name) else 1.0
                if value > best_score:
                    best, best_score = target, value
        frontier = following
    edges = trace_back(graph, reached_by, key_of(best))
    path = (*(caller for caller, _ in edges), best)
    told = list(takewhile(lambda step: step[1].lines[-1] != _UNSHOWN, edges))
    return Startup(script, path, path_sentence(graph, told) if len(told) > 1 else None)


def _steps(graph: CodeGraph, ref: SymbolRef) -> list[tuple[SymbolRef, Edge, SymbolRef]]:
    """(caller, edge, target) of what a function calls; first what it calls in the fewest special cases."""
    steps = [*steps_from(graph, ref), *_further_steps(graph, ref)]
    document = graph.document(ref.path)
    tests = tests_by_call(ref.symbol, document.lines) if document is not None and ref.symbol.is_callable else {}
    cases: dict[int, int] = {}
    for (_, line), around in tests.items():
        count = sum(t.is_branch and t.holds for t in around or ())
        cases[line] = min(count, cases.get(line, count))
    return sorted(steps, key=lambda step: cases.get(step[1].lines[0][1], 0))


def _further_steps(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[SymbolRef, Edge, SymbolRef]]:
    """(caller, edge, target) of calls on values whose class no line nearby shows, where the definition of the target is cited; and of names
    that are bound to one of several functions, which no line of the call shows."""
    document = graph.document(ref.path)
    if document is None or not ref.symbol.is_callable:
        return
    tests = tests_by_call(ref.symbol, document.lines)
    for site in graph.calls_of(ref, implicit=False).items:
        if site.deferred or site.external or site.open or not 0 < len(site.targets) <= _MAX_TARGETS:
            continue
        line = site.span.start
        around = tests.get((site.callee, line))
        is_certain = len(site.targets) == 1 and around is not None
        is_unconditional = is_certain and around is not None and not condition_of(around, line, line, loops=True).words
        for target in site.targets:
            if target.symbol.is_callable and target != ref:
                shown = definition_span(target) if len(site.targets) == 1 else _UNSHOWN
                lines = ((ref.path, line, line), shown)
                yield ref, Edge(key_of(ref), key_of(target), "calls" if is_unconditional else "may call", lines), target
