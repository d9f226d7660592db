"""Sorts the chosen sentences for reading, callers before what they call, and writes the sentence above them that says how they are linked.

Both follow from which of the subjects calls, constructs or extends which other one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...code_graph import CodeGraph, index_of, is_test_path
from ...types import SymbolRef
from ..inert import code
from .candidate import Candidate, class_header_spans, definition_span, join_list
from .links.calls import leads_to, value_lines
from .links.other_callers import other_callers_phrase
from .statements.call_conditions import tests_by_call
from .statements.conditions import condition_of

_MAX_EDGES = 6
_MAX_PARTS = 4
_MAX_GROUPS = 4  # things that a question names
_MAX_EDGES_PER_GROUP = 3  # links from one of these
_PathLines = tuple[str, int, int]
_SymbolKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """A link from one symbol to another, each by path and line. `word`: calls | may call (under some condition) | constructs | extends.
    `lines` show it: first the line of the call, then those that show which value it is on."""

    source: _SymbolKey
    target: _SymbolKey
    word: str
    lines: tuple[_PathLines, ...]


def sort_for_reading(graph: CodeGraph, chosen: Sequence[Candidate]) -> list[Candidate]:
    """The chosen sentences (best first) in reading order, without those about bases that a sentence about overriding repeats."""
    edges = edges_between(graph, subject_symbols(graph, chosen))
    override_spans = {span for item in chosen if item.kind == "overridden" for span in item.spans}
    return [
        item for item in sort_by_edges(chosen, edges) if item.kind != "bases" or not set(item.spans) <= override_spans
    ]


def arrange_with_opening(
    graph: CodeGraph,
    chosen: Sequence[Candidate],
    items: Sequence[Candidate],
    named: Sequence[SymbolRef] = (),
    with_classes: bool = True,
    asks_workings: bool = True,
) -> list[Candidate]:
    """The chosen sentences in reading order below an opening: a call path, line or listing that the question asks for, or a sentence about
    how the subjects are linked (the named ones first), unless the sentences show that already or tell what one function does first.
    `items`: all candidates, whose subjects may link the chosen ones. `with_classes`: include what extends what. `asks_workings`: the
    question asks how something works or fits together; otherwise only links of what it names are included."""
    leading = [item for item in chosen if item.kind in ("call_path", "line", "setting", "listing")]
    if leading:
        leading.sort(key=lambda item: min(item.order, 0) if item.kind == "listing" else 0)  # a comparison in its order
        return [*leading, *sort_for_reading(graph, [item for item in chosen if item not in leading])]
    if not chosen:
        return []
    subjects = subject_symbols(graph, chosen)
    edges = edges_between(graph, subjects)
    ordered = sort_by_edges(chosen, edges)
    wanted = None if asks_workings else {_key_of(r) for ref in named for r in (ref, *_methods(graph, ref))}
    opening = _sentence_linking_named(graph, named, ordered, with_classes)
    if opening is None and (with_classes or not any(item.role == "main" for item in chosen)):
        opening = _linking_sentence(
            graph, ordered, subjects, subject_symbols(graph, items), edges, with_classes, wanted
        )
    if opening is None:
        return sort_for_reading(graph, chosen)
    links = set(opening.spans)
    call_lines = {e.lines[0] for e in edges if e.word == "calls"} & links
    repeated_spans = {"calls": call_lines, "bases": links, "overridden": links}
    return [
        opening,
        *(
            item
            for item in ordered
            if item.kind not in repeated_spans or not set(item.spans) <= repeated_spans[item.kind]
        ),
    ]


def _sentence_linking_named(
    graph: CodeGraph, named: Sequence[SymbolRef], items: Sequence[Candidate], with_classes: bool
) -> Candidate | None:
    """The sentence about which of the named symbols (or their methods) calls or constructs which other; None if none does."""
    groups = [{_key_of(r): r for r in (ref, *_methods(graph, ref))} for ref in named[:_MAX_GROUPS]]
    edges: list[Edge] = []
    for number, group in enumerate(groups):
        targets = {
            key: ref
            for n, other_group in enumerate(groups)
            if n != number
            for key, ref in other_group.items()
            if key not in group
        }
        edges += edges_between(graph, group, targets)[:_MAX_EDGES_PER_GROUP]
    refs = {key: ref for group in groups for key, ref in group.items()}
    named_refs = {_key_of(r): r for r in named[:_MAX_GROUPS]}
    return (
        _build_linking_sentence(graph, items, named_refs, edges, refs, named_refs if with_classes else ())
        if edges
        else None
    )


def _methods(graph: CodeGraph, ref: SymbolRef) -> list[SymbolRef]:
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None and ref.symbol.kind == "class" else None
    if facts is None or index is None:
        return []
    return [graph.ref(facts, i) for i, s in enumerate(facts.symbols) if s.parent == index and s.is_callable]


def subject_symbols(graph: CodeGraph, items: Iterable[Candidate]) -> dict[_SymbolKey, SymbolRef]:
    """The functions and classes that the sentences are about, by path and line, in the order of the sentences."""
    found: dict[_SymbolKey, SymbolRef] = {}
    for path, line in dict.fromkeys(_subject_key(item) for item in items):
        facts = graph.facts(path)
        for index, symbol in enumerate(facts.symbols if facts is not None else ()):
            if facts and index and symbol.start == line and (symbol.is_callable or symbol.kind == "class"):
                found[path, line] = graph.ref(facts, index)
                break
    return found


def _subject_key(item: Candidate) -> _SymbolKey:
    path, _, line = item.subject.rpartition(":")
    return path, int(line)


def _key_of(ref: SymbolRef) -> _SymbolKey:
    return ref.path, ref.symbol.start


def edges_between(
    graph: CodeGraph,
    sources: Mapping[_SymbolKey, SymbolRef],
    targets: Mapping[_SymbolKey, SymbolRef] | None = None,
    inferred: bool = False,
) -> list[Edge]:
    """The calls and constructions from `sources` to `targets` (by default the same symbols), each pair once, in the order of the text. A
    method that constructs its own class is no link. `inferred`: include calls on values whose one class is inferred."""
    targets = sources if targets is None else targets
    found: dict[tuple[_SymbolKey, _SymbolKey], Edge] = {}
    for key, ref in sources.items():
        for edge in _call_edges(graph, key, ref, targets, inferred):
            earlier = found.get((key, edge.target))
            is_nested = ref.symbol.qualname.startswith(f"{targets[edge.target].symbol.qualname}.")
            is_same = ref.symbol.qualname == targets[edge.target].symbol.qualname
            if not (is_nested or is_same) and (earlier is None or earlier.word == "may call" != edge.word):
                found[key, edge.target] = edge
    return list(found.values())


def _call_edges(
    graph: CodeGraph, key: _SymbolKey, ref: SymbolRef, targets: Mapping[_SymbolKey, SymbolRef], inferred: bool
) -> Iterator[Edge]:
    facts, document = graph.facts(ref.path), graph.document(ref.path)
    index = index_of(facts, ref.symbol) if facts is not None else None
    if facts is None or document is None or index is None or not ref.symbol.is_callable:
        return
    call_tests = tests_by_call(ref.symbol, document.lines)
    names = {target.symbol.name for target in targets.values()}
    for call in facts.calls:
        if call.owner != index or call.form or call.name not in names:
            continue
        site = graph.site(facts, call)
        for target in site.targets if site.sure or inferred else ():
            if not leads_to(site, target) or _key_of(target) not in targets or target.symbol.name != call.name:
                continue
            tests = call_tests.get((call.callee, call.line))
            is_unconditional = tests is not None and not condition_of(tests, call.line, call.line, loops=True).words
            call_line = (ref.path, call.line, call.line)
            shown_value = value_lines(graph, target, site)
            if shown_value is None:
                continue  # no line nearby shows which value it is called on
            word = "constructs" if target.symbol.kind == "class" else "calls" if is_unconditional else "may call"
            # Only its definition shows which class an inherited method belongs to.
            class_name = target.symbol.qualname.rpartition(".")[0].rpartition(".")[2]
            is_inherited = class_name and class_name not in ref.symbol.qualname.split(".")
            lines = (call_line, shown_value, definition_span(target)) if is_inherited else (call_line, shown_value)
            yield Edge(key, _key_of(target), word, tuple(dict.fromkeys(lines)))


def sort_by_edges(items: Sequence[Candidate], edges: Sequence[Edge]) -> list[Candidate]:
    """The sentences by subject: the first sentence's subject, then depth-first what it calls, in the order of the text; then the next
    subject. Within a subject they are sorted by `Candidate.order`."""
    targets: dict[_SymbolKey, list[_SymbolKey]] = {}
    for edge in edges:
        targets.setdefault(edge.source, []).append(edge.target)
    order: dict[_SymbolKey, int] = {}
    pending = list(dict.fromkeys(map(_subject_key, items)))
    while pending:
        subject = pending.pop(0)
        if subject not in order:
            order[subject] = len(order)
            pending[:0] = targets.get(subject, [])
    return sorted(items, key=lambda item: (order[_subject_key(item)], item.order))


def _linking_sentence(
    graph: CodeGraph,
    items: Sequence[Candidate],
    subjects: Mapping[_SymbolKey, SymbolRef],
    all_subjects: Mapping[_SymbolKey, SymbolRef],
    edges: Sequence[Edge],
    with_classes: bool,
    wanted: Collection[_SymbolKey] | None,
) -> Candidate | None:
    """ "How they fit together: `Base` is extended by `A` and `B`; `f` calls `g` and may call `h`." about the subjects, or about another
    found symbol that calls several of them; None if the sentences show all of it. Tests are left out. `wanted`: if given, only links from
    or to one of these."""
    product_subjects = {key: ref for key, ref in subjects.items() if not is_test_path(ref.path)}
    edges_used = _connected_edges(
        _subject_key(items[0]), [e for e in edges if e.source in product_subjects and e.target in product_subjects]
    )
    if not edges_used:
        others = {key: ref for key, ref in all_subjects.items() if key not in subjects and not is_test_path(ref.path)}
        leading_edges = edges_between(graph, others, product_subjects)
        hubs = [key for key in others if sum(e.source == key for e in leading_edges) > 1]
        edges_used = [e for e in leading_edges if e.source in hubs[:1]]
    if wanted is not None:
        edges_used = [e for e in edges_used if e.source in wanted or e.target in wanted]
    return _build_linking_sentence(
        graph, items, product_subjects, edges_used, all_subjects, [_subject_key(items[0])] if with_classes else ()
    )


def _connected_edges(key: _SymbolKey, edges: Sequence[Edge]) -> list[Edge]:
    """The edges connected with the first subject: how others are linked was not asked."""
    reached = {key}
    for _ in edges:
        reached |= {k for e in edges if reached & {e.source, e.target} for k in (e.source, e.target)}
    return [e for e in edges if e.source in reached]


def _build_linking_sentence(
    graph: CodeGraph,
    items: Sequence[Candidate],
    subjects: Mapping[_SymbolKey, SymbolRef],
    edges: Sequence[Edge],
    refs: Mapping[_SymbolKey, SymbolRef],
    central_keys: Collection[_SymbolKey],
) -> Candidate | None:
    edges = edges[:_MAX_EDGES]
    refs = {key: refs[key] for e in edges for key in (e.source, e.target)}
    parts = [
        *(_extension_parts(graph, subjects, central_keys) if central_keys else ()),
        *_construction_parts(graph, edges, refs),
        *_call_parts(graph, edges, refs),
    ][:_MAX_PARTS]
    shown_lines = {(path, n) for item in items for path, a, b in item.spans for n in range(a, b + 1)}
    if not parts or (len(parts) == 1 and edges and all(e.lines[0][:2] in shown_lines for e in edges)):
        return None
    lead = "How they fit together: " if len(parts) > 1 else ""
    spans = tuple(dict.fromkeys(span for _, part in parts for span in part))
    return Candidate(f"{lead}{'; '.join(text for text, _ in parts)}.", "linking", spans, items[0].subject, 0, -1)


_Part = tuple[str, list[_PathLines]]


def _extension_parts(
    graph: CodeGraph, subjects: Mapping[_SymbolKey, SymbolRef], central_keys: Collection[_SymbolKey]
) -> Iterator[_Part]:
    """Parts about inheritance: classes that share a base, bases and subclasses of the classes in `central_keys`, and one class that extends
    several of the subjects."""
    classes_by_key = {
        key: [cls for cls in (ref, *graph.owners_of(ref)) if cls.symbol.kind == "class"]
        for key, ref in subjects.items()
    }
    classes = {_key_of(cls): cls for found in classes_by_key.values() for cls in found}
    central_classes = {_key_of(cls) for key in central_keys for cls in classes_by_key.get(key, ())}
    subclasses_by_base: dict[_SymbolKey, tuple[SymbolRef, list[SymbolRef]]] = {}
    bases_by_subclass: dict[_SymbolKey, tuple[SymbolRef, list[SymbolRef]]] = {}
    for ref in classes.values():
        for base in graph.bases_of(ref):
            subclasses_by_base.setdefault(_key_of(base), (base, []))[1].append(ref)
        for subclass in graph.subclasses_of(ref) if _key_of(ref) in subjects else ():
            if _key_of(subclass) not in classes and not is_test_path(subclass.path):
                bases_by_subclass.setdefault(_key_of(subclass), (subclass, []))[1].append(ref)
    seen: set[frozenset[str]] = set()
    for key, (base, subclasses) in subclasses_by_base.items():
        by_name = {r.symbol.qualname: r for r in subclasses if r.symbol.qualname != base.symbol.qualname}
        if frozenset(by_name) in seen:
            continue  # two bases of the same classes
        seen.add(frozenset(by_name))
        is_central = key in subjects and central_classes & {key, *map(_key_of, subclasses)}
        if by_name and (len(by_name) > 1 or is_central):
            all_subclasses = {_key_of(r) for r in graph.subclasses_of(base) if not is_test_path(r.path)}
            others = ", among others" if all_subclasses - set(map(_key_of, subclasses)) else ""
            text = f"{code(base.symbol.qualname)} is extended by {join_list(list(map(code, by_name)))}{others}"
            yield text, [lines for r in by_name.values() for lines in class_header_spans(graph, r)]
    for subclass, bases in list(bases_by_subclass.values())[:1]:
        if len(bases) > 1:
            text = f"{code(subclass.symbol.qualname)} extends {join_list([code(b.symbol.qualname) for b in bases])}"
            yield text, class_header_spans(graph, subclass)


def _construction_parts(
    graph: CodeGraph, edges: Sequence[Edge], refs: Mapping[_SymbolKey, SymbolRef]
) -> Iterator[_Part]:
    constructions = [e for e in edges if e.word == "constructs"]
    for target in dict.fromkeys(e.target for e in constructions):
        target_edges = [e for e in constructions if e.target == target]
        yield _passive_part(graph, "constructed", target_edges, refs)


def _call_parts(graph: CodeGraph, edges: Sequence[Edge], refs: Mapping[_SymbolKey, SymbolRef]) -> Iterator[_Part]:
    """Parts about calls: what several of the sources call in one passive part, then what each source calls."""
    calls = [e for e in edges if e.word != "constructs"]
    for target in dict.fromkeys(e.target for e in calls):
        group = [e for e in calls if e.target == target]
        if len(group) > 1:
            calls = [e for e in calls if e not in group]
            yield _passive_part(graph, "called", group, refs)
    for source in dict.fromkeys(e.source for e in calls):
        group = [e for e in calls if e.source == source]
        verbs = [
            f"{word} {join_list([_display_name(refs, e.target) for e in group if e.word == word])}"
            for word in ("calls", "may call")
            if any(e.word == word for e in group)
        ]
        yield f"{_display_name(refs, source)} {join_list(verbs)}", [line for e in group for line in e.lines]


def _passive_part(graph: CodeGraph, verb: str, edges: Sequence[Edge], refs: Mapping[_SymbolKey, SymbolRef]) -> _Part:
    """ "`f` is called by `g` and `h`, among others." """
    target = edges[0].target
    sources = list(dict.fromkeys(e.source for e in edges))
    others = other_callers_phrase(graph, refs[target], sources)
    text = (
        f"{_display_name(refs, target)} is {verb} by {join_list([_display_name(refs, key) for key in sources])}{others}"
    )
    return text, [line for e in edges for line in e.lines]


def _display_name(refs: Mapping[_SymbolKey, SymbolRef], key: _SymbolKey) -> str:
    """The qualified name, with the module if another file has one of the same name."""
    ref = refs[key]
    is_ambiguous = any(r.symbol.qualname == ref.symbol.qualname and r.path != ref.path for r in refs.values())
    return code(ref.full_name if is_ambiguous else ref.symbol.qualname)
