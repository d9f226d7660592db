"""What the call graph adds: the neighbours of a zoom symbol, what is in a zoom module, and candidates that call each other."""

from __future__ import annotations

import glob
import re
from collections import defaultdict
from collections.abc import Set
from fnmatch import fnmatchcase

from ..code_graph import CodeGraph, index_of, is_test_path
from ..graph import terms
from ..graph.finding.dependencies import absolute_module
from ..graph.source import is_python
from ..types import ModuleFacts, SymbolRef
from .candidates import Candidate, Candidates, lift, symbol_key
from .commonplace import BUILTIN_METHODS
from .options import RankingOptions
from .question import Question, extending_terms

# Why a class or a function is among the results of a question how to add something.
BUILT_ON, ADDS = "others are built on it", "named for adding it"
_REGISTERING = frozenset({"add", "install", "plug", "register"})
_RUN = frozenset({"function", "method", "property"})
_CALLABLE = frozenset({"class", "function", "method"})
_MAX_NEIGHBOURS = 40
_MAX_FRONTIER = 12
_MAX_CALLERS = 20
_MAX_TESTS = 6
# A name that more candidates bear says little about which of them is called.
_MAX_BEARERS = 2
# The same for definitions anywhere.
_MAX_NAMESAKES = 3
_MAX_RELATIONS = 4
# A function with more definitions is not the one that is asked about; one that calls more of the project's own says less about each.
_MAX_ASKED = 2
_MAX_CALLED = 8
_IN_MODULE = 1.5


def lift_zoom(graph: CodeGraph, zoom: SymbolRef, radius: int, candidates: Candidates) -> None:
    """The symbol itself, then its neighbours in the graph, falling with the distance; of the tests those of the symbol itself."""
    # A module is asked about for what is in it.
    own, near_by = (_IN_MODULE, 0.3) if zoom.symbol.kind == "module" else (3.0, 0.8)
    lift(graph, zoom, own, "zoom symbol", candidates)
    around = [zoom]
    seen = {symbol_key(zoom)}
    for distance in range(1, radius + 1):
        found = [(ref, why) for near in around for ref, why in _neighbours(graph, near)][:_MAX_NEIGHBOURS]
        following = []
        for ref, why in found:
            if symbol_key(ref) not in seen:
                seen.add(symbol_key(ref))
                following.append(ref)
                lift(graph, ref, near_by / distance, why, candidates)
        around = following[:_MAX_FRONTIER]
    if radius:
        for link in graph.tests_for_symbol(zoom, depth=1).items[:_MAX_TESTS]:
            test = graph.symbol_at(link.span.path, link.span.start)
            if test is not None and symbol_key(test) not in seen:
                lift(graph, test, 0.4, f"tests {zoom.symbol.name}", candidates)


def module_files(zoom: SymbolRef) -> str:
    """The files of a zoom module as a pattern; of a package those of its folder."""
    folder, _, name = zoom.path.rpartition("/")
    return f"{glob.escape(folder)}/*" if folder and name.startswith("__init__.") else glob.escape(zoom.path)


def lift_module(graph: CodeGraph, zoom: SymbolRef, within: Candidates, candidates: Candidates) -> None:
    """What a zoom module defines: what speaks of the question (`within`, its best has score 1) as far as it does, and below it the rest
    that is public, in the order of the text. What stands elsewhere is left out."""
    pattern = module_files(zoom)
    for key in [k for k, c in candidates.items() if not c.lifted and not fnmatchcase(c.path, pattern)]:
        del candidates[key]
    for key, candidate in within.items():
        known = candidates.setdefault(key, candidate)
        known.score = max(known.score, candidate.score) + _IN_MODULE
        known.lifted = True
        known.why.append(f"in {zoom.module}")
    public = [r for r in graph.defs_in(zoom.path) if r.symbol.parent == 0 and not r.symbol.name.startswith("_")]
    shown = [r for r in public if r.symbol.is_callable or r.symbol.kind == "class"][:_MAX_CALLERS]
    for place, ref in enumerate(shown):
        lift(graph, ref, 1.0 - 0.5 * place / len(shown), f"defined in {zoom.module}", candidates)


def _neighbours(graph: CodeGraph, ref: SymbolRef) -> list[tuple[SymbolRef, str]]:
    """What a symbol calls and what calls it; of a method what it overrides and what overrides it; of a class its bases and subclasses; of
    a module what it imports and what imports it."""
    name = ref.symbol.name
    found = [(r, f"called by {name}") for r in graph.callees_of(ref)]
    # A property is run by what reads it. Of other symbols, what runs them without a call takes long to find.
    callers = graph.who_calls(ref, implicit=ref.symbol.kind == "property").items
    sites = [s for s in callers if s.resolved and s.caller is not None][:_MAX_CALLERS]
    found.extend((s.caller, f"calls {name}") for s in sites if s.caller)
    facts = graph.facts(ref.path)
    if ref.symbol.kind == "class" and facts is not None:
        found.extend((base, f"base of {name}") for base in graph.bases_of(ref))
        found.extend((cls, f"subclass of {name}") for cls in graph.subclasses_of(ref)[:_MAX_CALLERS])
    elif ref.symbol.kind in ("method", "property") and facts is not None:
        found.extend((r, f"overridden by {ref.symbol.qualname}") for r in graph.overridden_by(ref))
        found.extend((r, f"overrides {ref.symbol.qualname}") for r in graph.overrides_of(ref)[:_MAX_CALLERS])
    elif ref.symbol.kind == "module" and facts is not None:
        modules = {absolute_module(facts, item) for item in facts.imports if item.owner == 0}
        found.extend(
            (graph.ref(f, 0), f"imported by {name}") for m in sorted(modules) for f in graph.facts_of_module(m)
        )
        importers = [f for path in graph.importers_of(ref.module) if (f := graph.facts(path)) is not None]
        found.extend((graph.ref(f, 0), f"imports {name}") for f in importers)
    return found


