"""The order in which the chosen sentences are read, and the sentence above them: what calls comes before what it calls.

Both come from which of the chosen symbols calls, constructs or extends which other one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...code_graph import CodeGraph, index_of, is_test_path
from ...types import SymbolRef
from ..inert import code
from .candidate import Candidate, class_header_spans, definition_span, join_list
from .links.calls import evidence_of, traced
from .links.other_callers import other_callers_phrase
from .statements.call_conditions import tests_of_calls
from .statements.conditions import condition_of

_MAX_EDGES = 6
_MAX_PARTS = 4
_MAX_GROUPS = 4  # things that a question names
_MAX_OF_EACH = 3  # links that lead from one of these
_PathLines = tuple[str, int, int]
_SymbolKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """From one symbol to another one, each by path and line. `word`: calls | may call (under some condition) | constructs | extends.
    `lines` show it: that of the call first, and where its value is made."""

    source: _SymbolKey
    target: _SymbolKey
    word: str
    lines: tuple[_PathLines, ...]


def sort_for_reading(graph: CodeGraph, chosen: Sequence[Candidate]) -> list[Candidate]:
    """The chosen sentences, best first, as they are read, without those about bases that another one tells."""
    edges = edges_between(graph, subject_symbols(graph, chosen))
    told = {span for item in chosen if item.kind == "overridden" for span in item.spans}
    return [i for i in sort_by_edges(chosen, edges) if i.kind != "bases" or not set(i.spans) <= told]


def arrange_with_opening(
    graph: CodeGraph,
    chosen: Sequence[Candidate],
    items: Sequence[Candidate],
    named: Sequence[SymbolRef] = (),
    classes: bool = True,
    workings: bool = True,
) -> list[Candidate]:
    """The same below a sentence that says how the things that the question names, or else those that the sentences are about, are linked,
    unless they show it; or below the way from one to another, or the line, that was asked for. `items`: all that was compiled; what is
    only there may link the rest. `classes`: what extends what, too. `workings`: the question asks how something works, or how things hang
    together; else only links of what it names are told."""
    first = [item for item in chosen if item.kind in ("call_path", "line", "listing")]
    if first:
        return [*first, *sort_for_reading(graph, [item for item in chosen if item not in first])]
    if not chosen:
        return []
    spoken = subject_symbols(graph, chosen)
    edges = edges_between(graph, spoken)
    ordered = sort_by_edges(chosen, edges)
    asked = None if workings else {_key(r) for ref in named for r in (ref, *_members(graph, ref))}
    opening = _linking_named(graph, named, ordered, classes) or summed_up(
        graph, ordered, spoken, subject_symbols(graph, items), edges, classes, asked
    )
    if opening is None:
        return sort_for_reading(graph, chosen)
    links = set(opening.spans)
    always = {e.lines[0] for e in edges if e.word == "calls"} & links
    repeated = {"calls": always, "bases": links, "overridden": links}
    return [opening, *(i for i in ordered if i.kind not in repeated or not set(i.spans) <= repeated[i.kind])]


def _linking_named(
    graph: CodeGraph, named: Sequence[SymbolRef], items: Sequence[Candidate], classes: bool
) -> Candidate | None:
    """How several things that a question names are linked: what one of them, or a method of it, calls or makes of another one."""
    groups = [{_key(r): r for r in (ref, *_members(graph, ref))} for ref in named[:_MAX_GROUPS]]
    found: list[Edge] = []
    for number, group in enumerate(groups):
        others = {
            key: ref for n, other in enumerate(groups) if n != number for key, ref in other.items() if key not in group
        }
        found += edges_between(graph, group, others)[:_MAX_OF_EACH]
    known = {key: ref for group in groups for key, ref in group.items()}
    own = {_key(r): r for r in named[:_MAX_GROUPS]}
    return _told(graph, items, own, found, known, own if classes else ()) if found else None


def _members(graph: CodeGraph, ref: SymbolRef) -> list[SymbolRef]:
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None and ref.symbol.kind == "class" else None
    if facts is None or index is None:
        return []
    return [graph.ref(facts, i) for i, s in enumerate(facts.symbols) if s.parent == index and s.is_callable]


def subject_symbols(graph: CodeGraph, items: Iterable[Candidate]) -> dict[_SymbolKey, SymbolRef]:
    """The functions and classes that the sentences are about, in the order of the sentences."""
    found: dict[_SymbolKey, SymbolRef] = {}
    for path, line in dict.fromkeys(_about(item) for item in items):
        facts = graph.facts(path)
        for index, symbol in enumerate(facts.symbols if facts is not None else ()):
            if facts and index and symbol.start == line and (symbol.is_callable or symbol.kind == "class"):
                found[path, line] = graph.ref(facts, index)
                break
    return found


def _about(item: Candidate) -> _SymbolKey:
    path, _, line = item.subject.rpartition(":")
    return path, int(line)


def _key(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start


def edges_between(
    graph: CodeGraph,
    sources: Mapping[_SymbolKey, SymbolRef],
    targets: Mapping[_SymbolKey, SymbolRef] | None = None,
    inferred: bool = False,
) -> list[Edge]:
    """The calls and constructions that lead from some symbols to others (the same ones where none are given), each once, in the order of
    the text. A class that one of its own methods makes is no link. `inferred`: calls on values of which inference knows one class, too."""
    targets = sources if targets is None else targets
    found: dict[tuple[_SymbolKey, _SymbolKey], Edge] = {}
    for key, ref in sources.items():
        for edge in _calls(graph, key, ref, targets, inferred):
            known = found.get((key, edge.target))
            within = ref.symbol.qualname.startswith(f"{targets[edge.target].symbol.qualname}.")
            same = ref.symbol.qualname == targets[edge.target].symbol.qualname
            if not (within or same) and (known is None or known.word == "may call" != edge.word):
                found[key, edge.target] = edge
    return list(found.values())


def _calls(
    graph: CodeGraph, key: _SymbolKey, ref: SymbolRef, targets: Mapping[_SymbolKey, SymbolRef], inferred: bool
) -> Iterator[Edge]:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None or not ref.symbol.is_callable:
        return
    around = tests_of_calls(ref.symbol, document.lines)
    names = {target.symbol.name for target in targets.values()}
    for call in facts.calls:
        if call.owner != index or call.form or call.name not in names:
            continue
        site = graph.site(facts, call)
        for target in site.targets if site.sure or inferred else ():
            if not traced(site, target) or _key(target) not in targets or target.symbol.name != call.name:
                continue
            tests = around.get((call.callee, call.line))
            always = tests is not None and not condition_of(tests, call.line, call.line, loops=True).words
            here = (ref.path, call.line, call.line)
            value = evidence_of(graph, target, site)
            if value is None:
                continue  # nothing near shows what it is called on
            word = "constructs" if target.symbol.kind == "class" else "calls" if always else "may call"
            # Whose method an inherited one is shows where it is defined.
            kind = target.symbol.qualname.rpartition(".")[0].rpartition(".")[2]
            elsewhere = kind and kind not in ref.symbol.qualname.split(".")
            lines = (here, value, definition_span(target)) if elsewhere else (here, value)
            yield Edge(key, _key(target), word, tuple(dict.fromkeys(lines)))


def sort_by_edges(items: Sequence[Candidate], edges: Sequence[Edge]) -> list[Candidate]:
    """What the first sentence is about comes first, then what that calls, in the order of the text; then the next one in the order
    of choice. About one symbol, the sentences stand as its own order has it."""
    below: dict[_SymbolKey, list[_SymbolKey]] = {}
    for edge in edges:
        below.setdefault(edge.source, []).append(edge.target)
    order: dict[_SymbolKey, int] = {}
    waiting = list(dict.fromkeys(map(_about, items)))
    while waiting:
        about = waiting.pop(0)
        if about not in order:
            order[about] = len(order)
            waiting[:0] = below.get(about, [])
    return sorted(items, key=lambda item: (order[_about(item)], item.order))


def summed_up(
    graph: CodeGraph,
    items: Sequence[Candidate],
    spoken: Mapping[_SymbolKey, SymbolRef],
    others: Mapping[_SymbolKey, SymbolRef],
    edges: Sequence[Edge],
    classes: bool,
    asked: Collection[_SymbolKey] | None,
) -> Candidate | None:
    """ "How they fit together: `Base` is extended by `A` and `B`; `f` calls `g` and may call `h`." of what the sentences are about, and of
    what else was found that calls several of these; None where there is nothing to say that is not shown. Without tests. `asked`: only
    links that lead from or to one of these."""
    own = {key: ref for key, ref in spoken.items() if not is_test_path(ref.path)}
    found = _around(_about(items[0]), [e for e in edges if e.source in own and e.target in own])
    if not found:
        beside = {key: ref for key, ref in others.items() if key not in spoken and not is_test_path(ref.path)}
        leading = edges_between(graph, beside, own)
        hubs = [key for key in beside if sum(e.source == key for e in leading) > 1]
        found = [e for e in leading if e.source in hubs[:1]]
    if asked is not None:
        found = [e for e in found if e.source in asked or e.target in asked]
    return _told(graph, items, own, found, others, [_about(items[0])] if classes else ())


def _around(key: _SymbolKey, edges: Sequence[Edge]) -> list[Edge]:
    """The links by which something hangs together with what is told first: how others hang together was not asked."""
    reached = {key}
    for _ in edges:
        reached |= {k for e in edges if reached & {e.source, e.target} for k in (e.source, e.target)}
    return [e for e in edges if e.source in reached]


def _told(
    graph: CodeGraph,
    items: Sequence[Candidate],
    own: Mapping[_SymbolKey, SymbolRef],
    edges: Sequence[Edge],
    known: Mapping[_SymbolKey, SymbolRef],
    centre: Collection[_SymbolKey],
) -> Candidate | None:
    edges = edges[:_MAX_EDGES]
    known = {key: known[key] for e in edges for key in (e.source, e.target)}
    parts = [
        *(_extended(graph, own, centre) if centre else ()),
        *_constructed(graph, edges, known),
        *_called(graph, edges, known),
    ][:_MAX_PARTS]
    shown = {(path, n) for item in items for path, a, b in item.spans for n in range(a, b + 1)}
    if not parts or (len(parts) == 1 and edges and all(e.lines[0][:2] in shown for e in edges)):
        return None
    lead = "How they fit together: " if len(parts) > 1 else ""
    spans = tuple(dict.fromkeys(span for _, part in parts for span in part))
    return Candidate(f"{lead}{'; '.join(text for text, _ in parts)}.", "linking", spans, items[0].subject, 0, -1)


_Part = tuple[str, list[_PathLines]]


def _extended(graph: CodeGraph, own: Mapping[_SymbolKey, SymbolRef], centre: Collection[_SymbolKey]) -> Iterator[_Part]:
    """Of the classes in question: which of them extend the same one, or one of the `centre` extends or is extended by, and what extends
    several."""
    around = {key: [c for c in (ref, *graph.owners_of(ref)) if c.symbol.kind == "class"] for key, ref in own.items()}
    classes = {_key(c): c for found in around.values() for c in found}
    central = {_key(c) for key in centre for c in around.get(key, ())}
    below: dict[_SymbolKey, tuple[SymbolRef, list[SymbolRef]]] = {}
    above: dict[_SymbolKey, tuple[SymbolRef, list[SymbolRef]]] = {}
    for ref in classes.values():
        for base in graph.bases_of(ref):
            below.setdefault(_key(base), (base, []))[1].append(ref)
        for sub in graph.subclasses_of(ref) if _key(ref) in own else ():
            if _key(sub) not in classes and not is_test_path(sub.path):
                above.setdefault(_key(sub), (sub, []))[1].append(ref)
    told: set[frozenset[str]] = set()
    for key, (base, subclasses) in below.items():
        named = {r.symbol.qualname: r for r in subclasses if r.symbol.qualname != base.symbol.qualname}
        if frozenset(named) in told:
            continue  # two bases of the same classes
        told.add(frozenset(named))
        near = key in own and central & {key, *map(_key, subclasses)}
        if named and (len(named) > 1 or near):
            all_of_it = {_key(r) for r in graph.subclasses_of(base) if not is_test_path(r.path)}
            others = ", among others" if all_of_it - set(map(_key, subclasses)) else ""
            text = f"{code(base.symbol.qualname)} is extended by {join_list(list(map(code, named)))}{others}"
            yield text, [lines for r in named.values() for lines in class_header_spans(graph, r)]
    for sub, bases in list(above.values())[:1]:
        if len(bases) > 1:
            text = f"{code(sub.symbol.qualname)} extends {join_list([code(b.symbol.qualname) for b in bases])}"
            yield text, class_header_spans(graph, sub)


def _constructed(graph: CodeGraph, edges: Sequence[Edge], known: Mapping[_SymbolKey, SymbolRef]) -> Iterator[_Part]:
    made = [e for e in edges if e.word == "constructs"]
    for target in dict.fromkeys(e.target for e in made):
        makers = [e for e in made if e.target == target]
        yield _passive(graph, "constructed", makers, known)


def _called(graph: CodeGraph, edges: Sequence[Edge], known: Mapping[_SymbolKey, SymbolRef]) -> Iterator[_Part]:
    """What each one calls; what several of them call is told once, with all of them."""
    calls = [e for e in edges if e.word != "constructs"]
    for target in dict.fromkeys(e.target for e in calls):
        own = [e for e in calls if e.target == target]
        if len(own) > 1:
            calls = [e for e in calls if e not in own]
            yield _passive(graph, "called", own, known)
    for source in dict.fromkeys(e.source for e in calls):
        own = [e for e in calls if e.source == source]
        verbs = [
            f"{word} {join_list([_name(known, e.target) for e in own if e.word == word])}"
            for word in ("calls", "may call")
            if any(e.word == word for e in own)
        ]
        yield f"{_name(known, source)} {join_list(verbs)}", [line for e in own for line in e.lines]


def _passive(graph: CodeGraph, verb: str, edges: Sequence[Edge], known: Mapping[_SymbolKey, SymbolRef]) -> _Part:
    """ "`f` is called by `g` and `h`, among others." """
    target = edges[0].target
    sources = list(dict.fromkeys(e.source for e in edges))
    others = other_callers_phrase(graph, known[target], sources)
    text = f"{_name(known, target)} is {verb} by {join_list([_name(known, key) for key in sources])}{others}"
    return text, [line for e in edges for line in e.lines]


def _name(known: Mapping[_SymbolKey, SymbolRef], key: _SymbolKey) -> str:
    """With its module where another one of them goes by the same name."""
    ref = known[key]
    alike = any(r.symbol.qualname == ref.symbol.qualname and r.path != ref.path for r in known.values())
    return code(ref.full_name if alike else ref.symbol.qualname)
