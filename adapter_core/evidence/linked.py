"""Candidates by the graph: the neighbours of a zoom symbol, the contents of a zoom module, candidates that call each other, callees of
functions that the question names."""

from __future__ import annotations

import glob
from collections import defaultdict
from fnmatch import fnmatchcase

from ..code_graph import CodeGraph, index_of, is_test_path
from ..graph.finding.dependencies import absolute_module
from ..graph.source import is_python
from ..types import ModuleFacts, SymbolRef
from .candidates import Candidate, Candidates, lift, symbol_key
from .commonplace import BUILTIN_METHODS
from .options import RankingOptions
from .question import Question

_FUNCTION_KINDS = frozenset({"function", "method", "property"})
_CALLABLE_KINDS = frozenset({"class", "function", "method"})
_MAX_NEIGHBOURS = 40
_MAX_FRONTIER = 12
_MAX_CALLERS = 20
_MAX_TESTS = 6
# Candidates with the name that is called: with more, it is unclear which of them the call means.
_MAX_SAME_NAME = 2
# The same for all definitions of the workspace.
_MAX_NAMESAKES = 3
_MAX_REASONS = 4
# A name with more definitions is not the one function that the question means; a function that calls more says less about each callee.
_MAX_DEFINITIONS = 2
_MAX_CALLEES = 8
_MODULE_BOOST = 1.5


def lift_zoom(graph: CodeGraph, zoom: SymbolRef, radius: int, candidates: Candidates) -> None:
    """Lift the symbol, its tests, and its neighbours in the graph, which get less with each step away from it."""
    # A question about a module is about its contents.
    zoom_boost, neighbour_boost = (_MODULE_BOOST, 0.3) if zoom.symbol.kind == "module" else (3.0, 0.8)
    lift(graph, zoom, zoom_boost, "zoom symbol", candidates)
    frontier = [zoom]
    seen = {symbol_key(zoom)}
    for distance in range(1, radius + 1):
        neighbours = [(ref, why) for neighbour in frontier for ref, why in _neighbours(graph, neighbour)][
            :_MAX_NEIGHBOURS
        ]
        following = []
        for ref, why in neighbours:
            if symbol_key(ref) not in seen:
                seen.add(symbol_key(ref))
                following.append(ref)
                lift(graph, ref, neighbour_boost / distance, why, candidates)
        frontier = following[:_MAX_FRONTIER]
    if radius:
        for link in graph.tests_for_symbol(zoom, depth=1).items[:_MAX_TESTS]:
            test = graph.symbol_at(link.span.path, link.span.start)
            if test is not None and symbol_key(test) not in seen:
                lift(graph, test, 0.4, f"tests {zoom.symbol.name}", candidates)


def module_files(zoom: SymbolRef) -> str:
    """A glob pattern for the files of a zoom module; for a package, those of its folder."""
    folder, _, name = zoom.path.rpartition("/")
    return f"{glob.escape(folder)}/*" if folder and name.startswith("__init__.") else glob.escape(zoom.path)


def lift_module(graph: CodeGraph, zoom: SymbolRef, matching: Candidates, candidates: Candidates) -> None:
    """Lift the definitions of a zoom module: those that match the question (`matching`, whose best has score 1) by their scores, and the
    other public ones less, in the order of the text. Candidates of other files by words alone are removed."""
    pattern = module_files(zoom)
    for key in [k for k, c in candidates.items() if not c.lifted and not fnmatchcase(c.path, pattern)]:
        del candidates[key]
    for key, candidate in matching.items():
        candidate_in_module = candidates.setdefault(key, candidate)
        candidate_in_module.score = max(candidate_in_module.score, candidate.score) + _MODULE_BOOST
        candidate_in_module.lifted = True
        candidate_in_module.why.append(f"in {zoom.module}")
    public_symbols = [r for r in graph.defs_in(zoom.path) if r.symbol.parent == 0 and not r.symbol.name.startswith("_")]
    public_definitions = [r for r in public_symbols if r.symbol.is_callable or r.symbol.kind == "class"][:_MAX_CALLERS]
    for position, ref in enumerate(public_definitions):
        lift(graph, ref, 1.0 - 0.5 * position / len(public_definitions), f"defined in {zoom.module}", candidates)


def _neighbours(graph: CodeGraph, ref: SymbolRef) -> list[tuple[SymbolRef, str]]:
    """(neighbour, reason): callees and callers of a symbol; also the overridden and overriding methods of a method, the bases and
    subclasses of a class, the imports and importers of a module."""
    name = ref.symbol.name
    neighbours = [(r, f"called by {name}") for r in graph.callees_of(ref)]
    # Reading a property runs it. For other symbols implicit callers take too long to find.
    callers = graph.who_calls(ref, implicit=ref.symbol.kind == "property").items
    sites = [s for s in callers if s.resolved and s.caller is not None][:_MAX_CALLERS]
    neighbours.extend((s.caller, f"calls {name}") for s in sites if s.caller)
    facts = graph.facts(ref.path)
    if ref.symbol.kind == "class" and facts is not None:
        neighbours.extend((base, f"base of {name}") for base in graph.bases_of(ref))
        neighbours.extend((cls, f"subclass of {name}") for cls in graph.subclasses_of(ref)[:_MAX_CALLERS])
    elif ref.symbol.kind in ("method", "property") and facts is not None:
        neighbours.extend((r, f"overridden by {ref.symbol.qualname}") for r in graph.overridden_by(ref))
        neighbours.extend((r, f"overrides {ref.symbol.qualname}") for r in graph.overrides_of(ref)[:_MAX_CALLERS])
    elif ref.symbol.kind == "module" and facts is not None:
        modules = {absolute_module(facts, item) for item in facts.imports if item.owner == 0}
        neighbours.extend(
            (graph.ref(f, 0), f"imported by {name}") for m in sorted(modules) for f in graph.facts_of_module(m)
        )
        importers = [f for path in graph.importers_of(ref.module) if (f := graph.facts(path)) is not None]
        neighbours.extend((graph.ref(f, 0), f"imports {name}") for f in importers)
    return neighbours