def spread(graph: CodeGraph, candidates: Candidates, options: RankingOptions) -> None:
    """Candidates that call each other lift each other: a question about how things fit together is about all of them.

    Calls are matched by name among the best candidates only: following their links would take as long as the whole search. Nobody
    gains more than a share of its own score, so what no word speaks for stays where it is.
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
        for caller, name in _called(facts, by_file[path], by_name)
        if len(by_name[name]) <= _MAX_BEARERS
        for target in by_name[name]
        if target is not caller
    ]
    gains: dict[tuple[str, int], float] = defaultdict(float)
    for caller, target, share in links:
        for one, other in ((target, caller), (caller, target)):
            gains[one.path, one.index] += options.call_spread * other.score * share
    for caller, target, _ in links:
        caller.why.append(f"calls {files[target.path].symbols[target.index].qualname}")
        target.why.append(f"called by {files[caller.path].symbols[caller.index].qualname}")
    for key, gain in gains.items():
        candidate = candidates[key]
        candidate.score *= 1 + min(gain / candidate.score, options.spread_cap)
        del candidate.why[_MAX_RELATIONS:]


def lift_called(graph: CodeGraph, question: Question, boost: float, candidates: Candidates) -> None:
    """Lift what is called by a function that the question writes as code: what is asked about it is often done there.

    As in `spread`, calls are matched by name: to the one definition of that name outside the tests.
    """
    for name in () if question.is_report or not boost else question.identifiers:
        asked = graph.find_symbol(name, at_most=_MAX_ASKED)
        if len(asked) > _MAX_ASKED:
            continue
        for ref in asked:
            called = _only_ones_called(graph, ref) if ref.symbol.kind in _RUN else []
            for target in called if len(called) <= _MAX_CALLED else ():
                lift(graph, target, boost / (1 + 0.1 * len(called)), f"called by {ref.symbol.qualname}", candidates)


def lift_bases(graph: CodeGraph, question: Question, boost: float, candidates: Candidates) -> None:
    """Where a question asks how to add something of one's own: lift the classes that others of the workspace are built on and whose names
    hold what is to be added, and the functions that are named for registering it. As in `spread`, bases are matched by name, among the
    candidates."""
    asked = question.terms.keys() - extending_terms(question.text)
    for (path, index), candidate in sorted(candidates.items()) if boost and len(asked) < len(question.terms) else ():
        facts = graph.facts(path)
        symbol = facts.symbols[index] if facts is not None and index < len(facts.symbols) else None
        if symbol is None or is_test_path(path) or not asked & set(terms.split(symbol.name)):
            continue
        if symbol.is_callable and _registers(symbol.name, asked):
            candidate.score += boost
            candidate.lifted = True
            candidate.why.append(ADDS)
        elif symbol.kind == "class" and any(not is_test_path(p) for p in graph.view.paths_using(symbol.name, "base")):
            candidate.score += boost
            candidate.lifted = True
            candidate.why.append(BUILT_ON)


def _registers(name: str, asked: Set[str]) -> bool:
    """Whether a name says that what is asked for is added or registered, and nothing else: `register_hook`, `add_pdu`."""
    words = [terms.stem(word) for word in re.split(r"_+", name.strip("_")) if word]
    return len(words) > 1 and words[0] in _REGISTERING and set(words[1:]) <= asked


def _only_ones_called(graph: CodeGraph, ref: SymbolRef) -> list[SymbolRef]:
    """The definitions that a function calls by a name which nothing else in the project's own code has; not itself."""
    facts = graph.facts(ref.path)
    own = index_of(facts, ref.symbol) if facts else None
    if facts is None or own is None:
        return []
    within = {own}
    for index, symbol in enumerate(facts.symbols):
        if symbol.parent in within:
            within.add(index)
    found = []
    for name in dict.fromkeys(call.name for call in facts.calls if call.owner in within):
        everywhere = graph.find_symbol(name, at_most=_MAX_NAMESAKES)
        named = [r for r in everywhere if not is_test_path(r.path)]
        if len(everywhere) > _MAX_NAMESAKES or len(named) != 1 or symbol_key(named[0]) == symbol_key(ref):
            continue
        if named[0].symbol.kind in _CALLABLE:
            found.append(named[0])
    return found


def _called(
    facts: ModuleFacts, owners: dict[int, Candidate], names: dict[str, list[Candidate]]
) -> list[tuple[Candidate, str]]:
    found: dict[tuple[int, str], None] = {}
    for call in facts.calls:
        value, _, name = call.callee.rpartition(".")
        if name not in names or (name in BUILTIN_METHODS and value not in ("", "self", "cls")):
            continue  # `found.get(key)` is rather a call of a dict's method than of one of the project's own
        owner = call.owner
        while owner > 0 and owner not in owners:
            owner = facts.symbols[owner].parent
        if owner in owners:
            found[owner, name] = None
    return [(owners[owner], name) for owner, name in found]