def spread_scores(graph: CodeGraph, candidates: Candidates, options: RankingOptions) -> None:
    """Raise the scores of candidates that call each other: a question about how things fit together is about all of them.

    Calls are matched by name among the best candidates only: resolving them would take as long as the whole search. No candidate gains
    more than a share of its own score, so one that no word matches stays where it is.
    """
    pool = sorted(candidates.values(), key=lambda c: (-c.score, c.path, c.index))[: options.spread_pool]
    by_file: dict[str, dict[int, Candidate]] = defaultdict(dict)
    by_name: dict[str, list[Candidate]] = defaultdict(list)
    files: dict[str, ModuleFacts] = {}
    for candidate in pool:
        facts = graph.facts(candidate.path)
        if facts is None or not is_python(candidate.path) or candidate.index >= len(facts.symbols):
            continue
        files[candidate.path] = facts
        by_file[candidate.path][candidate.index] = candidate
        symbol = facts.symbols[candidate.index]
        if symbol.kind != "module":
            by_name[symbol.name].append(candidate)
    links = [
        (caller, target, 1 / len(by_name[name]))
        for path, facts in files.items()
        for caller, name in _named_calls(facts, by_file[path], by_name)
        if len(by_name[name]) <= _MAX_SAME_NAME
        for target in by_name[name]
        if target is not caller
    ]
    gains: dict[tuple[str, int], float] = defaultdict(float)
    for caller, target, share in links:
        for gaining, other in ((target, caller), (caller, target)):
            gains[gaining.path, gaining.index] += options.call_spread * other.score * share
    for caller, target, _ in links:
        caller.why.append(f"calls {files[target.path].symbols[target.index].qualname}")
        target.why.append(f"called by {files[caller.path].symbols[caller.index].qualname}")
    for key, gain in gains.items():
        candidate = candidates[key]
        candidate.score *= 1 + min(gain / candidate.score, options.spread_cap)
        del candidate.why[_MAX_REASONS:]


def lift_called(graph: CodeGraph, question: Question, boost: float, candidates: Candidates) -> None:
    """Lift the callees of a function that the question writes as code: they often do what the question asks about.

    As in `spread_scores`, calls are matched by name: to the one definition of that name outside the tests.
    """
    for name in () if question.is_report or not boost else question.identifiers:
        functions = graph.find_symbol(name, at_most=_MAX_DEFINITIONS)
        if len(functions) > _MAX_DEFINITIONS:
            continue
        for ref in functions:
            callees = _uniquely_named_callees(graph, ref) if ref.symbol.kind in _FUNCTION_KINDS else []
            for target in callees if len(callees) <= _MAX_CALLEES else ():
                lift(graph, target, boost / (1 + 0.1 * len(callees)), f"called by {ref.symbol.qualname}", candidates)


def _uniquely_named_callees(graph: CodeGraph, ref: SymbolRef) -> list[SymbolRef]:
    """The callees of a function whose name has no other definition outside the tests; without the function itself."""
    facts = graph.facts(ref.path)
    function_index = index_of(facts, ref.symbol) if facts else None
    if facts is None or function_index is None:
        return []
    inner_indexes = {function_index}
    for index, symbol in enumerate(facts.symbols):
        if symbol.parent in inner_indexes:
            inner_indexes.add(index)
    callees = []
    for name in dict.fromkeys(call.name for call in facts.calls if call.owner in inner_indexes):
        definitions = graph.find_symbol(name, at_most=_MAX_NAMESAKES)
        product_definitions = [r for r in definitions if not is_test_path(r.path)]
        if (
            len(definitions) > _MAX_NAMESAKES
            or len(product_definitions) != 1
            or symbol_key(product_definitions[0]) == symbol_key(ref)
        ):
            continue
        if product_definitions[0].symbol.kind in _CALLABLE_KINDS:
            callees.append(product_definitions[0])
    return callees


def _named_calls(
    facts: ModuleFacts, owners: dict[int, Candidate], names: dict[str, list[Candidate]]
) -> list[tuple[Candidate, str]]:
    calls: dict[tuple[int, str], None] = {}
    for call in facts.calls:
        receiver, _, name = call.callee.rpartition(".")
        if name not in names or (name in BUILTIN_METHODS and receiver not in ("", "self", "cls")):
            continue  # `found.get(key)` is rather a call of a dict's method than of one of the project's own
        owner = call.owner
        while owner > 0 and owner not in owners:
            owner = facts.symbols[owner].parent
        if owner in owners:
            calls[owner, name] = None
    return [(owners[owner], name) for owner, name in calls]
